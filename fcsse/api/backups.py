"""The key policies saved before each change, and putting one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fcsse.api import validation
from fcsse.api.settings import Settings, folder_of, pipeline_of, settings_of
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.apply.backup_file import Backup
from fcsse.commands.recorded import find_policy
from fcsse.commands.restore import Restoration, apply_restore, plan_restore, require_discard
from fcsse.policy.diff import policy_diff
from fcsse.progress import Guarded

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def backups(
    backup_id: str | None = None, *, key: str | None = None, settings: Settings | None = None
) -> tuple[Backup, ...]:
    """The key policies saved before each change, newest first; or the one whose id is, or begins like, ``backup_id``.

    ``key``: only those of the key with this ARN or id. They are looked for in the settings' ``backup_dir``; AWS is asked
    nothing. The settings' ``progress`` is told of files that are damaged. Raises ``UsageError``, and ``NotFoundError``
    where there is no backup of that id.

    >>> import fcsse
    >>> done = fcsse.link("fc-0123", "data")
    >>> newest = fcsse.backups()[0]
    >>> newest.id == done.backups[0], newest.reason
    (True, 'link fc-0123 to data')
    >>> newest.policy == done.plan.changes[0].before.text
    True
    """
    arn = validation.named_key(key)
    known = arn is None or arn.resource.startswith("key/")
    validation.require(
        known, f"key={key!r}: nothing is asked of AWS, so an alias cannot be resolved", "Name its ARN or id."
    )
    asked = settings or Settings()
    folder = folder_of(asked)
    if backup_id is not None:
        return tuple(one for one in (folder.find(backup_id),) if arn is None or one.is_of(arn))
    found, damaged = folder.read_all()
    if asked.progress is not None:
        for file in damaged:
            Guarded(asked.progress).note(file.message)
    return tuple(one for one in found if arn is None or one.is_of(arn))


class RestoreResult(NamedTuple):
    """What putting a policy back came to. ``backup`` is the id of the copy of the policy that was there before; ``changed``:
    was anything written?
    """

    restoration: Restoration
    backup: str | None = None
    dry_run: bool = False
    changed: bool = False

    def __repr__(self) -> str:
        """One line: whether anything was written, and what was put back."""
        return f"<RestoreResult {'changed' if self.changed else 'unchanged'}: {self.restoration.backup!r}>"

    @property
    def pending(self) -> bool:
        """Is there something to do that was not done?"""
        return self.restoration.changed and self.dry_run

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, the same for the same change to the same document; for ``expect``."""
        return self.restoration.digest

    @property
    def others(self) -> tuple[str, ...]:
        """What others changed since the backup, a sentence each: it is lost by restoring."""
        return self.restoration.others

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty where there is none."""
        return "".join(f"{row}\n" for row in policy_diff(self.restoration.before, self.restoration.after))


@in_words_of_the_api
def restore(
    backup_id: str,
    *,
    discard_others: bool = False,
    accept_edited: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> RestoreResult:
    """Puts a saved key policy back, by the same protocol as every write: copy, write, confirm.

    ``backup_id`` may be the beginning of an id, or the id of an event that ``fcsse.history`` returns. ``accept_edited``:
    also a backup whose policy was edited after it was saved, which otherwise counts as damaged. Nothing to do is a
    success, with ``changed`` False. Raises ``UsageError``; ``NotFoundError`` where there is no such backup, or it is
    damaged; ``ChangedError`` where others changed the policy since and
    ``discard_others`` was not said, or where the digest is not ``expect``; ``PolicyRefusedError`` where the backup names
    principals that no longer exist; ``DeniedError``, ``UnconfirmedError``, ``BusyError``.

    >>> import fcsse
    >>> done = fcsse.link("fc-0123", "data")
    >>> fcsse.restore(done.backups[0], dry_run=True).pending
    True
    >>> fcsse.restore(done.backups[0]).changed
    True
    >>> [pair.read for pair in fcsse.check("fc-0123", "data")]
    [<Verdict.DENIED: 'denied'>]
    """
    validation.flags(discard_others=discard_others, accept_edited=accept_edited, dry_run=dry_run)
    asked = settings_of(session, settings)
    pipeline = pipeline_of(asked)
    found = find_policy(pipeline, folder_of(asked), backup_id, accept_edited=accept_edited)
    restoration = plan_restore(pipeline, found, expect)
    if dry_run or not restoration.changed:
        return RestoreResult(restoration, dry_run=dry_run)
    require_discard(restoration, discard_others=discard_others)
    written = apply_restore(pipeline, restoration, expected=expect is not None)
    return RestoreResult(restoration, written.backup, changed=written.changed)
