"""Roles that come late, names that must be unique, and who one is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fcsse.sandbox import Credentials, Sandbox, accounts, principals
from tests.sandbox.clients import INVALID, OTHER, OWN, allow, identity, policy, refused, slr

PATH = "/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"
TRUST = '{"Version": "2012-10-17", "Statement": []}'


def test_service_linked_roles_are_listed_by_their_path(world: Sandbox) -> None:
    iam = world.client("iam")
    pages = list(iam.get_paginator("list_roles").paginate(PathPrefix=PATH, PaginationConfig={"PageSize": 2}))
    arns = {role["Arn"] for page in pages for role in page["Roles"]}
    assert arns == {slr(cache) for cache in ("fc-0123", "fc-01234567890", "fc-0456", "fc-0bad", "fs-0abc")}
    assert [len(page["Roles"]) for page in pages] == [2, 2, 1]
    assert iam.get_role(RoleName="AWSServiceRoleForFSxS3Access_fc-0123")["Role"]["Arn"] == slr("fc-0123")
    assert refused(iam.list_roles, MaxItems=1001)[0] in ("ValidationError", "ParamValidationError")


def test_a_role_that_is_not_there_is_not_found(world: Sandbox) -> None:
    """The cache is being created, or it is gone."""
    for cache in ("fc-0ace", "fc-0dead"):
        name = f"AWSServiceRoleForFSxS3Access_{cache}"
        assert refused(world.client("iam").get_role, RoleName=name) == (
            "NoSuchEntity",
            f"The role with name {name} cannot be found.",
        )


def test_a_role_appears_after_some_calls_and_later_still_to_kms(sandbox: Sandbox) -> None:
    """IAM user guide, "Changes that I make are not always immediately visible"."""
    key = sandbox.add_key("data").id
    sandbox.add_cache("fc-0123", role_calls=2, kms_calls=1)
    iam, kms = sandbox.client("iam"), sandbox.client("kms")
    asked = {"RoleName": "AWSServiceRoleForFSxS3Access_fc-0123"}
    assert [refused(iam.get_role, **asked)[0] for _ in range(2)] == ["NoSuchEntity"] * 2
    assert iam.get_role(**asked)["Role"]
    text = policy(allow(slr("fc-0123")))
    assert refused(kms.put_key_policy, KeyId=key, Policy=text)[1] == INVALID
    kms.put_key_policy(KeyId=key, Policy=text)


class StoppedClock:
    """In the place of the module ``time``: one that moves when the test says so."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


def test_a_role_appears_after_some_seconds(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = StoppedClock()
    for module in (accounts, principals):
        monkeypatch.setattr(module, "time", clock)
    key = sandbox.add_key("data").id
    sandbox.add_cache("fc-0123", role_delay=0.6, kms_delay=0.6)
    iam, kms = sandbox.client("iam"), sandbox.client("kms")
    assert iam.list_roles(PathPrefix=PATH)["Roles"] == []
    clock.now += 0.65
    assert iam.list_roles(PathPrefix=PATH)["Roles"]
    text = policy(allow(slr("fc-0123")))
    assert refused(kms.put_key_policy, KeyId=key, Policy=text)[1] == INVALID
    clock.now += 0.65
    kms.put_key_policy(KeyId=key, Policy=text)


def test_role_names_are_unique_whatever_their_case(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    iam.create_role(RoleName="Builder", AssumeRolePolicyDocument=TRUST)
    assert refused(iam.create_role, RoleName="BUILDER", AssumeRolePolicyDocument=TRUST)[0] == "EntityAlreadyExists"


def test_a_service_linked_role_is_deleted_by_its_own_call_only(world: Sandbox) -> None:
    """IAM user guide, "Using service-linked roles"."""
    iam = world.client("iam")
    name = "AWSServiceRoleForFSxS3Access_fc-0456"
    assert refused(iam.delete_role, RoleName=name)[0] == "UnmodifiableEntity"
    assert iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"].startswith("task/aws-service-role/")
    assert refused(iam.get_role, RoleName=name)[0] == "NoSuchEntity"


def test_iam_takes_permissions_too(world: Sandbox) -> None:
    limited = world.add_user("limited", identity("iam:GetRole", resource=slr("fc-0123")))
    iam = world.client("iam", credentials=limited)
    assert iam.get_role(RoleName="AWSServiceRoleForFSxS3Access_fc-0123")
    code, message = refused(iam.get_role, RoleName="AWSServiceRoleForFSxS3Access_fc-0456")
    assert code == "AccessDenied"
    assert message == (
        f"User: arn:aws:iam::{OWN}:user/limited is not authorized to perform: iam:GetRole on resource: "
        f"{slr('fc-0456')} because no identity-based policy allows the iam:GetRole action"
    )
    assert refused(iam.list_roles, PathPrefix=PATH)[0] == "AccessDenied"


def test_one_is_who_one_s_credentials_say(sandbox: Sandbox) -> None:
    assert sandbox.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{OWN}:user/admin"
    assert sandbox.client("sts", account=OTHER).get_caller_identity()["Account"] == OTHER
    user = sandbox.client("iam").create_user(UserName="made")["User"]
    made = sandbox.client("iam").create_access_key(UserName="made")["AccessKey"]
    assert user["UserName"] == "made"
    credentials = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    identity_of = sandbox.client("sts", credentials=credentials).get_caller_identity()
    assert (identity_of["Arn"], identity_of["UserId"][:4]) == (f"arn:aws:iam::{OWN}:user/made", "AIDA")


def test_assuming_a_role_leads_into_the_other_account(world: Sandbox) -> None:
    role = f"arn:aws:iam::{OTHER}:role/BucketReader"
    credentials = world.assume_role(role, "me")
    who = world.client("sts", credentials=credentials).get_caller_identity()
    assert (who["Account"], who["Arn"]) == (OTHER, f"arn:aws:sts::{OTHER}:assumed-role/BucketReader/me")
    assert who["UserId"].startswith("AROA")
    assert who["UserId"].endswith(":me")
    rules = world.client("s3", credentials=credentials).get_bucket_encryption(Bucket="data-other-secret")
    assert rules["ServerSideEncryptionConfiguration"]["Rules"]
    assert refused(world.client("iam", credentials=credentials).list_roles)[0] == "AccessDenied"


def test_a_role_is_assumed_only_by_whom_it_trusts_and_who_may(sandbox: Sandbox) -> None:
    role = sandbox.add_role("theirs", account=OTHER)
    assert refused(sandbox.client("sts").assume_role, RoleArn=role, RoleSessionName="me") == (
        "AccessDenied",
        f"User: arn:aws:iam::{OWN}:user/admin is not authorized to perform: sts:AssumeRole on resource: {role}",
    )
    open_role = sandbox.add_role("open", account=OTHER, trust=OWN)
    nobody = sandbox.client("sts", credentials=sandbox.add_user("nobody"))
    assert refused(nobody.assume_role, RoleArn=open_role, RoleSessionName="me")[0] == "AccessDenied"
    missing = f"arn:aws:iam::{OWN}:role/missing"
    assert refused(sandbox.client("sts").assume_role, RoleArn=missing, RoleSessionName="me")[0] == "AccessDenied"


@pytest.mark.parametrize(
    ("service", "operation", "given", "unknown", "expired"),
    [
        ("kms", "list_keys", {}, "UnrecognizedClientException", "ExpiredTokenException"),
        ("fsx", "describe_file_caches", {}, "UnrecognizedClientException", "ExpiredTokenException"),
        ("iam", "list_roles", {}, "InvalidClientTokenId", "ExpiredToken"),
        ("sts", "get_caller_identity", {}, "InvalidClientTokenId", "ExpiredToken"),
        ("s3", "get_bucket_encryption", {"Bucket": "data"}, "InvalidAccessKeyId", "ExpiredToken"),
    ],
)
def test_credentials_that_are_unknown_or_expired_are_refused(
    sandbox: Sandbox, service: str, operation: str, given: dict[str, str], unknown: str, expired: str
) -> None:
    sandbox.add_bucket("data")
    stranger = sandbox.client(service, credentials=Credentials("AKIANOBODYKNOWSTHIS1", "x"))
    assert refused(getattr(stranger, operation), **given)[0] == unknown
    sandbox.expire()
    assert refused(getattr(sandbox.client(service), operation), **given)[0] == expired
