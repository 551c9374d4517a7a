"""What an ARN or name in a policy is taken for."""

from typing import Any

import pytest

from fcsse.evaluator.caller import Caller, Kind, caller
from fcsse.evaluator.principals import principals

ACCOUNT = "111122223333"
IAM, STS = f"arn:aws:iam::{ACCOUNT}:", f"arn:aws:sts::{ACCOUNT}:"


@pytest.mark.parametrize(
    ("principal", "kind", "about"),
    [
        (f"{IAM}root", Kind.ROOT, {}),
        (f"{IAM}user/division/Ann", Kind.USER, {"name": "Ann"}),
        (f"{IAM}role/path/Reader", Kind.ROLE, {"name": "Reader", "role": f"{IAM}role/path/Reader"}),
        (f"{STS}assumed-role/Reader/now", Kind.SESSION, {"name": "Reader", "session": "now"}),
        (f"{STS}federated-user/Ann", Kind.FEDERATED_USER, {"name": "Ann"}),
        (f"{IAM}group/Readers", Kind.OTHER, {}),
    ],
)
def test_an_arn_is_taken_apart(principal: str, kind: Kind, about: dict[str, str]) -> None:
    assert caller(principal) == Caller(principal, kind, "aws", ACCOUNT, **about)


@pytest.mark.parametrize(
    ("principal", "kind"),
    [
        ("*", Kind.ANONYMOUS),
        ("fsx.amazonaws.com", Kind.SERVICE),
        ("s3.amazonaws.com.cn", Kind.SERVICE),
        ("AROAEXAMPLEEXAMPLE123", Kind.OTHER),
    ],
)
def test_a_name_that_is_no_arn(principal: str, kind: Kind) -> None:
    assert caller(principal) == Caller(principal, kind)


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"AWS": [ACCOUNT, f"{IAM}root"], "Service": "s3.amazonaws.com"}, True),
        ("*", False),
        (ACCOUNT, False),
        ({"AWS": [ACCOUNT, f"{IAM}user/Ann"]}, False),
        ({"AWS": [ACCOUNT, f"{IAM}role/Reader"]}, False),
        ({"AWS": [f"{IAM}root", "AROAEXAMPLEEXAMPLE123"]}, False),
        ({"AWS": ACCOUNT, "Federated": "accounts.google.com"}, False),
        ({"AWS": ACCOUNT, "CanonicalUser": "79a5"}, False),
    ],
)
def test_principals_that_are_accounts_only(element: Any, expected: bool) -> None:
    assert principals(element).accounts_only is expected
