"""The orders that the recorded writes of one second may have had, by what our puts were made from and what they saw after. Pure.

CloudTrail states times to the second and promises no order within one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from fcsse.errors import FcsseError
from fcsse.event_history.policy_parts import KnownPolicies
from fcsse.event_history.policy_puts import Put
from fcsse.event_history.put_basis import DIGITS, PutBasis
from fcsse.policy.document import PolicyDocument

MOST_TIED = 6
"""Writes of one second of which all orders are looked at."""


class PutOrders:
    """The writes of a key's policy, ``puts`` by their time; each is named by its place among them, from 0."""

    def __init__(self, puts: Sequence[Put], known: KnownPolicies) -> None:
        self._puts = puts
        self._known = known

    def possible(self, tied: Sequence[int]) -> list[Sequence[int]]:
        """The orders that the writes of one second may have had; none where they are too many."""
        if len(tied) > MOST_TIED:
            return []
        orders: list[Sequence[int]] = list(itertools.permutations(tied))
        return [order for order in orders if self._is_possible(order, tied)] or orders[:1]

    def matches(self, number: int, basis: PutBasis) -> bool:
        """Is a version the one that a put of ours was made from?"""
        return bool(basis.digest) and self._puts[number].digest.startswith(basis.digest[:DIGITS])

    def _is_possible(self, order: Sequence[int], tied: Sequence[int]) -> bool:
        """Does an order agree with what our puts read before, and saw a second after?

        What was there before the record began may be put back by a later put: then that is not what an earlier one read.
        There is one such version, so all whose base is none of the puts before them were made from the same.
        """
        place = {number: at for at, number in enumerate(order)}
        unmatched, later = set(), False
        for number in order:
            put = self._puts[number]
            if put.basis is None:
                continue
            same = [other for other in tied if other != number and self.matches(other, put.basis)]
            earlier = any(self.matches(other, put.basis) for other in range(min(tied)))
            if not earlier and all(place[other] > place[number] for other in same):
                unmatched.add(put.basis.digest[:DIGITS])
                later = later or bool(same)
            after = order[place[number] + 1 :]
            replaced = put.basis.held and after and self._puts[after[-1]].digest != put.digest
            # KMS may have shown an old version: what has our part may have been made after it all the same.
            if replaced and not all(self._has_what_was_added(one, put, put.basis) for one in after):
                return False
        unrecorded = min(tied) == 0 and not self._puts[0].created
        return not later or (unrecorded and len(unmatched) == 1)

    def _has_what_was_added(self, number: int, put: Put, basis: PutBasis) -> bool:
        """Does a version have all that a put of ours added to what it was made from?"""
        found, base = self._puts[number].document, document_of(basis.text)
        if found is None or base is None or put.document is None:
            return False
        added = self._known.parts_of(put.document) - self._known.parts_of(base)
        return bool(added) and added <= self._known.parts_of(found)


def document_of(text: str) -> PolicyDocument | None:
    """The policy in a text; None where it is empty or holds none."""
    try:
        return PolicyDocument.parse(text) if text else None
    except FcsseError:
        return None
