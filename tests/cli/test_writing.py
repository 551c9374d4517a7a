"""The write itself: what is asked of AWS, how often, and what happens when others write or an answer is lost."""

from __future__ import annotations

import errno
import functools
import itertools
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from fcsse import durable_files
from fcsse.apply import backup, bucket_keys_now, policy_writer
from fcsse.apply.put_readings import PutReadings
from fcsse.aws.client import Aws
from fcsse.clock import SystemClock
from fcsse.sandbox import policies
from tests.cli.documented_statements import OWN, documented
from tests.cli.shell import Shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE_TRY = {"AWS_MAX_ATTEMPTS": "1"}


def test_the_policy_s_name_is_always_said(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.unlink("fc-0123", "data").code == 0
    calls = [*shell.sandbox.requests.of("kms:GetKeyPolicy"), *shell.sandbox.requests.of("kms:PutKeyPolicy")]
    assert len(calls) >= 6
    assert {call.parameters["PolicyName"] for call in calls} == {"default"}
    assert not any("BypassPolicyLockoutSafetyCheck" in call.parameters for call in calls)


def test_seven_requests_at_most_before_the_settling_look(shell: Shell) -> None:
    """The key's tags and the bucket's owner are asked for in the settling second, when nobody waits for them."""
    run = shell.linked("fc-0123", "data")
    put = run.operations.index("kms:PutKeyPolicy")
    advisories = ("kms:ListResourceTags", "s3:GetBucketEncryption")
    after = [operation for operation in run.operations[put:] if operation not in advisories]
    *before, look = [*run.operations[:put], *after]
    assert run.count("s3:GetBucketEncryption") <= 2
    assert look == "kms:GetKeyPolicy"
    assert len(before) <= 7, run.operations
    assert run.count("kms:ListResourceTags") <= 1
    assert run.operations.index("kms:PutKeyPolicy") <= 5
    assert run.count("kms:PutKeyPolicy") == 1


def test_four_requests_where_nothing_is_to_do(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert len(shell.linked("fc-0123", "data").operations) <= 4


def test_the_settling_look_comes_a_second_later(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert 1 <= shell.clock.slept < 2


def test_many_caches_and_buckets_are_one_write_a_key(shell: Shell) -> None:
    shell.sandbox.add_bucket("data-two", algorithm="aws:kms", key=shell.sandbox.key("data").arn)
    shell.sandbox.add_object("data-two", "hello.txt")
    caches, buckets = ("fc-0123", "fc-0456", "fs-0abc"), ("data", "data-two", "data-bucket-keys")
    words = [*(w for c in caches for w in ("--cache", c)), *(w for b in buckets for w in ("--bucket", b))]
    run = shell.run("link", *words)
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 2
    assert run.count("iam:GetRole") == 3
    assert run.count("s3:GetBucketEncryption") == 2 * 3, "each once more for its owner, beside the last look"
    assert run.count("kms:DescribeKey") == 2
    for cache in caches:
        for bucket in buckets:
            assert shell.works(cache, bucket) == (True, True)
    assert len(shell.statements("data")) == 3
    back = shell.run("unlink", *words)
    assert (back.code, back.count("kms:PutKeyPolicy")) == (0, 2)
    assert len(shell.statements("data")) == 1


def test_the_same_pair_twice_is_one_pair(shell: Shell) -> None:
    run = shell.run("link", *["--cache", "fc-0123", "--bucket", "data"] * 2, "-o", "json")
    assert len(run.json["pairs"]) == 1


def test_several_errors_in_one_call_are_all_told_and_the_rest_is_done(shell: Shell) -> None:
    buckets = ("data-dsse", "data", "no-such-bucket", "data-other-secret", "data-disabled")
    run = shell.run("link", "--cache", "fc-0123", *(w for b in buckets for w in ("--bucket", b)))
    assert run.code == 4
    assert run.err.count("Error: ") == 4
    for bucket in ("data-dsse", "no-such-bucket", "data-other-secret", "data-disabled"):
        assert bucket in run.err
    assert shell.works("fc-0123", "data") == (True, True)
    assert "1 pair on 1 key to link, 4 blocked." in run.out
    assert "Linked 1 pair. Confirmed." in run.out


def test_a_failing_write_does_not_stop_those_to_other_keys(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=None, matching=shell.sandbox.key("data").id)
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-bucket-keys")
    assert run.code == 5
    assert "Not linked: fc-0123 to data." in run.out
    assert "Linked fc-0123 to data-bucket-keys" in run.out
    assert shell.works("fc-0123", "data-bucket-keys") == (True, True)


def test_without_a_bucket_the_cache_s_own_are_linked(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123")
    assert run.code == 0, run.words
    for bucket in ("data", "data-bucket-keys", "data-other-account"):
        assert shell.works("fc-0123", bucket) == (True, True)
    assert re.search(r"ok +data-sse-s3: fc-0123", run.out)


def test_nfs_associations_are_passed_over(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0456")
    assert run.code == 0, run.words
    assert shell.works("fc-0456", "data-alias") == (True, True)
    assert "filer" not in run.words


def test_associations_are_read_to_the_last_page(shell: Shell) -> None:
    """FSx API reference: pages may come short, and there is no paginator."""
    shell.sandbox.switches.page = 1
    run = shell.run("link", "--cache", "fc-0123", "-o", "json", "--dry-run")
    assert {pair["bucket"] for pair in run.json["pairs"]} == {
        "data",
        "data-bucket-keys",
        "data-sse-s3",
        "data-other-account",
    }


def test_a_cache_without_associations_says_so(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0aaa", ["nfs://filer.example.com/export/"])
    run = shell.run("link", "--cache", "fc-0aaa")
    assert run.code == 6
    assert "--bucket" in run.err


def test_another_writer_between_read_and_write_loses_nothing(shell: Shell) -> None:
    writer = shell.sandbox.second_writer("data", nth=1, after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    sids = [statement["Sid"] for statement in shell.statements("data")]
    assert writer.wrote == 1
    assert "Somebody else changed the policy meanwhile, so the change was planned anew on theirs." in run.err
    assert "Foreign 1" in sids
    assert shell.works("fc-0123", "data") == (True, True)


def test_readings_that_are_slow_on_their_way_lose_others_write_until_it_is_settled(shell: Shell) -> None:
    """Somebody writes right after our first reading, and our others reach KMS late: only CloudTrail's record shows it."""
    shell.patch.setattr(policy_writer, "GLANCE", 0.0)
    writer = shell.sandbox.second_writer("data", nth=1, after=True)
    shell.hold_readings(2, times=2)
    run = shell.link("fc-0123", "data")
    assert (run.code, writer.wrote) == (0, 1)
    assert "Foreign 1" not in shell.sandbox.policy_text("data")
    shell.clock.slept += 3600
    assert shell.run("settle", "--bucket", "data", "--yes").code == 0
    assert "Foreign 1" in shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)


def test_a_second_reading_whose_answer_is_slow_is_waited_for_after_the_put(shell: Shell) -> None:
    """It was sent before the put and saw others' write, but its answer comes when the put is done."""
    shell.patch.setattr(policy_writer, "GLANCE", 0.015)
    shell.sandbox.second_writer("data", nth=1, after=True)
    shell.hold_readings(2, after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert "put back" in run.words
    assert "Foreign 1" in shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)


def test_a_version_that_it_overwrote_is_put_back(shell: Shell) -> None:
    """It alone: by it, variables in statements are read as such."""

    def write(_: object) -> None:
        shell.sandbox.put_policy("data", {**shell.sandbox.policy("data"), "Version": "2008-10-17"})

    shell.patch.setattr(policy_writer, "GLANCE", 0.015)
    shell.sandbox.fault("kms:GetKeyPolicy", nth=1, after=True, hook=write)
    shell.hold_readings(2, after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert "put back" in run.words
    assert shell.sandbox.policy("data")["Version"] == "2008-10-17"
    assert shell.works("fc-0123", "data") == (True, True)


def fail_to_save(shell: Shell, nth: int, error: BaseException) -> None:
    """The first writes to disk are the copy, what is noted in it of the put, and the copy of what that overwrote."""
    write, calls = durable_files.write_durably, itertools.count(1)

    def write_or_not(target: Path, text: str) -> None:
        if next(calls) >= nth:
            raise error
        write(target, text)

    shell.patch.setattr(backup, "write_durably", write_or_not)


def no_room(shell: Shell) -> None:
    fail_to_save(shell, 2, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def interrupted(shell: Shell) -> None:
    fail_to_save(shell, 3, KeyboardInterrupt())


def interrupted_before_looking(shell: Shell) -> None:
    def stop(_: object) -> bool:
        raise KeyboardInterrupt

    shell.patch.setattr(PutReadings, "show", stop)


def interrupted_before_the_answer(shell: Shell) -> None:
    put = Aws.put_policy

    def stop(aws: Aws, *words: Any) -> str:
        put(aws, *words)
        raise KeyboardInterrupt

    shell.patch.setattr(Aws, "put_policy", stop)


def refused(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", nth=2, times=None)


def unread(shell: Shell) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", nth=3, times=None)


def unanswered(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    unread(shell)


TROUBLES = [
    (no_room, 1),
    (interrupted, 130),
    (interrupted_before_looking, 130),
    (interrupted_before_the_answer, 130),
    (refused, 5),
    (unread, 8),
    (unanswered, 8),
]


@pytest.mark.parametrize(("trouble", "code"), TROUBLES)
def test_what_cannot_be_put_back_is_named(shell: Shell, trouble: Callable[[Shell], None], code: int) -> None:
    shell.patch.setattr(policy_writer, "GLANCE", 0.015)
    shell.sandbox.second_writer("data", nth=1, after=True)
    shell.hold_readings(2, after=True)
    trouble(shell)
    run = shell.link("fc-0123", "data", "--wait", "3s")
    assert run.code == code, run.words
    assert "Foreign 1" not in shell.sandbox.policy_text("data")
    assert re.search(r"at the same moment.* may be lost: statement 'Foreign 1'", run.err)
    assert "replaced it" not in run.err


def overwritten(shell: Shell, times: int | None) -> None:
    """Somebody who read before us writes after us, with a statement of his own on top of what he read."""
    before, number = shell.sandbox.policy("data"), iter(range(1, 1000))

    def write(_: object) -> None:
        theirs = policies.allow(f"Theirs {next(number)}", f"arn:aws:iam::{OWN}:root", "kms:DescribeKey")
        shell.sandbox.put_policy("data", {**before, "Statement": [*before["Statement"], theirs]})

    shell.sandbox.fault("kms:PutKeyPolicy", after=True, times=times, hook=write)


def test_a_write_that_another_one_replaced_is_made_again(shell: Shell) -> None:
    """The last writer wins: one who read before us may write after us."""
    overwritten(shell, times=1)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 2
    assert "overwrote the change" in run.words
    assert "Theirs 1" in shell.sandbox.policy_text("data")
    assert shell.works("fc-0123", "data") == (True, True)


def test_one_who_puts_the_old_text_back_is_answered_at_once(shell: Shell) -> None:
    """Nothing but a settling second tells it from an old text that KMS still shows."""
    before = shell.sandbox.policy("data")
    shell.sandbox.fault("kms:GetKeyPolicy", nth=3, after=True, hook=lambda _: shell.sandbox.put_policy("data", before))
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 2
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.clock.slept < 8


@pytest.mark.nightly
def test_one_who_always_overwrites_ends_in_a_refusal_that_says_so(shell: Shell) -> None:
    overwritten(shell, times=None)
    run = shell.link("fc-0123", "data")
    assert run.code == 7, run.words
    assert "CloudTrail" in run.err
    assert run.count("kms:PutKeyPolicy") < 30


@pytest.mark.parametrize("how", ["error", "drop"])
def test_a_lost_answer_is_looked_after_not_sent_again(shell: Shell, how: str) -> None:
    if how == "drop":
        shell.sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    else:
        shell.sandbox.fault("kms:PutKeyPolicy", "KMSInternalException", after=True)
    run = shell.link("fc-0123", "data", **ONE_TRY)
    assert run.code == 0, run.words
    assert run.count("kms:PutKeyPolicy") == 1
    assert shell.works("fc-0123", "data") == (True, True)


@pytest.mark.parametrize("how", ["error", "drop"])
def test_a_write_that_never_arrived_is_made_again(shell: Shell, how: str) -> None:
    if how == "drop":
        shell.sandbox.fault("kms:PutKeyPolicy", drop=True)
    else:
        shell.sandbox.fault("kms:PutKeyPolicy", "KMSInternalException")
    run = shell.link("fc-0123", "data", **ONE_TRY)
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)
    assert len(shell.statements("data")) == 2


def test_a_lost_answer_to_create_grant_makes_no_second_grant(shell: Shell) -> None:
    shell.sandbox.fault("kms:CreateGrant", drop=True, after=True)
    run = shell.link("fc-0123", "data-other-account")
    assert run.code == 0, run.words
    assert len(shell.grants("data-other-account")) == 1


def test_where_the_policy_cannot_be_read_back_it_is_unconfirmed(shell: Shell) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", nth=3, times=None)
    run = shell.link("fc-0123", "data")
    assert run.code == 8, run.words
    assert shell.backups[0]["id"] in run.err
    assert len(shell.statements("data")) == 2


def test_somebody_who_does_the_same_meanwhile_leaves_nothing_to_do(shell: Shell) -> None:
    shell.sandbox.second_writer("data", documented("fc-0123", "data"), after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert len(shell.statements("data")) == 2
    assert shell.works("fc-0123", "data") == (True, True)


def test_the_limit_of_kms_is_told_where_it_is_smaller_than_documented(shell: Shell) -> None:
    shell.sandbox.switches.policy_limit = 500
    run = shell.link("fc-0123", "data")
    assert run.code == 4, run.words
    assert "--via grant" in run.err
    assert len(shell.statements("data")) == 1


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_the_end_says_what_was_done_not_what_was_planned(shell: Shell, form: str) -> None:
    """The plan was a new statement; meanwhile another cache got one, which the role then joined."""
    shell.sandbox.second_writer("data", documented("fc-0456", "data", sid="Theirs"), nth=1, after=True)
    run = shell.link("fc-0123", "data", "-o", form)
    assert run.code == 0, run.words
    assert len(shell.statements("data")) == 2
    if form == "json":
        assert run.json["pairs"][0]["summary"] == "fc-0123 added to the existing statement 'Theirs'"
        (change,) = run.json["changes"]
        assert change["after"] == shell.sent()[-1]
        assert "Theirs" in change["before"]
        assert not [row for row in change["diff"] if row.startswith("+") and '"Sid"' in row]
    else:
        assert (
            "Linked fc-0123 to data: fc-0123 added to the existing statement 'Theirs'. Confirmed."
            in run.out.splitlines()
        )


def test_what_somebody_else_did_meanwhile_is_not_said_to_be_done(shell: Shell) -> None:
    shell.sandbox.second_writer("data", documented("fc-0123", "data", sid="Theirs"), after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0
    said = "fc-0123 already has access to data, by statement 'Theirs'. Nothing to do."
    assert said in run.out.splitlines()


def test_a_policy_that_is_full_is_named_with_its_bucket(shell: Shell) -> None:
    run = shell.link("fc-0123", "data-full")
    assert run.code == 4
    assert run.err.startswith(
        f"Error: updating the policy of key {shell.sandbox.key('data-full').arn} for data-full: it "
    )


@pytest.mark.parametrize("on", ["kms:GetKeyPolicy", "kms:PutKeyPolicy"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_deny_that_somebody_adds_meanwhile_is_not_called_linked(shell: Shell, form: str, on: str) -> None:
    everybody = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.sandbox.second_writer("data", everybody, on=on, after=True)
    run = shell.link("fc-0123", "data", "-o", form)
    assert run.code == 4, run.words
    assert shell.works("fc-0123", "data") == (False, True)
    said = run.err if form == "text" else run.json["pairs"][0]["error"]["message"]
    assert "statement 'No' of the key policy denies kms:Decrypt" in said
    assert "the link itself is written" in said
    if form == "json":
        assert (run.json["changed"], run.json["pairs"][0]["status"]) == (True, "blocked")
    else:
        assert "Linked fc-0123" not in run.out
        assert f"Written: the policy of key {shell.sandbox.key('data').arn}" in run.err


def test_what_others_write_meanwhile_and_denies_others_changes_nothing(shell: Shell) -> None:
    of_ec2 = {"StringLike": {"kms:ViaService": "ec2.*.amazonaws.com"}}
    others = policies.allow("Others", "*", "kms:Decrypt", of_ec2) | {"Effect": "Deny"}
    shell.sandbox.second_writer("data", others, after=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)


def rekey(shell: Shell) -> None:
    rule = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": shell.sandbox.key("data-key-id").arn}
    shell.sandbox.client("s3").put_bucket_encryption(
        Bucket="data", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": rule}]}
    )


def move_alias(shell: Shell) -> None:
    target = shell.sandbox.key("data-key-id").id
    shell.sandbox.client("kms").update_alias(AliasName="alias/data-alias", TargetKeyId=target)


@pytest.mark.parametrize(
    ("last", "change", "what"), [("data", rekey, "default encryption"), ("data-alias", move_alias, "alias")]
)
def test_a_bucket_that_got_another_key_while_others_were_linked_is_not_linked_to_the_old_one(
    shell: Shell, last: str, change: Callable[[Shell], None], what: str
) -> None:
    """The last of many keys is changed long after it was read: each takes a second or more."""
    key = shell.sandbox.key(last)
    before = shell.sandbox.policy_text(key)
    buckets = [one for one in ("data-bucket-keys", "data-key-id", "data-alias", "data") if one != last] + [last]
    shell.sandbox.fault("kms:PutKeyPolicy", hook=lambda _: change(shell), after=True)
    shell.patch.setattr(bucket_keys_now, "STALE_AFTER", 2.0)
    words = [word for bucket in buckets for word in ("--bucket", bucket)]
    run = shell.run("link", "--cache", "fc-0123", *words, "--wait", "1m")
    assert run.code == 7, run.words
    assert f"the {what} of bucket {last} has changed since the plan was made" in run.err
    assert f"Linked fc-0123 to {last}:" not in run.words
    assert shell.sandbox.policy_text(key) == before
    assert shell.works("fc-0123", "data-bucket-keys") == (True, True)
    again = shell.run("link", "--cache", "fc-0123", *words)
    assert again.code == 0, again.words


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bucket_that_got_another_key_while_kms_did_not_see_the_role_is_not_called_linked(
    shell: Shell, form: str
) -> None:
    shell.sandbox.add_cache("fc-0777", ["data"], kms_calls=6)
    shell.sandbox.fault("kms:PutKeyPolicy", hook=lambda _: rekey(shell), nth=2)
    run = shell.link("fc-0777", "data", "--wait", "1m", "-o", form)
    assert run.code == 7, run.words
    said = "the default encryption of bucket data has changed since the plan was made; the change itself was written"
    assert said in run.words
    assert form == "text" or (run.json["changed"], run.json["changes_pending"]) == (True, True)
    assert "Linked fc-0777 to data" not in run.words
    assert shell.link("fc-0777", "data").code == 0


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", "Unavailable", "PendingImport"])
def test_a_key_that_cannot_be_used_any_more_when_kms_saw_the_role_is_not_called_linked(
    shell: Shell, state: str
) -> None:
    shell.sandbox.add_cache("fc-0777", ["data"], kms_calls=6)
    shell.sandbox.fault("kms:PutKeyPolicy", hook=lambda _: shell.sandbox.set_key_state("data", state), nth=2)
    run = shell.link("fc-0777", "data", "--wait", "1m", "-o", "json")
    assert run.code == 4, run.words
    (change,) = run.json["changes"]
    assert "; the change itself was written" in change["error"]["message"]
    assert shell.works("fc-0777", "data") == (False, False)
    assert shell.run("check", "--cache", "fc-0777", "--bucket", "data").code == 4


@pytest.mark.parametrize(("words", "code"), [((), 7), (("--context", "both"), 0), (("--no-bucket-keys",), 0)])
def test_bucket_keys_that_were_turned_on_while_kms_did_not_see_the_role(
    shell: Shell, words: tuple[str, ...], code: int
) -> None:
    """What is given is for object ARNs then, and KMS is asked with the bucket's; what the caller stated is not compared."""
    shell.sandbox.add_cache("fc-0777", ["data"], kms_calls=6)
    key = shell.sandbox.key("data").arn
    turn_on = functools.partial(shell.sandbox.set_bucket_encryption, "data", key=key, bucket_keys=True)
    shell.sandbox.fault("kms:PutKeyPolicy", hook=lambda _: turn_on(), nth=2)
    run = shell.link("fc-0777", "data", "--wait", "1m", *words)
    assert run.code == code, run.words
    if code:
        assert "the Bucket Keys setting of bucket data has changed since the plan was made" in run.err
        assert "Linked fc-0777 to data" not in run.words
        assert shell.link("fc-0777", "data").code == 0
        assert shell.run("check", "--cache", "fc-0777", "--bucket", "data").code == 0


def test_where_the_bucket_cannot_be_read_after_a_long_write_the_error_says_that_it_was_written(shell: Shell) -> None:
    def refuse(_: object) -> None:
        shell.sandbox.fault("s3:GetBucketEncryption", "AccessDenied", times=None)

    shell.sandbox.add_cache("fc-0777", ["data"], kms_calls=6)
    shell.sandbox.fault("kms:PutKeyPolicy", hook=refuse, nth=2)
    run = shell.link("fc-0777", "data", "--wait", "1m")
    assert run.code not in (0, 3), run.words
    assert "s3:GetEncryptionConfiguration" in run.err
    assert "; the change itself was written" in run.err
    assert "Linked fc-0777 to data" not in run.words


def test_a_bucket_that_got_another_key_while_ids_were_waited_for_is_not_linked_to_the_old_one(shell: Shell) -> None:
    strange = {"Sid": "Reader", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**strange, "Principal": {"AWS": "AROADEADDEADDEAD12345"}}, verbatim=True)
    key = shell.sandbox.key("data")
    before, slept = shell.sandbox.policy_text(key), SystemClock.sleep

    def sleep(clock: SystemClock, seconds: float) -> None:
        slept(clock, seconds)
        if seconds > 60:
            rekey(shell)

    shell.patch.setattr(SystemClock, "sleep", sleep)
    run = shell.link("fc-0123", "data", "--prune-orphans")
    assert run.code == 7, run.words
    assert shell.sandbox.policy_text(key) == before


def test_an_error_after_a_lost_answer_says_that_the_change_may_have_been_written(shell: Shell) -> None:
    shell.sandbox.late(policy_reads=1000)
    shell.sandbox.fault("kms:PutKeyPolicy", drop=True, after=True)
    shell.sandbox.fault("kms:PutKeyPolicy", "ExpiredTokenException", nth=2, times=None)
    run = shell.link("fc-0123", "data", "-o", "json")
    (change,) = run.json["changes"]
    assert run.code == 5, run.words
    assert "may have been written all the same; the policy from before is backup" in change["error"]["message"]
