"""Readings in the background beside a write that takes what they showed."""

from __future__ import annotations

import itertools
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from fcsse.apply.policy_reader import RHYTHM, PolicyReader
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Iterator


KEY = cast("Arn", Arn.parse("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"))


class OtherWriters:
    """KMS, where somebody else has written before each reading."""

    def __init__(self) -> None:
        self.versions = itertools.count()

    def get_policy(self, _: Arn) -> str:
        return f"version {next(self.versions)}"


@pytest.fixture
def quick_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("quick_switches")
def test_texts_that_come_while_others_are_taken_are_taken_next() -> None:
    reader = PolicyReader(cast("AwsCalls", OtherWriters()), SystemClock(), KEY, "planned on", 0.0)
    shown: list[str] = []
    done = threading.Event()

    def read() -> None:
        shown.extend(reader.ask() for _ in range(20_000))
        done.set()

    thread = threading.Thread(target=read)
    thread.start()
    taken: list[str] = []
    while not done.is_set():
        taken.extend(reader.take_disregarded())
    thread.join()
    taken.extend(reader.take_disregarded())
    assert taken == shown
    assert len(shown) == 20_000


class Shown:
    """KMS, which shows these texts one after the other, the last one again and again; and the time between readings."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.time = 0.0

    def get_policy(self, _: Arn) -> str:
        return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def random(self) -> float:
        return 0.5


@pytest.mark.parametrize(
    ("texts", "found", "seconds"),
    [
        (["planned on", "planned on", "theirs"], "theirs", 0.03),
        (["before that", "planned on", "theirs"], "theirs", 0.03),
        (["planned on"], "planned on", RHYTHM),
    ],
)
def test_the_next_version_of_others_is_waited_for(texts: list[str], found: str, seconds: float) -> None:
    kms = Shown(*texts)
    reader = PolicyReader(cast("AwsCalls", kms), cast("Clock", kms), KEY, "before that", 0.0)
    reader.take("planned on")
    assert (reader.next_version(10.0), reader.text) == (found, found)
    assert kms.time == pytest.approx(seconds, abs=0.01)
