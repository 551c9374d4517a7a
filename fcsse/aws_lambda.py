"""An AWS Lambda entry point: links a cache's buckets when the cache is created.

Made for an EventBridge rule on CloudTrail's ``CreateFileCache`` and, for FSx for Lustre,
``CreateDataRepositoryAssociation``. EventBridge may deliver an event more than once; linking again changes nothing.

Source: EventBridge user guide, "AWS service events delivered via AWS CloudTrail" (the event's envelope); FSx API
reference (the answers that ``responseElements`` repeats, with names beginning in lower case).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from fcsse.api.link import Result, link, plan
from fcsse.api.settings import Settings
from fcsse.apply.apply import AppliedChange
from fcsse.apply.backup import Backup
from fcsse.arn import is_bucket_name, is_cache_id
from fcsse.errors import (
    BusyError,
    ChangedError,
    CredentialsError,
    DeniedError,
    FcsseError,
    NotFoundError,
    UnconfirmedError,
    UnexpectedError,
)

RESERVE = 30.0
"""Seconds of the function's time that waiting leaves for the work itself."""

LONGEST_WAIT = 600.0

SOURCE = "fsx.amazonaws.com"
"""EFS and S3 have a CreateFileSystem too, with ids that look the same."""

CREATIONS = ("CreateFileCache", "CreateFileSystem", "CreateDataRepositoryAssociation")

MAY_PASS = (BusyError, ChangedError, CredentialsError, DeniedError, NotFoundError, UnconfirmedError, UnexpectedError)
"""Errors for which Lambda's own retries of the event are worth it; others are logged and the event is done.

A refusal is among them: permissions that were just given come into force with a delay, and one that stays is seen among
the function's errors. Source: IAM user guide, "Changes that I make are not always immediately visible".
"""


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands over."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def lambda_handler(event: Mapping[str, object], context: LambdaContext | None = None) -> dict[str, object]:
    """Links the buckets of the cache that the event tells of. Returns what was done, and logs it as JSON lines.

    Needs the permissions that ``fcsse permissions link`` prints where no bucket is named.
    Raises an error that can pass, so that Lambda tries again, also where another bucket has one that cannot; returns
    where none can.
    """
    name, cache, buckets = _read(event)
    if cache is None:
        _log("ignored", event=name, reason="not the successful creation of a cache, or of a link to a bucket")
        return {"result": "ignored"}
    left = _Left(context)
    settings = Settings(
        region=_region(event),
        wait=left(),
        backup_dir=Path(tempfile.gettempdir()) / "fcsse-backups",
        on_backup=_log_backup,
        progress=_Logged(),
    )
    done, errors = _link(cache, buckets, settings, left)
    changed = done is not None and done.changed
    if done is not None and not errors:
        pairs = [
            {"bucket": one.pair.bucket or None, "status": one.status.value, "summary": one.summary}
            for one in done.outcomes
        ]
        _log("linked", event=name, cache=cache, changed=changed, pairs=pairs)
        return {"result": "linked", "cache": cache, "changed": changed, "pairs": pairs}
    for error in errors:
        _log("failed", event=name, cache=cache, code=error.code, message=error.message, hint=error.hint)
    if done is not None and changed:
        keys = [str(one.change.key) for one in done.applied if isinstance(one, AppliedChange) and one.changed]
        _log("partly linked", event=name, cache=cache, keys=keys)
    for error in errors:
        if isinstance(error, MAY_PASS):
            raise error
    first = errors[0]
    return {"result": "failed", "cache": cache, "changed": changed, "code": first.code, "message": first.message}


def _link(
    cache: str, buckets: tuple[str, ...], settings: Settings, left: _Left
) -> tuple[Result | None, Sequence[FcsseError]]:
    """What was done, and all that went wrong: what cannot be linked does not hide what can pass."""
    try:
        # Each change may wait as long as it is told, so what is left once the role is there is shared among them.
        planned = plan(cache, buckets, settings=settings)
        if planned.errors and not planned.changes:
            return None, planned.errors
        return link(cache, buckets, settings=settings._replace(wait=left() / max(1, len(planned.changes)))), ()
    except FcsseError as error:
        done = error.result if isinstance(error.result, Result) else None
        return done, done.errors if done else (error,)


class _Left:
    """Seconds that may still be waited."""

    def __init__(self, context: LambdaContext | None) -> None:
        self._context = context
        self._until = time.monotonic() + LONGEST_WAIT

    def __call__(self) -> float:
        left = self._until - time.monotonic()
        if self._context is not None:
            left = min(left, self._context.get_remaining_time_in_millis() / 1000 - RESERVE)
        return max(0.0, left)


def _log_backup(backup: Backup) -> None:
    """The function's disk does not last, so the copy of the old policy goes to the log, before the new one is written."""
    _log("backup", id=backup.id, key=backup.key, policy=backup.policy)


def _read(event: Mapping[str, object]) -> tuple[str, str | None, tuple[str, ...]]:
    """The event's name, the cache that it is about (None where nothing is to be linked), and its buckets.

    No buckets: CloudTrail left out what was asked for, as it does with what is too large, so that FSx has to be asked.
    """
    detail = _mapping(event.get("detail"))
    name = str(detail.get("eventName", ""))
    if detail.get("eventSource") != SOURCE or name not in CREATIONS or detail.get("errorCode"):
        return name, None, ()
    found = dict(_fields(_mapping(detail.get("responseElements"))))
    cache = next((found[key] for key in ("filecacheid", "filesystemid") if key in found), None)
    if cache is None or not is_cache_id(cache):
        return name, None, ()
    if name == "CreateFileCache":
        # The request has all associations of a cache, whether or not FSx lists them already.
        asked = _mapping(detail.get("requestParameters"))
        if "fileCacheType" not in asked:
            return name, cache, ()
        linked = asked.get("dataRepositoryAssociations")
        paths = [str(_mapping(one).get("dataRepositoryPath", "")) for one in linked] if isinstance(linked, list) else []
    else:
        # A file system has no bucket until it is linked to one, with an association or, the older way, when it is created.
        path = "datarepositorypath" if name == "CreateDataRepositoryAssociation" else "importpath"
        paths = [found.get(path, "")]
    buckets = [path.removeprefix("s3://").split("/", 1)[0] for path in paths if path.startswith("s3://")]
    named = tuple(dict.fromkeys(bucket for bucket in buckets if is_bucket_name(bucket)))
    return name, cache if named else None, named


def _region(event: Mapping[str, object]) -> str | None:
    region = _mapping(event.get("detail")).get("awsRegion") or event.get("region")
    return str(region) if region else None


def _fields(value: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Texts anywhere in an answer, by name in lower case; outer ones last, so that they win."""
    for name, inner in value.items():
        if isinstance(inner, Mapping):
            yield from _fields(inner)
        elif isinstance(inner, str):
            yield name.lower(), inner


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _log(what: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"fcsse": what, **fields}, default=str) + "\n")
    sys.stdout.flush()


class _Logged:
    """Progress as log lines."""

    def step(self, text: str) -> None:
        """A step begins."""
        _log("step", text=text)

    def note(self, text: str) -> None:
        """Something that stays true."""
        _log("note", text=text)

    def advance(self, done: int, total: int) -> None:
        """Nothing: a line a part would be too many."""
