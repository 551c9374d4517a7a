"""Opens files that fcsse keeps for itself, or reads from a folder that others may write to, without being led astray.

A name in such a folder may be a link to somebody else's file, a pipe on which a reader waits forever, a device, or a file
that another user planted. So a file is opened without following links and without waiting, and is used only if it is a
regular file of this user with a single name, of at most a stated size.

Source: open(2), O_NOFOLLOW and O_NONBLOCK; CWE-59 (link following). Windows has neither flag and no owner ids: there the
kind is looked up before and compared after opening.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FLAGS = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnsafeFileError(OSError):
    """A file that is not used. ``reason`` completes the sentence "The file …": "is a symbolic link"."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(errno.EPERM, reason, str(path))
        self.reason = reason


_KINDS = (
    (stat.S_ISLNK, "is a symbolic link"),
    (stat.S_ISDIR, "is a folder"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISSOCK, "is a socket"),
    (stat.S_ISCHR, "is a device"),
    (stat.S_ISBLK, "is a device"),
)


def unsafe_reason(status: os.stat_result, limit: int) -> str | None:
    """Why a file of this status is not used; None: it is a regular file of this user, with one name and within ``limit``."""
    for is_kind, reason in _KINDS:
        if is_kind(status.st_mode):
            return reason
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return f"belongs to another user (uid {status.st_uid})"
    if status.st_nlink > 1:
        return f"has {status.st_nlink} names (hard links)"
    if status.st_size > limit:
        return f"is too large ({status.st_size:,} bytes; at most {limit:,} are read)"
    return None


def is_planted(status: os.stat_result, folder: os.stat_result, user: int) -> bool:
    """Is it a link or a pipe that another user put into a folder in which everybody may make files?

    Neither this user's nor the folder's owner's, as Linux has it for programs that open a file by such a name. Source: Linux
    kernel, "Documentation for /proc/sys/fs", protected_symlinks and protected_fifos.
    """
    leads_elsewhere = stat.S_ISLNK(status.st_mode) or stat.S_ISFIFO(status.st_mode)
    return leads_elsewhere and bool(folder.st_mode & stat.S_IWOTH) and status.st_uid not in (user, folder.st_uid)


MOST_LINKS = 40

STREAMS = ("/dev/", "/proc/")
"""Where names stand for open files: what they lead to is not always a name."""


def followed(path: Path) -> Path:
    """Where a name that the user gave leads, by links that can be trusted: to what is no link, or into ``STREAMS``.

    Raises ``OSError`` for what another user may have planted, and for links in a circle.
    """
    for _ in range(MOST_LINKS):
        if str(path).startswith(STREAMS):
            return path
        try:
            status = path.lstat()
        except FileNotFoundError:
            break
        if hasattr(os, "geteuid") and is_planted(status, path.parent.stat(), os.geteuid()):
            kind = "link" if stat.S_ISLNK(status.st_mode) else "pipe"
            said = (
                f"it is a {kind} of another user (uid {status.st_uid}), in a folder in which everybody may make files"
            )
            raise OSError(errno.EPERM, said, str(path))
        if not stat.S_ISLNK(status.st_mode):
            break
        path = path.parent / path.readlink()
    else:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return path.parent.resolve() / path.name


@contextmanager
def open_own(path: Path, flags: int, limit: int, *, mode: int = 0o600) -> Iterator[int]:
    """A descriptor of a file that is safe to use; closed at the end.

    ``flags`` are those of ``os.open``, such as ``os.O_RDONLY`` or ``os.O_RDWR | os.O_CREAT``; ``mode`` is that of a new
    file. Raises ``UnsafeFileError``, and ``OSError`` where it cannot be opened at all.
    """
    handle = open_checked(path, flags, limit, mode=mode)
    try:
        yield handle
    finally:
        os.close(handle)


def open_checked(path: Path, flags: int, limit: int, *, mode: int = 0o600) -> int:
    """As ``open_own``; the caller closes the descriptor."""
    try:
        before = path.lstat()
    except FileNotFoundError:
        before = None
    if before is not None and (reason := unsafe_reason(before, limit)):
        raise UnsafeFileError(path, reason)
    try:
        handle = os.open(path, flags | _FLAGS, mode)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # became a link since; FreeBSD says EMLINK
            raise UnsafeFileError(path, "is a symbolic link") from error
        raise
    try:
        after = os.fstat(handle)
        reason = unsafe_reason(after, limit)
        if reason is None and before is not None and not os.path.samestat(before, after):
            reason = "was replaced while it was opened"
        if reason is not None:
            raise UnsafeFileError(path, reason)
    except OSError:
        os.close(handle)
        raise
    return handle


def read_own(path: Path, limit: int) -> bytes:
    """The whole content of a safe file. Raises as ``open_own`` does, also where the file grew past ``limit`` meanwhile."""
    with open_own(path, os.O_RDONLY, limit) as handle, os.fdopen(os.dup(handle), "rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise UnsafeFileError(path, f"is too large (at most {limit:,} bytes are read)")
    return content
