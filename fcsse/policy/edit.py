"""Merging access into a key policy, taking it out, and pruning dead principals.

Every edit changes as little text as it can: bytes that the diff does not show stay as they are. What others may do
never changes; a statement is ours by what it says, not by its Sid.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse import arn as arns
from fcsse import errors
from fcsse.policy import steps as did
from fcsse.policy.context_form import ContextForm
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument, dead_principals, strings
from fcsse.policy.drafts import Draft, Drafts, Others, access_of
from fcsse.policy.meaning import document_meaning
from fcsse.policy.statement import PAGE_SID, Access, is_sid_for, read_statement, sid_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fcsse.policy.document import Statement


@dataclass(frozen=True, slots=True)
class Edit:
    """What an edit came to: the document (the given one where nothing changed), and what was done or found."""

    document: PolicyDocument
    steps: tuple[did.Step, ...]
    changed: bool


def link(document: PolicyDocument, accesses: Sequence[Access], *, prune: bool = False) -> Edit:
    """Gives accesses.

    For each: (1) where statements of ours give it already, nothing changes; (2) where the role (with other roles of
    this call that need the same) has a statement for just this bucket that lacks a form of the encryption context, the
    form joins it; (3) where a statement differs only in the role, the role joins its principals; (4) otherwise a new
    statement goes to the end. Statements that look like ours but say something else are reported as Drift.

    Dead principals in statements of ours are pruned; with ``prune``, all others that can be. The result does not
    depend on the order of ``accesses``, and linking again changes nothing.
    """
    drafts = Drafts(document)
    steps = _prune(drafts, ours_only=not prune)
    wanted = _in_order(accesses)
    wishes = _wishes(wanted)
    for access in wanted:
        steps += _drift(drafts, access)
        steps += _grant(drafts, access, wishes)
    return _finish(drafts, steps)


def unlink(
    document: PolicyDocument, accesses: Sequence[Access], known_texts: Sequence[str] = (), *, prune: bool = False
) -> Edit:
    """Takes accesses back: every statement of ours for role and bucket, whatever its forms, Region or Sid.

    The role leaves the principals; a statement with nobody left goes. Where a statement is about several buckets, only
    the bucket goes if all its principals lose it; otherwise the role goes, and keeps the other buckets by statements
    of its own (or by joining those that say the same). Statements of another meaning are never touched, only reported.
    The role need not exist. For every cache of the account only the documented statement for every cache goes.

    ``known_texts`` are earlier texts of the policy: where the result says the same as one, it is that one to the byte.
    """
    drafts = Drafts(document)
    steps = _prune(drafts, ours_only=not prune)
    wanted = _in_order(accesses)
    hits: set[Access] = set()
    for draft in drafts.alive:
        found = [access for access in wanted if _holds(draft, access)]
        hits.update(found)
        if found:
            steps += _withdraw(drafts, draft, found)
    for access in wanted:
        steps += [] if access in hits else [did.NotThere(access)]
        steps += _leftovers(drafts, access)
    edit = _finish(drafts, steps)
    return replace(edit, document=_known(edit.document, known_texts, wanted)) if edit.changed else edit


def prune_dead(document: PolicyDocument, ours_only: bool) -> Edit:
    """Takes dead principals out: of statements of ours, or of all.

    A statement whose principals are all dead goes whole: it applies to nobody. A dead id is kept, and reported, where
    it is all that a NotPrincipal excepts, for without it the statement would apply to everybody.
    """
    drafts = Drafts(document)
    return _finish(drafts, _prune(drafts, ours_only=ours_only))


def fit(document: PolicyDocument, before: PolicyDocument) -> PolicyDocument:
    """The document in a size that KMS takes: as it is laid out if that fits, else without white space.

    Raises PolicyFullError, with the sizes, where it does not fit either way. ``before`` is the policy as it stands.
    """
    if document.size <= MAX_POLICY_BYTES:
        return document
    compact = document.compact()
    if compact.size <= MAX_POLICY_BYTES:
        return compact
    message = (
        f"fitting the key policy: it would be {compact.size:,} bytes without white space ({document.size:,} with), "
        f"and KMS takes {MAX_POLICY_BYTES:,}; now it is {before.size:,}"
    )
    hint = "Give the access by a grant instead (`--via grant`), or take statements out that nobody needs."
    raise errors.PolicyFullError(message, hint)


def _finish(drafts: Drafts, steps: list[did.Step]) -> Edit:
    emptied = [draft for draft in drafts.ours if not draft.gone and not draft.principals]
    steps = [*steps, *(did.StatementTakenOut(draft.label) for draft in emptied)]
    document = drafts.finish()
    return Edit(document, tuple(dict.fromkeys(steps)), document is not drafts.document)


def _in_order(accesses: Iterable[Access]) -> list[Access]:
    """The accesses in one fixed order, those that differ in nothing but the forms as one."""
    merged: dict[Access, Access] = {}
    for access in accesses:
        key = replace(access, forms=frozenset(ContextForm))
        known = merged.get(key, access)
        merged[key] = replace(access, forms=access.forms | known.forms)
    return sorted(
        merged.values(),
        key=lambda one: (one.bucket, one.partition, one.account, one.region, one.role or "", one.patterns),
    )


_Wishes = dict[tuple[str, str, str], dict[str, set[str]]]


def _wishes(accesses: Iterable[Access]) -> _Wishes:
    """Account, Region and bucket → role → what is wished for it."""
    wishes: _Wishes = {}
    for access in accesses:
        roles = wishes.setdefault((access.account, access.region, access.bucket_arn), {})
        roles.setdefault(access.principal, set()).update(access.patterns)
    return wishes


def _grant(drafts: Drafts, access: Access, wishes: _Wishes) -> list[did.Step]:
    scope = (access.account, access.region)
    needed = set(access.patterns)
    holders = [
        draft
        for draft in drafts.alive
        if draft.scope == scope and (draft.every_cache or access.principal in draft.principals)
    ]
    covering = [draft for draft in holders if needed & set(draft.patterns)]
    missing = needed.difference(*(draft.patterns for draft in covering))
    if not missing:
        return [did.AlreadyThere(draft.label, access) for draft in covering]
    wished = wishes.get((*scope, access.bucket_arn), {})
    forms = [form for form in sorted(access.forms, key=lambda one: one.value) if form.arn(access.bucket_arn) in missing]
    for draft in covering:
        if (
            not draft.exact
            and draft.buckets == {access.bucket_arn}
            and all(missing <= wished.get(principal, set()) for principal in draft.principals)
        ):
            draft.patterns += [form.arn(access.bucket_arn) for form in forms]
            served = tuple(replace(access, role=None if one == "*" else one) for one in sorted(draft.principals))
            return [did.FormJoined(draft.label, form, access.bucket, served) for form in forms]
    for draft in drafts.ours:
        if (
            access.role is not None
            and not (draft.every_cache or draft.gone)
            and draft.scope == scope
            and set(draft.patterns) == missing
        ):
            draft.principals.append(access.role)
            return [did.RoleJoined(draft.label, access.role, access)]
    lacking = replace(access, forms=frozenset(forms))
    draft = drafts.add(lacking, sid_for(access.bucket, access.role is None))
    return [did.StatementAdded(draft.label, lacking)]


def _drift(drafts: Drafts, access: Access) -> list[did.Step]:
    """Statements that look like the one for an access, by their Sid or by role and bucket, but say something else."""
    steps: list[did.Step] = []
    for statement in drafts.document.statements:
        ours = read_statement(statement.value)
        sid_is_ours = is_sid_for(statement.sid, access.bucket, access.role is None)
        named = access.role is not None and access.role in _named(statement)
        if ours is None:
            if sid_is_ours or (named and statement.sid == PAGE_SID):
                reason = "it does not say what the documented statement says"
                steps.append(did.Drift(statement.label, access, reason))
        elif access.bucket_arn not in ours.buckets:
            if sid_is_ours:
                steps.append(did.Drift(statement.label, access, "it is about another bucket"))
        elif ours.region != access.region and (sid_is_ours or access.principal in ours.principals):
            reason = f"it is for S3 in {ours.region}, and the bucket is in {access.region}"
            steps.append(did.Drift(statement.label, access, reason))
    return steps


def _holds(draft: Draft, access: Access) -> bool:
    """Is a draft a statement that gives this access something? Any form and any Region count."""
    if access.bucket_arn not in draft.buckets:
        return False
    if access.role is None:
        return draft.every_cache and draft.account == access.account
    return access.role in draft.principals


def _withdraw(drafts: Drafts, draft: Draft, accesses: list[Access]) -> list[did.Step]:
    """Takes accesses out of one statement, all of which it gives."""
    leaving: dict[str, set[str]] = {}
    for access in accesses:
        leaving.setdefault(access.principal, set()).add(access.bucket_arn)
    lost = leaving.get(draft.principals[0], set())
    if all(leaving.get(principal) == lost for principal in draft.principals):
        draft.patterns = _without(draft.patterns, lost)
        if draft.patterns:
            names = sorted({access.bucket for access in accesses})
            return [
                did.BucketTakenOut(draft.label, name, tuple(one for one in accesses if one.bucket == name))
                for name in names
            ]
        draft.gone = True
        return [did.StatementTakenOut(draft.label, tuple(accesses))]
    steps: list[did.Step] = []
    for role, buckets in leaving.items():
        draft.principals.remove(role)
        mine = tuple(access for access in accesses if access.role == role)
        steps.append(did.RoleTakenOut(draft.label, role, mine))
        kept = access_of(role, draft.account, draft.region, _without(draft.patterns, buckets))
        for access in kept:
            again = _grant(drafts, access, _wishes([access]))
            steps += [step for step in again if not isinstance(step, did.AlreadyThere)]
    if not draft.principals:
        draft.gone = True
        steps.append(did.StatementTakenOut(draft.label, tuple(accesses)))
    return steps


def _without(patterns: list[str], buckets: set[str]) -> list[str]:
    return [pattern for pattern in patterns if pattern.removesuffix("/*") not in buckets]


def _leftovers(drafts: Drafts, access: Access) -> list[did.Step]:
    """What may still give the role something after its access was taken back."""
    if access.role is None:
        return []
    steps: list[did.Step] = [
        did.StillNamed(statement.label, access)
        for statement in drafts.foreign()
        if statement.value.get("Effect") == "Allow" and access.role in _named(statement)
    ]
    steps += [
        did.StillCovered(draft.label, access)
        for draft in drafts.alive
        if draft.every_cache and draft.account == access.account and access.bucket_arn in draft.buckets
    ]
    return steps


def _named(statement: Statement) -> tuple[str, ...]:
    """The AWS principals that a statement names."""
    principal = statement.value.get("Principal")
    return strings(principal.get("AWS")) if isinstance(principal, dict) else ()


def _prune(drafts: Drafts, *, ours_only: bool) -> list[did.Step]:
    steps: list[did.Step] = []
    mine: set[int] = set()
    for draft in drafts.ours:
        if draft.statement is not None:
            mine.add(draft.statement.index)
            dead = [one for one in draft.principals if arns.is_dead_principal(one)]
            steps += [did.PrincipalPruned(draft.label, one) for one in dead]
            draft.principals = [one for one in draft.principals if one not in dead]
    if ours_only:
        return steps
    for found in dead_principals(drafts.document):
        if found.index in mine:
            continue
        statement = drafts.document.statements[found.index]
        name = found.element.partition(".")[0]
        others = _living(statement, name)
        if name == "NotPrincipal" and not others:
            reason = "without it the statement would apply to everybody"
            steps.append(did.PrincipalKept(found.label, found.id, reason))
            continue
        edit = drafts.others.setdefault(found.index, Others())
        edit.dead.add(found.id)
        steps.append(did.PrincipalPruned(found.label, found.id))
        if not others and not edit.gone:
            edit.gone = True
            steps.append(did.StatementTakenOut(found.label))
    return steps


def _living(statement: Statement, name: str) -> list[str]:
    """The principals of a statement's Principal or NotPrincipal that are not dead."""
    value = statement.value.get(name)
    texts = [text for kind in value.values() for text in strings(kind)] if isinstance(value, dict) else []
    return [text for text in texts if not arns.is_dead_principal(text)]


def _known(document: PolicyDocument, known_texts: Sequence[str], accesses: Sequence[Access]) -> PolicyDocument:
    """The earlier text that says the same as the document, if there is one."""
    partition = accesses[0].partition if accesses else "aws"
    meaning = document_meaning(document, partition, keep_empty=True)
    for text in known_texts:
        try:
            known = PolicyDocument.parse(text)
        except errors.PolicyFormatError:
            continue
        if document_meaning(known, partition, keep_empty=True) == meaning:
            return known
    return document
