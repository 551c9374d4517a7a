"""Paging through the event history: bounded, at AWS's rate, patient with throttling, and never taking a wrong answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from fcsse.aws.cloudtrail import INTERVAL, EventRecord
from fcsse.clock import Future
from fcsse.errors import BusyError, DeniedError, UnexpectedError
from fcsse.event_history.look_ups import Attribute, Cut, Limits
from tests.event_history import made


@dataclass
class Clock:
    """Time that passes only in sleeps."""

    passed: float = 0.0

    def now(self) -> datetime:
        return made.NOON

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds

    def random(self) -> float:
        return 0.5

    def in_background(self, question: Any) -> Future:
        raise NotImplementedError

    def thread_pool(self, threads: int) -> Any:
        raise NotImplementedError

    def wait_for(self, calls: Any, within: float) -> None:
        raise NotImplementedError


@dataclass
class Client:
    """Answers from a list of pages; an exception among them is raised."""

    pages: list[Any]
    clock: Clock
    asked: list[dict[str, Any]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def lookup_events(self, **given: Any) -> Mapping[str, Any]:
        self.asked.append(given)
        self.times.append(self.clock.passed)
        page = self.pages.pop(0)
        if isinstance(page, Exception):
            raise page
        found: Mapping[str, Any] = page
        return found


def entry(number: int) -> dict[str, Any]:
    raw = made.raw("PutKeyPolicy", -number)
    return {"EventTime": made.NOON - timedelta(seconds=number), "CloudTrailEvent": json.dumps(raw)}


def page(*numbers: int, token: str | None = None) -> dict[str, Any]:
    return {"Events": [entry(number) for number in numbers], **({"NextToken": token} if token else {})}


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "because"}}, "LookupEvents")


def record(*pages: Any) -> tuple[EventRecord, Client, Clock]:
    clock = Clock()
    client = Client(list(pages), clock)
    return EventRecord(client.lookup_events, clock, "eu-west-1"), client, clock


def test_pages_go_on_with_the_same_parameters_at_two_a_second() -> None:
    reader, client, _ = record(page(1, 2, token="a"), page(3, token="b"), page(4))
    found = reader.look_up(Attribute.NAME, "PutKeyPolicy")
    assert found.cut is None
    assert len(found.events) == 4
    assert [one.get("NextToken") for one in client.asked] == [None, "a", "b"]
    bare = [{key: value for key, value in one.items() if key != "NextToken"} for one in client.asked]
    assert bare[0] == bare[1] == bare[2]
    assert client.asked[0]["MaxResults"] == 50
    assert all(later - earlier >= 0.5 for earlier, later in zip(client.times, client.times[1:], strict=False))


def test_the_rate_holds_over_several_look_ups() -> None:
    reader, client, _ = record(page(1), page(2), page(3))
    for name in ("a", "b", "c"):
        reader.look_up(Attribute.NAME, name)
    assert client.times == pytest.approx([0, INTERVAL, 2 * INTERVAL])


@pytest.mark.parametrize(
    ("limits", "cut"), [(Limits(pages=2), Cut.PAGES), (Limits(pages=99, seconds=0.6), Cut.TIME)], ids=["pages", "time"]
)
def test_bounds_are_kept_and_said(limits: Limits, cut: Cut) -> None:
    reader, client, _ = record(*(page(number, token=f"t{number}") for number in range(50)))
    found = reader.look_up(Attribute.NAME, "Decrypt", limits=limits)
    assert found.cut is cut
    assert len(client.asked) <= 3
    assert found.back_to == found.events[-1].time


def test_a_renewed_record_has_all_its_time_and_keeps_to_the_rate() -> None:
    reader, client, _ = record(*(page(number, token=f"t{number}") for number in range(6)))
    limits = Limits(pages=99, seconds=1.0)
    assert reader.look_up(Attribute.NAME, "Decrypt", limits=limits).pages == 3
    assert reader.look_up(Attribute.NAME, "Encrypt", limits=limits).pages == 1
    assert reader.renewed().look_up(Attribute.NAME, "PutKeyPolicy", limits=limits).pages == 2
    assert client.times == pytest.approx([INTERVAL * number for number in range(6)])


def test_ten_thousand_events_are_read_within_the_pages() -> None:
    pages = [page(*range(50 * number, 50 * number + 50), token=f"t{number}") for number in range(200)]
    reader, client, clock = record(*pages)
    found = reader.look_up(Attribute.NAME, "Decrypt", limits=Limits(pages=40, seconds=60))
    assert len(found.events) == 2_000
    assert len(client.asked) == 40
    assert clock.passed <= 22.5


def test_a_caller_may_end_it() -> None:
    reader, client, _ = record(page(1, token="a"), page(2, token="b"))
    found = reader.look_up(Attribute.NAME, "Decrypt", stop=lambda: True)
    assert found.cut is Cut.TIME
    assert len(client.asked) == 1


def test_throttling_is_waited_out() -> None:
    reader, _, clock = record(error("ThrottlingException"), page(1, token="a"), error("Throttling"), page(2))
    found = reader.look_up(Attribute.NAME, "Decrypt")
    assert (len(found.events), found.cut) == (2, None)
    assert clock.passed > 2


def test_throttling_without_end_is_a_cut_or_an_error() -> None:
    throttled = [error("ThrottlingException")] * 9
    reader, _, _ = record(page(1, token="a"), *throttled)
    assert reader.look_up(Attribute.NAME, "Decrypt").cut is Cut.THROTTLED
    reader, _, _ = record(*throttled)
    with pytest.raises(BusyError):
        reader.look_up(Attribute.NAME, "Decrypt")


def test_a_token_that_is_refused_is_a_cut() -> None:
    reader, _, _ = record(page(1, token="a"), error("InvalidNextTokenException"))
    found = reader.look_up(Attribute.NAME, "Decrypt")
    assert (found.cut, len(found.events)) == (Cut.REFUSED_PAGE, 1)


def test_a_start_outside_the_range_is_kept_to_here() -> None:
    """The machine's clock is off: AWS takes the start for older than 90 days."""
    reader, client, _ = record(error("InvalidTimeRangeException"), page(1, 50))
    found = reader.look_up(Attribute.NAME, "PutKeyPolicy", start=made.NOON - timedelta(seconds=10))
    assert len(found.events) == 1
    assert "StartTime" not in client.asked[1]


def test_a_refusal_names_the_permission() -> None:
    reader, _, _ = record(error("AccessDeniedException"))
    with pytest.raises(DeniedError) as caught:
        reader.look_up(Attribute.NAME, "PutKeyPolicy")
    assert caught.value.action == "cloudtrail:LookupEvents"


@pytest.mark.parametrize("answer", [{}, {"Events": None}, {"Events": "none"}, {"Events": [1]}])
def test_an_answer_without_events_is_not_cloudtrail_s(answer: dict[str, Any]) -> None:
    reader, _, _ = record(answer)
    with pytest.raises(UnexpectedError, match="not AWS's"):
        reader.look_up(Attribute.NAME, "PutKeyPolicy")


def test_the_same_token_again_and_again_is_an_error() -> None:
    reader, _, _ = record(page(1, token="a"), page(2, token="a"), page(3, token="a"))
    with pytest.raises(UnexpectedError, match="same NextToken"):
        reader.look_up(Attribute.NAME, "PutKeyPolicy")


def test_entries_without_time_or_text_are_counted() -> None:
    whole = entry(1)
    broken = [{"EventTime": whole["EventTime"]}, {"CloudTrailEvent": whole["CloudTrailEvent"]}, {}]
    reader, _, _ = record({"Events": [whole, *broken]})
    found = reader.look_up(Attribute.NAME, "PutKeyPolicy")
    assert (len(found.events), found.unreadable) == (1, 3)


def test_times_are_in_utc() -> None:
    other = entry(0)["EventTime"].astimezone()
    reader, _, _ = record({"Events": [{**entry(0), "EventTime": other}]})
    assert reader.look_up(Attribute.NAME, "PutKeyPolicy").events[0].time == made.NOON
    assert made.NOON.tzinfo is UTC
