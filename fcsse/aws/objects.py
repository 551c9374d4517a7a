"""Objects of a bucket: listing them, and how one is encrypted. ListObjectsV2 tells nothing of encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.aws.faults import Call, error_code, translated
from fcsse.census.sample import Listed, Page
from fcsse.census.tally import Sealed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def list_page(s3: S3Client, bucket: str, prefix: str, after: str | None, delimited: bool) -> Page:
    """One page of names under a prefix, after a name; ``delimited`` gives the common prefixes up to the next slash.

    Source: S3 API reference, ListObjectsV2.
    """
    extra: dict[str, Any] = {"Prefix": prefix}
    if after is not None:
        extra["StartAfter"] = after
    if delimited:
        extra["Delimiter"] = "/"
    with translated(Call("s3:ListBucket", f"bucket {bucket}", f"listing objects of bucket {bucket}")):
        answer = s3.list_objects_v2(Bucket=bucket, **extra)
    listed = tuple(
        Listed(entry["Key"], entry.get("Size", 0), entry.get("LastModified")) for entry in answer.get("Contents", ())
    )
    prefixes = tuple(entry["Prefix"] for entry in answer.get("CommonPrefixes", ()))
    return Page(listed, prefixes, answer.get("IsTruncated", False))


def read_sealed(s3: S3Client, bucket: str, name: str) -> Sealed | None:
    """How an object is encrypted; None where it is gone by now.

    S3 answers 400 for objects with customer-provided keys unless the key is given. Source: S3 API reference, HeadObject.
    """
    with translated(
        Call("s3:GetObject", f"bucket {bucket}", f"reading the encryption of an object of bucket {bucket}")
    ):
        try:
            answer: dict[str, Any] = dict(s3.head_object(Bucket=bucket, Key=name))
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey", "NotFound"):
                return None
            if error_code(error) in ("400", "InvalidRequest"):
                return Sealed("SSE-C")
            raise
    algorithm = answer.get("ServerSideEncryption")
    if algorithm is None:
        return Sealed("none")
    return Sealed(algorithm, answer.get("SSEKMSKeyId"), answer.get("BucketKeyEnabled", False))
