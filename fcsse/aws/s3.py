"""Buckets: their default encryption, their Region, whose they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import ClientError

from fcsse.advice import BUCKET_PROFILE, BUCKET_ROLE, advice
from fcsse.arn import is_other_bucket
from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import pages
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call
from fcsse.encryption_algorithms import SSE_S3
from fcsse.errors import DeniedError, ImpossibleError, NotFoundError
from fcsse.model import Encryption, Ownership

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def _call(action: str, bucket: str, doing: str) -> Call:
    return Call(action, f"bucket {bucket}", doing, "the caller's IAM policy, and the bucket policy of another account")


class EncryptionAnswer(NamedTuple):
    """The default encryption of a bucket, and for which Region the request was signed that S3 answered: the bucket's."""

    encryption: Encryption
    region: str | None = None


def read_encryption(s3: S3Client, bucket: str, owner: str | None = None) -> EncryptionAnswer:
    """The default encryption of a bucket. A bucket without a configuration has SSE-S3.

    ``owner`` is the account the bucket must belong to; S3 answers 403 where it is somebody else's.
    Raises ``NotFoundError`` and ``DeniedError``, and ``ImpossibleError`` for what is no general purpose bucket, to which a cache
    may be linked all the same. Source: S3 API reference, GetBucketEncryption.
    """
    if is_other_bucket(bucket):
        raise ImpossibleError(
            "it is a directory bucket, a table bucket or an access point, and fcsse links and judges general purpose buckets only",
            "Name the bucket behind an access point with its own name.",
            doing=f"reading the default encryption of {bucket}",
        )
    s3.meta.events.register("after-call.s3.GetBucketEncryption", _note_region, unique_id="fcsse-note-region")
    call = _call("s3:GetEncryptionConfiguration", bucket, f"reading the default encryption of bucket {bucket}")
    extra: dict[str, Any] = {"ExpectedBucketOwner": owner} if owner else {}
    with translated(call):
        try:
            answer = ask(s3, "GetBucketEncryption", Bucket=bucket, **extra)
        except ClientError as error:
            if error_code(error) == "ServerSideEncryptionConfigurationNotFoundError":
                return EncryptionAnswer(Encryption(SSE_S3.code))
            if error_code(error) in ("NoSuchBucket", "404"):
                message = f"{call.opening}: there is no such bucket"
                raise NotFoundError(message, "Check the name; bucket names are global.") from error
            raise
    rule = answer["ServerSideEncryptionConfiguration"]["Rules"][0]
    default = rule["ApplyServerSideEncryptionByDefault"]
    key = default.get("KMSMasterKeyID") or None
    encryption = Encryption(default["SSEAlgorithm"], key, rule.get("BucketKeyEnabled", False))
    return EncryptionAnswer(encryption, answer["ResponseMetadata"].get(_SIGNED_FOR))


_SIGNED_FOR = "SignedFor"
"""The member of a parsed answer's metadata that names the Region of the request's signature."""


def _note_region(parsed: dict[str, Any], context: Mapping[str, Any], **_: object) -> None:
    """S3 takes no request that is signed for another Region than the bucket's: botocore follows it to the right one, and
    remembers that for every later request. Source: S3 API reference, "Error responses", AuthorizationHeaderMalformed.
    """
    parsed.setdefault("ResponseMetadata", {})[_SIGNED_FOR] = context.get("signing", {}).get("region")


def read_ownership(s3: S3Client, bucket: str, account: str) -> Ownership:
    """Does the bucket belong to this account? To be asked only where reading it without an owner works.

    No call names a bucket's owner, but S3 answers 403 where ``ExpectedBucketOwner`` is not the one.
    Source: S3 user guide, "Verifying bucket ownership with bucket owner condition".
    """
    try:
        return Ownership(True, read_encryption(s3, bucket, account).encryption)
    except DeniedError:
        return Ownership(False)


def list_buckets(s3: S3Client) -> tuple[str, ...]:
    """The names of the caller's account's own buckets. Source: S3 API reference, ListBuckets."""
    with translated(Call("s3:ListAllMyBuckets", doing="listing the buckets of the account")):
        return tuple(one["Name"] for page in pages(s3, "ListBuckets") for one in page["Buckets"])


def find_region(s3: S3Client, bucket: str) -> str | None:
    """The bucket's Region; None where S3 does not tell. Raises ``NotFoundError``.

    HeadBucket names it even in a refusal, so the caller needs no permission. Source: S3 API reference, HeadBucket.
    """
    with translated(_call("s3:ListBucket", bucket, f"finding the Region of bucket {bucket}")):
        try:
            answer = ask(s3, "HeadBucket", Bucket=bucket)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchBucket"):
                message = f"finding the Region of bucket {bucket}: there is no such bucket"
                raise NotFoundError(message, "Check the name; bucket names are global.") from error
            headers: dict[str, str] = dict(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
            return headers.get("x-amz-bucket-region")
    region: str = answer["BucketRegion"]
    return region


def read_policy(s3: S3Client, bucket: str) -> str:
    """The text of the bucket policy; empty where there is none.

    Raises ``DeniedError``, also for a bucket of another account, to which S3 answers 405 MethodNotAllowed whatever the
    permissions. Source: S3 API reference, GetBucketPolicy.
    """
    with translated(_call("s3:GetBucketPolicy", bucket, f"reading the policy of bucket {bucket}")):
        try:
            answer = ask(s3, "GetBucketPolicy", Bucket=bucket)
        except ClientError as error:
            if error_code(error) == "NoSuchBucketPolicy":
                return ""
            if error_code(error) == "MethodNotAllowed":
                raise DeniedError(
                    "it belongs to another account, and S3 shows a bucket policy to its own account only",
                    advice("Name credentials of the bucket's account with ", BUCKET_ROLE, " or ", BUCKET_PROFILE, "."),
                    doing=f"reading the policy of bucket {bucket}",
                    action="s3:GetBucketPolicy",
                    resource=f"bucket {bucket}",
                ) from error
            raise
    text: str = answer["Policy"]
    return text


def read_tags(s3: S3Client, bucket: str) -> dict[str, str]:
    """The tags of a bucket. Raises ``DeniedError``. Source: S3 API reference, GetBucketTagging (NoSuchTagSet: none)."""
    with translated(_call("s3:GetBucketTagging", bucket, f"reading the tags of bucket {bucket}")):
        try:
            answer = ask(s3, "GetBucketTagging", Bucket=bucket)
        except ClientError as error:
            if error_code(error) == "NoSuchTagSet":
                return {}
            raise
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}
