"""Which key a bucket's setting means, and what KMS says of it: description, policy and grants.

Not all three are always asked for: ``link`` by policy needs no grants, and nobody can read the policy of another
account's key without its credentials.
"""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple

from fcsse.advice import BUCKET_PROFILE, BUCKET_REGION, BUCKET_ROLE, KEY, THE_FACTS, Parameter, advice
from fcsse.arn import Arn, alias_arn, is_key_id, is_unique_id, key_arn
from fcsse.aws_calls import AwsCalls
from fcsse.discovery.buckets import doing, is_default_key, reads_key
from fcsse.discovery.fetcher import Fetcher, attempt
from fcsse.errors import DeniedError, FcsseError, ImpossibleError, NotFoundError, PolicyFormatError, UsageError
from fcsse.link_options import Operation, Options, Via
from fcsse.model import Bucket, Grant, Key
from fcsse.policy.document import parsed, printable
from fcsse.policy.unique_ids import unique_ids
from fcsse.progress import Progress

STATE = "The key's state is"


class KeySide(NamedTuple):
    """What KMS says of a bucket's key; all empty where the bucket has none of its own. As in ``Facts``."""

    key: Key | None = None
    policy: str | None = None
    grants: tuple[Grant, ...] | None = None
    unreadable: tuple[str, ...] = ()
    refusals: tuple[FcsseError, ...] = ()
    dead_ids: frozenset[str] = frozenset()


class Keys:
    """The keys of a run's buckets. ``own`` is the cache's account in every method."""

    def __init__(self, questions: Fetcher, aws: AwsCalls, options: Options, progress: Progress) -> None:
        self._fetcher = questions
        self._aws = aws
        self._options = options
        self._progress = progress
        self._dead: dict[tuple[Arn, str, bool, bool], frozenset[str]] = {}

    def ask(self, bucket: Bucket, own: str) -> None:
        """Puts the second round on the wire: the key's description, and its policy or grants."""
        if not self._has_own_key(bucket):
            return
        reference = bucket.encryption.key or ""
        key = key_arn(reference)
        if key is not None:
            self._progress.step(f"reading key {key.resource.removeprefix('key/')}")
            self.ask_about(key, own)
        elif bucket.region and not bucket.foreign:
            self._progress.step(f"resolving {reference}")
            self._fetcher.resolved(reference, bucket.region)

    def ask_resolved(self, bucket: Bucket, own: str) -> None:
        """Where the key had to be looked up first: waits for that and puts the third round on the wire."""
        if not self._has_own_key(bucket) or key_arn(bucket.encryption.key or ""):
            return
        found = attempt(self._resolve, bucket, own)
        if isinstance(found, Key):
            self._ask_inside(found.arn, own)

    def ask_about(self, key: Arn, own: str) -> list[Future[Any]]:
        """Puts everything about a key on the wire that ``read`` will want; returns the answers to come."""
        return [self._fetcher.described(key, own), *self._ask_inside(key, own)]

    def _ask_inside(self, key: Arn, own: str) -> list[Future[Any]]:
        asked: list[Future[Any]] = []
        if self._wants_policy(key, own):
            asked.append(self._fetcher.policy(key, own))
        if self._wants_grants(key, own):
            asked.append(self._fetcher.grants(key, own))
        return asked

    def _wants_policy(self, key: Arn, own: str) -> bool:
        if key.account != own:  # a grant is made without it, but to no purpose where it denies what that gives
            return self._options.operation is not Operation.UNLINK and self._aws.reaches(key.account)
        return True

    def _wants_grants(self, key: Arn, own: str) -> bool:
        if self._options.operation is not Operation.LINK:
            return True
        return self._options.via is Via.GRANT or (self._options.via is Via.AUTO and key.account != own)

    def read(self, bucket: Bucket, own: str) -> KeySide:
        """What there is to know about the bucket's key, waiting for the answers.

        Raises the refusals that the run's wish cannot do without an answer to, ``ImpossibleError`` where the key cannot
        be told from its name, and ``UsageError`` where an option has to say more.
        """
        if not self._has_own_key(bucket):
            return KeySide()
        refused: list[tuple[str, DeniedError]] = []
        arn = key_arn(bucket.encryption.key or "")
        key = self._resolve(bucket, own) if arn is None else self._describe(arn, bucket.name, own, refused)
        policy = self._policy(key.arn, own, refused) if self._wants_policy(key.arn, own) else None
        grants = self._grants(key.arn, own, refused) if self._wants_grants(key.arn, own) else None
        return KeySide(
            key,
            policy,
            grants,
            tuple(printable(f"{what} unknown: {error.message}.") for what, error in refused),
            tuple(error for what, error in refused if what != STATE or self._options.operation is Operation.CHECK),
            self._dead_ids(key.arn, policy, grants, own),
        )

    def _dead_ids(self, key: Arn, policy: str | None, grants: tuple[Grant, ...] | None, own: str) -> frozenset[str]:
        """The unique ids in a key's policy and grants that belong to nobody; found once for all pairs of the key.

        Those of other accounts, in the policy of their key and in grants that they made, stay unknown.
        """
        about = (key, own, policy is None, grants is None)
        found = self._dead.get(about)
        if found is None:
            found = self._dead[about] = self._find_dead_ids(key, policy, grants, own)
        return found

    def _find_dead_ids(
        self, key: Arn, policy: str | None, grants: tuple[Grant, ...] | None, own: str
    ) -> frozenset[str]:
        found = [one.grantee for one in grants or () if one.grantee and one.issuing_account in (None, own)]
        if policy and key.account == own:
            with suppress(PolicyFormatError):  # whoever needs to read it says so
                found += [one.id for one in unique_ids(parsed(policy))]
        found = [one for one in found if is_unique_id(one)]
        return self._fetcher.submit(self._aws.dead_ids, found).result() if found else frozenset()

    def _describe(self, arn: Arn, bucket: str, own: str, refused: list[tuple[str, DeniedError]]) -> Key:
        try:
            return self._fetcher.described(arn, own).result()
        except DeniedError as error:
            if arn.account == own:
                raise
            refused.append((STATE, error))
            return Key(arn)
        except NotFoundError as error:
            hint: str = f"Bucket {bucket} encrypts with a key that is gone."
            if self._options.key is not None:
                hint = advice(
                    f"There is no such key in {arn.region}: correct ",
                    KEY,
                    f", or leave it out to have bucket {bucket} name its key.",
                )
                if self._options.operation is Operation.UNLINK:
                    hint = advice(
                        f"There is no such key in {arn.region}: correct ",
                        KEY,
                        ". Copies of policies name keys: fcsse backups",
                    )
            raise NotFoundError(error.message, hint) from error

    def _policy(self, arn: Arn, own: str, refused: list[tuple[str, DeniedError]]) -> str | None:
        try:
            return self._fetcher.policy(arn, own).result()
        except DeniedError as error:
            by_grant = self._options.operation is Operation.LINK and (
                self._options.via is Via.GRANT or arn.account != own
            )
            if self._options.operation is not Operation.CHECK and not by_grant:
                raise
            refused.append(("The key policy is", error))
            return None

    def _grants(self, arn: Arn, own: str, refused: list[tuple[str, DeniedError]]) -> tuple[Grant, ...] | None:
        self._check_granter(own)
        try:
            return self._fetcher.grants(arn, own).result()
        except DeniedError as error:
            operation = self._options.operation
            if operation is Operation.UNLINK or (operation is Operation.LINK and arn.account == own):
                raise  # to unlink, one has to know what is there
            refused.append(("The key's grants are", error))
            return None

    def _check_granter(self, own: str) -> None:
        """Refuses a grant role of another account than the cache's.

        Source: File Cache user guide, "Accessing server-side encrypted Amazon S3 buckets in a different AWS account".
        """
        if not self._aws.has_grant_side:
            return
        granter = self._fetcher.granter().result()
        if granter.account != own:
            raise ImpossibleError(
                f"creating a grant as {granter}: it is of account {granter.account}, and the cache is in {own}; "
                "the grant must be created by a role of the cache's account",
                advice(
                    "Name a role of the cache's account with ",
                    Parameter("grant_role"),
                    " or ",
                    Parameter("grant_profile"),
                    ".",
                ),
            )

    def _resolve(self, bucket: Bucket, own: str) -> Key:
        """The key behind an alias or a bare id."""
        reference = bucket.encryption.key or ""
        if bucket.foreign:
            raise ImpossibleError(
                f"it belongs to another account and names its key as {reference!r}, "
                "which AWS resolves in the account of whoever asks, so it may not be the key its objects use",
                advice(
                    "Have the bucket's owner set the default encryption to the key's full ARN, or state it yourself: ",
                    THE_FACTS,
                    ".",
                ),
                doing=doing(self._options, bucket.name),
            )
        alias = alias_arn(reference)
        region = alias.region if alias else bucket.region
        if region is None:
            message = f"{doing(self._options, bucket.name)}: S3 did not return its Region"
            raise UsageError(message, advice("Name it with ", BUCKET_REGION, "."))
        try:
            return self._fetcher.resolved(reference, region).result()
        except NotFoundError as error:
            account = alias.account if alias else own
            kind = "key" if is_key_id(reference) else "alias"
            raise NotFoundError(
                f"resolving the default key of bucket {bucket.name}: account {account} has no {kind} {reference} in {region}, "
                "so S3 cannot use it either",
                f"See what there is: aws kms list-{'keys' if kind == 'key' else 'aliases'} --region {region}. Then set the "
                "bucket's default encryption to a key that exists, or create the alias again.",
            ) from error
        except DeniedError as error:
            if alias is None or alias.account == own:
                raise
            raise ImpossibleError(
                f"its key is named by alias {reference} of another account, which the caller "
                "may not look up, since permissions are given on keys and not on aliases",
                advice(
                    "Ask its owner for the key's ARN and state it: ",
                    THE_FACTS,
                    "; or name credentials of that account with ",
                    BUCKET_PROFILE,
                    " or ",
                    BUCKET_ROLE,
                    ".",
                ),
                doing=doing(self._options, bucket.name),
            ) from error

    def _has_own_key(self, bucket: Bucket) -> bool:
        return reads_key(bucket.encryption, self._options) and not is_default_key(bucket)
