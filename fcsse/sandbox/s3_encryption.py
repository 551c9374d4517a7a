"""How S3 uses KMS: which key and which encryption context an object gets, and whether KMS lets S3 use it.

Sources: S3 user guide, "Using server-side encryption with AWS KMS keys" (encryption context, permissions, key ids of
default encryption resolved in the requester's account) and "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"
(the context is then the bucket's ARN; objects keep the form they were written with).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fcsse.arn import bucket_arn
from fcsse.sandbox.authorize import key_ruling
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.cloudtrail_events import record_use
from fcsse.sandbox.kms_keys import ForeignKeyError, find_key, managed_key, require_state
from fcsse.sandbox.request_context import through_s3
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import AwsError

KMS_ALGORITHMS = ("aws:kms", "aws:kms:dsse")


@dataclass(frozen=True, slots=True)
class Encryption:
    """How an object is, or will be, encrypted. ``key_id`` is as given: a key ARN or id, an alias, or None."""

    algorithm: str
    key_id: str | None = None
    bucket_key: bool = False

    @property
    def by_alias(self) -> bool:
        """Is the key named by an alias?"""
        return "alias/" in (self.key_id or "")

    @property
    def uses_kms(self) -> bool:
        """Is a KMS key involved?"""
        return self.algorithm in KMS_ALGORITHMS


def bucket_encryption(bucket: Any) -> Encryption:
    """The default encryption of one of moto's buckets; a bucket without configuration has SSE-S3.

    Source: S3 user guide, "Default encryption FAQ": since January 2023 every bucket has at least SSE-S3.
    """
    if not bucket.encryption:
        return Encryption("AES256")
    rule = bucket.encryption["Rule"]
    default = rule["ApplyServerSideEncryptionByDefault"]
    flag = str(rule.get("BucketKeyEnabled", "false")).lower() == "true"
    return Encryption(str(default["SSEAlgorithm"]), default.get("KMSMasterKeyID"), flag)


def object_encryption(stored: Any) -> Encryption:
    """How one of moto's objects is encrypted."""
    flag = str(stored.bucket_key_enabled).lower() == "true"
    return Encryption(stored.encryption or "AES256", stored.kms_key_id, flag)


def check_headers(parameters: Mapping[str, Any]) -> None:
    """Raise S3's AwsError where the headers of a write ask for no encryption that there is."""
    algorithm = parameters.get("server-side-encryption")
    key_id = parameters.get("server-side-encryption-aws-kms-key-id")
    details = {"ArgumentName": "x-amz-server-side-encryption"}
    if algorithm is not None and algorithm not in ("AES256", "aws:fsx", "aws:backup", *KMS_ALGORITHMS):
        message = "The encryption method specified is not supported"
        raise AwsError("InvalidArgument", message, details={**details, "ArgumentValue": str(algorithm)})
    if key_id is not None and algorithm not in KMS_ALGORITHMS:
        message = "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms"
        raise AwsError("InvalidArgument", message, details=details)


def asked_encryption(parameters: Mapping[str, Any], default: Encryption) -> Encryption:
    """The encryption of an object being written: what its headers ask for, else the bucket's default."""
    algorithm = parameters.get("server-side-encryption")
    flag = parameters.get("server-side-encryption-bucket-key-enabled")
    bucket_key = default.bucket_key if flag is None else str(flag).lower() == "true"
    if algorithm is None:
        return Encryption(default.algorithm, default.key_id, bucket_key and default.algorithm == "aws:kms")
    key_id = parameters.get("server-side-encryption-aws-kms-key-id")
    return Encryption(str(algorithm), key_id, bucket_key and algorithm == "aws:kms")


def key_of(state: State, encryption: Encryption, bucket: Any, requester: str) -> Key:
    """The KMS key behind an encryption. Ids and aliases count in the requester's account; None is ``aws/s3``."""
    if encryption.key_id is None:
        return managed_key(state, bucket.account_id, bucket.region_name)
    try:
        return find_key(state, encryption.key_id, requester, bucket.region_name, aliases=True)
    except ForeignKeyError as error:
        raise AwsError("AccessDenied", "Access Denied", 403) from error
    except AwsError as error:
        raise _through_s3(error) from error


def use(
    state: State,
    caller: Caller,
    key: Key,
    action: str,
    bucket: Any,
    name: str,
    *,
    bucket_key: bool,
    by_alias: bool = False,
) -> str | None:
    """Let S3 use the key for the caller; the name of the statement or grant that allows it. Raises S3's AwsError.

    ``by_alias``: the bucket, or the request, names the key by an alias.
    """
    arn = bucket_arn(state.partition, bucket.name)
    pairs = {"aws:s3:arn": arn if bucket_key else f"{arn}/{name}"}
    context = through_s3(bucket.region_name, pairs, by_alias=by_alias)
    ruling = key_ruling(state, key, caller, action, context)
    used = arn if bucket_key else f"{arn}/{name}"
    if not ruling.allowed:
        record_use(state, caller, key, action, used, ruling.refusal)
        raise AwsError("AccessDenied", ruling.refusal, 403)
    try:
        require_state(key)
    except AwsError as error:
        record_use(state, caller, key, action, used, error.message, error.code)
        raise _through_s3(error) from error
    record_use(state, caller, key, action, used)
    return ruling.decided_by


def _through_s3(error: AwsError) -> AwsError:
    return AwsError(f"KMS.{error.code}", error.message)
