"""Roles that come late, changes that show late: waited for, told, and bounded by ``--wait``."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future

import pytest

from fcsse.discovery.roles import RoleFinder
from fcsse.model import Role
from tests.cli.shell import WRITES, Shell

NEW = "fc-0aaa"
LATE = "fc-0ee0"


@pytest.fixture(autouse=True)
def _a_cache_in_the_making(shell: Shell) -> None:
    """It is CREATING, and its role does not appear."""
    shell.sandbox.add_cache(LATE, ["data"], lifecycle="CREATING", role=False)


def test_a_role_that_appears_late_is_waited_for(shell: Shell) -> None:
    """A role is seconds old in the normal case: a job right after the cache's creation."""
    shell.sandbox.add_cache(NEW, ["data"], lifecycle="CREATING", role_calls=5)
    run = shell.link(NEW, "data", "-v")
    assert run.code == 0, run.words
    assert f"waiting for the service-linked role of {NEW}" in run.err
    assert 0 < shell.clock.slept < 60
    assert shell.works(NEW, "data") == (True, True)


def test_what_a_bucket_has_when_the_role_comes_counts(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Minutes may pass until then, in which somebody gives the bucket another key."""
    shell.sandbox.add_cache(NEW, ["data"], lifecycle="CREATING", role_calls=5)
    s3, kms = shell.sandbox.client("s3"), shell.sandbox.client("kms")
    other = kms.create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": other}}
    wait = RoleFinder.await_missing

    def rekeyed(self: RoleFinder, roles: Mapping[str, Future[Role | None]]) -> None:
        wait(self, roles)
        s3.put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration={"Rules": [rule]})

    monkeypatch.setattr(RoleFinder, "await_missing", rekeyed)
    run = shell.link(NEW, "data")
    assert run.code == 0, run.words
    assert other in run.out
    assert NEW in kms.get_key_policy(KeyId=other, PolicyName="default")["Policy"]


def test_a_role_that_does_not_appear_is_not_found_in_the_end(shell: Shell) -> None:
    run = shell.link(LATE, "data", "--wait", "2m")
    assert run.code == 6
    assert "after waiting 120 s" in run.err
    assert "AWSServiceRoleForFSxS3Access_fc-0ee0" in run.err
    assert "FSx says that fc-0ee0 is still CREATING" in run.err
    assert "Run this again once fc-0ee0 is AVAILABLE" in run.err
    assert "--every-cache" not in run.err
    assert 119 <= shell.clock.slept < 125
    assert not WRITES.intersection(run.operations)


def test_what_is_still_being_made_is_said_while_it_is_waited_for_and_each_step_once(shell: Shell) -> None:
    run = shell.link(LATE, "data", "--wait", "20s", "-v")
    steps = [line for line in run.err.splitlines() if line.startswith("waiting for")]
    assert all("fc-0ee0, which is still CREATING" in line for line in steps), steps
    assert len(steps) == len(set(steps)) > 1


@pytest.mark.parametrize(("linked", "advised"), [(["data"], True), ([], False)])
def test_the_statement_for_every_cache_is_advised_only_where_a_role_should_be_there(
    shell: Shell, linked: list[str], advised: bool
) -> None:
    shell.sandbox.add_cache("fc-0b0b", linked, role=False)
    run = shell.link("fc-0b0b", "data", "--wait", "5s")
    assert run.code == 6
    assert ("--every-cache" in run.err) is advised, run.err
    assert ("fc-0b0b has none" in run.err) is not advised


@pytest.mark.parametrize("code", ["InternalFailure", None], ids=["failing", "silent"])
def test_a_role_about_which_iam_does_not_answer_is_not_said_to_be_missing(shell: Shell, code: str | None) -> None:
    shell.sandbox.fault("iam:GetRole", code, drop=code is None, nth=2, times=None)
    run = shell.link(LATE, "data", "--wait", "10s", AWS_MAX_ATTEMPTS="1")
    assert run.code == 1, run.words
    assert "IAM has no role" not in run.err
    assert "looking up the service-linked role" in run.err
    assert not WRITES.intersection(run.operations)


def test_five_minutes_is_the_patience_that_nobody_asked_for(shell: Shell) -> None:
    assert shell.link(LATE, "data").code == 6
    assert 299 <= shell.clock.slept < 305


def test_no_wait_means_none(shell: Shell) -> None:
    run = shell.link(LATE, "data", "--wait", "0")
    assert run.code == 6
    assert shell.clock.slept == 0


def test_waiting_works_from_iam_alone(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data"], lifecycle="CREATING", role_calls=6)
    shell.sandbox.fault("fsx:*", "AccessDeniedException", times=None)
    run = shell.link(NEW, "data")
    assert run.code == 0, run.words
    assert shell.works(NEW, "data") == (True, True)


@pytest.mark.parametrize("lifecycle", ["FAILED", "DELETING"])
def test_a_cache_that_will_not_come_is_not_waited_for(shell: Shell, lifecycle: str) -> None:
    shell.sandbox.add_cache("fc-0b0b", ["data"], lifecycle=lifecycle, failure="It could not be made.", role=False)
    run = shell.link("fc-0b0b", "data")
    assert run.code == 6
    assert lifecycle in run.err
    assert shell.clock.slept < 1


@pytest.mark.parametrize("cache", ["fc-0fff", "fs-0fff", "fc-0dead"])
def test_a_cache_that_does_not_exist_is_not_waited_for(shell: Shell, cache: str) -> None:
    run = shell.link(cache, "data")
    assert run.code == 6
    assert cache in run.err
    assert shell.clock.slept < 1


def test_no_role_is_waited_for_where_the_bucket_needs_none(shell: Shell) -> None:
    run = shell.link(LATE, "data-sse-s3")
    assert shell.clock.slept == 0
    assert run.code in (0, 6)


def test_a_role_that_kms_does_not_see_yet_is_waited_for(shell: Shell) -> None:
    """IAM user guide, "Changes that I make are not always immediately visible"."""
    shell.sandbox.add_cache(NEW, ["data"], kms_calls=3)
    run = shell.link(NEW, "data", "-v")
    assert run.code == 0, run.words
    assert "waiting until KMS sees the new role" in run.err
    assert run.count("kms:PutKeyPolicy") == 4
    assert shell.works(NEW, "data") == (True, True)


def test_a_role_that_kms_does_not_see_is_not_waited_for_without_wait(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data"], kms_calls=1000)
    run = shell.link(NEW, "data", "--wait", "0")
    assert run.code == 6, run.words
    assert "--wait" in run.err
    assert run.count("kms:PutKeyPolicy") == 1
    assert len(shell.statements("data")) == 1


def test_a_role_that_kms_never_sees_is_given_up_in_time(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data"], kms_calls=10_000)
    run = shell.link(NEW, "data", "--wait", "1m")
    assert run.code == 6
    assert "still does not see the role after 60 s" in run.err
    assert 58 <= shell.clock.slept < 70


def test_a_grant_for_a_role_that_kms_does_not_see_yet_is_waited_for(shell: Shell) -> None:
    """KMS API reference, CreateGrant: InvalidArnException."""
    shell.sandbox.add_cache(NEW, ["data-other-account"], kms_calls=3)
    run = shell.link(NEW, "data-other-account")
    assert run.code == 0, run.words
    assert run.count("kms:CreateGrant") == 4
    assert len(shell.grants("data-other-account")) == 1


def test_a_grant_for_a_role_that_kms_never_sees_is_given_up(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data-other-account"], kms_calls=10_000)
    run = shell.link(NEW, "data-other-account", "--wait", "30s")
    assert run.code == 6
    assert "after 30 s" in run.err


def test_a_dry_run_of_a_grant_waits_for_a_role_that_kms_does_not_see_yet(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data-other-account"], kms_calls=3)
    run = shell.link(NEW, "data-other-account", "--dry-run")
    assert run.code == 0, run.words
    assert run.count("kms:CreateGrant") == 4
    assert "KMS would create the grant" in run.words or "Would link" in run.out
    assert shell.grants("data-other-account") == []


def test_a_dry_run_of_a_grant_for_a_role_that_kms_never_sees_is_given_up(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data-other-account"], kms_calls=10_000)
    run = shell.link(NEW, "data-other-account", "--dry-run", "--wait", "30s")
    assert run.code == 6, run.words
    assert "after 30 s" in run.err
    assert 29 <= shell.clock.slept < 35


@pytest.mark.parametrize("reads", [1, 5])
def test_a_policy_that_shows_late_is_waited_for(shell: Shell, reads: int) -> None:
    """KMS developer guide, "Eventual consistency"."""
    shell.sandbox.late(policy_reads=reads)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1


def test_a_policy_that_does_not_show_in_time_is_unconfirmed_and_the_backup_named(shell: Shell) -> None:
    shell.sandbox.late(policy_reads=10_000)
    run = shell.link("fc-0123", "data", "--wait", "20s")
    assert run.code == 8, run.words
    assert "KMS took it" in run.err
    assert shell.backups[0]["id"] in run.err
    assert "fcsse check" in run.err
    assert len(shell.statements("data")) == 2
    assert "failed" not in run.words.lower()
    assert 15 <= shell.clock.slept < 40


def test_a_write_without_wait_is_unconfirmed_where_it_shows_late(shell: Shell) -> None:
    shell.sandbox.late(policy_reads=10_000)
    run = shell.link("fc-0123", "data", "--wait", "0")
    assert run.code == 8
    assert len(shell.statements("data")) == 2


@pytest.mark.parametrize("reads", [1, 4])
def test_a_grant_that_shows_late_is_waited_for(shell: Shell, reads: int) -> None:
    shell.sandbox.late(grant_reads=reads)
    run = shell.link("fc-0123", "data-other-account")
    assert run.code == 0, run.words
    assert run.count("kms:CreateGrant") == 1


def test_a_grant_that_does_not_show_in_time_is_unconfirmed(shell: Shell) -> None:
    shell.sandbox.late(grant_reads=10_000)
    run = shell.link("fc-0123", "data-other-account", "--wait", "20s")
    assert run.code == 8
    assert "20 s" in run.err
    assert "fcsse check" in run.err
    assert len(shell.sandbox.key("data-other-account").grants.value) == 1


def test_a_grant_s_end_that_shows_late_is_waited_for(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    shell.sandbox.late(grant_reads=2)
    run = shell.unlink("fc-0123", "data-other-account")
    assert run.code == 0, run.words


def test_an_invalid_principal_that_cannot_pass_is_not_waited_for(shell: Shell) -> None:
    """No role of the change is new, so some other principal in the policy does not exist."""
    shell.clock.slept = 2 * 24 * 3600.0
    shell.sandbox.fault(
        "kms:PutKeyPolicy",
        "MalformedPolicyDocumentException",
        message="Policy contains a statement with one or more invalid principals.",
        times=None,
    )
    run = shell.link("fc-0123", "data")
    assert run.code == 4, run.words
    assert run.count("kms:PutKeyPolicy") == 1
    assert "will not pass by itself" in run.err


def test_a_sandbox_cache_in_the_making_can_be_named(shell: Shell) -> None:
    """Every cache of the ready-made world has an id that the command line takes."""
    from fcsse.arn import is_cache_id

    assert [cache for cache in shell.sandbox.state.caches if not is_cache_id(cache)] == []


def test_quiet_says_nothing_while_waiting(shell: Shell) -> None:
    shell.sandbox.add_cache(NEW, ["data"], lifecycle="CREATING", role_calls=5)
    run = shell.link(NEW, "data", "-q")
    assert (run.code, run.err) == (0, "")
