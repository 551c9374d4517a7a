"""From pairs to facts: every read of a run, side by side where one does not need the other.

In: the pairs and options. Out: ``Facts`` or an ``Obstacle`` per pair, in the order of the pairs. Each role, bucket
and key is asked about once, however many pairs share it, and one that cannot be read hinders only its own pairs.

The order of the rounds is what makes a link quick: role and bucket first, then the key's description and policy.
Account and Region come from the role's and key's ARNs; STS and HeadBucket are asked only where those say too little.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from fcsse.arn import alias_arn, key_arn, role_name
from fcsse.discovery.roles import RoleFinder
from fcsse.errors import DeniedError, FcsseError, ImpossibleError, NotFoundError, UsageError
from fcsse.model import Bucket, Encryption, Facts, Key, Obstacle, Role, Via, Wish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fcsse.arn import Arn
    from fcsse.aws.account import Aws
    from fcsse.clock import Clock
    from fcsse.model import Options, Pair
    from fcsse.progress import Progress

THREADS = 16

T = TypeVar("T")


class Discovery:
    """One run's reads. ``close`` (or leaving the ``with`` block) lets its threads go."""

    def __init__(self, aws: Aws, options: Options, clock: Clock, progress: Progress, wait: float = 0.0) -> None:
        self.aws = aws
        self.options = options
        self.progress = progress
        self._roles = RoleFinder(aws, clock, progress, wait)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fcsse")
        self._asked: dict[tuple[str, ...], Future[object]] = {}
        self._listed: Mapping[str, Role] | None = None
        self._clock = clock
        self._policies_read_at = clock.monotonic()
        self.buckets: dict[str, Bucket | FcsseError] = {}
        self.on_answer: Callable[[int, int], None] | None = None
        self._answers = 0
        self.meanwhile: Callable[[Wish, int], None] | None = None
        """Called with the number of the round once it is on the wire, to use the time until the first answers."""

    def __enter__(self) -> Discovery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drops what has not started; does not wait for what has."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def submit(self, question: Callable[..., T], *about: object) -> Future[T]:
        """Asks something beside the questions about pairs, on one of the same threads."""
        return self._pool.submit(question, *about)

    def know(self, caller: Arn, roles: Mapping[str, Role] | None) -> None:
        """Takes over what was asked before: who asks, and all roles of the account by cache (None = not listed).

        Then no role is asked for by itself, and nobody waits for one.
        """
        self._answered("caller", caller)
        self._listed = roles

    def begin(self, bucket: str) -> Future[Encryption]:
        """Puts the first questions about a bucket on the wire while the pairs are still being listed.

        ``follow`` is to be called once the answer is there, and ``facts`` in the end.
        """
        return self._ask("encryption", self.aws.read_encryption, bucket)

    def follow(self, bucket: str, account: Account) -> None:
        """Puts on the wire what follows from ``begin``'s answer. Waits for nothing."""
        encryption = _caught(self._answer, "encryption", self.aws.read_encryption, bucket)
        key = None if isinstance(encryption, FcsseError) else key_arn(encryption.key or "")
        if key is not None and key.account != account.account:
            self.aws.suggest(bucket, key.account)
        self._ask_whose(bucket, account)
        if self.options.wish is Wish.CHECK:
            self._ask("bucket-policy", self.aws.read_bucket_policy, bucket)
        if key is not None and not isinstance(encryption, FcsseError) and encryption.is_kms:
            self._ask_about(key, account)

    def ready(self, bucket: str, account: Account) -> bool:
        """Has everything been answered that ``follow`` asked? Then ``gather`` waits for nothing.

        False for a bucket whose key has to be looked up first: that goes on in ``facts``.
        """
        encryption = self._asked.get(("encryption", bucket))
        if encryption is None or not encryption.done() or encryption.exception() is not None:
            return False
        found = encryption.result()
        key = key_arn(found.key or "") if isinstance(found, Encryption) and found.is_kms else None
        if key is None and isinstance(found, Encryption) and found.is_kms:
            return False
        names = [("bucket-policy", bucket), ("owned", bucket, account.account)]
        if key is not None:
            names.append(("describe", str(key), account.account))
            names += [("policy", str(key), account.account)] if self._wants_policy(key, account) else []
            names += [("grants", str(key), account.account)] if self._wants_grants(key, account) else []
        return all((future := self._asked.get(name)) is not None and future.done() for name in names)

    def gather(self, pair: Pair, prefixes: tuple[str, ...]) -> Facts | Obstacle:
        """What ``facts`` will say of a pair whose bucket is ``ready``, if its prefixes do not change."""
        account = self._attempt(pair, self._account, pair)
        if isinstance(account, Obstacle):
            return account
        bucket = _caught(self._bucket, pair.bucket, account)
        if isinstance(bucket, FcsseError):
            return Obstacle(pair, bucket)
        return self._attempt(pair, self._gather, pair, bucket, account, prefixes)

    def refusals(self) -> Mapping[tuple[str, ...], FcsseError]:
        """Every question that was answered with an error, by its kind and what it was about.

        Kinds: ``encryption``, ``bucket-policy``, ``owned``, ``region`` (bucket), ``describe``, ``policy``, ``grants``
        (key ARN), ``resolved`` (alias or id), ``role`` (cache), ``caller``.
        """
        done = {name: future.exception() for name, future in self._asked.items() if future.done()}
        return {name: error for name, error in done.items() if isinstance(error, FcsseError)}

    def facts(
        self, pairs: Sequence[Pair], prefixes: Mapping[Pair, tuple[str, ...]] | None = None
    ) -> tuple[Facts | Obstacle, ...]:
        """What there is to know about each pair. Raises nothing that belongs to one pair only."""
        self._ask_first(pairs)
        self._use_waiting(1)
        self._await_roles(pairs)
        accounts = {pair: self._attempt(pair, self._account, pair) for pair in pairs}
        owners = {pair.bucket: account for pair in pairs if not isinstance(account := accounts[pair], Obstacle)}
        for name, owner in owners.items():
            self._ask_whose(name, owner)
        buckets = self.buckets = {name: _caught(self._bucket, name, owner) for name, owner in owners.items()}
        self._policies_read_at = self._clock.monotonic()
        readable = [bucket for bucket in buckets.values() if isinstance(bucket, Bucket)]
        for bucket in readable:
            self._ask_key(bucket, owners[bucket.name])
        self._use_waiting(2)
        for bucket in readable:
            self._ask_resolved(bucket, owners[bucket.name])
        found: list[Facts | Obstacle] = []
        for pair in pairs:
            account = accounts[pair]
            if isinstance(account, Obstacle):
                found.append(account)
                continue
            of_pair = buckets[pair.bucket]
            if isinstance(of_pair, FcsseError):
                found.append(Obstacle(pair, of_pair))
                continue
            found.append(self._attempt(pair, self._gather, pair, of_pair, account, (prefixes or {}).get(pair, ())))
        return tuple(found)

    def age_of_policies(self) -> float:
        """Seconds since the first key policy was asked for."""
        return self._clock.monotonic() - self._policies_read_at

    def _ask_first(self, pairs: Sequence[Pair]) -> None:
        """Puts the first round on the wire, each request as soon as its client exists."""
        self.progress.step("looking up roles and buckets")
        if not self._given():
            self.aws.prepare("s3")
            for bucket in dict.fromkeys(pair.bucket for pair in pairs):
                self._ask("encryption", self.aws.read_encryption, bucket)
                if self.options.wish is Wish.CHECK:
                    self._ask("bucket-policy", self.aws.read_bucket_policy, bucket)
        self.aws.prepare("iam")
        for cache in dict.fromkeys(pair.cache for pair in pairs):
            if cache is None:
                self._ask("caller", self.aws.caller)
            elif self._listed is None:
                self._ask("role", self.aws.find_role, cache)
        self.aws.prepare("kms")

    def _use_waiting(self, round_trip: int) -> None:
        if self.meanwhile:
            self.meanwhile(self.options.wish, round_trip)

    def _await_roles(self, pairs: Sequence[Pair]) -> None:
        """Waits for roles that are not there yet, where a link needs them and its bucket does not rule it out."""
        if self.options.wish is not Wish.LINK:
            return
        wanted = {pair.cache for pair in pairs if pair.cache and not self._ruled_out(pair.bucket)}
        self._roles.await_missing({cache: self._ask("role", self.aws.find_role, cache) for cache in sorted(wanted)})

    def _ruled_out(self, bucket: str) -> bool:
        """Is it known already that no waiting helps?"""
        if self._given():
            return False
        encryption = _caught(self._answer, "encryption", self.aws.read_encryption, bucket)
        return isinstance(encryption, FcsseError) or not encryption.is_kms or is_default_key(Bucket(bucket, encryption))

    def _account(self, pair: Pair) -> Account:
        if pair.cache is None:
            caller = self._answer("caller", self.aws.caller)
            return Account(caller.partition, caller.account, None)
        if self._listed is not None:
            return self._listed_account(pair.cache, self._listed)
        role = self._answer("role", self.aws.find_role, pair.cache) or self._roles.found.get(pair.cache)
        if role is not None:
            return Account(role.arn.partition, role.account, role)
        if self.options.wish is not Wish.UNLINK:
            encryption = (
                None if self._given() else _caught(self._answer, "encryption", self.aws.read_encryption, pair.bucket)
            )
            if isinstance(encryption, FcsseError):
                raise encryption  # no waiting for the role would help, so none was done
            if encryption is None or (encryption.is_kms and not is_default_key(Bucket(pair.bucket, encryption))):
                raise self._roles.why_missing(pair.cache)
            # No key is involved, so it makes no difference that the role is not there (yet); the cache must be, though.
            if self._roles.is_unknown(pair.cache):
                raise self._roles.why_missing(pair.cache)
        caller = self._answer("caller", self.aws.caller)
        return Account(caller.partition, caller.account, Role.computed(caller.partition, caller.account, pair.cache))

    def _listed_account(self, cache: str, roles: Mapping[str, Role]) -> Account:
        role = roles.get(cache)
        if role is None:
            message = f"finding the role of {cache}: IAM has no role {role_name(cache)}"
            raise NotFoundError(message, "FSx makes it with the first S3 data repository association.")
        return Account(role.arn.partition, role.account, role)

    def _given(self) -> bool:
        """Did the caller state everything about the bucket?"""
        options = self.options
        unasked = options.bucket_keys is not None or (options.via is Via.GRANT and not options.narrow_grant)
        return options.key is not None and unasked

    def _bucket(self, name: str, account: Account) -> Bucket:
        options = self.options
        if options.key is not None and self._given():
            return self._given_bucket(name, options.key)
        try:
            encryption = self._answer("encryption", self.aws.read_encryption, name)
        except DeniedError as error:
            if options.key is not None and options.key.account != account.account:
                # A grant needs no encryption context, so the bucket's setting does not matter.
                return self._given_bucket(name, options.key)
            raise DeniedError(
                error.message,
                f"{error.hint} For a bucket of another account: name its credentials with --bucket-profile or "
                "--bucket-role, or state its facts with --key ARN --bucket-region REGION and "
                "--bucket-keys or --no-bucket-keys.",
                action=error.action,
                resource=error.resource,
            ) from error
        if options.key is not None:
            encryption = Encryption("aws:kms", str(options.key), options.bucket_keys or encryption.bucket_keys)
        elif options.bucket_keys is not None:
            encryption = Encryption(encryption.algorithm, encryption.key, options.bucket_keys)
        if not encryption.is_kms:
            return Bucket(name, encryption, options.bucket_region)
        arn = key_arn(encryption.key or "") or alias_arn(encryption.key or "")
        if arn is not None:
            # S3 takes only keys of the bucket's own Region. Source: S3 user guide, "Using SSE-KMS".
            bucket = Bucket(name, encryption, _same_region(name, options.bucket_region, arn))
            # Only an account's own buckets can use its aws/s3.
            return replace(bucket, foreign=arn.account != account.account) if is_default_key(bucket) else bucket
        return self._bucket_without_arn(name, encryption, account)

    def _given_bucket(self, name: str, key: Arn) -> Bucket:
        keys = self.options.bucket_keys
        encryption = Encryption("aws:kms", str(key), bool(keys))
        region = _same_region(name, self.options.bucket_region, key)
        return Bucket(name, encryption, region, given=True, bucket_keys_known=keys is not None)

    def _ask_whose(self, name: str, account: Account) -> None:
        """Asks whose a bucket is and where, if its key is an alias, a bare id or the default: that decides."""
        if self._given():
            return
        encryption = _caught(self._answer, "encryption", self.aws.read_encryption, name)
        checking = self.options.wish is Wish.CHECK
        if checking and not isinstance(encryption, FcsseError):
            self._ask("owned", self.aws.is_owned_by, name, account.account)
        if isinstance(encryption, FcsseError) or not encryption.is_kms or self.options.key is not None:
            return
        if not checking and (key_arn(encryption.key or "") or alias_arn(encryption.key or "")):
            return
        self._ask("owned", self.aws.is_owned_by, name, account.account)
        if key_arn(encryption.key or "") or alias_arn(encryption.key or ""):
            return
        if self.options.bucket_region is None:
            self._ask("region", self.aws.find_region, name)
        if encryption.key and not encryption.key.startswith("alias/aws/") and self.aws.region:
            # Most buckets are in the caller's Region: asking there right away saves a round.
            self._ask("resolved", self.aws.resolve_key, encryption.key, self.aws.region)

    def _bucket_without_arn(self, name: str, encryption: Encryption, account: Account) -> Bucket:
        foreign = not self._answer("owned", self.aws.is_owned_by, name, account.account)
        region = self.options.bucket_region or self._answer("region", self.aws.find_region, name)
        return Bucket(name, encryption, region, foreign)

    def _ask_key(self, bucket: Bucket, account: Account) -> None:
        """Puts the second round on the wire: the key's description, and its policy or grants."""
        if not bucket.encryption.is_kms or is_default_key(bucket):
            return
        reference = bucket.encryption.key or ""
        key = key_arn(reference)
        if key is not None:
            self.progress.step(f"reading key {key.resource.removeprefix('key/')}")
            self._ask_about(key, account)
        elif bucket.region and not bucket.foreign:
            self.progress.step(f"resolving {reference}")
            self._ask("resolved", self.aws.resolve_key, reference, bucket.region)

    def _ask_resolved(self, bucket: Bucket, account: Account) -> None:
        """Where the key had to be looked up first: puts the third round on the wire."""
        if not bucket.encryption.is_kms or is_default_key(bucket) or key_arn(bucket.encryption.key or ""):
            return
        found = _caught(self._key_of, bucket, account.account)
        if not isinstance(found, FcsseError):
            self._ask_about(found[0], account, described=True)

    def _ask_about(self, key: Arn, account: Account, *, described: bool = False) -> None:
        if not described:
            self._ask("describe", self.aws.describe_key, key, account.account)
        if self._wants_policy(key, account):
            self._ask("policy", self.aws.get_policy, key, account.account)
        if self._wants_grants(key, account):
            self._ask("grants", self.aws.list_grants, key, account.account)

    def _wants_policy(self, key: Arn, account: Account) -> bool:
        if key.account != account.account:
            return self.options.wish is Wish.CHECK and self.aws.reaches(key.account)
        return True

    def _wants_grants(self, key: Arn, account: Account) -> bool:
        if self.options.wish is not Wish.LINK:
            return True
        return self.options.via is Via.GRANT or (self.options.via is Via.AUTO and key.account != account.account)

    def _gather(self, pair: Pair, bucket: Bucket, account: Account, prefixes: tuple[str, ...]) -> Facts:
        unreadable: list[str] = []
        bucket_policy = None
        if self.options.wish is Wish.CHECK and not bucket.given:
            bucket, bucket_policy = self._bucket_side(bucket, account, unreadable)
        facts = Facts(
            pair,
            account.account,
            account.partition,
            account.role,
            bucket,
            prefixes=prefixes,
            bucket_policy=bucket_policy,
        )
        if not bucket.encryption.is_kms or is_default_key(bucket):
            return facts
        arn, key = self._key_of(bucket, account.account)
        refusals: list[FcsseError] = []
        foreign = arn.account != account.account
        try:
            key = key or self._answer("describe", self.aws.describe_key, arn, account.account)
        except DeniedError as error:
            if not foreign:
                raise
            unreadable.append(f"The key's state is unknown: {error.message}.")
            key = Key(arn)
        except NotFoundError as error:
            raise NotFoundError(error.message, f"Bucket {bucket.name} encrypts with a key that is gone.") from error
        policy, grants = None, None
        if self._wants_policy(arn, account):
            try:
                policy = self._answer("policy", self.aws.get_policy, arn, account.account)
            except DeniedError as error:
                by_grant = self.options.wish is Wish.LINK and self.options.via is Via.GRANT
                if self.options.wish is not Wish.CHECK and not by_grant:
                    raise
                unreadable.append(f"The key policy is unknown: {error.message}.")
                refusals.append(error)
        if self._wants_grants(arn, account):
            self._check_granter(account)
            try:
                grants = self._answer("grants", self.aws.list_grants, arn, account.account)
            except DeniedError as error:
                if self.options.wish is Wish.UNLINK or (not foreign and self.options.wish is Wish.LINK):
                    raise  # to unlink, one has to know what is there
                unreadable.append(f"The key's grants are unknown: {error.message}.")
                refusals.append(error)
        return replace(
            facts, key=key, policy=policy, grants=grants, unreadable=tuple(unreadable), refusals=tuple(refusals)
        )

    def _bucket_side(self, bucket: Bucket, account: Account, unreadable: list[str]) -> tuple[Bucket, str | None]:
        """Whose the bucket is and what its policy says, as far as that can be read."""
        policy = _caught(self._answer, "bucket-policy", self.aws.read_bucket_policy, bucket.name)
        if bucket.foreign is None:
            owned = _caught(self._answer, "owned", self.aws.is_owned_by, bucket.name, account.account)
            bucket = replace(bucket, foreign=None if isinstance(owned, FcsseError) else not owned)
        if isinstance(policy, FcsseError):
            unreadable.append(f"The bucket policy is unknown: {policy.message}.")
            return bucket, None
        return bucket, policy

    def _check_granter(self, account: Account) -> None:
        """Refuses a grant role of another account than the cache's.

        Source: File Cache user guide, "Accessing server-side encrypted Amazon S3 buckets in a different AWS account".
        """
        if self.aws.grant_side is None:
            return
        granter = self._answer("granter", self.aws.granter)
        if granter.account != account.account:
            raise ImpossibleError(
                f"creating a grant as {granter}: it is of account {granter.account}, and the cache is in {account.account}; "
                "the grant must be created by a role of the cache's account",
                "Name a role of the cache's account with --grant-role or --grant-profile.",
            )

    def _key_of(self, bucket: Bucket, own: str) -> tuple[Arn, Key | None]:
        """The key's ARN, and its description where finding the ARN took one."""
        reference = bucket.encryption.key or ""
        arn = key_arn(reference)
        if arn is not None:
            return arn, None
        if bucket.foreign:
            raise ImpossibleError(
                f"linking bucket {bucket.name}: it belongs to another account and names its key as {reference!r}, "
                "which AWS resolves in the account of whoever asks, so it may not be the key its objects use",
                "Have the bucket's owner set the default encryption to the key's full ARN, or state it yourself: "
                "--key ARN --bucket-region REGION with --bucket-keys or --no-bucket-keys.",
            )
        alias = alias_arn(reference)
        region = alias.region if alias else bucket.region
        if region is None:
            message = f"linking bucket {bucket.name}: S3 did not tell its Region"
            raise UsageError(message, "Name it with --bucket-region.")
        try:
            key = self._answer("resolved", self.aws.resolve_key, reference, region)
        except DeniedError as error:
            if alias is None or alias.account == own:
                raise
            raise ImpossibleError(
                f"linking bucket {bucket.name}: its key is named by alias {reference} of another account, which the caller "
                "may not look up, since permissions are given on keys and not on aliases",
                "Ask its owner for the key's ARN and state it: --key ARN --bucket-region REGION with --bucket-keys or "
                "--no-bucket-keys; or name credentials of that account with --bucket-profile or --bucket-role.",
            ) from error
        return key.arn, key

    def _ask(self, kind: str, question: Callable[..., T], *about: object) -> Future[T]:
        name = (kind, *map(str, about))
        future = self._asked.get(name)
        if future is None:
            future = self._asked[name] = self._pool.submit(question, *about)
            if self.on_answer:
                future.add_done_callback(self._count)
        return future  # type: ignore[return-value]

    def _count(self, _: Future[object]) -> None:
        self._answers += 1
        if self.on_answer:
            self.on_answer(self._answers, len(self._asked))

    def _answered(self, kind: str, answer: object) -> None:
        future: Future[object] = Future()
        future.set_result(answer)
        self._asked[(kind,)] = future

    def _answer(self, kind: str, question: Callable[..., T], *about: object) -> T:
        return self._ask(kind, question, *about).result()

    def _attempt(self, pair: Pair, step: Callable[..., T], *about: object) -> T | Obstacle:
        answer = _caught(step, *about)
        return Obstacle(pair, answer) if isinstance(answer, FcsseError) else answer


@dataclass(frozen=True, slots=True)
class Account:
    """The cache's side of a pair: its account, and its role unless the pair means every cache."""

    partition: str
    account: str
    role: Role | None


def is_default_key(bucket: Bucket) -> bool:
    """Does the bucket use ``aws/s3``, the AWS managed key, by name? (Its ARN gives it away only when described.)"""
    key = bucket.encryption.key
    return key is None or key == "alias/aws/s3" or key.endswith(":alias/aws/s3")


def _same_region(bucket: str, stated: str | None, key: Arn) -> str:
    if stated not in (None, key.region):
        message = f"linking bucket {bucket}: --bucket-region {stated} is not the Region of key {key}"
        raise UsageError(message, "S3 takes only keys of the bucket's own Region.")
    return key.region


def _caught(step: Callable[..., T], *about: object) -> T | FcsseError:
    try:
        return step(*about)
    except FcsseError as error:
        return error
