"""Grants of a KMS key: does one let the caller do this?

Sources: KMS developer guide, "Grants in AWS KMS", "Grant operations" and "Using grant constraints": constraints on the
encryption context bind the cryptographic operations with a symmetric key, not DescribeKey or RetireGrant; Equals wants the
same pairs, Subset wants these among others, names and values both in their letter case. KMS API reference, GrantConstraints
(SourceArn works as the condition aws:SourceArn does).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fcsse.sandbox.judge.judged_request import JudgedRequest
from fcsse.sandbox.judge.wildcards import all_of, arn_matches, pattern_of

_UNCONSTRAINED = ("DescribeKey", "RetireGrant")


@dataclass(frozen=True, slots=True)
class JudgedGrant:
    """A grant as it stands now: a grantee that is gone is a bare id."""

    name: str
    grantee: str
    operations: tuple[str, ...]
    constraints: Mapping[str, Any] = field(default_factory=dict)


def grant_allows(grant: JudgedGrant, request: JudgedRequest) -> bool | None:
    """Does the grant, by itself, let the caller make the request? An account as grantee: see ``for_account``."""
    return all_of((_names(grant, request), _permits(grant, request)))


def for_account(grant: JudgedGrant, request: JudgedRequest) -> bool | None:
    """Does the grant let the caller's account make the request, so that its IAM policies decide?"""
    who = request.principal
    return all_of((bool(who.account) and grant.grantee == who.root, _permits(grant, request)))


def _names(grant: JudgedGrant, request: JudgedRequest) -> bool:
    who = request.principal
    return grant.grantee != "" and grant.grantee in (who.arn, who.role, who.unique_id)


def _permits(grant: JudgedGrant, request: JudgedRequest) -> bool | None:
    operation = request.action.partition(":")[2]
    found = next((one for one in grant.operations if one.lower() == operation.lower()), None)
    if found is None:
        return False
    return all_of(_held(name, value, found, request) for name, value in grant.constraints.items() if value)


def _held(name: str, value: Any, operation: str, request: JudgedRequest) -> bool | None:
    pairs = request.encryption_context()
    match name:
        case "EncryptionContextEquals" | "EncryptionContextSubset" if operation in _UNCONSTRAINED:
            return True
        case "EncryptionContextEquals" | "EncryptionContextSubset" if operation == "CreateGrant":
            request.silent("how a constraint on the encryption context binds CreateGrant in a grant")
            return None
        case "EncryptionContextEquals":
            return bool(pairs == value)
        case "EncryptionContextSubset":
            return all(pairs.get(key) == text for key, text in value.items())
        case "SourceArn":
            source = request.values("aws:SourceArn")
            wanted = [value] if isinstance(value, str) else list(value)
            if not isinstance(source, str):
                return False
            return any(arn_matches(pattern_of(str(one)), source) for one in wanted)
        case _:
            request.silent(f"what the grant constraint {name} means")
            return None
