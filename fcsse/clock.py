"""The clock, randomness and background threads of a run, injected so that tests can run in virtual time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


class Future(Protocol):
    """The result of a background call."""

    def answer(self, within: float) -> str | None:
        """The answer, once it is there; None where it is not after ``within`` seconds, or where asking failed."""

    def failed(self) -> bool:
        """Has asking failed by now?"""


class Clock(Protocol):
    """What a run may know of time."""

    def now(self) -> datetime:
        """The time of day, in UTC."""

    def monotonic(self) -> float:
        """Seconds that only go forward."""

    def sleep(self, seconds: float) -> None:
        """Waits."""

    def random(self) -> float:
        """A number from 0 up to 1."""

    def in_background(self, question: Callable[[], str]) -> Future:
        """Asks something while the caller goes on."""

    def thread_pool(self, threads: int) -> futures.Executor:
        """Runs calls side by side, at most so many at a time."""

    def wait_for(self, calls: Collection[futures.Future[Any]], within: float) -> None:
        """Waits until all these calls of ``thread_pool`` are done, at most ``within`` seconds."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clock."""

    _random: random.Random = field(default_factory=random.Random)

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return self._random.random()

    def in_background(self, question: Callable[[], str]) -> Future:
        """Asks something while the caller goes on."""
        return _BackgroundCall(question)

    def thread_pool(self, threads: int) -> futures.Executor:
        """Runs calls side by side, at most so many at a time."""
        return futures.ThreadPoolExecutor(threads, thread_name_prefix="fcsse")

    def wait_for(self, calls: Collection[futures.Future[Any]], within: float) -> None:
        """Waits until all these calls are done, at most ``within`` seconds."""
        futures.wait(calls, within)


class _BackgroundCall:
    """A question on a thread of its own, which nobody waits for when the process ends."""

    def __init__(self, question: Callable[[], str]) -> None:
        self._question = question
        self._done = threading.Event()
        self._answer: str | None = None
        threading.Thread(target=self._ask, name="fcsse-aside", daemon=True).start()

    def _ask(self) -> None:
        try:
            self._answer = self._question()
        except Exception:  # noqa: S110 - a question asked aside may fail; its answer is then unknown
            pass
        finally:
            self._done.set()

    def answer(self, within: float) -> str | None:
        """The answer, once it is there."""
        self._done.wait(max(0.0, within))
        return self._answer

    def failed(self) -> bool:
        """Has asking failed by now?"""
        return self._done.is_set() and self._answer is None


def pauses(clock: Clock, total: float, first: float = 0.5, most: float = 10.0) -> Iterator[float]:
    """Sleeps between tries until ``total`` seconds have passed, backing off with jitter; yields the seconds gone by.

    The first try is the caller's, before asking; nothing is yielded once the time is up, so a ``for`` loop around a
    try ends by itself. The last sleep is cut so that a try is made right at the end of the time.
    """
    start, pause = clock.monotonic(), first
    while (left := total - (clock.monotonic() - start)) > 0:
        clock.sleep(min(left, pause * (0.5 + clock.random() / 2)))
        pause = min(most, pause * 1.6)
        yield clock.monotonic() - start
