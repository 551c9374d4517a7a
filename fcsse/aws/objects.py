"""Objects of a bucket: listing them, and how one is encrypted. ListObjectsV2 tells nothing of encryption."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import rejected
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call
from fcsse.encryption_algorithms import NOT_ENCRYPTED, SSE_C
from fcsse.objects import END, Listed, ObjectEncryption, Page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def list_page(s3: S3Client, bucket: str, prefix: str, after: str | None, delimited: bool) -> Page:
    """One page of names under a prefix, after a name; ``delimited`` gives the common prefixes up to the next slash.

    Raises ``NotAwsAnswerError`` also for a page that does not lead on: S3 lists names in the order of their UTF-8 bytes.
    Source: S3 API reference, ListObjectsV2.
    """
    extra: dict[str, Any] = {"Prefix": prefix}
    if after is not None:
        extra["StartAfter"] = after
    if delimited:
        extra["Delimiter"] = "/"
    with translated(Call("s3:ListBucket", f"bucket {bucket}", f"listing objects of bucket {bucket}")):
        answer = ask(s3, "ListObjectsV2", Bucket=bucket, **extra)
        listed = tuple(
            Listed(entry["Key"], entry["Size"], entry["LastModified"]) for entry in answer.get("Contents", ())
        )
        prefixes = tuple(entry["Prefix"] for entry in answer.get("CommonPrefixes", ()))
        page = Page(listed, prefixes, answer["IsTruncated"])
        if (reason := _astray(page, prefix, after or "")) is not None:
            raise rejected(s3, "ListObjectsV2", reason)
    return page


def _astray(page: Page, prefix: str, after: str) -> str | None:
    """What is wrong with the names of a page; None if nothing. Whoever went on from it might never come to an end."""
    names = [one.name for one in page.objects]
    if not all(name.startswith(prefix) for name in (*names, *page.prefixes)):
        return "lists objects under another prefix"
    passed = [name for name in names if name <= after and after]
    passed += [one for one in page.prefixes if one <= after and not (after.startswith(one) and one + END > after)]
    if passed or any(len(some) and some[-1] != max(some) for some in (names, page.prefixes)):
        return "lists objects again that were listed before"
    if page.more and not names and not page.prefixes:
        return "says that there are more objects and lists none"
    return None


def read_sealed(s3: S3Client, bucket: str, name: str) -> ObjectEncryption | None:
    """How an object is encrypted; None where it is gone by now, or its newest version is a delete marker.

    No KMS permission is needed: HeadObject decrypts nothing, and no checksum is asked for. Raises ``DeniedError``,
    ``CredentialsError``. Source: S3 API reference, HeadObject.
    """
    with translated(
        Call("s3:GetObject", f"bucket {bucket}", f"reading the encryption of an object of bucket {bucket}")
    ):
        try:
            return _sealed(ask(s3, "HeadObject", Bucket=bucket, Key=name))
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
        answer = ask(s3, "GetObject", Bucket=bucket, Key=name, Range="bytes=0-0")
    except ClientError as error:
        if error_code(error) in _GONE:
            return None
        if error_code(error) == "InvalidRequest":
            return ObjectEncryption(SSE_C.code)
        raise
    answer["Body"].close()
    return _sealed(answer)


def _sealed(answer: Mapping[str, Any]) -> ObjectEncryption:
    algorithm = answer.get("ServerSideEncryption")
    if algorithm is None:
        return ObjectEncryption((SSE_C if answer.get("SSECustomerAlgorithm") else NOT_ENCRYPTED).code)
    return ObjectEncryption(algorithm, answer.get("SSEKMSKeyId"), answer.get("BucketKeyEnabled", False))
