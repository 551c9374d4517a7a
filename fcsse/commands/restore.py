"""Putting a saved key policy back, through the same protocol as every write.

In: a backup. Out: a ``Restoration`` with the difference and what others did since; then the write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import NamedTuple

from fcsse.apply.backup_file import Backup
from fcsse.apply.lost_updates import merged
from fcsse.apply.policy_writer import Written
from fcsse.arn import key_arn
from fcsse.endpoint import Endpoint
from fcsse.errors import ChangedError, NotFoundError, PolicyRefusedError
from fcsse.link_options import Operation
from fcsse.pipeline import Pipeline
from fcsse.planning.changes import PolicyChange
from fcsse.planning.plan_digest import joined_digest, same_goal
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument
from fcsse.policy.edit import fit
from fcsse.policy.equivalence import CanonicalForm, canonical_statement, digest_of, equivalent, version_of
from fcsse.policy.statement import is_of_links_alone
from fcsse.policy.statement_edits import with_statements
from fcsse.policy.unique_ids import dead_principals, unique_ids, with_arns
from fcsse.suggested_commands import CommandBuilder


@dataclass(frozen=True, slots=True, repr=False)
class RestoreChange(PolicyChange):
    """The write that puts a policy back. What others do after the difference was shown is never overwritten."""

    def again(self, before: PolicyDocument) -> RestoreChange:
        """The same on another version of the document; raises ``ChangedError`` where others changed it."""
        if equivalent(before, self.after, self.key.partition):
            return replace(self, before=before, after=before)
        if equivalent(before, self.before, self.key.partition):
            return replace(self, before=before)
        raise ChangedError(
            f"restoring the policy of key {self.key}: somebody changed it after the difference was shown",
            "Run restore again, and look at the difference as it is now.",
        )

    def giving_back(self, base: PolicyDocument, theirs: PolicyDocument, now: PolicyDocument) -> RestoreChange:
        """The saved policy with what somebody else changed at the moment of the write; only where nobody wrote since."""
        partition = self.key.partition
        if not equivalent(now, self.after, partition):
            return self.again(base)
        if version_of(theirs) not in (version_of(self.before), version_of(now)):
            message = (
                f"restoring the policy of key {self.key}: somebody set its Version to {version_of(theirs)} meanwhile"
            )
            raise ChangedError(message, "Run restore again, and look at the difference as it is now.")
        whole = merged(self.before, theirs, now, partition)
        return replace(self, before=now, after=fit(whole, now, f"giving back what others wrote to key {self.key}"))


class Restoration(NamedTuple):
    """What restoring a backup would do.

    ``others`` are phrases on what others changed since, and would be lost; ``undone`` are fcsse's own later changes, as
    in ``Backup.reason``, the newest first. ``endpoints`` are those other than AWS's own that were asked.
    """

    backup: Backup
    before: PolicyDocument
    after: PolicyDocument
    others: tuple[str, ...]
    undone: tuple[str, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the difference alone does not say: an edited backup, and what else is lost. A sentence each."""
        said = (
            ["The backup was edited after it was saved: this is not the policy that the key had."]
            if self.backup.edited
            else []
        )
        said += [f"It also undoes: {'; '.join(self.undone)}."] if self.undone else []
        if self.others:
            said.append(f"Others changed the policy since; this would be lost: {'; '.join(self.others)}.")
        return tuple(said)

    @property
    def reviewed(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """What somebody who says yes to it has agreed to: the change, and what would be lost by it."""
        return self.digest, self.others, self.undone

    @property
    def changed(self) -> bool:
        """Is there anything to write?"""
        return self.after.text != self.before.text

    @property
    def digest(self) -> str:
        """Binds a review to what is applied, as a plan's digest does."""
        partition = self.backup.key.split(":")[1]
        digests = [digest_of(document, partition, keep_empty=True) for document in (self.before, self.after)]
        endpoints = sorted(f"{service} {url}" for service, url in self.endpoints)
        whole = [Operation.RESTORE.value, self.backup.key, *endpoints]
        return joined_digest([*whole, *digests], [*whole, digests[1]])


def plan_restore(pipeline: Pipeline, backup: Backup, expect: str | None = None) -> Restoration:
    """Reads the policy as it is now and compares. Writes nothing.

    Raises ``ChangedError`` where ``expect`` is not the digest, ``PolicyRefusedError`` where the backup names principals
    that no longer exist, and what reading the policy raises.
    """
    arn = key_arn(backup.key)
    if arn is None:
        message = f"restoring {backup.noun} {backup.id}: it names no key ARN"
        raise NotFoundError(message, f"List the backups: {pipeline.words.backups()}")
    pipeline.progress.step(f"reading the policy of key {arn.resource.removeprefix('key/')}")
    before = PolicyDocument.parse(pipeline.aws.get_policy(arn))
    saved = [one.id for one in unique_ids(PolicyDocument.parse(backup.policy))]
    target = PolicyDocument.parse(with_arns(backup.policy, pipeline.aws.names_of_ids(saved)))
    after = before if equivalent(before, target, arn.partition) else target
    dead = dead_principals(after, pipeline.aws.dead_ids(saved)) if after is target else ()
    if dead:
        named = "; ".join(f"{one.id} in statement {one.label}" for one in dead)
        raise PolicyRefusedError(
            f"restoring {backup.noun} {backup.id}: it names principals that no longer exist, so KMS would refuse it: {named}",
            "Take them out of it, and put it with aws kms put-key-policy. To print it: "
            + (pipeline.words.history(backup.id) if backup.is_recorded else pipeline.words.backups(backup.id)),
        )
    if after.size > MAX_POLICY_BYTES:
        after = after.compact()
    newer = list(reversed(pipeline.backups_of_key(backup.key, most=1000, accepted=backup.id)))
    chain = _since(newer, backup, arn.partition)
    written = _written(chain, before, arn.partition)
    links_too = _others_linked(chain, written, before, arn.partition)
    others = _others(written, before, after, arn.partition, links_too=links_too)
    changed = after is not before
    restoration = Restoration(
        backup,
        before,
        after,
        others if changed else (),
        _undone(chain, written, of_first=backup.is_recorded) if changed else (),
        pipeline.aws.endpoints,
    )
    done = expect is not None and not restoration.changed and same_goal(expect, restoration.digest)
    if expect is not None and expect != restoration.digest and not done:
        raise ChangedError(
            f"checking the plan: it has changed since it was reviewed (expected {expect}, now {restoration.digest})",
            "Look at the new plan with a dry run.",
        )
    return restoration


def _since(newer: Sequence[Backup], backup: Backup, partition: str) -> Sequence[Backup]:
    """The backup and those after it, the oldest first. It is not among ``newer`` where it was edited, or is very old.

    A recorded version stands for the first copy that was made after it, where that holds the same.
    """
    if not backup.is_recorded:
        return [backup, *(one for one in newer if one.id > backup.id)]
    digest = digest_of(PolicyDocument.parse(backup.policy), partition)
    later = [one for one in newer if one.time >= backup.time]
    if later and later[0].becomes == digest and later[0].time == backup.time:
        later = later[1:]  # the copy made for the very write that the event records
    if later and digest_of(PolicyDocument.parse(later[0].policy), partition) == digest:
        return later
    return [backup]


class Fate(Enum):
    """What became of the write that a backup was made for."""

    KEPT = auto()
    NOT_MADE = auto()
    OTHERS_WROTE = auto()


def _written(chain: Sequence[Backup], before: PolicyDocument, partition: str) -> tuple[Fate, ...]:
    """For each backup, what the next one found, or what there is now.

    Each says what the policy became by fcsse's write, or it stayed, where that was refused; where that is not what was
    found, somebody else wrote in between.
    """
    saved = [digest_of(PolicyDocument.parse(one.policy), partition) for one in chain]
    found = [*saved[1:], digest_of(before, partition)]
    return tuple(
        Fate.KEPT if then == one.becomes else Fate.NOT_MADE if then == was else Fate.OTHERS_WROTE
        for one, was, then in zip(chain, saved, found, strict=True)
    )


def _undone(chain: Sequence[Backup], written: Sequence[Fate], *, of_first: bool = False) -> tuple[str, ...]:
    """fcsse's changes after the one that the first backup was made for; ``of_first``: and that one."""
    made = [
        one.reason
        for one, fate in zip(chain, written, strict=True)
        if fate is not Fate.NOT_MADE and not one.is_recorded
    ]
    return tuple(dict.fromkeys(reversed(made[1:] if written[0] is not Fate.NOT_MADE and not of_first else made)))


def _others(
    written: Sequence[Fate], before: PolicyDocument, after: PolicyDocument, partition: str, *, links_too: bool
) -> tuple[str, ...]:
    """What others changed since; empty where every change was fcsse's. Statements that links make are not named one by one."""
    if Fate.OTHERS_WROTE not in written:
        return ()
    old, new = (
        {
            canonical_statement(one.value, partition): one.label
            for one in document.statements
            if not is_of_links_alone(one.value)
        }
        for document in (after, before)
    )
    said = [f"statement {label} is new or changed" for meaning, label in new.items() if meaning not in old]
    said += [f"statement {label} is gone or changed" for meaning, label in old.items() if meaning not in new]
    if links_too and _links(after, partition) != _links(before, partition):
        said.append("links were made or taken back since, as the difference shows")
    return tuple(said) or ("the policy was written by others, in ways that the difference shows",)


def _others_linked(chain: Sequence[Backup], written: Sequence[Fate], before: PolicyDocument, partition: str) -> bool:
    """May others have changed what links gave? Not where all that changed of it since a copy is what fcsse wrote then."""
    saved = [PolicyDocument.parse(one.policy) for one in chain]
    for one, fate, old, new in zip(chain, written, saved, [*saved[1:], before], strict=True):
        if fate is Fate.OTHERS_WROTE and _links(old, partition) != _links(new, partition):
            gone = {each.index for each in old.statements if is_of_links_alone(each.value)}
            added = [each.value for each in new.statements if is_of_links_alone(each.value)]
            if digest_of(with_statements(old, gone, added), partition) != one.becomes:
                return True
    return False


def _links(document: PolicyDocument, partition: str) -> Counter[CanonicalForm]:
    return Counter(
        canonical_statement(one.value, partition) for one in document.statements if is_of_links_alone(one.value)
    )


def require_discard(restoration: Restoration, words: CommandBuilder | None = None, *, discard_others: bool) -> None:
    """Raises ``ChangedError`` where later changes, of others or of fcsse, would be lost and that was not asked for."""
    if (restoration.others or restoration.undone) and not discard_others:
        options = ["--discard-others", *(["--accept-edited"] if restoration.backup.edited else [])]
        since = "written" if restoration.backup.is_recorded else "saved"
        doing = f"restoring {restoration.backup.noun} {restoration.backup.id}"
        if restoration.others:
            what = f"others changed the policy since it was {since}, and their changes would be lost"
            lost = (*restoration.others, *(f"by fcsse: {one}" for one in restoration.undone))
        else:
            what = f"fcsse changed the policy since it was {since}, and those changes would be lost"
            lost = restoration.undone
        raise ChangedError(
            f"{doing}: {what}: {'; '.join(lost)}",
            f"To lose them all the same: {(words or CommandBuilder()).restore(restoration.backup.id, *options)}",
        )


def apply_restore(pipeline: Pipeline, restoration: Restoration, *, expected: bool) -> Written:
    """Writes the saved policy, by the write protocol, unless somebody else did so meanwhile."""
    arn = key_arn(restoration.backup.key)
    if arn is None:
        text = "planned restorations have a key ARN"
        raise AssertionError(text)
    change = RestoreChange(arn, Operation.RESTORE, (), restoration.before, restoration.after, ())
    return pipeline.write_policy(change, expected=expected)
