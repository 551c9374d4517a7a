"""Reacting to an event: which pairs it concerns, which of them the rules allow to change, and the change itself."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import assert_never

from fcsse.apply.apply import AppliedChange, FailedChange, as_made, written_policies
from fcsse.apply.pair_result import pair_result
from fcsse.arn import Arn, role_arn
from fcsse.errors import (
    BusyError,
    ChangedError,
    DeniedError,
    FcsseError,
    NotFoundError,
    PolicyFormatError,
    UnexpectedError,
)
from fcsse.lambda_function.call_events import (
    AssociationDeleted,
    CacheCreated,
    CacheDeleted,
    EncryptionChanged,
    Happening,
    KeyPolicyPut,
)
from fcsse.lambda_function.earlier_link import LINK, linking_again, with_grants
from fcsse.lambda_function.fsx_now import DELETING, is_going, linked_now
from fcsse.lambda_function.link_gate import Gate
from fcsse.lambda_function.link_rules import LinkRules
from fcsse.lambda_function.our_statements import buckets_given
from fcsse.lambda_function.reaction_report import Refusal, Report
from fcsse.lambda_function.relink_limit import count_relink
from fcsse.link_options import Options
from fcsse.model import Association, Facts, Obstacle, Pair
from fcsse.pipeline import Pipeline, Target
from fcsse.planning.changes import Change
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.wanted_grant import grant_names, may_serve_others
from fcsse.policy.document import parsed

PASSING = (BusyError, UnexpectedError)
"""Why something could not be read this time, though it can be the next time."""


@dataclass(slots=True)
class Reactor:
    """``left`` says how many seconds may still be waited; ``note`` takes sentences for the log."""

    pipeline: Pipeline
    rules: LinkRules
    left: Callable[[], float]
    note: Callable[[str], None]

    def react(self, event: Happening) -> Report:
        """Does what follows from an event. Raises what keeps it from reading anything; other errors are in the report."""
        match event:
            case CacheCreated(cache, buckets):
                return self._created(cache, buckets)
            case KeyPolicyPut(key):
                return self._link(self._pairs(), key=key, again=True)
            case EncryptionChanged(bucket):
                return self._link([pair for pair in self._pairs() if pair.bucket == bucket], again=True)
            case CacheDeleted(cache):
                return self._unlink(cache)
            case AssociationDeleted(association):
                return self._association_deleted(association)
            case _:
                assert_never(event)

    def _created(self, cache: str, buckets: tuple[str, ...] | None) -> Report:
        """Links a cache to those of the buckets that it is linked to by now; None: to all."""
        linked = linked_now(self.pipeline.aws, cache, buckets, self.note)
        report = self._link([Pair(cache, one) for one in linked.buckets])
        report.errors += [linked.error] if linked.error else []
        return report

    def _link(self, pairs: Sequence[Pair], *, key: str | None = None, again: bool = False) -> Report:
        """Links the pairs that the rules allow. ``key``: only those whose bucket uses this key.

        Who is linked for reading only, or by a grant, stays so. ``again``: because somebody else changed something. Then
        caches whose role is not there are passed over, as their own creation is an event too, and each key is written only so
        often a day.
        """
        report = Report()
        allowed, keys = self._allowed(pairs, key, again, report)
        chosen = [pair for pair in pairs if pair.bucket in allowed]
        if not chosen:
            return report
        pipeline = self.pipeline
        pipeline.wait = 0.0 if again else self.left()
        groups: dict[Options, list[Facts | Obstacle]] = {}
        for one in with_grants(self._discover(chosen), pipeline.aws):
            groups.setdefault(linking_again(one), []).append(one)
        for options, group in groups.items():
            plan = pipeline.plan_of(group, options)
            going = self._going(plan) if again else ()
            if going:
                plan = pipeline.plan_of([one for one in group if one.pair.cache not in going], options)
            self._apply_link(plan, keys, again, report)
        return report

    def _going(self, plan: Plan) -> set[str]:
        """The caches to link of a plan that are being deleted: FSx may still show their associations as they were."""
        caches = {one.pair.cache for one in plan.outcomes if one.pair.cache and one.status is Status.TO_DO}
        return {one for one in sorted(caches) if is_going(self.pipeline.aws, one, self.note)}

    def _apply_link(self, plan: Plan, keys: set[str], again: bool, report: Report) -> None:
        """Carries a plan to link out, as far as it is about these keys."""
        for outcome in plan.outcomes:
            if outcome.error is None:
                continue
            if again and isinstance(outcome.error, NotFoundError):
                self.note(f"Not linked: {outcome.error.message}")
            else:
                report.errors.append(outcome.error)
        moved = [outcome for outcome in plan.outcomes if _is_to_do_on_another_key(outcome, keys)]
        report.errors += [
            ChangedError(f"linking {one.pair}: bucket {one.pair.bucket} has another key since it was asked about", "")
            for one in moved
        ]
        changes = tuple(change for change in plan.changes if str(change.key) in keys)
        if again:
            changes = self._within_limit(changes, report)
        outcomes = tuple(outcome for outcome in plan.outcomes if outcome not in moved)
        self._apply(plan._replace(outcomes=outcomes, changes=changes), report)

    def _allowed(
        self, pairs: Sequence[Pair], key: str | None, again: bool, report: Report
    ) -> tuple[set[str], set[str]]:
        """The buckets and the keys that may be linked; what may not is in the report."""
        buckets, keys = set[str](), set[str]()
        gate = Gate(self.pipeline.aws, self.rules)
        for facts in self._about(dict.fromkeys(pair.bucket for pair in pairs)):
            if isinstance(facts, Obstacle):
                # With a key, the pairs are all of the Region, most of which have nothing to do with it.
                refused = facts.error.resource if isinstance(facts.error, DeniedError) else ""
                gone = again and isinstance(facts.error, NotFoundError)
                self._pass_over(facts.error, report, concerned=refused.endswith(key) if key else not gone)
                continue
            bucket = facts.pair.bucket
            if facts.key is None:
                # Nothing to change; planning says so, or why the bucket cannot be linked.
                buckets |= set() if again else {bucket}
            elif key in (None, str(facts.key.arn)) and self._passes(gate, facts.key.arn, bucket, facts.account, report):
                buckets.add(bucket)
                keys.add(str(facts.key.arn))
        return buckets, keys

    def _pass_over(self, error: FcsseError, report: Report, *, concerned: bool) -> None:
        """Reports what could not be read, where the event is about it; else it is a note. What passes may hide anything."""
        if concerned or isinstance(error, PASSING):
            report.errors.append(error)
        else:
            self.note(f"Passed over: {error.message}")

    @staticmethod
    def _passes(gate: Gate, key: Arn, bucket: str, account: str, report: Report) -> bool:
        try:
            by = gate.allows(key, bucket, account)
        except FcsseError as error:
            report.errors.append(error)
            return False
        if by is None:
            report.refused.append(Refusal(bucket, str(key)))
        return by is not None

    def _within_limit(self, changes: Iterable[Change], report: Report) -> tuple[Change, ...]:
        """The changes that the day's limit leaves; each key counts once."""
        by_key: dict[Arn, list[Change]] = {}
        for change in changes:
            by_key.setdefault(change.key, []).append(change)
        kept: list[Change] = []
        for key, group in by_key.items():
            try:
                count_relink(self.pipeline, self.rules, key)
            except FcsseError as error:
                report.errors.append(error)
            else:
                kept += group
        return tuple(kept)

    def _association_deleted(self, association: str) -> Report:
        links = self.pipeline.aws.list_associations()
        gone = next((one for one in links if one.association_id == association), None)
        if gone is None:
            self.note(f"FSx does not list {association} any more. fcsse audit finds access that is left over.")
            return Report()
        if gone.bucket is None:
            return Report()
        others = [one for one in links if one.owner == gone.owner and one.bucket == gone.bucket and one is not gone]
        if any(one.lifecycle != DELETING for one in others):
            self.note(f"{gone.owner} is linked to bucket {gone.bucket} by another association.")
            return Report()
        return self._unlink(gone.owner, gone.bucket)

    def _unlink(self, cache: str, only: str | None = None) -> Report:
        """Takes back a cache's access to all its buckets, or to one, on every key of the Region's caches that is allowed."""
        report = Report()
        aws = self.pipeline.aws
        caller = aws.caller()
        role = role_arn(caller.partition, caller.account, cache)
        links = list(self._links())
        mine = {one.bucket for one in links if one.owner == cache}
        others = {one.bucket for one in links if one.owner == cache and one.lifecycle != DELETING} - {None, only}
        if only is None and not mine:
            self.note(
                f"FSx does not list what {cache} was linked to any more. fcsse audit finds access that is left over."
            )
        names = dict.fromkeys(sorted({one.bucket for one in links if one.bucket} | self.rules.buckets))
        given: dict[Arn, set[str]] = {}
        for facts in self._about(names):
            if isinstance(facts, Obstacle):
                own = facts.pair.bucket in mine and only in (None, facts.pair.bucket)
                self._pass_over(facts.error, report, concerned=own and isinstance(facts.error, DeniedError))
            elif facts.key is not None:
                found = given.setdefault(facts.key.arn, set())
                found |= {facts.pair.bucket} & mine
                found |= self._given(facts.policy, role, facts.dead_ids)
                found |= set() if mine else self._granted(facts.key.arn, cache, facts.pair.bucket, report)
        gate = Gate(aws, self.rules)
        for key, buckets in given.items():
            wanted = sorted(one for one in buckets if only in (None, one))
            chosen = tuple(one for one in wanted if self._passes(gate, key, one, caller.account, report))
            if chosen:
                self.pipeline.wait = 0.0
                options = Options.of_unlink(key, None, None, prune_orphans=False)
                pairs = self.pipeline.discover(Target((cache,), chosen), options)
                if only and others:
                    pairs = tuple(map(self._without_shared_grants, pairs))
                plan = self.pipeline.plan_of(pairs, options)
                report.errors += [one.error for one in plan.outcomes if one.error]
                self._apply(plan, report)
        return report

    def _without_shared_grants(self, facts: Facts | Obstacle) -> Facts | Obstacle:
        """The facts without grants that another bucket of the cache may rest on: nobody is here who could say."""
        if isinstance(facts, Obstacle) or facts.grants is None:
            return facts
        shared = [one for one in facts.grants if may_serve_others(one, facts)]
        for one in shared:
            self.note(f"Grant {one.grant_id} stays: it was made by hand, and {facts.pair.cache} has other buckets.")
        return facts._replace(grants=tuple(one for one in facts.grants if one not in shared))

    def _given(self, text: str | None, role: str, dead: Iterable[str]) -> set[str]:
        try:
            return set(buckets_given(parsed(text), role, frozenset(dead))) if text else set()
        except PolicyFormatError as error:
            self.note(f"Passed over: {error.message}")
            return set()

    def _granted(self, key: Arn, cache: str, bucket: str, report: Report) -> set[str]:
        """The bucket, where the key has a grant of ours for the cache and it."""
        try:
            named = {one.name for one in self.pipeline.aws.list_grants(key)}
        except FcsseError as error:
            self._pass_over(error, report, concerned=False)
            return set()
        return {bucket} if named & grant_names(cache, bucket) else set()

    def _apply(self, plan: Plan, report: Report) -> None:
        self.pipeline.wait = self.left() / max(1, len(plan.changes))
        applied = self.pipeline.apply(plan)
        outcomes = as_made(plan, applied).outcomes
        report.pairs += [(one, pair_result(one, applied)) for one in outcomes]
        report.errors += [one.error for one in applied if isinstance(one, FailedChange)]
        known = [one.error for one in plan.outcomes]
        report.errors += [one.error for one in outcomes if one.error is not None and one.error not in known]
        report.keys += [str(one.change.key) for one in applied if isinstance(one, AppliedChange) and one.changed]
        report.policies += written_policies(applied)

    def _about(self, buckets: Iterable[str]) -> tuple[Facts | Obstacle, ...]:
        """The facts of buckets and their keys, whichever cache is meant; nobody is waited for."""
        names = tuple(buckets)
        self.pipeline.wait = 0.0
        return self.pipeline.discover(Target((), names, every_cache=True), LINK) if names else ()

    def _discover(self, pairs: Sequence[Pair]) -> Sequence[Facts | Obstacle]:
        """The facts of pairs: one look for all caches that have the same buckets."""
        by_cache: dict[str, list[str]] = {}
        for pair in pairs:
            by_cache.setdefault(pair.cache or "", []).append(pair.bucket)
        groups: dict[tuple[str, ...], list[str]] = {}
        for cache, buckets in by_cache.items():
            groups.setdefault(tuple(buckets), []).append(cache)
        found = [self.pipeline.discover(Target(tuple(caches), buckets), LINK) for buckets, caches in groups.items()]
        return tuple(one for group in found for one in group)

    def _pairs(self) -> list[Pair]:
        """Every cache and file system of the Region with each of its buckets, leaving out those being deleted."""
        links = [one for one in self._links() if one.bucket and one.lifecycle != DELETING]
        return list(dict.fromkeys(Pair(one.owner, one.bucket or "") for one in links))

    def _links(self) -> Iterator[Association]:
        yield from self.pipeline.aws.list_associations()
        for page in self.pipeline.aws.older_link_pages(None):
            yield from page


def _is_to_do_on_another_key(outcome: Outcome, keys: Container[str]) -> bool:
    """Is the pair to be linked to another key than the rules were asked about? Its bucket may have got that since, and an event of
    that that comes later, or again, asks them about it.
    """
    key = outcome.facts.key if outcome.facts else None
    return outcome.status is Status.TO_DO and key is not None and str(key.arn) not in keys
