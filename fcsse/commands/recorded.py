"""Versions of key policies that CloudTrail recorded, to be put back as a saved copy is.

In: an id, of a copy or of an event. Out: a ``Backup``, whose text then goes through the same diff, question, checks and
write protocol wherever it came from.
"""

from __future__ import annotations

import hashlib

from fcsse.apply.backup import BackupFolder
from fcsse.apply.backup_file import RECORDED, Backup
from fcsse.commands.history import is_event_id, read_version
from fcsse.pipeline import Pipeline


def find_policy(pipeline: Pipeline, folder: BackupFolder, wanted: str, *, accept_edited: bool = False) -> Backup:
    """The saved copy, or the recorded version, of this id. ``accept_edited``: also a copy that was edited since.

    Raises ``NotFoundError`` where there is none, ``UsageError`` and ``ImpossibleError`` as ``read_version`` does.
    """
    if not is_event_id(wanted):
        return folder.find(wanted, accept_edited=accept_edited)
    pipeline.progress.step("reading CloudTrail's event history")
    version = read_version(pipeline.aws, pipeline.clock, wanted, pipeline.words.history())
    event = version.event
    return Backup(
        id=event.id,
        time=event.time.isoformat(timespec="seconds"),
        key=str(version.key),
        account=version.key.account,
        region=version.key.region,
        reason=f"{event.name} by {event.actor.name}",
        policy=version.text,
        sha256=hashlib.sha256(version.text.encode("utf-8", "surrogatepass")).hexdigest(),
        schema=RECORDED,
    )
