"""Asking the sandbox through boto3 and looking at the error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

OWN = "111122223333"
OTHER = "444455556666"
ROOT = f"arn:aws:iam::{OWN}:root"
LOCKOUT = "The new key policy will not allow you to update the key policy in the future."
INVALID = "Policy contains a statement with one or more invalid principals."
OPERATIONS = [
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "CreateGrant",
    "DescribeKey",
    "ReEncryptFrom",
    "ReEncryptTo",
]


def slr(cache: str, account: str = OWN) -> str:
    """ARN of a cache's service-linked role."""
    path = "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com"
    return f"arn:aws:iam::{account}:role/{path}/AWSServiceRoleForFSxS3Access_{cache}"


def refused(call: Callable[..., Any], **given: Any) -> tuple[str, str]:
    """Code and message of the error that the call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def allow(principal: object, action: object = "kms:Decrypt", **more: object) -> dict[str, Any]:
    """An Allow statement for AWS principals."""
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


def policy(*statements: dict[str, Any], root: str = ROOT) -> str:
    """A policy that delegates to the account, and these statements."""
    listed = [allow(root, "kms:*", Sid="Enable IAM User Permissions"), *statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


def identity(*actions: str, resource: object = "*", effect: str = "Allow") -> dict[str, Any]:
    """An identity policy."""
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def documented(cache: str, bucket: str, *, form: str = "/*", region: str = "eu-west-1") -> dict[str, Any]:
    """The statement that the File Cache page documents."""
    return {
        **allow(
            slr(cache), ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
        ),
        "Sid": f"Allow access through S3 for {cache}",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": OWN, "kms:ViaService": f"s3.{region}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{bucket}{form}"},
        },
    }
