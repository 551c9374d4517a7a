"""An account's audit from the first question to the last finding, and the plan that mends what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.findings.judging import Verdicts
from fcsse.findings.reading import read_account
from fcsse.findings.result import Audit, audit_of

if TYPE_CHECKING:
    from fcsse.findings.facts import Scope
    from fcsse.findings.findings import Words
    from fcsse.pipeline import Pipeline
    from fcsse.planning.plan import Plan


def audit_account(pipeline: Pipeline, scope: Scope, words: Words) -> Audit:
    """Reads everything in scope and judges it, most of it while answers are on their way. ``words`` writes commands.

    Raises what keeps every Region from being read.
    """
    verdicts = Verdicts()
    facts = read_account(pipeline.aws, pipeline.clock, pipeline.progress, scope, verdicts.early)
    return audit_of(facts, words, verdicts)


def plan_fix(pipeline: Pipeline, audit: Audit, expect: str | None = None, *, prune_orphans: bool = False) -> Plan:
    """What linking all that can be mended would change. Raises ``ChangedError`` where ``expect`` is not its digest."""
    from fcsse.findings.fixing import to_link, wish

    options = wish(prune_orphans=prune_orphans)
    found = to_link(audit, options)
    pipeline.take(found)
    return pipeline.plan_of(found, options, expect)
