"""Objects of a bucket: listing them, and how one is encrypted. ListObjectsV2 tells nothing of encryption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.aws.errors import Call, error_code, translated
from fcsse.objects import CUSTOMER, Listed, ObjectEncryption, Page

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


def read_sealed(s3: S3Client, bucket: str, name: str) -> ObjectEncryption | None:
    """How an object is encrypted; None where it is gone by now, or its newest version is a delete marker.

    No KMS permission is needed: HeadObject decrypts nothing, and no checksum is asked for. Raises ``DeniedError``,
    ``CredentialsError``. Source: S3 API reference, HeadObject.
    """
    with translated(
        Call("s3:GetObject", f"bucket {bucket}", f"reading the encryption of an object of bucket {bucket}")
    ):
        try:
            return _sealed(dict(s3.head_object(Bucket=bucket, Key=name)))
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            if error_code(error) not in ("400", "InvalidRequest"):
                raise
        return _ask_again(s3, bucket, name)


_GONE = ("404", "NoSuchKey", "NotFound")


def _ask_again(s3: S3Client, bucket: str, name: str) -> ObjectEncryption | None:
    """Answers to HeadObject have no body, so 400 does not tell customer-provided keys from credentials that have expired
    meanwhile. GetObject answers the same with a reason: InvalidRequest for an object whose key it was not given.
    """
    try:
        answer: dict[str, Any] = dict(s3.get_object(Bucket=bucket, Key=name, Range="bytes=0-0"))
    except ClientError as error:
        if error_code(error) in _GONE:
            return None
        if error_code(error) == "InvalidRequest":
            return ObjectEncryption(CUSTOMER)
        raise
    answer["Body"].close()
    return _sealed(answer)


def _sealed(answer: dict[str, Any]) -> ObjectEncryption:
    algorithm = answer.get("ServerSideEncryption")
    if algorithm is None:
        return ObjectEncryption(CUSTOMER if answer.get("SSECustomerAlgorithm") else "none")
    return ObjectEncryption(algorithm, answer.get("SSEKMSKeyId"), answer.get("BucketKeyEnabled", False))
