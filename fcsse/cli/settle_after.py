"""``link --settle``: what settling comes to right after a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from fcsse.apply.apply import AppliedChange, FailedChange, written_policies
from fcsse.cli.output.documents import error_document, error_markdown
from fcsse.cli.output.settle import closing, declined_document, settle_document, settle_markdown
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.session import Session
from fcsse.cli.settle import DeclinedError, carry_out, code_of
from fcsse.cli.settle_outcome import SettleOutcome
from fcsse.commands.lost_record import CLOCKS_APART
from fcsse.commands.settle import await_settlement, errors_of, plan_settlement
from fcsse.errors import EXIT_UNCONFIRMED, EXIT_UNEXPECTED, FcsseError
from fcsse.pipeline import Pipeline


def settle_after(
    run: Session,
    pipeline: Pipeline,
    results: Sequence[AppliedChange | FailedChange],
    since: datetime,
    seconds: float,
    *,
    yes: bool,
) -> SettleOutcome | None:
    """Waits for the record, shows what the writes to key policies overwrote, asks, and gives it back.

    None where no key policy was written. Raises nothing of this project's: what the link came to is told in any case.
    """
    keys = written_policies(results)
    if not keys:
        return None
    later = " ".join(["fcsse settle", *(f"--key {key}" for key in keys)])
    try:
        run.progress = pipeline.progress = progress_on(run.terminal)
        found, recorded = await_settlement(pipeline, keys, since, seconds)
        run.progress.stop()
        again = partial(plan_settlement, pipeline, keys, since - CLOCKS_APART)
        found, done = carry_out(run, pipeline, found, again=again, yes=yes)
    except FcsseError as error:
        told = "\n".join(error_markdown(error.message, run.terminal.hint(error))) + "\n"
        document = error_document("settle", error, changed=False)
        warning = f"What the write overwrote is not known. Later: {later}"
        return SettleOutcome(error.exit_code, document, [], told, (error,), warning)
    except DeclinedError as no:
        markdown = settle_markdown(no.found, ["Not given back: the question was answered with no."])
        warning = f"What was lost was not given back. Later: {later}"
        return SettleOutcome(EXIT_UNEXPECTED, declined_document(no.found), [], markdown, (), warning)
    finally:
        run.progress.stop()
    code = code_of(found, done, recorded=recorded) or (0 if recorded else EXIT_UNCONFIRMED)
    lines = closing(found, done, run.words, dry_run=False)
    unknown = f"CloudTrail's record does not show the write yet, so nobody can say what it overwrote. Later: {later}"
    return SettleOutcome(
        code,
        settle_document(found, done, dry_run=False, code=code),
        lines,
        settle_markdown(found, ["".join(text for text, _ in row) for row in lines], errors_of(found, done)),
        errors_of(found, done),
        "" if recorded else unknown,
    )
