"""The digest of a plan, for ``--expect``: everything that changes what a plan does is in it. Pure.

Its second half says what is wanted. That stays the same when the policies that are edited change meanwhile.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from enum import Enum

from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.policy.equivalence import digest_of
from fcsse.policy.statement import Access
from fcsse.policy.steps import PrincipalPruned

HALF = 8
"""Hexadecimal digits of each half of a digest."""


def joined_digest(changes: Sequence[str], goal: Sequence[str]) -> str:
    """A digest of what is changed and, in its second half, of what is wanted."""
    halves = (hashlib.sha256("\n".join(part).encode()).hexdigest()[:HALF] for part in (changes, goal))
    return "".join(halves)


def same_goal(one: str, other: str) -> bool:
    """Do the plans of two digests want the same?"""
    return one[HALF:] == other[HALF:]


def change_facts(change: Change) -> list[object]:
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
                grant.source_arn,
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
