"""What changes key policies and grants: linking, taking that back, and the plan of either."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from fcsse.api import validation
from fcsse.api.settings import Settings, pipeline_of, settings_of
from fcsse.api.validation import ContextWord, Names, OperationsWord, ViaWord
from fcsse.api.wording_of_errors import in_words_of_the_api, reworded_plan, reworded_results
from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.apply.pair_result import PairResult, pair_result
from fcsse.errors import FcsseError
from fcsse.model import AccessLevel, Context, Operation, Options, Via
from fcsse.pipeline import Pipeline, Target
from fcsse.planning.plan import Change, Outcome, Plan, PolicyChange
from fcsse.policy.diff import policy_diff

if TYPE_CHECKING:
    import boto3


class Result(NamedTuple):
    """What a change came to. ``applied`` has an entry a change of the plan; it is empty where there was nothing to do."""

    plan: Plan
    applied: tuple[AppliedChange | FailedChange, ...]
    dry_run: bool = False

    def __repr__(self) -> str:
        """One line: whether anything was written, and the plan."""
        return f"<Result {'changed' if self.changed else 'unchanged'}: {self.plan!r}>"

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One entry a pair, in the order in which they were named."""
        return self.plan.outcomes

    @property
    def pair_results(self) -> tuple[PairResult, ...]:
        """What became of each pair, in the order of ``outcomes``: DONE, FAILED, NOTHING and so on."""
        return tuple(pair_result(outcome, self.applied, dry_run=self.dry_run) for outcome in self.outcomes)

    @property
    def digest(self) -> str:
        """The plan's digest, for ``expect``."""
        return self.plan.digest

    @property
    def changed(self) -> bool:
        """Was anything written?"""
        return not self.dry_run and any(
            one.unconfirmed if isinstance(one, FailedChange) else one.changed for one in self.applied
        )

    @property
    def pending(self) -> bool:
        """Is there something to do that was not done?"""
        return bool(self.plan.changes) and not self.changed

    @property
    def backups(self) -> tuple[str, ...]:
        """Ids of the policies saved on the way, for ``fcsse.restore``."""
        return tuple(one.backup for one in self.applied if one.backup)

    @property
    def errors(self) -> tuple[FcsseError, ...]:
        """What went wrong, pairs before changes."""
        pairs = tuple(outcome.error for outcome in self.outcomes if outcome.error)
        return pairs + tuple(one.error for one in self.applied if isinstance(one, FailedChange))


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """A plan, and what it takes to carry it out. Nothing was written yet.

    ``plan`` is a value of its own: what would be changed, and what stands in the way of which pair.
    """

    plan: Plan
    _pipeline: Pipeline = field(repr=False, compare=False)

    def __repr__(self) -> str:
        """One line: the plan."""
        return f"<Proposal: {self.plan!r}>"

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One entry a pair, in the order in which they were named: ``status``, ``summary``, ``warnings``, ``error``."""
        return self.plan.outcomes

    @property
    def changes(self) -> tuple[Change, ...]:
        """What would be written: one change a key policy, and one a grant. None: there is nothing to do."""
        return self.plan.changes

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, the same for the same changes to the same documents; for ``expect``, now or later."""
        return self.plan.digest

    @property
    def errors(self) -> tuple[FcsseError, ...]:
        """Why pairs cannot be dealt with, in their order."""
        return tuple(outcome.error for outcome in self.outcomes if outcome.error)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is applied, a sentence each."""
        return tuple(dict.fromkeys(warning for outcome in self.outcomes for warning in outcome.warnings))

    @property
    def diff(self) -> str:
        """The changes to key policies as unified diffs, one after the other; empty where there are none."""

        policies = [change for change in self.changes if isinstance(change, PolicyChange)]
        return "".join(f"{row}\n" for change in policies for row in policy_diff(change.before, change.after))

    def try_out(self) -> Result:
        """The last step of a dry run: KMS itself is asked, with its ``DryRun``, whether it would make or end the grants.

        Writes nothing. Raises as ``apply`` does.
        """
        return self._carried_out(self.plan, self._pipeline.try_out(self.plan), dry_run=True)

    def apply(self) -> Result:
        """Makes these changes and no others, confirms them, and keeps copies of what was there.

        Pairs that cannot be dealt with do not hinder the others: their first error is raised at the end, with ``result``.
        Raises ``ChangedError`` where a policy is no longer what the plan was made for; nothing is written to that key
        then. Otherwise as ``fcsse.link``.
        """
        return self._apply(expected=True)

    def _apply(self, *, expected: bool, ask_advisories: bool = False) -> Result:
        applied = self._pipeline.apply(self.plan, expected=expected, ask_advisories=ask_advisories)
        plan = self._pipeline.with_advisories(self.plan) if ask_advisories else self.plan
        return self._carried_out(as_made(plan, applied), applied, dry_run=False)

    def _carried_out(self, plan: Plan, applied: tuple[AppliedChange | FailedChange, ...], *, dry_run: bool) -> Result:
        result = Result(plan, reworded_results(applied), dry_run)
        if result.errors:
            error = result.errors[0]
            error.result = result
            raise error
        return result


def link(
    cache: Names = (),
    bucket: Names = (),
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

    Without ``bucket``, a cache's own buckets are meant. ``key`` (an ARN, or an alias or id of the caller's account), ``bucket_region`` and ``bucket_keys`` state the
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
    bucket: Names = (),
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
    bucket: Names = (),
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
    validation.require(operation in ("link", "unlink"), f"wish={operation!r}: not one of 'link', 'unlink'")
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
    proposal = _propose(target, options, settings, expect)
    if not dry_run:
        return proposal._apply(expected=expect is not None, ask_advisories=True)
    return replace(proposal, plan=proposal._pipeline.with_advisories(proposal.plan)).try_out()


@in_words_of_the_api
def _propose(target: Target, options: Options, settings: Settings, expect: str | None) -> Proposal:
    pipeline = pipeline_of(settings)
    return Proposal(reworded_plan(pipeline.plan(target, options, expect)), pipeline)


def _target(cache: Names, bucket: Names, options: Options, *, every_cache: bool) -> Target:
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
    return Options(
        Operation.LINK,
        validation.word(Via, via, "via"),
        validation.word(Context, context, "context"),
        narrow_grant,
        validation.named_key(key),
        validation.one(validation.regions, region),
        flag,
        prune_orphans,
        organization=validation.organization(org_id),
        level=validation.word(AccessLevel, operations, "operations"),
    )


def _unlink_options(facts: Stated, *, prune_orphans: bool) -> Options:
    key, region, flag = facts
    return Options.of_unlink(
        validation.named_key(key), validation.one(validation.regions, region), flag, prune_orphans=prune_orphans
    )
