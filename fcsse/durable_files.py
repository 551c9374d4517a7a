"""Writes files whole or not at all: a new file beside the old one, flushed, which then takes its name.

The new file has a name that nobody can foresee and is readable by its owner alone until it is finished. An interruption
leaves what was there, and no half-written file.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path


class PartFile:
    """A new, empty file beside ``target``, whose place it takes in ``finish``; no link is followed."""

    def __init__(self, target: Path) -> None:
        """Raises ``OSError`` where no file can be made there."""
        self._target = target
        self._path = target.with_name(f".fcsse-{secrets.token_hex(8)}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._file = os.fdopen(os.open(self._path, flags, 0o600), "wb")

    def write(self, content: bytes) -> None:
        """Adds to it. Raises ``OSError``."""
        self._file.write(content)

    def finish(self, mode: int | None = None) -> None:
        """Puts it in the target's place, with this mode. Raises ``OSError``; the caller then discards it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if mode is not None:
            self._path.chmod(mode)
        self._path.replace(self._target)

    def discard(self) -> None:
        """Leaves nothing behind, unless it is finished."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._path.unlink(missing_ok=True)


def write_whole(target: Path, text: str, mode: int | None = None) -> None:
    """Replaces a file by one with this text, or makes it. Raises ``OSError``."""
    part = PartFile(target)
    try:
        part.write(text.encode("utf-8"))
        part.finish(mode)
    finally:  # an interruption, too, leaves nothing half-written
        part.discard()


def write_durably(target: Path, text: str) -> None:
    """The same, and its name outlasts a crash of the machine."""
    write_whole(target, text)
    _flush_folder(target.parent)


def make_folder_durably(folder: Path) -> None:
    """Makes a folder for this user and those above it, each named on disk for good. Raises ``OSError``."""
    if not folder.is_dir():
        make_folder_durably(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _flush_folder(folder.parent)


def _flush_folder(path: Path) -> None:
    if os.name != "posix":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that cannot, or need not
            raise
    finally:
        os.close(folder)
