"""What a plan comes to: whether access is there before it, and what still stands in its way after it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.errors import ImpossibleError
from fcsse.evaluator.pair_access import judge, label
from fcsse.planning.denials import advice, exemption, why

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcsse.model import Facts, Grant
    from fcsse.policy.document import PolicyDocument
    from fcsse.policy.encryption_context import ContextForm
    from fcsse.policy.statement import Access


def already_allowed(facts: Facts, access: Access, document: PolicyDocument) -> tuple[str, ...]:
    """The statements that give the whole access already, whoever wrote them; empty where it is not all there."""
    before = judge(facts, document, forms=access.forms, explain=False)
    return before.deciders if before is not None and before.complete else ()


def form_changed(facts: Facts, before: PolicyDocument) -> tuple[str, ...]:
    """Was the bucket's Bucket Key setting changed since the cache was linked? Said as a warning."""
    judged = judge(facts, before, explain=False)
    if judged is None or not judged.form_changed:
        return ()
    return (
        f"The Bucket Key setting of {facts.bucket.name} changed since {facts.pair.cache} was linked: the statement from then "
        "serves others too and stays as it is, for the objects written before; those others need linking again as well.",
    )


def stands_in_the_way(
    facts: Facts,
    after: PolicyDocument,
    grants: Sequence[Grant] = (),
    forms: frozenset[ContextForm] | None = None,
) -> tuple[str, ...]:
    """What will still stand in the way once the change is made, as warnings.

    Raises ``ImpossibleError`` where an explicit Deny stops reading or writing whatever is allowed.
    """
    judged = judge(facts, after, grants, forms, explain=False)
    if judged is None:
        return ()
    if judged.denials:
        actions = ", ".join(dict.fromkeys(row.asked.action for row in judged.denials))
        denial = judged.denials[0]
        by = label(denial.decision.decided_by or "a statement")
        because = why(denial.decision, denial.asked.form)
        raise ImpossibleError(
            f"linking {facts.pair}: {by} of the key policy denies {actions} to the role, and a Deny wins over every Allow"
            + (f": {because}" if because else ""),
            f"{advice(exemption(denial.decision, facts, denial.asked.form), by)}; then link again.",
        )
    return tuple(
        dict.fromkeys(
            f"{row.asked.action} may still fail after linking: {row.decision.reason}." for row in judged.doubts
        )
    )


def stays(facts: Facts, after: PolicyDocument | None, grants: Sequence[Grant]) -> tuple[str, ...]:
    """What still gives the role access to the bucket's key once a pair is unlinked, as sentences."""
    if facts.role is None or not facts.role.exists:
        return ()
    judged = judge(facts, after, grants, explain=False)
    if judged is None:
        return ()
    by = dict.fromkeys(
        label(row.decision.decided_by)
        for row in judged.rows
        if row.asked.needed and row.decision.decided_by and not row.decision.explicit
    )
    return tuple(
        f"{facts.pair.cache} keeps access to the key by {one}, which is not for this cache and bucket alone."
        for one in by
    )
