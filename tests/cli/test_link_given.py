"""Buckets that the caller cannot read: another role's credentials, a profile, or facts stated on the command line."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from fcsse.sandbox import sts
from tests.cli.documented_statements import OTHER, OWN, documented, without_sid
from tests.cli.shell import WRITES, Shell

SECRET = "data-other-secret"
READER = f"arn:aws:iam::{OTHER}:role/BucketReader"


def test_an_unreadable_bucket_is_a_refusal_with_both_ways_out(shell: Shell) -> None:
    run = shell.link("fc-0123", SECRET)
    assert run.code == 5
    for part in (
        "s3:GetEncryptionConfiguration",
        SECRET,
        "--bucket-role",
        "--bucket-profile",
        "--key",
        "--bucket-region",
    ):
        assert part in run.err
    assert not WRITES.intersection(run.operations)


def test_a_role_for_the_bucket_s_side_reads_it(shell: Shell) -> None:
    run = shell.linked("fc-0123", SECRET, "--bucket-role", READER)
    readers = {entry.caller for entry in shell.sandbox.requests.of("s3:GetBucketEncryption")}
    assert readers == {f"arn:aws:sts::{OTHER}:assumed-role/BucketReader/fcsse"}
    [creation] = shell.sandbox.requests.of("kms:CreateGrant")
    assert creation.account == OWN
    assert "Linked fc-0123" in run.out


def test_a_profile_for_the_bucket_s_side_reads_it(shell: Shell, tmp_path: Path) -> None:
    other = shell.sandbox.credentials("other")
    file = tmp_path / "credentials"
    file.write_text(
        f"[theirs]\naws_access_key_id = {other.access_key}\naws_secret_access_key = {other.secret}\n", encoding="utf-8"
    )
    run = shell.link("fc-0123", SECRET, "--bucket-profile", "theirs", AWS_SHARED_CREDENTIALS_FILE=str(file))
    assert run.code == 0, run.words
    assert {entry.account for entry in shell.sandbox.requests.of("s3:GetBucketEncryption")} == {OTHER}
    assert {entry.account for entry in shell.sandbox.requests.of("kms:CreateGrant")} == {OWN}


def test_a_profile_that_does_not_exist_is_named(shell: Shell) -> None:
    run = shell.link("fc-0123", SECRET, "--bucket-profile", "nobody")
    assert run.code == 5
    assert "nobody" in run.err


def test_a_role_that_may_not_be_assumed_is_named(shell: Shell) -> None:
    run = shell.link("fc-0123", SECRET, "--bucket-role", f"arn:aws:iam::{OTHER}:role/Nobody")
    assert run.code == 5
    assert "sts:AssumeRole" in run.err
    assert "role/Nobody" in run.err


@dataclass
class Hurried:
    """A clock for the simulated STS: its first session will run out in five minutes."""

    asked: int = 0

    def time(self) -> float:
        self.asked += 1
        return time.time() - (3300 if self.asked == 1 else 0)


def test_a_role_is_assumed_again_before_its_credentials_run_out(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "time", Hurried())
    run = shell.linked("fc-0123", SECRET, "--bucket-role", READER)
    assert run.count("sts:AssumeRole") == 2


def test_a_role_that_may_no_longer_be_assumed_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sts, "time", Hurried())
    shell.sandbox.fault("sts:AssumeRole", "AccessDenied", nth=2, times=None)
    run = shell.link("fc-0123", SECRET, "--bucket-role", READER)
    assert run.code == 5, run.words
    assert "sts:AssumeRole" in run.err


@pytest.mark.parametrize("flag", ["--bucket-keys", "--no-bucket-keys"])
def test_stated_facts_need_no_look_at_the_bucket(shell: Shell, flag: str) -> None:
    key = shell.sandbox.key("data-other-account").arn
    run = shell.linked("fc-0123", SECRET, "--key", key, "--bucket-region", "eu-west-1", flag)
    assert not [operation for operation in run.operations if operation.startswith("s3:")]
    assert "as stated on the command line" in run.out
    assert len(shell.grants("data-other-account")) == 1


@pytest.mark.parametrize(("flag", "keys"), [("--bucket-keys", True), ("--no-bucket-keys", False)])
def test_stated_facts_make_the_statement_of_an_own_key(shell: Shell, flag: str, keys: bool) -> None:
    key = shell.sandbox.key("data").arn
    shell.linked("fc-0123", "a-bucket-elsewhere", "--key", key, "--bucket-region", "eu-west-1", flag)
    expected = documented("fc-0123", "a-bucket-elsewhere", bucket_keys=keys)
    assert without_sid(shell.last("data")) == without_sid(expected)


def test_another_key_of_a_readable_bucket_can_be_linked(shell: Shell) -> None:
    """Default encryption applies to new objects only: older ones keep their key."""
    older = shell.sandbox.add_key("older")
    shell.sandbox.add_object("data", "older.txt", algorithm="aws:kms", key=older.arn)
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data", "older.txt") == (False, True)
    shell.linked("fc-0123", "data", "--key", older.arn)
    assert shell.works("fc-0123", "data", "older.txt") == (True, True)


def test_a_stated_region_that_is_not_the_key_s_is_a_usage_error(shell: Shell) -> None:
    key = shell.sandbox.key("data-other-account").arn
    run = shell.link("fc-0123", SECRET, "--key", key, "--bucket-region", "us-east-1", "--no-bucket-keys")
    assert run.code == 2
    assert "us-east-1" in run.err


@pytest.mark.parametrize("command", ["link", "check", "unlink"])
def test_a_key_that_was_named_and_is_not_there_is_not_the_bucket_s(shell: Shell, command: str) -> None:
    key = f"arn:aws:kms:eu-west-1:{OWN}:key/00000000-0000-0000-0000-000000000000"
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data", "--key", key)
    assert run.code == 6
    assert "There is no such key in eu-west-1: correct --key" in run.err
    assert "is gone" not in run.words


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("command", ["link", "check"])
def test_a_key_of_another_region_than_the_bucket_s_is_a_usage_error(shell: Shell, command: str, exists: bool) -> None:
    key = f"arn:aws:kms:us-east-1:{OWN}:key/00000000-0000-0000-0000-000000000000"
    if exists:
        key = shell.sandbox.key("data-other-region").arn
    region = key.split(":")[3]
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data", "--key", key)
    assert run.code == 2
    assert f"{command}ing bucket data: --key {key} is in {region}, and the bucket in eu-west-1" in run.err
    assert not WRITES.intersection(run.operations)


def test_what_was_linked_to_a_key_of_another_region_can_be_unlinked(shell: Shell) -> None:
    key = shell.sandbox.key("data-other-region")
    facts = ("--key", key.arn, "--bucket-region", key.region, "--no-bucket-keys")
    shell.linked("fc-0123", "data", *facts)
    run = shell.unlink("fc-0123", "data", "--key", key.arn)
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1


@pytest.mark.parametrize(
    "words", [("--bucket-region", "eu-west-1", "--bucket-keys"), ("--bucket-region", "eu-west-1", "--no-bucket-keys")]
)
def test_facts_without_a_key_are_a_usage_error(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.link("fc-0123", SECRET, *words)
    assert run.code == 2
    assert "--key" in run.err


def test_a_key_without_a_bucket_is_a_usage_error(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123", "--key", shell.sandbox.key("data").arn)
    assert run.code == 2
    assert "--bucket" in run.err


def test_a_foreign_bucket_needs_a_bucket_policy_and_is_said_to(shell: Shell) -> None:
    run = shell.linked("fc-0456", "data-other-account")
    assert "bucket policy must name the role" in run.out
    assert shell.works("fc-0456", "data-other-account") == (False, False)
