"""A call on a thread of its own, which its caller leaves when the call's time is up.

botocore's read timeout is for each piece of an answer: a server that sends a byte now and then holds a call for ever.
Nothing that is public ends a read that is on its way, so the caller stops waiting, and the thread that is left behind sends
nothing more: before every request it asks whether it still may.

A thread that has done its call waits some seconds for the next one: to start a thread takes a third of a call's time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextvars import Context
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Generic, NoReturn, TypeVar

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


class TimedCall(Generic[T]):
    """One call, and the time it has. ``requests`` counts what it sent, of which ``most`` are allowed.

    ``token``: the session token that its last request carried; empty where it had none.
    """

    def __init__(self, call: Callable[[], T], most: int) -> None:
        self.requests = 0
        self.token = ""
        self._call: Callable[[], T] = call
        self._most = most
        self._first: float | None = None
        self._left = False
        self._done = threading.Event()
        self._result: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Makes the call on the thread that runs; what comes of it is kept for ``wait``."""
        # The call refers to this object. Letting go of it frees both, with the answer, without the garbage collector.
        call, self._call = self._call, _made
        try:
            self._result = call()
        except BaseException as error:
            self._error = error

    def finish(self) -> None:
        """Tells who waits that the call has been made."""
        self._done.set()

    def count_request(self, token: str) -> None:
        """Notes a request that is about to be sent, and its session token. Raises where it must not be sent any more."""
        self.token = token
        if self._left:
            raise OutOfTimeError(CALL_SECONDS)
        self.requests += 1
        if self.requests > self._most:
            raise TooManyRequestsError
        if self._first is None:
            self._first = monotonic()

    def wait(self) -> T:
        """Has the call made and returns its result, or raises what it raised, or ``OutOfTimeError``."""
        begun = monotonic()
        _hand_over(self)
        try:
            while not self._done.wait(LOOK_SECONDS):
                first = self._first
                begin, seconds = (begun, CREDENTIALS_SECONDS) if first is None else (first, CALL_SECONDS)
                if monotonic() - begin >= seconds and not self._done.is_set():
                    raise OutOfTimeError(seconds)
        except BaseException:
            self._left = True
            raise
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback refers to this frame
        return self._result  # type: ignore[return-value]


def _made() -> NoReturn:
    """In place of a call that was made already."""
    raise RuntimeError("a call is made once")


IDLE_SECONDS = 5.0
"""How long a thread waits for its next call."""


class _CallThread(threading.Thread):
    """Makes calls, one after the other, until none has come for a while."""

    def __init__(self) -> None:
        super().__init__(name="fcsse-call", daemon=True)
        self.calls: SimpleQueue[TimedCall[Any]] = SimpleQueue()
        self.call: TimedCall[Any] | None = None

    def run(self) -> None:
        while (call := self._next()) is not None:
            self.call = call
            Context().run(call.run)  # a call leaves nothing to the next one
            self.call = None
            _idle.append(self)  # first, so that the one who waits finds it again
            call.finish()
            del call

    def _next(self) -> TimedCall[Any] | None:
        try:
            return self.calls.get(timeout=IDLE_SECONDS)
        except Empty:
            try:
                _idle.remove(self)
            except ValueError:  # somebody has just taken it: the call is on its way
                return self.calls.get()
            return None


_idle: list[_CallThread] = []
"""Threads that wait for a call. Appending, popping and removing are atomic."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # no thread but the forking one lives on in a child


def _hand_over(call: TimedCall[Any]) -> None:
    """Has a call made by a thread that waits for one, or else by a new one."""
    try:
        thread = _idle.pop()
    except IndexError:
        thread = _CallThread()
        thread.start()
    thread.calls.put(call)


def count_request(token: str = "") -> None:
    """Notes a request of the call whose thread this is, and its session token; elsewhere nothing is noted."""
    thread = threading.current_thread()
    if isinstance(thread, _CallThread) and thread.call is not None:
        thread.call.count_request(token)
