"""What applying a plan needs from outside, and how much waiting is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from fcsse.apply.backup import BackupFolder
from fcsse.apply.write_log import WriteLog
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, pauses
from fcsse.progress import Progress


@dataclass(slots=True)
class ApplyContext:
    """What applying needs. ``read_at`` is the monotonic time of the plan's reads, where that is known, and ``planned_at`` one
    that is not before them.

    ``wait``: seconds that the waits of one change may take together, rechecks apart.
    ``backups`` None means: no copy is wanted. ``expected``: the plan was bound to a digest, so it must not change.
    ``created`` holds when roles were made, by ARN. ``backup_ids`` are the first copies made, by key.
    ``readers``: of each key whose policy the plan was made by, the account of a cache for which it was read.
    ``grants``: the ids of those that were there when the plan was made.
    ``at_look`` hears of each recheck as it begins, so that something else can be asked beside it.
    """

    aws: AwsCalls
    clock: Clock
    progress: Progress
    wait: float
    read_at: float
    backups: BackupFolder | None = None
    locks: Path | None = None
    expected: bool = False
    created: Mapping[str, datetime | None] = field(default_factory=dict)
    journal: WriteLog = field(default_factory=WriteLog)
    backup_ids: dict[str, str] = field(default_factory=dict)
    readers: Mapping[str, str] = field(default_factory=dict)
    grants: frozenset[str] = frozenset()
    at_look: Callable[[Arn], None] | None = None
    planned_at: float = float("-inf")

    def saved(self, key: Arn, phrase: str) -> str:
        """A phrase that names the copy of a key's policy from before; empty where there is none."""
        backup = self.backup_ids.get(str(key))
        return phrase.format(backup) if backup else ""


class WaitBudget:
    """The waiting that one change may still do."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._until = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left."""
        return max(0.0, self._until - self._clock.monotonic())

    def sleep_uncounted(self, seconds: float) -> None:
        """A wait that does not count, because it is part of the work."""
        self._clock.sleep(seconds)
        self._until += seconds

    def pause(self, most: float) -> None:
        """A wait of chance length, cut at what is left."""
        self._clock.sleep(min(self.left(), most * (0.3 + 0.7 * self._clock.random())))

    def tries(self, first: float = 0.5) -> Iterator[float]:
        """One at once, then more with growing pauses while any time is left."""
        yield 0.0
        yield from pauses(self._clock, self.left(), first=first)
