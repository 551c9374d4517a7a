"""Whom a key policy that KMS refused may have been refused for."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from fcsse.apply.refused_principals import Suspects, explained, never_valid, suspects_of
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import NotVisibleError, PolicyRefusal, PolicyRefusedError, UnexpectedError
from fcsse.model import IamPrincipal
from fcsse.policy.document import PolicyDocument
from fcsse.policy.principal_places import Place, PrincipalKind

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


def refused_for(*principals: str, **suspects: tuple[Place, ...]) -> PolicyRefusedError | None:
    """What is said of a document with these missing principals, and others in doubt."""
    missing = tuple(Place(one, PrincipalKind.IAM, ACCOUNT, "'S'") for one in principals)
    found = Suspects(**{"dead": (), "no_arns": (), "young": (), "others": (), "missing": missing, **suspects})
    return never_valid(NotVisibleError("KMS refuses it.", "x"), found, [role("linked")])


DEAD = Place("AROADEAD111111111111", PrincipalKind.UNIQUE_ID, None, "'Old'")
NO_ARN = Place("no arn", PrincipalKind.NO_ARN, None, "'Wrong'")


def test_what_is_certainly_not_valid_is_named_with_what_helps() -> None:
    assert refused_for() is None
    assert refused_for(role("linked")) is None, "that one is looked after elsewhere"
    for error, reason, pruned in (
        (refused_for(role("gone")), f"IAM knows no {role('gone')} in statement 'S'", False),
        (refused_for(dead=(DEAD,)), f"no role or user has the unique id {DEAD}", True),
        (refused_for(no_arns=(NO_ARN,)), f"no ARN at all: {NO_ARN}", False),
        (
            refused_for(dead=(DEAD,), no_arns=(NO_ARN,)),
            f"no role or user has the unique id {DEAD}; no ARN at all: {NO_ARN}",
            False,
        ),
        (
            refused_for(role("gone"), dead=(DEAD,)),
            f"IAM knows no {role('gone')} in statement 'S'; no role or user has",
            False,
        ),
    ):
        assert error is not None
        assert error.message.startswith(f"KMS refuses it. The reason: {reason}")
        assert ("--prune-orphans" in error.hint, "Correct or remove it" in error.hint) == (pruned, not pruned)
        assert (error.cause, "--via grant" in error.hint) == (PolicyRefusal.PRINCIPALS, True)


def test_a_refusal_names_what_it_is_about() -> None:
    everyone = [role("theirs"), "no arn"]
    statement: dict[str, Any] = {
        "Sid": "S",
        "Effect": "Allow",
        "Principal": {"AWS": everyone, "Service": ["s3.amazonaws.com"]},
        "Action": "kms:*",
    }
    document = PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    services = explained(PolicyRefusedError("Refused.", "x", PolicyRefusal.SERVICE_PRINCIPALS), document)
    assert services.message == "Refused. The service principals in it: s3.amazonaws.com in statement 'S'"
    assert services.hint.startswith("One of them does not exist in this Region")
    arns = explained(PolicyRefusedError("Refused.", "x", PolicyRefusal.ARNS), document)
    assert (arns.message, arns.cause) == ("Refused. No ARN of a principal: no arn in statement 'S'", PolicyRefusal.ARNS)
    statement["Principal"] = {"AWS": everyone[:1], "Service": ["s3.amazonaws.com"]}
    document = PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    arns = explained(PolicyRefusedError("Refused.", "x", PolicyRefusal.ARNS), document)
    assert arns.message == f"Refused. The principals in it: {role('theirs')} in statement 'S'"
    for cause in (PolicyRefusal.PRINCIPALS, PolicyRefusal.LOCKOUT, PolicyRefusal.DOCUMENT):
        error = PolicyRefusedError("Refused.", "x", cause)
        assert explained(error, document) is error
