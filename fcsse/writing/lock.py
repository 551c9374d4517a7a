"""One lock per key on this machine, so that several fcsse processes take turns instead of repairing each other.

It only saves work: a write is correct without it, since every write is read back. So a lock that cannot be had, for
want of a writable folder or of time, is done without. The operating system drops it when its process ends.
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fcsse.clock import Clock

LONGEST_WAIT = 60.0
"""Seconds after which a run goes on without the lock."""


@dataclass(slots=True)
class Turn:
    """A turn at a key. ``held``: is it ours alone? ``since``: how many seconds ago the last writer marked it, if any."""

    held: bool = False
    since: float = math.inf
    _file: IO[bytes] | None = None
    _clock: Clock | None = None

    def mark(self) -> None:
        """Leaves word that the key's policy was written just now."""
        if self._file is None or self._clock is None:
            return
        now = self._clock.now().timestamp()
        with suppress(OSError):
            self._file.seek(0)
            self._file.write(b"1")
            self._file.flush()
            os.utime(self._file.name, (now, now))


@contextmanager
def key_lock(folder: Path | None, key: str, clock: Clock, most: float = LONGEST_WAIT) -> Iterator[Turn]:
    """Holds the lock of a key, or goes on without it after ``most`` seconds. ``folder`` None = no lock."""
    file = _open(folder, key) if folder else None
    if file is None:
        yield Turn()
        return
    with file:
        start, most = clock.monotonic(), min(most, LONGEST_WAIT)
        while not (held := _try_lock(file)) and clock.monotonic() - start < most:
            clock.sleep(0.02 + 0.03 * clock.random())
        found = os.fstat(file.fileno())
        since = clock.now().timestamp() - found.st_mtime if found.st_size else math.inf
        yield Turn(held, since, file, clock)


def _open(folder: Path, key: str) -> IO[bytes] | None:
    try:
        for one in [folder, *folder.parents][::-1]:
            if not one.is_dir():
                one.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        path = folder / f"{name}.lock"
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        return path.open("r+b")
    except OSError:
        return None


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system without locks: go on without
        return True
