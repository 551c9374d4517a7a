"""What ``link --settle`` came to, ready to be shown: a light value, since most links do not settle."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.cli.output.documents import Json
from fcsse.cli.output.lines import Line
from fcsse.errors import FcsseError


class Settled(NamedTuple):
    """``code`` is the exit code. ``unrecorded`` are the keys, where CloudTrail's record did not show the writes in time."""

    code: int
    document: Json
    lines: list[Line]
    errors: tuple[FcsseError, ...]
    unrecorded: tuple[Arn, ...]
