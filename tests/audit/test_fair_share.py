"""One account's part of shared threads: bounded, in order, and never left waiting."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from fcsse.commands.audit.fair_share import FairShare


def test_no_more_than_its_part_is_under_way_and_results_and_errors_come_back() -> None:
    lock, under_way, most = threading.Lock(), 0, 0

    def call(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.002)
        with lock:
            under_way -= 1
        return 100 // number

    with ThreadPoolExecutor(16) as pool:
        share = FairShare(pool, 4)
        futures = [share.submit(call, number) for number in range(60)]
        assert [one.result(10) for one in futures[1:]] == [100 // number for number in range(1, 60)]
        with pytest.raises(ZeroDivisionError):
            futures[0].result(10)
    assert most == 4


def test_another_account_begins_while_one_has_much_to_do() -> None:
    held = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        share = FairShare(pool, 2)
        busy = [share.submit(held.wait, 10) for _ in range(50)]
        assert FairShare(pool, 2).submit(lambda: "at once").result(5) == "at once"
        held.set()
        assert all(one.result(10) for one in busy)


def test_a_call_that_is_cancelled_in_time_is_not_made() -> None:
    made: list[int] = []
    held = threading.Event()
    with ThreadPoolExecutor(4) as pool:
        share = FairShare(pool, 1)
        first = share.submit(held.wait, 10)
        second, third = share.submit(made.append, 2), share.submit(made.append, 3)
        assert second.cancel()
        held.set()
        assert (first.result(10), third.result(10)) == (True, None)
    assert made == [3]


def test_shutting_the_pool_down_cancels_what_waits() -> None:
    """Otherwise a thread that waits for an answer would keep an interrupted program from its end."""
    held, begun = threading.Event(), threading.Event()
    pool = ThreadPoolExecutor(1)
    share = FairShare(pool, 2)

    def call() -> bool:
        begun.set()
        return held.wait(10)

    first = share.submit(call)
    waiting = [share.submit(int, str(number)) for number in range(5)]
    assert begun.wait(10)
    pool.shutdown(wait=False, cancel_futures=True)
    for one in waiting:
        with pytest.raises(CancelledError):
            one.result(10)
    held.set()
    assert first.result(10)
    with pytest.raises(RuntimeError):
        share.submit(int)


def test_a_pool_that_ends_while_a_call_is_under_way_leaves_no_call_waiting() -> None:
    held = threading.Event()
    pool = ThreadPoolExecutor(2)
    share = FairShare(pool, 1)
    first, second = share.submit(held.wait, 10), share.submit(int)
    pool.shutdown(wait=False, cancel_futures=True)
    held.set()
    assert first.result(10)
    with pytest.raises(CancelledError):
        second.result(10)
