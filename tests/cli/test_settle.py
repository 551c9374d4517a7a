"""Writes that one of fcsse ran over: found by CloudTrail's record, and given back."""

from __future__ import annotations

import json

import pytest

from fcsse.apply import policy_writer
from tests.cli.shell import Run, Shell


def run_over(shell: Shell, *words: str) -> Run:
    """Somebody writes right after our first reading, our other readings come too late, and nobody notices."""
    shell.patch.setattr(policy_writer, "GLANCE", 0.0)
    shell.sandbox.second_writer("data", nth=1, after=True)
    shell.sandbox.fault("kms:GetKeyPolicy", nth=2, times=2, delay=0.4)
    run = shell.link("fc-0123", "data", *words)
    assert run.code == 0, run.words
    assert "Foreign 1" not in shell.sandbox.policy_text("data")
    shell.clock.slept += 3600  # by then, the record is whole
    return run


def settle(shell: Shell, *words: str, bucket: str = "data") -> Run:
    return shell.run("settle", "--bucket", bucket, *words)


def test_what_a_write_of_ours_ran_over_is_named_and_given_back(shell: Shell) -> None:
    run_over(shell)
    before = shell.statements("data")
    dry = settle(shell, "--dry-run", "--exit-code")
    assert dry.code == 3, dry.words
    assert "Lost: statement 'Foreign 1'" in dry.out
    assert shell.statements("data") == before
    run = settle(shell, "--yes", "--expect", dry.digest)
    assert run.code == 0, run.words
    assert "Gave back" in run.out
    assert [one["Sid"] for one in shell.statements("data")] == [*(one["Sid"] for one in before), "Foreign 1"]
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.backups[-1]["reason"] == "settle"
    again = settle(shell)
    assert (again.code, again.count("kms:PutKeyPolicy")) == (0, 0), again.words
    assert "Nothing to give back." in again.out


def test_no_copy_is_needed_where_two_versions_tell_what_both_were_made_from(shell: Shell) -> None:
    """The policy from before is older than the record: the ready-made world was there before it begins."""
    run_over(shell, "--no-backup")
    run = settle(shell, "--yes", "--no-backup")
    assert run.code == 0, run.words
    assert "Foreign 1" in run.out
    assert "Foreign 1" in shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)


def test_the_copy_says_what_was_read_and_when_and_by_which_request_it_was_replaced(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    (copy,) = shell.backups
    assert copy["read_at"] <= copy["put_at"] < copy["held_at"]
    events = shell.sandbox.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutKeyPolicy"}]
    )["Events"]
    event = json.loads(events[0]["CloudTrailEvent"])
    assert event["requestID"] == copy["request_id"]
    assert "md/fcsse-base#" in event["userAgent"]


def test_history_says_so_as_well(shell: Shell) -> None:
    run_over(shell)
    run = shell.run("history", "--bucket", "data")
    assert run.code == 0, run.words
    assert "Lost: statement 'Foreign 1'" in run.out
    assert f"fcsse settle --key {shell.sandbox.key('data').arn}" in run.out.replace("\n", " ")
    (lost,) = shell.run("history", "--bucket", "data", "-o", "json").json["keys"][0]["lost"]
    assert (lost["sid"], lost["back"], lost["certain"]) == ("Foreign 1", False, True)


def test_nothing_is_lost_where_nobody_else_wrote(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fc-0456", "data")
    assert shell.unlink("fc-0123", "data").code == 0
    run = settle(shell, "-o", "json")
    assert run.code == 0, run.words
    (key,) = run.json["keys"]
    assert (key["writes_of_fcsse"], key["lost"], key["not_in_the_record"], run.json["settled"]) == (3, [], [], True)


def test_events_that_are_late_are_not_missed_for_good(shell: Shell) -> None:
    shell.sandbox.switches.late_event_seconds = 3600
    run_over(shell)
    run = settle(shell)
    assert "does not show yet" in run.out or "0 recorded writes" in run.out
    assert run.count("kms:PutKeyPolicy") == 0


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_every_form_says_the_same(shell: Shell, form: str) -> None:
    run_over(shell)
    run = settle(shell, "--yes", "-o", form)
    assert run.code == 0, run.words
    assert "Foreign 1" in run.out
    if form == "json":
        assert run.json["changed"]
        assert run.json["settled"]
        assert run.json["keys"][0]["backup"] == shell.backups[-1]["id"]


def test_a_digest_that_is_another_one_writes_nothing(shell: Shell) -> None:
    run_over(shell)
    run = settle(shell, "--yes", "--expect", "0" * 16)
    assert run.code == 7
    assert "Foreign 1" not in shell.sandbox.policy_text("data")


def test_a_sid_that_is_taken_is_left_to_its_owner(shell: Shell) -> None:
    run_over(shell)
    shell.append("data", {**shell.statements("data")[0], "Sid": "Foreign 1"})
    run = settle(shell, "--yes")
    assert run.count("kms:PutKeyPolicy") == 0, run.words


def test_one_who_may_not_read_the_record_is_told_what_is_missing(shell: Shell) -> None:
    shell.sandbox.fault("cloudtrail:LookupEvents", "AccessDeniedException", times=None)
    run = settle(shell)
    assert run.code == 5
    assert "cloudtrail:LookupEvents" in run.err


def test_link_settles_by_itself(shell: Shell) -> None:
    run = run_over_and_settle(shell)
    assert run.code == 0, run.words
    assert "Gave back" in run.out
    assert "Foreign 1" in shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)


def run_over_and_settle(shell: Shell, *words: str) -> Run:
    shell.patch.setattr(policy_writer, "GLANCE", 0.0)
    shell.sandbox.second_writer("data", nth=1, after=True)
    shell.sandbox.fault("kms:GetKeyPolicy", nth=2, times=2, delay=0.4)
    return shell.link("fc-0123", "data", "--settle", "20m", *words)


def test_link_settles_in_one_document(shell: Shell) -> None:
    run = run_over_and_settle(shell, "-o", "json")
    assert run.json["settle"]["changed"]
    assert run.json["settle"]["settled"]


def test_link_says_where_its_write_is_not_in_the_record_in_time(shell: Shell) -> None:
    shell.sandbox.switches.late_event_seconds = 3600
    run = shell.link("fc-0123", "data", "--settle", "2m")
    assert run.code == 8, run.words
    assert "fcsse settle" in run.err
    assert shell.works("fc-0123", "data") == (True, True)
