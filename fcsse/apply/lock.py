"""One lock per key on this machine, so that several fcsse processes take turns instead of repairing each other.

Its file also remembers which texts they just replaced: KMS may go on showing such a text for a moment (KMS developer
guide, "Eventual consistency"), and who plans on it undoes what the last one did.

A lock that cannot be had, for want of a writable folder or of time, is done without: every write is read back anyway. So is
one whose file is not safe to use (see ``fcsse.safe_files``): nothing is written to a file that is not ours.
The operating system drops it when its process ends.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path

from fcsse.clock import Clock
from fcsse.safe_files import UnsafeFileError, open_checked

LONGEST_WAIT = 60.0
"""Seconds after which a run goes on without the lock."""


RECHECK_DELAY = 1.0
"""Seconds after a write from which on KMS is taken to show what it holds: then it is looked at again."""

REMEMBERED = RECHECK_DELAY
"""Seconds for which a text that was replaced is taken for an old one where KMS shows it.

Not longer, since then it may as well be the last one, which somebody else has put back.
"""


MAX_FILE_BYTES = 64 * 1024
"""More than the texts of one second take, at 100 bytes each."""


def fingerprint(text: str) -> str:
    """What stands for a policy's text in the lock's file."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(slots=True)
class KeyLock:
    """A turn at a key.

    ``held``: is it ours alone? ``replaced``: fingerprints of the texts that were replaced lately, with how many seconds ago.
    ``problem``: why there is no lock, as a sentence, where its file could not be made, is not safe to use, cannot be
    locked where it is, or was locked by another run all the time.
    """

    held: bool = False
    replaced: dict[str, float] = field(default_factory=dict)
    problem: str = ""
    _file: FileIO | None = None

    @property
    def since(self) -> float:
        """How many seconds ago the last writer on this machine wrote; infinite where that is long ago."""
        return min(self.replaced.values(), default=math.inf)

    def mark(self, replaced: str, now: float) -> str:
        """Leaves word that this text was replaced just now, in seconds since 1970; returns its fingerprint."""
        one = fingerprint(replaced)
        self.replaced[one] = 0.0
        self._write(now)
        return one

    def mark_in_force(self, current: str, now: float) -> None:
        """Leaves word that this text is what KMS holds, whenever it was replaced before."""
        if self.replaced.pop(fingerprint(current), None) is not None:
            self._write(now)

    def _write(self, now: float) -> None:
        if self._file is None or not self.held:
            return
        times = {one: now - age for one, age in self.replaced.items()}
        with suppress(OSError):
            self._file.seek(0)
            self._file.truncate()
            self._file.write(json.dumps(times).encode())


@contextmanager
def key_lock(folder: Path | None, key: str, clock: Clock, most: float = LONGEST_WAIT) -> Iterator[KeyLock]:
    """Holds the lock of a key, or goes on without it after ``most`` seconds. ``folder`` None = no lock."""
    file, problem = _open_or_not(folder, key)
    if file is None:
        yield KeyLock(problem=problem)
        return
    with file:
        held, problem = _wait_for(file, folder, clock, most)
        yield KeyLock(held, _remembered(file, clock.now().timestamp()), problem, file)


def _wait_for(file: FileIO, folder: Path | None, clock: Clock, most: float) -> tuple[bool, str]:
    """Is the file locked by now, and if it cannot be, a sentence that says why."""
    start, most = clock.monotonic(), min(most, LONGEST_WAIT)
    try:
        while not (held := _try_lock(file)) and clock.monotonic() - start < most:
            clock.sleep(0.02 + 0.03 * clock.random())
    except OSError as error:
        return (
            False,
            f"No file can be locked in {folder} ({error.strerror or error}): this run takes no turns with others.",
        )
    return held, "" if held else "Another run of fcsse has the lock of this key: this one went on without it."


def _remembered(file: FileIO, now: float) -> dict[str, float]:
    """What the file remembers that is not too long ago, nor in the future; nothing where it is empty or not one of ours."""
    try:
        ages = {str(one): now - float(at) for one, at in json.loads(file.read(MAX_FILE_BYTES) or b"{}").items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}
    return {one: max(0.0, age) for one, age in ages.items() if -REMEMBERED < age < REMEMBERED}


def _open_or_not(folder: Path | None, key: str) -> tuple[FileIO | None, str]:
    """The lock's file, or None; then with a sentence that says why, where there is a folder for it."""
    try:
        return (_open(folder, key) if folder else None), ""
    except UnsafeFileError as error:
        return (
            None,
            f"The lock file {error.filename} {error.reason}, so it was not used: this run takes no turns with others.",
        )
    except OSError as error:
        reason = error.strerror or str(error)
        return None, f"No lock file could be made in {folder} ({reason}): this run takes no turns with others."


def _open(folder: Path, key: str) -> FileIO:
    """The lock's file, opened and made if need be. Raises ``UnsafeFileError``, and ``OSError`` where there is no place."""
    for one in [folder, *folder.parents][::-1]:
        if not one.is_dir():
            one.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink():  # the folder of copies may be a link; this one is made by fcsse within it
        raise UnsafeFileError(folder, "is a symbolic link")
    name = hashlib.sha256(key.encode()).hexdigest()[:16]
    handle = open_checked(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, MAX_FILE_BYTES)
    # Unbuffered: what could not be written is not tried again on closing, which would raise.
    return FileIO(handle, "r+b")


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: FileIO) -> bool:
        """Is the file locked now? Raises ``OSError`` where the file system has no locks."""
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: FileIO) -> bool:
        """Is the file locked now? Raises ``OSError`` where the file system has no locks."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
