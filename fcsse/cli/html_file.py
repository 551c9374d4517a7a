"""Writes a page to the file that the user named: all of it or nothing, and to no other file.

A regular file is replaced as a whole by a new one, made beside it under a name that nobody can foresee. A link is followed,
as the user named it, unless another user may have planted it. A device or a pipe is written to as it is; a pipe that nobody
reads is an error, not a wait.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from fcsse.durable_files import PartFile, write_whole
from fcsse.errors import UnexpectedError
from fcsse.safe_files import STREAMS, followed


def try_place(file: Path) -> None:
    """Finds out whether a page can be written there, before any request. Raises ``UnexpectedError``."""
    try:
        target = followed(file)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not _is_stream(target):
            PartFile(target).discard()
    except OSError as error:
        raise _unwritten(file, error) from error


def write_page(file: Path, text: str) -> None:
    """Writes the text; an interruption leaves what was there. Raises ``UnexpectedError``."""
    try:
        target = followed(file)
        if _is_stream(target):
            _write_stream(target, text)
        else:
            write_whole(target, text, _mode_of(target))
    except OSError as error:
        raise _unwritten(file, error) from error


def _is_stream(file: Path) -> bool:
    if str(file).startswith(STREAMS):
        return True
    try:
        return not stat.S_ISREG(file.stat().st_mode)
    except FileNotFoundError:
        return False


def _mode_of(file: Path) -> int:
    """The mode of the file that is replaced, or of a new one."""
    with suppress(OSError):
        return stat.S_IMODE(file.stat().st_mode)
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def _write_stream(file: Path, text: str) -> None:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "it is a pipe that nobody reads") from error
        raise
    if os.name == "posix":
        os.set_blocking(handle, True)
    with os.fdopen(handle, "w", encoding="utf-8") as opened:
        opened.write(text)


def _unwritten(file: Path, error: OSError) -> UnexpectedError:
    return UnexpectedError(f"writing {file}: {error.strerror or error}", "Name another file with --html.")
