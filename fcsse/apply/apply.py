"""From a plan to what AWS holds: the only module that changes anything.

In: a plan. Out: one ``AppliedChange`` or ``FailedChange`` per change, in the plan's order; one that fails does not stop those on
other keys. KMS has no version on a key policy, so whoever writes last wins; ``PolicyWriter`` is the answer to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, assert_never

from fcsse.apply.bucket_keys_now import require_same_keys
from fcsse.apply.grants import add_grant, end_grant, try_grant
from fcsse.apply.policy_writer import ApplyContext, PolicyWriter
from fcsse.apply.unknown_ids import await_arns
from fcsse.arn import Arn
from fcsse.errors import FcsseError, ImpossibleError, NotAwsAnswerError, UnconfirmedError
from fcsse.evaluator.pair_access import decide_pair, requests_of
from fcsse.link_options import AccessLevel, Operation
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.planning.outlook import stands_in_the_way, stays
from fcsse.planning.pairs import access_of, grant_of, what_happens
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.review import STALE_AFTER
from fcsse.planning.wanted_grant import ends
from fcsse.policy.document import parsed
from fcsse.policy.equivalence import equivalent
from fcsse.policy.steps import Step
from fcsse.progress import Part


class AppliedChange(NamedTuple):
    """A change that AWS holds now.

    ``result`` says what was done; ``backup`` is the id of the saved policy, ``grant`` the id of the grant; ``notes``
    are sentences about what happened on the way. ``changed`` is False where it turned out that nothing was to do.
    ``made`` is an edit of a policy as it was made in the end, ``held`` the text of the key's policy as KMS showed it last:
    others may have written after the plan.
    """

    change: Change
    result: str
    backup: str | None = None
    grant: str | None = None
    notes: tuple[str, ...] = ()
    changed: bool = True
    made: PolicyChange | None = None
    held: str | None = None

    def __repr__(self) -> str:
        """One line: the change and what was done."""
        return f"<AppliedChange {self.result}: {self.change!r}>"


class FailedChange(NamedTuple):
    """A change that was not made, was not seen in time, or does not give what was wanted.

    ``taken``: AWS took the write, or may have, before it failed: somebody else's replaced it, or the bucket has another key.
    """

    change: Change
    error: FcsseError
    backup: str | None = None
    taken: bool = False

    @property
    def unconfirmed(self) -> bool:
        """Was it written, but not seen in time?"""
        return isinstance(self.error, UnconfirmedError)

    @property
    def changed(self) -> bool:
        """Was anything written, or may it have been?"""
        return self.unconfirmed or self.taken


def apply_plan(plan: Plan, run: ApplyContext) -> tuple[AppliedChange | FailedChange, ...]:
    """Makes the changes of a plan, one after the other: each policy's last look keeps that far under KMS's quota of writes."""
    results: list[AppliedChange | FailedChange] = []
    total = len(plan.changes)
    for number, change in enumerate(plan.changes, 1):
        before = run.journal.taken
        try:
            results.append(_apply_current(change, plan, _numbered(run, number, total)))
        except FcsseError as error:
            taken = run.journal.taken > before
            results.append(FailedChange(change, error, run.backup_ids.get(str(change.key)), taken))
    return tuple(results)


def written_policies(results: Sequence[AppliedChange | FailedChange]) -> tuple[Arn, ...]:
    """The keys whose policies were written, or may have been, also where the change then failed: each write may have
    overwritten another one.
    """
    written = (one.change for one in results if one.changed)
    return tuple(dict.fromkeys(change.key for change in written if isinstance(change, PolicyChange)))


def left_to_do(plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> bool:
    """Is there a change that was not made, as far as is known?"""
    made = {id(one.change) for one in results if isinstance(one, AppliedChange) or one.unconfirmed}
    return any(id(change) not in made for change in plan.changes)


def as_made(plan: Plan, results: Sequence[AppliedChange | FailedChange]) -> Plan:
    """The plan with what was really done: where others wrote after it, their policy may have asked for another edit, or may
    deny what a link gives, which is an error of the pair then.
    """
    applied = [one for one in results if isinstance(one, AppliedChange)]
    anew = [one for one in applied if one.made and one.made.steps != _steps(one.change)]
    others = [one for one in applied if plan.operation is Operation.LINK and _others_wrote(one, plan)]
    left = [one.change for one in results if isinstance(one.change, GrantEnding) and not _is_ended(one)]
    if not anew and not others and not left:
        return plan
    held = {one.change.key: one.held for one in applied if one.held is not None}
    made = (_with_grants_left(_as_made(outcome, anew), left, held) for outcome in plan.outcomes)
    return plan._replace(outcomes=tuple(_judged_anew(outcome, plan.level, others) for outcome in made))


def _steps(change: Change) -> tuple[Step, ...]:
    return change.steps if isinstance(change, PolicyChange) else ()


def _others_wrote(one: AppliedChange, plan: Plan) -> bool:
    """Does a key's policy say another thing now than was planned?"""
    change = one.change
    if one.held is None:
        return False
    if isinstance(change, PolicyChange):
        return not equivalent(parsed(one.held), change.after, change.key.partition)
    facts = (outcome.facts for outcome in plan.outcomes)
    return one.held not in {known.policy for known in facts if known and known.key and known.key.arn == change.key}


def _is_ended(one: AppliedChange | FailedChange) -> bool:
    return isinstance(one, AppliedChange) or one.unconfirmed


def _with_grants_left(outcome: Outcome, left: Sequence[Change], held: Mapping[Arn, str]) -> Outcome:
    """The outcome with what the pair keeps by grants that could not be ended for another pair, which its plan counted on.
    ``held`` are the texts of the policies that were edited.
    """
    facts = outcome.facts
    grants = [change.grant for change in left if isinstance(change, GrantEnding)]
    if not grants or facts is None or facts.grants is None or facts.key is None:
        return outcome
    others = [one for one in grants if one in facts.grants and not ends(one, facts)]
    text = held.get(facts.key.arn, facts.policy)
    said = stays(facts, None, parsed(text) if text else None, others) if others else ()
    return outcome._replace(warnings=tuple(dict.fromkeys((*outcome.warnings, *said))))


def _judged_anew(outcome: Outcome, level: AccessLevel, others: Sequence[AppliedChange]) -> Outcome:
    """The outcome by the policy that KMS showed last: blocked where that denies the pair what it was to have."""
    for one in others:
        access = access_of(outcome, one.change) if isinstance(one.change, PolicyChange) else None
        granted = grant_of(outcome, one.change, one.grant) if isinstance(one.change, GrantAddition) else None
        asked = requests_of(outcome.facts) if outcome.facts and (access or granted) else None
        if asked is None or outcome.facts is None or one.held is None:
            continue
        more = (granted,) if granted else ()
        try:
            after = decide_pair(outcome.facts, parsed(one.held), (*(outcome.facts.grants or ()), *more), asked)
            doubts = stands_in_the_way(after, access.level if access else level, access.forms if access else None)
        except ImpossibleError as error:
            error.adding("; that came after the plan was made, and the link itself is written")
            return outcome._replace(status=Status.BLOCKED, summary=error.message, short="", error=error)
        return outcome._replace(warnings=tuple(dict.fromkeys((*outcome.warnings, *doubts))))
    return outcome


def _as_made(outcome: Outcome, anew: Sequence[AppliedChange]) -> Outcome:
    for one in anew:
        access = access_of(outcome, one.change) if isinstance(one.change, PolicyChange) else None
        if access is None or one.made is None or not isinstance(one.change, PolicyChange):
            continue
        whole, brief = what_happens(one.made, access)
        return outcome._replace(
            status=outcome.status if one.changed else Status.NOTHING,
            summary="; ".join((whole, *outcome.ends)),
            short="; ".join((brief, *outcome.ends)),
        )
    return outcome


def try_plan(plan: Plan, run: ApplyContext) -> tuple[AppliedChange | FailedChange, ...]:
    """The dry run's last step: KMS itself says whether grants would be made or ended; policies are left alone.

    Raises ``NotAwsAnswerError`` where one was carried out, after which no more is tried. Source: KMS developer guide,
    "Testing your permissions" (DryRun). KMS offers nothing such for key policies.
    """
    results: list[AppliedChange | FailedChange] = []
    for change in plan.changes:
        try:
            match change:
                case GrantAddition():
                    try_grant(change, run)
                    results.append(
                        AppliedChange(change, "KMS would create the grant (tried with its DryRun)", changed=False)
                    )
                case GrantEnding():
                    run.aws.end_grant(change.key, change.grant.grant_id, dry_run=True)
                    results.append(
                        AppliedChange(change, "KMS would end the grant (tried with its DryRun)", changed=False)
                    )
                case PolicyChange():
                    results.append(AppliedChange(change, "not written: dry run", changed=False))
                case _:
                    assert_never(change)
        except FcsseError as error:
            if isinstance(error, NotAwsAnswerError) and error.carried_out:
                which = f"the end of grant {change.grant.grant_id}" if isinstance(change, GrantEnding) else "a grant"
                run.journal.begin(f"{which} on key {change.key}")
                run.journal.finish()
                raise
            results.append(FailedChange(change, error))
    return tuple(results)


def _apply_current(change: Change, plan: Plan, run: ApplyContext) -> AppliedChange:
    """Makes a change, unless it is one to a key that its bucket has no more. All waiting may take minutes, so it is asked
    after that: for ids to turn into ARNs, for a new role to show, and for KMS to show the change.
    """
    if isinstance(change, PolicyChange):
        await_arns(run, change)
    require_same_keys(change, plan, run)
    begun = run.clock.monotonic()
    applied = _apply(change, run)
    if run.clock.monotonic() - begun > STALE_AFTER:
        require_same_keys(change, plan, run, written=True)
    return applied


def _apply(change: Change, run: ApplyContext) -> AppliedChange:
    match change:
        case PolicyChange():
            written = PolicyWriter(run, change).write()
            return AppliedChange(
                change,
                written.result,
                written.backup,
                notes=written.notes,
                changed=written.changed,
                made=written.made,
                held=written.held,
            )
        case GrantAddition():
            done = add_grant(change, run)
        case GrantEnding():
            done = end_grant(change, run)
        case _:
            assert_never(change)
    return AppliedChange(
        change, done.result, grant=done.grant_id, notes=done.notes, changed=done.changed, held=done.held
    )


def _numbered(run: ApplyContext, number: int, total: int) -> ApplyContext:
    """The run, whose steps say which of many changes they belong to."""
    return run if total == 1 else replace(run, progress=Part(run.progress, f"change {number} of {total}: "))
