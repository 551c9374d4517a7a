"""Observations as English sentences, for every form of the answer and for findings. Pure.

In: observations, gaps, times. Out: texts without markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from fcsse.event_history.agreement import Agreement, Observation
from fcsse.event_history.key_changes import change_sentence
from fcsse.event_history.observed import Gap, GapReason, Observed
from fcsse.event_history.uses import Use
from fcsse.text import count, stamp

SKEW = timedelta(minutes=1)
"""A recorded event that lies so far ahead of this machine's clock means that the clock is behind."""

NOT_PROOF = (
    "CloudTrail records refusals only in some cases, and with Bucket Keys S3 asks KMS seldom: that none is recorded does not "
    "mean that access works."
)

AGAINST_ALLOWED = (
    "What fcsse cannot see may deny it: a VPC endpoint policy, or a condition that it assumes to be met. Where the refusal names "
    "no object, it may be one that is encrypted in the other form (fcsse census shows that). AWS may also need some minutes to "
    "apply a change made just before."
)
"""What may be behind a refusal of what the verdict allows."""

AGAINST_DENIED = (
    "Access may come from what fcsse cannot read, or it judges the policy wrongly. Please report the policy's form."
)
"""What may be behind a success of what the verdict denies."""


def ago(moment: datetime, now: datetime) -> str:
    """How long ago something was: ``3 minutes ago``; ``just now`` for less than a minute, or for what lies ahead."""
    seconds = int((now - moment).total_seconds())
    if seconds < 60:
        return "just now"
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{count(seconds // size, name)} ago"
    raise AssertionError


def heading(one: Observation) -> str:
    """What an observation is about: the action and the encryption context."""
    place = f"{one.asked.form} ARN"
    if one.asked.prefix:
        place += f" ({one.asked.prefix})"
    return f"{one.asked.action}, {place}" + ("" if one.asked.current else " (not in use)")


def state(one: Observation, now: datetime) -> str:
    """The verdict beside what AWS answered last."""
    verdict, last = one.verdict.value, one.last
    if last is None:
        return f"{verdict}; no call of the cache was found"
    when = ago(last.event.time, now)
    which = f" for {last.context}" if one.verdict is not one.asked.verdict else ""
    match one.agreement:
        case Agreement.AGREES if last.allowed:
            return f"{verdict}{which}, and AWS allowed it {when}"
        case Agreement.AGREES:
            return f"{verdict}{which}, as AWS reported at {stamp(last.event.time)}: {message(last)}"
        case Agreement.UNDECIDED:
            return f"{verdict}{which}; AWS {'allowed' if last.allowed else 'refused'} it {when}{_reason(last)}"
        case Agreement.CHANGED:
            return f"{verdict}{which}, but AWS {_did(last)} it {when}; after that {_change(one, now)}"
        case Agreement.UNEXPLAINED:
            return f"{verdict}{which}, but AWS {_did(last)} it {when}, and no change of the key since then is recorded{_reason(last)}"
        case Agreement.UNSETTLED:
            return f"{verdict}{which}, but AWS {_did(last)} it {when}; whether the key changed since then is not known{_reason(last)}"
        case Agreement.NOT_RECORDED:
            return f"{verdict}; no call of the cache was found"
        case _:
            assert_never(one.agreement)


def beside(one: Observation, now: datetime) -> str:
    """The last success and the last refusal."""
    success = ago(one.success.event.time, now) if one.success else "none recorded"
    refusal = ago(one.refusal.event.time, now) if one.refusal else "none recorded"
    if one.refusal and one.vague:
        refusal += " (it names no bucket or object)"
    return f"last success: {success}; last refusal: {refusal}"


def contradiction(found: Sequence[Observation], now: datetime) -> str:
    """That AWS contradicts a pair's verdict, with what it did; empty where it does not."""
    told = [
        f"AWS {_did(one.last)} {one.asked.action} {ago(one.last.event.time, now)}"
        for one in found
        if one.disagrees and one.last
    ]
    return f"AWS's record contradicts this verdict: {' and '.join(told)}." if told else ""


def reasons(found: Sequence[Observation]) -> tuple[str, ...]:
    """What may be behind the contradictions, each once."""
    some = [one.last.allowed for one in found if one.disagrees and one.last]
    return tuple(AGAINST_DENIED if allowed else AGAINST_ALLOWED for allowed in dict.fromkeys(some))


def message(use: Use) -> str:
    """AWS's own words for a refusal: its sentence, else its code."""
    failure = use.event.failure
    return (failure.message or failure.code) if failure else ""


def unplaced_note(use: Use, now: datetime) -> str:
    """A refusal of which nobody can say which key it was about."""
    return (
        f"AWS refused {use.action} to {use.role.rpartition('_')[2]} {ago(use.event.time, now)} without naming a key, so it may "
        f"have been about another bucket: {message(use)}"
    )


def gap_note(gap: Gap) -> str:
    """What of the record was not read, and what to do about it."""
    what = f"CloudTrail's record of {gap.name or 'KMS calls'} in {gap.region}"
    match gap.reason:
        case GapReason.FAILED:
            hint = f" {gap.error.hint}" if gap.error and gap.error.hint else ""
            return f"{what} could not be read: {gap.error.message if gap.error else ''}.{hint}"
        case GapReason.UNREADABLE:
            return f"{what}: {count(gap.number, 'entry', 'entries')} could not be read as events and {'is' if gap.number == 1 else 'are'} left out."
        case GapReason.PAGES | GapReason.TIME | GapReason.THROTTLED | GapReason.REFUSED_PAGE:
            reasons = {
                GapReason.PAGES: "the limit of pages is reached",
                GapReason.TIME: "the time for it is up",
                GapReason.THROTTLED: "CloudTrail kept throttling the requests",
                GapReason.REFUSED_PAGE: "CloudTrail refused the next page",
            }
            back = f"back to {stamp(gap.back_to)} only" if gap.back_to else "in part only"
            return f"{what} was read {back}, because {reasons[gap.reason]}. What happened before is not known."
        case _:
            assert_never(gap.reason)


def notes(observed: Observed) -> tuple[str, ...]:
    """What limits the observations, a sentence or two each."""
    found = [gap_note(gap) for gap in observed.gaps]
    found += [unplaced_note(use, observed.now) for use in observed.unplaced]
    if observed.newest and observed.newest - observed.now > SKEW:
        found.append(
            f"This machine's clock is behind AWS's: an event is recorded for {stamp(observed.newest)}. Ages are too short by that much."
        )
    if not all(gap.reason is GapReason.FAILED for gap in observed.gaps) or not observed.gaps:
        found.append(NOT_PROOF)
    return tuple(found)


def _did(last: Use) -> str:
    return "allowed" if last.allowed else "refused"


def _reason(last: Use) -> str:
    return "" if last.allowed else f": {message(last)}"


def _change(one: Observation, now: datetime) -> str:
    if one.change is not None:
        return f"{change_sentence(one.change.name)} ({one.change.name} by {one.change.actor.name}, {ago(one.change.time, now)})"
    return "the policy changed (by fcsse" + (f", {ago(one.changed, now)})" if one.changed else ")")
