"""What the library's ``link``, ``unlink`` and ``plan`` return."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from fcsse.api.wording_of_errors import reworded_results
from fcsse.apply.apply import AppliedChange, FailedChange, as_made, left_to_do
from fcsse.apply.pair_result import PairResult, pair_result
from fcsse.errors import FcsseError
from fcsse.pipeline import Pipeline
from fcsse.planning.changes import Change, PolicyChange
from fcsse.planning.plan import Outcome, Plan
from fcsse.planning.review import is_stale, require_unmoved
from fcsse.policy.diff import policy_diff


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
        """Was anything written, or may it have been?"""
        return not self.dry_run and any(one.changed for one in self.applied)

    @property
    def pending(self) -> bool:
        """Is there something to do that was not done?"""
        return left_to_do(self.plan, () if self.dry_run else self.applied)

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
    _again: Callable[[], Plan] = field(repr=False, compare=False)
    """Makes the plan anew, by facts that are read now."""

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
        then. A plan that is some seconds old is also not applied, to no key, where a pair's role, bucket or
        key is no longer what it was. Otherwise as ``fcsse.link``.
        """
        self._require_current()
        return self._apply(expected=True)

    def _require_current(self) -> None:
        """Reads again what a plan that is not new was made by: a bucket may have another key since."""
        if self.changes and is_stale(self.plan, self._pipeline.clock.monotonic()):
            require_unmoved(self.plan, self._again())

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
