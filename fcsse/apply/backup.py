"""The folder of the key policies saved before each change: one file each, on disk before anything is written to AWS.

The folder may be a link to another one, and others may have write access to it: each file in it is checked when it is read,
and reported and passed over where it is damaged (``backup_file``).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fcsse.advice import BACKUP_DIR, NO_BACKUP, advice
from fcsse.apply.backup_file import BACKUP_ID, Backup, DamagedBackup, read_backup, read_with_policy, sha256
from fcsse.durable_files import make_folder_durably, write_durably
from fcsse.errors import FcsseError, NotFoundError, UnexpectedError, UsageError
from fcsse.state_folder import default_folder


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


class BackupFolder(NamedTuple):
    """Where backups live. The folder is made on the first save, readable by its owner alone.

    ``heard`` is told of each new backup once it is on disk, and before anything is written to AWS; what it raises becomes an
    ``UnexpectedError``. ``listed_by`` is the command that shows what there is; ``edited_hint`` says what restores one that was edited.
    """

    path: Path
    heard: Callable[[Backup], None] | None = None
    listed_by: str = "fcsse backups"
    edited_hint: str = (
        "To restore it as it is now, pass accept_edited=True; look at the difference first, with dry_run=True."
    )

    def save(
        self, key: str, account: str, region: str, policy: str, reason: str, now: datetime, becomes: str = ""
    ) -> Backup:
        """Puts a policy on disk and returns its record; it is durable when this returns.

        Raises ``UnexpectedError`` where that cannot be done, or ``heard`` fails: then nothing may be written to AWS.
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
            sha256=sha256(policy),
            becomes=becomes,
        )
        try:
            make_folder_durably(self.path)
            write_durably(self.path / f"{backup.id}.json", json.dumps(asdict(backup), indent=2))
        except OSError as error:
            message = f"saving the policy of key {key} before changing it, in {self.path}: {error.strerror or error}"
            raise UnexpectedError(
                message,
                advice(
                    "Make room there, name another folder with ",
                    BACKUP_DIR,
                    ", or go without a copy with ",
                    NO_BACKUP,
                    ".",
                ),
            ) from error
        if self.heard is not None:
            self._tell(self.heard, backup)
        return backup

    @staticmethod
    def _tell(heard: Callable[[Backup], None], backup: Backup) -> None:
        """Whatever goes wrong there is an error of this key alone, so that it is told what was written before."""
        try:
            heard(backup)
        except FcsseError:
            raise
        except Exception as error:
            message = f"handing on the policy of key {backup.key} before changing it: {type(error).__name__}: {error}"
            raise UnexpectedError(message, f"The copy itself is on disk, as backup {backup.id}.") from error

    def note_put(self, backup: Backup, **what: str) -> Backup:
        """Adds to a copy what is known of the write that followed: ``read_at``, ``put_at``, ``request_id``, ``held_at``;
        or ``unsent_at``, where none did.

        A copy that cannot be written anew stays as it is: it holds all that restoring needs.
        """
        noted = replace(backup, **what)
        path = self.path / f"{backup.id}.json"
        with suppress(OSError):
            if read_backup(path) == backup:
                write_durably(path, json.dumps(asdict(noted), indent=2))
                return noted
        return backup

    def read_all(self) -> tuple[tuple[Backup, ...], tuple[DamagedBackup, ...]]:
        """All backups and all damaged files, newest first.

        Raises ``UnexpectedError`` where the folder is there but cannot be listed.
        """
        return _sorted_out(map(read_backup, self._paths()))

    def all(self) -> tuple[Backup, ...]:
        """All backups, newest first. Damaged files are passed over. Raises as ``read_all`` does."""
        return self.read_all()[0]

    def damaged(self) -> tuple[DamagedBackup, ...]:
        """Files that should be backups and cannot be used as such. Raises as ``read_all`` does."""
        return self.read_all()[1]

    def read_of_key(self, key: str, most: int = 20) -> tuple[tuple[Backup, ...], tuple[DamagedBackup, ...]]:
        """The newest backups of one key, and the damaged files met on the way that bear its name.

        A folder that cannot be listed has none: what needs them most, a write, reports that by itself.
        """
        suffix = f"-{key.rsplit('/', 1)[-1][-8:]}-"
        try:
            paths = [path for path in self._paths() if suffix in path.name]
        except UnexpectedError:
            return (), ()
        found: list[Backup] = []
        damaged: list[DamagedBackup] = []
        for path in paths:
            if len(found) == most:
                break
            one = read_with_policy(path)
            if isinstance(one, DamagedBackup):
                damaged.append(one)
            elif one.key == key:
                found.append(one)
        return tuple(found), tuple(damaged)

    def of_key(self, key: str, most: int = 20) -> tuple[Backup, ...]:
        """The newest backups of one key; damaged files are passed over."""
        return self.read_of_key(key, most)[0]

    def find(self, id_or_start: str, *, accept_edited: bool = False) -> Backup:
        """The backup of that id, or of the only id that begins so. Raises ``NotFoundError``, ``UsageError``.

        ``accept_edited``: also where its policy was edited after it was saved; everything else has to be right.
        """
        if not id_or_start:
            message = "finding a backup: its id is empty"
            raise UsageError(message, f"List the backups: {self.listed_by}")
        found = [path for path in self._paths() if path.stem.startswith(id_or_start)]
        exact = [path for path in found if path.stem == id_or_start]
        match exact or found:
            case [path]:
                backup = read_with_policy(path, accept_edited=accept_edited)
                if isinstance(backup, DamagedBackup):
                    message = f"reading backup {path.stem}: {path} is damaged: it {backup.reason}"
                    others = f"List the others: {self.listed_by}"
                    raise NotFoundError(message, f"{self.edited_hint}\n{others}" if backup.edited else others)
                return backup
            case []:
                message = f"finding backup {id_or_start}: there is none in {self.path}"
                raise NotFoundError(message, f"List the backups: {self.listed_by}")
            case several:
                message = f"finding backup {id_or_start}: it matches {len(several)} backups"
                raise NotFoundError(message, f"Give more characters; list them: {self.listed_by}")

    def _paths(self) -> list[Path]:
        try:
            names = [name for name in os.listdir(self.path) if name.endswith(".json")]  # noqa: PTH208 - names only
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"listing the backups in {self.path}: {error.strerror or error}"
            raise UnexpectedError(
                message,
                advice(
                    "Correct the folder or its permissions, name another with ",
                    BACKUP_DIR,
                    ", or go without copies with ",
                    NO_BACKUP,
                    ".",
                ),
            ) from error
        stems = sorted((name.removesuffix(".json") for name in names), reverse=True)
        return [self.path / f"{stem}.json" for stem in stems if BACKUP_ID.fullmatch(stem)]


def _sorted_out(found: Iterator[Backup | DamagedBackup]) -> tuple[tuple[Backup, ...], tuple[DamagedBackup, ...]]:
    both = tuple(found)
    return (
        tuple(one for one in both if isinstance(one, Backup)),
        tuple(one for one in both if isinstance(one, DamagedBackup)),
    )
