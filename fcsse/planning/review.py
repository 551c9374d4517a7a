"""What somebody who says yes to a plan has agreed to, as a value: two plans with the same one need no second yes. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.errors import ChangedError
from fcsse.link_options import Via
from fcsse.model import Bucket, Key, Pair
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.text import listed

STALE_AFTER = 3.0
"""Seconds for which what a plan was made by counts as current. Reading it anew takes a fraction of one."""


class ReviewedPair(NamedTuple):
    """A pair as the plan shows it. ``role`` is the role's ARN, unique id, and whether it exists; ``error`` code and message."""

    pair: Pair
    status: Status
    via: Via | None
    summary: str
    warnings: tuple[str, ...]
    error: tuple[str, str] | None
    account: str | None
    role: tuple[Arn, str | None, bool] | None
    bucket: Bucket | None
    key: Key | None


class Reviewed(NamedTuple):
    """A plan as it was reviewed. ``digest`` stands for the changes, and for the documents that they are made to."""

    digest: str
    pairs: tuple[ReviewedPair, ...]


def reviewed(plan: Plan) -> Reviewed:
    """What a review of the plan rests on: its changes, its warnings, and the facts that it shows."""
    return Reviewed(plan.digest, tuple(map(_pair, plan.outcomes)))


def _pair(outcome: Outcome) -> ReviewedPair:
    facts = outcome.facts
    role = facts.role if facts else None
    return ReviewedPair(
        outcome.pair,
        outcome.status,
        outcome.via,
        outcome.summary,
        outcome.warnings,
        (outcome.error.code, outcome.error.message) if outcome.error else None,
        facts.account if facts else None,
        (role.arn, role.role_id, role.exists) if role else None,
        facts.bucket if facts else None,
        facts.key if facts else None,
    )


def moved(before: Plan, after: Plan) -> tuple[Pair, ...]:
    """The pairs to change of which the account, role, bucket or key is another one now, or is in another state."""
    now = {one.pair: one for one in reviewed(after).pairs}
    return tuple(
        one.pair
        for one in reviewed(before).pairs
        if one.status is Status.TO_DO and (one.pair not in now or _facts(one) != _facts(now[one.pair]))
    )


def is_stale(plan: Plan, now: float) -> bool:
    """Is what the plan was made by too old to count? ``now``: in seconds of the run's clock."""
    return now - plan.read_at > STALE_AFTER


def require_unmoved(before: Plan, after: Plan) -> None:
    """Raises what is in the way of a pair now, or ``ChangedError``, where ``moved`` names pairs."""
    gone = moved(before, after)
    for outcome in after.outcomes:
        if outcome.pair in gone and outcome.error is not None:
            raise outcome.error
    if gone:
        raise ChangedError(
            f"applying the plan: since it was made, the role, bucket or key has changed for {listed(list(map(str, gone)), 3)}",
            "Make a new plan. Nothing was written.",
        )


def require_same(before: Plan, after: Plan) -> None:
    """Raises ``ChangedError`` where a yes to the one plan is none to the other."""
    if reviewed(before) != reviewed(after):
        raise ChangedError(
            "applying the plan: what AWS holds has changed since it was shown",
            "Look at the new plan. Nothing was written.",
        )


def _facts(one: ReviewedPair) -> tuple[object, ...]:
    return one.account, one.role, one.bucket, one.key
