"""Deciding how an access leaves a policy without touching anybody else's, on drafts of its statements."""

from __future__ import annotations

from fcsse.arn import Arn
from fcsse.link_options import AccessLevel
from fcsse.policy import steps as did
from fcsse.policy.difference import differences, session_role
from fcsse.policy.document import Statement
from fcsse.policy.edited_statement import StatementEdit
from fcsse.policy.linking import grant, wishes
from fcsse.policy.statement import Access
from fcsse.policy.statement_edits import PolicyEdit, access_of, named_principals


def holds(draft: StatementEdit, access: Access) -> bool:
    """Is a draft a statement that gives this access something? Any form and any Region count; for an access to read, only
    statements for reading.
    """
    if access.level is AccessLevel.READ and draft.level is not AccessLevel.READ:
        return False
    if access.bucket_arn not in draft.buckets:
        return False
    if access.role is None:
        return draft.every_cache and draft.account == access.account
    return access.role in draft.principals


def withdraw(drafts: PolicyEdit, draft: StatementEdit, accesses: list[Access]) -> list[did.Step]:
    """Takes accesses out of one statement, all of which it gives."""
    leaving: dict[str, set[str]] = {}
    for access in accesses:
        leaving.setdefault(access.principal, set()).add(access.bucket_arn)
    lost = leaving.get(draft.principals[0], set())
    if all(leaving.get(principal) == lost for principal in draft.principals):
        draft.patterns = _without(draft.patterns, lost)
        if draft.patterns:
            names = sorted({access.bucket for access in accesses})
            return [
                did.BucketTakenOut(draft.label, name, tuple(one for one in accesses if one.bucket == name))
                for name in names
            ]
        draft.gone = True
        return [did.StatementTakenOut(draft.label, tuple(accesses))]
    steps: list[did.Step] = []
    for role, buckets in leaving.items():
        draft.principals.remove(role)
        mine = tuple(access for access in accesses if access.role == role)
        steps.append(did.RoleTakenOut(draft.label, role, mine))
        kept = access_of(role, draft.account, draft.region, _without(draft.patterns, buckets), draft.level)
        for access in kept:
            again = grant(drafts, access, wishes([access]), by_name=True)
            steps += [step for step in again if not isinstance(step, did.AlreadyThere)]
    if not draft.principals:
        draft.gone = True
        steps.append(did.StatementTakenOut(draft.label, tuple(accesses)))
    return steps


def leftovers(drafts: PolicyEdit, access: Access) -> list[did.Step]:
    """What may still give the role something after its access was taken back."""
    if access.role is None:
        return []
    steps: list[did.Step] = [
        did.StillNamed(statement.label, access, differences(statement.value, access))
        for statement in drafts.foreign()
        if statement.value.get("Effect") == "Allow" and _names(statement, access.role)
    ]
    steps += [
        did.StillCovered(draft.label, access)
        for draft in drafts.alive
        if draft.every_cache and draft.account == access.account and access.bucket_arn in draft.buckets
    ]
    return steps


def _names(statement: Statement, role: str) -> bool:
    """Does a statement name a role, or a session of it?"""
    arn = Arn.parse(role)
    own = (arn.account, arn.resource.rpartition("/")[2]) if arn else None
    return any(one == role or (own is not None and session_role(one) == own) for one in named_principals(statement))


def _without(patterns: list[str], buckets: set[str]) -> list[str]:
    return [pattern for pattern in patterns if pattern.removesuffix("/*") not in buckets]
