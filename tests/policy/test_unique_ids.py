"""Unique ids in place of principals: where they stand, which are dead, and ARNs in their place."""

from __future__ import annotations

import pytest
from hypothesis import given

from fcsse.policy.document import JsonValue, PolicyDocument
from fcsse.policy.unique_ids import UniqueId, dead_principals, unique_ids, with_arns
from tests.policy.documents import CACHES_IN_DOCUMENTS, DEAD, NAMED, ROOT, document, documents, ours, role


def test_unique_ids_are_named_and_nothing_else_is() -> None:
    found = document(
        ROOT,
        {**ROOT, "Sid": "old", "Principal": {"Service": "x.amazonaws.com", "AWS": [DEAD[0], "*", "111122223333"]}},
        {**ROOT, "Sid": "deny", "Effect": "Deny", "NotPrincipal": {"AWS": DEAD[1]}, "Principal": "*"},
        {
            **ROOT,
            "Sid": "AROAEXAMPLEEXAMPLE009",
            "Principal": {
                "AWS": [
                    "arn:aws-cn:iam::111122223333:role/AROAEXAMPLEEXAMPLE001",
                    "arn:aws-us-gov:iam::111122223333:root",
                    "arn:aws:sts::111122223333:assumed-role/a/AROAEXAMPLEEXAMPLE001",
                ],
                "Service": ["s3.amazonaws.com.cn", "delivery.logs.amazonaws.com"],
            },
            "Condition": {"StringEquals": {"aws:userid": DEAD[0]}},
        },
    )

    assert unique_ids(found) == (
        UniqueId(1, "'old'", "Principal", "AWS", DEAD[0]),
        UniqueId(2, "'deny'", "NotPrincipal", "AWS", DEAD[1]),
    )
    assert dead_principals(found, [DEAD[1], "*"]) == (UniqueId(2, "'deny'", "NotPrincipal", "AWS", DEAD[1]),)
    assert dead_principals(found, ()) == ()


@given(documents((*CACHES_IN_DOCUMENTS, *DEAD)))
def test_arns_take_the_place_of_ids_and_nothing_else_changes(before: PolicyDocument) -> None:
    text = before.text
    for name in DEAD:
        text = text.replace(f'"{role(name)}"', f'"{name}"')
    names = {name: role(name) for name in DEAD}

    assert with_arns(text, names) == before.text
    assert with_arns(text, {}) == text
    assert unique_ids(PolicyDocument.parse(with_arns(text, names))) == ()


def test_only_principals_are_replaced() -> None:
    other: dict[str, JsonValue] = {**ROOT, "Sid": DEAD[0], "Condition": {"StringEquals": {"aws:userid": DEAD[0]}}}
    value = ours("fc-1")
    value["Principal"] = {"AWS": [DEAD[0], "*"]}
    before = document(other, value).text
    after = PolicyDocument.parse(with_arns(before, {DEAD[0]: role("fc-2")}))

    assert after.statements[0].value == other
    assert after.statements[1].value["Principal"] == {"AWS": [role("fc-2"), "*"]}


@pytest.mark.parametrize("name", NAMED)
def test_a_text_without_ids_is_left_alone(name: str) -> None:
    assert with_arns(NAMED[name], {DEAD[2]: role("fc-3")}) == NAMED[name]
