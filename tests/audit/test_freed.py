"""What an audit has asked is freed with it."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import cast

from fcsse.aws_calls import AwsCalls
from fcsse.clock import SystemClock
from fcsse.discovery.fetcher import Fetcher


class _Aws:
    def __init__(self) -> None:
        self.asked = threading.Event()

    def caller(self) -> str:
        self.asked.wait(10)
        return "somebody"


class _Owner:
    """Asks, and hears of the answers, as an audit does."""

    def __init__(self) -> None:
        aws = _Aws()
        self.fetcher = Fetcher(cast("AwsCalls", aws), SystemClock())
        self.heard = threading.Event()
        self.fetcher.caller().add_done_callback(self.hear)
        aws.asked.set()
        self.heard.wait(10)

    def hear(self, _: object) -> None:
        self.heard.set()


def test_whoever_asked_is_freed_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        owner = _Owner()
        gone = weakref.ref(owner)
        owner.fetcher.close()
        del owner
        assert gone() is None
    finally:
        gc.enable()


def test_an_answer_after_the_end_is_told_to_nobody() -> None:
    """It counted as one of none: "listing caches: 37 of 0", behind the answer of the command."""
    aws, told = _Aws(), list[tuple[int, int]]()
    fetcher = Fetcher(cast("AwsCalls", aws), SystemClock(), lambda done, total: told.append((done, total)))
    answered = threading.Event()
    fetcher.caller().add_done_callback(lambda _: answered.set())
    fetcher.close()
    aws.asked.set()
    assert answered.wait(10)
    assert told == []
