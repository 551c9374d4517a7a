"""The file of one backup: what it says, and whether it may be used.

A file holds the exact text of a key policy and what is needed to put it back. It is written whole or not at all: a new file
of mode 0600, flushed, then named. Its id sorts by time. A file that is no regular file of this user, or does not say what a
backup says, is damaged; so is one whose policy was edited after it was saved, unless the caller accepts that.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from fcsse.arn import Arn, key_arn
from fcsse.errors import FcsseError
from fcsse.policy.document import PolicyDocument
from fcsse.safe_files import UnsafeFileError, read_own

SCHEMA = "fcsse.backup/1"
MAX_FILE_BYTES = 1024 * 1024
"""More than any backup takes: a key policy has 32,768 bytes, each character at most six in JSON."""
RECORDED = "cloudtrail"
"""In place of the schema: no file, but a version that CloudTrail recorded."""

OPTIONAL = frozenset({"becomes", "read_at", "put_at", "request_id", "held_at", "unsent_at"})
"""Fields that copies of older versions lack."""

_EDITED = "has a policy that was edited after it was saved"
BACKUP_ID = re.compile(r"\d{8}T\d{9}Z-[0-9a-z-]+-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True, repr=False)
class Backup:
    """A saved key policy. ``time`` is in UTC, ``reason`` the change that followed, ``sha256`` that of the text.

    ``becomes`` is the digest of the document that was written next, to tell later whether others changed it since. Once it
    was written: ``read_at`` is when this text was last read, ``put_at`` when the next one was sent, ``request_id`` AWS's id of
    that call, and ``held_at`` when KMS still showed what was put, at least a second later. ``unsent_at`` is when it was certain
    that it was not written. Where a run is cut off, there is neither ``put_at`` nor that. Times in UTC.
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
    unsent_at: str = ""

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
        return self.sha256 != sha256(self.policy)


class DamagedBackup(NamedTuple):
    """A file with a backup's name that is not used. ``reason`` completes "The file …": "is a symbolic link"."""

    path: Path
    reason: str
    edited: bool = False

    @property
    def message(self) -> str:
        """A sentence for people. An edited one can be restored, where that is asked for by its id."""
        return f"{self.path} {self.reason}: damaged, it {'is not used' if self.edited else 'cannot be restored'}."


def sha256(text: str) -> str:
    """The SHA-256 of a policy's text, in hexadecimal."""
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
    if f"-{key.resource.rpartition('/')[2][-8:]}-" not in backup_id:
        return "names another key than its own name does"
    try:
        in_zone = datetime.fromisoformat(backup.time).tzinfo is not None
        "".join(value.values()).encode()
    except ValueError:
        in_zone = False
    if not in_zone:
        return "has a time that is none or of no time zone, or characters that cannot be encoded"
    return _EDITED if backup.edited and not accept_edited else backup


def read_backup(path: Path, *, accept_edited: bool = False) -> Backup | DamagedBackup:
    """What a file holds. ``accept_edited``: a backup also where its policy was edited after it was saved."""
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


def read_with_policy(path: Path, *, accept_edited: bool = False) -> Backup | DamagedBackup:
    """As ``read_backup``; damaged also where its policy is none, which takes longer to find out."""
    found = read_backup(path, accept_edited=accept_edited)
    if isinstance(found, Backup):
        try:
            PolicyDocument.parse(found.policy)
        except FcsseError:
            return DamagedBackup(path, "holds no key policy")
    return found
