"""CloudTrail's event history in the sandbox: LookupEvents.

Sources: CloudTrail API reference, LookupEvents (newest first; at most 50 a page; one attribute; a NextToken goes with the
same parameters; errors), and the botocore service model; CloudTrail user guide, "Viewing events with CloudTrail Event
history" (90 days, one Region) and "Quotas" (two requests a second for each account and Region). The code of a throttled
look-up is not documented: ThrottlingException is what other services of that protocol are recorded to answer.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.cloudtrail_record import Recorded
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, json_reply

KEPT = 90 * 86_400
"""Seconds that the event history goes back."""

PAGE = 50
ATTRIBUTES = (
    "EventId",
    "EventName",
    "ReadOnly",
    "Username",
    "ResourceType",
    "ResourceName",
    "EventSource",
    "AccessKeyId",
)
_SLACK = 60.0
"""Seconds that a StartTime may lie before the 90 days: the request takes its time to arrive."""


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry a CloudTrail call out. Raises AwsError."""
    if call.operation != "LookupEvents":
        raise AwsError("UnknownOperationException", f"The sandbox does not simulate cloudtrail:{call.operation}.")
    _throttle(state, call, caller)
    require_identity(caller, "cloudtrail:LookupEvents", "*")
    given = call.parameters
    size = _size(state, given)
    name, value = _attribute(given)
    start, end = _range(given, state.trail.wall())
    words = json.dumps(
        {key: item for key, item in given.items() if key not in ("NextToken", "MaxResults")}, sort_keys=True
    )
    bound = f"{caller.account} {call.region} {words} {given.get('MaxResults')}"
    newest, skipped = len(state.trail.events), 0
    token = given.get("NextToken")
    if token is not None:
        known = state.trail.tokens.get(str(token))
        if known is None or known[0] != bound:
            raise AwsError("InvalidNextTokenException", "Invalid token or parameters do not match the token.")
        _, newest, skipped = known
    now = state.trail.ticks()
    found = [
        one
        for one in state.trail.events
        if one.number < newest
        and (one.account, one.region) == (caller.account, call.region)
        and one.shows <= now
        and start <= int(one.time) <= end
        and _matches(one, name, value)
    ]
    found.sort(key=lambda one: (int(one.time), one.number), reverse=True)
    shown = found[skipped : skipped + size]
    more = {}
    if skipped + size < len(found):
        following = uuid.uuid4().hex
        state.trail.tokens[following] = (bound, newest, skipped + size)
        more = {"NextToken": following}
    return json_reply({"Events": [_entry(one) for one in shown], **more})


def _throttle(state: State, call: Call, caller: Caller) -> None:
    """Two requests in any one second. Refused ones do not count."""
    rate = state.switches.lookups_per_second
    now = state.trail.ticks()
    recent = [at for at in state.trail.asked.get((caller.account, call.region), ()) if now - at < 1.0]
    if rate and len(recent) >= rate:
        raise AwsError("ThrottlingException", "Rate exceeded")
    state.trail.asked[caller.account, call.region] = [*recent, now]


def _size(state: State, given: Mapping[str, Any]) -> int:
    asked = given.get("MaxResults", PAGE)
    if not isinstance(asked, int) or not 1 <= asked <= PAGE:
        raise AwsError("InvalidMaxResultsException", "A maximum results value must be between 1 and 50.")
    return min(asked, state.switches.page or asked)


def _attribute(given: Mapping[str, Any]) -> tuple[str, str]:
    attributes = given.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    if not attributes:
        return "", ""
    name, value = str(attributes[0].get("AttributeKey")), str(attributes[0].get("AttributeValue") or "")
    if name not in ATTRIBUTES or not value or len(value) > 2000:
        raise AwsError("InvalidLookupAttributesException", f"The lookup attribute {name} is not valid.")
    return name, value


def _range(given: Mapping[str, Any], now: float) -> tuple[float, float]:
    start, end = float(given.get("StartTime") or now - KEPT), float(given.get("EndTime") or now + KEPT)
    if start > end or start < now - KEPT - _SLACK:
        message = "The time range is outside of the range of possible values: events are kept for 90 days."
        raise AwsError("InvalidTimeRangeException", message)
    return max(start, now - KEPT), end


def _matches(one: Recorded, name: str, value: str) -> bool:
    if not name:
        return True
    if name == "EventName":
        return bool(one.event.get("eventName") == value)
    entry = _summary(one)
    if name in ("ResourceName", "ResourceType"):
        return any(resource[name] == value for resource in entry["Resources"])
    return str(entry.get(name, "")) == value


def _summary(one: Recorded) -> dict[str, Any]:
    """The members beside the event itself; ``Username`` is the session's name for a role, as the console shows it."""
    event, who = one.event, one.event.get("userIdentity")
    who = who if isinstance(who, dict) else {}
    session = str(who.get("arn") or "").rpartition("/")[2]
    names = {"Username": who.get("userName") or session, "AccessKeyId": who.get("accessKeyId")}
    return {
        "EventId": event.get("eventID"),
        "EventName": event.get("eventName"),
        "ReadOnly": str(bool(event.get("readOnly"))).lower(),
        "EventTime": int(one.time),
        "EventSource": event.get("eventSource"),
        "Resources": [
            {"ResourceType": resource.get("type"), "ResourceName": text}
            for resource in event.get("resources") or ()
            for text in _names(str(resource.get("ARN") or ""))
        ],
        **{name: text for name, text in names.items() if text},
    }


def _names(arn: str) -> tuple[str, ...]:
    """A key by its id and by its ARN. Source: KMS developer guide, "Logging AWS KMS API calls"."""
    return (arn.rpartition("/")[2], arn) if ":key/" in arn else (arn,)


def _entry(one: Recorded) -> dict[str, Any]:
    return {**_summary(one), "CloudTrailEvent": json.dumps(one.written())}
