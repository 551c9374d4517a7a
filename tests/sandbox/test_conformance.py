"""The sandbox against recorded answers of real AWS; the long form, which prints all of it, is ``scripts/conformance``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fcsse.sandbox import Sandbox
from scripts.conformity.conformance_run import CHECKS, OUTSIDE, failure
from scripts.conformity.recorded_facts import Fact, load, message_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS = {fact.id: fact for fact in load()}
ASKED = [name for name in FACTS if name not in OUTSIDE]
ERRORS = [name for name in ASKED if "code" in FACTS[name].expected and not isinstance(FACTS[name].expected, str)]
EVENTS = ["z01", "z10", "z18", "z21", "z22", "z26", "z53", "z54", "z56"]


@pytest.fixture(scope="module")
def recorded() -> Iterator[Sandbox]:
    """One sandbox for all facts; each is checked in a fresh world."""
    with Sandbox(world=None) as running:
        yield running


@pytest.mark.parametrize("name", ASKED)
def test_the_sandbox_answers_as_aws_was_recorded(recorded: Sandbox, name: str) -> None:
    assert failure(recorded, FACTS[name]) == ""


@pytest.mark.parametrize("name", ERRORS[::4])
def test_a_check_sees_another_error_than_the_recorded_one(recorded: Sandbox, name: str) -> None:
    """The checks themselves: none passes whatever the sandbox answers."""
    fact = FACTS[name]
    assert failure(recorded, fact._replace(expected={**fact.error, "code": "Other"})).startswith("AssertionError: code")
    assert failure(recorded, fact._replace(expected={**fact.error, "status": 299})).startswith("AssertionError: status")


@pytest.mark.parametrize("name", EVENTS)
def test_a_check_sees_another_event_than_the_recorded_one(recorded: Sandbox, name: str) -> None:
    fact = FACTS[name]
    assert not isinstance(fact.expected, str)
    more = fact._replace(expected={**fact.expected, "eventVersion": "0.1"})
    assert failure(recorded, more).startswith("AssertionError: ")


def test_each_fact_is_checked_or_has_a_reason_why_it_is_not() -> None:
    assert set(FACTS) == set(CHECKS) | set(OUTSIDE)
    assert all(OUTSIDE.values())


def test_holes_in_recorded_messages() -> None:
    pattern = message_pattern("Key '{arn}' does … {other thing}", {"arn": "a.b"})
    assert pattern.fullmatch("Key 'a.b' does not exist")
    assert not pattern.fullmatch("Key 'aXb' does not exist")
    assert message_pattern("(empty message); the same call passes later", {}).fullmatch("")


def test_a_fact_without_an_error_has_none() -> None:
    fact = Fact("x", "kms", "", "", "200", "", "")
    with pytest.raises(TypeError, match="records no error"):
        _ = fact.error
