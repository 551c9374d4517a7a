"""The write protocol for a key policy.

KMS has no version on a key policy and no dry run for it: whoever writes last wins. So, for each write:

1. read again when the plan's reading is not fresh, and plan again if the document changed;
2. save the old text on disk;
3. put the new one;
4. read back until it says what was meant;
5. look once more after a settling second, because another writer who read before us may have written after us;
6. if our part is gone, do it all again, a bounded number of times.

What cannot be had without a version: a writer whose write falls between our last read and our put is overwritten.
That gap is kept to one request's time, and where others are seen to be writing, the put is timed right after one of
their writes, when the next is least likely.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from fcsse.clock import pauses
from fcsse.errors import (
    BusyError,
    ChangedError,
    FcsseError,
    NotVisibleError,
    PolicyRefusedError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.journal import Journal
from fcsse.lock import key_lock
from fcsse.model import Wish
from fcsse.policy.document import PolicyDocument
from fcsse.policy.meaning import digest_of, same_meaning
from fcsse.wording import who

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from fcsse.aws.account import Aws
    from fcsse.backup import Backup, BackupFolder
    from fcsse.clock import Clock
    from fcsse.plan import PolicyChange
    from fcsse.progress import Progress

FRESH = 0.25
"""Seconds for which a reading counts as current, so that a run without questions needs no second one."""

SETTLING = 1.0
"""Seconds after which the policy is looked at once more."""

REPAIRS = 12
"""How often our part is put back before giving up."""

YOUNG = timedelta(minutes=30)
"""Age up to which a role that KMS refuses is taken for one it does not see yet."""


@dataclass(slots=True)
class Run:
    """What applying needs from outside. ``wait`` is in seconds; ``read_at`` the monotonic time of the plan's reads.

    ``backups`` None means: no copy is wanted. ``expected``: the plan was bound to a digest, so it must not change.
    ``created`` holds when roles were made, by ARN.
    """

    aws: Aws
    clock: Clock
    progress: Progress
    wait: float
    read_at: float
    backups: BackupFolder | None = None
    locks: Path | None = None
    expected: bool = False
    created: Mapping[str, datetime | None] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)
    backup_ids: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """How a write ended. ``result``: written, or that there was nothing left to do."""

    result: str
    backup: str | None
    notes: tuple[str, ...]


class PolicyWriter:
    """Carries out one change to one key policy."""

    def __init__(self, run: Run, change: PolicyChange) -> None:
        self._run = run
        self._change = change
        self._key = change.key
        self._first_backup: str | None = None
        self._notes: list[str] = []
        self._crowded = False

    def write(self) -> Written:
        """Writes, confirms and if need be repairs. Raises this project's errors; see the module's protocol."""
        run, read_at = self._run, self._run.read_at
        for attempt in range(REPAIRS + 1):
            if attempt:
                run.clock.sleep(min(2.0, 0.1 * attempt) * run.clock.random())
            with key_lock(run.locks, str(self._key), run.clock):
                wrote = self._write_once(read_at)
                read_at = float("-inf")
                if not wrote and not attempt:
                    return Written("nothing left to do: somebody else did the same meanwhile", None, tuple(self._notes))
                if wrote and not self._read_back():
                    self._crowded = True
                    continue
            if self._settled():
                return Written("written", self._first_backup, tuple(self._notes))
            self._crowded = True
            self._note("Another writer overwrote the change, so it was made again.")
        raise ChangedError(
            f"updating the policy of key {self._key}: others kept overwriting it, {REPAIRS} times over"
            + self._saved("; the policy from before is backup {}"),
            "Find out who edits this policy (CloudTrail, PutKeyPolicy), stop them for a minute, and run this again.",
        )

    def _write_once(self, read_at: float) -> bool:
        """One round up to the put; False where the document says already what is wanted."""
        run = self._run
        for _ in pauses_after_first(run.clock, run.wait):
            if run.clock.monotonic() - read_at > FRESH:
                self._read_again()
            if self._change.after.text == self._change.before.text:
                return False
            self._save()
            if self._put():
                return True
            read_at = float("-inf")
        raise NotVisibleError(
            f"updating the policy of key {self._key}: KMS still does not see the role after {run.wait:.0f} s",
            "Nothing was written. A new role can take minutes to reach KMS: run the command again, or allow more with "
            "--wait.",
        )

    def _read_again(self) -> None:
        text = self._run.aws.get_policy(self._key)
        if self._crowded:
            text = self._next_version(text)
        if text == self._change.before.text:
            return
        document = PolicyDocument.parse(text)
        if not same_meaning(document, self._change.before, self._key.partition):
            if self._run.expected and self._first_backup is None:
                raise ChangedError(
                    f"updating the policy of key {self._key}: it changed after the plan was made, so the plan is no longer "
                    "the expected one",
                    "Nothing was written. Review a new dry run and use its digest.",
                )
            if self._first_backup is None:
                self._note("Somebody else changed the policy meanwhile, so the change was planned anew on theirs.")
            self._crowded = True
        self._change = self._change.again(document)

    def _next_version(self, text: str) -> str:
        """Where others are writing: the version that they write next, or this one if none comes soon."""
        clock = self._run.clock
        start = clock.monotonic()
        while clock.monotonic() - start < 0.4:
            clock.sleep(0.005)
            newer = self._run.aws.get_policy(self._key)
            if newer != text:
                return newer
        return text

    def _save(self) -> None:
        run, before = self._run, self._change.before
        if run.backups is None:
            return
        backup: Backup = run.backups.save(
            str(self._key),
            self._key.account,
            self._key.region,
            before.text,
            self._reason(),
            run.clock.now(),
            digest_of(self._change.after, self._key.partition),
        )
        if self._first_backup is None:
            self._first_backup = backup.id
            run.backup_ids[str(self._key)] = backup.id

    def _reason(self) -> str:
        pairs = ", ".join(f"{who(access.role)} to {access.bucket}" for access in self._change.accesses)
        return f"{self._change.wish.value} {pairs}".strip()

    def _put(self) -> bool:
        """Puts the document; False where KMS does not see a new role yet, so that it is worth trying again."""
        run = self._run
        run.progress.step(f"updating the policy of key {self._key.resource.removeprefix('key/')}")
        run.journal.begin(f"the policy of key {self._key}" + self._saved(" (the old one is backup {})"))
        try:
            run.aws.put_policy(self._key, self._change.after.text)
        except NotVisibleError as error:
            run.journal.refuse()
            if not self._may_pass():
                raise PolicyRefusedError(
                    f"{error.message} No role of this change is new, so it will not pass by itself: some principal in the "
                    "policy does not exist, and KMS does not say which",
                    "Nothing was written. Look for users and roles in the policy that are gone, or use --via grant.",
                ) from error
            run.progress.step("waiting until KMS sees the new role")
            return False
        except (UnexpectedError, BusyError) as error:
            return self._put_unanswered(error)
        except FcsseError:
            run.journal.refuse()
            raise
        run.journal.finish()
        return True

    def _put_unanswered(self, error: FcsseError) -> bool:
        """The answer was lost on the way: only a look tells whether the put happened."""
        try:
            there = self._holds(self._run.aws.get_policy(self._key))
        except FcsseError:
            raise UnconfirmedError(
                f"{error.message}; whether the policy was written could not be read back"
                + self._saved("; the old one is backup {}"),
                "Run the command again: it looks first, and changes nothing that is as wanted.",
            ) from error
        if not there:
            self._run.journal.refuse()
            raise error
        self._run.journal.finish()
        return True

    def _may_pass(self) -> bool:
        """Is one of the change's roles so new that KMS may not see it yet?"""
        if self._change.wish is not Wish.LINK:
            return False
        now = self._run.clock.now()
        made = [self._run.created.get(access.role) for access in self._change.accesses if access.role]
        return any(time is None or now - time < YOUNG for time in made)

    def _holds(self, text: str) -> bool:
        """Does a document say what is wanted, whatever else it says?"""
        document = PolicyDocument.parse(text)
        return self._change.again(document).after.text == text

    def _read_back(self) -> bool:
        """True once the policy says what was meant, False where another writer replaced it."""
        run, before = self._run, self._change.before
        run.progress.step("waiting until KMS shows the new policy")
        for _ in pauses_after_first(run.clock, run.wait, first=0.1):
            text = run.aws.get_policy(self._key)
            if self._holds(text):
                return True
            if not same_meaning(PolicyDocument.parse(text), before, self._key.partition):
                self._note("Another writer overwrote the change, so it was made again.")
                return False
        raise UnconfirmedError(
            f"updating the policy of key {self._key}: KMS took it, but still shows the old one after {run.wait:.0f} s"
            + self._saved("; the old one is backup {}"),
            "It usually shows within seconds: look with fcsse check, or allow more with --wait.",
        )

    def _settled(self) -> bool:
        run = self._run
        run.progress.step("looking once more after a second")
        run.clock.sleep(SETTLING)
        return self._holds(run.aws.get_policy(self._key))

    def _saved(self, phrase: str) -> str:
        return phrase.format(self._first_backup) if self._first_backup else ""

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)
            self._run.progress.note(text)


def pauses_after_first(clock: Clock, total: float, first: float = 0.5) -> Iterator[float]:
    """A first try at once, then tries after ``pauses``."""
    yield 0.0
    yield from pauses(clock, total, first=first)
