"""The quick answers that audits ask first are those of the whole ones, on every pair."""

import pytest

from fcsse.errors import ImpossibleError
from fcsse.evaluator.pair_access import FullAccess, full_access_by, judge
from fcsse.evaluator.request import Verdict
from fcsse.link_options import Options
from fcsse.model import Facts
from fcsse.planning.requirements import Requirement, is_linkable, requirement_of
from fcsse.policy.document import parsed
from tests.planning.test_recorded_plans import pairs


def quickly_linkable(facts: Facts) -> bool:
    try:
        return is_linkable(facts)
    except ImpossibleError:
        return False


def linkable(facts: Facts) -> bool:
    try:
        return isinstance(requirement_of(facts, Options()), Requirement)
    except ImpossibleError:
        return False


@pytest.mark.parametrize("every_cache", [False, True])
def test_whether_a_pair_can_be_linked(every_cache: bool) -> None:
    answers = set()
    for name, facts in pairs():
        asked = facts._replace(role=None) if every_cache else facts
        answers.add(quickly_linkable(asked))
        assert quickly_linkable(asked) is linkable(asked), name
    assert answers == {True, False}


def test_what_counts_comes_first() -> None:
    facts = dict(pairs())["documented"]
    assert facts.policy is not None
    judged = judge(facts, parsed(facts.policy), facts.grants)
    assert judged is not None
    order = [(row.current, row.asked.needed) for row in judged.rows]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 4


@pytest.mark.parametrize("prefixes", [(), ("in/",), ("out/",)])
def test_what_gives_a_pair_all_its_access(prefixes: tuple[str, ...]) -> None:
    answers = set()
    for name, whole_bucket in pairs():
        facts = whole_bucket._replace(prefixes=prefixes)
        if facts.policy is None or facts.bucket.foreign:
            continue
        policy = parsed(facts.policy)
        whole = judge(facts, policy, facts.grants, briefly=True, only_needed=True)
        expected = None
        if whole is not None and whole.read is whole.write is Verdict.ALLOWED:
            expected = FullAccess(whole.deciders, whole.by_statement)
        found = full_access_by(facts, policy)
        assert found == expected, name
        answers.add(found and found.by_statement)
    assert answers == {None, True, False}
