"""What is not known but makes no difference, and what is known of a cache's requests: times, TLS, keys, organization."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fcsse.arn import Arn
from fcsse.evaluator.bucket_requests import bucket_requests, decide_bucket
from fcsse.evaluator.cache_requests import CONTEXT_KEY, cache_requests, decide
from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Cause, Request, Verdict
from fcsse.model import Key, RequestFacts
from fcsse.policy.encryption_context import ContextForm
from tests.evaluator.case import ACCOUNT, BUCKET, KEY, ROLE, ROLE_ID, document, statement

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN
VPC, MFA, CALLED = "aws:SourceVpc", "aws:MultiFactorAuthPresent", "aws:CalledVia"


def allow(condition: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return statement(Condition=condition, **changes)


def deny(condition: dict[str, Any] | None = None) -> dict[str, Any]:
    return statement(Effect="Deny", Condition=condition)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([allow({"StringEquals": {VPC: "a"}}), allow({"StringNotEquals": {VPC: "a"}})], ALLOWED),
        ([allow({"StringEquals": {VPC: "a"}}), allow({"StringNotEquals": {VPC: "b"}})], UNKNOWN),
        ([allow({"StringEquals": {VPC: "b"}}), allow({"StringEquals": {VPC: "a"}})], UNKNOWN),
        ([allow({"StringLike": {VPC: "a*"}}), allow({"StringNotLike": {VPC: "ab*"}})], ALLOWED),
        ([allow({"StringLike": {VPC: "ab*"}}), allow({"StringNotLike": {VPC: "a*"}})], UNKNOWN),
        ([allow({"StringLike": {VPC: "a*"}}), deny({"StringLike": {VPC: "a*"}})], DENIED),
        ([allow({"StringEquals": {VPC: "ab"}}), deny({"StringLike": {VPC: "a*"}})], DENIED),
        ([allow({"StringEquals": {VPC: "a"}}), deny({"StringNotEquals": {VPC: "b"}})], DENIED),
        ([allow({"StringEquals": {VPC: "a"}}), deny({"StringNotEquals": {VPC: "a"}})], UNKNOWN),
        ([allow({"Null": {VPC: "true"}}), allow({"Null": {VPC: "false"}})], ALLOWED),
        ([allow({"Null": {VPC: "true"}, "StringEquals": {VPC: "a"}})], DENIED),
        ([allow({"BoolIfExists": {MFA: ["true", "false"]}})], ALLOWED),
        ([allow({"BoolIfExists": {MFA: "true"}})], UNKNOWN),
        ([allow({"Bool": {MFA: ["true", "false"]}})], UNKNOWN),
        ([allow({"Bool": {MFA: ["true", "false"]}}), allow({"Null": {MFA: True}})], ALLOWED),
        ([allow({"Bool": {MFA: "true"}}), deny({"Bool": {MFA: "true"}})], DENIED),
        ([allow(), deny({"Bool": {MFA: "true"}, "Null": {MFA: "true"}})], ALLOWED),
        ([allow({"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}), allow({"NumericGreaterThanEqualsIfExists": {"aws:MultiFactorAuthAge": "60"}})], ALLOWED),
        ([allow({"NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}), deny({"NumericLessThan": {"aws:MultiFactorAuthAge": "90"}})], DENIED),
        ([allow({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), deny({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})], DENIED),
        ([allow({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), deny({"NotIpAddress": {"aws:SourceIp": "172.16.0.0/12"}})], DENIED),
        ([allow({"ForAnyValue:StringEquals": {CALLED: "a"}}), allow({"ForAllValues:StringNotEquals": {CALLED: "a"}})], ALLOWED),
        ([allow({"ForAnyValue:StringEquals": {CALLED: "a"}}), deny({"ForAnyValue:StringEquals": {CALLED: "a"}})], DENIED),
        ([allow({"StringEquals": {CALLED: "a"}}), allow({"StringNotEquals": {CALLED: "a"}})], UNKNOWN),
        ([allow({"StringEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc}"}}), allow({"StringNotEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc}"}})], UNKNOWN),
        ([allow({"StringEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc, 'x'}"}}), allow({"StringNotEquals": {"aws:PrincipalTag/t": "${aws:SourceVpc, 'x'}"}})], ALLOWED),
        ([allow({"StringEquals": {"aws:PrincipalAccount": "${aws:SourceVpc}"}}), allow({"StringNotEquals": {"aws:PrincipalAccount": "${aws:SourceVpc}"}})], UNKNOWN),
        ([allow({"StringNotLike": {"aws:PrincipalAccount": "vpc-${aws:SourceVpc}"}})], UNKNOWN),
        ([allow({"StringNotLike": {"aws:PrincipalTag/t": "vpc-${aws:SourceVpc}", "aws:PrincipalAccount": "1*"}})], DENIED),
        ([allow(), deny({"StringNotLike": {"aws:PrincipalAccount": "vpc-${aws:SourceVpc}"}})], UNKNOWN),
        ([allow({"StringNotLike": {"aws:PrincipalAccount": "vpc-${aws:PrincipalType}"}})], ALLOWED),
        ([allow({"ForAnyValue:StringNotEquals": {CALLED: "${aws:SourceVpc}"}}), allow({"ForAllValues:StringEquals": {CALLED: "${aws:SourceVpc}"}})], UNKNOWN),
        ([allow({"StringLike": {"aws:PrincipalAccount": "vpc-${aws:SourceVpc}"}})], DENIED),
        ([allow(Resource=KEY[:-1] + "${aws:SourceVpc}"), deny({"StringEquals": {VPC: "zz"}})], UNKNOWN),
    ],
)  # fmt: skip
def test_one_unknown_key_in_several_places(rules: list[dict[str, Any]], expected: Verdict) -> None:
    found = evaluate(document(*rules), Request(ROLE, "kms:Decrypt", KEY))
    assert found.verdict is expected, found.reason


def test_an_answer_for_every_value_says_so_and_an_unknown_one_on_what_it_depends() -> None:
    asked = Request(ROLE, "kms:Decrypt", KEY)
    both = document(allow({"StringEquals": {VPC: "a"}}, Sid="A"), allow({"StringNotEquals": {VPC: "a"}}, Sid="B"))
    told = "statement 'A' or statement 'B' allows kms:Decrypt, whatever aws:SourceVpc is"
    assert evaluate(both, asked).reason == told
    found = evaluate(document(allow({"StringEquals": {VPC: "a"}})), asked)
    assert found.depends_on == {"aws:sourcevpc"}
    assert found.cause is Cause.PERHAPS_ALLOWED


NOW = RequestFacts(datetime(2026, 6, 1, tzinfo=UTC))


def reading(condition: dict[str, Any], known: RequestFacts = NOW, key: Key | None = None) -> Verdict:
    asked = cache_requests(ROLE, ACCOUNT, "eu-west-1", KEY, "data", [ContextForm.OBJECT], ROLE_ID, key=key, known=known)
    return decide(document(allow(condition)), asked[0]).verdict


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"DateLessThan": {"aws:CurrentTime": "2026-05-31"}}, DENIED),
        ({"DateLessThan": {"aws:CurrentTime": "2026-07-01"}}, UNKNOWN),
        ({"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}, ALLOWED),
        ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}, ALLOWED),
        ({"DateGreaterThan": {"aws:CurrentTime": "2030-01-01"}}, DENIED),
        ({"DateNotEquals": {"aws:CurrentTime": "2020-01-01"}}, ALLOWED),
        ({"NumericLessThan": {"aws:EpochTime": "1500000000"}}, DENIED),
        ({"NumericGreaterThan": {"aws:CurrentTime": "1500000000"}}, UNKNOWN),
        ({"DateNotEquals": {"aws:CurrentTime": "2030"}}, UNKNOWN),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-05-01"}}, ALLOWED),
        ({"DateGreaterThan": {"aws:TokenIssueTime": "2026-05-31T12:00:00Z"}}, UNKNOWN),
    ],
)
def test_time_only_goes_forward(condition: dict[str, Any], expected: Verdict) -> None:
    assert reading(condition) is expected
    assert reading(condition, RequestFacts()) is UNKNOWN


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}, ALLOWED),
        ({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}, DENIED),
        ({"Bool": {"kms:MultiRegion": "true"}}, ALLOWED),
        ({"StringEquals": {"kms:CustomerMasterKeySpec": "SYMMETRIC_DEFAULT"}}, ALLOWED),
        ({"StringNotEquals": {"kms:CustomerMasterKeyUsage": "ENCRYPT_DECRYPT"}}, DENIED),
        ({"Null": {"kms:MultiRegionKeyType": "true"}}, UNKNOWN),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/data"}}, UNKNOWN),
        ({"ForAllValues:StringEquals": {"kms:ResourceAliases": "alias/data"}}, ALLOWED),
        ({"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/other"}}, DENIED),
        ({"StringEquals": {"aws:ResourceTag/team": "x"}}, UNKNOWN),
        ({"StringNotEquals": {"aws:ResourceTag/team": "y"}}, ALLOWED),
        ({"StringEquals": {"aws:ResourceTag/team": "y"}}, DENIED),
        ({"Null": {"aws:ResourceTag/team": "false"}}, UNKNOWN),
        ({"StringEquals": {"aws:ResourceTag/other": "x"}}, DENIED),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, ALLOWED),
        ({"StringEquals": {"aws:ResourceOrgID": "o-2"}}, DENIED),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}, ALLOWED),
        ({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-2/*"}}, DENIED),
    ],
)
def test_what_is_known_of_the_key_and_the_organization(condition: dict[str, Any], expected: Verdict) -> None:
    arn = Arn.parse(KEY)
    assert arn is not None
    key = Key(arn, "Enabled", "CUSTOMER", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EXTERNAL", True)
    known = RequestFacts(organization="o-1", aliases=("alias/data",), tags=(("team", "x"),))
    assert reading(condition, known, key) is expected


@pytest.mark.parametrize(
    "key",
    [
        "kms:ScheduleKeyDeletionPendingWindowInDays",
        "kms:RotationPeriodInDays",
        "kms:ValidTo",
        "kms:MessageType",
        "kms:MultiRegionKeyType",
    ],
)
def test_what_only_other_operations_and_keys_carry(key: str) -> None:
    """KMS developer guide, "AWS KMS condition keys", API operations of each."""
    assert reading({"Null": {key: "true"}}) is ALLOWED


def test_tags_and_aliases_decide_only_where_it_does_not_matter_whether_a_key_policy_can_test_them() -> None:
    """KMS developer guide: "ABAC for AWS KMS" says "IAM policy only", the permissions table differs."""
    known = RequestFacts(aliases=("alias/data",), tags=(("team", "x"),))
    assert reading({"StringEqualsIfExists": {"aws:ResourceTag/team": "x"}}, known) is ALLOWED
    assert reading({"StringNotEquals": {"aws:ResourceTag/team": "x"}}, known) is UNKNOWN
    assert reading({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceTag/team}"}}, known) is not ALLOWED


def test_tags_whose_names_differ_in_case_alone_decide_nothing() -> None:
    """Condition keys ignore case, tags of a key do not. Which of two a condition sees is not written down."""
    known = RequestFacts(tags=(("Secret", "yes"), ("secret", "no")))
    for value in ("yes", "no"):
        assert reading({"StringNotEquals": {"aws:ResourceTag/Secret": value}}, known) is UNKNOWN


def test_an_account_in_no_organization() -> None:
    known = RequestFacts(organization="")
    assert reading({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, known) is DENIED
    assert reading({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}, known) is ALLOWED


@pytest.mark.parametrize(
    ("pattern", "expected"), [(f"{BUCKET}/?*", ALLOWED), (f"{BUCKET}/*?", ALLOWED), (f"{BUCKET}/??*", UNKNOWN)]
)
def test_an_object_key_has_a_character(pattern: str, expected: Verdict) -> None:
    assert reading({"StringLike": {CONTEXT_KEY: pattern}}) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, ALLOWED),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, ALLOWED),
        ({"NumericLessThanIfExists": {"s3:TlsVersion": "1.1"}}, ALLOWED),
        ({"NumericLessThan": {"s3:TlsVersion": "1.3"}}, UNKNOWN),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, DENIED),
    ],
)
def test_no_endpoint_takes_an_old_tls(condition: dict[str, Any], expected: Verdict) -> None:
    policy = document(statement(Effect="Deny", Action="s3:*", Condition=condition))
    for asked in bucket_requests(ROLE, ACCOUNT, "data", ROLE_ID):
        assert decide_bucket(policy, asked).verdict is expected
