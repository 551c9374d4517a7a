"""Buckets: their encryption, their owners, their Regions; and what KMS says when objects are read and written."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OTHER, OWN, identity, policy, refused


def rule(sandbox: Sandbox, bucket: str) -> dict[str, Any]:
    answer = sandbox.client("s3").get_bucket_encryption(Bucket=bucket)
    (found,) = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return dict(found)


@pytest.mark.parametrize(
    ("bucket", "algorithm", "key", "flag"),
    [
        ("data-sse-s3", "AES256", None, False),
        ("data-aws-s3", "aws:kms", None, False),
        ("data-alias", "aws:kms", "alias/data-alias", False),
        ("data-alias-arn", "aws:kms", f"arn:aws:kms:eu-west-1:{OWN}:alias/data-alias-arn", False),
    ],
)
def test_each_form_of_default_encryption(
    world: Sandbox, bucket: str, algorithm: str, key: str | None, flag: bool
) -> None:
    found = rule(world, bucket)
    default = found["ApplyServerSideEncryptionByDefault"]
    assert (default["SSEAlgorithm"], default.get("KMSMasterKeyID"), found["BucketKeyEnabled"]) == (algorithm, key, flag)


def test_key_arns_bare_ids_bucket_keys_and_dsse(world: Sandbox) -> None:
    apply = "ApplyServerSideEncryptionByDefault"
    assert rule(world, "data")[apply]["KMSMasterKeyID"] == world.key("data").arn
    assert rule(world, "data-key-id")[apply]["KMSMasterKeyID"] == world.key("data-key-id").id
    assert rule(world, "data-bucket-keys")["BucketKeyEnabled"] is True
    assert rule(world, "data-dsse")[apply]["SSEAlgorithm"] == "aws:kms:dsse"


def test_a_fresh_bucket_has_sse_s3_and_an_old_one_no_configuration(sandbox: Sandbox) -> None:
    """S3 user guide, "Default encryption FAQ"."""
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="fresh", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert rule(sandbox, "fresh")["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    sandbox.add_bucket("before-2023", configured=False)
    code, _ = refused(s3.get_bucket_encryption, Bucket="before-2023")
    assert code == "ServerSideEncryptionConfigurationNotFoundError"
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}]
    s3.put_bucket_encryption(Bucket="before-2023", ServerSideEncryptionConfiguration={"Rules": rules})
    assert rule(sandbox, "before-2023") == rules[0]
    s3.delete_bucket_encryption(Bucket="before-2023")
    assert rule(sandbox, "before-2023")["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_head_bucket_names_the_region_also_when_it_refuses(world: Sandbox) -> None:
    """S3 API reference, HeadBucket."""
    s3 = world.client("s3")
    assert s3.head_bucket(Bucket="data")["BucketRegion"] == "eu-west-1"
    assert s3.head_bucket(Bucket="data-other-region")["BucketRegion"] == "us-east-1"
    with pytest.raises(ClientError) as caught:
        s3.head_bucket(Bucket="data-other-secret")
    metadata = caught.value.response["ResponseMetadata"]
    assert metadata["HTTPStatusCode"] == 403
    assert metadata["HTTPHeaders"]["x-amz-bucket-region"] == "eu-west-1"
    assert refused(s3.head_bucket, Bucket="no-such-bucket")[0] == "404"
    assert refused(s3.get_bucket_encryption, Bucket="no-such-bucket")[0] == "NoSuchBucket"


def test_a_bucket_is_served_by_its_own_region(world: Sandbox) -> None:
    world.client("s3").get_bucket_encryption(Bucket="data-other-region")
    outcomes = [(entry.region, entry.outcome) for entry in world.requests.of("s3:GetBucketEncryption")]
    assert outcomes == [("eu-west-1", "PermanentRedirect"), ("us-east-1", "ok")]


def test_expected_bucket_owner_tells_a_foreign_bucket(world: Sandbox) -> None:
    """S3 user guide, "Verifying bucket ownership with bucket owner condition"."""
    s3 = world.client("s3")
    for operation in (s3.get_bucket_encryption, s3.head_bucket):
        assert operation(Bucket="data", ExpectedBucketOwner=OWN)
        assert operation(Bucket="data-other-account")
        assert operation(Bucket="data-other-account", ExpectedBucketOwner=OTHER)
        code, _ = refused(operation, Bucket="data-other-account", ExpectedBucketOwner=OWN)
        assert code in ("AccessDenied", "403")


def test_a_foreign_bucket_is_closed_unless_it_is_opened(world: Sandbox) -> None:
    s3 = world.client("s3")
    assert refused(s3.get_bucket_encryption, Bucket="data-other-secret") == ("AccessDenied", "Access Denied")
    assert refused(s3.get_object, Bucket="data-other-secret", Key="hello.txt")[0] == "AccessDenied"
    assert world.client("s3", account=OTHER).get_bucket_encryption(Bucket="data-other-secret")
    assert s3.get_bucket_encryption(Bucket="data-other-account")
    assert refused(s3.get_bucket_policy, Bucket="data-other-account")[0] == "MethodNotAllowed"


def test_bucket_policies_and_identity_policies_count(sandbox: Sandbox) -> None:
    arn = "arn:aws:s3:::data"
    sandbox.add_bucket("data")
    s3 = sandbox.client("s3", credentials=sandbox.add_user("limited", identity("s3:GetObject", resource=f"{arn}/*")))
    code, message = refused(s3.get_bucket_encryption, Bucket="data")
    assert code == "AccessDenied"
    assert message == (
        f"User: arn:aws:iam::{OWN}:user/limited is not authorized to perform: s3:GetEncryptionConfiguration on "
        f'resource: "{arn}" because no identity-based policy allows the s3:GetEncryptionConfiguration action'
    )
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetEncryptionConfiguration",
        "Resource": arn,
    }
    import json

    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sandbox.client("s3").put_bucket_policy(Bucket="data", Policy=document)
    assert refused(sandbox.client("s3").get_bucket_encryption, Bucket="data")[0] == "AccessDenied"
    assert sandbox.client("s3").head_bucket(Bucket="data")


def test_objects_keep_the_key_and_the_context_form_they_were_written_with(world: Sandbox) -> None:
    s3 = world.client("s3")
    old = s3.head_object(Bucket="data-bucket-keys", Key="old.txt")
    new = s3.head_object(Bucket="data-bucket-keys", Key="hello.txt")
    arn = world.key("data-bucket-keys").arn
    assert (old["ServerSideEncryption"], old["SSEKMSKeyId"], "BucketKeyEnabled" in old) == ("aws:kms", arn, False)
    assert (new["SSEKMSKeyId"], new["BucketKeyEnabled"]) == (arn, True)
    assert s3.head_object(Bucket="data-sse-s3", Key="hello.txt")["ServerSideEncryption"] == "AES256"
    dsse = s3.head_object(Bucket="data-dsse", Key="hello.txt")
    assert (dsse["ServerSideEncryption"], dsse["SSEKMSKeyId"]) == ("aws:kms:dsse", world.key("data-dsse").arn)
    assert s3.head_object(Bucket="data-alias", Key="hello.txt")["SSEKMSKeyId"] == world.key("data-alias").arn


def test_headers_choose_the_encryption_of_one_object(world: Sandbox) -> None:
    s3 = world.client("s3")
    other = world.key("data-alias").arn
    s3.put_object(Bucket="data", Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/data-alias")
    assert s3.head_object(Bucket="data", Key="k")["SSEKMSKeyId"] == other
    s3.put_object(Bucket="data", Key="b", Body=b"x", BucketKeyEnabled=True)
    assert s3.head_object(Bucket="data", Key="b")["BucketKeyEnabled"] is True
    s3.put_object(Bucket="data", Key="a", Body=b"x", ServerSideEncryption="AES256")
    assert s3.head_object(Bucket="data", Key="a")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket="data", Key="k")["Body"].read() == b"x"
    listed = s3.list_objects_v2(Bucket="data")["Contents"]
    assert {"a", "b", "k", "hello.txt", "dir/file name with spaces.bin"} == {entry["Key"] for entry in listed}


def test_reading_and_writing_take_the_caller_s_kms_permissions(world: Sandbox) -> None:
    limited = world.add_user("limited", identity("s3:*"))
    s3 = world.client("s3", credentials=limited)
    for call, given, action in (
        (s3.get_object, {}, "kms:Decrypt"),
        (s3.put_object, {"Body": b"x"}, "kms:GenerateDataKey"),
    ):
        code, message = refused(call, Bucket="data", Key="hello.txt", **given)
        assert code == "AccessDenied"
        assert f"is not authorized to perform: {action} on resource: {world.key('data').arn}" in message


def test_a_bare_id_or_alias_counts_in_the_requester_s_account(world: Sandbox) -> None:
    """S3 user guide, "Using server-side encryption with AWS KMS keys": resolved in the requester's account."""
    code, _ = refused(world.client("s3").put_object, Bucket="data-other-alias", Key="k", Body=b"")
    assert code == "KMS.NotFoundException"
    world.client("s3", account=OTHER).put_object(Bucket="data-other-alias", Key="k", Body=b"")


@pytest.mark.parametrize(
    ("bucket", "code"), [("data-disabled", "KMS.DisabledException"), ("data-deleting", "KMS.KMSInvalidStateException")]
)
def test_a_key_out_of_use_shows_through_s3(world: Sandbox, bucket: str, code: str) -> None:
    assert refused(world.client("s3").get_object, Bucket=bucket, Key="hello.txt")[0] == code


def test_the_managed_key_of_another_account_never_works(sandbox: Sandbox) -> None:
    """KMS developer guide, "AWS managed keys": its policy lets in principals of its own account only."""
    sandbox.add_bucket("theirs", account=OTHER, algorithm="aws:kms", readers=[OWN])
    sandbox.add_object("theirs", "k")
    assert refused(sandbox.client("s3").get_object, Bucket="theirs", Key="k")[0] == "AccessDenied"
    assert sandbox.client("s3", account=OTHER).get_object(Bucket="theirs", Key="k")


def test_key_policies_see_the_encryption_context_of_s3(sandbox: Sandbox) -> None:
    condition = {"StringNotEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": condition}
    key = sandbox.add_key("data", policy=policy(deny))
    sandbox.add_bucket("data", algorithm="aws:kms", key=key.arn, bucket_keys=True)
    sandbox.add_object("data", "bucket form")
    sandbox.add_object("data", "object form", bucket_key=False)
    s3 = sandbox.client("s3")
    assert s3.get_object(Bucket="data", Key="bucket form")
    assert refused(s3.get_object, Bucket="data", Key="object form")[0] == "AccessDenied"
