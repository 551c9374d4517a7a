"""A call on a thread of its own, which its caller leaves when the call's time is up.

botocore's read timeout is for each piece of an answer: a server that sends a byte now and then holds a call for ever.
Nothing that is public ends a read that is on its way, so the caller stops waiting, and the thread that is left behind sends
nothing more: before every request it asks whether it still may.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic
from typing import Any, Generic, TypeVar

T = TypeVar("T")

CALL_SECONDS = 60.0
"""How long a call may take from its first request on, with all its retries."""

CREDENTIALS_SECONDS = 300.0
"""How long it may take before that: credentials are found then, for which somebody may have to type a code."""

LOOK_SECONDS = 1.0
"""How often the waiting caller looks whether the first request was sent meanwhile."""


class OutOfTimeError(Exception):
    """A call had no complete answer when its time was up. ``seconds``: how much it had."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no complete answer within {seconds:.0f} seconds")
        self.seconds = seconds


class TooManyRequestsError(Exception):
    """One call led to more requests than its retries and a redirect need: it is sent round in a circle."""


class CallThread(threading.Thread, Generic[T]):
    """The thread of one call. ``requests`` counts what it sent, of which ``most`` are allowed."""

    def __init__(self, call: Callable[[], T], most: int) -> None:
        super().__init__(name="fcsse-call", daemon=True)
        self.requests = 0
        self._call = call
        self._most = most
        self._first: float | None = None
        self._left = False
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    @classmethod
    def current(cls) -> CallThread[Any]:
        """The call's thread that is running. Raises ``TypeError`` on any other thread."""
        thread = threading.current_thread()
        if not isinstance(thread, CallThread):
            raise TypeError(thread.name)
        return thread

    def run(self) -> None:
        """Makes the call; what comes of it is kept for ``result``."""
        try:
            self._result = self._call()
        except BaseException as error:
            self._error = error
        finally:
            self._done.set()

    def count_request(self) -> None:
        """Notes a request that is about to be sent. Raises where it must not be sent any more."""
        if self._left:
            raise OutOfTimeError(CALL_SECONDS)
        self.requests += 1
        if self.requests > self._most:
            raise TooManyRequestsError
        if self._first is None:
            self._first = monotonic()

    def wait(self) -> T:
        """Starts the call and returns its result, or raises what it raised, or ``OutOfTimeError``."""
        begun = monotonic()
        self.start()
        try:
            while not self._done.wait(LOOK_SECONDS):
                first = self._first
                begin, seconds = (begun, CREDENTIALS_SECONDS) if first is None else (first, CALL_SECONDS)
                if monotonic() - begin >= seconds and not self._done.is_set():
                    raise OutOfTimeError(seconds)
        except BaseException:
            self._left = True
            raise
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]


def count_request() -> None:
    """Notes a request of the call whose thread this is; elsewhere nothing is noted."""
    thread = threading.current_thread()
    if isinstance(thread, CallThread):
        thread.count_request()
