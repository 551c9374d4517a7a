"""Readings in the background beside a write that takes what they showed."""

from __future__ import annotations

import itertools
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from fcsse.apply.lock import RECHECK_DELAY, REMEMBERED, fingerprint
from fcsse.apply.policy_reader import LONGEST_RECHECK_DELAY, PATIENT, RHYTHM, PolicyReader
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, SystemClock
from tests.write_protocol.scripted import ScriptedAws, ScriptedClock

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


def reader_of(*texts: object, text: str = "a") -> tuple[PolicyReader, ScriptedClock]:
    """A reader that holds this text, and KMS shows these."""
    clock = ScriptedClock()
    return PolicyReader(cast("AwsCalls", ScriptedAws(get_policy=list(texts))), clock, KEY, text, 0.0), clock


def test_a_text_that_is_taken_is_the_current_one_and_the_one_before_is_old() -> None:
    reader, clock = reader_of("b")
    clock.time = 3.0
    assert reader.take(reader.ask()) == "b"
    assert (reader.text, reader.age, reader.wall_age) == ("b", 0.0, 0.0)
    assert (reader.is_stale("a"), reader.is_stale("b"), reader.is_stale("c")) == (True, False, False)
    assert reader.take_disregarded() == (), "what is taken counts"


def test_going_back_to_an_older_text_leaves_open_which_is_in_force() -> None:
    reader, _ = reader_of("a")
    reader.take("b")
    assert reader.take_disregarded() == ()
    reader.take("a")
    assert (reader.is_stale("a"), reader.is_stale("b")) == (False, True)
    assert reader.take_disregarded() == ("b",)
    reader.take("a")
    assert reader.take_disregarded() == ()


def test_a_text_that_another_run_replaced_is_old_for_a_second_or_until_it_is_taken() -> None:
    reader, clock = reader_of("a")
    reader.mark_stale({fingerprint("b"): 0.4, fingerprint("c"): 0.0})
    assert (reader.is_stale("a"), reader.is_stale("b"), reader.is_stale("c")) == (False, True, True)
    reader.take("c")
    assert not reader.is_stale("c")
    clock.time = REMEMBERED - 0.4
    assert not reader.is_stale("b")


def test_an_old_text_is_believed_once_it_has_stayed() -> None:
    reader, clock = reader_of("a")
    reader.take("b")
    assert reader.read() == "a"
    assert clock.time == pytest.approx(RECHECK_DELAY, abs=0.11)
    reader, clock = reader_of("a", "a", "c", text="a")
    reader.take("b")
    assert (reader.read(), clock.slept) == ("c", [0.1, 0.1])
    assert reader.take_disregarded() == ("a",)


def test_what_kms_shows_while_it_is_watched_is_kept_in_order_to_the_last() -> None:
    def last() -> str:
        watch.stop()
        return "d"

    reader, _ = reader_of("b", "c", last)
    watch = reader.watch()
    assert watch.seen() == ["b", "c", "d"]
    assert (reader.text, reader.take_disregarded()) == ("a", ("b", "c", "d"))


@pytest.mark.parametrize(
    ("seconds", "delay"), [(0.01, RECHECK_DELAY), (0.5, PATIENT * 0.5), (9.0, LONGEST_RECHECK_DELAY)]
)
def test_the_recheck_waits_for_others_whose_requests_are_as_slow(seconds: float, delay: float) -> None:
    def slow() -> str:
        clock.sleep(seconds)
        return "a"

    reader, clock = reader_of(slow, "a")
    reader.ask()
    reader.ask()
    assert reader.recheck_delay == pytest.approx(delay)


def test_the_age_of_a_plan_s_reading_counts_a_sleep_of_the_machine() -> None:
    clock = ScriptedClock(5.0)
    reader = PolicyReader(cast("AwsCalls", ScriptedAws()), clock, KEY, "a", 3.0)
    assert (reader.age, reader.wall_age) == (2.0, 2.0)
    clock.ahead = 60.0
    assert (reader.age, reader.wall_age) == (2.0, 62.0)
    never = PolicyReader(cast("AwsCalls", ScriptedAws()), clock, KEY, "a", float("-inf"))
    assert never.age == float("inf")
