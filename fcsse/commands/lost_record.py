"""Which writes our puts overwrote, by a key's history that was read and the copies on this machine. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fcsse.apply.backup_file import Backup
from fcsse.errors import FcsseError
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.lost_writes import LATE, find_lost_writes
from fcsse.event_history.put_basis import DIGITS, PutBasis
from fcsse.event_history.versions import KeyHistory
from fcsse.pipeline import Pipeline
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of

MOST_COPIES = 5000

CLOCKS_APART = timedelta(seconds=90)
"""How far this machine's clock may be ahead of AWS's."""

LONGEST_AGE = 90 * 86400.0
"""Seconds between a read and the write that follows, at most: as long as CloudTrail's event history."""


def lost_writes(
    pipeline: Pipeline,
    history: KeyHistory,
    now: PolicyDocument | None,
    moment: datetime,
    since: datetime | None = None,
) -> LostWrites:
    """What the record and the copies tell of one key. ``now``: its policy, where it was read. ``since``: of copies that say of a
    write which the record does not show, only those from then on count.
    """
    copies = pipeline.backups_of_key(str(history.key), MOST_COPIES)
    found = find_lost_writes(history, bases_of(copies, history.key.partition), now, moment)
    if now is None:
        return found
    lately = max(moment - LATE, since) if since else moment - LATE
    open_ = [copy for copy in copies if _is_unrecorded(copy, history, lately)]
    return found._replace(
        newest_missing=found.newest_missing or any(copy.put_at for copy in open_),
        cut_off=any(not copy.put_at for copy in open_),
    )


def still_lost(pipeline: Pipeline, history: KeyHistory, moment: datetime) -> LostWrites | None:
    """The same; the policy of now is read only where something seems lost. None where no put of ours is recorded.

    Where the policy may not be read, what was given back since is known from the record alone.
    """
    if not any(change.kind is KeyChange.POLICY for change in history.changes):
        return None
    found = lost_writes(pipeline, history, None, moment)
    if found.lost or found.unsure:
        try:
            now = PolicyDocument.parse(pipeline.aws.get_policy(history.key))
        except FcsseError:
            return found
        found = lost_writes(pipeline, history, now, moment)
    return found if found.ours else None


def _is_unrecorded(copy: Backup, history: KeyHistory, lately: datetime) -> bool:
    """Was the put that a copy was made for sent since ``lately``, or may it have been, and does the record not show it yet?

    A put whose answer was lost has no request id here; its event shows the policy that it wrote. Of a run that was cut off
    at its put, the copy says neither that it was sent nor that it was not.
    """
    try:
        put_at = datetime.fromisoformat(copy.put_at or copy.time)
        if copy.unsent_at or not lately < put_at:
            return False
    except (ValueError, TypeError):  # the copy's times were edited
        return False
    if copy.request_id:
        return all(change.event.request_id != copy.request_id for change in history.changes)
    since = [one.version for one in history.changes if one.version and one.event.time >= put_at - CLOCKS_APART]
    digests = {digest_of(one.document, history.key.partition) for one in since if one.document}
    return copy.becomes not in {"", *digests}


def bases_of(copies: Sequence[Backup], partition: str) -> dict[str, PutBasis]:
    """What each of our puts was made from, by AWS's id of the request, as the copies hold it."""
    found = {}
    for copy in copies:
        if not (copy.request_id and copy.read_at and copy.put_at):
            continue
        try:
            age = (datetime.fromisoformat(copy.put_at) - datetime.fromisoformat(copy.read_at)).total_seconds()
            if age > LONGEST_AGE:  # no run waits so long: the copy's times were edited
                continue
            digest = digest_of(PolicyDocument.parse(copy.policy), partition)[:DIGITS]
        except (ValueError, TypeError, FcsseError):
            continue
        found[copy.request_id] = PutBasis(digest, max(0.0, age), copy.policy, bool(copy.held_at))
    return found
