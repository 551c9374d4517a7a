"""CloudTrail's event history: what AWS recorded in one account and Region in the last 90 days, page by page.

Sources: CloudTrail API reference, LookupEvents (newest first, at most 50 events a page, one attribute, a NextToken goes
with the same parameters); CloudTrail user guide, "Quotas" (two requests a second for each account and Region, which
cannot be raised) and "Working with CloudTrail Event history" (90 days; on in every account).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from botocore.exceptions import ClientError

from fcsse.advice import ENDPOINT_URL, advice
from fcsse.aws.errors import error_code, translated
from fcsse.aws.named_call import Call
from fcsse.clock import Clock
from fcsse.errors import BusyError, UnexpectedError
from fcsse.event_history.look_ups import Attribute, Cut, Limits, LookedUp, RecordedEvent

PAGE = 50
INTERVAL = 0.55
"""Seconds between two requests, for at most two a second wherever on their way they are delayed."""

SLICE = 0.25
"""Seconds of a wait after which the caller is asked whether the page is still wanted."""

THROTTLED_PAUSE = 2.0
THROTTLED_TRIES = 5


class LookUp(Protocol):
    """LookupEvents, with its parameters; the answer is checked to be AWS's."""

    def __call__(self, **given: Any) -> Mapping[str, Any]:
        """One page of events."""


class EventRecord:
    """The event history of one account and Region. Its requests keep to AWS's rate, whichever thread makes them."""

    def __init__(self, ask: LookUp, clock: Clock, region: str, after: EventRecord | None = None) -> None:
        self.region = region
        self._ask_page = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._next: float = after._next if after else float("-inf")
        self._began = clock.monotonic()

    def renewed(self) -> EventRecord:
        """The same record, whose time limits begin anew; its requests count for AWS's rate as well."""
        return EventRecord(self._ask_page, self._clock, self.region, after=self)

    def look_up(
        self,
        attribute: Attribute,
        value: str,
        *,
        start: datetime | None = None,
        limits: Limits | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> LookedUp:
        """The events whose attribute has this value, newest first. ``start``: only those from then on.

        ``stop`` is asked before each page but the first. Raises ``DeniedError`` where the caller lacks
        cloudtrail:LookupEvents, ``BusyError`` where even the first page was throttled, ``UnexpectedError`` for an answer
        that is not CloudTrail's.
        """
        bounds = limits or Limits()
        given: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": attribute.value, "AttributeValue": value}],
            "MaxResults": PAGE,
        }
        if start is not None:
            given["StartTime"] = start
        found: list[RecordedEvent] = []
        unreadable = pages = 0
        tokens: set[str] = set()
        while True:
            if pages and (cut := self._end(pages, bounds, stop)):
                return LookedUp(tuple(found), cut, _oldest(found), unreadable, pages)
            try:
                answer = self._page(given, stop if pages else None)
            except _StoppedError:
                return LookedUp(tuple(found), Cut.TIME, _oldest(found), unreadable, pages)
            except _TokenError as error:
                if not pages:
                    raise UnexpectedError(str(error), "Run the command again.") from error
                return LookedUp(tuple(found), Cut.REFUSED_PAGE, _oldest(found), unreadable, pages)
            except BusyError:
                if not pages:
                    raise
                return LookedUp(tuple(found), Cut.THROTTLED, _oldest(found), unreadable, pages)
            pages += 1
            for entry in answer[0]:
                event = _event(entry)
                if event is None:
                    unreadable += 1
                elif start is None or event.time >= start:
                    found.append(event)
            token = answer[1]
            if token is None:
                return LookedUp(tuple(found), None, None, unreadable, pages)
            if token in tokens:
                message = f"reading CloudTrail's event history in {self.region}: it answers the same NextToken again and again"
                raise UnexpectedError(message, advice("Check AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set."))
            tokens.add(token)
            given["NextToken"] = token

    def _end(self, pages: int, bounds: Limits, stop: Callable[[], bool] | None) -> Cut | None:
        if pages >= bounds.pages:
            return Cut.PAGES
        if self._clock.monotonic() - self._began >= bounds.seconds or (stop is not None and stop()):
            return Cut.TIME
        return None

    def _page(
        self, given: dict[str, Any], stop: Callable[[], bool] | None
    ) -> tuple[list[Mapping[str, Any]], str | None]:
        """One page and the token of the next; throttling is waited out, a few times. Waits end when ``stop`` says so."""
        for tried in range(THROTTLED_TRIES):
            self._sleep(self._attempt(), stop)
            try:
                return self._ask(given)
            except BusyError:
                if tried == THROTTLED_TRIES - 1:
                    raise
                self._sleep(THROTTLED_PAUSE * (0.5 + self._clock.random()), stop)
        text = "the last try returns or raises"
        raise AssertionError(text)

    def _ask(self, given: dict[str, Any]) -> tuple[list[Mapping[str, Any]], str | None]:
        doing = f"reading CloudTrail's event history in {self.region}"
        with translated(Call("cloudtrail:LookupEvents", doing=doing)):
            try:
                answer = self._ask_page(**given)
            except ClientError as error:
                match error_code(error):
                    case "InvalidTimeRangeException" if "StartTime" in given:
                        # This machine's clock is off: the start is kept to here instead.
                        del given["StartTime"]
                        return self._ask(given)
                    case "InvalidNextTokenException":
                        message = f"{doing}: CloudTrail no longer takes its own NextToken"
                        raise _TokenError(message) from error
                    case _:
                        raise
            events = answer["Events"]
        token = answer.get("NextToken")
        if not isinstance(events, list) or not all(isinstance(one, dict) for one in events):
            message = f"{doing}: the answer holds no list of events, so it is not AWS's"
            raise UnexpectedError(message, advice("Check AWS_ENDPOINT_URL or ", ENDPOINT_URL, " if one is set."))
        return events, str(token) if token else None

    def _attempt(self) -> float:
        """Takes the next turn, and returns the seconds until then."""
        with self._lock:
            now = self._clock.monotonic()
            wait = self._next - now
            self._next = max(now, self._next) + INTERVAL
        return wait

    def _sleep(self, seconds: float, stop: Callable[[], bool] | None) -> None:
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, SLICE))
            if stop is not None and stop():
                raise _StoppedError


class _StoppedError(Exception):
    """The caller no longer wants the next page."""


class _TokenError(Exception):
    """CloudTrail refused the token of the next page."""


def _event(entry: Mapping[str, Any]) -> RecordedEvent | None:
    moment, text = entry.get("EventTime"), entry.get("CloudTrailEvent")
    if not isinstance(moment, datetime) or not isinstance(text, str):
        return None
    return RecordedEvent(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC), text)


def _oldest(found: list[RecordedEvent]) -> datetime | None:
    return min((one.time for one in found), default=None)
