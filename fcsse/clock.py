"""Time and chance, handed in: a run with all its waits can be played in virtual time, from a seed."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock(Protocol):
    """What a run may know of time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    def random(self) -> float:
        """A number from 0 up to 1."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    _random: random.Random = field(default_factory=random.Random)

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return self._random.random()


def pauses(clock: Clock, total: float, first: float = 0.5, most: float = 10.0) -> Iterator[float]:
    """Sleeps between tries until ``total`` seconds have passed, backing off with jitter; yields the seconds gone by.

    The first try is the caller's, before asking; nothing is yielded once the time is up, so a ``for`` loop around a
    try ends by itself. The last sleep is cut so that a try is made right at the end of the time.
    """
    start, pause = clock.monotonic(), first
    while (left := total - (clock.monotonic() - start)) > 0:
        clock.sleep(min(left, pause * (0.5 + clock.random() / 2)))
        pause = min(most, pause * 1.6)
        yield clock.monotonic() - start
