"""Writes that one of fcsse overwrote: found by CloudTrail's record, and given back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from fcsse.apply import apply, policy_writer
from fcsse.apply.copies import Copies
from fcsse.errors import ChangedError
from tests.cli.shell import Run, Shell


@pytest.fixture(autouse=True)
def _unthrottled(shell: Shell) -> None:
    """CloudTrail's two requests a second pass in the real time that nothing here waits for."""
    shell.sandbox.switches.lookups_per_second = 0


def run_over(shell: Shell, *words: str) -> Run:
    """Somebody writes right after our first reading, our other readings come too late, and nobody notices."""
    shell.patch.setattr(policy_writer, "GLANCE", 0.0)
    shell.sandbox.second_writer("data", nth=1, after=True)
    shell.hold_readings(2, times=2)
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


def test_a_write_right_after_the_time_of_since_counts_though_its_event_has_whole_seconds(shell: Shell) -> None:
    begun = datetime.now(UTC).isoformat()
    run_over(shell)
    for command in ("settle", "history"):
        run = shell.run(command, "--bucket", "data", "--since", begun, *(["--dry-run"] if command == "settle" else []))
        assert "Lost: statement 'Foreign 1'" in run.out, run.words


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


def test_a_run_that_was_cut_off_at_its_put_may_have_written(shell: Shell) -> None:
    """Its copy was saved before the put, and says nothing of it."""

    def cut_off(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    shell.sandbox.switches.late_event_seconds = 3600
    shell.patch.setattr(Copies, "note_put", cut_off)
    assert shell.link("fc-0123", "data").code == 130
    run = settle(shell, "-o", "json")
    assert (run.code, run.json["settled"]) == (7, False), run.words
    assert "ended before it was known whether KMS took its write" in run.out
    for event in shell.sandbox.state.trail.events:
        event.shows = 0.0
    shown = settle(shell, "-o", "json")
    assert (shown.code, shown.json["settled"]) == (0, True), shown.words


def test_a_run_whose_put_was_refused_has_written_nothing(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=None)
    assert shell.link("fc-0123", "data").code == 5
    (copy,) = shell.backups
    assert (bool(copy["unsent_at"]), copy["put_at"]) == (True, "")
    run = settle(shell, "-o", "json")
    assert (run.code, run.json["settled"]) == (0, True), run.words


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


@pytest.mark.parametrize("answered", [True, False])
def test_a_key_without_any_record_is_not_settled_while_a_copy_tells_of_a_write(shell: Shell, answered: bool) -> None:
    """The policy from before is older than the record, and our own write is not in it yet."""
    shell.sandbox.switches.late_event_seconds = 3600
    if not answered:
        shell.sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    run_over(shell)
    shell.clock.slept -= 3590
    run = settle(shell, "-o", "json")
    assert (run.code, run.json["settled"]) == (7, False), run.words
    assert "does not show yet" in run.out
    for event in shell.sandbox.state.trail.events:
        event.shows = 0.0
    shell.clock.slept += 3590
    shown = settle(shell, "--yes", "-o", "json")
    assert (shown.code, shown.json["settled"]) == (0, True), shown.words


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
    shell.hold_readings(2, times=2)
    return shell.link("fc-0123", "data", "--settle", "20m", *words)


def test_link_that_failed_after_its_write_settles_all_the_same(shell: Shell) -> None:
    def refuse(*_: object, written: bool = False) -> None:
        if written:
            text = "the bucket has another key now"
            raise ChangedError(text)

    shell.patch.setattr(apply, "require_same_keys", refuse)
    shell.patch.setattr(apply, "STALE_AFTER", -1.0)
    run = run_over_and_settle(shell, "-o", "json")
    assert run.code == 7, run.words
    assert (run.json["changed"], run.json["settle"]["changed"]) == (True, True)
    assert "Foreign 1" in shell.sandbox.policy_text("data")


def test_link_settles_in_one_document(shell: Shell) -> None:
    run = run_over_and_settle(shell, "-o", "json")
    assert run.json["settle"]["changed"]
    assert run.json["settle"]["settled"]


def test_link_says_what_it_did_where_nobody_can_settle(shell: Shell) -> None:
    shell.sandbox.fault("cloudtrail:LookupEvents", "AccessDeniedException", times=None)
    run = shell.link("fc-0123", "data", "--settle", "20m", "-o", "json")
    assert run.code == 5, run.words
    assert run.json["pairs"][0]["status"] == "done"
    assert (run.json["changed"], run.json["settle"]["error"]["code"]) == (True, "denied")
    assert "What the write overwrote is not known. Later: fcsse settle" in run.err


def test_a_job_summary_shows_the_second_write_as_well(shell: Shell) -> None:
    run = run_over_and_settle(shell, "-o", "markdown")
    assert run.count("kms:PutKeyPolicy") == 2
    assert "- Lost: statement 'Foreign 1'" in run.out
    assert "Gave back" in run.out


def test_a_write_that_could_not_be_confirmed_is_one(shell: Shell) -> None:
    run_over(shell)
    shell.sandbox.fault(
        "kms:PutKeyPolicy",
        after=True,
        hook=lambda _: shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", times=None),
    )
    run = settle(shell, "--yes", "-o", "json")
    assert run.code == 8, run.words
    assert run.json["changed"] is True
    assert run.json["keys"][0]["backup"] == shell.backups[-1]["id"]


def test_what_does_not_fit_is_named_and_does_not_keep_others_from_theirs(shell: Shell) -> None:
    run_over(shell)
    shell.sandbox.age_events(60)
    key, other = (shell.sandbox.key(one).arn for one in ("data", "data-alias"))
    policy = {**shell.sandbox.policy("data"), "Id": ""}
    policy["Id"] = "x" * (32_700 - len(json.dumps(policy, separators=(",", ":"))))
    text = json.dumps(policy, separators=(",", ":"))
    shell.sandbox.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    run = shell.run("settle", "--key", key, "--key", other, "--yes")
    assert (run.code, run.count("kms:PutKeyPolicy")) == (4, 0), run.words
    assert "Lost: statement 'Foreign 1'" in run.out
    assert f"Key {other}" in run.out
    assert "**Error:** giving back what was lost" in settle(shell, "--yes", "-o", "markdown").out
    assert f"giving back what was lost to the policy of key {key}" in run.err
    quiet = settle(shell, "--yes", "-q")
    assert "statement 'Foreign 1'" in quiet.err


def test_link_says_where_its_write_is_not_in_the_record_in_time(shell: Shell) -> None:
    shell.sandbox.switches.late_event_seconds = 3600
    run = shell.link("fc-0123", "data", "--settle", "2m")
    assert run.code == 8, run.words
    assert "fcsse settle" in run.err
    assert shell.works("fc-0123", "data") == (True, True)


def theirs(shell: Shell) -> dict[str, Any]:
    """The event of the write that was overwritten."""
    events = [one.event for one in shell.sandbox.state.trail.events if one.event["eventName"] == "PutKeyPolicy"]
    (found,) = (event for event in events if "Foreign 1" in event["requestParameters"]["policy"])
    return found


def other_version(event: dict[str, Any]) -> None:
    event["eventVersion"] = "1.02"
    event["responseElements"] = None
    event["resources"] = [{"arn": event["resources"][0]["ARN"], "accountId": event["recipientAccountId"]}]


def by_id_alone(event: dict[str, Any]) -> None:
    event["requestParameters"]["keyId"] = event["resources"][0]["ARN"].rpartition("/")[2]
    event["responseElements"] = None
    del event["resources"]


def by_arn_alone(event: dict[str, Any]) -> None:
    event["requestParameters"]["keyId"] = event["resources"][0]["ARN"]
    event["responseElements"] = None
    del event["resources"]


def by_alias(event: dict[str, Any]) -> None:
    event["requestParameters"]["keyId"] = "alias/data"


def corrected(event: dict[str, Any]) -> None:
    event["addendum"] = {"reason": "UPDATED_DATA", "originalEventID": "00000000-0000-4000-8000-000000000000"}


@pytest.mark.parametrize("change", [other_version, by_id_alone, by_arn_alone, by_alias, corrected])
def test_whatever_the_form_of_the_event_the_statement_is_given_back(
    shell: Shell, change: Callable[[dict[str, Any]], None]
) -> None:
    run_over(shell)
    change(theirs(shell))
    run = settle(shell, "--yes")
    assert run.code == 0, run.words
    assert "Foreign 1" in shell.sandbox.policy_text("data")


def no_parameters(event: dict[str, Any]) -> None:
    event["requestParameters"] = None


def cut_parameters(event: dict[str, Any]) -> None:
    event["requestParameters"] = {
        "keyId": event["requestParameters"]["keyId"],
        "policy": event["requestParameters"]["policy"][:200],
    }


def omitted_parameters(event: dict[str, Any]) -> None:
    event["requestParameters"] = {"omitted": True, "reason": "too large"}


def no_policy(event: dict[str, Any]) -> None:
    event["requestParameters"]["policy"] = "[]"


@pytest.mark.parametrize("change", [no_parameters, cut_parameters, omitted_parameters, no_policy])
def test_an_event_that_is_not_whole_is_said_not_to_be_in_the_record_and_nothing_is_written(
    shell: Shell, change: Callable[[dict[str, Any]], None]
) -> None:
    run_over(shell)
    change(theirs(shell))
    before = shell.sandbox.policy_text("data")
    run = settle(shell, "--yes")
    assert run.count("kms:PutKeyPolicy") == 0, run.words
    assert shell.sandbox.policy_text("data") == before
    assert "not in the record" in " ".join((run.out + run.err).split())
    assert run.code == 7, "Foreign 1 is lost"
    assert "Nothing to give back, but not all is settled." in run.out


def test_an_event_that_names_no_key_is_a_doubt_and_no_guess(shell: Shell) -> None:
    run_over(shell)
    event = theirs(shell)
    by_alias(event)
    event["responseElements"] = None
    del event["resources"]
    run = settle(shell, "--yes")
    assert (run.code, run.count("kms:PutKeyPolicy")) == (7, 0), run.words
    assert "does not say which key it was about" in " ".join((run.out + run.err).split())
    assert settle(shell, "-o", "json").json["settled"] is False


@pytest.mark.parametrize("seconds", [-240, 240])
def test_a_clock_that_is_off_as_far_as_aws_takes_it_changes_nothing(shell: Shell, seconds: int) -> None:
    """AWS refuses requests whose time differs by more than five minutes from its own."""
    run_over(shell)
    shell.clock.slept += seconds
    run = settle(shell, "--yes")
    assert run.code == 0, run.words
    assert "Foreign 1" in shell.sandbox.policy_text("data")


@pytest.mark.parametrize(
    "times",
    [
        {"read_at": "0001-01-01T00:00:00+00:00"},
        {"put_at": "9999-12-31T23:59:59+00:00"},
        {"read_at": "9999-12-31T23:59:59+00:00"},
        {"read_at": "2026-11-29T08:00:00"},
        {"put_at": "yesterday", "held_at": "tomorrow"},
    ],
)
def test_times_of_a_copy_that_were_edited_count_for_nothing(shell: Shell, times: dict[str, str]) -> None:
    run_over(shell)
    (file,) = shell.backup_files
    file.write_text(json.dumps({**json.loads(file.read_text(encoding="utf-8")), **times}), encoding="utf-8")
    run = settle(shell, "--dry-run")
    assert run.code == 0, run.words
    assert "bug in fcsse" not in run.words


def lost_statement(shell: Shell) -> dict[str, Any]:
    """The statement that was overwritten, as its writer wrote it."""
    events = shell.sandbox.client("cloudtrail").lookup_events(
        LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "PutKeyPolicy"}]
    )["Events"]
    policies = [json.loads(json.loads(one["CloudTrailEvent"])["requestParameters"]["policy"]) for one in events]
    statements = [one for policy in policies for one in policy["Statement"]]
    return next(dict(one) for one in statements if one.get("Sid") == "Foreign 1")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_its_owner_gave_back_meanwhile_is_not_said_to_be_done(shell: Shell, form: str) -> None:
    run_over(shell)
    theirs = lost_statement(shell)
    shell.sandbox.fault("kms:GetKeyPolicy", after=True, hook=lambda _: shell.append("data", theirs))
    run = settle(shell, "--yes", "-o", form)
    assert (run.code, run.count("kms:PutKeyPolicy")) == (0, 0), run.words
    if form == "json":
        assert (run.json["changed"], run.json["settled"], run.json["keys"][0]["backup"]) == (False, True, None)
    else:
        assert "Somebody else gave back meanwhile" in run.out


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_an_endpoint_that_is_not_aws_s_is_shown(shell: Shell, form: str) -> None:
    run_over(shell)
    run = settle(shell, "--dry-run", "-o", form)
    assert f"ndpoint{'s' if form == 'json' else ''}" in run.out
    assert shell.sandbox.url in run.out.replace("\\", "")
