from __future__ import annotations

import json

import pytest

from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import (
    ACTIONS,
    PAGE_SID,
    Access,
    LinkStatement,
    documented_statement,
    is_of_links_alone,
    is_sid_for,
    read_statement,
    sid_for,
)
from tests.policy.documents import (
    ACCOUNT,
    BOTH,
    BUCKET,
    DEAD,
    OBJECT,
    PAGE_STATEMENT,
    PAGE_STATEMENT_EVERY_CACHE,
    access,
    ours,
    role,
)
from tests.policy.layouts import stored_by_kms

Value = dict[str, JsonValue]
CONTEXT = "kms:EncryptionContext:aws:s3:arn"
EQUALS: Value = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}
LIKE: Value = {CONTEXT: "arn:aws:s3:::data/*"}


def test_the_statement_is_the_pages_to_the_letter() -> None:
    assert json.dumps(documented_statement(access(), PAGE_SID), indent=4) == PAGE_STATEMENT
    assert json.dumps(documented_statement(access(None), PAGE_SID), indent=4) == PAGE_STATEMENT_EVERY_CACHE


def test_bucket_keys_call_for_the_bucket_itself_and_both_for_a_list() -> None:
    def context(forms: frozenset[ContextForm]) -> JsonValue:
        condition = documented_statement(access(forms=forms), "x")["Condition"]
        assert isinstance(condition, dict)
        like = condition["StringLike"]
        assert isinstance(like, dict)
        return like[CONTEXT]

    assert context(BUCKET) == "arn:aws:s3:::data"
    assert context(BOTH) == ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]


def test_other_partitions_show_in_arns_but_not_in_the_service() -> None:
    text = json.dumps(documented_statement(access(region="cn-north-1", partition="aws-cn"), "x"))

    assert "arn:aws-cn:s3:::data/*" in text
    assert "arn:aws-cn:iam::111122223333:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/" in text
    assert '"s3.cn-north-1.amazonaws.com"' in text


def test_an_access_needs_a_form() -> None:
    with pytest.raises(ValueError, match="at least one form"):
        Access(None, ACCOUNT, "aws", "eu-west-1", "data", frozenset())


def test_sids_name_the_bucket_and_the_kind() -> None:
    one, all_caches = sid_for("my.data-1", False), sid_for("my.data-1", True)

    assert one == "Allow FSx to use the key through S3 for bucket my.data-1"
    assert one != all_caches
    assert set(one + all_caches) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .-")
    assert is_sid_for(one, "my.data-1", False)
    assert is_sid_for(f"{one} 12", "my.data-1", False)
    for other in (
        None,
        "",
        " 2",
        all_caches,
        f"{one}0",
        f"{one} x",
        one.replace(".", "x"),
        sid_for("my.data-10", False),
    ):
        assert not is_sid_for(other, "my.data-1", False)


READ = LinkStatement((role("fc-0123"),), False, ACCOUNT, "eu-west-1", frozenset({"arn:aws:s3:::data/*"}))


def test_the_pages_statement_is_recognised() -> None:
    assert read_statement(json.loads(PAGE_STATEMENT)) == READ
    every = read_statement(json.loads(PAGE_STATEMENT_EVERY_CACHE))
    assert every == LinkStatement(("*",), True, ACCOUNT, "eu-west-1", READ.patterns)
    assert every.roles == ()
    assert READ.roles == READ.principals
    assert READ.buckets == {"arn:aws:s3:::data"}


@pytest.mark.parametrize("caches", [(), ("fc-1",), ("fc-1", "fs-2")])
@pytest.mark.parametrize("forms", [OBJECT, BUCKET, BOTH])
def test_what_kms_stored_is_recognised(caches: tuple[str, ...], forms: frozenset[ContextForm]) -> None:
    value = ours(*caches, forms=forms)
    stored = stored_by_kms(value)

    assert isinstance(stored, dict)
    found = read_statement(stored)
    assert found == read_statement(value)
    assert found is not None
    assert found.every_cache == (not caches)
    assert found.patterns == set(access(forms=forms).patterns)


@pytest.mark.parametrize(
    "change",
    [
        {"Sid": "anything"},
        {"Sid": None},
        {"Action": [action.upper() for action in reversed(ACTIONS)]},
        {"Action": [*ACTIONS, "kms:GenerateDataKey", "kms:ReEncryptTo"]},
        {
            "Action": [
                *("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"),
                *("kms:GenerateDataKeyWithoutPlaintext", "kms:GenerateDataKeyPair"),
                *("kms:GenerateDataKeyPairWithoutPlaintext", "kms:DescribeKey"),
            ]
        },
        {"Resource": ["*"]},
        {"Principal": {"AWS": [role("fc-0123")]}},
        {"Principal": {"AWS": [role("fc-0123"), role("fc-0123")]}},
        {"Condition": {"stringequals": {k.upper(): v for k, v in EQUALS.items()}, "STRINGLIKE": {CONTEXT.lower(): "arn:aws:s3:::data/*"}}},
        {"Condition": {"StringLike": {**LIKE, **EQUALS}}},
        {"Condition": {"StringEquals": {**EQUALS, "kms:CallerAccount": [int(ACCOUNT)]}, "StringLike": LIKE}},
    ],
)  # fmt: skip
def test_other_spellings_are_recognised(change: Value) -> None:
    value = {key: one for key, one in {**json.loads(PAGE_STATEMENT), **change}.items() if one is not None}

    assert read_statement(value) == READ


def test_a_bucket_under_string_equals_is_recognised() -> None:
    value = ours("fc-0123")
    value["Condition"] = {"StringEquals": {**EQUALS, CONTEXT: "arn:aws:s3:::data"}}
    found = read_statement(value)

    assert found is not None
    assert found.exact
    assert found.patterns == {"arn:aws:s3:::data"}


def test_dead_principals_and_several_buckets_are_recognised() -> None:
    value = ours("fc-0123")
    value["Principal"] = {"AWS": [DEAD[0], role("fc-0123")]}
    patterns = ["arn:aws:s3:::a", "arn:aws:s3:::a/*", "arn:aws:s3:::Old_Name/*"]
    value["Condition"] = {"StringEquals": EQUALS, "StringLike": {CONTEXT: list(patterns)}}
    found = read_statement(value)

    assert found is not None
    assert found.principals == (DEAD[0], role("fc-0123"))
    assert found.patterns == set(patterns)
    assert found.buckets == {"arn:aws:s3:::a", "arn:aws:s3:::Old_Name"}


EVERY = "aws:userid"


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Effect": "allow"},
        {"Effect": None},
        {"Principal": None},
        {"Principal": None, "NotPrincipal": {"AWS": role("fc-0123")}},
        {"Principal": {"AWS": role("fc-0123"), "Service": "s3.amazonaws.com"}},
        {"Principal": {"Service": "s3.amazonaws.com"}},
        {"Principal": {"AWS": []}},
        {"Principal": {"AWS": "*"}},
        {"Principal": "*"},
        {"Principal": {"AWS": ["*", role("fc-0123")]}},
        {"Principal": {"AWS": [role("fc-0123"), {}]}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Loader"}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Principal": {"AWS": ACCOUNT}},
        {
            "Principal": {
                "AWS": role("fc-0123").replace("/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com", "")
            }
        },
        {"Action": ACTIONS[:4]},
        {"Action": [*ACTIONS, "kms:CreateGrant"]},
        {"Action": "kms:*"},
        {"Action": None},
        {"Action": None, "NotAction": [*ACTIONS]},
        {"Resource": "arn:aws:kms:eu-west-1:111122223333:key/x"},
        {"Resource": None},
        {"Owner": "x"},
        {"Condition": None},
        {"Condition": {"StringEquals": EQUALS}},
        {"Condition": {"StringLike": LIKE}},
        {"Condition": {"StringEquals": {**EQUALS, "aws:PrincipalTag/a": "b"}, "StringLike": LIKE}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": LIKE, "Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": LIKE, "Bool": [{"aws:SecureTransport": "true"}]}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": LIKE, "Bool": "x"}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": LIKE, "Bool": None}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {**LIKE, EVERY: "*:FSx"}}},
        {"Condition": {"StringNotEquals": EQUALS, "StringLike": LIKE}},
        {"Condition": {"StringEqualsIfExists": EQUALS, "StringLike": LIKE}},
        {"Condition": {"StringEquals": EQUALS, "StringNotLike": LIKE}},
        {"Condition": {"StringEquals": EQUALS, "ForAnyValue:StringLike": LIKE}},
        {"Condition": {"StringEquals": EQUALS, "ArnLike": LIKE}},
        {"Condition": {"StringEquals": {**EQUALS, **LIKE}}},
        {"Condition": {"StringEquals": {**EQUALS, CONTEXT: "arn:aws:s3:::data"}, "StringLike": LIKE}},
        {"Condition": {"StringEquals": {**EQUALS, "kms:CallerAccount": [ACCOUNT, "444455556666"]}, "StringLike": LIKE}},
        {"Condition": {"StringLike": {**EQUALS, **LIKE, "kms:CallerAccount": "*"}}},
        {
            "Condition": {
                "StringEquals": {**EQUALS, "kms:ViaService": "ec2.eu-west-1.amazonaws.com"},
                "StringLike": LIKE,
            }
        },
        {"Condition": {"StringLike": {**EQUALS, **LIKE, "kms:ViaService": "s3.*.amazonaws.com"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: "arn:aws:s3:::data*"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: "arn:aws:s3:::data/prefix/*"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: "arn:aws:s3:::*"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: "*"}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: ["arn:aws:s3:::data/*", "arn:aws:s3:::d?"]}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: []}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT: True}}},
        {"Condition": {"StringEquals": EQUALS, "StringLike": {CONTEXT.replace("s3", "s4"): "arn:aws:s3:::data/*"}}},
    ],
)
def test_anything_wider_narrower_or_odd_is_not_ours(change: Value) -> None:
    changed = {**json.loads(PAGE_STATEMENT), **change}
    value = json.loads(json.dumps({key: one for key, one in changed.items() if one is not None}))

    assert read_statement(value) is None


@pytest.mark.parametrize("userid", ["*:Other", "*", ["*:FSx", "*:x"]])
def test_every_cache_needs_the_documented_session(userid: JsonValue) -> None:
    value = ours()
    value["Condition"] = {"StringEquals": EQUALS, "StringLike": {**LIKE, EVERY: userid}}
    assert read_statement(value) is None
    value["Condition"] = {"StringEquals": EQUALS, "StringLike": {**LIKE, EVERY: ["*:FSx"]}}
    assert read_statement(value) is not None
    value["Principal"] = "*"
    assert read_statement(value) is not None


@pytest.mark.parametrize(
    ("principal", "alone"),
    [
        (role("fc-0123"), True),
        ([role("fc-0123"), "AROAEXAMPLEID12345678"], True),
        ([role("fc-0123"), f"arn:aws:iam::{ACCOUNT}:user/Alice"], False),
        ([role("fc-0123"), f"arn:aws:iam::{ACCOUNT}:root"], False),
    ],
)
def test_one_that_names_others_too_is_theirs_as_well(principal: JsonValue, alone: bool) -> None:
    value: Value = {**json.loads(PAGE_STATEMENT), "Principal": {"AWS": principal}}
    assert read_statement(value) is not None
    assert is_of_links_alone(value) is alone
    assert not is_of_links_alone({**value, "Effect": "Deny"})
