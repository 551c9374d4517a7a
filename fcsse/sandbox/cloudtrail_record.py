"""What CloudTrail holds in the sandbox: events by account and Region, with the time at which each begins to show."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


@dataclass(slots=True)
class Recorded:
    """An event in one account and Region. ``time`` is in seconds since the epoch, ``shows`` on the monotonic clock."""

    number: int
    account: str
    region: str
    time: float
    shows: float
    event: Event

    def written(self) -> Event:
        """The event with its time, as it is handed out."""
        return {**self.event, "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.time))}


@dataclass(slots=True)
class Trail:
    """Everything recorded. ``asked`` are the times of the latest look-ups of each account and Region.

    ``wall`` and ``ticks`` are the clocks: seconds since the epoch, and seconds that only go forward.
    """

    events: list[Recorded] = field(default_factory=list)
    paused: bool = False
    asked: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    wall: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic

    def add(self, event: Event, account: str, region: str, *, late: float = 0.0, at: float | None = None) -> None:
        """Write an event down; it shows after ``late`` seconds. ``at``: when it happened, in seconds since the epoch."""
        moment = self.wall() if at is None else at
        self.events.append(Recorded(len(self.events), account, region, moment, self.ticks() + late, event))

    def age(self, seconds: float) -> None:
        """Make everything recorded so far older by so much."""
        for one in self.events:
            one.time -= seconds
