"""How many requests the commands send, and how many of them have to wait for another's answer."""

from __future__ import annotations

from collections import Counter

import pytest

import fcsse.apply.policy_reader
import fcsse.apply.policy_writer
from fcsse.sandbox import Sandbox
from tests.simulated import Shell
from tests.speed.concurrency import Meetings

CACHE = "fc-0123"
FIRST = ("s3:GetBucketEncryption", "iam:GetRole")
KEY = ("kms:DescribeKey", "kms:GetKeyPolicy")
WRITE = ("kms:GetKeyPolicy", "kms:PutKeyPolicy")
READ_BACK = ("kms:GetKeyPolicy",)
ASIDES = ("kms:ListResourceTags", "s3:GetBucketEncryption")
SETTLING = ("kms:GetKeyPolicy", *ASIDES)
ALIAS = ("s3:GetBucketEncryption", "s3:HeadBucket", "kms:DescribeKey")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short settling second; a reading that counts as fresh even on a busy machine."""
    monkeypatch.setattr(fcsse.apply.policy_reader, "RECHECK_DELAY", 0.05)
    monkeypatch.setattr(fcsse.apply.policy_reader, "PATIENT", 0.0)
    monkeypatch.setattr(fcsse.apply.policy_writer, "FRESH", 60.0)
    monkeypatch.setattr(fcsse.apply.policy_writer, "LONG_AGO", 60.0)


def check_rounds(shell: Shell, rounds: list[tuple[str, ...]], *words: str) -> None:
    sandbox = shell.sandbox
    sandbox.requests.clear()
    meetings = Meetings(sandbox, rounds)
    run = shell.run(*words)
    sandbox.faults.clear()
    assert run.code == 0, run.err
    assert meetings.missed == []
    assert Counter(sandbox.requests.operations) == Counter(name for group in rounds for name in group)


def pair(bucket: str) -> tuple[str, ...]:
    return ("--cache", CACHE, "--bucket", bucket)


def test_link_takes_seven_requests_and_four_round_trips_before_the_settling_look(shell: Shell) -> None:
    before = [FIRST, KEY, WRITE, READ_BACK]
    assert sum(map(len, before)) == 7
    check_rounds(shell, [*before, SETTLING], "link", *pair("data"), "--yes")


def test_link_through_an_alias_takes_five_round_trips(shell: Shell) -> None:
    rounds = [FIRST, ALIAS, ("kms:GetKeyPolicy",), WRITE, READ_BACK, ("kms:GetKeyPolicy", "kms:ListResourceTags")]
    check_rounds(shell, rounds, "link", *pair("data-alias"), "--yes")


def test_link_of_what_is_linked_takes_two_round_trips(shell: Shell) -> None:
    shell.run("link", *pair("data"), "--yes")
    check_rounds(shell, [FIRST, KEY], "link", *pair("data"), "--yes")


def test_a_dry_run_takes_three_round_trips(shell: Shell) -> None:
    check_rounds(shell, [FIRST, KEY, ASIDES], "link", *pair("data"), "--dry-run")


def test_check_takes_two_round_trips(shell: Shell) -> None:
    shell.run("link", *pair("data"), "--yes")
    first = (*FIRST, "s3:GetBucketPolicy", "fsx:DescribeDataRepositoryAssociations")
    check_rounds(shell, [first, ("s3:GetBucketEncryption", *KEY, "kms:ListGrants")], "check", *pair("data"))


def test_unlink_takes_four_round_trips_before_the_settling_look(shell: Shell) -> None:
    shell.run("link", *pair("data"), "--yes")
    rounds = [FIRST, (*KEY, "kms:ListGrants"), WRITE, READ_BACK, ("kms:GetKeyPolicy",)]
    check_rounds(shell, rounds, "unlink", *pair("data"), "--yes")


@pytest.mark.parametrize("others", [0, 150])
def test_the_number_of_roles_in_the_account_does_not_matter(shell: Shell, others: int) -> None:
    add_caches(shell.sandbox, others)
    check_rounds(shell, [FIRST, KEY, WRITE, READ_BACK, SETTLING], "link", *pair("data"), "--yes")


def add_caches(sandbox: Sandbox, number: int) -> None:
    for index in range(number):
        sandbox.add_cache(f"fc-{index + 0xA00000:x}", ["data"])


def test_pairs_share_what_is_read(shell: Shell) -> None:
    """Three pairs on one bucket: its encryption, its key and the policy are read once, and written once."""
    caches = ("--cache", "fc-0123", "--cache", "fc-01234567890", "--cache", "fs-0abc")
    shell.sandbox.requests.clear()
    assert shell.run("link", *caches, "--bucket", "data", "--yes").code == 0
    counted = Counter(shell.sandbox.requests.operations)
    assert counted["iam:GetRole"] == 3
    assert counted["kms:DescribeKey"] == counted["kms:PutKeyPolicy"] == 1
    assert counted["s3:GetBucketEncryption"] == 2, "and once more for its owner, beside the last look"
    assert sum(counted.values()) == 2 + 10


def test_an_audit_asks_where_a_bucket_is_only_if_no_key_s_arn_tells(shell: Shell) -> None:
    shell.run("audit", "-q")
    assert {entry.bucket for entry in shell.sandbox.requests.of("s3:HeadBucket")} == {"data-alias", "data-aws-s3"}
    assert {"data", "data-bucket-keys", "data-other-account"} <= {
        entry.bucket for entry in shell.sandbox.requests.of("s3:GetBucketEncryption")
    }
