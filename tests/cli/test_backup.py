"""The copy of the old policy: on disk before the write, exact, for its owner alone; without it no write."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.shell import WRITES, Shell


def test_it_is_there_before_the_write_and_for_its_owner_alone(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    seen: list[tuple[str, int]] = []

    def look(_: object) -> None:
        [file] = shell.backup_files
        policy = json.loads(file.read_text(encoding="utf-8"))["policy"]
        seen.append((policy, stat.S_IMODE(file.stat().st_mode)))

    shell.sandbox.fault("kms:PutKeyPolicy", hook=look)
    shell.linked("fc-0123", "data")
    assert seen == [(before, 0o600)]


def test_the_folder_is_for_its_owner_alone_too(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert stat.S_IMODE(shell.backup_files[0].parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("bucket", ["data", "data-key-id", "data-alias-arn"])
def test_it_holds_the_exact_text_and_what_is_needed_to_put_it_back(shell: Shell, bucket: str) -> None:
    before, key = shell.sandbox.policy_text(bucket), shell.sandbox.key(bucket)
    run = shell.linked("fc-0123", bucket)
    [backup] = shell.backups
    assert backup["policy"] == before
    assert (backup["key"], backup["account"], backup["region"]) == (key.arn, key.account, key.region)
    assert backup["reason"] == f"link fc-0123 to {bucket}"
    assert backup["time"]
    assert f"fcsse restore {backup['id']}" in run.out


def test_the_umask_makes_no_difference(shell: Shell) -> None:
    old = os.umask(0)
    try:
        shell.linked("fc-0123", "data")
    finally:
        os.umask(old)
    assert stat.S_IMODE(shell.backup_files[0].stat().st_mode) == 0o600


def test_each_write_has_one(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fs-0abc", "data")
    assert shell.unlink("fc-0123", "data").code == 0
    texts = [json.loads(text) for text in (backup["policy"] for backup in shell.backups)]
    assert [len(text["Statement"]) for text in texts] == [1, 2, 2]


def test_restore_puts_it_back(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data")
    run = shell.run("restore", shell.backups[0]["id"], "--yes")
    assert run.code == 0, run.words
    assert shell.sandbox.policy_text("data") == before


def blocked(tmp_path: Path) -> Path:
    """A folder that cannot be made, whoever asks: its parent is a file."""
    file = tmp_path / "a-file"
    file.write_text("", encoding="utf-8")
    return file / "backups"


@pytest.mark.parametrize("command", ["link", "unlink"])
def test_where_it_cannot_be_written_nothing_is(shell: Shell, tmp_path: Path, command: str) -> None:
    if command == "unlink":
        shell.linked("fc-0123", "data")
    text = shell.sandbox.policy_text("data")
    folder = blocked(tmp_path)
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data", "--backup-dir", str(folder))
    assert run.code == 1, run.words
    assert not WRITES.intersection(run.operations)
    assert shell.sandbox.policy_text("data") == text
    assert str(folder) in run.err
    assert "Nothing was written to AWS" in run.err
    assert "--no-backup" in run.err


def test_a_full_disk_means_no_write(shell: Shell) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with shell.patch.context() as patch:
        patch.setattr(os, "fsync", full)
        run = shell.link("fc-0123", "data")
    assert run.code == 1, run.words
    assert "No space left on device" in run.err
    assert not WRITES.intersection(run.operations)
    assert list((shell.state / "fcsse" / "backups").glob("*.part")) == []
    assert shell.backups == []


def test_without_a_copy_only_when_told(shell: Shell, tmp_path: Path) -> None:
    run = shell.linked("fc-0123", "data", "--no-backup", "--backup-dir", str(blocked(tmp_path)))
    assert "fcsse restore" not in run.out
    assert shell.backups == []
    assert shell.works("fc-0123", "data") == (True, True)


def test_nothing_to_do_leaves_no_copy(shell: Shell) -> None:
    shell.linked("fc-0123", "data-sse-s3")
    assert shell.unlink("fc-0123", "data").code == 0
    assert shell.backups == []


def test_a_refused_write_names_no_success(shell: Shell) -> None:
    shell.sandbox.fault("kms:PutKeyPolicy", "AccessDeniedException", times=None)
    run = shell.link("fc-0123", "data")
    assert run.code == 5
    assert "is saved" not in run.out


def test_two_writes_in_one_call_have_one_each(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "data-bucket-keys")
    assert run.code == 0
    assert {backup["key"] for backup in shell.backups} == {
        shell.sandbox.key("data").arn,
        shell.sandbox.key("data-bucket-keys").arn,
    }
    assert run.out.count("fcsse restore ") == 2
