"""Counting many objects: flat memory, a bounded number of requests at once, and an answer whatever breaks."""

from __future__ import annotations

import threading
import time
import tracemalloc
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from fcsse.aws.client import Aws
from fcsse.clock import SystemClock
from fcsse.commands.census import scan
from fcsse.errors import BusyError, CredentialsError, DeniedError, FcsseError
from fcsse.objects import ObjectEncryption, Page
from fcsse.progress import Silent
from tests.census.keyspaces import Bucket, flat
from tests.thorough import examples

KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"


@dataclass
class Slow:
    """AWS with one bucket. ``error`` is what looking at an object from number ``since`` on ends in."""

    bucket: Bucket
    since: int = 1_000_000_000
    error: FcsseError | None = None
    pause: float = 0.0
    peak: int = 0
    flying: int = 0
    asked: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def list_page(self, _: str, prefix: str, after: str | None, delimited: bool) -> Page:
        page = self.bucket.list_page(prefix, after, delimited)
        self.bucket.calls.clear()
        return page

    def read_sealed(self, _: str, name: str) -> ObjectEncryption:
        with self.lock:
            self.flying += 1
            self.asked += 1
            self.peak = max(self.peak, self.flying)
        time.sleep(self.pause)
        with self.lock:
            self.flying -= 1
        if self.error is not None and int(name[4:]) >= self.since:
            raise self.error
        return ObjectEncryption("aws:kms", KEY, bool(int(name[4:]) % 3))


@dataclass
class Heard(Silent):
    """Progress that remembers."""

    steps: list[str] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def advance(self, done: int, total: int) -> None:
        self.parts.append((done, total))


def everything(aws: Slow, progress: Any = None) -> Any:
    return scan.take_all(cast(Aws, aws), progress or Silent(), "data", "")


def peak_memory(objects: int) -> int:
    aws = Slow(Bucket(flat(objects)))
    tracemalloc.start()
    try:
        found = everything(aws)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (found.looked_at, found.complete) == (objects, True)
    assert {(group.sealed.bucket_key, group.objects) for group in found.groups} == {
        (False, -(-objects // 3)),
        (True, objects - -(-objects // 3)),
    }
    return peak


@pytest.mark.nightly
def test_memory_is_flat_in_the_number_of_objects() -> None:
    peak_memory(500)  # what is made once and kept
    few = examples(2_000, few=1_000)
    small = peak_memory(few)
    # Who lists and who counts have a page or two each, as it happens; an object that is kept would triple it.
    assert peak_memory(5 * few) < 2 * small


def test_requests_at_once_are_bounded_and_used() -> None:
    aws = Slow(Bucket(flat(400)), pause=0.005)
    everything(aws)
    assert scan.THREADS // 2 <= aws.peak <= scan.THREADS


def test_how_far_it_is_is_told_as_it_goes() -> None:
    heard = Heard()
    scan.take_sample(cast(Aws, Slow(Bucket(flat(900)))), heard, SystemClock(), "data", "", 200)
    assert heard.parts == [(number, 200) for number in range(1, 201)]
    assert heard.steps == ["listing objects of bucket data", "looking at objects"]
    heard = Heard()
    everything(Slow(Bucket(flat(600)), pause=0.002), heard)
    assert heard.parts[-1] == (600, 600)
    assert all(done <= total for done, total in heard.parts)


@pytest.mark.parametrize("error", [CredentialsError("they have expired"), BusyError("AWS kept answering 503")])
def test_what_was_seen_is_told_although_the_rest_fails(error: FcsseError) -> None:
    aws = Slow(Bucket(flat(20_000)), since=500, error=error)
    found = everything(aws)
    assert (found.complete, found.failure) == (False, error)
    assert 400 <= found.looked_at <= 500
    # An object read late, which each thread may have, begins the count of those that could not be read again.
    assert aws.asked <= 500 + (scan.THREADS + 1) * scan.HOPELESS + scan.AHEAD
    assert found.unseen_at_most is None


def test_refusals_of_some_objects_end_nothing_and_of_all_end_it_early() -> None:
    refused = DeniedError("no", action="s3:GetObject")
    found = everything(Slow(Bucket(flat(3_000)), since=1_000, error=refused))
    assert (found.looked_at, found.unreadable) == (1_000, (("s3:GetObject was refused", 2_000),))
    aws = Slow(Bucket(flat(20_000)), since=0, error=refused)
    with pytest.raises(DeniedError):
        everything(aws)
    assert aws.asked < scan.HOPELESS + 2 * scan.AHEAD


def test_the_statement_rests_on_the_objects_drawn_and_is_left_out_where_the_bucket_is_too_large() -> None:
    take = scan.take_sample
    small = take(cast(Aws, Slow(Bucket(flat(900)))), Silent(), SystemClock(), "data", "", 200)
    assert (small.drawn, small.listed, small.listed_all) == (100, 900, True)
    assert 15 < (small.unseen_at_most or 0) < 30
    large = take(cast(Aws, Slow(Bucket(flat(100_000)))), Silent(), SystemClock(), "data", "", 200)
    assert large.unseen_at_most is None
    assert "too large to list as a whole" in large.notes[0]
