"""``fcsse check --observed``: what AWS recorded of the cache's calls, beside the verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.shell import Run, Shell

CHECK = ("check", "--cache", "fc-0123", "--bucket", "data", "--observed")


@pytest.fixture(autouse=True)
def _unthrottled(shell: Shell) -> None:
    """CloudTrail's two requests a second pass in the real time that nothing here waits for."""
    shell.sandbox.switches.lookups_per_second = 0


def plain(run: Run) -> str:
    return " ".join(run.out.split())


def observed(run: Run, action: str = "kms:Decrypt") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in run.json["pairs"][0]["observed"] if one["action"] == action)
    return found


def last_event(shell: Shell, name: str = "Decrypt") -> dict[str, Any]:
    return next(one.written() for one in reversed(shell.sandbox.state.trail.events) if one.event["eventName"] == name)


def refused_read(shell: Shell, ago: float = 0) -> None:
    """AWS refuses the cache, whatever the policy says: a refusal as it is recorded, from before the link."""
    raw = last_event(shell)
    shell.sandbox.add_event({**raw, "eventID": f"refused-{ago}"}, ago=ago)


def test_allowed_and_aws_allowed_it(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    shell.sandbox.age_events(190)
    run = shell.run(*CHECK)
    assert run.code == 0
    assert "kms:Decrypt, object ARN: allowed, and AWS allowed it 3 minutes ago" in plain(run)
    assert "last success: 3 minutes ago; last refusal: none recorded" in plain(run)
    assert "does not mean that access works" in plain(run)


def test_allowed_but_refused_before_the_policy_changed(shell: Shell) -> None:
    assert shell.works("fc-0123", "data") == (False, False)
    shell.sandbox.age_events(7300)
    shell.linked("fc-0123", "data")
    run = shell.run(*CHECK)
    assert run.code == 0, run.words
    assert (
        "allowed, but AWS refused it 2 hours ago; after that the policy changed (PutKeyPolicy by user admin"
        in plain(run)
    )


def test_denied_as_aws_reported(shell: Shell) -> None:
    message = shell.sandbox.cache("fc-0123").read("data", "hello.txt").message
    run = shell.run(*CHECK)
    assert run.code == 3
    assert "denied, as AWS reported at 20" in plain(run)
    assert message in plain(run)


def test_nothing_recorded_is_never_allowed(shell: Shell) -> None:
    for expected in ("denied", "allowed"):
        run = shell.run(*CHECK)
        assert f"kms:Decrypt, object ARN: {expected}; no call of the cache was found" in plain(run)
        assert "AWS allowed" not in run.out
        if expected == "denied":
            shell.linked("fc-0123", "data")


def test_a_refusal_that_no_change_explains_is_exit_code_3(shell: Shell) -> None:
    assert shell.works("fc-0123", "data") == (False, False)
    shell.sandbox.age_events(7300)
    shell.linked("fc-0123", "data", "--no-backup")
    shell.sandbox.age_events(7300)
    refused_read(shell, ago=60)
    run = shell.run(*CHECK)
    assert run.code == 3
    assert "no change of the key since then is recorded: User: arn:aws:sts::" in plain(run)
    contradicted = "AWS's record contradicts this verdict: AWS refused kms:Decrypt 1 minute ago."
    assert f"{contradicted} What fcsse cannot see may deny it" in plain(run)
    brief = shell.run(*CHECK, "-q")
    assert (brief.code, contradicted in plain(brief)) == (3, True)
    assert contradicted in shell.run(*CHECK, "-o", "markdown").out
    document = shell.run(*CHECK, "-o", "json")
    assert (document.code, document.json["exit_code"]) == (3, 3)
    assert observed(document)["agreement"] == "unexplained"
    assert observed(document)["disagrees"] is True
    assert document.json["pairs"][0]["read"] == "allowed", "the verdict stays what the policy says"


def test_a_grant_to_somebody_else_explains_no_refusal(shell: Shell) -> None:
    """Services make grants on a busy key all the time."""
    assert shell.works("fc-0123", "data") == (False, False)
    shell.linked("fc-0123", "data", "--no-backup")
    shell.sandbox.age_events(7300)
    refused_read(shell, ago=600)
    other = f"arn:aws:iam::{shell.sandbox.account}:role/KeyUser"
    key = shell.sandbox.key("data").arn
    shell.sandbox.client("kms").create_grant(KeyId=key, GranteePrincipal=other, Operations=["Decrypt"])
    run = shell.run(*CHECK)
    assert run.code == 3, run.words
    assert "CreateGrant" not in run.out


def test_a_success_against_the_verdict(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    raw = last_event(shell)
    shell.sandbox.age_events(7300)
    assert shell.unlink("fc-0123", "data", "--yes", "--no-backup").code == 0
    gone = shell.run(*CHECK)
    assert "denied, but AWS allowed it 2 hours ago; after that the policy changed" in plain(gone)
    assert "contradicts" not in gone.out
    shell.sandbox.age_events(7300)
    shell.sandbox.add_event({**raw, "eventID": "again"}, ago=60)
    assert "denied, but AWS allowed it 1 minute ago, and no change of the key since then is recorded" in plain(
        shell.run(*CHECK)
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [("grant", "a grant was created (CreateGrant"), ("enable", "the key was enabled (EnableKey")],
)
def test_other_changes_that_explain(shell: Shell, change: str, words: str) -> None:
    kms, key = shell.sandbox.client("kms"), shell.sandbox.key("data")
    if change == "enable":
        shell.linked("fc-0123", "data", "--no-backup")
        shell.sandbox.age_events(60)
        kms.disable_key(KeyId=key.id)
    assert shell.works("fc-0123", "data")[0] is False
    shell.sandbox.age_events(7300)
    if change == "enable":
        kms.enable_key(KeyId=key.id)
    else:
        shell.linked("fc-0123", "data", "--via", "grant")
    run = shell.run(*CHECK)
    assert run.code == 0, run.words
    assert words in plain(run)


def test_a_change_that_cloudtrail_does_not_show_yet_is_known_from_the_copies(shell: Shell) -> None:
    assert shell.works("fc-0123", "data") == (False, False)
    shell.sandbox.age_events(7300)
    shell.sandbox.late(event_seconds=3600)
    shell.linked("fc-0123", "data")
    run = shell.run(*CHECK)
    assert run.code == 0, run.words
    assert "after that the policy changed (by fcsse, just now)" in plain(run)


def test_across_accounts_a_refusal_names_no_key(shell: Shell) -> None:
    check = ("check", "--cache", "fc-0123", "--bucket", "data-other-account", "--observed")
    bucket = "arn:aws:s3:::data-other-account"
    resources = [bucket, f"{bucket}/*"]
    policy = {"Principal": {"AWS": "*"}, "Effect": "Allow", "Action": "s3:*", "Resource": resources}
    s3 = shell.sandbox.client("s3", account=shell.sandbox.other_account)
    s3.put_bucket_policy(
        Bucket="data-other-account", Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    )
    assert shell.sandbox.cache("fc-0123").read("data-other-account", "hello.txt").allowed is False
    run = shell.run(*check)
    assert run.code == 3
    assert "denied, as AWS reported at" in plain(run)
    assert "the resource does not exist in this Region" in plain(run)
    shell.linked("fc-0123", "data-other-account")
    allowed = shell.run(*check)
    assert allowed.code == 0, allowed.words
    assert "without naming a key, so it may have been about another bucket" in plain(allowed)
    assert shell.sandbox.cache("fc-0123").read("data-other-account", "hello.txt").allowed
    assert "allowed, and AWS allowed it just now" in plain(shell.run(*check))


def test_both_forms_of_a_mixed_bucket(shell: Shell) -> None:
    shell.linked("fc-0123", "data-bucket-keys", "--context", "both")
    objects = [
        entry["Key"] for entry in shell.sandbox.client("s3").list_objects_v2(Bucket="data-bucket-keys")["Contents"]
    ]
    for name in objects:
        assert shell.sandbox.cache("fc-0123").read("data-bucket-keys", name).allowed
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-bucket-keys", "--observed", "-o", "json")
    found = {one["context"]: one for one in run.json["pairs"][0]["observed"] if one["action"] == "kms:Decrypt"}
    assert set(found) == {"bucket", "object"}
    assert {one["agreement"] for one in found.values()} == {"agrees"}
    assert (found["bucket"]["current"], found["object"]["current"]) == (True, False)


def test_one_look_up_for_each_event_name_however_many_pairs(shell: Shell) -> None:
    run = shell.run(
        "check", "--cache", "fc-0123", "--cache", "fc-01234567890", "--cache", "fs-0abc", "--observed", "-o", "json"
    )
    assert run.count("cloudtrail:LookupEvents") == 2
    assert all("observed" in pair for pair in run.json["pairs"])


def test_a_busy_record_is_read_in_part_and_that_is_said(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    for number in range(10_000):
        shell.sandbox.add_event(
            {"eventID": str(number), "eventName": "Decrypt", "eventSource": "kms.amazonaws.com"}, ago=-1
        )
    run = shell.run(*CHECK, "-o", "json")
    assert run.code == 0
    assert run.count("cloudtrail:LookupEvents") <= 41
    assert observed(run)["agreement"] == "not recorded"
    assert run.json["observed"]["complete"] is False
    assert run.json["observed"]["gaps"][0]["event"] == "Decrypt"
    assert any("What happened before is not known" in note for note in run.json["observed"]["notes"])


def test_without_permission_it_is_a_note(shell: Shell) -> None:
    actions = ["iam:*", "s3:*", "kms:*", "fsx:*"]
    who = shell.user({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})
    shell.linked("fc-0123", "data")
    run = shell.run(*CHECK, credentials=who)
    assert run.code == 0, run.words
    assert "could not be read" in plain(run)
    assert "cloudtrail:LookupEvents" in plain(run)
    assert "AWS allowed" not in run.out


def test_throttling_is_waited_out(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    shell.sandbox.fault("cloudtrail:LookupEvents", "ThrottlingException", times=4)
    assert "and AWS allowed it" in plain(shell.run(*CHECK))


def test_a_record_that_cannot_be_reached_spoils_no_verdict(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.fault("cloudtrail:LookupEvents", "InternalFailure", times=None, status=500)
    run = shell.run(*CHECK)
    assert run.code == 0
    assert "could not be read" in plain(run)


def test_without_the_option_nothing_is_looked_up(shell: Shell) -> None:
    run = shell.run(*CHECK[:-1], "-o", "json")
    assert run.count("cloudtrail:LookupEvents") == 0
    assert "observed" not in run.json
    assert "observed" not in run.json["pairs"][0]


def test_markdown(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    out = shell.run(*CHECK, "-o", "markdown").out
    assert "| fc-0123 | data | kms:Decrypt, object ARN | allowed, and AWS allowed it just now |" in out


def test_a_message_is_no_markup_and_moves_no_cursor(shell: Shell) -> None:
    shell.sandbox.cache("fc-0123").read("data", "hello.txt")
    raw = last_event(shell)
    raw |= {"eventID": "odd", "errorMessage": f"[bold]|<b>\u001b[2J {shell.sandbox.key('data').arn}"}
    shell.sandbox.add_event(raw)
    assert "\u001b" not in shell.run(*CHECK).out
    assert "[bold]" in shell.run(*CHECK).out
    assert "<b>" not in shell.run(*CHECK, "-o", "markdown").out
