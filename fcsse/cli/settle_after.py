"""``link --settle``: what settling comes to right after a link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.session import Session
from fcsse.cli.settle import carry_out, code_of
from fcsse.commands.settle import KeyResult, Settlement, await_settlement, plan_settlement
from fcsse.errors import EXIT_UNCONFIRMED
from fcsse.pipeline import Pipeline
from fcsse.planning.plan import PolicyChange


class Settled(NamedTuple):
    """What it came to. ``recorded``: CloudTrail's record showed our writes in time."""

    found: Settlement
    results: tuple[KeyResult, ...]
    recorded: bool

    @property
    def code(self) -> int:
        """The exit code."""
        return code_of(self.found, self.results) or (0 if self.recorded else EXIT_UNCONFIRMED)


def settle_after(
    run: Session,
    pipeline: Pipeline,
    results: Sequence[AppliedChange | FailedChange],
    since: datetime,
    seconds: float | None,
    *,
    yes: bool,
) -> Settled | None:
    """Waits for the record, shows what the writes to key policies ran over, asks, and gives it back.

    None where that was not asked for, or no key policy was written.
    """
    changes = [one.change for one in results if isinstance(one, AppliedChange) and one.changed]
    keys = tuple(dict.fromkeys(one.key for one in changes if isinstance(one, PolicyChange)))
    if seconds is None or not keys:
        return None
    run.progress = pipeline.progress = progress_on(run.terminal)
    found, recorded = await_settlement(pipeline, keys, since, seconds)
    run.progress.stop()
    found, done = carry_out(run, pipeline, found, again=lambda: plan_settlement(pipeline, keys, since), yes=yes)
    return Settled(found, done, recorded)
