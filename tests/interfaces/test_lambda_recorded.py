"""Events as EventBridge was recorded to deliver them, and as CloudTrail's samples write FSx's and S3's calls.

Each test names the facts of ``tests/data/recorded-aws.jsonl`` that it is about.
"""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.lambda_function.call_events import CacheCreated, EncryptionChanged, Ignored, KeyPolicyPut, read_event

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def delivered(service: str, name: str, **members: Any) -> dict[str, Any]:
    """z58: the envelope, with a CloudTrail record as its detail."""
    detail = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/ann"},
        "eventTime": "2026-11-28T12:00:00Z",
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "requestParameters": None,
        "responseElements": None,
        **members,
    }
    return {
        "version": "0",
        "id": "5b0a4a70-0000-4000-8000-000000000000",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "time": "2026-11-28T12:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "detail": detail,
    }


def test_a_policy_change_as_it_is_delivered() -> None:
    """z58, z18."""
    sent = {"keyId": KEY.rpartition("/")[2], "policyName": "default", "policy": "{}"}
    resources = [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY}]
    found = read_event(delivered("kms", "PutKeyPolicy", requestParameters=sent, resources=resources), ACCOUNT)
    assert (found.about, found.region, found.account) == (KeyPolicyPut(KEY), "eu-west-1", ACCOUNT)


@pytest.mark.parametrize("kind", ["KMS CMK Deletion", "KMS CMK Rotation", "KMS Imported Key Material Expiration"])
def test_kms_s_other_events_are_ignored(kind: str) -> None:
    """z59: they hold no CloudTrail record."""
    event = {**delivered("kms", "PutKeyPolicy"), "detail-type": kind, "detail": {"key-id": KEY.rpartition("/")[2]}}
    assert read_event(event, ACCOUNT).about is Ignored.OTHER_CALL


@pytest.mark.parametrize("name", ["GetKeyPolicy", "ListGrants", "DescribeKey", "Decrypt"])
def test_read_only_calls_that_a_rule_may_let_through_are_ignored(name: str) -> None:
    """z60."""
    assert read_event(delivered("kms", name, requestParameters={"keyId": KEY}), ACCOUNT).about is Ignored.OTHER_CALL


def test_an_association_whose_path_is_in_the_request_only() -> None:
    """c02."""
    sent = {"fileSystemId": "fs-0123456789abcdef0", "fileSystemPath": "/ns1", "dataRepositoryPath": "s3://data/in/"}
    answer = {"association": {"associationId": "dra-0123456789abcdef0"}}
    event = delivered("fsx", "CreateDataRepositoryAssociation", requestParameters=sent, responseElements=answer)
    assert read_event(event, ACCOUNT).about == CacheCreated("fs-0123456789abcdef0", ("data",))


@pytest.mark.parametrize("value", [True, "true"])
def test_an_encryption_change_with_a_single_rule_as_an_object(value: object) -> None:
    """z53."""
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rule = {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": value}
    sent = {
        "bucketName": "data",
        "Host": "data.s3.eu-west-1.amazonaws.com",
        "encryption": "",
        "ServerSideEncryptionConfiguration": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": rule},
    }
    found = read_event(delivered("s3", "PutBucketEncryption", requestParameters=sent), ACCOUNT)
    assert found.about == EncryptionChanged("data")


@pytest.mark.parametrize("host", ["Host", "host"])
def test_an_encryption_that_is_removed(host: str) -> None:
    """z54."""
    sent = {"bucketName": "data", host: "data.s3.eu-west-1.amazonaws.com", "encryption": ""}
    assert read_event(delivered("s3", "DeleteBucketEncryption", requestParameters=sent), ACCOUNT).about == (
        EncryptionChanged("data")
    )


@pytest.mark.parametrize("service", ["s3files", "elasticfilesystem"])
def test_file_systems_of_other_services_are_ignored(service: str) -> None:
    """z52."""
    answer = {"fileSystemId": "fs-0123456789abcdef0"}
    event = delivered(service, "CreateFileSystem", responseElements=answer)
    assert read_event(event, ACCOUNT).about is Ignored.OTHER_CALL


def test_a_file_system_of_fsx() -> None:
    """c01."""
    sent = {"fileSystemType": "LUSTRE", "lustreConfiguration": {"importPath": "s3://data/in"}}
    arn = f"arn:aws:fsx:eu-west-1:{ACCOUNT}:file-system/fs-0123456789abcdef0"
    answer = {"fileSystem": {"fileSystemId": "fs-0123456789abcdef0", "resourceARN": arn}}
    event = delivered("fsx", "CreateFileSystem", requestParameters=sent, responseElements=answer)
    assert read_event(event, ACCOUNT).about == CacheCreated("fs-0123456789abcdef0", ("data",))
