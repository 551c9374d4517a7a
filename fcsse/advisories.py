"""Warnings that take a request of their own, on which nothing depends: asked for where there is time for it.

That is before a question and in a dry run, else beside the last look after a write, so that no link waits for them.
What is refused or late is not warned of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, Future
from fcsse.discovery.suggestions import CacheSuggestions
from fcsse.errors import FcsseError
from fcsse.iac.stack import stack_warning
from fcsse.link_options import Operation, Via
from fcsse.model import Bucket, Key
from fcsse.planning.changes import PolicyChange
from fcsse.planning.pairs import access_of
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.requirements import owner_warning
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access

PATIENCE = 10.0
"""Seconds to wait for an answer, once all else is done."""


@dataclass(slots=True)
class Advisories:
    """The questions of one run: whether CloudFormation manages a key, and which of the buckets are another account's."""

    aws: AwsCalls
    clock: Clock
    _stacks: dict[Arn, Future] = field(default_factory=dict)
    _others: dict[Arn, Future] = field(default_factory=dict)

    def begin(self, plan: Plan, key: Arn) -> None:
        """Puts the questions about a key of the plan on the wire, unless that was done."""
        if key in self._stacks:
            return
        self._stacks[key] = self.clock.in_background(lambda: self.aws.stack_of(key) or "")
        asked = {
            facts.bucket.name: facts.account
            for outcome in plan.outcomes
            if (facts := outcome.facts) and _goes_by(outcome, key) and _may_be_foreign(facts.bucket)
        }
        if asked:
            self._others[key] = self.clock.in_background(lambda: self._not_owned(asked))

    def added_to(self, plan: Plan) -> Plan:
        """The plan with these warnings: of links that edit a key policy, and of unlinks that find nothing of a cache."""
        if plan.operation is Operation.UNLINK:
            near = CacheSuggestions(self.aws)
            return plan._replace(outcomes=tuple(self._perhaps_mistyped(outcome, near) for outcome in plan.outcomes))
        edits = {change.key: change for change in plan.changes if isinstance(change, PolicyChange)}
        if plan.operation is not Operation.LINK or not edits:
            return plan
        for key in edits:
            self.begin(plan, key)
        caches: dict[tuple[Arn, str, frozenset[ContextForm]], list[str]] = {}
        for outcome in plan.outcomes:
            if (linked := _linked(outcome, edits)) and outcome.pair.cache:
                caches.setdefault((linked[0], linked[1].bucket, linked[1].forms), []).append(outcome.pair.cache)
        return plan._replace(outcomes=tuple(self._warned(outcome, edits, caches) for outcome in plan.outcomes))

    def _perhaps_mistyped(self, outcome: Outcome, near: CacheSuggestions) -> Outcome:
        """Of a cache of which there is no sign, but of others whose ids are like its own: then it was perhaps mistyped."""
        role, cache = outcome.facts.role if outcome.facts else None, outcome.pair.cache
        if outcome.status is not Status.NOTHING or role is None or role.exists or cache is None:
            return outcome
        known = self._is_known(cache) if near.to(cache) else True
        if known:
            return outcome
        neither = "Neither FSx nor IAM knows" if known is False else "IAM has no role of"
        return outcome._replace(warnings=(*outcome.warnings, f"{neither} {cache}. {near.advice(cache)}"))

    def _is_known(self, cache: str) -> bool | None:
        """Does FSx know it? None: it does not say."""
        try:
            return self.aws.find_cache(cache) is not None
        except FcsseError:
            return None

    def _warned(
        self,
        outcome: Outcome,
        edits: Mapping[Arn, PolicyChange],
        caches: Mapping[tuple[Arn, str, frozenset[ContextForm]], Sequence[str]],
    ) -> Outcome:
        """``caches``: those that get the same access to a bucket through a key's policy. They share one warning."""
        facts = outcome.facts
        key = facts.key if facts else None
        if facts is None or key is None or not _goes_by(outcome, key.arn):
            return outcome
        warnings = [*outcome.warnings]
        if outcome.pair.bucket in self._answer(self._others, key).split():
            warnings.append(owner_warning(outcome.pair.bucket))
        stack = self._answer(self._stacks, key)
        if stack:
            linked = _linked(outcome, edits)
            if linked is not None:
                mine = linked[1]
                alike = caches[key.arn, mine.bucket, mine.forms] if outcome.pair.cache else ()
                warnings.append(stack_warning(key.arn, stack, alike, mine))
        return outcome._replace(warnings=tuple(warnings))

    def _answer(self, asked: dict[Arn, Future], key: Key) -> str:
        pending = asked.get(key.arn)
        return (pending.answer(PATIENCE) if pending else None) or ""

    def _not_owned(self, buckets: dict[str, str]) -> str:
        return " ".join(name for name, account in buckets.items() if not self.aws.is_owned_by(name, account))


def _linked(outcome: Outcome, edits: Mapping[Arn, PolicyChange]) -> tuple[Arn, Access] | None:
    """The key whose policy is edited for a pair, and the access that this gives it."""
    key = outcome.facts.key if outcome.facts else None
    if key is None or key.arn not in edits or not _goes_by(outcome, key.arn):
        return None
    access = access_of(outcome, edits[key.arn])
    return (key.arn, access) if access else None


def _goes_by(outcome: Outcome, key: Arn) -> bool:
    facts = outcome.facts
    mine = facts is not None and facts.key is not None and facts.key.arn == key
    return mine and outcome.status is Status.TO_DO and outcome.via is Via.POLICY


def _may_be_foreign(bucket: Bucket) -> bool:
    """Was it read, and its owner neither asked for nor told by its key?"""
    return bucket.foreign is None and not bucket.given
