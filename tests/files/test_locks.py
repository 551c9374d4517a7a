"""Lock files: what is not a file of ours is never followed, written to or waited for, and the change is made all the same."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import math
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fcsse.apply.lock import LONGEST_WAIT, MAX_FILE_BYTES, REMEMBERED, KeyLock, fingerprint, key_lock
from tests.cli.shell import Shell
from tests.files import planted
from tests.write_protocol.scripted import ScriptedClock

Plant = Callable[[Path, bytes], None]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def lock_path(shell: Shell) -> Path:
    """The lock file of the key of bucket data, in a folder that is there."""
    folder = shell.state / "fcsse" / "backups" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{hashlib.sha256(shell.sandbox.key('data').arn.encode()).hexdigest()[:16]}.lock"


def test_the_path_is_the_one_that_is_used(shell: Shell) -> None:
    path = lock_path(shell)
    shell.linked("fc-0123", "data")
    status = path.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_nlink) == (0o600, 1)
    assert json.loads(path.read_text(encoding="utf-8")).keys() <= {
        hashlib.sha256(one["policy"].encode()).hexdigest() for one in shell.backups
    }


@pytest.mark.parametrize(
    "plant", [*planted.PLANTED, pytest.param(planted.foreign_file, marks=needs_root)], ids=lambda plant: plant.__name__
)
def test_what_is_no_lock_file_is_reported_and_left_alone(shell: Shell, plant: Plant) -> None:
    path, content = lock_path(shell), b""
    plant(path, content)
    before, victim = os.lstat(path), planted.victim_of(path)
    there = victim.read_bytes() if victim.exists() else None
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert len(shell.statements("data")) == 2
    assert (victim.read_bytes() if victim.exists() else None) == there
    after = os.lstat(path)
    assert (after.st_mode, after.st_size, after.st_ino, after.st_uid) == (
        before.st_mode,
        before.st_size,
        before.st_ino,
        before.st_uid,
    )
    assert f"The lock file {path} " in run.words
    assert "was not used" in run.words


def test_a_link_in_place_of_the_folder_of_locks_is_not_followed(shell: Shell, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = lock_path(shell).parent
    folder.rmdir()
    folder.symlink_to(elsewhere, target_is_directory=True)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert list(elsewhere.iterdir()) == []
    assert "is a symbolic link" in run.words


def test_where_no_lock_can_be_made_the_change_is_made_and_the_reason_told(shell: Shell) -> None:
    folder = lock_path(shell).parent
    folder.rmdir()
    folder.write_text("no folder", encoding="utf-8")
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)
    assert f"No lock file could be made in {folder} (File exists)" in run.words


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_no_file_can_be_locked_the_change_is_made_and_the_reason_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    path = lock_path(shell)
    monkeypatch.setattr("fcntl.flock", refused)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)
    assert f"No file can be locked in {path.parent} ({os.strerror(number)})" in run.words
    assert path.read_bytes() == b""  # what others may be writing at the same time


def test_a_lock_that_another_run_keeps_is_gone_without_and_told(shell: Shell) -> None:
    with lock_path(shell).open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.works("fc-0123", "data") == (True, True)
    assert "Another run of fcsse has the lock of this key: this one went on without it." in run.words


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 50_000,
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 400 + b"}",
        b'{"a": NaN}',
        b'{"a": [1]}',
        b"[1, 2]",
        b"\xff\xfe",
        b"\0" * 60_000,
    ],
    ids=["nesting", "infinite", "huge number", "NaN", "a list", "no object", "no text", "zeros"],
)
def test_content_that_is_not_ours_is_overlooked(shell: Shell, content: bytes) -> None:
    lock_path(shell).write_bytes(content)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert "lock file" not in run.words
    assert len(shell.statements("data")) == 2


def test_a_text_replaced_in_the_future_is_not_waited_for(shell: Shell) -> None:
    text = shell.sandbox.policy_text("data")
    print_of_text = hashlib.sha256(text.encode()).hexdigest()
    lock_path(shell).write_text(json.dumps({print_of_text: 4e9}), encoding="utf-8")
    slept = shell.clock.slept
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.clock.slept - slept < 3


@contextmanager
def locked(
    folder: Path, seconds: float = 0.0, key: str = "a key", most: float = 1.0
) -> Iterator[tuple[KeyLock, float]]:
    """The lock of a key so many seconds after the clock's start, and that time in seconds since 1970."""
    clock = ScriptedClock(seconds)
    with key_lock(folder, key, clock, most) as lock:
        yield lock, clock.now().timestamp()


def test_the_next_run_knows_which_texts_were_replaced_and_when(tmp_path: Path) -> None:
    with locked(tmp_path) as (lock, now):
        assert (lock.held, lock.problem, lock.replaced, lock.since) == (True, "", {}, math.inf)
        assert lock.mark("first", now) == fingerprint("first")
    with locked(tmp_path, 0.3) as (lock, now):
        assert lock.replaced == {fingerprint("first"): pytest.approx(0.3, abs=1e-5)}
        lock.mark("second \ud800", now)
        assert lock.since == 0.0
    with locked(tmp_path, 0.5) as (lock, _):
        assert lock.replaced == {
            fingerprint("first"): pytest.approx(0.5, abs=1e-5),
            fingerprint("second \ud800"): pytest.approx(0.2, abs=1e-5),
        }
        assert lock.since == pytest.approx(0.2, abs=1e-5)
    with locked(tmp_path, key="another key") as (lock, _):
        assert lock.replaced == {}


def test_a_text_that_is_in_force_again_is_no_replaced_one(tmp_path: Path) -> None:
    with locked(tmp_path) as (lock, now):
        lock.mark("first", now)
        lock.mark("second", now)
        lock.mark_in_force("third", now)
        lock.mark_in_force("first", now)
    with locked(tmp_path, 0.1) as (lock, _):
        assert lock.replaced.keys() == {fingerprint("second")}


def test_a_text_is_remembered_for_as_long_as_kms_may_show_it(tmp_path: Path) -> None:
    with locked(tmp_path) as (lock, now):
        lock.mark("first", now)
    for seconds, ages in ((REMEMBERED - 0.01, [REMEMBERED - 0.01]), (REMEMBERED, []), (0.01 - REMEMBERED, [0.0])):
        with locked(tmp_path, seconds) as (lock, _):
            assert list(lock.replaced.values()) == pytest.approx(ages, abs=1e-5)


def test_a_file_longer_than_any_of_ours_is_not_used(tmp_path: Path) -> None:
    with locked(tmp_path):
        [path] = tmp_path.iterdir()
    path.write_bytes(b" " * (MAX_FILE_BYTES + 1))
    with locked(tmp_path) as (lock, now):
        assert (lock.held, f"The lock file {path} " in lock.problem) == (False, True)
        lock.mark("first", now)
    assert path.stat().st_size == MAX_FILE_BYTES + 1


@pytest.mark.parametrize(("most", "waited"), [(0.0, 0.0), (0.1, 0.1), (1000.0, LONGEST_WAIT)])
def test_another_run_is_waited_for_as_long_as_told_and_a_minute_at_most(
    tmp_path: Path, most: float, waited: float
) -> None:
    clock = ScriptedClock()
    with key_lock(tmp_path, "a key", clock), key_lock(tmp_path, "a key", clock, most) as lock:
        assert (lock.held, "Another run of fcsse has the lock" in lock.problem) == (False, True)
        lock.mark("first", clock.now().timestamp())
    assert waited <= clock.time <= waited + (0.04 if waited else 0.0)
    with locked(tmp_path) as (lock, _):
        assert lock.replaced == {}


def test_without_a_folder_there_is_no_lock_and_nothing_to_report() -> None:
    with key_lock(None, "a key", ScriptedClock()) as lock:
        assert (lock.held, lock.problem, lock.since) == (False, "", math.inf)
        assert lock.mark("first", 0.0) == fingerprint("first")
