"""Key policies saved before each change: one file each, on disk before anything is written to AWS.

A file holds the exact text and what is needed to put it back. It is written whole or not at all: a new file of mode
0600, flushed, then named. Its id sorts by time.

The folder may be a link to another one, and others may have write access to it: each file in it is checked when it is read.
A file that is no regular file of this user, or does not say what a backup says, is damaged: reported and passed over. So
is one whose policy was edited after it was saved, unless the caller accepts that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from fcsse.advice import BACKUP_DIR, NO_BACKUP, advice
from fcsse.arn import Arn, key_arn
from fcsse.durable_files import make_folder_durably, write_durably
from fcsse.errors import FcsseError, NotFoundError, UnexpectedError, UsageError
from fcsse.policy.document import PolicyDocument
from fcsse.safe_files import UnsafeFileError, read_own
from fcsse.state_folder import default_folder

SCHEMA = "fcsse.backup/1"
MAX_FILE_BYTES = 1024 * 1024
"""More than any backup takes: a key policy has 32,768 bytes, each character at most six in JSON."""
RECORDED = "cloudtrail"
"""In place of the schema: no file, but a version that CloudTrail recorded."""

OPTIONAL = frozenset({"becomes", "read_at", "put_at", "request_id", "held_at"})
"""Fields that copies of older versions lack."""

_EDITED = "has a policy that was edited after it was saved"
_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-z-]+-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, repr=False)
class Backup:
    """A saved key policy. ``time`` is in UTC, ``reason`` the change that followed, ``sha256`` that of the text.

    ``becomes`` is the digest of the document that was written next, to tell later whether others changed it since. Once it
    was written: ``read_at`` is when this text was last read, ``put_at`` when the next one was sent, ``request_id`` AWS's id of
    that call, and ``held_at`` when KMS still showed what was put, at least a second later; times in UTC.
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
    read_at: str = ""
    put_at: str = ""
    request_id: str = ""
    held_at: str = ""

    def __repr__(self) -> str:
        """One line: the id, the key and the change that followed."""
        return f"<Backup {self.id} of key {self.key}: {self.reason}>"

    def is_of(self, key: Arn) -> bool:
        """Is it a policy of this key? A bare key id, without an account, is enough."""
        return self.key == str(key) or (not key.account and self.key.endswith(f":{key.resource}"))

    @property
    def is_recorded(self) -> bool:
        """Is it a version from CloudTrail's record, with the event's id, and ``reason`` says who wrote it?"""
        return self.schema == RECORDED

    @property
    def noun(self) -> str:
        """What it is called in messages."""
        return "version" if self.is_recorded else "backup"

    @property
    def edited(self) -> bool:
        """Is its policy another one than was saved? Formatting counts."""
        return self.sha256 != _sha256(self.policy)


class DamagedBackup(NamedTuple):
    """A file with a backup's name that is not used. ``reason`` completes "The file …": "is a symbolic link"."""

    path: Path
    reason: str
    edited: bool = False

    @property
    def message(self) -> str:
        """A sentence for people. An edited one can be restored, where that is asked for by its id."""
        return f"{self.path} {self.reason}: damaged, it {'is not used' if self.edited else 'cannot be restored'}."


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

    ``heard`` is told of each new backup once it is on disk, and before anything is written to AWS. ``listed_by`` is the
    command that shows what there is; ``edited_hint`` says what restores one that was edited.
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
            self.heard(backup)
        return backup

    def note_put(self, backup: Backup, **what: str) -> Backup:
        """Adds to a copy what is known of the write that followed: ``read_at``, ``put_at``, ``request_id``, ``held_at``.

        A copy that cannot be written anew stays as it is: it holds all that restoring needs.
        """
        noted = replace(backup, **what)
        path = self.path / f"{backup.id}.json"
        with suppress(OSError):
            if _read(path) == backup:
                write_durably(path, json.dumps(asdict(noted), indent=2))
                return noted
        return backup

    def read_all(self) -> tuple[tuple[Backup, ...], tuple[DamagedBackup, ...]]:
        """All backups and all damaged files, newest first.

        Raises ``UnexpectedError`` where the folder is there but cannot be listed.
        """
        return _sorted_out(map(_read, self._paths()))

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
            one = _read_with_policy(path)
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
                backup = _read_with_policy(path, accept_edited=accept_edited)
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
        return [self.path / f"{stem}.json" for stem in stems if _ID.fullmatch(stem)]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parse_backup(content: bytes, backup_id: str, *, accept_edited: bool = False) -> Backup | str:
    """The backup that a file of this id holds, or why it holds none, completing "The file …". Pure."""
    try:
        value = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a backup of fcsse"
    if value.get("schema") != SCHEMA:
        return f"is not in the format {SCHEMA}"
    names = {field.name for field in fields(Backup)}
    wrong = sorted(
        {name for name in names - OPTIONAL if not isinstance(value.get(name), str)}
        | {name for name in value if name not in names or not isinstance(value[name], str)}
    )
    if wrong:
        return f"has missing, unknown or mistyped fields ({', '.join(wrong[:5])!r})"
    backup = Backup(**value)
    if backup.id != backup_id:
        return "holds the backup of another id"
    key = key_arn(backup.key)
    if key is None:
        return "names no key ARN"
    if (key.account, key.region) != (backup.account, backup.region):
        return "names a key of another account or Region than it was saved for"
    try:
        datetime.fromisoformat(backup.time)
        "".join(value.values()).encode()
    except ValueError:
        return "has a time that is none, or characters that cannot be encoded"
    return _EDITED if backup.edited and not accept_edited else backup


def _read(path: Path, *, accept_edited: bool = False) -> Backup | DamagedBackup:
    try:
        found = parse_backup(read_own(path, MAX_FILE_BYTES), path.stem, accept_edited=True)
    except UnsafeFileError as error:
        found = error.reason
    except OSError as error:
        found = f"cannot be read ({error.strerror or error})"
    if isinstance(found, Backup):
        if accept_edited or not found.edited:
            return found
        return DamagedBackup(path, _EDITED, edited=True)
    return DamagedBackup(path, found)


def _read_with_policy(path: Path, *, accept_edited: bool = False) -> Backup | DamagedBackup:
    """As ``_read``; damaged also where its policy is none, which takes longer to find out."""
    found = _read(path, accept_edited=accept_edited)
    if isinstance(found, Backup):
        try:
            PolicyDocument.parse(found.policy)
        except FcsseError:
            return DamagedBackup(path, "holds no key policy")
    return found


def _sorted_out(found: Iterator[Backup | DamagedBackup]) -> tuple[tuple[Backup, ...], tuple[DamagedBackup, ...]]:
    both = tuple(found)
    return (
        tuple(one for one in both if isinstance(one, Backup)),
        tuple(one for one in both if isinstance(one, DamagedBackup)),
    )
