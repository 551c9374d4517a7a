"""What the simulator's log says about a run: requests, connections, sequential round trips, the recheck."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.simulator import Entry

RECHECK_DELAY = 1.0
"""Seconds that fcsse sleeps by design before it looks once more (fcsse.apply.lock.RECHECK_DELAY)."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """One run's requests; ``later`` of them came after the recheck delay and are counted apart."""

    operations: tuple[str, ...]
    rounds: int
    connections: int
    later: int

    @property
    def rechecked(self) -> bool:
        """Did the run sleep?"""
        return self.later > 0

    @property
    def requests(self) -> int:
        """Requests before the recheck."""
        return len(self.operations) - self.later


def traffic_of(log: Sequence[Entry], *, rechecks: bool) -> Traffic:
    """Counts a run's requests. Round trips are the longest chain of requests of which none overlaps another.

    ``rechecks``: the run is one that sleeps for RECHECK_DELAY at some point, which shows as a gap in the log.
    """
    entries = sorted(log, key=lambda entry: entry.arrived)
    before = len(entries)
    if rechecks:
        for index, (one, following) in enumerate(pairwise(entries), 1):
            if following.arrived - one.answered >= RECHECK_DELAY:
                before = index
    return Traffic(
        tuple(entry.operation for entry in entries),
        _longest_chain(entries[:before]),
        len({entry.connection for entry in entries}),
        len(entries) - before,
    )


def _longest_chain(entries: Sequence[Entry]) -> int:
    length, free_at = 0, float("-inf")
    for entry in sorted(entries, key=lambda entry: entry.answered):
        if entry.arrived >= free_at:
            length, free_at = length + 1, entry.answered
    return length
