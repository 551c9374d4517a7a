"""The principals of a policy, of every kind, with the statements that they stand in."""

from __future__ import annotations

import pytest

from fcsse.policy.principal_places import Place, PrincipalKind, joined, principal_places
from tests.policy.documents import ACCOUNT, DEAD, ROOT, document, role

KINDS: dict[str, tuple[PrincipalKind, str | None]] = {
    "*": (PrincipalKind.EVERYBODY, None),
    DEAD[0]: (PrincipalKind.UNIQUE_ID, None),
    "444455556666": (PrincipalKind.ACCOUNT, "444455556666"),
    "arn:aws-cn:iam::444455556666:root": (PrincipalKind.ACCOUNT, "444455556666"),
    role("fc-1"): (PrincipalKind.IAM, ACCOUNT),
    "arn:aws:iam::444455556666:user/x": (PrincipalKind.IAM, "444455556666"),
    "arn:aws:sts::444455556666:assumed-role/x/y": (PrincipalKind.IAM, "444455556666"),
    "arn:aws:sts::444455556666:federated-user/x": (PrincipalKind.OTHER, "444455556666"),
    "arn:aws:iam::444455556666:saml-provider/x": (PrincipalKind.OTHER, "444455556666"),
    "arn:aws:iam:::role/x": (PrincipalKind.NO_ARN, None),
    "somebody": (PrincipalKind.NO_ARN, None),
}


@pytest.mark.parametrize("text", KINDS)
def test_every_principal_has_a_kind_and_perhaps_an_account(text: str) -> None:
    kind, account = KINDS[text]
    places = principal_places(document({**ROOT, "Principal": {"AWS": text}}))

    assert places == (Place(text, kind, account, f"'{ROOT['Sid']}'"),)


def test_principals_stand_in_both_elements_and_come_once_a_statement() -> None:
    found = document(
        {**ROOT, "Sid": "a", "Principal": "*"},
        {**ROOT, "Sid": "b", "Principal": {"Service": ["s3.amazonaws.com"], "AWS": ["x", "x"], "Federated": "f"}},
        {"Sid": "c", "Effect": "Deny", "NotPrincipal": {"AWS": "x"}},
        {"Sid": "d", "Effect": "Deny"},
    )
    places = principal_places(found)

    assert [(one.text, one.kind, one.label) for one in places] == [
        ("*", PrincipalKind.EVERYBODY, "'a'"),
        ("s3.amazonaws.com", PrincipalKind.SERVICE, "'b'"),
        ("x", PrincipalKind.NO_ARN, "'b'"),
        ("f", PrincipalKind.OTHER, "'b'"),
        ("x", PrincipalKind.NO_ARN, "'c'"),
    ]
    assert all(one.account is None for one in places)
    assert str(places[0]) == "* in statement 'a'"
    assert joined(places[1:]) == ("s3.amazonaws.com in statement 'b'; x in statements 'b' and 'c'; f in statement 'b'")
    assert joined(()) == ""
