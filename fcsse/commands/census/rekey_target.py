"""Finding out what objects are to be re-encrypted with, and what is known of the keys they use now."""

from __future__ import annotations

from fcsse.advice import NEW_KEY, advice
from fcsse.arn import Arn, key_arn
from fcsse.aws_calls import AwsCalls
from fcsse.commands.census.in_place import RekeyTarget, is_movable
from fcsse.commands.census.rekey import RekeyRequest
from fcsse.commands.census.tally import Census
from fcsse.discovery.fetcher import attempt
from fcsse.discovery.named_key import key_named_by, with_resolved_key
from fcsse.errors import DeniedError, FcsseError, ImpossibleError, UsageError
from fcsse.link_options import Operation, Options
from fcsse.model import Encryption, Key
from fcsse.pipeline import Pipeline


def find_target(pipeline: Pipeline, bucket: str, asked: RekeyRequest) -> RekeyTarget:
    """The key and Bucket Key setting that objects are to have, and the bucket's account.

    Raises ``ImpossibleError`` where S3 cannot re-encrypt with that key in place, ``UsageError`` for a key of another Region
    than the bucket's, and the refusal where the bucket's default encryption is needed and cannot be read.
    Source: S3 user guide, "Updating server-side encryption for existing data" (SSE-KMS only, by the key's full ARN).
    """
    pipeline.progress.step(f"reading the default encryption of bucket {bucket}")
    doing = f"planning the re-encryption of bucket {bucket}"
    aws = pipeline.aws
    setting = attempt(aws.read_encryption, bucket)
    default = setting if isinstance(setting, Encryption) else None
    if asked.new_key is None and isinstance(setting, FcsseError):
        raise setting
    named = asked.new_key or _default_key(default, doing)
    arn = with_resolved_key(aws, Options(Operation.CHECK, key=named), (bucket,)).key or named
    key = _usable(aws, arn, doing)
    region = attempt(aws.find_region, bucket)
    if isinstance(region, str) and region != arn.region:
        message = advice(f"{doing}: ", NEW_KEY, f" {arn} is in {arn.region}, and the bucket in {region}")
        raise UsageError(message, "S3 takes only keys of the bucket's own Region.")
    own = default is not None and default.bucket_keys
    bucket_keys = asked.new_bucket_keys if asked.new_bucket_keys is not None else own
    stated = asked.new_key is not None or asked.new_bucket_keys not in (None, own)
    return RekeyTarget(key, bucket_keys, _owner(aws, bucket, arn.account), stated)


def _default_key(default: Encryption | None, doing: str) -> Arn:
    """The key that the bucket's default encryption names, perhaps by an alias."""
    name = default.name if default else "unknown"
    if default is None or not default.is_kms:
        raise ImpossibleError(
            f"{doing}: its default encryption is {name}, and S3 re-encrypts in place with SSE-KMS only",
            advice(
                "Name the KMS key for the objects with ", NEW_KEY, ", or make SSE-KMS the bucket's default encryption."
            ),
        )
    found = key_named_by(default.key) if default.key else None
    if found is None or found.resource == "alias/aws/s3":
        raise ImpossibleError(
            f"{doing}: the bucket's default key is the AWS managed key aws/s3, for which AWS does not document it",
            advice("Name a customer managed KMS key with ", NEW_KEY, "."),
        )
    return found


def _usable(aws: AwsCalls, arn: Arn, doing: str) -> Arn:
    """The key's ARN, where nothing that KMS says of the key stands in the way."""
    try:
        key = aws.describe_key(arn)
    except DeniedError:
        return arn
    if key.manager == "AWS":
        raise ImpossibleError(
            f"{doing}: key {arn} is AWS managed, and AWS documents customer managed keys only",
            advice("Name a customer managed KMS key with ", NEW_KEY, "."),
        )
    if key.state not in (None, "Enabled"):
        raise ImpossibleError(
            f"{doing}: key {arn} is in state {key.state}", f"See it: aws kms describe-key --key-id {arn}"
        )
    if not key.usable_by_s3:
        raise ImpossibleError(
            f"{doing}: key {arn} is no symmetric encryption key, and S3 takes no other",
            advice("Name another with ", NEW_KEY, "."),
        )
    return key.arn


def _owner(aws: AwsCalls, bucket: str, key_account: str) -> str | None:
    """The bucket's account: the key's or the caller's, whichever it is; None where it is neither, or cannot be read."""
    caller = attempt(lambda: aws.caller().account)
    for account in dict.fromkeys([key_account, *([caller] if isinstance(caller, str) else [])]):
        if attempt(aws.is_owned_by, bucket, account) is True:
            return account
    return None


def describe_sources(aws: AwsCalls, census: Census, target: RekeyTarget) -> tuple[Key, ...]:
    """The keys of the objects that would be changed, as far as KMS describes them to the caller."""
    arns = {group.sealed.key: None for group in census.groups if is_movable(group.sealed, target) and group.sealed.key}
    found = (attempt(aws.describe_key, arn) for text in arns if (arn := key_arn(text)) is not None)
    return tuple(key for key in found if isinstance(key, Key))
