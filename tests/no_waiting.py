"""Time that passes without being waited for, for tests in which only what comes after it matters."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from fcsse.clock import Future, SystemClock


@dataclass(frozen=True)
class Slowed:
    """What was asked in the background, by a clock that goes ten times as slow: a busy machine makes no answer late."""

    pending: Future

    def answer(self, within: float) -> str | None:
        """The answer, once it is there."""
        return self.pending.answer(within * 10)

    def failed(self) -> bool:
        """Has asking failed by now?"""
        return self.pending.failed()


def slow_background(patch: pytest.MonkeyPatch) -> None:
    """Gives every question that the product asks in the background ten times as long for its answer."""
    in_background = SystemClock.in_background
    patch.setattr(SystemClock, "in_background", lambda clock, question: Slowed(in_background(clock, question)))


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's own waits take no time, and its clock runs on all the same."""
    slept = [0.0]

    def sleep(_: SystemClock, seconds: float) -> None:
        slept[0] += seconds

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + slept[0])
    slow_background(monkeypatch)
