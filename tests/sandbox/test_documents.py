"""Documents that AWS refuses: bucket policies, encryption, tags; nothing of them is kept. And what KMS shows late."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OWN, ROOT, allow, policy, refused, slr

GOOD = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"Effect": None}, "Missing required field Effect"),
    ({"Principal": None}, "Missing required field Principal"),
    ({"Action": None}, "Missing required field Action"),
    ({"Resource": None}, "Missing required field Resource"),
    ({"Effect": "Permit"}, "Invalid effect: Permit"),
    ({"Principal": {"AWS": slr("fc-0999")}}, "Invalid principal in policy"),
    ({"Principal": "nobody"}, "Invalid principal in policy"),
    ({"Action": "s3:NoSuchThing"}, "Policy has invalid action"),
    ({"Action": "kms:Decrypt"}, "Policy has invalid action"),
    ({"Resource": "arn:aws:s3:::other/*"}, "Policy has invalid resource"),
    ({"Resource": "data/*"}, "Policy has invalid resource"),
    ({"Resource": "arn:aws:s3:::data"}, "Action does not apply to any resource(s) in statement"),
    ({"Condition": {"StringEqual": {"aws:userid": "x"}}}, "Invalid Condition type : StringEqual"),
    ({"Condition": {"StringEquals": {"userid": "x"}}}, "Policy has an invalid condition key"),
    ({"Condition": []}, "Syntax errors in policy."),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_a_wrong_bucket_policy_is_refused_and_not_kept(sandbox: Sandbox, change: dict[str, Any], message: str) -> None:
    s3 = sandbox.client("s3")
    sandbox.add_bucket("data")
    statement = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert refused(s3.put_bucket_policy, Bucket="data", Policy=text) == ("MalformedPolicy", message)
    assert refused(s3.get_bucket_policy, Bucket="data")[0] == "NoSuchBucketPolicy"
    s3.put_bucket_policy(Bucket="data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [GOOD]}))
    assert s3.list_objects_v2(Bucket="data")["KeyCount"] == 0


@pytest.mark.parametrize(
    ("default", "code"),
    [
        ({"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/x"}, "InvalidArgument"),
        ({"SSEAlgorithm": "rot13"}, "MalformedXML"),
    ],
)
def test_a_wrong_encryption_is_refused_and_not_kept(sandbox: Sandbox, default: dict[str, str], code: str) -> None:
    s3 = sandbox.client("s3")
    sandbox.add_bucket("data")
    configuration = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    given = {"Bucket": "data", "ServerSideEncryptionConfiguration": configuration}
    assert refused(s3.put_bucket_encryption, **given)[0] == code
    (rule,) = s3.get_bucket_encryption(Bucket="data")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_wrong_tags_are_refused(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    sandbox.add_bucket("data")
    for tags, message in (
        ([("a", "1"), ("a", "2")], "Cannot provide multiple Tags with the same key"),
        ([("aws:a", "1")], "System tags cannot be added/updated by requester"),
        ([("a,b", "1")], "The TagKey you have provided is invalid"),
        ([("a", "1,2")], "The TagValue you have provided is invalid"),
    ):
        listed = {"TagSet": [{"Key": key, "Value": value} for key, value in tags]}
        assert refused(s3.put_bucket_tagging, Bucket="data", Tagging=listed) == ("InvalidTag", message)
    assert refused(s3.get_bucket_tagging, Bucket="data")[0] == "NoSuchTagSet"


def test_a_new_role_shows_as_its_id_in_a_policy_only_where_switched_on(sandbox: Sandbox) -> None:
    key, kms = sandbox.add_key("data").arn, sandbox.client("kms")
    role = sandbox.add_role("Young", new=True)
    (identifier,) = sandbox.state.births
    kms.put_key_policy(KeyId=key, Policy=policy(allow(role)))
    assert role in kms.get_key_policy(KeyId=key)["Policy"]
    sandbox.switches.new_id_in_policies = True
    text = kms.get_key_policy(KeyId=key)["Policy"]
    assert role not in text
    assert f'"{identifier}"' in text
    sandbox.switches.new_id_seconds = 0.0
    assert role in kms.get_key_policy(KeyId=key)["Policy"]


def test_the_policy_of_a_shared_key_is_shown_used_and_nobodys_to_put(sandbox: Sandbox) -> None:
    """KMS API reference, GetKeyPolicy and PutKeyPolicy: AWS_RAM."""
    key, kms = sandbox.add_key("data").arn, sandbox.client("kms")
    name = "AWS_RAM"
    assert refused(kms.get_key_policy, KeyId=key, PolicyName=name)[0] == "NotFoundException"
    assert refused(kms.put_key_policy, KeyId=key, PolicyName=name, Policy=policy())[0] == "ValidationException"
    reader = sandbox.client("kms", credentials=sandbox.add_user("reader"))
    assert refused(reader.describe_key, KeyId=key)[0] == "AccessDeniedException"
    share = {"Version": "2012-10-17", "Statement": [allow(f"arn:aws:iam::{OWN}:user/reader", "kms:DescribeKey")]}
    sandbox.share_key(key, share)
    assert json.loads(kms.get_key_policy(KeyId=key, PolicyName=name)["Policy"]) == share
    assert kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default", name]
    assert reader.describe_key(KeyId=key)
