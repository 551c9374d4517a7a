"""Which pairs ``audit --fix`` links, and how the account stands afterwards. Pure.

``--fix`` gives access that is missing, in the form that the bucket's setting calls for, and takes dead principals out
of the policies that it edits. It takes nobody's access away: what is left over or wider than need be stays a finding.
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.commands.audit.finding import Fix
from fcsse.commands.audit.finding_kinds import DEAD_PRINCIPALS, kind_of
from fcsse.commands.audit.fix import pruning
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.verdicts import PairAudit, Verdicts
from fcsse.link_options import Options
from fcsse.model import Facts, Grant
from fcsse.planning.changes import GrantAddition, PolicyChange
from fcsse.planning.plan import Plan


def to_link(audit: Audit, options: Options) -> tuple[Facts, ...]:
    """The facts of the pairs to link, in the order of the audit.

    They are those that lack access; and where dead principals block a policy that none of those is about, one pair of it.
    """
    fixes = (Fix.YES, Fix.PRUNE) if options.prune_orphans else (Fix.YES,)
    fixable = [finding for finding in audit.findings if finding.fix in fixes]
    blocked = {finding.key for finding in fixable if finding.code == DEAD_PRINCIPALS.code}
    linked = {pair for finding in fixable if kind_of(finding.code).fixed_by_link for pair in finding.pairs}
    for key in blocked - {one.key for one in audit.judged if one.pair in linked}:
        _, tidied = pruning(one for one in audit.judged if one.key == key)
        linked |= {tidied.pair} if tidied else set()
    return tuple(one.facts for one in audit.judged if one.facts and one.pair in linked)


def afterwards(audit: Audit, plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> tuple[PairAudit, ...]:
    """Every pair's verdict with the changes that were made, and what others wrote meanwhile, in the order of the audit."""
    policies: dict[str, str] = {}
    grants: dict[str, list[Grant]] = {}
    for result in results:
        match result:
            case AppliedChange(change=PolicyChange() as change, held=held):
                policies[str(change.key)] = held or change.after.text
            case AppliedChange(change=GrantAddition() as change, held=held):
                grants.setdefault(str(change.key), []).append(_made(change, result.grant or ""))
                if held is not None:
                    policies[str(change.key)] = held
            case _:
                pass
    changed: list[Facts] = []
    for one in audit.judged:
        if one.facts and one.key and (one.key in policies or one.key in grants):
            policy = policies.get(one.key, one.facts.policy)
            more = (*(one.facts.grants or ()), *grants.get(one.key, ()))
            changed.append(one.facts._replace(policy=policy, grants=more if one.key in grants else one.facts.grants))
    regions = {one.pair.cache or "": one.region for one in audit.judged}
    again = Verdicts().all(changed, regions, audit.facts.buckets, audit.facts.roleless)
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
