"""Recorded facts on CloudTrail's LookupEvents: what it finds, in which order, and what it refuses."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from scripts.conformity.event_facts import _key, _used
from scripts.conformity.fact_bench import REGION, holds, same

if TYPE_CHECKING:
    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact


def _look_up(bench: Bench, name: str = "", value: str = "", **more: Any) -> dict[str, Any]:
    """One page. Two requests a second are not exceeded."""
    bench.sandbox.switches.lookups_per_second = 0
    asked = {"LookupAttributes": [{"AttributeKey": name, "AttributeValue": value}]} if name else {}
    found: dict[str, Any] = bench.client("cloudtrail").lookup_events(**asked, **more)
    return found


def _code(bench: Bench, *attributes: tuple[str, str], **given: Any) -> str:
    asked = [{"AttributeKey": name, "AttributeValue": value} for name, value in attributes]
    try:
        bench.client("cloudtrail").lookup_events(**({"LookupAttributes": asked} if asked else {}), **given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def _some(bench: Bench, number: int) -> None:
    for place in range(number):
        event = {"eventID": f"made-{place}", "eventName": "Made", "eventSource": "kms.amazonaws.com"}
        bench.sandbox.add_event(event, ago=number - place)


def z32(bench: Bench, _: Fact) -> None:
    _used(bench)
    for name in ("Decrypt", "GenerateDataKey"):
        (found,) = _look_up(bench, "EventName", name)["Events"]
        event = json.loads(found["CloudTrailEvent"])
        same((event["managementEvent"], event["readOnly"]), (True, True))


def z34(bench: Bench, _: Fact) -> None:
    _some(bench, 70)
    found = _look_up(bench, "EventName", "Made")["Events"]
    same([one["EventId"] for one in found], [f"made-{place}" for place in range(69, 19, -1)])
    bench.sandbox.switches.lookups_per_second = 2
    two = [("EventName", "Made"), ("EventId", "made-1")]
    time.sleep(1.05)
    same(_code(bench, *two), "InvalidLookupAttributesException")
    same(_code(bench, MaxResults=50), "")
    same([_code(bench), _code(bench)][-1], "ThrottlingException")


def z35(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    (found,) = _look_up(bench, "EventName", "CreateKey")["Events"]
    values = {
        "EventId": found["EventId"],
        "ReadOnly": "false",
        "Username": found["Username"],
        "ResourceType": "AWS::KMS::Key",
        "ResourceName": key,
        "EventSource": "kms.amazonaws.com",
        "AccessKeyId": found["AccessKeyId"],
    }
    for name, value in values.items():
        events = _look_up(bench, name, value)["Events"]
        holds(found["EventId"] in [one["EventId"] for one in events], f"not found by {name} {value}")
    bench.sandbox.switches.lookups_per_second = 0
    same(_code(bench, ("EventName", "x" * 2001)), "InvalidLookupAttributesException")


def z36(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    bench.kms.disable_key(KeyId=key)
    (found,) = _look_up(bench, "EventName", "DisableKey")["Events"]
    same({one["ResourceType"] for one in found["Resources"]}, {"AWS::KMS::Key"})
    same({one["ResourceName"] for one in found["Resources"]}, {key, key.rpartition("/")[2]})


def z37(bench: Bench, _: Fact) -> None:
    key = _used(bench)
    (found,) = _look_up(bench, "EventName", "Decrypt")["Events"]
    holds({"ResourceType": "AWS::KMS::Key", "ResourceName": key} in found["Resources"], found["Resources"])


def z39(bench: Bench, _: Fact) -> None:
    _key(bench)
    (found,) = _look_up(bench, "EventName", "CreateKey")["Events"]
    same((found["ReadOnly"], json.loads(found["CloudTrailEvent"])["readOnly"]), ("false", False))


def z40(bench: Bench, _: Fact) -> None:
    _key(bench)
    (found,) = _look_up(bench, "EventName", "CreateKey")["Events"]
    members = "AccessKeyId CloudTrailEvent EventId EventName EventSource EventTime ReadOnly Resources Username"
    same(" ".join(sorted(found)), members)


def z41(bench: Bench, _: Fact) -> None:
    _some(bench, 60)
    token = _look_up(bench, "EventName", "Made")["NextToken"]
    same(_code(bench, ("EventName", "Other"), NextToken=token), "InvalidNextTokenException")
    last = _look_up(bench, "EventName", "Made", NextToken=token)
    holds("NextToken" not in last and len(last["Events"]) == 10, "the last page")


def z42(bench: Bench, _: Fact) -> None:
    now = datetime.now(UTC)
    bench.sandbox.switches.lookups_per_second = 0
    for start, end in ((now, now - timedelta(hours=1)), (now - timedelta(days=100), now)):
        same(_code(bench, StartTime=start, EndTime=end), "InvalidTimeRangeException")
    _some(bench, 3)
    same(len(_look_up(bench, "EventName", "Made")["Events"]), 3, "without StartTime")


def z43(bench: Bench, _: Fact) -> None:
    bench.sandbox.switches.lookups_per_second = 2
    same([_code(bench) for _ in range(4)][-1], "ThrottlingException")


def z44(bench: Bench, _: Fact) -> None:
    bench.client("kms", region="us-east-1").list_keys()
    holds(not _look_up(bench, "EventName", "ListKeys")["Events"], f"an event of us-east-1 in {REGION}")


def z45(bench: Bench, _: Fact) -> None:
    bench.sandbox.late(event_seconds=60)
    _key(bench)
    holds(not _look_up(bench, "EventName", "CreateKey")["Events"], "it shows at once")


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"z\d\d", name)}
