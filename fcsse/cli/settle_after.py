"""``link --settle``: what settling comes to right after a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from fcsse.apply.apply import AppliedChange, FailedChange, written_policies
from fcsse.cli.output.settle import closing, settle_document
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.session import Session
from fcsse.cli.settle import carry_out, code_of
from fcsse.cli.settle_outcome import SettleOutcome
from fcsse.commands.lost_record import CLOCKS_APART
from fcsse.commands.settle import Settlement, await_settlement, plan_settlement
from fcsse.errors import EXIT_UNCONFIRMED
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

    None where no key policy was written.
    """
    keys = written_policies(results)
    if not keys:
        return None
    run.progress = pipeline.progress = progress_on(run.terminal)
    found, recorded = await_settlement(pipeline, keys, since, seconds)
    run.progress.stop()
    again = partial(plan_settlement, pipeline, keys, since - CLOCKS_APART)
    found, done = carry_out(run, pipeline, found, again=again, yes=yes)
    code = code_of(found, done, recorded=recorded) or (0 if recorded else EXIT_UNCONFIRMED)
    return SettleOutcome(
        code,
        settle_document(found, done, dry_run=False, code=code),
        closing(found, done, run.words, dry_run=False),
        tuple(one.error for one in done if one.error),
        "" if recorded else _not_recorded(found),
    )


def _not_recorded(found: Settlement) -> str:
    later = " ".join(f"fcsse settle --key {one.key}" for one in found.keys)
    return f"CloudTrail's record does not show the write yet, so nobody can say what it overwrote. Later: {later}"
