"""Which pairs ``audit --fix`` links, and how the account stands afterwards. Pure.

``--fix`` gives access that is missing, in the form that the bucket's setting calls for, and takes dead principals out
of the policies that it edits. It takes nobody's access away: what is left over or wider than need be stays a finding.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fcsse.findings.findings import Fix
from fcsse.findings.judging import Verdicts
from fcsse.findings.mending import LINKING
from fcsse.model import Facts, Grant, Options, Wish
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import GrantAddition, PolicyChange, Status
from fcsse.writing.apply import Applied, Failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcsse.findings.judging import Judged
    from fcsse.findings.result import Audit
    from fcsse.planning.plan import Plan


def to_link(audit: Audit, options: Options) -> tuple[Facts, ...]:
    """The facts of the pairs that linking changes something for, in the order of the audit."""
    fixes = (Fix.YES, Fix.PRUNE) if options.prune_orphans else (Fix.YES,)
    keys = {
        finding.key
        for finding in audit.findings
        if finding.fix in fixes and finding.code in ("dead-principals", "cache-gone")
    }
    found = [one.facts for one in audit.judged if one.facts and (_lacks(one) or one.key in keys)]
    outcomes = make_plan(found, options).outcomes
    return tuple(one.facts for one in outcomes if one.facts and one.status is Status.TO_DO)


def _lacks(one: Judged) -> bool:
    return any(trouble.code in LINKING for trouble in one.troubles)


def afterwards(audit: Audit, plan: Plan, results: Sequence[Applied | Failed]) -> tuple[Judged, ...]:
    """Every pair's verdict with the changes that were made, in the order of the audit."""
    policies: dict[str, str] = {}
    grants: dict[str, list[Grant]] = {}
    for result in results:
        match result:
            case Applied(change=PolicyChange() as change):
                policies[str(change.key)] = change.after.text
            case Applied(change=GrantAddition() as change):
                grants.setdefault(str(change.key), []).append(_made(change, result.grant or ""))
            case _:
                pass
    changed: list[Facts] = []
    for one in audit.judged:
        if one.facts and one.key and (one.key in policies or one.key in grants):
            policy = policies.get(one.key, one.facts.policy)
            more = (*(one.facts.grants or ()), *grants.get(one.key, ()))
            changed.append(replace(one.facts, policy=policy, grants=more if one.key in grants else one.facts.grants))
    regions = {one.pair.cache or "": one.region for one in audit.judged}
    again = Verdicts().all(changed, regions, audit.facts.buckets, audit.facts.roles)
    by_pair = {one.pair: one for one in again}
    return tuple(by_pair.get(one.pair, one) for one in audit.judged)


def _made(change: GrantAddition, grant_id: str) -> Grant:
    return Grant(
        grant_id,
        change.grantee,
        frozenset(change.operations),
        change.name,
        constraint_subset=dict(change.subset) or None,
    )


def wish(*, prune_orphans: bool) -> Options:
    """What ``--fix`` asks for."""
    return Options(Wish.LINK, prune_orphans=prune_orphans)
