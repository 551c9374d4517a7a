"""The requests a cache makes to S3, and their verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.evaluator.bucket_requests import BucketRequest, bucket_requests, decide_bucket
from fcsse.evaluator.evaluate import compile_policy
from fcsse.evaluator.public_policy import may_be_public
from fcsse.evaluator.request import Verdict
from tests.evaluator.case import ACCOUNT, BUCKET, OTHER, ROLE, ROLE_ID, ROOT, SESSION, document, statement


def asked(role_id: str | None = ROLE_ID, **rest: Any) -> tuple[BucketRequest, ...]:
    return bucket_requests(ROLE, ACCOUNT, "data", role_id, **rest)


def verdicts(*rules: dict[str, Any], action: str = "s3:GetObject", **rest: Any) -> list[Verdict]:
    found = [one for one in asked(**rest) if one.action == action]
    return [decide_bucket(document(*rules) if rules else {}, one).verdict for one in found]


def deny(**changes: Any) -> dict[str, Any]:
    return statement(**{"Effect": "Deny", "Action": "s3:*", **changes})


def allow(**changes: Any) -> dict[str, Any]:
    return statement(**{"Principal": {"AWS": ROLE}, "Action": "s3:*", **changes})


def test_the_requests() -> None:
    found = asked(prefixes=["in/", "out/", "in/"])
    assert [(one.action, one.prefix) for one in found] == [
        ("s3:ListBucket", ""),
        *((f"s3:{name}", prefix) for name in ("GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload") for prefix in ("in/", "out/")),
    ]  # fmt: skip
    assert found[0].request.resource == BUCKET
    assert found[0].every_object is None
    assert found[1].request.resource.startswith(f"{BUCKET}/in/")
    assert found[1].every_object is not None
    assert found[1].every_object.resource_form == f"{BUCKET}/in/*"


def test_the_partition_is_the_role_s() -> None:
    role = ROLE.replace("arn:aws:", "arn:aws-cn:")
    assert bucket_requests(role, ACCOUNT, "data")[0].request.resource == "arn:aws-cn:s3:::data"


def test_in_its_own_account_the_role_needs_nothing_else() -> None:
    assert verdicts() == verdicts(action="s3:ListBucket") == [Verdict.ALLOWED]
    assert verdicts(foreign=True) == [Verdict.DENIED]
    assert verdicts(allow(), foreign=True) == [Verdict.ALLOWED]


@pytest.mark.parametrize(
    ("resource", "whole", "under"),
    [
        (f"{BUCKET}/*", Verdict.ALLOWED, Verdict.ALLOWED),
        (f"{BUCKET}/in/*", Verdict.DENIED, Verdict.ALLOWED),
        (f"{BUCKET}/out/*", Verdict.DENIED, Verdict.DENIED),
        (f"{BUCKET}/in/a*", Verdict.DENIED, Verdict.UNKNOWN),
    ],
)
def test_what_an_allow_covers(resource: str, whole: Verdict, under: Verdict) -> None:
    rule = allow(Resource=resource)
    assert verdicts(rule, foreign=True) == [whole]
    assert verdicts(rule, foreign=True, prefixes=["in/"]) == [under]


def test_of_a_prefix_without_a_slash_only_what_is_in_it_is_certain() -> None:
    """FSx shows a path as it was given. Whether in takes in in-2025, no page says."""
    for resource, expected in (("in/*", Verdict.UNKNOWN), ("in*", Verdict.ALLOWED), ("in-2025/*", Verdict.DENIED)):
        assert verdicts(allow(Resource=f"{BUCKET}/{resource}"), foreign=True, prefixes=["in"]) == [expected]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringLike": {"aws:userid": "*:FSx"}}, Verdict.DENIED),
        ({"StringNotLike": {"aws:userid": f"{ROLE_ID}:*"}}, Verdict.ALLOWED),
        ({"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}, Verdict.ALLOWED),
        ({"StringNotEquals": {"aws:ResourceAccount": ACCOUNT}}, Verdict.ALLOWED),
        ({"ArnNotLike": {"aws:PrincipalArn": ROLE}}, Verdict.ALLOWED),
        ({"Bool": {"aws:SecureTransport": "false"}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, Verdict.ALLOWED),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, Verdict.UNKNOWN),
        ({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}, Verdict.UNKNOWN),
        ({"Bool": {"aws:ViaAWSService": "false"}}, Verdict.UNKNOWN),
        ({"Null": {"s3:x-amz-server-side-encryption": "true"}}, Verdict.UNKNOWN),
        ({"StringNotLike": {"s3:prefix": "in/*"}}, Verdict.UNKNOWN),
    ],
)
def test_what_is_known_of_the_context(block: dict[str, Any], expected: Verdict) -> None:
    for action in ("s3:ListBucket", "s3:GetObject"):
        assert verdicts(deny(Condition=block), action=action, prefixes=["in/"]) == [expected]


def test_an_unknown_role_id_is_no_id() -> None:
    for pattern in (f"{ROLE_ID}:*", "AROAOTHEROTHEROTHER12:FSx"):
        block = {"StringNotLike": {"aws:userid": pattern}}
        assert verdicts(deny(Condition=block), role_id=None) == [Verdict.UNKNOWN]
    assert verdicts(deny(Condition={"StringNotLike": {"aws:userid": "*:FSx"}}), role_id=None) == [Verdict.ALLOWED]


def test_the_owner_of_a_foreign_bucket_is_not_known() -> None:
    for account in (ACCOUNT, OTHER):
        block = {"StringNotEquals": {"aws:ResourceAccount": account}}
        assert verdicts(allow(), deny(Condition=block), foreign=True) == [Verdict.UNKNOWN]


def test_exceptions_by_name() -> None:
    named = {"AWS": [ROLE, SESSION, ROOT]}
    assert verdicts(deny(Principal=None, NotPrincipal=named)) == [Verdict.ALLOWED]
    assert verdicts(deny(Principal=None, NotPrincipal={"AWS": [ROLE, ROOT]})) == [Verdict.UNKNOWN]


EVERYBODY: list[dict[str, Any]] = [
    {"Principal": "*"},
    {"Principal": {"AWS": "*"}},
    {"Principal": None, "NotPrincipal": {"AWS": f"arn:aws:iam::{OTHER}:user/Ann"}},
    {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    {"Principal": "*", "Condition": {"StringLike": {"aws:userid": "*:FSx"}}},
    {"Principal": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}},
    {"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": OTHER}}},
    {"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalAccount": ACCOUNT}}},
    {"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}}},
]


@pytest.mark.parametrize("public", EVERYBODY)
def test_a_public_policy_of_another_account_may_be_blocked(public: dict[str, Any]) -> None:
    """S3 control API reference, RestrictPublicBuckets: even "non-public delegation to specific accounts, is blocked"."""
    assert verdicts(statement(Action="s3:*", **public), foreign=True) == [Verdict.UNKNOWN]
    assert verdicts(allow(), statement(Action="s3:GetObjectTagging", **public), foreign=True) == [Verdict.UNKNOWN]
    assert verdicts(statement(Action="s3:*", **public)) == [Verdict.ALLOWED]
    assert verdicts(statement(Action="s3:*", **public), deny(), foreign=True) == [Verdict.DENIED]


@pytest.mark.parametrize(
    "block",
    [
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
        {"ArnEquals": {"aws:PrincipalArn": ROLE}},
        {"StringEquals": {"aws:userid": f"{ROLE_ID}:FSx"}},
        {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}, "Bool": {"aws:SecureTransport": "true"}},
    ],
)
def test_everybody_narrowed_to_fixed_values_is_not_public(block: dict[str, Any]) -> None:
    rule = statement(Principal="*", Action="s3:*", Condition=block)
    assert verdicts(rule, foreign=True) == [Verdict.ALLOWED]


@pytest.mark.parametrize(("net", "expected"), [("10.0.0.0/8", False), ("10.0.0.0/7", True), ("0.0.0.0/0", True)])
def test_a_wide_range_of_addresses_is_public(net: str, expected: bool) -> None:
    rule = statement(Principal="*", Action="s3:*", Condition={"IpAddress": {"aws:SourceIp": net}})
    assert may_be_public(compile_policy(document(rule))) is expected


def test_a_statement_without_a_principal_is_not_public() -> None:
    assert not may_be_public(compile_policy(document(statement(Principal=None))))
