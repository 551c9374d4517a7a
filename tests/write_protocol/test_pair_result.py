"""What became of each pair, and of a plan, by what its changes came to."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from fcsse.apply.apply import AppliedChange, FailedChange, left_to_do
from fcsse.apply.pair_result import PairResult, belongs, pair_result
from fcsse.arn import Arn, key_arn
from fcsse.errors import ChangedError, UnconfirmedError
from fcsse.link_options import AccessLevel, Operation, Via
from fcsse.model import Bucket, Encryption, Facts, Grant, Key, Pair, Role
from fcsse.planning.changes import Change, GrantAddition, GrantEnding
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.wanted_grant import OPERATIONS_OF, grant_name
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, REGION, cache_name, change, key

CACHE = cache_name(0)
ROLE = Role.computed("aws", ACCOUNT, CACHE)
OTHER_KEY = cast("Arn", key_arn(f"{key()}"[:-1] + "3"))
FULL = frozenset(OPERATIONS_OF[AccessLevel.FULL])
OURS = grant_name(CACHE, "data", narrow=False, level=AccessLevel.FULL)


def outcome(via: Via = Via.POLICY, bucket: str = "data", status: Status = Status.TO_DO) -> Outcome:
    encryption = Encryption("aws:kms", str(key()))
    facts = Facts(Pair(CACHE, bucket), ACCOUNT, "aws", ROLE, Bucket(bucket, encryption, REGION), Key(key()))
    return Outcome(facts.pair, status, via=via, facts=facts)


def addition(name: str = OURS) -> GrantAddition:
    return GrantAddition(key(), str(ROLE.arn), name, tuple(FULL))


def ending(grantee: str = str(ROLE.arn)) -> GrantEnding:
    return GrantEnding(key(), Grant("1", grantee, FULL, OURS))


@pytest.mark.parametrize(
    ("one", "pair", "belonging"),
    [
        (change(0, DEFAULT), outcome(), True),
        (change(0, DEFAULT), outcome(Via.GRANT), False),
        (change(0, DEFAULT), outcome(bucket="other"), False),
        (addition(), outcome(Via.GRANT), True),
        (addition("by hand"), outcome(Via.GRANT), False),
        (ending(), outcome(Via.GRANT), True),
        (ending(str(ROLE.arn) + "0"), outcome(Via.GRANT), False),
        (replace(addition(), key=OTHER_KEY), outcome(Via.GRANT), False),
        (addition(), outcome()._replace(facts=None), False),
    ],
)
def test_a_change_is_for_the_pairs_that_it_gives_something(one: Change, pair: Outcome, belonging: bool) -> None:
    assert belongs(one, pair) is belonging


@pytest.mark.parametrize(
    ("pair", "results", "became"),
    [
        (outcome(status=Status.NOTHING), (), PairResult.NOTHING),
        (outcome(status=Status.BLOCKED), (), PairResult.BLOCKED),
        (outcome(), (), PairResult.TO_DO),
        (outcome(), (AppliedChange(change(0, DEFAULT), "written"),), PairResult.DONE),
        (outcome(), (FailedChange(change(0, DEFAULT), ChangedError("x")),), PairResult.FAILED),
        (outcome(), (FailedChange(change(0, DEFAULT), UnconfirmedError("x")),), PairResult.UNCONFIRMED),
        (outcome(bucket="other"), (FailedChange(change(0, DEFAULT), ChangedError("x")),), PairResult.DONE),
        (
            outcome(Via.GRANT),
            (FailedChange(ending(), UnconfirmedError("x")), FailedChange(addition(), ChangedError("x"))),
            PairResult.FAILED,
        ),
    ],
)
def test_what_became_of_a_pair(
    pair: Outcome, results: tuple[AppliedChange | FailedChange, ...], became: PairResult
) -> None:
    assert pair_result(pair, results) is became
    dry = PairResult.TO_DO if became in (PairResult.DONE, PairResult.UNCONFIRMED) else became
    assert pair_result(pair, results, dry_run=True) is dry


def test_a_change_is_left_to_do_unless_it_was_made_or_may_have_been() -> None:
    changes = (change(0, DEFAULT), change(1, DEFAULT))
    plan = Plan(Operation.LINK, (), changes)
    made = AppliedChange(changes[0], "written")
    assert left_to_do(plan, [made])
    assert left_to_do(plan, [made, FailedChange(changes[1], ChangedError("x"))])
    assert not left_to_do(plan, [made, FailedChange(changes[1], UnconfirmedError("x"))])
