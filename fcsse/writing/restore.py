"""Putting a saved key policy back, through the same protocol as every write.

In: a backup. Out: a ``Restoration`` with the difference and what others did since; then the write.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse.arn import key_arn
from fcsse.errors import ChangedError, NotFoundError, PolicyRefusedError
from fcsse.model import Wish
from fcsse.planning.plan import PolicyChange
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument, dead_principals
from fcsse.policy.meaning import digest_of, same_meaning, statement_meaning
from fcsse.policy.statement import read_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcsse.pipeline import Pipeline
    from fcsse.writing.backup import Backup


@dataclass(frozen=True, slots=True)
class RestoreChange(PolicyChange):
    """The write that puts a policy back. What others do after the difference was shown is never overwritten."""

    def again(self, before: PolicyDocument) -> RestoreChange:
        """The same on another version of the document; raises ``ChangedError`` where others changed it."""
        if same_meaning(before, self.after, self.key.partition):
            return replace(self, before=before, after=before)
        if same_meaning(before, self.before, self.key.partition):
            return replace(self, before=before)
        raise ChangedError(
            f"restoring the policy of key {self.key}: somebody changed it after the difference was shown",
            "Run restore again, and look at the difference as it is now.",
        )


@dataclass(frozen=True, slots=True)
class Restoration:
    """What restoring a backup would do. ``others`` are sentences on what others changed since, and would be lost."""

    backup: Backup
    before: PolicyDocument
    after: PolicyDocument
    others: tuple[str, ...]

    @property
    def changed(self) -> bool:
        """Is there anything to write?"""
        return self.after.text != self.before.text

    @property
    def digest(self) -> str:
        """Binds a review to what is applied, as a plan's digest does."""
        partition = self.backup.key.split(":")[1]
        digests = [digest_of(document, partition) for document in (self.before, self.after)]
        parts = [Wish.RESTORE.value, self.backup.key, *digests]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def plan_restore(pipeline: Pipeline, backup: Backup, expect: str | None = None) -> Restoration:
    """Reads the policy as it is now and compares. Writes nothing.

    Raises ``ChangedError`` where ``expect`` is not the digest, ``PolicyRefusedError`` where the backup names principals
    that no longer exist, and what reading the policy raises.
    """
    arn = key_arn(backup.key)
    if arn is None:
        message = f"restoring backup {backup.id}: it names no key ARN"
        raise NotFoundError(message, "See what there is with: fcsse backups.")
    pipeline.progress.step(f"reading the policy of key {arn.resource.removeprefix('key/')}")
    before = PolicyDocument.parse(pipeline.aws.get_policy(arn))
    target = PolicyDocument.parse(backup.policy)
    after = before if same_meaning(before, target, arn.partition) else target
    dead = dead_principals(after) if after is target else ()
    if dead:
        named = "; ".join(f"{one.id} in {one.label}" for one in dead)
        raise PolicyRefusedError(
            f"restoring backup {backup.id}: it names principals that no longer exist, so KMS would refuse it: {named}",
            "Print it with fcsse backups ID, take them out, and put it with aws kms put-key-policy.",
        )
    if after.size > MAX_POLICY_BYTES:
        after = after.compact()
    newer = list(reversed(pipeline.backups.of_key(backup.key, most=1000))) if pipeline.backups else []
    chain = [one for one in newer if one.id >= backup.id] or [backup]
    restoration = Restoration(backup, before, after, _others(chain, before, after, arn.partition))
    if expect is not None and expect != restoration.digest:
        raise ChangedError(
            f"checking the plan: its digest is {restoration.digest}, not the expected {expect}",
            "Nothing was written. Review a new dry run.",
        )
    return restoration


def _others(chain: Sequence[Backup], before: PolicyDocument, after: PolicyDocument, partition: str) -> tuple[str, ...]:
    """What others changed since the first backup of the chain; empty where every change since was fcsse's.

    Each backup says what the policy became by fcsse's write (or stayed, where that was refused); where that is not what
    the next one found, or what there is now, somebody else wrote in between.
    """
    saved = [digest_of(PolicyDocument.parse(one.policy), partition) for one in chain]
    found = [*saved[1:], digest_of(before, partition)]
    if all(then in (one.becomes, was) for one, was, then in zip(chain, saved, found, strict=True)):
        return ()
    old = {statement_meaning(one.value, partition): one.label for one in after.statements}
    new = {statement_meaning(one.value, partition): one for one in before.statements}
    said = [
        f"statement {one.label} is new or changed"
        for meaning, one in new.items()
        if meaning not in old and read_statement(one.value) is None
    ]
    said += [f"statement {label} is gone or changed" for meaning, label in old.items() if meaning not in new]
    return tuple(said) or ("the policy was written by others, in ways that the difference shows",)


def require_discard(restoration: Restoration, *, discard_others: bool) -> None:
    """Raises ``ChangedError`` where others' changes would be lost and that was not asked for."""
    if restoration.others and not discard_others:
        raise ChangedError(
            f"restoring backup {restoration.backup.id}: others changed the policy since it was saved, and their changes "
            f"would be lost: {'; '.join(restoration.others)}",
            "Nothing was written. To lose them all the same, add --discard-others.",
        )


def apply_restore(pipeline: Pipeline, restoration: Restoration, *, expected: bool) -> str | None:
    """Writes the saved policy, by the write protocol; returns the id of the backup made before it."""
    arn = key_arn(restoration.backup.key)
    if arn is None:
        text = "planned restorations have a key ARN"
        raise AssertionError(text)
    change = RestoreChange(arn, Wish.RESTORE, (), restoration.before, restoration.after, ())
    return pipeline.write_policy(change, expected=expected)
