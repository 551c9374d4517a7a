"""Deciding how an access gets into a policy with the least text, on drafts of its statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from fcsse.link_options import AccessLevel
from fcsse.policy import steps as did
from fcsse.policy.difference import differences, is_about
from fcsse.policy.edited_statement import StatementEdit
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import PAGE_SID, Access, is_sid_for, sid_for
from fcsse.policy.statement_edits import PolicyEdit, named_principals

Wishes: TypeAlias = dict[tuple[str, str, str, AccessLevel], dict[str, set[str]]]
"""Account, Region, bucket ARN and level → principal → the encryption context values that are wished for it."""


def wishes(accesses: Iterable[Access]) -> Wishes:
    """What a whole call wishes for, to be looked up by what a statement is about."""
    found: Wishes = {}
    for access in accesses:
        principals = found.setdefault((access.account, access.region, access.bucket_arn, access.level), {})
        principals.setdefault(access.principal, set()).update(access.patterns)
    return found


def in_order(accesses: Iterable[Access]) -> list[Access]:
    """The accesses in one fixed order, those that differ in nothing but the forms as one."""
    merged: dict[Access, Access] = {}
    for access in accesses:
        key = replace(access, forms=frozenset(ContextForm))
        known = merged.get(key, access)
        merged[key] = replace(access, forms=access.forms | known.forms)
    return sorted(
        merged.values(),
        key=lambda one: (
            one.bucket,
            one.partition,
            one.account,
            one.region,
            one.role or "",
            one.patterns,
            one.level.value,
        ),
    )


def grant(drafts: PolicyEdit, access: Access, wished: Wishes, *, by_name: bool = False) -> list[did.Step]:
    """Gives one access: finds it there, or adds a form, a role or a statement, in this order of preference. A
    statement for reading is not widened: whoever made it so meant it.

    ``by_name``: the statement for every cache is not enough.
    """
    scope = (access.account, access.region)
    holders = [
        draft
        for draft in drafts.alive
        if draft.scope == scope
        and (access.principal in draft.principals or (draft.every_cache and not by_name))
        and access.bucket_arn in draft.buckets
    ]
    enough = [draft for draft in holders if access.level in (draft.level, AccessLevel.READ)]
    covering = [draft for draft in enough if not set(access.patterns).isdisjoint(draft.patterns)]
    missing = set(access.patterns).difference(*(draft.patterns for draft in covering))
    if not missing:
        return [did.AlreadyThere(draft.label, access, draft.level) for draft in covering]
    forms = [form for form in ContextForm if form.arn(access.bucket_arn) in missing]
    for draft in holders:
        if draft.level is access.level and _widens_nobody_else(draft, access, missing, wished):
            draft.patterns += [form.arn(access.bucket_arn) for form in forms]
            served = tuple(replace(access, role=None if one == "*" else one) for one in sorted(draft.principals))
            return [did.FormJoined(draft.label, form, access.bucket, served) for form in forms]
    if access.role is not None:
        for draft in drafts.ours:
            alike = (draft.scope, draft.level) == (scope, access.level) and set(draft.patterns) == missing
            if alike and not draft.every_cache and not draft.gone:
                draft.principals.append(access.role)
                return [did.RoleJoined(draft.label, access.role, access)]
    lacking = replace(access, forms=frozenset(forms))
    draft = drafts.add(lacking, sid_for(access.bucket, access.role is None))
    return [did.StatementAdded(draft.label, lacking)]


def _widens_nobody_else(draft: StatementEdit, access: Access, missing: set[str], wished: Wishes) -> bool:
    """May the missing forms join a statement? Only if all its principals are to have them, for this bucket alone."""
    wants = wished.get((*draft.scope, access.bucket_arn, access.level), {})
    all_want = all(missing <= wants.get(principal, set()) for principal in draft.principals)
    return all_want and not draft.exact and draft.buckets == {access.bucket_arn}


def partly(drafts: PolicyEdit, access: Access) -> list[did.PartlyThere | did.ReadOnlyKept]:
    """Statements of others that name the role and are about the bucket, whatever they give; and those of
    ours that are for reading only.
    """
    reading = [
        did.ReadOnlyKept(draft.label, access, () if access.principal in draft.principals else tuple(draft.principals))
        for draft in drafts.alive
        if draft.statement is not None
        and draft.level is not access.level
        and draft.level is AccessLevel.READ
        and _is_also_for(draft, access)
        and access.bucket_arn in draft.buckets
    ]
    if access.role is None:
        return [*reading]
    return reading + [
        did.PartlyThere(statement.label, access, differences(statement.value, access))
        for statement in drafts.foreign()
        if statement.value.get("Effect") == "Allow"
        and access.role in named_principals(statement)
        and is_about(statement.value, access)
    ]


def _is_also_for(draft: StatementEdit, access: Access) -> bool:
    """Does a statement name the role, or is one of both for every cache of the account?"""
    if access.role is not None and access.role in draft.principals:
        return True
    return (draft.every_cache or access.role is None) and draft.account == access.account


def drift(drafts: PolicyEdit, access: Access) -> list[did.Step]:
    """Statements that look like the one for an access, by their Sid or by role and bucket, but say something else."""
    steps: list[did.Step] = []
    for statement, ours in zip(drafts.document.statements, drafts.readings, strict=True):
        sid_is_ours = is_sid_for(statement.sid, access.bucket, access.role is None)
        named = access.role is not None and access.role in named_principals(statement)
        reason = ""
        if ours is None:
            if sid_is_ours or (named and statement.sid == PAGE_SID):
                reason = "it does not say what the documented statement says"
        elif access.bucket_arn not in ours.buckets:
            alike = [arn for arn in sorted(ours.buckets) if arn.endswith(f":::{access.bucket}")]
            if alike and (sid_is_ours or access.principal in ours.principals):
                reason = f"it is about {alike[0]}, and the bucket is {access.bucket_arn}"
            elif sid_is_ours:
                reason = "it is about another bucket"
        elif ours.region != access.region and (sid_is_ours or access.principal in ours.principals):
            reason = f"it is for S3 in {ours.region}, and the bucket is in {access.region}"
        elif ours.account != access.account and named:
            reason = f"it is for callers of account {ours.account}, and the cache is of {access.account}"
        if reason:
            steps.append(did.Drift(statement.label, access, reason))
    return steps
