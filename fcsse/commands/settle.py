"""Finds the writes of others that a put of fcsse overwrote, by CloudTrail's record, and gives back what they lost.

In: keys. Out: ``Settlement``: for each key what is lost, what the record does not tell, and the policy with it given back.
The write is that of every change: the copy first, then the protocol of ``PolicyWriter``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from fcsse.apply.give_back import SettleChange, give_back
from fcsse.arn import Arn
from fcsse.commands.history import read_histories
from fcsse.commands.lost_record import CLOCKS_APART, lost_writes
from fcsse.endpoint import Endpoint
from fcsse.errors import ChangedError, FcsseError, PolicyFullError, UnconfirmedError
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.losses import LostWrites, Unknown
from fcsse.event_history.observed import Gap
from fcsse.event_history.versions import KeyHistory
from fcsse.link_options import Operation
from fcsse.pipeline import Pipeline
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of

PUTS = (KeyChange.CREATED, KeyChange.POLICY)

PAUSE = 30.0
"""Seconds between two looks at the record while an event is waited for."""

AFTERWARDS = 60.0
"""Seconds after our own event has shown in which those of the same moment are taken to show."""


class KeySettlement(NamedTuple):
    """One key: what the record tells of lost writes, and the policy before and after they are given back.

    ``change`` is None where nothing can be given back, ``error`` why, where it would not fit. ``open`` is what stays lost:
    that, what only its owner can decide, or of which the record does not tell which write came last.
    """

    key: Arn
    found: LostWrites
    change: SettleChange | None
    undecided: int
    error: FcsseError | None = None

    def is_recorded(self, since: datetime) -> bool:
        """Does the record hold a write of ours since then, and all that it takes to judge it?"""
        whole = not self.found.newest_missing and not any(one.reason is Unknown.RECENT for one in self.found.doubts)
        return whole and self.found.newest is not None and self.found.newest >= since

    @property
    def open(self) -> int:
        """How many parts stay lost, or may be lost, after what can be given back was."""
        return (len(self.found.lost) if self.error else self.undecided) + len(self.found.unsure)


class Settlement(NamedTuple):
    """All keys, in the order asked for. ``gaps`` are parts of the record that were not read, ``foreign`` keys of others,
    ``endpoints`` those other than AWS's own that were asked. ``since``: only writes of ours from then on were asked about.
    """

    keys: tuple[KeySettlement, ...]
    gaps: tuple[Gap, ...]
    foreign: tuple[Arn, ...]
    now: datetime
    endpoints: tuple[Endpoint, ...] = ()
    since: datetime | None = None

    @property
    def unknown(self) -> bool:
        """May more be lost than is known: does the record not tell of some write, or was it not read far enough?"""
        unread = any(not (self.since and gap.back_to and gap.back_to <= self.since) for gap in self.gaps)
        return unread or any(one.found.doubts or one.found.newest_missing for one in self.keys)

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
        parts = [Operation.SETTLE.value, *sorted(f"{service} {url}" for service, url in self.endpoints)]
        for change in self.changes:
            both = (change.before, change.after)
            digests = [digest_of(document, change.key.partition, keep_empty=True) for document in both]
            parts += [str(change.key), *digests]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


class KeyResult(NamedTuple):
    """How giving back on one key ended. ``backup`` is the copy made before; ``changed`` is False where nothing was written, by
    all that is known: a write that was not confirmed, or that somebody else's replaced, counts.
    """

    key: Arn
    backup: str | None = None
    error: FcsseError | None = None
    changed: bool = False


def errors_of(found: Settlement, results: Sequence[KeyResult]) -> tuple[FcsseError, ...]:
    """Why what was lost could not be given back, or its write failed, in the order of the keys."""
    return tuple(one.error for some in (found.keys, results) for one in some if one.error)


def plan_settlement(
    pipeline: Pipeline, keys: Sequence[Arn], since: datetime | None = None, expect: str | None = None
) -> Settlement:
    """Reads CloudTrail's record of the keys' policies and compares. Writes nothing.

    ``since``: only puts of ours from then on. A policy that has no room for what it lost is an error of its key. Raises
    ``DeniedError`` where the caller lacks cloudtrail:LookupEvents or may not read a key's policy, and ``ChangedError`` where
    ``expect`` is not the digest.
    """
    since = since and since.replace(microsecond=0)  # as CloudTrail records times
    histories = read_histories(pipeline, keys, kinds=PUTS, compare=False)
    found = []
    for history in histories.keys:
        pipeline.progress.step(f"reading the policy of key {history.key.resource.removeprefix('key/')}")
        now = PolicyDocument.parse(pipeline.aws.get_policy(history.key))
        found.append(_settle(pipeline, history, now, since, histories.now))
    settlement = Settlement(
        tuple(found), histories.gaps, histories.foreign, histories.now, pipeline.aws.endpoints, since
    )
    if expect is not None and expect != settlement.digest:
        raise ChangedError(
            f"checking what is to be given back: its digest is {settlement.digest}, not the expected {expect}",
            "Review a new dry run.",
        )
    return settlement


def await_settlement(
    pipeline: Pipeline, keys: Sequence[Arn], since: datetime, seconds: float
) -> tuple[Settlement, bool]:
    """Looks until the record holds our writes since a time, and those beside them; at most for so many seconds.

    True where it does. CloudTrail shows events after some minutes, in no certain order: so the last look comes a minute
    after our own write has shown.
    """
    clock, end = pipeline.clock, pipeline.clock.monotonic() + seconds
    shown_at: float | None = None
    while True:
        found = plan_settlement(pipeline, keys, since - CLOCKS_APART)
        if all(one.is_recorded(since - CLOCKS_APART) for one in found.keys):
            shown_at = clock.monotonic() if shown_at is None else shown_at
            if clock.monotonic() - shown_at >= AFTERWARDS:
                return found, True
        left = end - clock.monotonic()
        if left <= 0:
            return found, False
        pipeline.progress.step("waiting until CloudTrail shows the write")
        clock.sleep(min(left, PAUSE))


def apply_settlement(pipeline: Pipeline, settlement: Settlement, *, expected: bool) -> tuple[KeyResult, ...]:
    """Gives back what was lost, key by key; an error on one does not stop the others."""
    results = []
    for change in settlement.changes:
        before, saved = pipeline.journal.taken, dict[str, str]()
        try:
            written = pipeline.write_policy(change, expected=expected, saved=saved)
            results.append(KeyResult(change.key, written.backup, changed=written.changed))
        except FcsseError as error:
            taken = pipeline.journal.taken > before or isinstance(error, UnconfirmedError)
            results.append(KeyResult(change.key, saved.get(str(change.key)), error, changed=taken))
    return tuple(results)


def _settle(
    pipeline: Pipeline, history: KeyHistory, now: PolicyDocument, since: datetime | None, moment: datetime
) -> KeySettlement:
    key = history.key
    found = lost_writes(pipeline, history, now, moment)
    if since is not None:
        found = found._replace(
            lost=tuple(one for one in found.lost if one.by.time >= since),
            unsure=tuple(one for one in found.unsure if one.by.time >= since),
            doubts=tuple(one for one in found.doubts if one.event.time >= since),
        )
    try:
        given = give_back(now, found.lost, key.partition)
    except PolicyFullError as error:
        message = f"giving back what was lost to the policy of key {key}: {error.message}"
        hint = "Take statements out of it that nobody needs, and settle again."
        return KeySettlement(key, found, None, 0, PolicyFullError(message, hint))
    change = None
    if given.document is not now:
        change = SettleChange(key, Operation.SETTLE, (), now, given.document, (), losses=found.lost)
    return KeySettlement(key, found, change, len(given.open))
