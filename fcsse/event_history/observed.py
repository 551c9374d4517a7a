"""All that was found out about recorded uses, for a check or an audit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from fcsse.errors import FcsseError
from fcsse.event_history.agreement import Observation
from fcsse.event_history.uses import Use
from fcsse.model import Pair


class GapReason(Enum):
    """Why a part of the record was not read. UNREADABLE: entries that are no events."""

    PAGES = "pages"
    TIME = "time"
    THROTTLED = "throttled"
    REFUSED_PAGE = "refused page"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class Gap(NamedTuple):
    """A part of a Region's record that was not read: what happened before ``back_to`` (None: nothing was read).

    ``error`` is set where AWS refused to hand it out; ``number`` counts unreadable entries.
    """

    region: str
    name: str
    reason: GapReason
    back_to: datetime | None = None
    error: FcsseError | None = None
    number: int = 0


class Observed(NamedTuple):
    """What is recorded about pairs. ``unplaced`` are refusals that name too little to be put down to one of them.

    ``now`` is this machine's time, ``newest`` that of the newest event read, which tells a clock that is behind.
    """

    of_pair: Mapping[Pair, tuple[Observation, ...]]
    unplaced: tuple[Use, ...]
    gaps: tuple[Gap, ...]
    now: datetime
    newest: datetime | None = None

    def of(self, pair: Pair) -> tuple[Observation, ...]:
        """The observations of a pair that say something, or are about the form in use."""
        return tuple(one for one in self.of_pair.get(pair, ()) if one.asked.current or one.last)

    @property
    def disagreements(self) -> tuple[Observation, ...]:
        """Where AWS contradicts a verdict and no change of the key is known to explain it."""
        return tuple(one for pair in self.of_pair for one in self.of(pair) if one.disagrees)
