"""The questions of a run: each asked once, side by side with the others, and its answer remembered.

In: what a question is about. Out: a future of the answer, at once; whoever needs the answer waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from threading import Lock
from typing import TypeVar

from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.errors import FcsseError
from fcsse.model import Association, Encryption, Grant, Key, Ownership, Role

THREADS = 16

T = TypeVar("T")


class Fetcher:
    """A method a question, which puts it on the wire unless that was done before.

    ``result()`` of what it returns waits for the answer and raises AWS's refusal; ``result_or_error`` returns either.
    ``on_answer`` is called after each answer with how many there are, of how many questions. ``pool``: threads that
    several runs share; default: threads of its own.
    """

    def __init__(
        self,
        aws: AwsCalls,
        clock: Clock,
        on_answer: Callable[[int, int], None] | None = None,
        pool: Executor | None = None,
    ) -> None:
        self._aws = aws
        self._on_answer = on_answer
        self._shared = pool is not None
        self._pool = pool or clock.thread_pool(THREADS)
        self._asked: dict[tuple[str, ...], Future[object]] = {}
        self._answers = 0
        self._counting = Lock()

    def close(self) -> None:
        """Drops what has not started, and the answers, those to come as well; waits for none.

        The answers' callbacks refer to whoever asks: without this, all would wait for the garbage collector.
        """
        with self._counting:
            self._on_answer = None  # answers that come later are not told
        if not self._shared:
            self._pool.shutdown(wait=False, cancel_futures=True)
        for future in list(self._asked.values()):
            future.cancel()
        self._asked.clear()

    def submit(self, question: Callable[..., T], *about: object) -> Future[T]:
        """Asks something that is none of the questions below, on one of the same threads; it is not remembered."""
        return self._pool.submit(question, *about)

    def know_caller(self, caller: Arn) -> None:
        """Takes over who asks, so that nobody is asked for it."""
        answer: Future[object] = Future()
        answer.set_result(caller)
        self._asked["caller",] = answer

    def refusals(self) -> Mapping[tuple[str, ...], FcsseError]:
        """Every question that was answered with an error, by its kind and what it was about.

        Kinds: ``encryption``, ``bucket-policy``, ``owned``, ``region`` (bucket), ``describe``, ``policy``, ``grants``
        (key ARN), ``resolved`` (alias or id), ``role``, ``associations`` (cache), ``caller``, ``granter``.
        """
        done = {name: future.exception() for name, future in self._asked.items() if future.done()}
        return {name: error for name, error in done.items() if isinstance(error, FcsseError)}

    def without_role(self) -> frozenset[str]:
        """The caches of which IAM has answered that it has no role."""
        asked = [(name[1], future) for name, future in self._asked.items() if name[0] == "role" and future.done()]
        return frozenset(cache for cache, future in asked if not future.exception() and future.result() is None)

    def caller(self) -> Future[Arn]:
        """Who asks, on the cache's side."""
        return self._ask("caller", self._aws.caller)

    def granter(self) -> Future[Arn]:
        """Who creates grants."""
        return self._ask("granter", self._aws.granter)

    def role(self, cache: str) -> Future[Role | None]:
        """The cache's service-linked role."""
        return self._ask("role", self._aws.find_role, cache)

    def associations(self, cache: str) -> Future[tuple[Association, ...]]:
        """The cache's data repository associations, in the Region of the caller's settings."""
        return self._ask("associations", self._aws.list_associations, cache)

    def encryption(self, bucket: str) -> Future[Encryption]:
        """A bucket's default encryption."""
        return self._ask("encryption", self._aws.read_encryption, bucket)

    def region_of_answer(self, bucket: str) -> str | None:
        """The Region in which S3 told the bucket's encryption, once it has."""
        return self._aws.region_of_answer(bucket)

    def bucket_policy(self, bucket: str) -> Future[str]:
        """A bucket's own policy."""
        return self._ask("bucket-policy", self._aws.read_bucket_policy, bucket)

    def owned(self, bucket: str, account: str) -> Future[Ownership]:
        """Is the bucket of this account?"""
        return self._ask("owned", self._aws.read_ownership, bucket, account)

    def region(self, bucket: str) -> Future[str | None]:
        """The bucket's Region."""
        return self._ask("region", self._aws.find_region, bucket)

    def resolved(self, reference: str, region: str) -> Future[Key]:
        """The key behind an alias or a bare id."""
        return self._ask("resolved", self._aws.resolve_key, reference, region)

    def described(self, key: Arn, account: str) -> Future[Key]:
        """The key as KMS describes it; ``account`` is the cache's, here and below."""
        return self._ask("describe", self._aws.describe_key, key, account)

    def policy(self, key: Arn, account: str) -> Future[str]:
        """The key policy."""
        return self._ask("policy", self._aws.get_policy, key, account)

    def grants(self, key: Arn, account: str) -> Future[tuple[Grant, ...]]:
        """All grants on the key."""
        return self._ask("grants", self._aws.list_grants, key, account)

    def _ask(self, kind: str, question: Callable[..., T], *about: object) -> Future[T]:
        name = (kind, *map(str, about))
        future = self._asked.get(name)
        if future is None:
            future = self._asked[name] = self._pool.submit(question, *about)
            if self._on_answer:
                future.add_done_callback(self._count)
        return future  # type: ignore[return-value]

    def _count(self, _: Future[object]) -> None:
        with self._counting:  # so that numbers are told in their order
            self._answers += 1
            if self._on_answer:
                self._on_answer(self._answers, len(self._asked))


def result_or_error(answer: Future[T]) -> T | FcsseError:
    """Waits for an answer; returns it, or the refusal."""
    return attempt(answer.result)


def attempt(step: Callable[..., T], *about: object) -> T | FcsseError:
    """What a step returns, or the error of this project's that it raises."""
    try:
        return step(*about)
    except FcsseError as error:
        return error
