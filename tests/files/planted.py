"""Things that may lie where a file is expected, each put there by somebody."""

from __future__ import annotations

import os
import socket
from pathlib import Path

VICTIM = "somebody's own words\n"


def victim_of(path: Path) -> Path:
    """A file that a planted link leads to."""
    return path.parent.parent / "victim"


def symbolic_link(path: Path, content: bytes) -> None:
    """A link to somebody else's file."""
    victim_of(path).write_text(VICTIM, encoding="utf-8")
    path.symlink_to(victim_of(path))


def dangling_link(path: Path, content: bytes) -> None:
    """A link that would make a file elsewhere."""
    path.symlink_to(victim_of(path))


def hard_link(path: Path, content: bytes) -> None:
    """A second name of somebody's file, with the very content that is expected."""
    victim_of(path).write_bytes(content or VICTIM.encode())
    path.hardlink_to(victim_of(path))


def pipe(path: Path, content: bytes) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def local_socket(path: Path, content: bytes) -> None:
    """A socket."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        socket.socket(socket.AF_UNIX).bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def folder(path: Path, content: bytes) -> None:
    """A folder."""
    path.mkdir()


def foreign_file(path: Path, content: bytes) -> None:
    """A file of another user, with the very content that is expected."""
    path.write_bytes(content)
    os.chown(path, 54321, -1)


def huge_file(path: Path, content: bytes) -> None:
    """A file of 8 GiB that takes no room."""
    with path.open("wb") as file:
        file.truncate(8 * 1024**3)


PLANTED = (symbolic_link, dangling_link, hard_link, pipe, local_socket, folder, huge_file)
"""What any user can plant; ``foreign_file`` takes root."""
