"""Deciding which dead principals can leave a policy without a change to what it says, on drafts of its statements."""

from __future__ import annotations

from collections.abc import Collection

from fcsse.policy import steps as did
from fcsse.policy.document import Statement, listed
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement_edits import Others, PolicyEdit
from fcsse.policy.unique_ids import dead_principals


def prune(
    drafts: PolicyEdit, dead: Collection[str], *, ours_only: bool, accounts: Collection[str] | None = None
) -> list[did.Step]:
    """Takes dead principals (``dead``: their unique ids) out of statements of ours, and of all others unless ``ours_only``.

    ``accounts``: with ``ours_only``, only statements for caches of these; the IAM of an account does not know whether a role of
    another one lives.
    """
    steps: list[did.Step] = []
    mine: set[int] = set()
    for draft in drafts.ours:
        foreign = ours_only and accounts is not None and draft.account not in accounts
        if draft.statement is not None and not foreign:
            mine.add(draft.statement.index)
            steps += [did.PrincipalPruned(draft.label, one) for one in draft.principals if one in dead]
            draft.principals = [one for one in draft.principals if one not in dead]
    if ours_only:
        return steps
    for found in dead_principals(drafts.document, dead):
        if found.index in mine:
            continue
        statement = drafts.document.statements[found.index]
        others = _living(statement, found.name, dead)
        if found.name == "NotPrincipal" and not others:
            reason = "without it the statement would apply to everybody"
            steps.append(did.PrincipalKept(found.label, found.id, reason))
            continue
        edit = drafts.others.setdefault(found.index, Others())
        edit.dead.add(found.id)
        steps.append(did.PrincipalPruned(found.label, found.id))
        if not others and not edit.gone:
            edit.gone = True
            steps.append(did.StatementTakenOut(found.label))
    return steps


def _living(statement: Statement, name: str, dead: Collection[str]) -> list[JsonValue]:
    """What stands in a statement's Principal or NotPrincipal and is not dead: what is no text is nobody's id, and stays."""
    value = statement.value.get(name)
    entries = [one for kind in value.values() for one in listed(kind)] if isinstance(value, dict) else []
    return [one for one in entries if not (isinstance(one, str) and one in dead)]
