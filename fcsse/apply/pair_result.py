"""What became of a pair, from its plan and from the changes that were tried. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import assert_never

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.link_options import Via
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, PolicyChange
from fcsse.planning.plan import Outcome, Status
from fcsse.planning.wanted_grant import ends, grant_names


class PairResult(Enum):
    """How a pair stands when the command ends."""

    TO_DO = "to-do"
    """Planned, and not tried: a dry run, or a no to the question."""
    DONE = "done"
    UNCONFIRMED = "unconfirmed"
    """Written, but AWS did not show it in time."""
    FAILED = "failed"
    NOTHING = "nothing-to-do"
    BLOCKED = "blocked"


def pair_result(
    outcome: Outcome, results: Sequence[AppliedChange | FailedChange], *, dry_run: bool = False
) -> PairResult:
    """What became of the outcome's pair. ``results`` are empty where nothing was tried; in a dry run they are KMS's own
    answers to grants that it was asked to try, and a refused one is FAILED.
    """
    match outcome.status:
        case Status.NOTHING:
            return PairResult.NOTHING
        case Status.BLOCKED:
            return PairResult.BLOCKED
        case Status.TO_DO:
            became = _tried(outcome, results) if results else PairResult.TO_DO
            return PairResult.TO_DO if dry_run and became is not PairResult.FAILED else became
        case _:
            assert_never(outcome.status)


def _tried(outcome: Outcome, results: Sequence[AppliedChange | FailedChange]) -> PairResult:
    failed = [one for one in results if isinstance(one, FailedChange) and belongs(one.change, outcome)]
    if any(not one.unconfirmed for one in failed):
        return PairResult.FAILED
    return PairResult.UNCONFIRMED if failed else PairResult.DONE


def belongs(change: Change, outcome: Outcome) -> bool:
    """Is the change (also) for this pair?"""
    facts = outcome.facts
    if facts is None or facts.key is None or facts.key.arn != change.key:
        return False
    match change:
        case PolicyChange():
            return outcome.via is not Via.GRANT and any(one.bucket == facts.bucket.name for one in change.accesses)
        case GrantAddition():
            return change.name in grant_names(facts.pair.cache or "", facts.bucket.name)
        case GrantEnding():
            return ends(change.grant, facts)
        case _:
            assert_never(change)
