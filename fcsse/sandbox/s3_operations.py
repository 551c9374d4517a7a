"""Which S3 operation an HTTP request stands for, and which IAM action that operation needs.

Sources: the requestUri of each operation in the botocore service model of S3; for actions, the Service Authorization
Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from __future__ import annotations

from collections.abc import Mapping

_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "POST": "Create", "HEAD": "Head"}

_BUCKET_PARTS = {
    "accelerate": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "cors": "BucketCors",
    "encryption": "BucketEncryption",
    "inventory": "BucketInventoryConfiguration",
    "lifecycle": "BucketLifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metadataTable": "BucketMetadataTableConfiguration",
    "notification": "BucketNotificationConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "PublicAccessBlock",
    "replication": "BucketReplication",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}

_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketMetadataConfiguration": "GetBucketMetadataTableConfiguration",
    "HeadObject": "GetObject",
    "CopyObject": "PutObject",
    "UploadPart": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
}


def operation_of(method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """Name of the operation. ``headers`` are the ``x-amz-…`` ones without that prefix."""
    if not bucket:
        return "ListBuckets"
    return _object_operation(method, query, headers) if key else _bucket_operation(method, query)


def _bucket_operation(method: str, query: Mapping[str, str]) -> str:
    for part, name in _BUCKET_PARTS.items():
        if part in query:
            return _VERBS.get(method, "") + name
    if method == "GET":
        if query.get("list-type") == "2":
            return "ListObjectsV2"
        return "ListObjectVersions" if "versions" in query else "ListObjects"
    if method == "POST":
        return "DeleteObjects"
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(method, "Unknown")


def _object_operation(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    for part, name in (("tagging", "ObjectTagging"), ("acl", "ObjectAcl"), ("attributes", "ObjectAttributes")):
        if part in query:
            return _VERBS.get(method, "") + name
    if "encryption" in query:
        return "UpdateObjectEncryption"
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if method == "PUT":
        if "uploadId" in query:
            return "UploadPart"
        return "CopyObject" if "copy-source" in headers else "PutObject"
    if method == "DELETE" and "uploadId" in query:
        return "AbortMultipartUpload"
    return _VERBS.get(method, "") + "Object"


def action_of(operation: str) -> str:
    """The IAM action that an operation needs, such as ``s3:GetEncryptionConfiguration``."""
    return "s3:" + _ACTIONS.get(operation, operation)
