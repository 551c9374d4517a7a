"""Commands that are suggested work as they stand: with the settings that were typed, and without those of the environment."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.shell import Run, Shell

REGION = ("--region", "eu-west-1")


@pytest.fixture
def settings(shell: Shell, tmp_path: Path) -> tuple[str, ...]:
    """Options of which each command line needs all: no credentials and no address of AWS are in the environment."""
    mine = shell.sandbox.credentials()
    config = tmp_path / "config"
    config.write_text(
        f'[profile "p 2"]\naws_access_key_id = {mine.access_key}\naws_secret_access_key = {mine.secret}\n',
        encoding="utf-8",
    )
    return ("--profile", "p 2", "--endpoint-url", shell.sandbox.url, *REGION)


def bare(shell: Shell, tmp_path: Path, *words: str) -> Run:
    """Runs it with nothing in the environment but where profiles are."""
    gone = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")
    return shell.run(*words, without=gone, AWS_CONFIG_FILE=str(tmp_path / "config"))


def suggested(text: str, command: str) -> tuple[str, ...]:
    """The words of the first command of this name that is suggested, to be run as they stand."""
    found = re.search(rf"fcsse ({command} .*)$", text, re.MULTILINE)
    assert found is not None, text
    return tuple(shlex.split(found[1]))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_the_way_back_after_a_link_works_as_it_is_printed(
    shell: Shell, tmp_path: Path, settings: tuple[str, ...], form: str
) -> None:
    before = shell.sandbox.policy_text("data")
    words = ("--backup-dir", str(tmp_path / "my copies"), "-q", "-o", form)
    run = bare(shell, tmp_path, "link", "--cache", "fc-0123", "--bucket", "data", *settings, *words)
    assert run.code == 0, run.words
    text = re.sub(r"\\([\W_])", r"\1", run.out) if form == "markdown" else run.out
    back = bare(shell, tmp_path, *suggested(text, "restore"))
    assert back.code == 0, back.words
    assert shell.sandbox.policy_text("data") == before
    assert bare(shell, tmp_path, *suggested(back.out, "restore")).code == 0


def test_what_check_suggests_links(shell: Shell, tmp_path: Path, settings: tuple[str, ...]) -> None:
    run = bare(shell, tmp_path, "check", "--cache", "fc-0123", "--bucket", "data", *settings)
    assert run.code == 3
    assert bare(shell, tmp_path, *suggested(run.out, "link")).code == 0
    assert bare(shell, tmp_path, "check", "--cache", "fc-0123", "--bucket", "data", *settings).code == 0


def test_a_link_across_accounts_takes_no_key_policy(shell: Shell) -> None:
    """That the owner's side may not read it either is no reason to advise that in place of the link."""
    reader = ("--bucket-role", "arn:aws:iam::444455556666:role/BucketReader")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-account", *reader)
    assert run.code == 3
    assert shell.run(*suggested(run.out, "link")).code == 0
    assert shell.works("fc-0123", "data-other-account") == (True, True)


def test_what_was_stated_of_a_bucket_is_stated_again(shell: Shell) -> None:
    key = shell.sandbox.key("data-other-account").arn
    facts = ("--key", key, "--bucket-region", "eu-west-1", "--no-bucket-keys")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-secret", *facts)
    link = suggested(run.out, "link")
    assert link[-len(facts) :] == facts
    assert shell.run(*link).code == 0


def test_what_the_environment_says_is_not_said_again(shell: Shell, tmp_path: Path) -> None:
    env = {
        "FCSSE_BACKUP_DIR": str(tmp_path / "b"),
        "FCSSE_REGION": "eu-west-1",
        "FCSSE_ENDPOINT_URL": shell.sandbox.url,
    }
    run = shell.link("fc-0123", "data", env=env)
    assert run.code == 0, run.words
    assert re.search(r"To undo: fcsse restore \S+$", run.out, re.MULTILINE)
    run = shell.run("check", "--cache", "fc-0456", "--bucket", "data", env=env)
    assert re.search(r"^  fcsse link --cache fc-0456 --bucket data$", run.out, re.MULTILINE)


def test_where_backups_are_is_said_again(shell: Shell, tmp_path: Path) -> None:
    folder = str(tmp_path / "none here")
    run = shell.run("restore", "1999", "--backup-dir", folder)
    assert run.code == 6
    assert suggested(run.err, "backups") == ("backups", "--backup-dir", folder)


def test_a_bucket_that_is_gone_is_unlinked_by_what_is_suggested(shell: Shell) -> None:
    run = shell.unlink("fc-0123", "datta", *REGION)
    assert "Did you mean data? If datta was deleted, unlink it by the ARN of the key that it had:\n" in run.err
    words = suggested(run.err, "unlink")
    assert words == ("unlink", "--cache", "fc-0123", "--bucket", "datta", "--key", "ARN", *REGION)
    assert shell.run(*(shell.sandbox.key("data").arn if word == "ARN" else word for word in words)).code == 0


def test_a_key_that_is_to_be_deleted_takes_two_commands(shell: Shell) -> None:
    key = shell.sandbox.key("data")
    shell.sandbox.set_key_state(key, "PendingDeletion")
    run = shell.link("fc-0123", "data")
    assert run.code == 4
    named = f"--key-id {key.arn} --region eu-west-1"
    assert f"\naws kms cancel-key-deletion {named}\naws kms enable-key {named}\n" in run.err
    checked = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert f"\n  aws kms enable-key {named}\n" in checked.out


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("command", ["link", "unlink", "check"])
def test_where_a_permission_is_missing_all_that_are_needed_are_a_command_away(
    shell: Shell, command: str, form: str
) -> None:
    shell.sandbox.fault("s3:GetBucketEncryption", "AccessDenied", times=None)
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data", "-o", form)
    told = run.words if form == "text" else run.err
    assert told.count(f"See all permissions that {command} needs: fcsse permissions {command}\n") == 1, run.words
    assert shell.run("permissions", command).code == 0


def test_a_check_that_may_not_read_the_policy_says_so_too(shell: Shell) -> None:
    shell.sandbox.fault("kms:GetKeyPolicy", "AccessDeniedException", times=None)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 5
    assert run.words.count("needs: fcsse permissions check\n") == 1
