"""Whom a key policy that KMS refused may have been refused for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from fcsse.apply.refused_principals import suspects_of
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import UnexpectedError
from fcsse.model import IamPrincipal
from fcsse.policy.document import PolicyDocument

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111122223333"


class Iam:
    """Knows one role each of several kinds."""

    def find_principal(self, arn: Arn) -> IamPrincipal | None:
        match arn.resource.removeprefix("role/"):
            case "young":
                return IamPrincipal(exists=True, created=SINCE)
            case "old":
                return IamPrincipal(exists=True, created=SINCE - timedelta(seconds=1))
            case "undated":
                return IamPrincipal(exists=True)
            case "missing":
                return IamPrincipal(exists=False)
            case "refused":
                raise UnexpectedError("looking up a role: AccessDenied", "Allow it.")
            case _:
                return None

    def dead_ids(self, ids: Any) -> frozenset[str]:
        return frozenset(one for one in ids if one.startswith("AROADEAD"))


def role(name: str, account: str = ACCOUNT) -> str:
    return f"arn:aws:iam::{account}:role/{name}"


def test_each_principal_is_what_iam_says_of_it() -> None:
    own = [role(name) for name in ("young", "old", "undated", "missing", "refused", "other")]
    foreign, dead = role("young", "444455556666"), "AROADEAD111111111111"
    everyone = [*own, foreign, dead, "no arn", f"arn:aws:iam::{ACCOUNT}:root"]
    statement = {"Effect": "Allow", "Principal": {"AWS": everyone, "Service": "s3.amazonaws.com"}, "Action": "kms:*"}
    document = PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    found = suspects_of(document, ACCOUNT, cast("AwsCalls", Iam()), SINCE)
    assert [one.text for one in found.young] == [role("young")]
    assert [one.text for one in found.missing] == [role("missing")]
    assert [one.text for one in found.dead] == [dead]
    assert [one.text for one in found.no_arns] == ["no arn"]
    assert [one.text for one in found.others] == [role("refused"), role("other"), foreign]
