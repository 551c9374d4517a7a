"""Grants: does one let the caller do this?

Sources: KMS developer guide, "Grants in AWS KMS", "Using grant constraints"; API reference, ``GrantConstraints``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from fcsse.arn import role_arn
from fcsse.evaluator.caller import Kind
from fcsse.evaluator.context import PAIR, Context
from fcsse.evaluator.known_values import Form
from fcsse.evaluator.patterns import covers
from fcsse.evaluator.principals import NOBODY, Naming, Principals, principals
from fcsse.model import GRANT_OPERATIONS, Facts, Grant

SOURCE_ARN = "SourceArn"
"""Name of the constraint that binds a grant to the requests of one AWS service's resource."""

_CONTEXT_ACTIONS = frozenset(
    {
        "decrypt",
        "encrypt",
        "generatedatakey",
        "generatedatakeywithoutplaintext",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "reencryptfrom",
        "reencryptto",
    }
)
_UNCONSTRAINED = frozenset({"describekey", "retiregrant", "getpublickey"})


UNNAMED = "fc-0"
"""Stands for whichever cache of an account."""


def role_of(facts: Facts) -> str:
    """The role that the pair's cache uses; for every cache of the account, that of one that no policy names."""
    return str(facts.role.arn) if facts.role else role_arn(facts.partition, facts.account, UNNAMED)


def everything(facts: Facts) -> Grant:
    """A grant of everything to the pair's role. What is not allowed with it, no link can allow."""
    return Grant("", role_of(facts), frozenset(GRANT_OPERATIONS))


def grantee(grant: Grant, context: Context) -> Naming:
    """How the grant names the caller: by ARN, by a role of which the caller is a session, by id, or by account."""
    if grant.grantee is not None:
        who = context.who
        if who.kind is Kind.ROLE and who.arn != grant.grantee and ":role/" in grant.grantee:
            return NOBODY
        return _principal(grant.grantee).names(context) if grant.grantee != "*" else NOBODY
    return Naming(context.who.kind is Kind.SERVICE and grant.grantee_service == context.who.arn)


@lru_cache(maxsize=4096)
def _principal(text: str) -> Principals:
    return principals({"AWS": text})


def permits(grant: Grant, operation: str) -> bool:
    """Is the operation, in lower case and without ``kms:``, one of the grant's?"""
    return any(one.lower() == operation for one in grant.operations)


def constraint_holds(grant: Grant, operation: str, context: Context) -> bool | None:
    """Do the grant's constraints let this request through?

    Those on the encryption context do not apply to DescribeKey and RetireGrant. What CreateGrant must then carry, and
    constraints that this version does not know, are not decided here.
    """
    if not grant.constrained:
        return True
    source = _from_source(grant, context) if SOURCE_ARN in grant.other_constraints else True
    if source is False and operation != "retiregrant":
        return False
    unknown = source is None or any(name != SOURCE_ARN for name in grant.other_constraints)
    if operation in _UNCONSTRAINED:
        return None if unknown and operation != "retiregrant" else True
    if operation not in _CONTEXT_ACTIONS:
        return None
    answers = [None if unknown else True]
    if grant.constraint_equals:
        answers.append(_pairs_in(grant.constraint_equals, context, exact=True))
    if grant.constraint_subset:
        answers.append(_pairs_in(grant.constraint_subset, context, exact=False))
    return False if False in answers else None if None in answers else True


def _from_source(grant: Grant, context: Context) -> bool | None:
    """Does the request carry the ``aws:SourceArn`` that the grant is for? Only calls of service principals carry one.

    Source: KMS API reference, ``GrantConstraints`` (SourceArn, since 2026-05-20); IAM user guide, ``aws:SourceArn``.
    """
    given = context.values("aws:sourcearn")
    if isinstance(given, Form):
        return None
    if not given or not any(given):
        return False
    if grant.source_arn is None:
        return None
    if grant.source_arn in given:
        return True
    return None if "*" in grant.source_arn or "?" in grant.source_arn else False


def _pairs_in(wanted: Mapping[str, str], context: Context, *, exact: bool) -> bool | None:
    """Are these pairs in the request's encryption context, and with ``exact`` no others?

    Values keep their case. For names the API reference says that case does not count and the developer guide that it
    does: a name that differs in case only is not decided.
    """
    given = context.pairs()
    known = context.pairs_known
    answer: bool | None = True
    for name, value in wanted.items():
        found = _pair(name, value, given, known, context)
        if found is False:
            return False
        answer = answer if found else None
    if exact:
        names = {name.lower() for name in wanted}
        if any(name.lower() not in names for name in given):
            return False
        if not known:
            return None
    return answer


def _pair(name: str, value: str, given: Mapping[str, str | None], known: bool, context: Context) -> bool | None:
    if name in given:
        own = given[name]
        if own is not None:
            return own == value
        form = context.values(PAIR + name.lower())
        return False if isinstance(form, Form) and covers(value, form.pattern) is False else None
    alike = [own for key, own in given.items() if key.lower() == name.lower()]
    if alike:
        return None if value in alike or None in alike else False
    return False if known else None


def says(grant: Grant) -> str:
    """The grant's constraint in words; empty where it has none."""
    parts = []
    for word, pairs in (("exactly", grant.constraint_equals), ("with", grant.constraint_subset)):
        if pairs:
            parts.append(
                f"the encryption context {word} " + ", ".join(f"{name}={value}" for name, value in pairs.items())
            )
    parts.extend(name for name in grant.other_constraints if name != SOURCE_ARN)
    if SOURCE_ARN in grant.other_constraints:
        parts.append(f"aws:SourceArn {grant.source_arn}" if grant.source_arn else SOURCE_ARN)
    return " and ".join(parts)
