"""What a plan changes, each a single write: an edit of a key policy, a grant to create, a grant to end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fcsse.advice import LINK_BY_GRANT, PRUNE, advice
from fcsse.arn import Arn
from fcsse.errors import PolicyRefusedError
from fcsse.link_options import Operation
from fcsse.model import Grant
from fcsse.policy import edit
from fcsse.policy.document import PolicyDocument
from fcsse.policy.statement import Access
from fcsse.policy.steps import Step
from fcsse.policy.unique_ids import dead_principals


@dataclass(frozen=True, slots=True, repr=False)
class PolicyChange:
    """One write to a key policy. ``accesses`` are what it gives or takes, ``saved`` earlier texts of the policy.

    ``dead`` are unique ids in the policy that belong to nobody.
    """

    key: Arn
    operation: Operation
    accesses: tuple[Access, ...]
    before: PolicyDocument
    after: PolicyDocument
    steps: tuple[Step, ...]
    prune_orphans: bool = False
    saved: tuple[str, ...] = ()
    dead: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        """One line: the key and the sizes before and after."""
        sizes = f"{self.before.size} to {self.after.size} bytes"
        return f"<{type(self).__name__} {self.operation.value} on key {self.key}: {sizes}>"

    @property
    def can_go_back(self) -> bool:
        """Would KMS take ``before`` again? Not where it names principals that are gone."""
        return not dead_principals(self.before, self.dead)

    def again(self, before: PolicyDocument) -> PolicyChange:
        """The same wish on another version of the document. Raises what ``change_policy`` raises."""
        return change_policy(
            self.key,
            self.operation,
            self.accesses,
            before,
            self.saved,
            prune_orphans=self.prune_orphans,
            dead=self.dead,
        )

    def giving_back(self, base: PolicyDocument, theirs: PolicyDocument, now: PolicyDocument) -> PolicyChange:
        """The same where its write overwrote ``theirs``, with which ``base`` is the document to make it on.

        ``now`` is what the policy says since. Raises as ``again`` does.
        """
        del theirs, now
        return self.again(base)


@dataclass(frozen=True, slots=True)
class GrantAddition:
    """A grant to create. ``subset`` is its encryption context constraint; None = unconstrained."""

    key: Arn
    grantee: str
    name: str
    operations: tuple[str, ...]
    subset: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GrantEnding:
    """A grant to revoke or retire."""

    key: Arn
    grant: Grant


GrantChange = GrantAddition | GrantEnding
Change = PolicyChange | GrantChange


def change_policy(
    key: Arn,
    operation: Operation,
    accesses: Sequence[Access],
    before: PolicyDocument,
    saved: Sequence[str] = (),
    *,
    prune_orphans: bool = False,
    dead: frozenset[str] = frozenset(),
) -> PolicyChange:
    """The change to one document for all these accesses; its ``after`` equals ``before`` where there is nothing to do.
    ``dead`` are unique ids in it that belong to nobody.

    Raises ``PolicyRefusedError`` where dead principals of others would make KMS refuse every new document, and
    ``PolicyFullError``.
    """
    if operation is Operation.LINK:
        edited = edit.link(before, accesses, prune=prune_orphans, dead=dead)
    else:
        edited = edit.unlink(before, accesses, saved, prune=prune_orphans, dead=dead)
    after = edited.document
    if edited.changed:
        left = dead_principals(after, dead)
        if left:
            named = "; ".join(f"{one.id} in statement {one.label}" for one in left)
            otherwise = (", or ", LINK_BY_GRANT) if operation is Operation.LINK else ()
            raise PolicyRefusedError(
                f"updating the policy of key {key}: KMS refuses any change to it, because it names deleted principals: "
                f"{named}",
                advice("Remove them in the same change with ", PRUNE, " (the diff shows each)", *otherwise, "."),
            )
        buckets = ", ".join(dict.fromkeys(access.bucket for access in accesses))
        after = edit.fit(after, before, f"updating the policy of key {key} for {buckets}")
    return PolicyChange(key, operation, tuple(accesses), before, after, edited.steps, prune_orphans, tuple(saved), dead)
