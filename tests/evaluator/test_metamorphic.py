"""Changes of a policy that must not change an answer, or only in one direction."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Request, Verdict
from tests.evaluator import generated as g
from tests.thorough import examples

FEW = settings(max_examples=examples(100), deadline=None)
RANK = {Verdict.DENIED: 0, Verdict.UNKNOWN: 1, Verdict.ALLOWED: 2}


@st.composite
def asks(draw: st.DrawFn) -> Request:
    """Requests with and without full knowledge."""
    found = draw(g.requests())
    return Request(
        found.principal,
        found.action,
        found.resource,
        found.context,
        complete=draw(st.booleans()),
        unique_ids=found.unique_ids,
    )


def rules(document: dict[str, Any]) -> list[dict[str, Any]]:
    listed = document["Statement"]
    return listed if isinstance(listed, list) else [listed]


def verdict(document: dict[str, Any], request: Request) -> Verdict:
    return evaluate(document, request).verdict


def with_rules(document: dict[str, Any], listed: list[Any]) -> dict[str, Any]:
    return {**document, "Statement": listed}


@FEW
@given(g.documents(), asks(), st.integers(0, 99))
def test_order_does_not_matter(document: dict[str, Any], request: Request, seed: int) -> None:
    order = random.Random(seed)

    def mixed(value: Any) -> Any:
        if isinstance(value, list):
            return [mixed(item) for item in order.sample(value, len(value))]
        if isinstance(value, dict):
            return {key: mixed(value[key]) for key in order.sample(list(value), len(value))}
        return value

    assert verdict(mixed(document), request) is verdict(document, request)


@FEW
@given(g.documents(), asks())
def test_lists_of_one_equal_their_element(document: dict[str, Any], request: Request) -> None:
    def unpacked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: unpacked(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return unpacked(value[0]) if len(value) == 1 else [unpacked(item) for item in value]
        return value

    def many(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [value]

    def packed(rule: dict[str, Any]) -> dict[str, Any]:
        lists = ("Action", "NotAction", "Resource", "NotResource")
        copy: dict[str, Any] = {key: many(value) if key in lists else value for key, value in rule.items()}
        if "Condition" in copy:
            copy["Condition"] = {
                operator: {key: many(value) for key, value in keys.items()}
                for operator, keys in copy["Condition"].items()
            }
        return copy

    expected = verdict(document, request)
    assert verdict(unpacked(document), request) is expected
    assert verdict(with_rules(document, [packed(rule) for rule in rules(document)]), request) is expected


@FEW
@given(g.documents(), asks())
def test_one_statement_for_each_action_says_the_same(document: dict[str, Any], request: Request) -> None:
    split: list[dict[str, Any]] = []
    for rule in rules(document):
        actions = rule.get("Action")
        split.extend([{**rule, "Action": one} for one in actions] if isinstance(actions, list) else [rule])
    assert verdict(with_rules(document, split), request) is verdict(document, request)


@FEW
@given(g.documents(), asks())
def test_letter_case_of_actions_operators_and_keys(document: dict[str, Any], request: Request) -> None:
    changed = []
    for rule in rules(document):
        copy = dict(rule)
        for key in ("Action", "NotAction"):
            if key in copy:
                texts = [copy[key]] if isinstance(copy[key], str) else copy[key]
                copy[key] = [text.swapcase() for text in texts]
        if "Condition" in copy:
            copy["Condition"] = {
                operator.upper(): {key.swapcase(): value for key, value in keys.items()}
                for operator, keys in copy["Condition"].items()
            }
        changed.append(copy)
    assert verdict(with_rules(document, changed), request) is verdict(document, request)


NEVER = [
    {"Effect": "Deny", "Principal": {"AWS": "999999999999"}, "Action": "*", "Resource": "*"},
    {"Effect": "Allow", "Principal": {"AWS": "999999999999"}, "Action": "*", "Resource": "*"},
    {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"},
    {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "arn:aws:s3:::x"},
    {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"x:z": []}}},
    {"Effect": "Deny", "Principal": "*", "Action": "*"},
]


@FEW
@given(g.documents(), asks(), st.sampled_from(NEVER), st.booleans())
def test_a_statement_that_never_matches(
    document: dict[str, Any], request: Request, rule: dict[str, Any], first: bool
) -> None:
    listed = [rule, *rules(document)] if first else [*rules(document), rule]
    assert verdict(with_rules(document, listed), request) is verdict(document, request)


@FEW
@given(g.documents(), asks(), g.statements())
def test_another_deny_never_allows_more(document: dict[str, Any], request: Request, rule: dict[str, Any]) -> None:
    more = with_rules(document, [*rules(document), {**rule, "Effect": "Deny"}])
    assert RANK[verdict(more, request)] <= RANK[verdict(document, request)]


@FEW
@given(g.documents(), asks(), g.statements(), g.grant_lists())
def test_another_allow_or_grant_never_allows_less(
    document: dict[str, Any], request: Request, rule: dict[str, Any], grants: list[Any]
) -> None:
    more = with_rules(document, [*rules(document), {**rule, "Effect": "Allow"}])
    before = RANK[verdict(document, request)]
    assert RANK[verdict(more, request)] >= before
    assert RANK[evaluate(document, request, grants).verdict] >= before


@FEW
@given(g.documents(), asks())
def test_a_statement_twice_says_no_more_than_once(document: dict[str, Any], request: Request) -> None:
    assert verdict(with_rules(document, rules(document) * 2), request) is verdict(document, request)


BY_KEYS = {
    "Effect": "Allow",
    "Principal": {"AWS": g.ROLE},
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}},
}


@FEW
@example(
    {"Version": "2012-10-17", "Statement": [BY_KEYS]},
    Request(g.ROLE, "kms:Decrypt", g.KEY, {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/a/b"}, complete=True),
)
@given(g.documents(), g.requests())
def test_knowing_less_only_leads_to_unknown(document: dict[str, Any], request: Request) -> None:
    # A pair in the context is among the keys of all pairs: nobody can know that there are none.
    implied = (
        {"kms:EncryptionContextKeys"} if any("kms:EncryptionContext:" in key for key in request.context) else set()
    )
    absent = frozenset(set(g.FAMILIES) - set(request.context) - {"aws:PrincipalArn", "aws:userid"} - implied) | {
        "kms:EncryptionContext:*"
    }
    less = Request(
        request.principal,
        request.action,
        request.resource,
        request.context,
        absent,
        unique_ids=request.unique_ids,
    )
    known = Request(
        request.principal,
        request.action,
        request.resource,
        {**({"aws:PrincipalArn": g.ROLE} if request.principal == g.SESSION else {}), **request.context},
        complete=True,
        unique_ids=request.unique_ids,
    )
    found = verdict(document, less)
    assert found in (Verdict.UNKNOWN, verdict(document, known))


@FEW
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=6), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Effect", "Statement", "Principal", "Action", "Resource", "Condition", "AWS", "StringEquals", "x"]), inner, max_size=4)), asks())  # fmt: skip
def test_nonsense_never_allows_and_never_raises(nonsense: Any, request: Request) -> None:
    for document in (nonsense if isinstance(nonsense, dict) else {}, {"Statement": nonsense}):
        assert verdict(document, request) is not Verdict.ALLOWED
