"""Reads again what a plan of ``audit --fix`` was made by, where that is not new: an account takes minutes, many take hours.

Key policies are read again before each write in any case. Which role, bucket and key a pair has is not: a plan that is old
would give a role the use of a key that is the bucket's no more.
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.commands.audit.fix import fix_options
from fcsse.discovery.discover import Discovery
from fcsse.discovery.fetcher import attempt
from fcsse.discovery.look_ups import with_look_ups
from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Options
from fcsse.model import Facts, Obstacle
from fcsse.pipeline import Pipeline
from fcsse.planning.plan import Plan
from fcsse.planning.review import is_stale, require_same, require_unmoved


def require_current(pipeline: Pipeline, plan: Plan, *, prune_orphans: bool, agreed: bool = False) -> None:
    """Raises ``ChangedError``, or what is in the way now, where an old plan's pairs have another role, bucket or key since.

    ``agreed``: somebody said yes to the plan as it was shown, so nothing else of it may have changed either.
    """
    if not plan.changes or not is_stale(plan, pipeline.clock.monotonic()):
        return
    now = plan_again(pipeline, plan, prune_orphans=prune_orphans)
    require_unmoved(plan, now)
    if agreed:
        require_same(plan, now)


def plan_again(pipeline: Pipeline, plan: Plan, *, prune_orphans: bool) -> Plan:
    """The plan of the same pairs by facts that are read now."""
    read_at = pipeline.clock.monotonic()
    known = [outcome.facts for outcome in plan.outcomes if outcome.facts]
    return pipeline.plan_of(_read(pipeline, known), fix_options(prune_orphans=prune_orphans))._replace(read_at=read_at)


def _read(pipeline: Pipeline, known: Sequence[Facts]) -> tuple[Facts | Obstacle, ...]:
    """As an audit reads them, so that the facts are the same where nothing has changed."""
    aws, prefixes = pipeline.aws, {facts.pair: facts.prefixes for facts in known}
    organization = next((facts.request.organization for facts in known), None)
    options = Options(Operation.CHECK, organization=organization)
    with Discovery(aws, options, pipeline.clock, pipeline.progress) as discovery:
        roles = attempt(aws.list_roles)
        if not isinstance(roles, FcsseError):
            discovery.know(aws.caller(), {role.cache: role for role in roles})
        return with_look_ups(aws, discovery.facts(list(prefixes), prefixes))
