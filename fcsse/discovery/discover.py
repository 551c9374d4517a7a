"""From pairs to facts: every read of a run, side by side where one does not need the other.

In: the pairs and options. Out: ``Facts`` or an ``Obstacle`` per pair, in the order of the pairs. Each role, bucket
and key is asked about once, however many pairs share it, and one that cannot be read hinders only its own pairs.

The order of the rounds is what makes a link quick: role and bucket first, then the key's description and policy.
Account and Region come from the role's and key's ARNs; STS and HeadBucket are asked only where those say too little.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

from fcsse.arn import Arn, key_arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.discovery.buckets import Buckets
from fcsse.discovery.caches import Caches
from fcsse.discovery.fetcher import Fetcher, attempt, result_or_error
from fcsse.discovery.keys import Keys
from fcsse.discovery.roles import RoleFinder
from fcsse.discovery.suggestions import BucketSuggestions
from fcsse.errors import CredentialsError, FcsseError, NotFoundError
from fcsse.link_options import Operation, Options
from fcsse.model import Association, Bucket, Encryption, Facts, Obstacle, Pair, RequestFacts, Role
from fcsse.progress import Progress
from fcsse.suggested_commands import CommandBuilder

T = TypeVar("T")

FOR_PREFIXES = 2.0
"""Seconds that FSx may take longer than all others: a network without a way to it answers nothing for minutes."""


class Discovery:
    """One run's reads. ``close`` (or leaving the ``with`` block) lets its threads go.

    ``on_answer`` is called after each answer with how many there are, of how many questions. ``words`` write suggested commands.
    ``pool``: threads that several runs share.
    """

    def __init__(
        self,
        aws: AwsCalls,
        options: Options,
        clock: Clock,
        progress: Progress,
        wait: float = 0.0,
        *,
        on_answer: Callable[[int, int], None] | None = None,
        words: CommandBuilder | None = None,
        pool: Executor | None = None,
    ) -> None:
        self._aws = aws
        self._words = words or CommandBuilder()
        self._wish = options.operation
        self._progress = progress
        self._clock = clock
        self._fetcher = Fetcher(aws, clock, on_answer, pool)
        self._buckets = Buckets(self._fetcher, options, aws.region)
        self._caches = Caches(self._fetcher, RoleFinder(aws, clock, progress, wait), self._buckets, options.operation)
        self._keys = Keys(self._fetcher, aws, options, progress)
        self._near = BucketSuggestions(aws, self._fetcher)
        self._policies_read_at = clock.monotonic()
        self._known = RequestFacts(now=clock.now(), organization=options.organization)

    def __enter__(self) -> Discovery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drops what has not started; does not wait for what has."""
        self._fetcher.close()

    def submit(self, question: Callable[..., T], *about: object) -> Future[T]:
        """Asks something beside the questions about pairs, on one of the same threads."""
        return self._fetcher.submit(question, *about)

    def facts(
        self, pairs: Sequence[Pair], prefixes: Mapping[Pair, tuple[str, ...]] | None = None
    ) -> tuple[Facts | Obstacle, ...]:
        """What there is to know about each pair. Raises nothing that belongs to one pair only.

        ``prefixes`` are those of the caches' associations in the buckets; None = FSx is asked. Raises ``CredentialsError``
        where it takes none.
        """
        self._ask_first(pairs, prefixes_too=prefixes is None)
        self._caches.await_roles(pairs)
        owners: dict[str, str] = {}
        for pair in pairs:
            side = attempt(self._caches.read, pair)
            if not isinstance(side, FcsseError):
                owners[pair.bucket] = side.account
        self._ask_keys(owners)
        if prefixes is not None:
            return tuple(self.gather(pair, prefixes.get(pair, ())) for pair in pairs)
        told = self._prefixes(pairs)
        return tuple(self._gathered(pair, told[pair]) if pair in told else self.gather(pair, ()) for pair in pairs)

    def _prefixes(self, pairs: Sequence[Pair]) -> dict[Pair, tuple[str, ...] | str]:
        """The prefixes by FSx, or why they are not known. Raises ``CredentialsError``."""
        asked = {pair: self._fetcher.associations(pair.cache) for pair in pairs if pair.cache}
        self._clock.wait_for(asked.values(), FOR_PREFIXES)
        late = "FSx did not answer in time"
        return {pair: _prefixes_of(pair, one) if one.done() else late for pair, one in asked.items()}

    def _gathered(self, pair: Pair, prefixes: tuple[str, ...] | str) -> Facts | Obstacle:
        if not isinstance(prefixes, str):
            return self.gather(pair, prefixes)
        found = self.gather(pair, ())
        return found if isinstance(found, Obstacle) else found._replace(prefixes_unknown=prefixes)

    def gather(self, pair: Pair, prefixes: tuple[str, ...]) -> Facts | Obstacle:
        """What the answers so far, and those to come, say of a pair."""
        try:
            cache = self._caches.read(pair)
            bucket = self._buckets.read(pair.bucket, cache.account)
            side = self._buckets.read_side(bucket, cache.account)
            key = self._keys.read(side.bucket, cache.account)
        except FcsseError as error:
            if isinstance(error, NotFoundError) and self._buckets.is_missing(pair.bucket):
                # A pair with prefixes is one of the cache's own: its name is no slip.
                return Obstacle(pair, self._with_advice(pair, error, typed=not prefixes))
            return Obstacle(pair, error)
        return Facts(
            pair,
            cache.account,
            cache.partition,
            cache.role,
            side.bucket,
            key.key,
            key.policy,
            key.grants,
            (*side.unreadable, *key.unreadable),
            key.refusals,
            prefixes,
            side.policy,
            dead_ids=key.dead_ids,
            request=self._known,
        )

    def _with_advice(self, pair: Pair, error: FcsseError, *, typed: bool) -> FcsseError:
        """The error for a bucket that is not there, with names that may have been meant, and how unlinking goes on."""
        meant = self._near.to(pair.bucket, pair.cache) if typed else []
        if not typed:
            hints = [f"It is the bucket that {pair.cache} is linked to, and it is gone."]
        elif meant:
            hints = [f"Did you mean {' or '.join(meant)}?"]
        else:
            hints = [error.hint]
        if self._wish is Operation.UNLINK:
            who = [pair.cache] if pair.cache else []
            again = self._words.fcsse("unlink", who, [pair.bucket], "--key", "ARN")[0]
            hints.append(f"If {pair.bucket} was deleted, unlink it by the ARN of the key that it had:\n{again}")
        advised = NotFoundError(error.message, " ".join(hints))
        advised.__cause__ = error
        return advised

    @property
    def waited(self) -> bool:
        """Was a role waited for that came?"""
        return self._caches.waited

    def age_of_policies(self) -> float:
        """Seconds since the first key policy was asked for."""
        return self._clock.monotonic() - self._policies_read_at

    def refusals(self) -> Mapping[tuple[str, ...], FcsseError]:
        """Every question that was answered with an error, by its kind and what it was about (see ``Fetcher``)."""
        return self._fetcher.refusals()

    @property
    def without_role(self) -> frozenset[str]:
        """The caches that were asked about by themselves and of which IAM has no role."""
        return self._fetcher.without_role()

    @property
    def buckets(self) -> Mapping[str, Bucket]:
        """The buckets that could be read, by name."""
        return self._buckets.read_so_far

    def _ask_first(self, pairs: Sequence[Pair], *, prefixes_too: bool) -> None:
        """Puts the first round on the wire, each request as soon as its client exists."""
        self._progress.step("looking up roles and buckets")
        if not self._buckets.all_given:
            self._aws.prepare("s3")
            for bucket in dict.fromkeys(pair.bucket for pair in pairs):
                self._buckets.ask(bucket)
        self._aws.prepare("iam")
        self._caches.ask(pairs)
        self._aws.prepare("kms")
        if prefixes_too:
            attempt(self._aws.prepare, "fsx")
            for cache in dict.fromkeys(pair.cache for pair in pairs if pair.cache):
                self._fetcher.associations(cache)

    def _ask_keys(self, owners: Mapping[str, str]) -> None:
        """Puts the next rounds on the wire: whose each bucket is, its key, and what had to be looked up for that."""
        for name, own in owners.items():
            self._buckets.ask_whose(name, own)
        read = [attempt(self._buckets.read, name, own) for name, own in owners.items()]
        buckets = [bucket for bucket in read if isinstance(bucket, Bucket)]
        self._policies_read_at = self._clock.monotonic()
        for bucket in buckets:
            self._keys.ask(bucket, owners[bucket.name])
        for bucket in buckets:
            self._keys.ask_resolved(bucket, owners[bucket.name])

    # For ``audit``, which asks about buckets while the pairs are still being listed, and calls ``facts`` in the end.

    def know(self, caller: Arn, roles: Mapping[str, Role] | None) -> None:
        """Takes over what was asked before: who asks, and all roles of the account by cache (None = not listed).

        Then no role is asked for by itself, and nobody waits for one.
        """
        self._caches.know(caller, roles)

    def begin(self, bucket: str) -> Future[Encryption]:
        """Puts the first question about a bucket on the wire. ``follow`` is to be called once the answer is there."""
        return self._fetcher.encryption(bucket)

    def follow(self, bucket: str, own: str) -> Sequence[Future[Any]]:
        """Puts on the wire what follows from ``begin``'s answer. Waits for nothing. ``own`` is the caches' account.

        Once all that it returns is done, ``gather`` waits for nothing. Empty: it has to be found out in ``facts``.
        """
        encryption = result_or_error(self._fetcher.encryption(bucket))
        key = None if isinstance(encryption, FcsseError) else key_arn(encryption.key or "")
        if key is not None and key.account != own:
            self._aws.suggest(bucket, key.account)
        self._buckets.ask(bucket)
        self._buckets.ask_whose(bucket, own)
        if isinstance(encryption, FcsseError) or (encryption.is_kms and key is None):
            return ()  # nothing follows, or the key has to be looked up first: that goes on in ``facts``
        asked: list[Future[Any]] = [self._fetcher.bucket_policy(bucket), self._fetcher.owned(bucket, own)]
        if self._buckets.doubts_region(bucket, encryption):
            asked.append(self._fetcher.region(bucket))
        return asked + (self._keys.ask_about(key, own) if key and encryption.is_kms else [])


def _prefixes_of(pair: Pair, answer: Future[tuple[Association, ...]]) -> tuple[str, ...] | str:
    """Those in the pair's bucket; none where it is not linked to it, which makes it the whole bucket."""
    found = result_or_error(answer)
    if isinstance(found, CredentialsError):
        raise found
    if isinstance(found, FcsseError):
        return found.message
    return tuple(one.prefix for one in found if one.bucket == pair.bucket)
