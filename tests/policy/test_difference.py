"""What differs is named: the value of a documented condition, too, and a star that is taken for a letter."""

from __future__ import annotations

import pytest

from fcsse.link_options import AccessLevel
from fcsse.policy.difference import Difference, DifferenceKind, differences, session_role
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import Access
from fcsse.policy.step_phrases import why_not_ours

ACCESS = Access("role", "111122223333", "aws", "eu-west-1", "data", frozenset({ContextForm.OBJECT}), AccessLevel.READ)
CONTEXT = "kms:EncryptionContext:aws:s3:arn"


def condition(via: JsonValue = "s3.eu-west-1.amazonaws.com", caller: str = "111122223333", by: str = "") -> JsonValue:
    values: dict[str, JsonValue] = {"kms:CallerAccount": caller, "kms:ViaService": via}
    context: dict[str, JsonValue] = {CONTEXT: "arn:aws:s3:::data/*"}
    return {"StringEquals": {**values, **context}} if by else {"StringEquals": values, "StringLike": context}


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        (
            condition(["s3.us-east-1.amazonaws.com", "ec2.eu-west-1.amazonaws.com"]),
            DifferenceKind.VALUE,
            "it is for kms:ViaService s3.us-east-1.amazonaws.com and ec2.eu-west-1.amazonaws.com",
        ),
        (condition(caller="444455556666"), DifferenceKind.VALUE, "it is for kms:CallerAccount 444455556666"),
        (condition(by="StringEquals"), DifferenceKind.OPERATOR, f"it tests {CONTEXT} by StringEquals"),
    ],
)
def test_a_condition_that_never_holds_is_named(value: JsonValue, kind: DifferenceKind, words: str) -> None:
    statement: dict[str, JsonValue] = {"Principal": {"AWS": "role"}, "Condition": value}
    (found,) = differences(statement, ACCESS)
    assert (found.kind, why_not_ours([found])) == (kind, words)


def test_the_documented_condition_differs_in_nothing() -> None:
    assert differences({"Principal": {"AWS": "role"}, "Condition": condition()}, ACCESS) == tuple[Difference, ...]()


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", Difference(DifferenceKind.PRINCIPAL, ("*",))),
        ({"AWS": ["session", "another"]}, Difference(DifferenceKind.PRINCIPAL, ("session",))),
        ({"AWS": ["role", "another", "third"]}, Difference(DifferenceKind.OTHERS, ("another", "third"))),
        ({"AWS": "role"}, None),
        ({"Service": "s3.amazonaws.com"}, None),
    ],
)
def test_principals_beside_the_role_or_in_its_place_are_named(
    principal: JsonValue, expected: Difference | None
) -> None:
    found = differences({"Principal": principal, "Condition": condition()}, ACCESS)
    assert found == ((expected,) if expected else ())


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("arn:aws:sts::111122223333:assumed-role/name/session", ("111122223333", "name")),
        ("arn:aws-cn:sts::111122223333:assumed-role/name", ("111122223333", "name")),
        ("arn:aws:sts::111122223333:federated-user/name", None),
        ("arn:aws:iam::111122223333:assumed-role/name/session", None),
        ("arn:aws:iam::111122223333:role/name", None),
        ("111122223333", None),
        ("*", None),
    ],
)
def test_a_session_names_its_role(principal: str, expected: tuple[str, str] | None) -> None:
    assert session_role(principal) == expected
