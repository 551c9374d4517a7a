"""The answers of ``backups``, and of ``restore`` for machines (JSON) and pull requests (Markdown). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.apply.backup_file import Backup
from fcsse.cli.output.documents import Json, endpoint_markdown, error_entry, escaped, fenced, warning_markdown
from fcsse.cli.output.lines import Line, line
from fcsse.commands.restore import Restoration
from fcsse.endpoint import endpoints_entry
from fcsse.errors import FcsseError
from fcsse.model import DOCUMENT_SCHEMA
from fcsse.policy.diff import policy_diff

LEAST_REASON = 14
"""Columns for the reason of a backup, however narrow the terminal."""


def backups_lines(found: Sequence[Backup], width: int | None) -> list[Line]:
    """A line a backup, under a heading for each key. On a terminal the reason is cut to the width there is."""
    keys: dict[str, list[Backup]] = {}
    for one in found:
        keys.setdefault(one.key, []).append(one)
    ids = max(len(one.id) for one in found)
    rows: list[Line] = []
    for key, group in keys.items():
        rows += [*([line("")] if rows else []), line(f"Key {key}", "bold")]
        for one in group:
            start = f"{one.id:<{ids}}  {one.time[:16].replace('T', ' ')}  "
            room = None if width is None else max(LEAST_REASON, width - len(start))
            reason = one.reason if room is None or len(one.reason) <= room else f"{one.reason[: room - 1]}…"
            rows.append(((start, ""), (reason, "dim")))
    return rows


def backups_document(found: Sequence[Backup], *, with_policy: bool) -> Json:
    """The document of ``backups``."""
    entries: list[Json] = []
    for one in found:
        entry: Json = {"id": one.id, "time": one.time, "key": one.key, "account": one.account, "region": one.region}
        entry |= {"reason": one.reason, "bytes": len(one.policy.encode())}
        if with_policy:
            entry["policy"] = one.policy
        entries.append(entry)
    return {"schema": DOCUMENT_SCHEMA, "command": "backups", "exit_code": 0, "backups": entries}


def restore_document(
    restoration: Restoration, backup: str | None, *, dry_run: bool, code: int, changed: bool = False
) -> Json:
    """The document of ``restore``. ``changed``: was anything written?"""
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "restore",
        "exit_code": code,
        "dry_run": dry_run,
        "changes_pending": restoration.changed and dry_run,
        "changed": changed,
        "digest": restoration.digest,
        "endpoints": endpoints_entry(restoration.endpoints),
        "backup_restored": restoration.backup.id,
        "backup_edited": restoration.backup.edited,
        "key": restoration.backup.key,
        "discarded": list(restoration.others),
        "undone": list(restoration.undone),
        "diff": list(policy_diff(restoration.before, restoration.after)),
        "backup": backup,
    }


def refused_restore_document(restoration: Restoration, error: FcsseError, *, dry_run: bool, changed: bool) -> Json:
    """The document of a ``restore`` that was refused or failed: what it would have done, and why it did not.

    ``changed``: was anything written all the same, or may it have been?
    """
    document = restore_document(restoration, None, dry_run=dry_run, code=error.exit_code, changed=changed)
    return {**document, "error": error_entry(error)}


def restore_markdown(
    restoration: Restoration, closing: Sequence[str], more: Sequence[str] = (), *, dry_run: bool
) -> str:
    """The answer of ``restore`` as GitHub Markdown; ``more`` is Markdown already."""
    saved = restoration.backup
    out = ["### fcsse restore" + (" (dry run)" if dry_run else ""), ""]
    heads = "| version | recorded | by | key |" if saved.is_recorded else "| backup | saved | before | key |"
    out += [heads, "| --- | --- | --- | --- |"]
    out.append(f"| `{saved.id}` | {saved.time} | {escaped(saved.reason)} | `{saved.key}` |")
    out += endpoint_markdown(restoration.endpoints)
    if restoration.warnings:
        out += ["", *(row for warning in restoration.warnings for row in warning_markdown(warning))]
    if restoration.changed:
        out += ["", *fenced(policy_diff(restoration.before, restoration.after))]
    for text in closing:
        out += ["", escaped(text)]
    return "\n".join([*out, *(["", *more] if more else [])]) + "\n"


def backups_markdown(found: Sequence[Backup]) -> str:
    """The answer of ``backups`` as GitHub Markdown."""
    rows = [
        f"| `{one.id}` | {one.time[:19].replace('T', ' ')} | `{one.key}` | {escaped(one.reason)} |" for one in found
    ]
    head = ["### fcsse backups", "", "| id | saved (UTC) | key | before |", "| --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"
