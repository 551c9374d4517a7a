"""What links gave a pair so far, by statements and grants of ours and of others."""

from __future__ import annotations

import pytest

from fcsse.link_options import AccessLevel
from fcsse.model import Facts, Pair
from fcsse.planning.linked_level import in_policy, level_of, link_grants, needs_wider_grant
from tests.audit.factories import OTHER, grant
from tests.planning.test_recorded_plans import GRANTS, fact
from tests.policy.documents import ROOT, ours
from tests.policy.test_recorded_edits import CACHE, READ, STATEMENTS

NAME = f"fcsse:{CACHE}:data"
READING = GRANTS["for reading"][0]
OWN_READING = READING._replace(name=f"{NAME}:read")
NARROW = grant(CACHE, f"{NAME}:narrow", "g3", constraint_subset={"aws:s3:arn": "arn:aws:s3:::data"})
READ_OF_ALL = {**READ, "Principal": "*", "Condition": ours()["Condition"]}


def every_cache(facts: Facts) -> Facts:
    return facts._replace(pair=Pair(None, "data"), role=None)


@pytest.mark.parametrize(
    ("facts", "is_in_policy", "level"),
    [
        (fact(ROOT), False, AccessLevel.FULL),
        (fact(ROOT, *STATEMENTS["documented"]), True, AccessLevel.FULL),
        (fact(ROOT, READ), True, AccessLevel.READ),
        (fact(ROOT, READ, ours(CACHE)), True, AccessLevel.FULL),
        (fact(ROOT, READ, ours()), True, AccessLevel.FULL),
        (fact(ROOT, READ)._replace(pair=Pair(CACHE, "logs")), False, AccessLevel.FULL),
        (fact(ROOT, ours("fc-9")), False, AccessLevel.FULL),
        (fact(ROOT, READ_OF_ALL), True, AccessLevel.READ),
        (fact(ROOT, READ_OF_ALL)._replace(account=OTHER), False, AccessLevel.FULL),
        (every_cache(fact(ROOT, READ_OF_ALL)), True, AccessLevel.READ),
        (every_cache(fact(ROOT, ours(CACHE))), False, AccessLevel.FULL),
        (fact(ROOT)._replace(policy="no policy"), False, AccessLevel.FULL),
        (fact(ROOT)._replace(policy=None, grants=None), False, AccessLevel.FULL),
        (fact(ROOT, grants=(READING,)), False, AccessLevel.READ),
        (fact(ROOT, READ, grants=(grant(CACHE, NAME),)), True, AccessLevel.FULL),
        (fact(ROOT, READ, grants=GRANTS["for another bucket"]), True, AccessLevel.READ),
    ],
)
def test_the_level_is_what_statements_and_grants_of_links_give(
    facts: Facts, is_in_policy: bool, level: AccessLevel
) -> None:
    assert (in_policy(facts), level_of(facts)) == (is_in_policy, level)


def test_of_several_keys_one_that_gives_all_is_enough() -> None:
    reading, writing, neither = fact(ROOT, READ), fact(ROOT, ours(CACHE)), fact(ROOT)
    assert level_of(reading, neither) is AccessLevel.READ
    assert level_of(reading, writing) is AccessLevel.FULL
    assert level_of() is AccessLevel.FULL


def test_grants_of_links_are_those_by_name_that_give_what_the_level_needs() -> None:
    full = grant(CACHE, NAME, "g9")
    by_hand, of_logs = GRANTS["by hand, named"][0], GRANTS["for another bucket"][0]
    facts = fact(ROOT, grants=(full, OWN_READING, by_hand, of_logs))

    assert link_grants(facts, AccessLevel.FULL) == (full,)
    assert link_grants(facts, AccessLevel.READ) == (full, OWN_READING)
    assert link_grants(facts._replace(grants=None), AccessLevel.FULL) == ()


def test_narrow_grants_are_of_no_use_without_bucket_keys() -> None:
    full = grant(CACHE, NAME, "g9")
    assert needs_wider_grant(fact(ROOT, grants=(NARROW,)), AccessLevel.FULL) is True
    assert needs_wider_grant(fact(ROOT, grants=(NARROW,), bucket_keys=True), AccessLevel.FULL) is False
    assert needs_wider_grant(fact(ROOT, grants=(NARROW, full)), AccessLevel.FULL) is False
    assert needs_wider_grant(fact(ROOT), AccessLevel.FULL) is False
