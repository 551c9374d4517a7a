"""Which writes of others a put of ours overwrote, by CloudTrail's order of them and what each of ours was based on. Pure.

In: a key's history, the bases of our puts, and the policy as it is now. Out: what is still lost, and what the record cannot
tell. CloudTrail states times to the second and promises no order within one: every order of such events that the bases, the
readings after our puts and the policy of now allow is followed, and only what is lost in all of them counts as lost. Where a
version is missing from the record, nothing is concluded from what looks like a difference.

Source: KMS API reference, PutKeyPolicy (it replaces the whole document; the last writer wins).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fcsse.event_history.losses import Doubt, Loss, LostWrites, Unknown
from fcsse.event_history.policy_parts import KnownPolicies, Part, has_ids, plain_forms, plain_forms_of
from fcsse.event_history.policy_puts import STALE, Put, puts_of
from fcsse.event_history.put_basis import DIGITS, PutBasis
from fcsse.event_history.put_orders import PutOrders, document_of
from fcsse.event_history.versions import KeyHistory
from fcsse.policy.document import PolicyDocument

LATE = timedelta(minutes=15)
"""After so long, the record holds what happened. Source: CloudTrail user guide ("within an average of about 5 minutes")."""

MOST_STATES = 200
MOST_STEPS = 20_000
"""Events that are followed at most, in all orders together: seconds of work. Beyond, those of one second are not told apart."""


class _State(NamedTuple):
    """One possible course of events so far: the last put, what is lost, and what is not known."""

    last: int | None = None
    lost: frozenset[tuple[Part, bool, int, int]] = frozenset()
    doubts: frozenset[tuple[int, Unknown]] = frozenset()
    order: tuple[int, ...] = ()


def find_lost_writes(
    history: KeyHistory, saved: Mapping[str, PutBasis], now: PolicyDocument | None, moment: datetime
) -> LostWrites:
    """What is still lost. ``saved``: bases by request id; ``now``: the policy as KMS shows it, None where it was not read."""
    puts = puts_of(history, saved)
    search = _Search(puts, history.key.partition, moment)
    search.doubt_beside(history.nameless)
    return search.run(now)


class _Search:
    """Follows all orders of events. Events of different seconds have one; those of one second as many as are possible."""

    def __init__(self, puts: Sequence[Put], partition: str, moment: datetime) -> None:
        self._puts = puts
        self._partition = partition
        self._moment = moment
        self._known = KnownPolicies(partition)
        self._orders = PutOrders(puts, self._known)
        self._steps = 0
        self._unordered: set[int] = set()
        """Events of which nobody followed which came last."""
        self._crowded: set[tuple[int, Unknown]] = set()

    def doubt_beside(self, nameless: Sequence[datetime]) -> None:
        """Doubts our puts that may have overwritten one of these writes, whose key is not known."""
        for number, put in enumerate(self._puts):
            start = put.event.time - timedelta(seconds=put.basis.age) - STALE if put.basis else put.event.time
            if put.basis and any(start <= one <= put.event.time for one in nameless):
                self._crowded.add((number, Unknown.NAMELESS))

    def run(self, now: PolicyDocument | None) -> LostWrites:
        states = [_State()]
        numbers = range(len(self._puts))
        for _, tied in itertools.groupby(numbers, key=lambda number: self._puts[number].event.time):
            states = self._follow(states, list(tied))
        missing = False
        if now is not None and self._puts:
            current = [one for one in states if self._is(one.last, now)]
            missing = not current
            states = [self._at_end(one, now) for one in current or states]
        return self._summary(states, missing)

    def _follow(self, states: list[_State], tied: list[int]) -> list[_State]:
        """The states after the events of one second."""
        possible = self._orders.possible(tied)
        steps = len(states) * len(possible) * len(tied)
        skip = len(tied) > 1 and (not possible or self._steps + steps > MOST_STEPS)
        if skip:
            self._crowded |= {(number, Unknown.TOO_MANY) for number in tied if self._puts[number].basis}
            self._unordered.update(tied)
            possible = [tied]
        else:
            self._steps += steps
        found: dict[object, _State] = {}
        for state in states:
            for order in possible:
                one = state
                for number in order:
                    one = self._after(one, number, skip=skip)
                found.setdefault((one.last, one.lost, one.doubts), one)
        kept = list(found.values())
        if len(kept) > MOST_STATES:
            self._crowded |= {(number, Unknown.TOO_MANY) for number in tied if self._puts[number].basis}
            kept = kept[:MOST_STATES]
        return kept

    def _is(self, number: int | None, document: PolicyDocument) -> bool:
        found = self._puts[number].document if number is not None else None
        return found is not None and self._known.say_the_same(found, document)

    def _after(self, state: _State, number: int, *, skip: bool) -> _State:
        put = self._puts[number]
        lost = self._still_lost(state.lost, self._document(state.last), put.document)
        doubts = state.doubts
        if put.basis is not None and not skip:
            more, doubt = self._run_over(state, number, put, put.basis)
            lost |= more
            if doubt is not None:
                doubts |= {(number, doubt)}
        return _State(number, frozenset(lost), frozenset(doubts), (*state.order, number))

    def _run_over(
        self, state: _State, number: int, put: Put, basis: PutBasis
    ) -> tuple[set[tuple[Part, bool, int, int]], Unknown | None]:
        """What this put lost of the version before it, when it was made from another one."""
        if state.last is None:
            return set(), None
        if state.last in self._unordered:
            return set(), Unknown.TOO_MANY
        if self._orders.matches(state.last, basis):
            return set(), None
        before = self._puts[state.last]
        if before.document is None or put.document is None:
            return set(), Unknown.NO_TEXT
        base, first, doubt = self._base(state, put, basis)
        if base is not None and self._known.say_the_same(base, before.document):
            return set(), None
        if base is None or doubt is not None:
            return set(), doubt or Unknown.NOT_RECORDED
        reading = put.event.time - timedelta(seconds=basis.age)
        if self._puts[first].event.time < reading - STALE:
            return set(), Unknown.GAP
        if not self._unordered.isdisjoint(state.order[state.order.index(first) :]):
            return set(), Unknown.TOO_MANY
        missing, back = self._difference(base, before.document, put.document)
        if missing or back:
            added, removed = self._meant(state.order, first)
            missing, back = missing & added, back & removed
        links = {part for part in back if part.accesses}
        if links and not self._is_base_before(state.order, basis):
            # The record's first version may have taken our link out, or the put of ours that added it later is missing.
            back, doubt = back - links, Unknown.GAP
        pieces = {(part, False) for part in missing} | {(part, True) for part in back}
        return {(part, is_back, number, state.last) for part, is_back in pieces}, doubt

    def _is_base_before(self, order: Sequence[int], basis: PutBasis) -> bool:
        """Does the record show when the base was the policy: by its version, or by a put that was made from it, too?"""
        first = self._puts[order[0]].basis
        chained = first is not None and first.digest[:DIGITS] == basis.digest[:DIGITS]
        return chained or any(self._orders.matches(number, basis) for number in order)

    def _base(self, state: _State, put: Put, basis: PutBasis) -> tuple[PolicyDocument | None, int, Unknown | None]:
        """The policy that a put was made from, the first version after it, and why nothing may be concluded from it."""
        order = state.order
        for at in range(len(order) - 1, -1, -1):
            if self._orders.matches(order[at], basis):
                following = order[at + 1] if at + 1 < len(order) else order[at]
                return self._puts[order[at]].document, following, None
        text = document_of(basis.text)
        if text is None or state.last is None:
            return None, 0, Unknown.NOT_RECORDED
        if self._known.say_the_same(text, self._puts[state.last].document or text):
            return text, state.last, None
        first = order[0]
        if self._puts[first].created or len(order) > 1:
            return text, first, self._unless_chained(order, basis)
        known = self._puts[first].basis
        chained = known is not None and known.digest[:DIGITS] == basis.digest[:DIGITS]
        young = self._moment - put.event.time < LATE
        return text, first, Unknown.RECENT if young and not chained else None

    def _unless_chained(self, order: Sequence[int], basis: PutBasis) -> Unknown | None:
        """None where the record itself says that the version before its first one was the base."""
        known = self._puts[order[0]].basis
        if not self._puts[order[0]].created and known is not None and known.digest[:DIGITS] == basis.digest[:DIGITS]:
            return None
        return Unknown.GAP

    def _meant(self, order: Sequence[int], first: int) -> tuple[set[Part], set[Part]]:
        """What the puts from ``first`` on added and took out on purpose: each of ours compared with what it was made from."""
        added: set[Part] = set()
        removed: set[Part] = set()
        start = order.index(first)
        for at in range(start, len(order)):
            put = self._puts[order[at]]
            before = self._document(order[at - 1]) if at else None
            if put.basis is not None:
                own = next((one for one in order[:at][::-1] if self._orders.matches(one, put.basis)), None)
                before = self._document(own) if own is not None else document_of(put.basis.text) or before
            if put.document is None:
                continue
            after = self._known.parts_of(put.document)
            old = self._known.parts_of(before) if before is not None else None
            plus, minus = (after - old, old - after) if old is not None else (after, self._base_of_first(after))
            added, removed = (added | plus) - minus, (removed | minus) - plus
        return added, removed

    def _base_of_first(self, after: frozenset[Part]) -> set[Part]:
        """Of the record's first version nobody knows what it took out: whatever any of our bases has and it has not."""
        bases = [document_of(put.basis.text) for put in self._puts if put.basis and put.basis.text]
        return {part for one in bases if one for part in self._known.parts_of(one)} - after

    def _difference(
        self, base: PolicyDocument, before: PolicyDocument, after: PolicyDocument
    ) -> tuple[set[Part], set[Part]]:
        old, theirs, new = map(self._known.parts_of, (base, before, after))
        missing, back = set(theirs - old - new), {one for one in (old - theirs) & new if not one.version}
        if (missing or back) and (has_ids(base) or has_ids(after)):
            known = [plain_forms(one, self._partition) for one in (base, before, after)]
            missing = {
                one
                for one in missing
                if one.version or not plain_forms_of(one, before, self._partition) & (known[0] | known[2])
            }
            back = {one for one in back if not plain_forms_of(one, base, self._partition) & known[1]}
        return missing, back

    def _still_lost(
        self,
        lost: Iterable[tuple[Part, bool, int, int]],
        before: PolicyDocument | None,
        after: PolicyDocument | None,
    ) -> set[tuple[Part, bool, int, int]]:
        """Of what is lost, what a later version leaves so. A later statement of the same Sid takes the place of a lost one."""
        kept = set(lost)
        if after is None or not kept:
            return kept
        new = self._known.parts_of(after)
        added = new - (self._known.parts_of(before) if before else new)
        sids = {one.sid for one in added if one.sid}
        return {
            one for one in kept if (one[0] in new) is one[1] and not (not one[1] and one[0].sid and one[0].sid in sids)
        }

    def _document(self, number: int | None) -> PolicyDocument | None:
        return self._puts[number].document if number is not None else None

    def _at_end(self, state: _State, now: PolicyDocument) -> _State:
        lost = self._still_lost(state.lost, self._document(state.last), now)
        return state._replace(lost=frozenset(lost))

    def _summary(self, states: Sequence[_State], missing: bool) -> LostWrites:
        every = set.intersection(*(set(one.lost) for one in states))
        some = set.union(*(set(one.lost) for one in states)) - every
        doubts = set.union(*(set(one.doubts) for one in states)) | self._crowded
        ours = [put.event.time for put in self._puts if put.basis]
        return LostWrites(
            self._losses(every),
            self._losses(some),
            tuple(Doubt(self._puts[number].event, reason) for number, reason in sorted(doubts, key=lambda one: one[0])),
            missing,
            len(ours),
            max(ours, default=None),
        )

    def _losses(self, found: Iterable[tuple[Part, bool, int, int]]) -> tuple[Loss, ...]:
        ordered = sorted(found, key=lambda one: (one[2], one[3], one[1], one[0].sid, repr(one[0].form)))
        return tuple(Loss(part, back, self._puts[by].event, self._puts[of].event) for part, back, by, of in ordered)
