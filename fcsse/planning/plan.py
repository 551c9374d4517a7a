"""What a plan is: an outcome per pair and the changes that make them come true. Pure.

A change is one write: an edit of a key policy, a grant to create, a grant to end. Nothing here knows whether it is a dry
run. ``make_plan`` is in a module of its name.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import NamedTuple

from fcsse.advice import BY_GRANT, PRUNE, advice
from fcsse.arn import Arn
from fcsse.endpoint import Endpoint
from fcsse.errors import FcsseError, PolicyRefusedError
from fcsse.link_options import AccessLevel, Context, Operation, Via
from fcsse.model import Facts, Grant, Pair
from fcsse.policy import edit
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of
from fcsse.policy.statement import Access
from fcsse.policy.steps import PrincipalPruned, Step
from fcsse.policy.unique_ids import dead_principals
from fcsse.text import count


class Status(Enum):
    """How a pair comes out of planning."""

    TO_DO = "to-do"
    NOTHING = "nothing-to-do"
    BLOCKED = "blocked"


class Outcome(NamedTuple):
    """What the plan says of one pair.

    ``summary`` is a sentence for people; ``via`` the route, None where no key is involved; ``warnings`` are sentences
    to show before anything is done; ``error`` is set for BLOCKED. ``short`` says the same as the summary in fewer words,
    where there are fewer. ``ends`` is the part of both that is about grants that end.
    """

    pair: Pair
    status: Status
    summary: str = ""
    via: Via | None = None
    facts: Facts | None = None
    warnings: tuple[str, ...] = ()
    error: FcsseError | None = None
    short: str = ""
    ends: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: the pair, its status and the summary."""
        return f"<Outcome {self.pair}: {self.status.value}; {self.summary}>"

    def __str__(self) -> str:
        return self.summary


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


NEVER = float("-inf")
"""Stands for a time that is too long ago to count."""


class Plan(NamedTuple):
    """Outcomes in the order of the pairs, and the changes. ``digest`` binds a review to what is applied.

    ``endpoints`` are those other than AWS's own by which the facts were read, ``read_at`` when that was, in seconds of the
    run's clock; ``NEVER`` where it is not known. ``level``: is access for reading alone meant? ``context``: with
    which forms, in statements? ``narrow_grant``: are grants bound to one bucket?
    """

    operation: Operation
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    endpoints: tuple[Endpoint, ...] = ()
    read_at: float = NEVER
    level: AccessLevel = AccessLevel.FULL
    context: Context = Context.DOCUMENTED
    narrow_grant: bool = False

    def __repr__(self) -> str:
        """One line: how many pairs and changes, and the digest."""
        doing = sum(outcome.status is Status.TO_DO for outcome in self.outcomes)
        return (
            f"<Plan {self.operation.value}: {doing} of {count(len(self.outcomes), 'pair')} to do, {count(len(self.changes), 'change')}, "
            f"digest {self.digest}>"
        )

    @property
    def digest(self) -> str:
        """The same for the same changes to the same documents, for the same roles, asked at the same endpoints.

        16 hexadecimal digits; order and layout have no part in it. The first half stands for what is changed, the second for
        what is wanted, whatever there is to do: by it a plan with nothing to do is recognised as the state that another
        digest's plan leads to. Changes are made only where both halves agree.
        """
        parts: list[object] = [["operation", self.operation.value]]
        parts += [["endpoint", *endpoint] for endpoint in self.endpoints]
        parts += [["pair", *_pair_facts(one)] for one in self.outcomes if one.status is Status.TO_DO]
        parts += [_change_facts(change) for change in self.changes]
        lines = sorted({json.dumps(part, sort_keys=True) for part in parts})
        return joined_digest(lines, [self.operation.value, *sorted(map(self._goal, self.outcomes))])

    def _goal(self, outcome: Outcome) -> str:
        """What the pair is to have, or to lose."""
        facts = outcome.facts
        key, role = (facts.key, facts.role) if facts else (None, None)
        via = outcome.via.value if outcome.via and self.operation is Operation.LINK else None
        kept = facts.bucket.encryption.bucket_keys if facts and self.operation is Operation.LINK else None
        parts = (str(key.arn) if key else None, str(role.arn) if role else None, via, kept)
        more = [self.level.value] if self.level is AccessLevel.READ else []
        more += [self.context.value] if self.context is Context.BOTH and outcome.via is Via.POLICY else []
        more += ["narrow"] if self.narrow_grant and outcome.via is Via.GRANT else []
        return json.dumps([outcome.pair.cache, outcome.pair.bucket, *parts, *more])

    def answers(self, expect: str) -> bool:
        """Is it the plan of this digest, or is everything as that plan wanted it, so that there is nothing to do?"""
        return expect == self.digest or (not self.changes and same_goal(expect, self.digest))

    @property
    def error(self) -> FcsseError | None:
        """The first pair's error, in the order of the pairs."""
        return next((outcome.error for outcome in self.outcomes if outcome.error), None)


HALF = 8
"""Hexadecimal digits of each half of a digest."""


def joined_digest(changes: Sequence[str], goal: Sequence[str]) -> str:
    """A digest of what is changed and, in its second half, of what is wanted."""
    halves = (hashlib.sha256("\n".join(part).encode()).hexdigest()[:HALF] for part in (changes, goal))
    return "".join(halves)


def same_goal(one: str, other: str) -> bool:
    """Do the plans of two digests want the same?"""
    return one[HALF:] == other[HALF:]


def _pair_facts(outcome: Outcome) -> list[object]:
    """What decides whom a pair's change serves, for the digest: a role made again has the same ARN and another id."""
    facts = outcome.facts
    role = facts.role if facts else None
    return [
        outcome.pair.cache,
        outcome.pair.bucket,
        outcome.via.value if outcome.via else None,
        facts.account if facts else None,
        [str(role.arn), role.role_id, role.exists] if role else None,
    ]


def _change_facts(change: Change) -> list[object]:
    """What a change does, for the digest."""
    match change:
        case PolicyChange():
            digests = [
                digest_of(document, change.key.partition, keep_empty=True) for document in (change.before, change.after)
            ]
            pruned = sorted({step.principal for step in change.steps if isinstance(step, PrincipalPruned)})
            accesses = sorted((_access_facts(access) for access in change.accesses), key=json.dumps)
            return ["policy", str(change.key), *digests, pruned, accesses]
        case GrantAddition():
            return [
                "grant",
                str(change.key),
                change.grantee,
                change.name,
                sorted(change.operations),
                dict(change.subset),
            ]
        case GrantEnding(key=key, grant=grant):
            return [
                "end-grant",
                str(key),
                grant.grant_id,
                grant.grantee,
                grant.grantee_service,
                grant.name,
                sorted(grant.operations),
                _constraint(grant.constraint_equals),
                _constraint(grant.constraint_subset),
                sorted(grant.other_constraints),
                grant.retiring,
                grant.issuing_account,
            ]


def _access_facts(access: Access) -> list[object]:
    """Every field of an access; sets in order."""
    values = [getattr(access, field.name) for field in fields(access)]
    return [sorted(_name(one) for one in it) if isinstance(it, frozenset) else _name(it) for it in values]


def _name(value: object) -> str:
    return value.name if isinstance(value, Enum) else "" if value is None else str(value)


def _constraint(constraint: Mapping[str, str] | None) -> dict[str, str] | None:
    """An empty constraint is not none: KMS shows what was asked for."""
    return None if constraint is None else dict(constraint)


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
            raise PolicyRefusedError(
                f"updating the policy of key {key}: KMS refuses any change to it, because it names deleted principals: "
                f"{named}",
                advice("Remove them in the same change with ", PRUNE, " (the diff shows each), or use ", BY_GRANT, "."),
            )
        buckets = ", ".join(dict.fromkeys(access.bucket for access in accesses))
        after = edit.fit(after, before, f"updating the policy of key {key} for {buckets}")
    return PolicyChange(key, operation, tuple(accesses), before, after, edited.steps, prune_orphans, tuple(saved), dead)
