"""Finds the writes of others that a put of fcsse ran over, by CloudTrail's record, and gives back what they lost.

In: keys. Out: ``Settlement``: for each key what is lost, what the record does not tell, and the policy with it given back.
The write is that of every change: the copy first, then the protocol of ``PolicyWriter``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fcsse.apply.backup import Backup
from fcsse.apply.give_back import SettleChange, give_back
from fcsse.arn import Arn
from fcsse.commands.history import Histories, read_histories
from fcsse.errors import ChangedError, DeniedError, FcsseError
from fcsse.event_history.lost_writes import LostWrites, find_lost_writes
from fcsse.event_history.observed import Gap
from fcsse.event_history.put_basis import DIGITS, PutBasis
from fcsse.event_history.versions import KeyHistory, Kind
from fcsse.model import Operation
from fcsse.pipeline import Pipeline
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of

PUTS = (Kind.CREATED, Kind.POLICY)
MOST_COPIES = 5000


class KeySettlement(NamedTuple):
    """One key: what the record tells of lost writes, and the policy before and after they are given back.

    ``change`` is None where nothing can be given back. ``open`` is what stays lost: only its owner can decide, or the record
    does not tell which write came last.
    """

    key: Arn
    found: LostWrites
    change: SettleChange | None
    undecided: int

    @property
    def open(self) -> int:
        """How many parts stay lost, or may be lost, after what can be given back was."""
        return self.undecided + len(self.found.unsure)


class Settlement(NamedTuple):
    """All keys, in the order asked for. ``gaps`` are parts of the record that were not read, ``foreign`` keys of others."""

    keys: tuple[KeySettlement, ...]
    gaps: tuple[Gap, ...]
    foreign: tuple[Arn, ...]
    now: datetime

    @property
    def changes(self) -> tuple[SettleChange, ...]:
        """What would be written."""
        return tuple(one.change for one in self.keys if one.change is not None)

    @property
    def open(self) -> int:
        """How many parts stay lost all the same."""
        return sum(one.open for one in self.keys)

    @property
    def digest(self) -> str:
        """Binds a review to what is applied, as a plan's digest does."""
        parts = [Operation.SETTLE.value]
        for change in self.changes:
            digests = [digest_of(document, change.key.partition) for document in (change.before, change.after)]
            parts += [str(change.key), *digests]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


class KeyResult(NamedTuple):
    """How giving back on one key ended. ``backup`` is the copy made before."""

    key: Arn
    backup: str | None = None
    error: FcsseError | None = None


def plan_settlement(
    pipeline: Pipeline, keys: Sequence[Arn], since: datetime | None = None, expect: str | None = None
) -> Settlement:
    """Reads CloudTrail's record of the keys' policies and compares. Writes nothing.

    ``since``: only puts of ours from then on. Raises ``DeniedError`` where the caller lacks cloudtrail:LookupEvents or may
    not read a key's policy, and ``ChangedError`` where ``expect`` is not the digest.
    """
    histories = read_histories(pipeline, keys, kinds=PUTS)
    found = []
    for history in histories.keys:
        pipeline.progress.step(f"reading the policy of key {history.key.resource.removeprefix('key/')}")
        now = PolicyDocument.parse(pipeline.aws.get_policy(history.key))
        found.append(_settle(pipeline, history, now, since, histories.now))
    settlement = Settlement(tuple(found), histories.gaps, histories.foreign, histories.now)
    if expect is not None and expect != settlement.digest:
        raise ChangedError(
            f"checking what is to be given back: its digest is {settlement.digest}, not the expected {expect}",
            "Review a new dry run.",
        )
    return settlement


def apply_settlement(pipeline: Pipeline, settlement: Settlement, *, expected: bool) -> tuple[KeyResult, ...]:
    """Gives back what was lost, key by key; an error on one does not stop the others."""
    results = []
    for change in settlement.changes:
        try:
            results.append(KeyResult(change.key, pipeline.write_policy(change, expected=expected)))
        except FcsseError as error:
            results.append(KeyResult(change.key, error=error))
    return tuple(results)


def lost_writes_of(pipeline: Pipeline, histories: Histories) -> dict[Arn, LostWrites]:
    """What the record tells of lost writes on the keys of a history that was read; nothing is written.

    Where the caller may not read a key's policy, what was given back since is known from the record alone.
    """
    found = {}
    for history in histories.keys:
        if not any(change.kind is Kind.POLICY for change in history.changes):
            continue
        bases = bases_of(pipeline.backups_of_key(str(history.key), MOST_COPIES), history.key.partition)
        without = find_lost_writes(history, bases, None, histories.now)
        now = None
        if without.lost or without.unsure:
            try:
                now = PolicyDocument.parse(pipeline.aws.get_policy(history.key))
            except (DeniedError, FcsseError):
                now = None
        found[history.key] = find_lost_writes(history, bases, now, histories.now) if now else without
    return found


def bases_of(copies: Sequence[Backup], partition: str) -> dict[str, PutBasis]:
    """What each of our puts was made from, by AWS's id of the request, as the copies hold it."""
    found = {}
    for copy in copies:
        if not (copy.request_id and copy.read_at and copy.put_at):
            continue
        try:
            age = (datetime.fromisoformat(copy.put_at) - datetime.fromisoformat(copy.read_at)).total_seconds()
            digest = digest_of(PolicyDocument.parse(copy.policy), partition)[:DIGITS]
        except (ValueError, TypeError, FcsseError):
            continue
        found[copy.request_id] = PutBasis(digest, max(0.0, age), copy.policy, bool(copy.held_at))
    return found


def _settle(
    pipeline: Pipeline, history: KeyHistory, now: PolicyDocument, since: datetime | None, moment: datetime
) -> KeySettlement:
    key = history.key
    bases: Mapping[str, PutBasis] = bases_of(pipeline.backups_of_key(str(key), MOST_COPIES), key.partition)
    found = find_lost_writes(history, bases, now, moment)
    if since is not None:
        found = found._replace(
            lost=tuple(one for one in found.lost if one.by.time >= since),
            unsure=tuple(one for one in found.unsure if one.by.time >= since),
            doubts=tuple(one for one in found.doubts if one.event.time >= since),
        )
    given = give_back(now, found.lost, key.partition)
    change = None
    if given.document is not now:
        change = SettleChange(key, Operation.SETTLE, (), now, given.document, (), losses=found.lost)
    return KeySettlement(key, found, change, len(given.open))
