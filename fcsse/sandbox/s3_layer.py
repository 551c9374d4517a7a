"""What the sandbox adds to moto's S3: owners, permissions, Regions, and default encryption as S3 answers it.

Sources: S3 API reference, GetBucketEncryption, HeadBucket and "Verifying bucket ownership with bucket owner condition"
(403 when the bucket is somebody else's); S3 user guide, "Access denied (403 Forbidden) errors" for the wording.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from fcsse.arn import bucket_arn, is_account
from fcsse.sandbox import s3_metadata
from fcsse.sandbox.authorize import bucket_refusal, identity_refusal, resource_verdict
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.judge.judged_request import Value
from fcsse.sandbox.moto_buckets import find_bucket, moto_s3
from fcsse.sandbox.request_context import bucket_keys, object_keys
from fcsse.sandbox.s3_documents import check_document, malformed
from fcsse.sandbox.s3_encryption import (
    asked_encryption,
    bucket_encryption,
    check_headers,
    key_of,
    object_encryption,
    use,
)
from fcsse.sandbox.s3_operations import action_of
from fcsse.sandbox.s3_policy import check_policy
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, elements, xml_reply

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_REGION_HEADER = "x-amz-bucket-region"
_OWNER_ONLY = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy")
_WRITES = ("PutObject", "CopyObject", "CompleteMultipartUpload")


def answer(state: State, call: Call, caller: Caller, forward: Callable[[str], Reply]) -> Reply:
    """Check an S3 call, then carry it out, mostly by moto (``forward`` with the owner's account). Raises AwsError."""
    if call.operation in ("ListBuckets", "CreateBucket"):
        _require(caller, call, f"arn:{state.partition}:s3:::{call.bucket or '*'}")
        if call.operation == "ListBuckets":
            return _listed(state, caller)
        return _created(state, call, forward(caller.account))
    bucket = find_bucket(state, call.bucket)
    if bucket is None:
        details = {"BucketName": call.bucket}
        raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404, details=details)
    if call.region != bucket.region_name and call.operation != "GetBucketLocation":
        message = "The bucket you are attempting to access must be addressed using the specified endpoint."
        raise AwsError("PermanentRedirect", message, 301, {_REGION_HEADER: bucket.region_name})
    authorise(state, call, caller, bucket)
    is_document = check_document(call)
    match call.operation:
        case "HeadBucket":
            return Reply(200, b"", _bucket_headers(state, bucket))
        case "GetBucketPolicy" if not bucket.policy:
            details = {"BucketName": bucket.name}
            raise AwsError("NoSuchBucketPolicy", "The bucket policy does not exist", 404, details=details)
        case "PutBucketPolicy":
            check_policy(state, bucket.name, call.body)
        case "GetBucketEncryption":
            return _encryption(state, bucket)
        case "DeleteBucketEncryption":
            bucket.encryption = None
            return Reply(204)
        case "GetBucketMetadataConfiguration" | "GetBucketMetadataTableConfiguration":
            return s3_metadata.answer(state, bucket.name, bucket.account_id, bucket.region_name)
        case "GetObject" | "HeadObject":
            return _read(state, call, caller, bucket, forward)
        case operation if operation in _WRITES:
            return _write(state, call, caller, bucket, forward)
        case "UpdateObjectEncryption" | "Unknown":
            raise AwsError("NotImplemented", f"The sandbox does not simulate s3:{call.operation}.", 501)
        case "PutBucketEncryption":
            state.traits(bucket.name).no_configuration = False
        case _:
            pass
    try:
        return forward(bucket.account_id)
    except Exception:
        if is_document:  # what the simulator below cannot read is not of S3's schema
            raise malformed() from None
        raise


def _bucket_headers(state: State, bucket: Any) -> dict[str, str]:
    return {
        _REGION_HEADER: bucket.region_name,
        "x-amz-bucket-arn": bucket_arn(state.partition, bucket.name),
        "x-amz-access-point-alias": "false",
        "Content-Type": "application/xml",
    }


def _listed(state: State, caller: Caller) -> Reply:
    """ListBuckets. Source: S3 API reference, Bucket (its Region and ARN)."""
    owned = moto_s3(caller.account, state.partition).buckets.values()
    entries = "".join(
        "<Bucket>"
        + elements(
            [
                ("Name", bucket.name),
                ("CreationDate", bucket.creation_date_ISO8601),
                ("BucketRegion", bucket.region_name),
                ("BucketArn", bucket_arn(state.partition, bucket.name)),
            ]
        )
        + "</Bucket>"
        for bucket in sorted(owned, key=lambda one: str(one.name))
    )
    owner = f"<Owner>{elements([('ID', sha256(caller.account.encode()).hexdigest())])}</Owner>"
    return xml_reply(
        f'<ListAllMyBucketsResult xmlns="{_NAMESPACE}">{owner}<Buckets>{entries}</Buckets></ListAllMyBucketsResult>'
    )


def _created(state: State, call: Call, reply: Reply) -> Reply:
    """CreateBucket answers the bucket's ARN in a header, too. Source: S3 API reference, CreateBucket."""
    if reply.status != 200:
        return reply
    arn = bucket_arn(state.partition, call.bucket)
    return Reply(reply.status, reply.body, {**reply.headers, "x-amz-bucket-arn": arn})


def authorise(state: State, call: Call, caller: Caller, bucket: Any) -> None:
    """Raise AccessDenied where owner, bucket policy and the caller's own policies do not let the call through."""
    headers = {_REGION_HEADER: bucket.region_name} if call.operation == "HeadBucket" else {}
    denied = AwsError("AccessDenied", "Access Denied", 403, headers)
    expected = call.header("x-amz-expected-bucket-owner")
    if expected is not None and not is_account(expected):
        message = f"The value of the expected bucket owner parameter must be an AWS Account ID... [{expected}]"
        raise AwsError("InvalidBucketOwnerAWSAccountID", message)
    if expected is not None and expected != bucket.account_id:
        raise denied
    action = action_of(call.operation)
    arn = bucket_arn(state.partition, bucket.name) + (f"/{call.key}" if call.key else "")
    context = {**bucket_keys(state, bucket, call.parameters), **(object_keys(bucket, call.key) if call.key else {})}
    policy = json.loads(bucket.policy) if bucket.policy else None
    said = resource_verdict(policy, caller, action, arn, context) if policy else None
    if said is False:
        raise denied
    if caller.account == bucket.account_id:
        refusal = bucket_refusal(policy, caller, action, arn, context)
        if refusal:
            raise AwsError("AccessDenied", refusal, 403, headers)
        return
    if said is None and caller.account not in state.traits(bucket.name).readers:
        raise denied
    _require(caller, call, arn, headers, context)
    if call.operation in _OWNER_ONLY:
        message = "The specified method is not allowed against this resource."
        raise AwsError("MethodNotAllowed", message, 405)


def _require(
    caller: Caller,
    call: Call,
    arn: str,
    headers: dict[str, str] | None = None,
    context: Mapping[str, Value] | None = None,
) -> None:
    refusal = identity_refusal(caller, action_of(call.operation), arn, quoted=True, context=context)
    if refusal:
        raise AwsError("AccessDenied", refusal, 403, headers)


def _encryption(state: State, bucket: Any) -> Reply:
    if state.traits(bucket.name).no_configuration and not bucket.encryption:
        code = "ServerSideEncryptionConfigurationNotFoundError"
        message = "The server side encryption configuration was not found"
        raise AwsError(code, message, 404, details={"BucketName": bucket.name})
    default = bucket_encryption(bucket)
    apply = elements([("SSEAlgorithm", default.algorithm), ("KMSMasterKeyID", default.key_id)])
    rule = (
        f"<Rule><ApplyServerSideEncryptionByDefault>{apply}</ApplyServerSideEncryptionByDefault>"
        f"<BucketKeyEnabled>{str(default.bucket_key).lower()}</BucketKeyEnabled></Rule>"
    )
    return xml_reply(
        f'<ServerSideEncryptionConfiguration xmlns="{_NAMESPACE}">{rule}</ServerSideEncryptionConfiguration>'
    )


def _read(state: State, call: Call, caller: Caller, bucket: Any, forward: Callable[[str], Reply]) -> Reply:
    stored = bucket.keys.get(call.key)
    if call.key in state.traits(bucket.name).customer_keys:
        message = (
            "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to "
            "retrieve the object."
        )
        raise AwsError("InvalidRequest", message, 400)
    if stored is None or not hasattr(stored, "encryption"):
        return forward(bucket.account_id)
    encryption = object_encryption(stored)
    if encryption.uses_kms and call.operation == "GetObject":
        key = key_of(state, encryption, bucket, caller.account)
        use(state, caller, key, "kms:Decrypt", bucket, call.key, bucket_key=encryption.bucket_key)
    reply = forward(bucket.account_id)
    kept = {n: v for n, v in reply.headers.items() if not n.lower().startswith("x-amz-server-side-encryption")}
    return Reply(reply.status, reply.body, {**kept, **encryption_headers(stored)})


def encryption_headers(stored: Any) -> dict[str, str]:
    """The response headers that tell how an object is encrypted. Source: S3 API reference, HeadObject."""
    encryption = object_encryption(stored)
    headers = {"x-amz-server-side-encryption": encryption.algorithm}
    if encryption.uses_kms and encryption.key_id:
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = encryption.key_id
    if encryption.bucket_key:
        headers["x-amz-server-side-encryption-bucket-key-enabled"] = "true"
    return headers


def _write(state: State, call: Call, caller: Caller, bucket: Any, forward: Callable[[str], Reply]) -> Reply:
    check_headers(call.parameters)
    encryption = asked_encryption(call.parameters, bucket_encryption(bucket))
    key_arn = None
    if encryption.uses_kms:
        key = key_of(state, encryption, bucket, caller.account)
        action = "kms:GenerateDataKey"
        flag, alias = encryption.bucket_key, encryption.by_alias
        use(state, caller, key, action, bucket, call.key, bucket_key=flag, by_alias=alias)
        key_arn = key.arn
    reply = forward(bucket.account_id)
    stored = bucket.keys.get(call.key)
    if reply.status == 200 and stored is not None:
        stored.encryption, stored.kms_key_id = encryption.algorithm, key_arn
        stored.bucket_key_enabled = encryption.bucket_key
        return Reply(reply.status, reply.body, {**reply.headers, **encryption_headers(stored)})
    return reply
