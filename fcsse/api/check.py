"""What only asks: one pair (``check``), the whole account (``audit``), a bucket's objects (``census``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fcsse import arn as arns
from fcsse.api import validation
from fcsse.api.link import Proposal, Result
from fcsse.api.settings import Settings, command_builder_of, for_reading, pipeline_of, settings_of
from fcsse.api.validation import Names, OperationsWord
from fcsse.api.wording_of_errors import in_words_of_the_api, reworded_check
from fcsse.apply.write_log import WriteLog
from fcsse.clock import SystemClock
from fcsse.commands.audit import report as results
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fix_pairs import afterwards
from fcsse.commands.audit.organization import DEFAULT_ROLE, AccountAudit, OrganizationAudit, Totals
from fcsse.commands.audit.organization_run import audit_members, open_organization
from fcsse.commands.audit.run import audit_account, plan_fix
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.commands.census.rekey import RekeyRequest
from fcsse.commands.census.run import CensusQuery, CensusResult, take_census
from fcsse.commands.check import CheckResult, check_pair
from fcsse.commands.key_policy_check import Stated, check_key_policy
from fcsse.commands.permissions.table import Engine
from fcsse.model import AccessLevel, Member, Operation, Options
from fcsse.pipeline import Pipeline

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def check(
    cache: Names,
    bucket: Names = (),
    *,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    operations: OperationsWord = "full",
    org_id: str | None = None,
    observed: bool = False,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> tuple[CheckResult, ...]:
    """Tells, for each pair, whether the cache can read and write, and what decides. Changes nothing.

    Without ``bucket``, a cache's own buckets are meant. A pair about which too little could be read has ``error`` set, and
    verdicts that are unknown. ``operations="read"``: only reading is asked about, and missing writing is no fault.
    ``org_id`` is the id of the organization that the cache's account is in, for conditions on
    it; by default it is asked for where a verdict hangs on it. ``observed``: each pair's ``observed`` holds what CloudTrail
    recorded of the cache's calls; what could not be read of the record is noted to the settings' ``progress``. Raises
    ``UsageError`` only, and ``CredentialsError`` where there are none.

    >>> import fcsse
    >>> for pair in fcsse.check("fc-0123", "data-sse-s3"):
    ...     print(pair.read.value, pair.headline)  # doctest: +ELLIPSIS
    allowed fc-0123 can read and write s3://data-sse-s3 (...)
    """

    options = Options(
        Operation.CHECK,
        key=validation.named_key(key),
        bucket_region=validation.one(validation.regions, bucket_region),
        bucket_keys=bucket_keys,
        organization=validation.organization(org_id),
        level=validation.word(AccessLevel, operations, "operations"),
    )
    target = validation.target("check", cache, bucket)
    pipeline = pipeline_of(for_reading(settings_of(session, settings)))
    if observed:
        from fcsse.commands.observed import check_observed

        return tuple(reworded_check(one) for one in check_observed(pipeline, target, options))
    found = pipeline.discover(target, options, ask_prefixes=True)
    return tuple(reworded_check(check_pair(facts, level=options.level)) for facts in found)


@in_words_of_the_api
def check_policy(
    text: str,
    cache: Names,
    bucket: Names,
    *,
    account: str,
    region: str,
    bucket_keys: bool | None = None,
    partition: str | None = None,
    key: str | None = None,
    operations: OperationsWord = "full",
    org_id: str | None = None,
) -> tuple[CheckResult, ...]:
    """Judges a key policy that is not in AWS yet: for each pair, whether the cache can read and write by it. Offline.

    ``text`` is the document; ``account`` the cache's, ``region`` the bucket's; ``bucket_keys`` None: not known, so that
    the document has to allow both forms of encryption context. ``key`` is the ARN or id of the key it is meant for, by
    default one of the account. ``operations`` as for ``check``. Grants, the bucket policy and the key's state are not judged. Raises ``UsageError``,
    ``PolicyFormatError`` for what is no key policy, and ``PolicyFullError`` for what is too long for one.

    >>> import fcsse
    >>> (pair,) = fcsse.check_policy(
    ...     '{"Statement": []}', "fc-0123", "data", account="111122223333", region="eu-west-1"
    ... )
    >>> pair.read.value, pair.exit_code
    ('denied', 3)
    """

    validation.require(isinstance(text, str), "the key policy is not a text", "Give it as a str of JSON.")
    target = validation.target("check_policy", cache, bucket)
    validation.require(target.buckets, "checking a document: no bucket is named", "Name one with bucket.")
    stated = Stated(
        validation.accounts(account)[0],
        validation.regions(region)[0],
        bucket_keys,
        validation.partition(partition),
        validation.named_key(key),
        validation.organization(org_id),
        SystemClock().now(),
        validation.word(AccessLevel, operations, "operations"),
    )
    return check_key_policy(text, target.pairs, stated)


@dataclass(frozen=True, slots=True, repr=False)
class Audit(results.Audit):
    """An account's audit. ``findings`` are in order, the worst first; ``judged`` has every pair with its verdict.

    ``facts`` is what was read; ``summary`` says it in one line; ``verdicts`` and ``severities`` are the sums.
    """

    _pipeline: Pipeline = field(repr=False, compare=False, kw_only=True)

    def plan(self, *, prune_orphans: bool = False, expect: str | None = None) -> Proposal:
        """What linking all pairs would change that can be fixed: the plan of ``audit --fix``, with one change a key.

        ``prune_orphans``: also takes dead principals of others out, where they keep a policy from being changed. Raises
        ``ChangedError`` where the plan's digest is not ``expect``. Before a write, policies are read again.
        """

        pipeline = replace(self._pipeline, journal=WriteLog())
        return Proposal(plan_fix(pipeline, self, expect, prune_orphans=prune_orphans), pipeline)

    def afterwards(self, result: Result) -> tuple[PairAudit, ...]:
        """Every pair with its verdict by what was read for the audit and what ``result`` changed. Asks AWS nothing."""

        return afterwards(self, result.plan, result.applied)


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
    asked = settings_of(session, settings)
    pipeline = pipeline_of(asked._replace(region=scope.regions[0]) if scope.regions else asked)
    opened = open_organization(pipeline, scope, command_builder_of(asked), role_name, named or None)
    if on_account is None:
        return OrganizationAudit.of(audit_members(opened))
    totals = Totals()
    for one in audit_members(opened):
        totals.add(one)
        on_account(one)
    return OrganizationAudit((), totals)


@in_words_of_the_api
def census(
    bucket: str,
    cache: Names = (),
    *,
    sample: int = 200,
    prefix: str = "",
    all_objects: bool = False,
    engine: Literal["head", "athena"] = "head",
    workgroup: str | None = None,
    athena_output: str | None = None,
    rekey: bool = False,
    new_key: str | None = None,
    new_bucket_keys: bool | None = None,
    job_role: str | None = None,
    job_bucket: str | None = None,
    manifest: str | Path | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> CensusResult:
    """Tells which KMS keys and context forms a bucket's objects use, and whether caches can decrypt them.

    Looks at ``sample`` objects under ``prefix`` (or that of ``bucket``, where it is ``s3://name/prefix/``), spread over prefixes and ages, or at all of them, a request each; or asks
    the bucket's S3 Metadata inventory table through Athena, in ``workgroup``, with results at ``athena_output`` (an S3
    URI). ``cache``: whom to judge for; otherwise the caches that FSx links to the bucket.

    With ``rekey``, ``census.rekey`` is a plan for the objects that are encrypted otherwise than new ones: its ``job()`` is the
    request for an S3 Batch Operations job that re-encrypts them in place, its ``role_policy()`` what ``job_role`` needs.
    ``new_key`` and ``new_bucket_keys`` stand in for the bucket's default key and Bucket Key setting; ``job_bucket`` takes the
    job's manifest and report; ``manifest`` is a file for the list of the objects, which takes ``all_objects``. Raises
    ``ImpossibleError`` where S3 cannot re-encrypt with that key in place. Nothing of the plan is run.

    The answer may be partial: ``census.complete`` says whether all objects were looked at, ``census.unseen_at_most`` what
    that leaves open, ``census.unreadable`` what was refused, ``census.failure`` the error that ended it early. Ctrl-C ends
    it, too, with ``census.interrupted``, and is not raised. Raises ``UsageError``, and the refusal where nothing could be
    looked at. Changes nothing.

    >>> import fcsse
    >>> counted = fcsse.census("data-bucket-keys")
    >>> [(group.objects, group.sealed.bucket_key) for group in counted.groups]
    [(2, True), (1, False)]
    >>> counted.complete, counted.fine
    (True, False)
    >>> [(reach.cache, reach.verdict.value) for reach in counted.needs.reaches]
    [('fc-0123', 'denied'), ('fc-0123', 'denied')]
    >>> plan = fcsse.census("data-bucket-keys", rekey=True).rekey
    >>> [(group.objects, group.sealed.bucket_key) for group in plan.movable], plan.target.bucket_keys
    ([(1, False)], True)
    """

    how, names = validation.word(Engine, engine, "engine"), validation.buckets(bucket)
    by_athena = how is Engine.ATHENA
    validation.require(len(names) == 1, "census is about one bucket")
    inside = arns.prefix_in(bucket)
    validation.require(
        inside in ("", prefix) or not prefix, f"bucket={bucket!r} and prefix={prefix!r} name two prefixes"
    )
    validation.require(sample >= 1, f"sample={sample}: not a number from 1")
    validation.require(not (all_objects and by_athena), "all_objects is about engine='head'; Athena counts all anyway")
    for value, name in ((workgroup, "workgroup"), (athena_output, "athena_output")):
        validation.require(by_athena or not value, f"{name} needs engine='athena'")
    there = athena_output is None or athena_output.startswith("s3://")
    validation.require(there, f"athena_output={athena_output!r}: not a place such as s3://bucket/prefix/")
    wish = RekeyRequest(
        validation.named_key(new_key),
        new_bucket_keys,
        validation.one(validation.role_patterns, job_role),
        validation.one(validation.buckets, job_bucket),
        Path(manifest) if manifest is not None else None,
    )
    for name, part in zip(RekeyRequest._fields, wish, strict=True):
        validation.require(rekey or part is None, f"{name} needs rekey=True")
    validation.require(manifest is None or all_objects, "manifest needs all_objects=True", "A sample lists some only.")
    asked = settings_of(session, settings)
    number = None if all_objects else sample
    plan = wish if rekey else None
    question = CensusQuery(
        names[0], validation.caches(cache), prefix or inside, number, how, workgroup, athena_output, plan
    )
    return take_census(pipeline_of(for_reading(asked)), question, command_builder_of(asked))
