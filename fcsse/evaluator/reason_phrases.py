"""Reasons of a decision for people: why it is unknown (``doubts``), and what nearly allowed it (``near_misses``). Pure.

Nothing here decides; it looks again at what was judged and says in plain words which element did not fit. A reason is
one line, whatever the policy holds: what does not print is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable

from fcsse.evaluator import grants as granting
from fcsse.evaluator.conditions import Entry
from fcsse.evaluator.context import Context
from fcsse.evaluator.known_values import UNKNOWN, Disputed
from fcsse.evaluator.principals import NOBODY, Naming
from fcsse.evaluator.request import Miss
from fcsse.evaluator.rules import Policy, Statement
from fcsse.model import Grant
from fcsse.policy.document import printable

LIMIT = 5
"""How many misses an answer carries."""


def doubts(statement: Statement, context: Context, action: str) -> str:
    """Why it is not known whether a statement applies."""
    return printable(_doubts(statement, context, action))


def _doubts(statement: Statement, context: Context, action: str) -> str:
    if statement.broken or statement.inert:
        return f"{_name(statement)} is not understood: {statement.broken or statement.inert}"
    unclear = [entry for entry in statement.conditions.entries if entry.holds(context) is None]
    if unclear:
        return f"{_name(statement)} depends on " + " and ".join(dict.fromkeys(_doubt(e, context) for e in unclear))
    if statement.naming(context).named is None:
        if statement.not_principals:
            return (
                f"{_name(statement)} may or may not except this principal: for certain it would by a NotPrincipal with the "
                "principal, its account and a role's session"
            )
        return f"{_name(statement)} may or may not name this principal"
    if statement.actions and statement.actions.match(action) is None:
        return f"{_name(statement)} has a wildcard in an action's service, which IAM does not document"
    if context.request.resource_form:
        return f"{_name(statement)} is for some of {context.request.resource_form.replace('?*', '*')} only"
    return f"{_name(statement)} has a resource with a variable whose value is not known"


def _doubt(entry: Entry, context: Context) -> str:
    if entry.operator is None and entry.null is None:
        return f"{entry.label} with the unknown operator {entry.name}, which AWS does not have"
    if entry.slip:
        likely = _where_absent(entry)
        return f"{entry.label}, which is not known: {entry.slip}" + (f", and without one {likely}" if likely else "")
    values = context.values(entry.key)
    if values is UNKNOWN:
        return f"{entry.label}, which is not known"
    if isinstance(values, Disputed):
        return f"{entry.label}: AWS's pages do not agree whether a key policy can test it"
    if entry.operator is not None and not entry.quantifier and context.is_many(entry.key):
        return f"{entry.label}, which may have several values: AWS asks for ForAnyValue or ForAllValues before {entry.name}"
    return f"{entry.label} ({entry.says()})"


def _where_absent(entry: Entry) -> str:
    """What the entry comes to in a request without its key, which is what a key that does not exist leads to."""
    if entry.operator is None:
        return ""
    missing = entry.missing
    return "" if missing is None else f"{entry.name} is {'true' if missing else 'false'}"


def near_misses(
    policy: Policy,
    grants: Iterable[Grant],
    context: Context,
    action: str,
    kms: bool,
) -> tuple[Miss, ...]:
    """The Allow statements and grants that come nearest to this request, best first."""
    found: list[tuple[int, Miss]] = []
    for statement, naming in policy.naming(context).allows:
        found.extend(_statement(statement, naming, context, action, kms))
    operation = action.removeprefix("kms:")
    for grant in grants if kms else ():
        found.extend(_grant(grant, context, operation))
    if not found:
        for statement in policy.allows:
            if len(found) < LIMIT:
                found.extend(_statement(statement, NOBODY, context, action, kms))
    found.sort(key=lambda ranked: ranked[0])
    return tuple(miss for _, miss in found[:LIMIT])


def _name(statement: Statement) -> str:
    if statement.where == f"statement {statement.index + 1}":
        return statement.where
    return f"statement '{statement.where}'"


def _short(action: str, context: Context) -> str:
    given = context.request.action
    return given if given.lower() == action else action


def _statement(
    statement: Statement, naming: Naming, context: Context, action: str, kms: bool
) -> list[tuple[int, Miss]]:
    acts = statement.actions is None or statement.actions.match(action) is not False
    named = naming.named is not False
    if not acts and not (named and naming.direct):
        return []
    if statement.broken:
        reason, rank = f"is not understood: {statement.broken}", 3
    elif statement.inert:
        reason, rank = f"has no effect: {statement.inert}", 2
    elif not acts:
        reason, rank = f"names the principal, but not {_short(action, context)}", 4
    elif not named:
        reason, rank = f"allows {_short(action, context)} to other principals", 5
    elif statement.resources is not None and statement.resources.match(context) is False:
        reason, rank = "is for another resource", 2
    else:
        failing = [entry for entry in statement.conditions.entries if entry.holds(context) is False]
        if failing:
            told = " and ".join(f"{e.says()}; this request has {_given(e, context)}" for e in failing[:2])
            reason, rank = f"allows {_short(action, context)} only for {told}", 0 if naming.direct else 2
        elif statement.applies(context, action, kms) is None or naming.named is None:
            return [(0, Miss(statement.where, doubts(statement, context, action)))]
        elif not naming.direct:
            reason = f"delegates to the IAM policies of account {context.who.account}; no IAM policy that fcsse could see allows it"
            rank = 1
        else:
            reason, rank = "allows it, but IAM policies of the caller's own account must allow it, too", 1
    return [(rank, Miss(statement.where, printable(f"{_name(statement)} {reason}")))]


def _given(entry: Entry, context: Context) -> str:
    return "no " + entry.label if not context.values(entry.key) else context.text(entry.key)


def _grant(grant: Grant, context: Context, operation: str) -> list[tuple[int, Miss]]:
    naming = granting.grantee(grant, context)
    if naming.named is False:
        return []
    name = f"grant {grant.name or grant.grant_id}"
    if not granting.permits(grant, operation):
        return [(3, Miss(name, f"{name} does not have the operation {operation_name(operation, context)}"))]
    held = granting.constraint_holds(grant, operation, context)
    if held is True:
        return []
    word = "holds only" if held is False else "holds, as far as is known, only"
    return [(0, Miss(name, printable(f"{name} {word} for {granting.says(grant)}")))]


def operation_name(operation: str, context: Context) -> str:
    """The operation as the request spells it."""
    given = context.request.action.partition(":")[2]
    return given if given.lower() == operation else operation
