"""Key policies saved before each change: one file each, on disk before anything is written to AWS.

A file holds the exact text and what is needed to put it back. It is written whole or not at all: a new file of mode
0600, flushed, then named. Its id sorts by time.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from fcsse.errors import NotFoundError, UnexpectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

SCHEMA = "fcsse.backup/1"
RECORDED = "cloudtrail"
"""In place of the schema: no file, but a version that CloudTrail recorded."""

_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-z-]+-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Backup:
    """A saved key policy. ``time`` is in UTC, ``reason`` the change that followed, ``sha256`` that of the text.

    ``becomes`` is the digest of the document that was written next, to tell later whether others changed it since.
    """

    id: str
    time: str
    key: str
    account: str
    region: str
    reason: str
    policy: str
    sha256: str
    becomes: str = ""
    schema: str = SCHEMA

    @property
    def is_recorded(self) -> bool:
        """Is it a version from CloudTrail's record, with the event's id, and ``reason`` says who wrote it?"""
        return self.schema == RECORDED

    @property
    def noun(self) -> str:
        """What it is called in messages."""
        return "version" if self.is_recorded else "backup"


def default_folder() -> Path:
    """The platform's state folder for this program. Raises ``UnexpectedError`` where the user has no home."""
    from platformdirs import user_state_path

    try:
        return user_state_path("fcsse", appauthor=False) / "backups"
    except (RuntimeError, KeyError) as error:
        message = f"finding the folder for copies of key policies: this user has no home directory ({error})"
        raise UnexpectedError(
            message, "Name a folder with --backup-dir, or go without copies with --no-backup."
        ) from error


def places(
    folder: Path | None,
    *,
    backup: bool,
    heard: Callable[[Backup], None] | None = None,
    listed_by: str = "fcsse backups",
) -> tuple[BackupFolder | None, Path | None]:
    """Where a run keeps copies (None: nowhere) and takes turns on keys, by default in this platform's state folder.

    Without copies no folder is needed, so none is looked for.
    """
    if folder is None and backup:
        folder = default_folder()
    return BackupFolder(folder, heard, listed_by) if folder and backup else None, folder / "locks" if folder else None


@dataclass(frozen=True, slots=True)
class BackupFolder:
    """Where backups live. The folder is made on the first save, readable by its owner alone.

    ``heard`` is told of each new backup once it is on disk, and before anything is written to AWS. ``listed_by`` is the
    command that shows what there is.
    """

    path: Path
    heard: Callable[[Backup], None] | None = None
    listed_by: str = "fcsse backups"

    def save(
        self, key: str, account: str, region: str, policy: str, reason: str, now: datetime, becomes: str = ""
    ) -> Backup:
        """Puts a policy on disk and returns its record; it is durable when this returns.

        Raises ``UnexpectedError`` where that cannot be done: then nothing may be written to AWS.
        """
        stamp = now.astimezone(UTC)
        key_id = key.rsplit("/", 1)[-1]
        backup = Backup(
            id=f"{stamp:%Y%m%dT%H%M%S}{stamp.microsecond // 1000:03d}Z-{key_id[-8:]}-{secrets.token_hex(3)}",
            time=stamp.isoformat(timespec="seconds"),
            key=key,
            account=account,
            region=region,
            reason=reason,
            policy=policy,
            sha256=_sha256(policy),
            becomes=becomes,
        )
        try:
            _make_durably(self.path)
            _write_durably(self.path / f"{backup.id}.json", json.dumps(asdict(backup), indent=2))
        except OSError as error:
            message = f"saving the policy of key {key} before changing it, in {self.path}: {error.strerror or error}"
            raise UnexpectedError(
                message,
                "Make room there, name another folder with --backup-dir, or go without a copy with --no-backup.",
            ) from error
        if self.heard is not None:
            self.heard(backup)
        return backup

    def all(self) -> tuple[Backup, ...]:
        """All backups, newest first. Files that are no backups, or damaged, are passed over."""
        return tuple(backup for path in self._paths() if (backup := _read(path)))

    def damaged(self) -> tuple[Path, ...]:
        """Files that should be backups and cannot be read as such."""
        return tuple(path for path in self._paths() if _read(path) is None)

    def of_key(self, key: str, most: int = 20) -> tuple[Backup, ...]:
        """The newest backups of one key."""
        suffix = f"-{key.rsplit('/', 1)[-1][-8:]}-"
        found = (backup for path in self._paths() if suffix in path.name and (backup := _read(path)))
        return tuple(backup for backup, _ in zip((b for b in found if b.key == key), range(most), strict=False))

    def find(self, id_or_start: str) -> Backup:
        """The backup of that id, or of the only id that begins so. Raises ``NotFoundError``, ``UsageError``."""
        if not id_or_start:
            message = "finding a backup: its id is empty"
            raise UsageError(message, f"See what there is with: {self.listed_by}")
        found = [path for path in self._paths() if path.stem.startswith(id_or_start)]
        exact = [path for path in found if path.stem == id_or_start]
        match exact or found:
            case [path]:
                backup = _read(path)
                if backup is None:
                    message = f"reading backup {path.stem}: {path} is damaged"
                    raise NotFoundError(message, f"See the others with: {self.listed_by}")
                return backup
            case []:
                message = f"finding backup {id_or_start}: there is none in {self.path}"
                raise NotFoundError(message, f"See what there is with: {self.listed_by}")
            case several:
                message = f"finding backup {id_or_start}: {len(several)} ids begin so"
                raise NotFoundError(message, f"Give more of the id; see them with: {self.listed_by}")

    def _paths(self) -> list[Path]:
        try:
            return sorted((p for p in self.path.glob("*.json") if _ID.fullmatch(p.stem)), reverse=True)
        except OSError:
            return []


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> Backup | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        backup = Backup(**value)
    except (OSError, ValueError, TypeError):
        return None
    return backup if backup.schema == SCHEMA and backup.sha256 == _sha256(backup.policy) else None


def _make_durably(folder: Path) -> None:
    """Makes a folder and those above it, each named on disk for good."""
    if not folder.is_dir():
        _make_durably(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        _flush_folder(folder.parent)


def _write_durably(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    """Lets the names in a folder outlast a crash."""
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
