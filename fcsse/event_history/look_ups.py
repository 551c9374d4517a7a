"""What is looked up in CloudTrail's event history, how far, and what comes back. Pure."""

from __future__ import annotations

from datetime import datetime
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


class Cut(Enum):
    """Why a look-up ended before the record did."""

    PAGES = "pages"
    TIME = "time"
    THROTTLED = "throttled"
    REFUSED_PAGE = "refused page"


class RecordedEvent(NamedTuple):
    """An event as CloudTrail hands it out: its time, and its JSON text."""

    time: datetime
    text: str


class LookedUp(NamedTuple):
    """The events found, newest first.

    ``cut`` is None where the record was read to its end (or to ``start``). Otherwise ``back_to`` is the time of the oldest
    event that was read; what happened before is not known. ``unreadable`` counts entries without time or text.
    """

    events: tuple[RecordedEvent, ...]
    cut: Cut | None = None
    back_to: datetime | None = None
    unreadable: int = 0
    pages: int = 0
