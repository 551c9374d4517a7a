"""Merging access into a key policy, taking it out, and pruning dead principals.

Every edit changes as little text as it can: bytes that the diff does not show stay as they are. What others may do
never changes; a statement is ours by what it says, not by its Sid.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from fcsse import errors
from fcsse.advice import LINK_BY_GRANT, advice
from fcsse.policy import steps as did
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument
from fcsse.policy.equivalence import canonical_document
from fcsse.policy.linking import drift, grant, in_order, partly, wishes
from fcsse.policy.pruning import prune as prune_drafts
from fcsse.policy.statement import Access
from fcsse.policy.statement_edits import PolicyEdit
from fcsse.policy.unlinking import holds, leftovers, withdraw


class Edit(NamedTuple):
    """What an edit came to: the document (the given one where nothing changed), and what was done or found."""

    document: PolicyDocument
    steps: tuple[did.Step, ...]
    changed: bool


def link(
    document: PolicyDocument,
    accesses: Sequence[Access],
    *,
    prune: bool = False,
    dead: Collection[str] = (),
    by_name: bool = False,
) -> Edit:
    """Gives accesses.

    For each: (1) where statements of ours give it already, nothing changes; (2) where the role (with other roles of
    this call that need the same) has a statement for just this bucket that lacks a form of the encryption context, the
    form joins it; (3) where a statement differs only in the role, the role joins its principals; (4) otherwise a new
    statement goes to the end. Statements that look like ours but say something else are reported as Drift.

    ``dead`` are unique ids that belong to nobody. Those in statements of ours are pruned; with ``prune``, all others that
    can be. The result does not
    depend on the order of ``accesses``, and linking again changes nothing. ``by_name``: for a role, a statement for every cache
    is not enough.
    """
    drafts = PolicyEdit(document)
    steps = prune_drafts(drafts, dead, ours_only=not prune, accounts={one.account for one in accesses})
    wanted = in_order(accesses)
    wished = wishes(wanted)
    for access in wanted:
        looks_alike = drift(drafts, access)
        given = grant(drafts, access, wished, by_name=by_name)
        steps += [*looks_alike, *given]
        if not any(isinstance(step, did.AlreadyThere) for step in given):
            known = {step.label for step in looks_alike if isinstance(step, did.Drift)}
            steps += [step for step in partly(drafts, access) if step.label not in known]
    return _finish(drafts, steps)


def unlink(
    document: PolicyDocument,
    accesses: Sequence[Access],
    known_texts: Sequence[str] = (),
    *,
    prune: bool = False,
    dead: Collection[str] = (),
    exact: bool = True,
) -> Edit:
    """Takes accesses back: every statement of ours for role and bucket, whatever its forms, Region or Sid.

    The role leaves the principals; a statement with nobody left goes. Where a statement is about several buckets, only
    the bucket goes if all its principals lose it; otherwise the role goes, and keeps the other buckets by statements
    of its own (or by joining those that say the same). Statements of another meaning are never touched, only reported.
    The role need not exist. For every cache of the account only the documented statement for every cache goes.

    ``known_texts`` are earlier texts of the policy: where the result says the same as one, it is that one to the byte.
    Without ``exact``, statements with the bucket under StringEquals, which no link writes, are left alone.
    """
    drafts = PolicyEdit(document)
    steps = prune_drafts(drafts, dead, ours_only=not prune, accounts={one.account for one in accesses})
    wanted = in_order(accesses)
    hits: set[Access] = set()
    for draft in drafts.alive:
        found = [access for access in wanted if holds(draft, access) and (exact or not draft.exact)]
        hits.update(found)
        if found:
            steps += withdraw(drafts, draft, found)
    for access in wanted:
        steps += [] if access in hits else [did.NotThere(access)]
        steps += leftovers(drafts, access)
    edit = _finish(drafts, steps)
    return edit._replace(document=_known(edit.document, known_texts, wanted)) if edit.changed else edit


def prune_dead(document: PolicyDocument, dead: Collection[str], ours_only: bool) -> Edit:
    """Takes dead principals (``dead``: their unique ids) out: of statements of ours, or of all.

    A statement whose principals are all dead goes whole: it applies to nobody. A dead id is kept, and reported, where
    it is all that a NotPrincipal excepts, for without it the statement would apply to everybody.
    """
    drafts = PolicyEdit(document)
    return _finish(drafts, prune_drafts(drafts, dead, ours_only=ours_only))


def fit(document: PolicyDocument, before: PolicyDocument, doing: str = "fitting the key policy") -> PolicyDocument:
    """The document in a size that KMS takes: as it is laid out if that fits, else without white space.

    Raises PolicyFullError, with the sizes, where it does not fit either way. ``before`` is the policy as it stands,
    ``doing`` begins the message.
    """
    if document.size <= MAX_POLICY_BYTES:
        return document
    compact = document.compact()
    if compact.size <= MAX_POLICY_BYTES:
        return compact
    message = (
        f"{doing}: it would be {compact.size:,} bytes without white space ({document.size:,} with), "
        f"and KMS takes {MAX_POLICY_BYTES:,}; now it is {before.size:,}"
    )
    hint = advice("Take statements out of it that nobody needs, or ", LINK_BY_GRANT, ".")
    raise errors.PolicyFullError(message, hint)


def _finish(drafts: PolicyEdit, steps: list[did.Step]) -> Edit:
    emptied = [draft for draft in drafts.ours if not draft.gone and not draft.principals]
    steps = [*steps, *(did.StatementTakenOut(draft.label) for draft in emptied)]
    document = drafts.finish()
    return Edit(document, tuple(dict.fromkeys(steps)), document is not drafts.document)


def _known(document: PolicyDocument, known_texts: Sequence[str], accesses: Sequence[Access]) -> PolicyDocument:
    """The earlier text that says the same as the document, if there is one."""
    partition = accesses[0].partition if accesses else "aws"
    meaning = canonical_document(document, partition, keep_empty=True)
    for text in known_texts:
        try:
            known = PolicyDocument.parse(text)
        except errors.PolicyFormatError:
            continue
        if canonical_document(known, partition, keep_empty=True) == meaning:
            return known
    return document
