"""The quick answer to whether a pair can be linked, which audits ask of each pair, is that of the whole one."""

import pytest

from fcsse.errors import ImpossibleError
from fcsse.link_options import Options
from fcsse.model import Facts
from fcsse.planning.requirements import Requirement, is_linkable, requirement_of
from tests.planning.test_recorded_plans import pairs


def quick(facts: Facts) -> bool:
    try:
        return is_linkable(facts)
    except ImpossibleError:
        return False


def whole(facts: Facts) -> bool:
    try:
        return isinstance(requirement_of(facts, Options()), Requirement)
    except ImpossibleError:
        return False


@pytest.mark.parametrize("every_cache", [False, True])
def test_they_agree_on_every_pair(every_cache: bool) -> None:
    answers = set()
    for name, facts in pairs():
        asked = facts._replace(role=None) if every_cache else facts
        answers.add(quick(asked))
        assert quick(asked) is whole(asked), name
    assert answers == {True, False}
