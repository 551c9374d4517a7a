"""The question whether a plan of ``link``, ``unlink`` or ``audit --fix`` is to be carried out."""

from __future__ import annotations

from collections.abc import Callable

import typer

from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import Json, declined, to_text
from fcsse.cli.output.lines import line
from fcsse.cli.output.plan import VERBS, plan_lines
from fcsse.cli.output.plan_documents import plan_document
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.session import Session
from fcsse.errors import EXIT_UNEXPECTED
from fcsse.planning.changes import PolicyChange
from fcsse.planning.plan import Plan, Status
from fcsse.text import count


def _undone(plan: Plan) -> Json:
    return plan_document(plan, (), dry_run=False, code=EXIT_UNEXPECTED)


def ask(run: Session, plan: Plan, *, yes: bool, undone: Callable[[Plan], Json] = _undone) -> None:
    """Asks before a plan is carried out, where somebody can answer. Ends the command without a clear yes.

    ``yes``: was it given already? ``undone``: the document of the command where nothing is carried out.
    """
    if yes or not run.terminal.asks:
        return
    if run.output is not Output.TEXT or not run.terminal.shows_answer:
        run.terminal.print(plan_lines(plan), err=True)
    if not run.terminal.confirm(_question(plan)):
        run.terminal.print([line("Nothing was written to AWS.")], err=True)
        if run.output is Output.JSON:
            write_answer(to_text(declined(undone(plan))))
        raise typer.Exit(EXIT_UNEXPECTED)


def _question(plan: Plan) -> str:
    """What is about to be done: the pair by name where it is one, else how many changes."""
    pairs = [outcome.pair for outcome in plan.outcomes if outcome.status is Status.TO_DO]
    verb, _, preposition = VERBS[plan.operation]
    if len(pairs) == 1:
        return f"{verb.capitalize()} {pairs[0].cache or 'every cache'} {preposition} {pairs[0].bucket}?"
    policies = sum(isinstance(change, PolicyChange) for change in plan.changes)
    grants = len(plan.changes) - policies
    parts = [(policies, "key policy", "key policies"), (grants, "grant", "grants")]
    what = " and ".join(count(number, one, many) for number, one, many in parts if number)
    return f"{verb.capitalize()} {len(pairs)} pairs ({what} {'changes' if len(plan.changes) == 1 else 'change'})?"
