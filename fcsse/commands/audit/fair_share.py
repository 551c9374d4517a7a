"""One account's part of the threads that many accounts share.

An account has hundreds of requests ready at once. Without a limit of its own they would hold all threads while other
accounts wait for one page of a list, and open more connections than its client keeps, each for a request or two.

What was asked for last goes first: it follows from an answer and so completes what was begun. A bucket's policy is then
asked for soon after its encryption, while botocore still remembers the bucket's endpoint, of which it keeps 100 in a
process. To find it again takes a quarter of a request's processor time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Job = tuple[Future[Any], Callable[[], Any]]


class FairShare(Executor):
    """Hands calls to ``pool``, at most ``most`` of them at a time, the latest first. May be used from many threads.

    Shutting down the pool with ``cancel_futures`` cancels all that it has not begun.
    """

    def __init__(self, pool: Executor, most: int) -> None:
        self._pool, self._most = pool, most
        self._waiting: list[Job] = []
        self._under_way = 0
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As of any executor. Raises ``RuntimeError`` where the pool was shut down."""
        future: Future[T] = Future()
        with self._lock:
            self._waiting.append((future, lambda: fn(*args, **kwargs)))
        self._begin()
        return future

    def _begin(self) -> None:
        """Hands over what there is room for."""
        while True:
            with self._lock:
                if self._under_way >= self._most or not self._waiting:
                    return
                self._under_way += 1
                job = self._waiting.pop()
            try:
                begun = self._pool.submit(_run, job)
            except RuntimeError:
                self._cancel(job)
                raise
            begun.add_done_callback(lambda done, job=job: self._end(done, job))  # type: ignore[misc]

    def _end(self, done: Future[None], job: Job) -> None:
        with self._lock:
            self._under_way -= 1
        if done.cancelled():
            self._cancel(job)
            return
        try:
            self._begin()
        except RuntimeError:  # shut down meanwhile: what waited is cancelled
            return

    def _cancel(self, job: Job) -> None:
        """Cancels a call that the pool does not take any more, and with it all that wait."""
        with self._lock:
            waiting = [job, *self._waiting]
            self._waiting.clear()
        for future, _ in waiting:
            future.cancel()
            future.set_running_or_notify_cancel()


def _run(job: Job) -> None:
    future, call = job
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
