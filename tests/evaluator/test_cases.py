"""Every named case, and what a decision tells besides the verdict."""

from __future__ import annotations

import copy
import json

import pytest

from fcsse.evaluator.evaluate import compile_policy, evaluate
from tests.evaluator import cases_conditions, cases_elements, cases_open, cases_sets, cases_sides
from tests.evaluator.case import Case, ask, decide, statement

CASES: list[Case] = [
    *cases_conditions.CASES,
    *cases_sets.CASES,
    *cases_elements.CASES,
    *cases_sides.CASES,
    *cases_open.CASES,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    before = copy.deepcopy(case.document)
    found = decide(case)
    assert found.verdict.value == case.expected, (case.source, found)
    assert found.reason
    if case.decided_by is not None:
        assert found.decided_by == case.decided_by
    assert case.document == before


@pytest.mark.parametrize("case", CASES[::7], ids=lambda case: case.name)
def test_a_policy_made_ready_gives_the_same_decision(case: Case) -> None:
    ready = compile_policy(json.loads(json.dumps(case.document)))
    answers = [decide(case, policy) for policy in (case.document, ready, ready)]
    assert answers[0] == answers[1] == answers[2]


def test_names_are_unique_and_sources_are_given() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 300
    assert all(case.source for case in CASES)


def test_what_is_no_json_is_not_understood() -> None:
    found = evaluate({"Statement": statement(Action={"kms:Decrypt"})}, ask())
    assert (found.verdict.value, found.misses[0].reason) == (
        "denied",
        "statement 1 is not understood: its Action is not a list of texts",
    )


def test_changing_a_document_after_judging_it_changes_the_answer() -> None:
    case = next(case for case in CASES if case.name == "page: one cache")
    document = copy.deepcopy(case.document)
    assert evaluate(document, case.request).verdict.value == "allowed"
    document["Statement"][0]["Effect"] = "Deny"
    assert evaluate(document, case.request).verdict.value == "denied"
