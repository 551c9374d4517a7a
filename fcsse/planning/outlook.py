"""What a plan comes to: whether access is there before it, and what still stands in its way after it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fcsse.advice import READ_ONLY
from fcsse.advice import advice as say
from fcsse.arn import Arn, role_cache
from fcsse.errors import ImpossibleError
from fcsse.evaluator.cache_requests import Purpose
from fcsse.evaluator.judgement import Judgement, Row, decider
from fcsse.evaluator.pair_access import PairDecisions, judge, key_rows
from fcsse.evaluator.request import Cause, Verdict
from fcsse.link_options import AccessLevel
from fcsse.model import READ_OPERATIONS, Facts, Grant, Role
from fcsse.planning.denials import advice, denied_because, exemption, why
from fcsse.planning.wanted_grant import GRANT_PREFIX, ends
from fcsse.policy.difference import differences
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access, read_statement
from fcsse.policy.step_phrases import other_form_only, why_not_ours
from fcsse.text import capitalized


def already_allowed(before: PairDecisions, access: Access) -> tuple[str, ...]:
    """The statements that give the whole access already, whoever wrote them; empty where it is not all there."""
    judged = before.judgement(access.level, access.forms)
    return judged.deciders if judged.complete else ()


def form_missing(before: PairDecisions, level: AccessLevel) -> tuple[str, ...]:
    """Is the access there for the other form of encryption context only? Said as a warning."""
    facts, judged = before.facts, before.judgement(level)
    if not judged.form_changed:
        return ()
    form = ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT
    by = " and ".join(
        dict.fromkeys(
            decider(row.decision) for row in judged.rows if judged.counts(row) and row.decision.statement is not None
        )
    )
    return (
        f"Until now, {other_form_only(facts.bucket.name, form)}. What gives that{f' ({by})' if by else ''} stays as it is, for "
        "objects written that way; caches that it serves beside this one need linking, too.",
    )


def stands_in_the_way(
    after: PairDecisions, level: AccessLevel, forms: frozenset[ContextForm] | None = None
) -> tuple[str, ...]:
    """What will still stand in the way once the change is made, as warnings.

    Raises ``ImpossibleError`` where an explicit Deny stops reading or writing whatever is allowed.
    """
    facts, judged = after.facts, after.judgement(level, forms)
    spared = tuple(row for row in judged.denials if facts.role is None and _is_about_who(row))
    denials = tuple(row for row in judged.denials if row not in spared)
    if denials:
        actions = ", ".join(dict.fromkeys(row.asked.action for row in denials))
        denial = denials[0]
        by = decider(denial.decision) or "a statement"
        because = why(denial.decision, denial.asked.form)
        raise ImpossibleError(
            f"linking {facts.pair}: {by} of the key policy denies {actions} to the role, and a Deny wins over every Allow"
            + (f": {because}" if because else ""),
            f"{advice(exemption(denial.decision, facts, denial.asked.form), by)}; then link again.",
        )
    return tuple(
        dict.fromkeys(
            f"{row.asked.action} may still fail after linking: {denied_because(row.decision)}."
            for row in (*spared, *judged.doubts)
        )
    )


def stops_some(
    facts: Facts, document: PolicyDocument, level: AccessLevel, forms: frozenset[ContextForm] | None = None
) -> tuple[str, ...]:
    """Where every cache is linked: which caches a Deny stops that names their roles, as warnings."""
    if facts.role is not None:
        return ()
    denying = [one.value for one in document.statements if one.value.get("Effect") == "Deny"]
    named = dict.fromkeys(text for value in denying for text in _texts(value))
    found = []
    for text in named:
        cache, role = role_cache(text), Arn.parse(text)
        if cache is None or role is None or role.account != facts.account:
            continue
        judged = judge(facts._replace(role=Role(role, cache)), document, (), forms, explain=False, level=level)
        if judged is None or not judged.denials:
            continue
        actions = ", ".join(dict.fromkeys(row.asked.action for row in judged.denials))
        by = decider(judged.denials[0].decision) or "a statement"
        found.append(f"{capitalized(by)} of the key policy denies {actions} to {cache}.")
    return tuple(found)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


def _is_about_who(row: Row) -> bool:
    """Is a Deny one from which the conditions may except some caches of the account?"""
    return any(
        one.key.lower().startswith(("aws:principalarn", "aws:principaltag/", "aws:userid"))
        for one in row.decision.conditions
    )


def writes_too(
    facts: Facts, policy: PolicyDocument | None, grants: Sequence[Grant], forms: frozenset[ContextForm] | None = None
) -> tuple[str, ...]:
    """Where reading alone is asked for: what lets the cache write all the same, as a warning."""
    judged = judge(facts, policy, grants, forms, explain=False, only_needed=True)
    if judged is None:
        return ()
    row = next(
        (
            row
            for row in judged.rows
            if row.current and row.asked.purpose is Purpose.WRITE and row.verdict is Verdict.ALLOWED
        ),
        None,
    )
    if row is None:
        return ()
    grant = next((one for one in grants if one.grant_id == row.decision.grant), None)
    ours = ends(grant, facts) if grant else _is_link(row.decision.statement, policy)
    return (
        say(
            f"{facts.pair.cache or 'every cache'} can write as well, by {decider(row.decision)}. Linking takes nothing away: ",
            *(
                ("for reading only, unlink first, then link with ", READ_ONLY, ".")
                if ours
                else ("for reading only, take it out there.",)
            ),
        ),
    )


def _is_link(statement: int | None, policy: PolicyDocument | None) -> bool:
    """Is the statement of this index one of ours?"""
    return (
        policy is not None and statement is not None and read_statement(policy.statements[statement].value) is not None
    )


def read_only_by(judged: Judgement, policy: PolicyDocument | None, grants: Sequence[Grant]) -> str:
    """The statement or grant by which a cache can read and not write, as a link for reading only gives it; else empty."""
    if judged.read is not Verdict.ALLOWED or judged.write is not Verdict.DENIED:
        return ""
    rows = [row for row in judged.rows if row.current]
    if any(row.decision.explicit for row in rows):
        return ""
    row = next((row for row in rows if row.asked.purpose is Purpose.READ), None)
    if row is None:
        return ""
    grant = next((one for one in grants if one.grant_id == row.decision.grant), None)
    if grant is not None:
        return decider(row.decision) if grant.operations == frozenset(READ_OPERATIONS) else ""
    if policy is None or row.decision.statement is None:
        return ""
    ours = read_statement(policy.statements[row.decision.statement].value)
    return decider(row.decision) if ours is not None and ours.level is AccessLevel.READ else ""


class Kept(NamedTuple):
    """Access that a role still has after an unlink, or may have. ``statement`` is the index of the statement that gives it,
    ``grant`` the id of the grant; both None where several things together decide. ``partly``: for some objects only.
    """

    verdict: Verdict
    by: str
    reason: str
    statement: int | None
    grant: str | None
    partly: bool


def kept(facts: Facts, after: PolicyDocument | None, grants: Sequence[Grant]) -> tuple[Kept, ...]:
    """What still gives the role access to the bucket's key once a pair is unlinked, or may give it, each once.

    Access to a part of the bucket counts, whatever prefixes the cache is linked to, and so does what a key gives again once it is
    enabled. For every cache of the account, it is what one has that no statement names.
    """
    if (facts.role and not facts.role.exists) or facts.key is None:
        return ()
    working = facts._replace(key=facts.key._replace(state="Enabled"), prefixes=(*facts.prefixes, ""))
    rows = key_rows(working, after, grants, explain=False, any_object=True)
    found = (
        Kept(
            row.verdict,
            decider(row.decision),
            row.decision.reason,
            row.decision.statement,
            row.decision.grant,
            row.decision.cause is Cause.SOME_OBJECTS,
        )
        for row in rows or ()
        if row.asked.needed and row.verdict is not Verdict.DENIED
    )
    first: dict[tuple[Verdict, str, int | None, str | None], Kept] = {}
    for one in found:
        first.setdefault((one.verdict, one.by or one.reason, one.statement, one.grant), one)
    return tuple(first.values())


def stays(
    facts: Facts, access: Access | None, after: PolicyDocument | None, grants: Sequence[Grant]
) -> tuple[str, ...]:
    """The same as sentences. What was not decided is said to be possible, with what it depends on."""
    cache = facts.pair.cache or "every cache"
    said = []
    found = kept(facts, after, grants)
    certain = {(one.statement, one.grant) for one in found if one.verdict is Verdict.ALLOWED}
    for one in found:
        if one.verdict is Verdict.UNKNOWN and one.by and (one.statement, one.grant) in certain:
            continue  # it keeps access by that anyhow
        by = f" by {one.by}" if one.by else ""
        why = _why_kept(one, access, after, grants)
        if one.partly and why:
            said.append(f"{cache} may keep access to the key for some objects{by}: {why}.")
        elif one.verdict is Verdict.UNKNOWN:
            said.append(f"{cache} may keep access to the key{by}: {one.reason}.")
        else:
            said.append(f"{cache} keeps access to the key{by}{f': {why}' if why else ''}.")
    return tuple(dict.fromkeys(said))


def kept_elsewhere(facts: Facts, after: PolicyDocument | None, grants: Sequence[Grant]) -> tuple[str, ...]:
    """Where the cache has no role in the caller's account: which grants are to its role in another one, as sentences.

    No two caches have one id, so it is the cache's role. A key's owner may unlink a cache of another account by mistake for one
    of the own, and would hear that nothing gives it access.
    """
    if facts.role is None or facts.role.exists:
        return ()
    said = []
    for text in dict.fromkeys(grant.grantee for grant in grants if grant.grantee):
        role = Arn.parse(text)
        if role is None or role_cache(text) != facts.pair.cache or role.account == facts.account:
            continue
        theirs = facts._replace(account=role.account, role=Role(role, facts.role.cache))
        said += [
            f"{facts.pair.cache} keeps access to the key by {one.by}: it is to the cache's role in account {role.account}, and "
            f"the credentials are of account {facts.account}. That account ends it with unlink, or the key's with kms:RevokeGrant."
            for one in kept(theirs, after, grants)
            if one.grant is not None
        ]
    return tuple(dict.fromkeys(said))


def _why_kept(one: Kept, access: Access | None, after: PolicyDocument | None, grants: Sequence[Grant]) -> str:
    """Why what gives the access was not taken away."""
    if one.statement is not None and after is not None and access is not None:
        value = after.statements[one.statement].value
        ours = read_statement(value)
        if ours is not None and ours.every_cache:
            return "it is for every cache of the account"
        return why_not_ours(differences(value, access))
    grant = next((grant for grant in grants if grant.grant_id == one.grant), None)
    if grant is None:
        return ""
    if grant.name.startswith(GRANT_PREFIX):
        return "fcsse made it for another bucket"
    return "it is not the documented grant for this bucket"
