"""What is looked up in CloudTrail's event history, and how far. Pure."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Attribute(Enum):
    """What events are looked up by; LookupEvents takes one attribute."""

    ID = "EventId"
    NAME = "EventName"


class Limits(NamedTuple):
    """How far one look-up goes: so many pages of 50 events, and seconds from when its ``EventRecord`` was made."""

    pages: int = 40
    seconds: float = 60.0
