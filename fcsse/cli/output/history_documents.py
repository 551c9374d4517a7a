"""The answer of ``history`` for programs: JSON and CSV. Pure."""

from __future__ import annotations

from fcsse.cli.output.csv_rows import csv_row
from fcsse.cli.output.documents import Json
from fcsse.cli.output.history import Shown, grants_by_id, notes_of, what
from fcsse.cli.output.lines import visible
from fcsse.commands.history import Histories, RecordedVersion
from fcsse.endpoint import endpoints_entry
from fcsse.event_history.loss_phrases import part_name
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.tools import tool_of
from fcsse.event_history.versions import Change, KeyHistory, Version
from fcsse.masking import mask
from fcsse.model import DOCUMENT_SCHEMA

COLUMNS = (
    "time",
    "key",
    "event",
    "change",
    "who",
    "role",
    "session",
    "tool",
    "source_address",
    "error",
    "grant",
    "id",
    "before",
)


def history_csv(found: Histories, shown: Shown) -> str:
    """The changes, one a row, under a row of names; source addresses only where they were asked for."""
    out = [csv_row(COLUMNS)]
    for one in found.keys:
        grants = grants_by_id(one)
        for change in one.shown(failed=shown.failed):
            event = change.event
            cells = (
                event.time.isoformat(),
                str(one.key),
                event.name,
                what(change, grants),
                event.actor.name,
                event.actor.role,
                event.actor.session,
                tool_of(event.user_agent),
                event.source_address if shown.addresses else "",
                f"{event.failure.code}: {event.failure.message}" if event.failure else "",
                event.grant_id,
                event.id,
                change.version.before.value if change.version else "",
            )
            out.append(csv_row([visible(mask(cell)) for cell in cells]))
    return "".join(out)


def history_document(found: Histories, shown: Shown) -> Json:
    """The document of ``history``."""
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "history",
        "exit_code": 0,
        "endpoints": endpoints_entry(found.endpoints),
        "since": shown.since.isoformat() if shown.since else None,
        "complete": not found.gaps and not found.foreign,
        "keys": [{**_key(one, shown), "lost": lost_entries(found.lost.get(one.key))} for one in found.keys],
        "notes": notes_of(found, shown),
    }


def lost_entries(found: LostWrites | None) -> list[Json]:
    """What puts of fcsse overwrote, for programs; ``certain`` is false where the record does not tell which came last."""
    some = [(one, True) for one in found.lost] + [(one, False) for one in found.unsure] if found else []
    return [
        {
            "part": part_name(one),
            "sid": one.part.sid or None,
            "back": one.back,
            "certain": certain,
            "written_by": one.of.id,
            "overwritten_by": one.by.id,
        }
        for one, certain in some
    ]


def _key(one: KeyHistory, shown: Shown) -> Json:
    grants = grants_by_id(one)
    return {
        "key": str(one.key),
        "complete": one.complete,
        "read": {
            name: {"complete": reach.complete, "back_to": reach.back_to.isoformat() if reach.back_to else None}
            for name, reach in one.reach.items()
        },
        "without_key": dict(one.unattributed),
        "changes": [_entry(change, grants, shown) for change in one.shown(failed=shown.failed)],
    }


def _entry(change: Change, grants: dict[str, Change], shown: Shown) -> Json:
    event, actor = change.event, change.event.actor
    entry: Json = {
        "id": event.id,
        "time": event.time.isoformat(),
        "event": event.name,
        "change": what(change, grants),
        "by": {
            "name": actor.name,
            "type": actor.kind or None,
            "arn": mask(actor.arn) or None,
            "account": actor.account or None,
            "role": actor.role or None,
            "session": mask(actor.session) or None,
            "service": mask(actor.service) or None,
        },
        "tool": mask(tool_of(event.user_agent)),
        "user_agent": mask(event.user_agent) or None,
        "error": {"code": event.failure.code, "message": event.failure.message} if event.failure else None,
        "grant_id": event.grant_id or None,
        "version": _version(change.version) if change.version else None,
    }
    if shown.addresses:
        entry["source_address"] = mask(event.source_address) or None
    return entry


def _version(version: Version) -> Json:
    return {
        "policy": version.text,
        "problem": version.problem or None,
        "before": version.before.value,
        "before_id": version.before_id or None,
        "same": version.same,
        "diff": list(version.diff),
    }


def version_document(version: RecordedVersion, problem: str) -> Json:
    """The document of ``history ID``."""
    event = version.event
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "history",
        "exit_code": 0,
        "id": event.id,
        "time": event.time.isoformat(),
        "event": event.name,
        "key": str(version.key),
        "by": event.actor.name,
        "policy": version.text,
        "problem": problem or None,
    }
