"""A server that drips or keeps silent holds no command for longer than a call may take."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar

import pytest

from fcsse.aws import call_deadline
from fcsse.aws.call_deadline import OutOfTimeError, TimedCall, TooManyRequestsError
from tests.answers.proxy import Proxy, Slow
from tests.answers.test_not_aws import CENSUS, CHECK, LINK, UNNAMED
from tests.cli.shell import WRITES, Shell

OPERATIONS = [
    (LINK, "s3:GetBucketEncryption"),
    (LINK, "iam:GetRole"),
    (LINK, "kms:GetKeyPolicy"),
    (UNNAMED, "fsx:DescribeDataRepositoryAssociations"),
    (CHECK, "kms:ListGrants"),
    (CENSUS, "s3:ListObjectsV2"),
]


@pytest.fixture(params=[True, False], ids=["drips", "silent"])
def slow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Slow:
    """An answer that never ends. With each one that begins, a call's time has passed; otherwise none does."""
    answer = Slow(drips=request.param)
    monkeypatch.setattr(call_deadline, "monotonic", lambda: answer.begun * call_deadline.CALL_SECONDS)
    monkeypatch.setattr(call_deadline, "LOOK_SECONDS", 0.05)
    return answer


@pytest.mark.one_in(2)
@pytest.mark.parametrize(("words", "operation"), OPERATIONS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_slow_answer_ends_in_an_error(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, slow: Slow
) -> None:
    """Without a deadline this test would not end either."""
    proxy.spoil(operation, slow)
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1, run.words
    assert "no complete answer from AWS within 60 seconds" in run.err
    assert "AWS_ENDPOINT_URL" in run.err
    assert not WRITES.intersection(run.operations)


def test_a_put_whose_answer_never_ends_is_looked_for(shell: Shell, proxy: Proxy, slow: Slow) -> None:
    proxy.spoil("kms:PutKeyPolicy", slow)
    run = shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1
    assert shell.works("fc-0123", "data") == (True, True)


def call(work: Callable[[], str], most: int = 10) -> TimedCall[str]:
    return TimedCall(work, most)


def test_a_call_returns_what_it_returns_and_raises_what_it_raises() -> None:
    assert call(lambda: "answer").wait() == "answer"

    def fails() -> str:
        raise LookupError("reason")

    with pytest.raises(LookupError, match="reason"):
        call(fails).wait()


def test_calls_one_after_the_other_take_one_thread() -> None:
    threads: list[threading.Thread] = []

    def work() -> str:
        threads.append(threading.current_thread())
        return ""

    for _ in range(20):
        call(work).wait()
    assert len(set(threads)) < 5  # not one: a thread of another test may come back meanwhile


@pytest.mark.parametrize("fails", [False, True])
def test_a_call_that_was_made_is_freed_without_the_garbage_collector(fails: bool) -> None:
    """With its answer: an audit of many accounts has tens of thousands between two collections."""

    def work(timed: TimedCall[str]) -> str:
        if fails:
            raise LookupError(timed.requests)
        return "answer"

    def make() -> weakref.ref[TimedCall[str]]:
        timed: TimedCall[str] = TimedCall(lambda: work(timed), most=10)
        with suppress(LookupError):
            timed.wait()
        return weakref.ref(timed)

    gc.disable()
    try:
        made = make()
        end = time.monotonic() + 10
        while made() is not None and time.monotonic() < end:  # its thread lets go of it a moment later
            time.sleep(0.001)
        assert made() is None
    finally:
        gc.enable()


def test_calls_side_by_side_do_not_wait_for_each_other() -> None:
    together = threading.Barrier(5, timeout=10)

    def work() -> str:
        together.wait()
        return "met"

    with ThreadPoolExecutor(5) as pool:
        assert list(pool.map(lambda _: call(work).wait(), range(5))) == ["met"] * 5


def test_a_call_is_not_handed_to_a_thread_that_another_call_holds() -> None:
    """That call may be one that its caller has left, and never end."""
    go_on = threading.Event()

    def slow() -> str:
        go_on.wait(30)
        return ""

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(call(slow).wait)
        assert call(lambda: "answer").wait() == "answer"
        assert not held.done()
        go_on.set()


def test_a_thread_without_calls_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs that use the library have no thread of it left over. A call that comes as it ends is made all the same."""
    monkeypatch.setattr(call_deadline, "IDLE_SECONDS", 0.001)
    for _ in range(300):
        assert call(lambda: "answer").wait() == "answer"
        time.sleep(0.001)
    for thread in threading.enumerate():
        if thread.name == "fcsse-call":
            thread.join(10)
            assert not thread.is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_makes_calls_too() -> None:
    """The threads that wait for calls do not live on in a child."""
    assert call(lambda: "answer").wait() == "answer"
    child = os.fork()
    if not child:
        try:
            call(lambda: "answer").wait()
        except BaseException:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_call_leaves_no_context_to_the_next() -> None:
    value: ContextVar[str] = ContextVar("value", default="")

    def work() -> str:
        before = value.get()
        value.set("left over")
        return before

    assert [call(work).wait() for _ in range(3)] == ["", "", ""]


def test_a_call_that_was_left_sends_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is repeated after the program has said that it failed would be a write that nobody knows of."""
    monkeypatch.setattr(call_deadline, "CALL_SECONDS", 0.0)
    monkeypatch.setattr(call_deadline, "LOOK_SECONDS", 0.01)
    go_on, ended = threading.Event(), threading.Event()
    refused: list[type[Exception]] = []

    def work() -> str:
        call_deadline.count_request()
        go_on.wait()
        try:
            call_deadline.count_request()
        except OutOfTimeError as error:
            refused.append(type(error))
        ended.set()
        return ""

    with pytest.raises(OutOfTimeError):
        call(work).wait()
    go_on.set()
    ended.wait(10)
    assert refused == [OutOfTimeError]


def test_requests_of_one_call_are_bounded() -> None:
    def work() -> str:
        while True:
            call_deadline.count_request()

    with pytest.raises(TooManyRequestsError):
        call(work, most=7).wait()


def test_time_before_the_first_request_counts_for_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody may be typing the code of an MFA device."""
    monkeypatch.setattr(call_deadline, "CALL_SECONDS", 0.0)
    monkeypatch.setattr(call_deadline, "LOOK_SECONDS", 0.01)
    typed = threading.Timer(0.2, lambda: None)
    typed.start()

    def work() -> str:
        typed.join()
        return "signed in"

    assert call(work).wait() == "signed in"
    monkeypatch.setattr(call_deadline, "CREDENTIALS_SECONDS", 0.05)
    never = threading.Event()

    def forever() -> str:
        never.wait(30)
        return ""

    with pytest.raises(OutOfTimeError):
        call(forever).wait()
    never.set()
