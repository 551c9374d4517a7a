"""``fcsse.audit`` and ``fcsse.audit_organization``: every cache of an account, or of many."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from fcsse.api import validation
from fcsse.api.link_results import Proposal, Result
from fcsse.api.settings import Settings, command_builder_of, pipeline_of, settings_of
from fcsse.api.validation import Names
from fcsse.api.wording_of_errors import in_words_of_the_api, reworded_plan
from fcsse.apply.write_log import WriteLog
from fcsse.commands.audit import report as results
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fix_again import plan_again
from fcsse.commands.audit.fix_pairs import afterwards
from fcsse.commands.audit.organization import DEFAULT_ROLE, AccountAudit, OrganizationAudit, Totals
from fcsse.commands.audit.organization_run import audit_members, open_organization
from fcsse.commands.audit.run import audit_account, plan_fix
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.model import Member
from fcsse.pipeline import Pipeline
from fcsse.planning.plan import Plan

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, slots=True, repr=False)
class Audit(results.Audit):
    """An account's audit. ``findings`` are in order, the worst first; ``judged`` has every pair with its verdict.

    ``facts`` is what was read; ``summary`` says it in one line; ``verdicts`` and ``severities`` are the sums.
    """

    _pipeline: Pipeline = field(repr=False, compare=False, kw_only=True)

    def plan(self, *, prune_orphans: bool = False, expect: str | None = None) -> Proposal:
        """What linking all pairs would change that can be fixed: the plan of ``audit --fix``, with one change a key.

        ``prune_orphans``: also takes dead principals of others out, where they keep a policy from being changed. Raises
        ``ChangedError`` where the plan's digest is not ``expect``. Before a write, policies are read again, and where the
        audit is some seconds old, the pairs' roles, buckets and keys.
        """
        validation.flags(prune_orphans=prune_orphans)
        pipeline = replace(self._pipeline, journal=WriteLog())
        plan = plan_fix(pipeline, self, expect, prune_orphans=prune_orphans)

        @in_words_of_the_api
        def again() -> Plan:
            return reworded_plan(plan_again(pipeline, plan, prune_orphans=prune_orphans))

        return Proposal(reworded_plan(plan), pipeline, again)

    def afterwards(self, result: Result) -> tuple[PairAudit, ...]:
        """Every pair with its verdict by what was read for the audit and what ``result`` changed. Asks AWS nothing.

        A dry run (``Proposal.try_out``) changes nothing, so that the verdicts stay those of the audit.
        """
        return afterwards(self, result.plan, () if result.dry_run else result.applied)


@in_words_of_the_api
def audit(
    *,
    regions: Names = (),
    all_regions: bool = False,
    bucket_roles: Names = (),
    bucket_accounts: Names = (),
    observed: bool = False,
    org_id: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Audit:
    """Judges every cache and file system of the account against every bucket it is linked to. Changes nothing.

    Looks in the Region of the settings, or in ``regions``, or in all of the partition that have FSx. ``bucket_roles`` are
    ARNs of roles to assume in other accounts, with ``{account}`` in place of the account; ``bucket_accounts`` are those
    in which buckets are looked for that cannot be read from here. ``observed``: the answer's ``observed`` holds what
    CloudTrail recorded of the caches' calls, and contradictions are findings. ``org_id`` is the id of the account's
    organization, for conditions on it; by default it is asked for where a verdict hangs on it.

    What cannot be read is a finding, or among ``facts.unread``. Raises ``UsageError``, ``CredentialsError``, and what
    keeps every Region from being read.

    >>> import fcsse
    >>> answer = fcsse.audit()
    >>> answer.verdicts
    {'allowed': 2, 'partly': 0, 'denied': 6, 'unknown': 2}
    >>> worst = answer.findings[0]
    >>> worst.severity is fcsse.Severity.HIGH, worst.code, worst.fix.value
    (True, 'access-missing', 'yes')
    >>> proposal = answer.plan()
    >>> sum(pair.allowed for pair in answer.afterwards(proposal.apply()))
    8
    """
    scope = Scope(validation.regions(regions), all_regions)
    validation.require(not (scope.regions and all_regions), "regions and all_regions exclude each other")
    roles, named = validation.role_patterns(bucket_roles), validation.accounts(bucket_accounts)
    validation.require(roles or not named, "bucket_accounts needs bucket_roles")
    asked = settings_of(session, settings)
    pipeline = pipeline_of(asked._replace(region=scope.regions[0]) if scope.regions else asked)
    found = audit_account(
        pipeline,
        scope,
        command_builder_of(asked),
        roles,
        named,
        observed=observed,
        organization=validation.organization(org_id),
    )
    return Audit(*(getattr(found, one.name) for one in fields(found)), _pipeline=pipeline)


@in_words_of_the_api
def audit_organization(
    accounts: Names = (),
    *,
    role_name: str = DEFAULT_ROLE,
    regions: Names = (),
    all_regions: bool = False,
    on_account: Callable[[AccountAudit], None] | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> OrganizationAudit:
    """Judges the caches of many accounts, as ``audit`` does for one. Changes nothing.

    Without ``accounts``, those of the caller's organization are meant; the caller is then in the management account or a
    delegated administrator. ``role_name`` is assumed in each account but the caller's own. Accounts and Regions are read
    side by side, with 64 requests at once over all. What an account's role may not read of another account's bucket or
    key is read by the role of that account.

    The answer's ``accounts`` are in the order of their ids. Of one that could not be read, ``audit`` is None and
    ``error`` says why; of one that is not active both are None. ``on_account`` is called with each account as it is
    ready; then the answer's ``accounts`` stay empty, so that not all has to fit into memory. Raises ``UsageError``,
    ``CredentialsError``, and what keeps the accounts from being listed.

    >>> import fcsse
    >>> found = fcsse.audit_organization(role_name="Nobody")
    >>> [(one.member.account, one.audit is not None, one.exit_code) for one in found.accounts]
    [('111122223333', True, 3), ('444455556666', False, 5)]
    >>> found.accounts[1].findings[0].code
    'account-unreadable'
    """
    scope = Scope(validation.regions(regions), all_regions)
    validation.require(not (scope.regions and all_regions), "regions and all_regions exclude each other")
    named = tuple(Member(one) for one in sorted(set(validation.accounts(accounts))))
    role = validation.role_name(role_name)
    asked = settings_of(session, settings)
    pipeline = pipeline_of(asked._replace(region=scope.regions[0]) if scope.regions else asked)
    opened = open_organization(pipeline, scope, command_builder_of(asked), role, named or None)
    if on_account is None:
        return OrganizationAudit.of(audit_members(opened))
    totals = Totals()
    for one in audit_members(opened):
        totals.add(one)
        on_account(one)
    return OrganizationAudit((), totals)
