"""What a tired operator reads: totals, the command to run next, one line a thing, and no silence where it matters."""

import re
from pathlib import Path

import pytest

from fcsse.cli.output.spinner import PlainProgress
from fcsse.cli.output.terminal import Terminal
from fcsse.progress import Part, Waiting
from tests.cli.shell import Shell

PAIR = ("--cache", "fc-0123", "--bucket", "data")
MANY = [word for cache in ("fc-0123", "fc-01234567890", "fs-0abc") for word in ("--cache", cache)]


def digest_of(out: str) -> str:
    return str(re.findall(r"Digest: ([0-9a-f]{16})", out)[0])


def test_a_dry_run_ends_with_a_total_and_the_command_that_applies_exactly_it(shell: Shell) -> None:
    dry = shell.run("link", *PAIR, "--dry-run", "--context", "both", "--wait", "90s")
    assert "Plan: 1 pair on 1 key to link.\n" in dry.out
    command = dry.out.splitlines()[-2].strip()
    assert command == f"fcsse link {' '.join(PAIR)} --wait 90s --context both --expect {digest_of(dry.out)}"
    done = shell.run(*command.split()[1:])
    assert done.code == 0
    assert "Confirmed." in done.out


def test_a_repeated_job_is_a_success_only_where_all_is_as_the_digest_wanted(shell: Shell) -> None:
    digest = digest_of(shell.run("link", *PAIR, "--dry-run").out)
    other = digest_of(shell.run("link", "--cache", "fs-0abc", "--bucket", "data", "--dry-run").out)
    for code, expect in ((0, digest), (0, digest), (7, other), (7, "0" * 16)):
        run = shell.run("link", *PAIR, "--expect", expect)
        assert run.code == code, run.err
    assert "Look at the new plan: fcsse link --cache fc-0123 --bucket data --dry-run" in run.err
    assert f"expected {'0' * 16}, now " in run.err


def test_a_restore_is_repeatable_as_well(shell: Shell) -> None:
    backup = shell.run("link", *PAIR, "-o", "json").json["changes"][0]["backup"]
    digest = digest_of(shell.run("restore", backup, "--dry-run").out)
    assert [shell.run("restore", backup, "--expect", digest).code for _ in range(2)] == [0, 0]


def test_a_restore_that_takes_away_a_later_link_has_to_be_told_to(shell: Shell) -> None:
    backup = shell.run("link", *PAIR, "-o", "json").json["changes"][0]["backup"]
    shell.link("fs-0abc", "data")
    before = shell.sandbox.policy_text("data")
    refused = shell.run("restore", backup, "-q")
    assert refused.code == 7
    assert "link fs-0abc to data" in refused.err
    assert "--discard-others" in refused.err
    assert shell.sandbox.policy_text("data") == before
    done = shell.run("restore", backup, "-q", "--discard-others")
    assert done.code == 0
    assert "Warning: It also undoes: link fs-0abc to data." in done.err


def test_many_pairs_are_grouped_by_key_and_bucket(shell: Shell) -> None:
    dry = shell.run(
        "link", *MANY, "--bucket", "data", "--bucket", "data-bucket-keys", "--bucket", "data-sse-s3", "--dry-run"
    )
    assert "  change   data: fc-0123, fc-01234567890, fs-0abc (statement)\n" in dry.out
    assert "Plan: 6 pairs on 2 keys to link, 3 nothing to do.\n" in dry.out
    assert dry.out.count("no KMS key is involved") == 1


def test_quiet_keeps_the_warnings_of_a_write(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data-other-account", "-q")
    assert run.code == 0
    assert "Warning: This grant is not limited to this bucket or to S3." in run.err


def test_words_without_their_options_are_answered_with_the_command(shell: Shell) -> None:
    run = shell.run("link", "fc-0123", "data")
    assert run.code == 2
    assert "Write: fcsse link --cache fc-0123 --bucket data\n" in run.err


def test_backups_are_a_line_each(shell: Shell) -> None:
    shell.link("fc-0123", "data")
    shell.link("fs-0abc", "data")
    heading, *rows = shell.run("backups").out.splitlines()
    assert heading.startswith("Key arn:aws:kms:")
    assert [row.split("  ")[-1] for row in rows] == ["link fs-0abc to data", "link fc-0123 to data"]


def test_an_audit_says_what_it_wrote_and_which_region_does_not_exist(shell: Shell, tmp_path: object) -> None:
    assert f"Wrote the page {tmp_path}/a.html." in shell.run("audit", "--html", f"{tmp_path}/a.html").err
    wrong = shell.run("audit", "--region", "eu-west-9")
    assert wrong.code == 2
    assert "eu-west-9" in wrong.err
    assert "fcsse audit --all-regions" in shell.run("audit", "--region", "eu-central-1").out


def test_waiting_without_a_terminal_prints_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    for silent in (False, True):
        progress = PlainProgress(Terminal(quiet=True, silent=silent), every=0.01)
        progress.step(Waiting("waiting for the role", 20, 300))
        printed = threading_wait(capsys) if not silent else capsys.readouterr().err
        progress.stop()
        assert ("Still waiting for the role (20 of 300 s)" in printed) is not silent


def threading_wait(capsys: pytest.CaptureFixture[str]) -> str:
    """What stands on stderr once there is anything."""
    printed = ""
    while not printed.endswith("\n"):
        printed += capsys.readouterr().err
    return printed


def test_a_wait_counts_on_up_to_its_limit() -> None:
    heard: list[str] = []

    class Heard:
        def step(self, text: str) -> None:
            heard.append(text)

        def note(self, text: str) -> None:
            pass

        def advance(self, done: int, total: int) -> None:
            pass

    Part(Heard(), "change 1 of 2: ").step(Waiting("waiting for KMS", 3, 10))
    (text,) = heard
    assert isinstance(text, Waiting)
    assert (text, text.after(4), text.after(60)) == (
        "change 1 of 2: waiting for KMS (3 of 10 s)",
        "change 1 of 2: waiting for KMS (7 of 10 s)",
        "change 1 of 2: waiting for KMS (10 of 10 s)",
    )


def test_what_many_checks_have_in_common_is_printed_once(shell: Shell) -> None:
    caches = ("--cache", "fc-0123", "--cache", "fc-0456", "--cache", "fs-0abc")
    run = shell.run("check", *caches, "--bucket", "data", "--bucket", "data-bucket-keys")
    assert run.code == 3
    for bucket in ("data", "data-bucket-keys"):
        for cache in ("fc-0123", "fc-0456", "fs-0abc"):
            assert run.out.count(f"{cache} cannot read or write s3://{bucket}: ") == 1
        assert f"  fcsse link {' '.join(caches)} --bucket {bucket}\n" in run.out
    assert run.out.count("ACTION ") == 2, "a table a bucket"
    assert run.out.count("Not checked: ") == run.out.count("This is about objects ") == 1
    locked = shell.run("check", *caches, "--bucket", "data-locked")
    assert (locked.code, locked.err.count("Error: ")) == (5, 1)


def test_the_same_warning_comes_once_and_its_command_on_a_line_of_its_own(shell: Shell) -> None:
    caches = ("--cache", "fc-0123", "--cache", "fc-0456", "--cache", "fs-0abc")
    run = shell.run("link", *caches, "--bucket", "data-stack", "--dry-run")
    assert run.out.count("Warning: ") == 1
    assert re.search(rf"(?m)^  fcsse statement {' '.join(caches)} --bucket data-stack --account \S+ --key ", run.out)
    for words in (("-q",), ("-o", "markdown")):
        shown = shell.run("link", *caches, "--bucket", "data-stack", "--dry-run", *words)
        assert (shown.out + shown.err).count("belongs to CloudFormation stack") == 1
        assert "\\n" not in shown.out + shown.err


def test_what_aws_says_stands_on_a_line_of_its_own(shell: Shell) -> None:
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-locked")
    key = shell.sandbox.key("data-locked").arn
    assert run.err.startswith(
        f"Error: describing key {key}: the caller may not call kms:DescribeKey\n"
        "AWS says: AccessDeniedException: User: arn:aws:iam::111122223333:user/admin is not authorized to perform: "
    )
    error = shell.run("check", "--cache", "fc-0123", "--bucket", "data-locked", "-o", "json").json["pairs"][0]["error"]
    assert "kms:DescribeKey (AccessDeniedException: User: " in error["message"]


@pytest.mark.parametrize("option", ["--backup-dir", "--profile", "--wait", "--cache", "--key"])
@pytest.mark.parametrize("word", ["--dry-run", "--output=json", "-v", "--no-bucket-keys"])
def test_an_option_in_the_place_of_a_value_is_a_slip(shell: Shell, option: str, word: str) -> None:
    """Otherwise what was to be a dry run would write."""
    run = shell.run("link", *PAIR, option, word)
    assert (run.code, run.operations) == (2, ()), run.words
    assert f"{option} needs a value, and {word} is an option" in " ".join(run.err.split())


def test_flags_stand_before_options_and_a_value_with_a_sign_is_one(shell: Shell, tmp_path: Path) -> None:
    facts = ("--key", shell.sandbox.key("data").arn, "--bucket-region", "eu-west-1")
    run = shell.run("link", *PAIR, *facts, "--no-bucket-keys", "--dry-run", "-v", f"--backup-dir={tmp_path}/--dry-run")
    assert run.code == 0, run.words
    assert "Dry run" in run.out
