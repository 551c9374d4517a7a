"""Statements that give a cache more than the documented one: every action, any bucket, buckets of similar names. Pure.

Sources: File Cache user guide, "Working with server-side encrypted Amazon S3 buckets" (what the statement has to give);
IAM user guide, "Grant least privilege".
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fcsse.evaluator.cache_requests import quick_requests
from fcsse.evaluator.context import Context
from fcsse.evaluator.pair_access import compiled_policy
from fcsse.evaluator.rules import Statement
from fcsse.model import Facts
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.kept import kept
from fcsse.policy.statement import read_statement


class Width(Enum):
    """In what respect a statement is wider than the documented one."""

    EVERY_ACTION = "every-action"
    ANY_BUCKET = "any-bucket"
    SIMILAR_BUCKETS = "similar-buckets"


class WideStatement(NamedTuple):
    """A statement that gives a pair's cache more than it needs. ``label`` names it for people."""

    label: str
    widths: tuple[Width, ...]


ADMINISTRATION = ("kms:putkeypolicy", "kms:schedulekeydeletion")
_ELSEWHERE = "0-another-bucket"


def wide_statements(facts: Facts, policy: PolicyDocument) -> tuple[WideStatement, ...]:
    """The statements of a key policy that name the pair's role, or everybody, and allow more than the documented one."""
    if facts.role is None or facts.key is None:
        return ()
    others = _others(policy)
    own = _contexts(facts, facts.bucket.name) if others else []
    named = {
        statement.index: statement
        for statement, how in (compiled_policy(policy).naming(own[0]).allows if own else ())
        if how.direct and statement.index in others and _applies(statement, own)
    }
    if not named:
        return ()
    similar, elsewhere = _contexts(facts, f"{facts.bucket.name}-x"), _contexts(facts, _ELSEWHERE)
    found = []
    for index, statement in named.items():
        widths = [Width.EVERY_ACTION] if _administers(statement) else []
        if _applies(statement, elsewhere):
            widths.append(Width.ANY_BUCKET)
        elif _applies(statement, similar):
            widths.append(Width.SIMILAR_BUCKETS)
        if widths:
            found.append(WideStatement(others[index], tuple(widths)))
    return tuple(found)


@kept
def _others(policy: PolicyDocument) -> dict[int, str]:
    """The labels of the Allow statements that may name a role directly and are none of the documented form, by their index."""
    allows = {
        statement.index
        for statement in compiled_policy(policy).allows
        if statement.not_principals or not statement.principals.accounts_only
    }
    return {
        one.index: one.label for one in policy.statements if one.index in allows and read_statement(one.value) is None
    }


def says(wide: WideStatement, bucket: str) -> str:
    """What it gives beyond what is documented, as the end of a sentence."""
    words = {
        Width.EVERY_ACTION: "actions that administer the key, such as kms:PutKeyPolicy",
        Width.ANY_BUCKET: "use of the key in every bucket",
        Width.SIMILAR_BUCKETS: f"use of the key in other buckets whose names begin with {bucket}",
    }
    return " and ".join(words[width] for width in wide.widths)


def _contexts(facts: Facts, bucket: str) -> list[Context]:
    if facts.role is None or facts.key is None:
        return []
    return [
        Context(request)
        for form in ContextForm
        for request in quick_requests(
            str(facts.role.arn),
            facts.account,
            facts.bucket.region or facts.key.arn.region,
            facts.key,
            bucket,
            form,
            facts.role.role_id,
            known=facts.request,
        )
    ]


def _applies(statement: Statement, contexts: list[Context]) -> bool:
    return any(statement.applies(one, one.request.action.lower(), kms=True) for one in contexts)


def _administers(statement: Statement) -> bool:
    return statement.actions is None or any(statement.actions.match(action) for action in ADMINISTRATION)
