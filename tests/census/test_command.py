"""What a user is told about a bucket, and what comes of running the commands that are printed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from fcsse.cli.output.census import census_lines
from fcsse.commands.census.access import AccessReport
from fcsse.commands.census.tally import Census
from fcsse.objects import Group, ObjectEncryption
from tests.census.conftest import Shell

OTHER = "444455556666"
READER = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/dir/*"},
    ],
}


def groups(found: dict[str, object]) -> set[tuple[str, str | None, int]]:
    listed = found["groups"]
    assert isinstance(listed, list)
    return {(group["algorithm"], group["context"], group["objects"]) for group in listed}


def test_both_forms_of_a_mixed_bucket_are_told_and_its_linked_cache_is_judged(shell: Shell) -> None:
    run = shell.census("data-bucket-keys")
    assert (run.code, run.json["complete"], run.json["looked_at"]) == (3, True, 3)
    assert groups(run.json) == {("aws:kms", "bucket", 2), ("aws:kms", "object", 1)}
    assert {(one["cache"], one["context"], one["decrypt"]) for one in run.json["caches"]} == {
        ("fc-0123", "bucket", "denied"),
        ("fc-0123", "object", "denied"),
    }


@pytest.mark.parametrize(
    ("bucket", "caches"),
    [
        ("data-bucket-keys", []),
        ("data", ["fc-0123", "fs-0abc"]),
        ("data-alias", ["fc-0123", "fc-0456"]),
        ("data-disabled", ["fc-0123"]),
        ("data-deleting", ["fc-0123"]),
        ("data-other-account", []),
        ("data-other-region", ["fc-0123"]),
    ],
)
def test_the_commands_that_are_printed_mend_it(shell: Shell, bucket: str, caches: list[str]) -> None:
    named = [word for cache in caches for word in ("--cache", cache)]
    before = shell.census(bucket, *named)
    assert before.code == 3
    assert before.json["remedies"]
    shell.mend(before.json["remedies"])
    after = shell.census(bucket, *named)
    assert (after.code, after.json["remedies"]) == (0, []), after.out
    if bucket not in ("data-other-account", "data-other-region"):
        for cache in {one["cache"] for one in after.json["caches"]}:
            assert shell.sandbox.cache(cache).read(bucket, "hello.txt").allowed


def test_several_keys_of_several_accounts_are_mended_and_the_cache_then_reads_every_object(shell: Shell) -> None:
    sandbox = shell.sandbox
    own, theirs = sandbox.key("data-alias").arn, sandbox.key("data-other-account").arn
    s3 = sandbox.client("s3")
    s3.put_object(Bucket="data", Key="second", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=own)
    s3.put_object(
        Bucket="data", Key="third", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=own, BucketKeyEnabled=True
    )
    sandbox.add_object("data", "fourth")
    stored = s3.head_object(Bucket="data", Key="fourth")["SSEKMSKeyId"]
    assert stored == sandbox.key("data").arn
    before = shell.census("data", "--cache", "fc-0123")
    assert {group["key"] for group in before.json["groups"]} == {own, stored}
    shell.mend(before.json["remedies"])
    assert shell.census("data", "--cache", "fc-0123").code == 0
    for name in ("hello.txt", "second", "third", "fourth"):
        assert sandbox.cache("fc-0123").read("data", name).allowed, name
    assert theirs.split(":")[4] == OTHER


@pytest.mark.parametrize("level", ["full", "read"])
def test_a_form_that_was_linked_before_stays_linked_as_it_was_when_the_other_is_added(shell: Shell, level: str) -> None:
    words = ("--cache", "fc-0123", "--bucket", "data-bucket-keys", "--operations", level, "--wait", "0")
    assert shell.run("link", *words).code == 0
    before = shell.census("data-bucket-keys")
    assert {one["context"]: one["decrypt"] for one in before.json["caches"]} == {
        "bucket": "allowed",
        "object": "denied",
    }
    shell.mend(before.json["remedies"])
    assert shell.census("data-bucket-keys").code == 0
    cache = shell.sandbox.cache("fc-0123")
    assert cache.read("data-bucket-keys", "old.txt").allowed
    assert cache.read("data-bucket-keys", "hello.txt").allowed
    assert cache.write("data-bucket-keys", "new.txt").allowed is (level == "full")


def test_objects_without_kms_and_with_the_own_aws_managed_key_need_nothing(shell: Shell) -> None:
    for bucket in ("data-sse-s3", "data-aws-s3"):
        run = shell.census(bucket, "--cache", "fc-0123")
        assert (run.code, run.json["remedies"]) == (0, []), run.out


def test_another_account_s_aws_managed_key_has_no_remedy(shell: Shell) -> None:
    shell.sandbox.add_bucket("theirs", account=OTHER, algorithm="aws:kms", readers=["111122223333"])
    shell.sandbox.add_object("theirs", "k")
    run = shell.census("theirs", "--cache", "fc-0123")
    assert (run.code, run.json["remedies"], run.json["caches"][0]["decrypt"]) == (3, [], "unknown")
    run = shell.census("theirs", "--cache", "fc-0123", "--bucket-role", f"arn:aws:iam::{OTHER}:role/BucketReader")
    assert (run.code, run.json["remedies"], run.json["caches"][0]["decrypt"]) == (3, [], "denied")
    assert "customer managed" in run.json["advice"][0]


def test_dsse_is_never_told_to_be_readable(shell: Shell) -> None:
    key = shell.sandbox.key("data-dsse").arn
    assert shell.census("data-dsse", "--cache", "fc-0123").json["caches"][0]["decrypt"] == "denied"
    link = ("link", "--cache", "fc-0123", "--bucket", "data-dsse", "--key", key, "--no-bucket-keys", "--wait", "0")
    assert shell.run(*link).code == 0
    run = shell.census("data-dsse", "--cache", "fc-0123")
    assert (run.code, run.json["caches"][0]["decrypt"], run.json["remedies"]) == (3, "unknown", [])


def test_customer_provided_keys_are_told_apart_from_expired_credentials(shell: Shell) -> None:
    """Both end in 400 Bad Request without a body. S3 API reference, HeadObject."""
    shell.sandbox.state.traits("data").customer_keys.add("hello.txt")
    run = shell.census("data", "--cache", "fc-0123")
    assert ("SSE-C", None, 1) in groups(run.json)
    assert {one["decrypt"] for one in run.json["caches"] if one["algorithm"] == "SSE-C"} == {"denied"}
    shell.sandbox.fault("s3:HeadObject", "400", status=400, times=None)
    shell.sandbox.fault("s3:GetObject", "ExpiredToken", status=400, times=None)
    run = shell.census("data")
    assert (run.code, run.json["error"]["code"]) == (5, "credentials")


def test_objects_that_may_not_be_read_are_counted_and_the_others_told(shell: Shell) -> None:
    user = shell.sandbox.add_user("reader", READER)
    run = shell.census("data", "--cache", "fc-0123", credentials=user)
    assert run.code == 3
    assert run.json["looked_at"] == 1
    assert run.json["unreadable"] == [{"reason": "s3:GetObject was refused", "objects": 1}]


def test_a_bucket_of_which_nothing_may_be_read_ends_in_the_refusal(shell: Shell) -> None:
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}
    everything = {"Version": "2012-10-17", "Statement": [allow, deny]}
    run = shell.census("data", credentials=shell.sandbox.add_user("blind", everything))
    assert (run.code, run.json["error"]["code"]) == (5, "denied")
    assert "s3:GetObject" in run.json["error"]["message"]


def test_objects_deleted_meanwhile_do_not_count(shell: Shell) -> None:
    s3 = shell.sandbox.client("s3")
    shell.sandbox.fault(
        "s3:HeadObject", hook=lambda _: s3.delete_object(Bucket="data", Key="hello.txt"), matching="hello.txt"
    )
    run = shell.census("data", "--cache", "fc-0123")
    assert (run.json["looked_at"], run.json["unreadable"]) == (1, [])
    assert run.json["notes"] == ["1 of the objects listed was deleted meanwhile."]


def test_objects_that_are_listed_and_not_found_are_not_called_deleted(shell: Shell) -> None:
    """A bucket of such objects would pass for empty, with exit code 0. So answers what knows no HEAD requests."""
    shell.sandbox.fault("s3:HeadObject", "404", status=404, times=None, matching="hello.txt")
    run = shell.census("data-sse-s3", "--cache", "fc-0123")
    assert (run.code, run.json["looked_at"], run.json["unreadable"][0]["objects"]) == (3, 1, 1)
    shell.sandbox.fault("s3:HeadObject", "404", status=404, times=None)
    run = shell.census("data-sse-s3", "--cache", "fc-0123")
    assert (run.code, run.json["error"]["code"]) == (1, "unexpected")


def test_only_the_current_version_of_an_object_counts(shell: Shell) -> None:
    s3 = shell.sandbox.client("s3")
    s3.put_bucket_versioning(Bucket="data-sse-s3", VersioningConfiguration={"Status": "Enabled"})
    key = shell.sandbox.key("data").arn
    s3.put_object(Bucket="data-sse-s3", Key="hello.txt", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    s3.put_object(Bucket="data-sse-s3", Key="hello.txt", Body=b"", ServerSideEncryption="AES256")
    s3.delete_object(Bucket="data-sse-s3", Key="dir/file name with spaces.bin")
    assert groups(shell.census("data-sse-s3").json) == {("AES256", None, 1)}


def test_caches_that_are_not_known_make_the_answer_unknown(shell: Shell) -> None:
    shell.sandbox.fault("fsx:DescribeDataRepositoryAssociations", "AccessDeniedException", times=None)
    run = shell.census("data")
    assert (run.code, run.json["caches_known"]) == (3, False)
    assert "fsx:DescribeDataRepositoryAssociations" in run.json["notes"][-1]
    assert "fsx:DescribeDataRepositoryAssociations" in shell.run("census", "--bucket", "data").out
    assert shell.census("data-alias-arn", "--cache", "fc-0nope").code == 2


def test_names_that_are_a_slip_are_told_with_near_ones_before_anything_is_counted(shell: Shell) -> None:
    run = shell.census("datta")
    assert (run.code, run.json["error"]["code"]) == (6, "not-found")
    assert run.json["error"]["hint"].startswith("Did you mean data")
    shell.sandbox.requests.clear()
    run = shell.census("data", "--cache", "fc-012")
    assert (run.code, run.json["error"]["code"]) == (6, "not-found")
    assert "Did you mean fc-0123" in run.json["error"]["hint"]
    assert not list(shell.sandbox.requests.of("s3:HeadObject"))
    assert shell.census("data", "--cache", "fc-0ace").code == 3, "a cache that is being made is no slip"


def test_a_bucket_of_another_account_takes_credentials_of_it(shell: Shell) -> None:
    run = shell.census("data-other-secret")
    assert run.code == 5
    assert "--bucket-profile or --bucket-role" in run.json["error"]["hint"]


def test_options_that_contradict_each_other_are_refused(shell: Shell) -> None:
    shell.sandbox.requests.clear()
    for words in (["--bucket", "data-alias"], ["--all", "--sample", "5"], ["--engine", "athena", "--sample", "5"]):
        run = shell.census("data", *words)
        assert (run.code, run.json["error"]["code"]) == (2, "usage"), words
    assert len(shell.sandbox.requests) == 0
    shell.monkeypatch.setenv("FCSSE_SAMPLE", "5")
    assert shell.census("data", "--all", "--cache", "fc-0123").json["complete"]


def test_quiet_gives_the_verdict_too(shell: Shell) -> None:
    def told(bucket: str, *words: str) -> str:
        (line,) = shell.run("census", "--bucket", bucket, "-q", *words).out.splitlines()
        return line.rpartition(": ")[2].partition(". ")[2]

    link = ("link", "--cache", "fc-0123", "--bucket", "data", "--wait", "0")
    caches = ("--cache", "fc-0123", "--cache", "fc-0456")
    assert told("data", *caches) == "fc-0123 and fc-0456 cannot decrypt all of it."
    shell.run(*link)
    assert told("data", *caches) == "fc-0456 cannot decrypt all of it; fc-0123 can decrypt all that was seen."
    assert told("data-sse-s3") == "That takes no KMS permission."
    assert "No cache" in told("data-key-id")


def test_all_and_a_sample_agree_and_a_prefix_narrows_both(shell: Shell) -> None:
    for words in (["--all"], []):
        run = shell.census("data", "--prefix", "dir/", *words)
        assert (run.json["looked_at"], run.json["complete"]) == (1, True)
        assert run.json["groups"][0]["example"] == "dir/file name with spaces.bin"
        assert run.json["prefix"] == "dir/"
    assert shell.run("census", "--bucket", "data", "--prefix", "none/").out.startswith(
        "s3://data/none/: no objects.\n\n"
    )


def test_ctrl_c_gives_the_answer_so_far_and_says_what_it_is_worth(shell: Shell) -> None:
    for number in range(150):
        shell.sandbox.add_object("data", f"more/{number:03}")
    shell.sandbox.fault("s3:HeadObject", delay=0.4, times=None)
    words = [sys.executable, "-m", "fcsse", "census", "--bucket", "data", "--cache", "fc-0123"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))}
    process = subprocess.Popen(
        words, env={**inherited, **shell.sandbox.env()}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 20
    while len(list(shell.sandbox.requests.of("s3:HeadObject"))) < 40 and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "Interrupted. An encryption that the sample missed covers at most" in out
    assert "fc-0123: may not decrypt" in out
    looked = int(out.split("looked at ")[1].split(" ")[0])
    assert 10 <= looked < 152


def test_a_name_with_a_line_break_is_one_line() -> None:
    taken = Census("data", (Group(ObjectEncryption("AES256"), 1, 1, "first\nfc-0123: may decrypt"),), 1, complete=True)
    lines = ["".join(text for text, _ in parts) for parts in census_lines(taken, AccessReport())]
    assert not any("\n" in text for text in lines)
    assert any("e.g. first\\nfc-0123" in text for text in lines)


def test_text_reads_on_a_narrow_terminal_and_markdown_escapes_names(shell: Shell) -> None:
    shell.sandbox.add_object("data-sse-s3", "[bold]|<b>\x1b[31m")
    run = shell.run("census", "--bucket", "data-sse-s3", "--prefix", "[")
    assert run.out.splitlines()[0] == "s3://data-sse-s3/[: 1 object, encrypted, with no KMS key."
    assert "\x1b" not in run.out
    assert "[bold]|<b>" in run.out
    shell.monkeypatch.setenv("COLUMNS", "60")
    run = shell.run("census", "--bucket", "data-bucket-keys")
    prose = [text for text in run.out.splitlines()[1:] if "fcsse link" not in text and "arn:aws:kms" not in text]
    assert max(map(len, prose)) <= 60
    assert "no statement of the key policy and no grant allows kms:Decrypt" in " ".join(run.out.split())
    markdown = shell.run("census", "--bucket", "data-bucket-keys", "-o", "markdown").out
    assert markdown.count("| --: |") == 1
    assert "```sh\nfcsse link --cache fc-0123" in markdown


@pytest.mark.parametrize("number", ["1", "2"])
def test_a_sample_may_be_as_small_as_one_object(shell: Shell, number: str) -> None:
    run = shell.run("census", "--bucket", "data", "--sample", number, "-o", "json")
    assert run.code in (0, 3), run.err
    assert sum(group["objects"] for group in json.loads(run.out)["groups"]) == int(number)


@pytest.mark.parametrize("words", [(), ("--cache", "fs-0abc")])
def test_a_cache_is_judged_by_the_prefix_that_it_is_linked_to(shell: Shell, words: tuple[str, ...]) -> None:
    """Whoever limited the key policy to that gets no command that widens it."""
    shell.mend(["fcsse link --cache fs-0abc --bucket data"])
    policy = shell.sandbox.policy("data")
    values = policy["Statement"][-1]["Condition"]["StringLike"]
    values["kms:EncryptionContext:aws:s3:arn"] = "arn:aws:s3:::data/lustre/*"
    shell.sandbox.put_policy("data", policy)
    found = shell.census("data", *words).json

    assert {one["decrypt"] for one in found["caches"] if one["cache"] == "fs-0abc"} == {"allowed"}
    assert "fs-0abc" not in json.dumps(found["remedies"])

    shell.sandbox.fault("fsx:DescribeDataRepositoryAssociations", "AccessDenied", times=None)
    found = shell.census("data", "--cache", "fs-0abc").json
    assert {one["decrypt"] for one in found["caches"]} == {"unknown"}
    assert found["remedies"] == []
