"""The AWS page in the form in which it is published, filled in by plain replacement.

Source: Amazon File Cache user guide, "Working with server-side encrypted Amazon S3 buckets".
"""

from __future__ import annotations

import json
from typing import Any

OWN = "111122223333"
OTHER = "444455556666"
REGION = "eu-west-1"

ONE_CACHE = """
{
    "Sid": "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket",
    "Effect": "Allow",
    "Principal": {
        "AWS": "arn:aws:iam::aws_account_id:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/AWSServiceRoleForFSxS3Access_file_cache_id"
    },
    "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey"
    ],
    "Resource": "*",
    "Condition": {
        "StringEquals": {
            "kms:CallerAccount": "aws_account_id",
            "kms:ViaService": "s3.bucket-region.amazonaws.com"
        },
        "StringLike": {
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket_name/*"
        }
    }
}
"""

EVERY_CACHE = """
{
    "Sid": "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket",
    "Effect": "Allow",
    "Principal": {
        "AWS": "*"
    },
    "Action": [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncrypt*",
        "kms:GenerateDataKey*",
        "kms:DescribeKey"
    ],
    "Resource": "*",
    "Condition": {
        "StringEquals": {
            "kms:CallerAccount": "aws_account_id",
            "kms:ViaService": "s3.bucket-region.amazonaws.com"
        },
        "StringLike": {
            "aws:userid": "*:FSx",
            "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket_name/*"
        }
    }
}
"""

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
"""The operations of the page's ``aws kms create-grant``."""

CONTEXT = "kms:EncryptionContext:aws:s3:arn"
PAGE_SID = "Allow access through S3 for the FSx SLR to use the KMS key on the objects in the given S3 bucket"
ROLE_PATH = "aws-service-role/s3.data-source.lustre.fsx.amazonaws.com"

Statement = dict[str, Any]


def role(cache: str, account: str = OWN, partition: str = "aws") -> str:
    """ARN of a cache's service-linked role."""
    return f"arn:{partition}:iam::{account}:role/{ROLE_PATH}/AWSServiceRoleForFSxS3Access_{cache}"


def documented(
    cache: str | None,
    bucket: str,
    *,
    region: str = REGION,
    account: str = OWN,
    bucket_keys: bool = False,
    sid: str | None = None,
) -> Statement:
    """The page's statement for a cache (None: for every cache) and a bucket; with the page's Sid unless told."""
    text = EVERY_CACHE if cache is None else ONE_CACHE
    filled = (
        text.replace("aws_account_id", account)
        .replace("file_cache_id", cache or "")
        .replace("bucket-region", region)
        .replace("bucket_name/*", bucket if bucket_keys else f"{bucket}/*")
    )
    statement: Statement = json.loads(filled)
    return {**statement, "Sid": sid} if sid is not None else statement


def without_sid(statement: Statement) -> Statement:
    """A statement apart from its Sid, which is fcsse's own."""
    return {name: value for name, value in statement.items() if name != "Sid"}
