"""The copies that one write makes of the texts that it replaces, and what they say of the put that followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from fcsse.apply.backup_file import Backup
from fcsse.apply.context import ApplyContext
from fcsse.apply.send import Sender
from fcsse.link_options import Operation
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of, equivalent
from fcsse.policy.step_phrases import who

MOST = 20
"""How many texts are saved at most because they were taken for old ones."""


class Copies:
    """The copies of one key's policy. ``first`` is the id of the first one, None where no copies are wanted."""

    def __init__(self, run: ApplyContext) -> None:
        self._run = run
        self.first: str | None = None
        self._texts: set[str] = set()
        self._last: tuple[str, str] | None = None  # the texts before and after, of the last copy
        self._copy: Backup | None = None  # of what the last put replaced
        self._put: PolicyDocument | None = None  # what that put wrote
        self._unsent: dict[str, Backup] = {}  # those that no put followed, by their ids

    def save(self, change: PolicyChange, old: PolicyDocument) -> None:
        """Puts the text that the change's write replaces on disk, unless that was done already."""
        self._texts.add(old.text)
        run, both = self._run, (old.text, change.after.text)
        if run.backups is None or both == self._last:
            return
        word = "from" if change.operation is Operation.UNLINK else "to"
        pairs = ", ".join(f"{who(access.role)} {word} {access.bucket}" for access in change.accesses)
        backup = run.backups.save(
            str(change.key),
            change.key.account,
            change.key.region,
            old.text,
            f"{change.operation.value} {pairs}".strip(),
            run.clock.now(),
            digest_of(change.after, change.key.partition),
        )
        self._last, self._copy, self._unsent[backup.id] = both, backup, backup
        if self.first is None:
            self.first = run.backup_ids[str(change.key)] = backup.id

    def save_disregarded(self, change: PolicyChange, texts: Iterable[str]) -> None:
        """Saves texts that were taken for old ones as well: where KMS shows two by turns, nobody knows which is the older."""
        copy, last = self._copy, self._last
        for text in texts:
            if text not in self._texts and len(self._texts) < MOST:
                self.save(change, PolicyDocument.parse(text))
        self._copy, self._last = copy, last

    @contextmanager
    def sending(self, sender: Sender) -> Iterator[None]:
        """While a put is sent. From its beginning on it may have been made, unless it is certain then that it was not."""
        copy, taken = self._copy, sender.taken
        if copy is not None:
            self._unsent.pop(copy.id, None)
        try:
            yield
        finally:
            if copy is not None and sender.taken == taken and not sender.unanswered:
                self._unsent[copy.id] = copy

    def note_unsent(self) -> None:
        """Adds to the copies that no put followed that none did. Where the process is killed, that stays open."""
        if self._run.backups is not None:
            for copy in self._unsent.values():
                self._run.backups.note_put(copy, unsent_at=_moment(self._run.clock.now()))

    def note_put(self, put: PolicyDocument, read_at: datetime, put_at: datetime, request_id: str) -> None:
        """Adds to the copy when it was read, and when and by which request it was replaced."""
        self._put = put
        if self._copy is not None and self._run.backups is not None:
            self._copy = self._run.backups.note_put(
                self._copy, read_at=_moment(read_at), put_at=_moment(put_at), request_id=request_id
            )

    def note_held(self, shown: str, partition: str) -> None:
        """Adds to the copy that nobody wrote within the recheck delay after it was replaced, where KMS shows what was put."""
        if (
            self._copy is not None
            and self._copy.put_at
            and self._put is not None
            and self._run.backups is not None
            and equivalent(PolicyDocument.parse(shown), self._put, partition)
        ):
            self._copy = self._run.backups.note_put(self._copy, held_at=_moment(self._run.clock.now()))


def _moment(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
