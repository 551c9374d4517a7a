"""Giving back what a write overwrote: from lost parts to the next version of a key policy. Pure.

In: the policy as it is now, and what is lost. Out: the policy with it, and what only its owner can decide: a lost statement
whose Sid another statement has now, and a lost ``Version``, by which what others wrote since would be read otherwise.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from fcsse.event_history.losses import Loss
from fcsse.event_history.policy_parts import Part, parts_of
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import JsonValue, PolicyDocument
from fcsse.policy.edit import fit, link, unlink
from fcsse.policy.equivalence import equivalent
from fcsse.policy.statement import Access
from fcsse.policy.statement_edits import with_statements


class GivenBack(NamedTuple):
    """The document with what was lost; ``open``: what it could not be given back of that."""

    document: PolicyDocument
    open: tuple[Loss, ...]


def give_back(document: PolicyDocument, losses: Sequence[Loss], partition: str) -> GivenBack:
    """Puts lost statements at the end, takes out those that somebody had taken out, and the same for accesses of links.

    What is there already, or gone already, is left alone. Raises ``PolicyFullError`` where it does not fit.
    """
    now = parts_of(document, partition)
    gone = {now[one.part].index for one in losses if one.back and not one.part.is_link and one.part in now}
    taken = {one.sid for one in document.statements if one.sid and one.index not in gone}
    added: list[dict[str, JsonValue]] = []
    undecided: list[Loss] = []
    for loss in losses:
        if loss.back or loss.part.is_link or loss.part in now:
            continue
        value = _statement(loss, partition)
        if value is None or (loss.part.sid and loss.part.sid in taken):
            undecided.append(loss)
            continue
        taken.add(loss.part.sid)
        if value not in added:
            added.append(value)
    found = with_statements(document, gone, added)
    given = [access for one in losses if one.part.is_link and not one.back for access in one.part.accesses]
    ended = {one.part for one in losses if one.part.is_link and one.back and one.part in now}
    if ended:
        given = [*_beside(ended, now), *given]
        found = unlink(found, [access for part in ended for access in part.accesses], exact=False).document
    if given:
        # Whoever unlinks every cache takes a statement for every cache, and no role's own.
        found = link(found, given, by_name=True).document
    after = document if equivalent(document, found, partition) else fit(found, document)
    return GivenBack(after, tuple(undecided))


def _beside(ended: Collection[Part], now: Iterable[Part]) -> list[Access]:
    """What links gave the same roles for the same buckets and nobody had taken out: unlinking takes all of that."""
    about = {(one.role, one.bucket_arn) for part in ended for one in part.accesses}
    return [one for part in now if part not in ended for one in part.accesses if (one.role, one.bucket_arn) in about]


def _statement(loss: Loss, partition: str) -> dict[str, JsonValue] | None:
    text = loss.of.policy
    found = parts_of(PolicyDocument.parse(text), partition).get(loss.part) if text else None
    return found.value if found else None


@dataclass(frozen=True, slots=True)
class SettleChange(PolicyChange):
    """The write that gives back what was lost. What others write meanwhile stays: it is worked out anew on that."""

    losses: tuple[Loss, ...] = ()

    def again(self, before: PolicyDocument) -> SettleChange:
        """The same on another version of the document."""
        return replace(self, before=before, after=give_back(before, self.losses, self.key.partition).document)
