"""One lock per key on this machine, so that several fcsse processes take turns instead of repairing each other.

It only saves work: a write is correct without it, since every write is read back. So a lock that cannot be had, for
want of a writable folder or of time, is done without. The operating system drops it when its process ends.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fcsse.clock import Clock

LONGEST_WAIT = 60.0
"""Seconds after which a run goes on without the lock."""


@contextmanager
def key_lock(folder: Path | None, key: str, clock: Clock, most: float = LONGEST_WAIT) -> Iterator[bool]:
    """Holds the lock of a key, or goes on without it after ``most`` seconds; yields whether it is held.

    ``folder`` None = no lock.
    """
    file = _open(folder, key) if folder else None
    if file is None:
        yield False
        return
    with file:
        start, most = clock.monotonic(), min(most, LONGEST_WAIT)
        while not (held := _try_lock(file)) and clock.monotonic() - start < most:
            clock.sleep(0.02 + 0.03 * clock.random())
        yield held


def _open(folder: Path, key: str) -> IO[bytes] | None:
    try:
        for one in [folder, *folder.parents][::-1]:
            if not one.is_dir():
                one.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        return os.fdopen(os.open(folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b")
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
