"""What changes key policies and grants: linking, taking that back, and the plan of either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from fcsse.api import validation
from fcsse.api.link_results import Proposal, Result
from fcsse.api.settings import Settings, pipeline_of, settings_of
from fcsse.api.validation import Buckets, ContextWord, Names, OperationsWord, ViaWord
from fcsse.api.wording_of_errors import in_words_of_the_api, reworded_plan
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.pipeline import Target
from fcsse.planning.plan import Plan

if TYPE_CHECKING:
    import boto3


def link(
    cache: Names = (),
    bucket: Buckets = None,
    *,
    every_cache: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    via: ViaWord = "auto",
    context: ContextWord = "documented",
    operations: OperationsWord = "full",
    narrow_grant: bool = False,
    prune_orphans: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    org_id: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Result:
    """Gives caches access to the KMS keys of their buckets; every pair of ``cache`` and ``bucket`` is meant.

    Without ``bucket``, a cache's own buckets are meant; an empty list is a ``UsageError``. ``key`` (an ARN, or an alias or id of the caller's account), ``bucket_region`` and ``bucket_keys`` state the
    facts of a bucket that cannot be read. ``session`` is short for ``settings=Settings(session=…)``; the other parameters
    are the command line's options: ``operations="read"`` gives Decrypt and DescribeKey only, for caches that never write
    back, and takes nothing away that is there; ``org_id`` is the id of the organization of the cache's account, for conditions on it.
    Nothing to do is a success, with ``changed`` False.

    Other pairs are dealt with before the first error is raised; its ``result`` then holds what was done. Raises
    ``UsageError`` before anything is asked of AWS, ``ImpossibleError``, ``DeniedError``, ``NotFoundError``,
    ``UnconfirmedError``, ``BusyError``, and ``ChangedError`` where the plan's digest is not ``expect``.

    >>> import fcsse
    >>> done = fcsse.link("fc-0123", "data")
    >>> done.changed, len(done.backups)
    (True, 1)
    >>> fcsse.link("fc-0123", "data").changed
    False
    """
    facts = (key, bucket_region, bucket_keys)
    words = (via, context, operations)
    options = _link_options(words, facts, narrow_grant=narrow_grant, prune_orphans=prune_orphans, org_id=org_id)
    wanted = _target(cache, bucket, options, every_cache=every_cache)
    return _change(wanted, options, settings_of(session, settings), expect, dry_run=dry_run)


def unlink(
    cache: Names = (),
    bucket: Buckets = None,
    *,
    every_cache: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    prune_orphans: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Result:
    """Takes back exactly the access that ``link`` gives, also for caches that are gone. Otherwise as ``link``.

    Nothing to take back is a success, with ``changed`` False. Raises as ``link`` does.

    >>> import fcsse
    >>> fcsse.link("fc-0123", "data").changed
    True
    >>> fcsse.unlink("fc-0123", "data").changed
    True
    >>> [pair.read for pair in fcsse.check("fc-0123", "data")]
    [<Verdict.DENIED: 'denied'>]
    """
    options = _unlink_options((key, bucket_region, bucket_keys), prune_orphans=prune_orphans)
    wanted = _target(cache, bucket, options, every_cache=every_cache)
    return _change(wanted, options, settings_of(session, settings), expect, dry_run=dry_run)


def plan(
    cache: Names = (),
    bucket: Buckets = None,
    *,
    operation: Literal["link", "unlink"] = "link",
    every_cache: bool = False,
    expect: str | None = None,
    via: ViaWord = "auto",
    context: ContextWord = "documented",
    operations: OperationsWord = "full",
    narrow_grant: bool = False,
    prune_orphans: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    org_id: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Proposal:
    """Tells what ``link`` (or ``unlink``, by ``operation``) would change, to be looked at and then applied, or not.

    Reads what they read, waits for roles as they do, and writes nothing. A pair that cannot be linked is an outcome with
    its ``error`` and raises nothing before ``apply``. Raises ``UsageError``, and ``ChangedError`` where the plan's digest
    is not ``expect``.

    >>> import fcsse
    >>> proposal = fcsse.plan("fc-0123", "data")
    >>> [(one.pair.bucket, one.status.value) for one in proposal.outcomes]
    [('data', 'to-do')]
    >>> print(proposal.diff)  # doctest: +ELLIPSIS
    --- key policy (now)
    +++ key policy (planned)
    ...
    >>> done = proposal.apply()
    >>> done.changed, done.digest == proposal.digest
    (True, True)
    """
    facts = (key, bucket_region, bucket_keys)
    validation.require(operation in ("link", "unlink"), f"operation={operation!r}: not one of 'link', 'unlink'")
    if operation == "link":
        options = _link_options(
            (via, context, operations), facts, narrow_grant=narrow_grant, prune_orphans=prune_orphans, org_id=org_id
        )
    else:
        options = _unlink_options(facts, prune_orphans=prune_orphans)
    wanted = _target(cache, bucket, options, every_cache=every_cache)
    proposal = _propose(wanted, options, settings_of(session, settings), expect)
    return replace(proposal, plan=proposal._pipeline.with_advisories(proposal.plan))


def _change(target: Target, options: Options, settings: Settings, expect: str | None, *, dry_run: bool) -> Result:
    validation.flags(dry_run=dry_run)
    proposal = _propose(target, options, settings, expect)
    if not dry_run:
        return proposal._apply(expected=expect is not None, ask_advisories=True)
    return replace(proposal, plan=proposal._pipeline.with_advisories(proposal.plan)).try_out()


@in_words_of_the_api
def _propose(target: Target, options: Options, settings: Settings, expect: str | None) -> Proposal:
    pipeline = pipeline_of(settings)

    @in_words_of_the_api
    def made(digest: str | None = None) -> Plan:
        return reworded_plan(pipeline.plan(target, options, digest))

    return Proposal(made(expect), pipeline, made)


def _target(cache: Names, bucket: Buckets, options: Options, *, every_cache: bool) -> Target:
    target = validation.target(options.operation.value, cache, bucket, every_cache=every_cache)
    target.require_facts(options, validation.term)
    return target


Stated = tuple[str | None, str | None, bool | None]
"""A bucket's key, Region, and whether it uses Bucket Keys, as far as they are stated."""


def _link_options(
    words: tuple[str, str, str],
    facts: Stated,
    *,
    narrow_grant: bool = False,
    prune_orphans: bool = False,
    org_id: str | None = None,
) -> Options:
    """``words`` are ``via``, ``context`` and ``operations``."""
    key, region, flag = facts
    via, context, operations = words
    validation.flags(narrow_grant=narrow_grant, prune_orphans=prune_orphans)
    return Options(
        Operation.LINK,
        validation.word(Via, via, "via"),
        validation.word(Context, context, "context"),
        narrow_grant,
        validation.named_key(key),
        validation.one(validation.regions, region),
        validation.bucket_keys(flag),
        prune_orphans,
        organization=validation.organization(org_id),
        level=validation.word(AccessLevel, operations, "operations"),
    )


def _unlink_options(facts: Stated, *, prune_orphans: bool) -> Options:
    key, region, flag = facts
    validation.flags(prune_orphans=prune_orphans)
    return Options.of_unlink(
        validation.named_key(key),
        validation.one(validation.regions, region),
        validation.bucket_keys(flag),
        prune_orphans=prune_orphans,
    )
