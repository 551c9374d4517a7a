"""The decision on a request in the usual cases, without the whole of an evaluation. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.evaluator.caller import Kind
from fcsse.evaluator.context import Context
from fcsse.evaluator.key_state import refuses
from fcsse.evaluator.request import Cause, Decision, Verdict
from fcsse.evaluator.rules import Named, Policy
from fcsse.model import Grant
from fcsse.policy.document import printable


def quick_decision(
    policy: Policy,
    context: Context,
    grants: Sequence[Grant],
    key_state: str | None,
    resource_account: str | None,
    *,
    explain: bool,
) -> Decision | None:
    """The decision in the usual cases: a statement that names the caller allows it, or nothing does, and nothing is open.

    None in all other cases.
    """
    if not is_usual(context, resource_account):
        return None
    return by_statements(policy.naming(context), context, grants, key_state, explain=explain)


def is_usual(context: Context, resource_account: str | None) -> bool:
    """Is the caller of the resource's own account, and not its root?"""
    who = context.who
    return bool(who.account) and (resource_account or account_of(context)) == who.account and who.kind is not Kind.ROOT


def by_statements(
    named: Named, context: Context, grants: Sequence[Grant], key_state: str | None, *, explain: bool
) -> Decision | None:
    """As ``quick_decision`` where the caller ``is_usual``. ``named`` are the statements that name the caller."""
    request = context.request
    action = request.action.lower()
    kms = action.startswith("kms:")
    if kms and refuses(key_state, action.removeprefix("kms:")) is not False:
        return None
    for statement, _ in named.denies:
        if statement.timed or statement.applies(context, action, kms) is not False:
            return None
    for statement, naming in named.allows:
        if naming.direct is False:
            continue
        if statement.timed:
            return None
        found = statement.applies(context, action, kms)
        if found and naming.direct:
            reason = f"{label_of(statement.where)} allows {request.action}"
            return Decision(Verdict.ALLOWED, reason, statement.where, statement.index, cause=Cause.STATEMENT)
        if found is not False:
            return None
    if grants or explain:
        return None
    what = "no statement of the key policy and no grant" if kms else "no statement"
    return Decision(Verdict.DENIED, f"{what} allows {request.action}", cause=Cause.NOTHING_ALLOWS)


def account_of(context: Context) -> str | None:
    """The account that owns the resource, where the ARN or ``aws:ResourceAccount`` tells it."""
    parts = context.request.resource.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit():
        return parts[4]
    found = context.values("aws:resourceaccount")
    return found[0] if isinstance(found, tuple) and found else None


def label_of(where: str) -> str:
    """What a statement is called in a sentence, by its Sid or number. What does not print is escaped."""
    where = printable(where)
    return where if where.startswith(("statement ", "identity policy ")) else f"statement '{where}'"
