"""What a bucket is: from the options and S3's answers to a ``Bucket``.

A bucket names its key by ARN, alias or bare id, or means ``aws/s3`` by naming none. An ARN says Region and account by
itself; for the others S3 is asked where the bucket is and whether it is the cache's account's, since that decides which
key the name stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fcsse.advice import BUCKET_PROFILE, BUCKET_REGION, BUCKET_ROLE, KEY, THE_FACTS, advice
from fcsse.arn import Arn, alias_arn, key_arn
from fcsse.discovery.fetcher import Fetcher, attempt, result_or_error
from fcsse.encryption_algorithms import DSSE_KMS, SSE_KMS
from fcsse.errors import DeniedError, FcsseError, NotAwsAnswerError, NotFoundError, UnexpectedError, UsageError
from fcsse.link_options import Operation, Options, Via
from fcsse.model import Bucket, Encryption
from fcsse.policy.document import printable


class BucketSide(NamedTuple):
    """A bucket, and what ``check`` wants to know besides: its owner and its policy, each as far as it can be read."""

    bucket: Bucket
    policy: str | None = None
    unreadable: tuple[str, ...] = ()


class Buckets:
    """The buckets of a run. ``home`` is the Region of the caller's settings, where most buckets are."""

    def __init__(self, questions: Fetcher, options: Options, home: str | None) -> None:
        self._fetcher = questions
        self._options = options
        self._home = home
        self._read: dict[str, Bucket | FcsseError] = {}
        self.all_given = options.key is not None and (
            options.bucket_keys is not None or (options.via is Via.GRANT and not options.narrow_grant)
        )
        """Did the caller state everything about the bucket? Then nothing is asked about it."""

    @property
    def read_so_far(self) -> Mapping[str, Bucket]:
        """The buckets that ``read`` could make out, by name."""
        return {name: found for name, found in self._read.items() if isinstance(found, Bucket)}

    def ask(self, name: str) -> None:
        """Starts the requests that depend on no earlier response."""
        if self.all_given:
            return
        self._fetcher.encryption(name)
        if self._options.operation is Operation.CHECK:
            self._fetcher.bucket_policy(name)

    def ask_whose(self, name: str, own: str) -> None:
        """Asks whose a bucket is and where, if its key is an alias, a bare id or the default: that decides.

        ``own`` is the cache's account, here and below. Waits for the default encryption.
        """
        if self.all_given:
            return
        encryption = result_or_error(self._fetcher.encryption(name))
        if isinstance(encryption, FcsseError):
            return
        named = reads_key(encryption, self._options) and self._options.key is None and not _named_by_arn(encryption)
        if named or self._options.operation is Operation.CHECK:
            self._fetcher.owned(name, own)
        if self.doubts_region(name, encryption):
            self._fetcher.region(name)
        if not named:
            return
        if self._options.bucket_region is None:
            self._fetcher.region(name)
        if encryption.key and not encryption.key.startswith("alias/aws/") and self._home:
            # Most buckets are in the caller's Region: asking there right away saves a round.
            self._fetcher.resolved(encryption.key, self._home)

    def doubts_region(self, name: str, encryption: Encryption) -> bool:
        """Is S3 to be asked where a bucket is, although its key's ARN should tell? It takes any ARN for a default key, and uses
        none of another Region; nor need the caller's ``key`` be one of the bucket's Region. Where S3 told the encryption in
        the key's Region, there is nothing to ask. Access can be taken back anyway.

        Source: S3 API reference, PutBucketEncryption ("Amazon S3 doesn't validate the KMS key ID").
        """
        options = self._options
        arn = options.key or (_named_by_arn(encryption) if encryption.is_kms else None)
        if arn is None or options.bucket_region is not None or options.operation is Operation.UNLINK:
            return False
        return arn.region != self._fetcher.region_of_answer(name)

    def without_key(self, name: str) -> Encryption | FcsseError | None:
        """The bucket's encryption where it has no key of its own, or why it cannot be read; None where it has one."""
        if self.all_given:
            return None
        found = result_or_error(self._fetcher.encryption(name))
        if isinstance(found, FcsseError) or not reads_key(found, self._options) or is_default_key(Bucket(name, found)):
            return found
        return None

    def is_missing(self, name: str) -> bool:
        """Did S3 say that there is no such bucket?"""
        if self.all_given:
            return False
        encryption = result_or_error(self._fetcher.encryption(name))
        return isinstance(encryption, NotFoundError)

    def read(self, name: str, own: str) -> Bucket:
        """The bucket. Raises S3's refusal, and ``UsageError`` where an option contradicts what is known."""
        if name not in self._read:
            self._read[name] = attempt(self._make_out, name, own)
        found = self._read[name]
        if isinstance(found, FcsseError):
            raise found
        return found

    def read_side(self, bucket: Bucket, own: str) -> BucketSide:
        """For ``check`` the bucket with its owner and policy; otherwise, and of stated facts, no more than the bucket.

        A refusal leaves either unknown. Raises ``NotAwsAnswerError``.
        """
        if bucket.given or self._options.operation is not Operation.CHECK:
            return BucketSide(bucket)
        policy = result_or_error(self._fetcher.bucket_policy(bucket.name))
        if bucket.foreign is None:
            owned = result_or_error(self._fetcher.owned(bucket.name, own))
            if isinstance(owned, NotAwsAnswerError):
                raise owned
            bucket = bucket._replace(foreign=None if isinstance(owned, FcsseError) else not owned.own)
        if isinstance(policy, NotAwsAnswerError):
            raise policy
        if isinstance(policy, FcsseError):
            return BucketSide(bucket, None, (printable(f"The bucket policy is unknown: {policy.reason}."),))
        return BucketSide(bucket, policy)

    def _make_out(self, name: str, own: str) -> Bucket:
        options = self._options
        if options.key is not None and self.all_given:
            return self._given(name, options.key)
        try:
            encryption = self._fetcher.encryption(name).result()
        except DeniedError as error:
            if options.key is not None and options.key.account != own:
                # A grant needs no encryption context, so the bucket's setting does not matter.
                return self._given(name, options.key)
            raise DeniedError(
                error.message,
                advice(
                    error.hint,
                    " For a bucket of another account: name its credentials with ",
                    BUCKET_PROFILE,
                    " or ",
                    BUCKET_ROLE,
                    ", or state its facts: ",
                    THE_FACTS,
                    ".",
                ),
                action=error.action,
                resource=error.resource,
            ) from error
        default: Encryption | None = None
        if options.key is not None:
            self._refuse_another_region(name, encryption, options.key)
            named = (str(options.key), options.key.resource.removeprefix("key/"))
            default = None if encryption.is_kms and encryption.key in named else encryption
            encryption = Encryption(SSE_KMS.code, str(options.key), options.bucket_keys or encryption.bucket_keys)
        elif options.bucket_keys is not None:
            encryption = Encryption(encryption.algorithm, encryption.key, options.bucket_keys)
        if not reads_key(encryption, options):
            return Bucket(name, encryption, options.bucket_region)
        arn = _named_by_arn(encryption)
        if arn is None:
            ownership = self._fetcher.owned(name, own).result()
            if ownership.encryption not in (None, self._fetcher.encryption(name).result()):
                # Without a key in it, an answer means aws/s3: there would be nothing to do for a bucket that has a key.
                message = f"reading the default encryption of bucket {name}: two answers of S3, a moment apart, differ"
                raise UnexpectedError(message, "Run this again. Somebody may have changed the encryption just now.")
            region = options.bucket_region or self._fetcher.region(name).result()
            foreign, stated = not ownership.own, options.bucket_keys is not None
            return Bucket(name, encryption, region, foreign, bucket_keys_stated=stated)
        # S3 takes only keys of the bucket's own Region. Source: S3 user guide, "Using SSE-KMS".
        region = self._same_region(name, arn)
        if self.doubts_region(name, encryption):
            region = self._fetcher.region(name).result() or self._fetcher.region_of_answer(name) or region
        stated = options.bucket_keys is not None
        bucket = Bucket(name, encryption, region, default=default, bucket_keys_stated=stated)
        if not is_default_key(bucket):
            return bucket
        # No account can use the aws/s3 of another one; and its own lets it into no bucket of another account.
        foreign = arn.account != own
        if not foreign and options.operation is not Operation.UNLINK:
            foreign = not self._fetcher.owned(name, own).result().own
        return bucket._replace(foreign=foreign)

    def _refuse_another_region(self, name: str, now: Encryption, key: Arn) -> None:
        """The key that a bucket names by ARN tells where the bucket is, and so where every key of it must be."""
        own = _named_by_arn(now)
        if own is not None and own.region != key.region and self._options.operation is not Operation.UNLINK:
            message = advice(
                f"{doing(self._options, name)}: ", KEY, f" {key} is in {key.region}, and the bucket in {own.region}"
            )
            raise UsageError(message, "S3 takes only keys of the bucket's own Region.")

    def _given(self, name: str, key: Arn) -> Bucket:
        keys = self._options.bucket_keys
        encryption = Encryption(SSE_KMS.code, str(key), bool(keys))
        region = self._same_region(name, key)
        return Bucket(name, encryption, region, given=True, bucket_keys_known=keys is not None)

    def _same_region(self, bucket: str, key: Arn) -> str:
        stated = self._options.bucket_region
        if stated not in (None, key.region):
            message = advice(
                f"{doing(self._options, bucket)}: ", BUCKET_REGION, f" {stated} is not the Region of key {key}"
            )
            raise UsageError(message, "S3 takes only keys of the bucket's own Region.")
        return key.region


def doing(options: Options, bucket: str) -> str:
    """What an error about a bucket begins with, such as ``linking bucket data``."""
    return f"{options.operation.value}ing bucket {bucket}"


def reads_key(encryption: Encryption, options: Options) -> bool:
    """Is the key of such an encryption to be read? To unlink, that of DSSE-KMS, too: the access may be from before that."""
    dsse = encryption.algorithm == DSSE_KMS.code and encryption.key is not None
    return encryption.is_kms or (dsse and options.operation is Operation.UNLINK)


def is_default_key(bucket: Bucket) -> bool:
    """Does the bucket use ``aws/s3``, the AWS managed key, by name? (Its ARN gives it away only when described.)"""
    key = bucket.encryption.key
    return key is None or key == "alias/aws/s3" or key.endswith(":alias/aws/s3")


def _named_by_arn(encryption: Encryption) -> Arn | None:
    return key_arn(encryption.key or "") or alias_arn(encryption.key or "")
