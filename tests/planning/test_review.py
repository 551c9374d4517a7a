"""What a yes to a plan covers, and what of its facts may not be another one when it is applied."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.arn import Arn
from fcsse.errors import ChangedError, FcsseError, NotFoundError
from fcsse.link_options import Options
from fcsse.model import Facts, Obstacle
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import NEVER, Plan, Status
from fcsse.planning.review import STALE_AFTER, is_stale, moved, require_same, require_unmoved, reviewed
from tests.audit.factories import OTHER, slr
from tests.planning.test_recorded_plans import fact
from tests.policy.documents import ROOT, ours
from tests.policy.test_recorded_edits import CACHE

FACTS = fact(ROOT)
GONE = NotFoundError("finding role x: it does not exist")


def planned(*found: Facts | Obstacle) -> Plan:
    return make_plan(list(found), Options())


def with_role(**more: Any) -> Facts:
    return FACTS._replace(role=FACTS.role and FACTS.role._replace(**more))


def with_key(**more: Any) -> Facts:
    return FACTS._replace(key=FACTS.key and FACTS.key._replace(**more))


OTHERS: dict[str, Facts] = {
    "account": FACTS._replace(account=OTHER),
    "role": with_role(arn=Arn.parse(slr("fc-9"))),
    "role id": with_role(role_id="AROAEXAMPLEID99999999"),
    "role that is gone": with_role(exists=False),
    "no role": FACTS._replace(role=None),
    "bucket": FACTS._replace(bucket=FACTS.bucket._replace(foreign=True)),
    "key": with_key(state="Updating"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_pair_has_moved_where_a_fact_is_another_one(name: str) -> None:
    before, after = planned(FACTS), planned(OTHERS[name])

    assert moved(before, after) == (FACTS.pair,)
    with pytest.raises(ChangedError, match=f"the role, bucket or key has changed for {FACTS.pair}"):
        require_unmoved(before, after)
    with pytest.raises(ChangedError, match="has changed since it was shown"):
        require_same(before, after)


def test_the_same_facts_are_the_same_plan() -> None:
    before, after = planned(FACTS), planned(FACTS)

    assert moved(before, after) == ()
    require_unmoved(before, after)
    require_same(before, after)


def test_a_pair_without_anything_to_do_has_not_moved_nor_one_whose_policy_changed() -> None:
    linked = fact(ROOT, ours(CACHE))

    assert moved(planned(linked), planned(linked._replace(account=OTHER))) == ()
    assert moved(planned(FACTS), planned(linked)) == ()
    require_unmoved(planned(FACTS), planned(linked))
    with pytest.raises(ChangedError):
        require_same(planned(FACTS), planned(linked))


def test_a_pair_that_is_no_longer_there_has_moved() -> None:
    assert moved(planned(FACTS), planned()) == (FACTS.pair,)


def test_what_is_in_the_way_now_is_raised_for_pairs_that_moved_only() -> None:
    before, blocked = planned(FACTS), planned(Obstacle(FACTS.pair, GONE))
    other = fact(ROOT)._replace(pair=FACTS.pair._replace(bucket="logs"))

    (outcome,) = blocked.outcomes
    assert (outcome.status, outcome.summary, outcome.error) == (Status.BLOCKED, GONE.message, GONE)
    assert blocked.error is GONE
    assert reviewed(blocked).pairs[0][5:] == ((GONE.code, GONE.message), None, None, None, None)
    with pytest.raises(NotFoundError) as raised:
        require_unmoved(before, blocked)
    assert raised.value is GONE
    with pytest.raises(FcsseError) as raised_of:
        require_unmoved(planned(FACTS), planned(OTHERS["account"], Obstacle(other.pair, GONE)))
    assert isinstance(raised_of.value, ChangedError)


def test_a_plan_is_stale_after_three_seconds_or_where_nobody_knows_when_it_was_read() -> None:
    plan = planned(FACTS)._replace(read_at=10.0)

    assert [is_stale(plan, 10.0 + after) for after in (0.0, STALE_AFTER, STALE_AFTER + 0.1)] == [False, False, True]
    assert planned(FACTS).read_at == NEVER
    assert is_stale(planned(FACTS), 0.0)


def test_plans_outcomes_and_changes_are_shown_on_one_line() -> None:
    plan = planned(FACTS, Obstacle(FACTS.pair._replace(bucket="logs"), GONE))
    (change,) = plan.changes

    assert repr(plan) == f"<Plan link: 1 of 2 pairs to do, 1 change, digest {plan.digest}>"
    assert repr(plan.outcomes[0]) == f"<Outcome {FACTS.pair}: to-do; {plan.outcomes[0].summary}>"
    assert str(plan.outcomes[0]) == plan.outcomes[0].summary != ""
    assert repr(change).startswith("<PolicyChange link on key arn:aws:kms:")
    assert slr(CACHE) not in repr(change)
