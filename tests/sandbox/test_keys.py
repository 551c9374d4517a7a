"""Keys: how they are found, described and named."""

from __future__ import annotations

import pytest

from fcsse.sandbox import Sandbox
from tests.sandbox.clients import OTHER, OWN, identity, policy, refused


def test_a_key_is_described_by_each_of_its_names(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    kms = sandbox.client("kms")
    alias = f"arn:aws:kms:eu-west-1:{OWN}:alias/data"
    for name in (key.id, key.arn, "alias/data", alias):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == key.arn
    metadata = kms.describe_key(KeyId=key.id)["KeyMetadata"]
    wanted = {
        "KeyManager": "CUSTOMER",
        "KeyState": "Enabled",
        "Enabled": True,
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "MultiRegion": False,
        "AWSAccountId": OWN,
    }
    assert wanted.items() <= metadata.items()


@pytest.mark.parametrize(
    "name",
    [
        "00000000-0000-0000-0000-000000000000",
        f"arn:aws:kms:eu-west-1:{OWN}:key/00000000-0000-0000-0000-000000000000",
        f"arn:aws:kms:us-east-1:{OWN}:key/00000000-0000-0000-0000-000000000000",
        "alias/nothing",
        f"arn:aws:kms:eu-west-1:{OTHER}:alias/aws/s3",
        "nonsense",
    ],
)
def test_what_is_not_there_is_not_found(sandbox: Sandbox, name: str) -> None:
    assert refused(sandbox.client("kms").describe_key, KeyId=name)[0] == "NotFoundException"


def test_a_key_is_known_in_its_own_region_only(sandbox: Sandbox) -> None:
    far = sandbox.add_key(region="us-east-1")
    assert refused(sandbox.client("kms").describe_key, KeyId=far.arn) == ("NotFoundException", "Invalid arn us-east-1")
    assert sandbox.client("kms", region="us-east-1").describe_key(KeyId=far.arn)


def test_an_arn_of_another_service_is_invalid(sandbox: Sandbox) -> None:
    assert refused(sandbox.client("kms").describe_key, KeyId="arn:aws:s3:::data")[0] == "InvalidArnException"


def test_looking_up_aws_s3_makes_the_managed_key_of_that_account_and_region(sandbox: Sandbox) -> None:
    """KMS API reference, DescribeKey."""
    kms = sandbox.client("kms")
    assert kms.list_keys()["Keys"] == []
    first = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]["Arn"] == first["Arn"]
    assert (first["KeyManager"], len(kms.list_keys()["Keys"])) == ("AWS", 1)
    theirs = sandbox.client("kms", account=OTHER).describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert theirs["AWSAccountId"] == OTHER


def test_a_multi_region_key_has_policy_and_grants_of_each_replica(sandbox: Sandbox) -> None:
    """KMS developer guide, "Multi-Region keys": policies and grants are independent."""
    primary = sandbox.add_key(multi_region=True)
    replica = sandbox.add_replica(primary, "us-east-1")
    assert primary.id == replica.id
    assert primary.id.startswith("mrk-")
    here, there = sandbox.client("kms"), sandbox.client("kms", region="us-east-1")
    changed = policy({"Effect": "Deny", "Principal": "*", "Action": "kms:Sign", "Resource": "*"})
    here.put_key_policy(KeyId=primary.id, Policy=changed)
    assert "kms:Sign" not in there.get_key_policy(KeyId=replica.id)["Policy"]
    family = there.describe_key(KeyId=replica.id)["KeyMetadata"]["MultiRegionConfiguration"]
    assert family["MultiRegionKeyType"] == "REPLICA"
    assert family["PrimaryKey"] == {"Arn": primary.arn, "Region": "eu-west-1"}
    assert family["ReplicaKeys"] == [{"Arn": replica.arn, "Region": "us-east-1"}]


def test_keys_are_made_tagged_disabled_and_scheduled_through_the_api(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    tag = {"TagKey": "aws-like", "TagValue": "x"}
    key = kms.create_key(Description="mine", Tags=[tag])["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/mine", TargetKeyId=key)
    assert kms.describe_key(KeyId="alias/mine")["KeyMetadata"]["Description"] == "mine"
    assert kms.list_resource_tags(KeyId=key)["Tags"] == [tag]
    assert [a["AliasName"] for a in kms.list_aliases()["Aliases"]] == ["alias/mine"]
    kms.disable_key(KeyId=key)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled"
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    metadata = kms.describe_key(KeyId=key)["KeyMetadata"]
    assert metadata["KeyState"] == "PendingDeletion"
    assert metadata["DeletionDate"]


def test_a_key_is_not_made_with_a_policy_that_kms_refuses(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    assert refused(kms.create_key, Policy="{")[0] == "MalformedPolicyDocumentException"
    assert kms.list_keys()["Keys"] == []


def test_what_is_not_simulated_is_refused(sandbox: Sandbox) -> None:
    assert refused(sandbox.client("kms").list_key_rotations, KeyId="x")[0] == "UnknownOperationException"


def test_a_restricted_caller_hears_which_side_is_missing(sandbox: Sandbox) -> None:
    """IAM user guide, "Troubleshoot access denied error messages"."""
    key = sandbox.add_key("data").arn
    reader = sandbox.client("kms", credentials=sandbox.add_user("reader", identity("kms:GetKeyPolicy", resource=key)))
    assert reader.get_key_policy(KeyId=key)
    code, message = refused(reader.put_key_policy, KeyId=key, Policy=policy())
    assert code == "AccessDeniedException"
    assert message == (
        f"User: arn:aws:iam::{OWN}:user/reader is not authorized to perform: kms:PutKeyPolicy on resource: {key} "
        "because no identity-based policy allows the kms:PutKeyPolicy action"
    )
    both = {"Version": "2012-10-17", "Statement": []}
    both["Statement"] = [
        *identity("kms:*")["Statement"],
        *identity("kms:ListGrants", effect="Deny")["Statement"],
    ]
    barred = sandbox.client("kms", credentials=sandbox.add_user("barred", both))
    _, message = refused(barred.list_grants, KeyId=key)
    assert message.endswith("with an explicit deny in an identity-based policy")
    denying = policy({"Effect": "Deny", "Principal": "*", "Action": "kms:ListGrants", "Resource": "*"})
    sandbox.put_policy("data", denying)
    _, message = refused(sandbox.client("kms").list_grants, KeyId=key)
    assert message.endswith("with an explicit deny in a resource-based policy")
