"""What a plan is: an outcome per pair and the changes that make them come true. Pure.

Nothing here knows whether it is a dry run. ``make_plan`` is in a module of its name.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import NamedTuple

from fcsse.endpoint import Endpoint
from fcsse.errors import FcsseError
from fcsse.link_options import AccessLevel, Context, Operation, Via
from fcsse.model import Facts, Pair
from fcsse.planning.changes import Change
from fcsse.planning.plan_digest import change_facts, joined_digest, same_goal
from fcsse.text import count


class Status(Enum):
    """How a pair comes out of planning."""

    TO_DO = "to-do"
    NOTHING = "nothing-to-do"
    BLOCKED = "blocked"


class Outcome(NamedTuple):
    """What the plan says of one pair.

    ``summary`` is a sentence for people; ``via`` the route, None where no key is involved; ``warnings`` are sentences
    to show before anything is done; ``error`` is set for BLOCKED. ``short`` says the same as the summary in fewer words,
    where there are fewer. ``ends`` is the part of both that is about grants that end. ``in_doubt``: whether
    a link gives access depends on what is not known; ``warnings`` say on what.
    """

    pair: Pair
    status: Status
    summary: str = ""
    via: Via | None = None
    facts: Facts | None = None
    warnings: tuple[str, ...] = ()
    error: FcsseError | None = None
    short: str = ""
    ends: tuple[str, ...] = ()
    in_doubt: bool = False

    def __repr__(self) -> str:
        """One line: the pair, its status and the summary."""
        return f"<Outcome {self.pair}: {self.status.value}; {self.summary}>"

    def __str__(self) -> str:
        return self.summary


NEVER = float("-inf")
"""Stands for a time that is too long ago to count."""


class Plan(NamedTuple):
    """Outcomes in the order of the pairs, and the changes. ``digest`` binds a review to what is applied.

    ``endpoints`` are those other than AWS's own by which the facts were read, ``read_at`` when that was, in seconds of the
    run's clock; ``NEVER`` where it is not known. ``level``: is access for reading alone meant? ``context``: with
    which forms, in statements? ``narrow_grant``: are grants bound to one bucket?
    """

    operation: Operation
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    endpoints: tuple[Endpoint, ...] = ()
    read_at: float = NEVER
    level: AccessLevel = AccessLevel.FULL
    context: Context = Context.DOCUMENTED
    narrow_grant: bool = False

    def __repr__(self) -> str:
        """One line: how many pairs and changes, and the digest."""
        doing = sum(outcome.status is Status.TO_DO for outcome in self.outcomes)
        return (
            f"<Plan {self.operation.value}: {doing} of {count(len(self.outcomes), 'pair')} to do, {count(len(self.changes), 'change')}, "
            f"digest {self.digest}>"
        )

    @property
    def digest(self) -> str:
        """The same for the same changes to the same documents, for the same roles, asked at the same endpoints.

        16 hexadecimal digits; order and layout have no part in it. The first half stands for what is changed, the second for
        what is wanted, whatever there is to do: by it a plan with nothing to do is recognised as the state that another
        digest's plan leads to. Changes are made only where both halves agree.
        """
        parts: list[object] = [["operation", self.operation.value]]
        parts += [["endpoint", *endpoint] for endpoint in self.endpoints]
        parts += [["pair", *_pair_facts(one)] for one in self.outcomes if one.status is Status.TO_DO]
        parts += [change_facts(change) for change in self.changes]
        lines = sorted({json.dumps(part, sort_keys=True) for part in parts})
        return joined_digest(lines, [self.operation.value, *sorted(map(self._goal, self.outcomes))])

    def _goal(self, outcome: Outcome) -> str:
        """What the pair is to have, or to lose."""
        facts = outcome.facts
        key, role = (facts.key, facts.role) if facts else (None, None)
        via = outcome.via.value if outcome.via and self.operation is Operation.LINK else None
        kept = facts.bucket.encryption.bucket_keys if facts and self.operation is Operation.LINK else None
        parts = (str(key.arn) if key else None, str(role.arn) if role else None, via, kept)
        more = [self.level.value] if self.level is AccessLevel.READ else []
        more += [self.context.value] if self.context is Context.BOTH and outcome.via is Via.POLICY else []
        more += ["narrow"] if self.narrow_grant and outcome.via is Via.GRANT else []
        return json.dumps([outcome.pair.cache, outcome.pair.bucket, *parts, *more])

    def answers(self, expect: str) -> bool:
        """Is it the plan of this digest, or is everything as that plan wanted it, so that there is nothing to do?"""
        return expect == self.digest or (not self.changes and same_goal(expect, self.digest))

    @property
    def error(self) -> FcsseError | None:
        """The first pair's error, in the order of the pairs."""
        return next((outcome.error for outcome in self.outcomes if outcome.error), None)


def _pair_facts(outcome: Outcome) -> list[object]:
    """What decides whom a pair's change serves, for the digest: a role made again has the same ARN and another id."""
    facts = outcome.facts
    role = facts.role if facts else None
    return [
        outcome.pair.cache,
        outcome.pair.bucket,
        outcome.via.value if outcome.via else None,
        facts.account if facts else None,
        [str(role.arn), role.role_id, role.exists] if role else None,
    ]
