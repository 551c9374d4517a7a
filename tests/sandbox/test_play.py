"""Playing the cache: what its role may read and write."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OPERATIONS, OTHER, OWN, allow, documented, policy, slr

SESSION = f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0123/FSx"
EVERY = {
    "Sid": "every cache",
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
    "Condition": {
        "StringEquals": {"kms:CallerAccount": OWN, "kms:ViaService": "s3.eu-west-1.amazonaws.com"},
        "StringLike": {"aws:userid": "*:FSx", "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"},
    },
}


def test_delegation_to_iam_gives_the_role_nothing(world: Sandbox) -> None:
    """File Cache user guide: the role's own permissions are S3 actions only."""
    key = world.key("data").arn
    for outcome, action in (
        (world.cache("fc-0123").read("data", "hello.txt"), "kms:Decrypt"),
        (world.cache("fc-0123").write("data", "new.txt"), "kms:GenerateDataKey"),
    ):
        assert (outcome.allowed, outcome.code) == (False, "AccessDenied")
        assert outcome.message == (
            f"User: {SESSION} is not authorized to perform: {action} on resource: {key} "
            f"because no identity-based policy allows the {action} action"
        )


def test_the_documented_statement_opens_exactly_its_bucket_to_its_cache(world: Sandbox) -> None:
    world.put_policy("data", policy(documented("fc-0123", "data")))
    cache = world.cache("fc-0123")
    outcome = cache.read("data", "hello.txt")
    assert (outcome.data, outcome.decided_by) == (
        b"hello from the bucket\n",
        "Allow access through S3 for fc-0123",
    )
    assert cache.read("data", "dir/file name with spaces.bin").data == bytes(range(64))
    assert cache.write("data", "new.txt", b"new").allowed
    assert cache.read("data", "new.txt").data == b"new"
    for other in ("fc-01234567890", "fc-0456", "fs-0abc"):
        assert not world.cache(other).read("data", "hello.txt").allowed


@pytest.mark.parametrize(
    "change",
    [
        {"StringEquals": {"kms:CallerAccount": OTHER}},
        {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}},
        {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::other/*"}},
        {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data"}},
    ],
)
def test_a_condition_that_does_not_hold_denies(world: Sandbox, change: dict[str, Any]) -> None:
    statement = {**documented("fc-0123", "data"), "Condition": change}
    world.put_policy("data", policy(statement))
    assert not world.cache("fc-0123").read("data", "hello.txt").allowed


def test_bucket_keys_turned_on_later_leave_older_objects_in_the_object_form(world: Sandbox) -> None:
    """S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"."""
    cache = world.cache("fc-0123")

    def answers() -> list[bool]:
        return [
            cache.read("data-bucket-keys", "old.txt").allowed,
            cache.read("data-bucket-keys", "hello.txt").allowed,
            cache.write("data-bucket-keys", "x").allowed,
        ]

    world.put_policy("data-bucket-keys", policy(documented("fc-0123", "data-bucket-keys", form="")))
    assert answers() == [False, True, True]
    world.put_policy("data-bucket-keys", policy(documented("fc-0123", "data-bucket-keys", form="/*")))
    assert answers() == [True, False, False]


def test_the_every_cache_form_is_met_by_the_session_s_name(world: Sandbox) -> None:
    world.put_policy("data", policy(EVERY))
    for cache in ("fc-0123", "fc-0456", "fs-0abc"):
        assert world.cache(cache).read("data", "hello.txt").decided_by == "every cache"


def test_a_grant_opens_a_key_of_another_account(world: Sandbox) -> None:
    cache = world.cache("fc-0123")
    assert "no resource-based policies allow access" in cache.read("data-other-account", "hello.txt").message
    world.client("kms").create_grant(
        KeyId=world.key("data-other-account").arn, GranteePrincipal=slr("fc-0123"), Operations=OPERATIONS, Name="n"
    )
    assert cache.read("data-other-account", "hello.txt").decided_by == "grant n"
    assert cache.write("data-other-account", "new.txt").allowed


def test_a_policy_alone_never_opens_a_key_of_another_account(world: Sandbox) -> None:
    """KMS developer guide, "Allowing users in other accounts to use a KMS key": the role has no IAM permission."""
    theirs = policy(allow(slr("fc-0123"), "kms:*"), root=f"arn:aws:iam::{OTHER}:root")
    world.put_policy("data-other-account", theirs)
    outcome = world.cache("fc-0123").read("data-other-account", "hello.txt")
    assert (outcome.allowed, "no identity-based policy" in outcome.message) == (False, True)


def test_a_foreign_bucket_needs_a_bucket_policy_too(world: Sandbox) -> None:
    assert world.cache("fc-0123").read("data-other-secret", "hello.txt").message == "Access Denied"


def test_a_narrow_grant_works_only_with_bucket_keys(world: Sandbox) -> None:
    """Grant constraints are exact: the bucket's ARN is the context only of objects that use Bucket Keys."""
    kms = world.client("kms")
    cache = world.cache("fc-0123")
    for bucket in ("data", "data-bucket-keys"):
        constraint = {"EncryptionContextSubset": {"aws:s3:arn": f"arn:aws:s3:::{bucket}"}}
        kms.create_grant(
            KeyId=world.key(bucket).arn,
            GranteePrincipal=slr("fc-0123"),
            Operations=["Decrypt"],
            Constraints=constraint,
        )
    assert not cache.read("data", "hello.txt").allowed
    assert cache.read("data-bucket-keys", "hello.txt").allowed


@pytest.mark.parametrize(
    ("bucket", "code"),
    [("data-disabled", "KMS.DisabledException"), ("data-deleting", "KMS.KMSInvalidStateException")],
)
def test_a_linked_key_out_of_use_helps_nobody(world: Sandbox, bucket: str, code: str) -> None:
    world.put_policy(bucket, policy(documented("fc-0123", bucket)))
    assert world.cache("fc-0123").read(bucket, "hello.txt").code == code


def test_sse_s3_and_the_account_s_own_aws_s3_need_nothing(world: Sandbox) -> None:
    assert world.cache("fc-0123").read("data-sse-s3", "hello.txt").allowed
    assert world.cache("fc-0456").write("data-aws-s3", "x").allowed


def test_an_explicit_deny_wins(world: Sandbox) -> None:
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    world.put_policy("data", policy(documented("fc-0123", "data"), deny))
    message = world.cache("fc-0123").read("data", "hello.txt").message
    assert message.endswith("with an explicit deny in a resource-based policy")


def test_a_new_role_is_not_the_deleted_one(world: Sandbox) -> None:
    world.put_policy("data", policy(documented("fc-0123", "data")))
    world.delete_cache("fc-0123")
    world.add_cache("fc-0123", ["data"])
    assert not world.cache("fc-0123").read("data", "hello.txt").allowed


@pytest.mark.parametrize(
    ("cache", "bucket", "name", "code"),
    [
        ("fc-0fff", "data", "k", "FileCacheNotFound"),
        ("fc-0ace", "data", "k", "NoSuchEntity"),
        ("fc-0123", "nothing", "k", "NoSuchBucket"),
        ("fc-0123", "data", "nothing", "NoSuchKey"),
    ],
)
def test_what_is_missing_is_said(world: Sandbox, cache: str, bucket: str, name: str, code: str) -> None:
    assert world.cache(cache).read(bucket, name).code == code
