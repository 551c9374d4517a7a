"""The Lambda function looks at CloudTrail's record of its own writes, and gives back what they overwrote."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.apply import apply
from fcsse.errors import ChangedError
from tests.interfaces.deployed_function import Function, cache_created, function, of

__all__ = ["function"]

pytestmark = pytest.mark.usefixtures("no_waiting")

CACHE = "fc-0aaa0aaa"


@pytest.fixture
def settling(function: Function, monkeypatch: pytest.MonkeyPatch) -> Function:
    """The function, which looks for ten minutes; CloudTrail's two requests a second pass in time that is not waited for."""
    monkeypatch.setenv("FCSSE_SETTLE", "10m")
    function.sandbox.switches.lookups_per_second = 0
    function.sandbox.add_cache(CACHE, ["data"])
    return function


def run_over(function: Function, *, known: bool = True) -> dict[str, Any]:
    """Somebody writes after the function's last reading, right before its put takes effect.

    ``known``: the record has the version that the function's write is made from.
    """
    if known:
        text = function.sandbox.policy_text("data")
        function.sandbox.client("kms").put_key_policy(KeyId=function.sandbox.key("data").arn, Policy=text)
        function.sandbox.age_events(3600)
    function.sandbox.second_writer("data", on="kms:PutKeyPolicy", after=False)
    return function(cache_created(CACHE, "data"), 900.0)


def sids(function: Function) -> list[str]:
    return [one.get("Sid", "") for one in json.loads(function.sandbox.policy_text("data"))["Statement"]]


def test_what_its_write_ran_over_is_given_back(settling: Function) -> None:
    answer = run_over(settling)
    assert (answer["result"], answer["changed"]) == ("linked", True)
    log = settling.log()
    (given,) = of(log, "given back")
    assert given["key"] == settling.sandbox.key("data").arn
    assert any("'Foreign 1'" in line["text"] and "is lost" in line["text"] for line in of(log, "note"))
    assert "Foreign 1" in sids(settling)
    assert settling.sandbox.cache(CACHE).read("data", "hello.txt").allowed
    # The copy of the policy from before comes first, as for every write.
    assert [line["id"] for line in of(log, "backup")][-1] == given["backup"]
    assert len(of(log, "settled")) == 1
    assert not of(log, "failed")


def test_what_a_write_ran_over_is_given_back_also_where_the_link_failed_after_it(
    settling: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, written: bool = False) -> None:
        if written:
            text = "the bucket has another key now"
            raise ChangedError(text)

    monkeypatch.setattr(apply, "require_same_keys", refuse)
    monkeypatch.setattr(apply, "STALE_AFTER", -1.0)
    with pytest.raises(ChangedError):
        run_over(settling)
    assert len(of(settling.log(), "given back")) == 1
    assert "Foreign 1" in sids(settling)


def test_a_version_that_is_older_than_the_record_leaves_it_open_for_a_while_which_sets_off_the_alarm(
    settling: Function,
) -> None:
    assert run_over(settling, known=False)["result"] == "linked"
    log = settling.log()
    (failed,) = of(log, "failed")
    assert failed["code"] == "lost-update"
    assert f"fcsse settle --key {settling.sandbox.key('data').arn}" in failed["hint"]
    assert len(of(log, "not settled")) == 1
    assert "Foreign 1" not in sids(settling)


def test_without_a_lost_write_it_only_says_so(settling: Function) -> None:
    assert settling(cache_created(CACHE, "data"), 900.0)["result"] == "linked"
    log = settling.log()
    assert [line["keys"] for line in of(log, "settled")] == [[settling.sandbox.key("data").arn]]
    assert not of(log, "given back")
    assert len(list(settling.sandbox.requests.of("kms:PutKeyPolicy"))) == 1


def test_it_looks_only_after_a_write_and_only_where_that_is_wanted(
    settling: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FCSSE_SETTLE", "0")
    settling(cache_created(CACHE, "data"), 900.0)
    monkeypatch.setenv("FCSSE_SETTLE", "10m")
    settling(cache_created(CACHE, "data"), 900.0)
    assert not list(settling.sandbox.requests.of("cloudtrail:LookupEvents"))
    assert not of(settling.log(), "settled")


def test_a_record_that_is_late_is_said_and_no_failure(settling: Function) -> None:
    settling.sandbox.switches.late_event_seconds = 7200
    assert settling(cache_created(CACHE, "data"), 900.0)["result"] == "linked"
    log = settling.log()
    (line,) = of(log, "not settled")
    assert "does not show the writes yet" in line["message"]
    assert line["hint"] == f"Look later: fcsse settle --key {settling.sandbox.key('data').arn}"
    assert not of(log, "failed")


def test_the_wait_ends_before_lambda_ends_the_function(settling: Function) -> None:
    settling.sandbox.switches.late_event_seconds = 7200
    settling(cache_created(CACHE, "data"), 90.0)
    looks = list(settling.sandbox.requests.of("cloudtrail:LookupEvents"))
    assert 2 <= len(looks) <= 8  # two each time, half a minute apart
    assert of(settling.log(), "not settled")


def test_no_permission_to_look_is_said_and_the_link_stands(settling: Function) -> None:
    settling.sandbox.fault("cloudtrail:LookupEvents", "AccessDeniedException", times=None)
    answer = settling(cache_created(CACHE, "data"), 900.0)
    assert (answer["result"], answer["changed"]) == ("linked", True)
    (line,) = of(settling.log(), "not settled")
    assert "cloudtrail:LookupEvents" in line["message"]


def test_what_cannot_be_given_back_is_a_failure_that_sets_off_the_alarm(settling: Function) -> None:
    settling.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", nth=3, times=None)
    answer = run_over(settling)
    assert answer["result"] == "linked"
    (failed,) = of(settling.log(), "failed")
    assert failed["code"] == "denied"


@pytest.mark.parametrize("text", ["soon", "-5", "10 minutes"])
def test_a_wait_that_is_no_duration_is_a_failure_before_anything_is_written(
    settling: Function, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FCSSE_SETTLE", text)
    answer = settling(cache_created(CACHE, "data"))
    assert answer["result"] == "failed"
    assert "FCSSE_SETTLE" in str(answer["message"])
    assert not settling.writes
