"""A key's history: its changes in order, and each version of its policy against the version before. Pure.

In: the events about key management that were read, and how far each look-up went. Out: a ``KeyHistory``. What lies before
the record, or outside the pages that were read, is unknown and said to be.

Sources: KMS API reference, PutKeyPolicy (the whole document is replaced, so an event holds a whole version), CreateKey
(without a policy, KMS attaches its default one), RetireGrant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.errors import FcsseError
from fcsse.event_history.difference import difference
from fcsse.event_history.events import KMS, Event, KeyMatch, oldest_first
from fcsse.event_history.key_changes import KeyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent


class Before(Enum):
    """What is known of the version before a version.

    NOT_RECORDED: it is older than the record, or its event holds no text. NOT_READ: the look-up ended before it.
    DEFAULT: the key was created without a policy, so KMS's default one applied, whose text the record does not hold.
    SAME_SECOND: it is known, but both were written in one second, and CloudTrail does not record which came last.
    NONE: there is none; the key was created with this version.
    """

    KNOWN = "known"
    SAME_SECOND = "same second"
    NOT_RECORDED = "not recorded"
    NOT_READ = "not read"
    DEFAULT = "default policy"
    NONE = "none"


class Version(NamedTuple):
    """A version of a key policy.

    ``text`` is None where the event holds none; ``document`` is None where the text is no key policy, for the reason
    ``problem``. ``before_id`` is the event of the version before, where that is known.
    """

    text: str | None
    document: PolicyDocument | None
    problem: str
    before: Before
    before_id: str = ""
    previous: PolicyDocument | None = None
    partition: str = "aws"

    @property
    def same(self) -> bool | None:
        """Does it say the same as the version before? None where either is not known."""
        if self.document is None or self.previous is None:
            return None
        return equivalent(self.previous, self.document, self.partition)

    @property
    def diff(self) -> tuple[str, ...]:
        """The lines of the difference to the version before; empty where there is none, or none can be made."""
        if self.document is None or self.previous is None:
            return ()
        return difference(self.previous, self.document, self.partition)


class Change(NamedTuple):
    """A recorded change of a key, or a failed try. ``version`` is set where the event can hold a policy."""

    event: Event
    kind: KeyChange
    version: Version | None = None

    @property
    def failed(self) -> bool:
        """Was it refused, so that nothing changed?"""
        return self.event.failure is not None


class CacheAccess(NamedTuple):
    """How far one look-up went: to the end of the record, or only ``back_to`` a time (None: not known)."""

    complete: bool
    back_to: datetime | None = None


class KeyHistory(NamedTuple):
    """The changes of one key, oldest first.

    ``reach`` is by event name. ``unattributed`` counts events, by name, that name no key, so that nobody can say whether
    they were about this one; refused calls are recorded like that as a rule. ``nameless`` are the times of those among them
    that replaced a key policy.
    """

    key: Arn
    changes: tuple[Change, ...]
    reach: Mapping[str, CacheAccess]
    unattributed: Mapping[str, int]
    nameless: tuple[datetime, ...] = ()

    @property
    def complete(self) -> bool:
        """Was all of the record read?"""
        return all(one.complete for one in self.reach.values())

    def since(self, start: datetime | None) -> KeyHistory:
        """The same with the changes from that second on; their versions keep what they were compared with."""
        if start is None:
            return self
        second = start.replace(microsecond=0)  # as CloudTrail records times
        return self._replace(changes=tuple(one for one in self.changes if one.event.time >= second))

    def shown(self, *, failed: bool) -> tuple[Change, ...]:
        """The changes; with ``failed``, the refused tries among them as well."""
        return tuple(one for one in self.changes if failed or not one.failed)


def history_of(key: Arn, events: Iterable[Event], reach: Mapping[str, CacheAccess]) -> KeyHistory:
    """The history of one key. ``events`` may be about other keys and services as well, in any order and repeated."""
    names = {kind.value: kind for kind in KeyChange}
    found: list[tuple[Event, KeyChange]] = []
    unattributed: dict[str, int] = {}
    nameless: list[datetime] = []
    for event in oldest_first(events):
        kind = names.get(event.name)
        if kind is None or event.source not in (KMS, "") or event.policy_name != "default":
            continue
        match event.is_about(key):
            case KeyMatch.YES:
                found.append((event, kind))
            case KeyMatch.UNKNOWN:
                unattributed[event.name] = unattributed.get(event.name, 0) + 1
                if kind is KeyChange.POLICY and event.failure is None:
                    nameless.append(event.time)
            case KeyMatch.NO:
                pass
    return KeyHistory(key, _with_versions(found, reach, key.partition), dict(reach), unattributed, tuple(nameless))


def _with_versions(
    found: list[tuple[Event, KeyChange]], reach: Mapping[str, CacheAccess], partition: str
) -> tuple[Change, ...]:
    made = [event for event, kind in found if kind.holds_policy and event.failure is None]
    seconds = Counter(event.time for event in made)
    whole = reach.get(KeyChange.POLICY.value, CacheAccess(False)).complete
    last: Event | None = None
    document: PolicyDocument | None = None
    before = Before.NOT_RECORDED if whole else Before.NOT_READ
    changes = []
    for event, kind in found:
        if not kind.holds_policy:
            changes.append(Change(event, kind))
            continue
        version = version_of(event, partition)
        if kind is KeyChange.CREATED:
            version = version._replace(before=Before.NONE)
        else:
            if last is not None and last.name == KeyChange.CREATED.value and not whole:
                before, document = Before.NOT_READ, None  # others may lie between, outside the pages that were read
            tied = last is not None and (seconds[last.time] > 1 or seconds[event.time] > 1)
            version = version._replace(
                before=Before.SAME_SECOND if tied and before is Before.KNOWN else before,
                before_id=last.id if last is not None and document is not None else "",
                previous=document,
            )
        changes.append(Change(event, kind, version))
        if event.failure is None:
            last, document = event, version.document
            before = Before.KNOWN if document is not None else Before.NOT_RECORDED
            if kind is KeyChange.CREATED and event.policy is None and event.parameters:
                before = Before.DEFAULT
    return tuple(changes)


def version_of(event: Event, partition: str = "aws") -> Version:
    """The version that an event holds, by itself: compared with nothing."""
    text = event.policy
    if text is None:
        return Version(None, None, "the event holds no policy text", Before.NOT_RECORDED, partition=partition)
    try:
        return Version(text, PolicyDocument.parse(text), "", Before.NOT_RECORDED, partition=partition)
    except FcsseError as error:
        return Version(text, None, error.message, Before.NOT_RECORDED, partition=partition)
