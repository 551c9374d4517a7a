"""Time that passes without being waited for, for tests in which only what comes after it matters."""

from __future__ import annotations

import time

import pytest

from fcsse.clock import SystemClock


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program's own waits take no time, and its clock runs on all the same."""
    slept = [0.0]

    def sleep(_: SystemClock, seconds: float) -> None:
        slept[0] += seconds

    monkeypatch.setattr(SystemClock, "sleep", sleep)
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: time.monotonic() + slept[0])
