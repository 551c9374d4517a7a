"""The recorded writes of a key policy, each of ours with what it was made from. Pure.

In: a key's history, and the bases that copies hold. Out: ``Put`` values, oldest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from fcsse.event_history.events import Event
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.put_basis import DIGITS, PutBasis, basis_of
from fcsse.event_history.rebuilt_base import default_policy, rebuilt_base
from fcsse.event_history.versions import KeyHistory
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of

STALE = timedelta(seconds=11)
"""How old a version may be that KMS still shows, and a second for the record's rounding. What was overwritten is younger."""


class Put(NamedTuple):
    """A write that KMS took. ``digest`` is the document's, empty where the event holds none; ``basis`` is set for ours."""

    event: Event
    document: PolicyDocument | None
    digest: str
    basis: PutBasis | None
    created: bool


def puts_of(history: KeyHistory, saved: Mapping[str, PutBasis]) -> tuple[Put, ...]:
    """The writes of a key's policy, its creation among them. ``saved``: bases by request id."""
    partition = history.key.partition
    found = []
    for change in history.changes:
        if change.failed or change.version is None:
            continue
        created = change.kind is KeyChange.CREATED
        document = change.version.document
        if created and change.event.policy is None and change.event.parameters:
            document = default_policy(history.key)
        digest = digest_of(document, partition) if document else ""
        basis = None if created else basis_of(change.event, dict(saved))
        found.append(Put(change.event, document, digest, basis, created))
    stated = {put.basis.digest[:DIGITS] for put in found if put.basis}
    proven = [_unless_assumed(put, stated) for put in found]
    return tuple(_with_base(put, proven, partition) for put in proven)


def _unless_assumed(put: Put, stated: set[str]) -> Put:
    """What KMS gives to a new key counts only where a put of ours says that it read just that."""
    if put.created and put.event.policy is None and put.digest[:DIGITS] not in stated:
        return put._replace(document=None, digest="")
    return put


def _with_base(put: Put, puts: Sequence[Put], partition: str) -> Put:
    """A put of ours with the policy that it was made from, where that can be rebuilt from the versions written just before."""
    basis = put.basis
    if basis is None or basis.text or not basis.digest or put.document is None:
        return put
    digest = basis.digest[:DIGITS]
    if any(one.digest.startswith(digest) for one in puts):
        return put
    start = put.event.time - timedelta(seconds=basis.age) - STALE
    others = [one for one in puts[::-1] if one is not put and start <= one.event.time <= put.event.time]
    base = rebuilt_base(put.document, [one.document for one in others if one.document], digest, partition)
    return put._replace(basis=basis._replace(text=base.text)) if base else put
