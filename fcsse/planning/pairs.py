"""One pair in a plan, after its key's policy is edited: how it comes out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fcsse.advice import NARROW, PRUNE, advice
from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Options, Via
from fcsse.model import READ_OPERATIONS, Facts, Grant
from fcsse.planning.before_edit import read_only_until_now
from fcsse.planning.changes import GrantAddition, GrantChange, GrantEnding, PolicyChange
from fcsse.planning.outlook import kept, kept_elsewhere, stays
from fcsse.planning.plan import Outcome, Status
from fcsse.planning.requirements import Requirement
from fcsse.planning.wanted_grant import GRANT_PREFIX, ends, may_be_ours, may_serve_others
from fcsse.policy.document import refused_statements
from fcsse.policy.statement import Access, read_statement
from fcsse.policy.step_phrases import changes, concerns, is_warning, phrase
from fcsse.policy.steps import (
    AlreadyThere,
    PrincipalKept,
    PrincipalPruned,
    ReadOnlyKept,
    StatementTakenOut,
    Step,
    StillCovered,
    StillNamed,
)
from fcsse.policy.unique_ids import dead_principals, unique_ids
from fcsse.text import count


def outcome_of(
    facts: Facts,
    need: Requirement,
    edited: PolicyChange | FcsseError | None,
    options: Options,
    ended: Collection[str] = (),
) -> tuple[Outcome, list[GrantChange]]:
    """How a pair comes out, and its grants to create or end. ``edited``: what became of its key's policy, if anything;
    ``ended``: the ids of the grants that end with the plan, for whichever pair.
    """
    if isinstance(edited, FcsseError):
        return Outcome(facts.pair, Status.BLOCKED, edited.message, Via.POLICY, facts, need.warnings, edited), []
    if options.operation is Operation.UNLINK:
        return _unlink_outcome(facts, need, edited, ended)
    if edited is not None:
        return _statement_outcome(facts, need, edited), []
    return _grant_outcome(facts, need)


def _statement_outcome(facts: Facts, need: Requirement, edited: PolicyChange) -> Outcome:
    mine = [step for step in edited.steps if need.access and concerns(step, need.access)]
    doing = any(_is_tidying(step) or (step in mine and changes(step)) for step in edited.steps)
    reading = [step.whose for step in mine if isinstance(step, ReadOnlyKept)]
    widened = [read_only_until_now(facts.pair)] if {(), ("*",)}.intersection(reading) else []
    warnings = (*need.warnings, *widened, *_policy_warnings(edited, mine))
    summary, short = what_happens(edited, need.access) if need.access else ("", "")
    status = Status.TO_DO if doing else Status.NOTHING
    there = [f"statement {step.label}" for step in mine if isinstance(step, AlreadyThere)]
    if there and need.in_doubt and not doing:
        summary = short = _linked_in_doubt(facts, there)
    return Outcome(facts.pair, status, summary, Via.POLICY, facts, warnings, short=short, in_doubt=need.in_doubt)


def _linked_in_doubt(facts: Facts, by: Sequence[str]) -> str:
    """What is to be said of a link that is there, where nobody can decide whether it gives access."""
    who = facts.pair.cache or "every cache"
    return f"{who} is already linked to {facts.bucket.name}, by {' and '.join(by)}, but it may be denied access"


def access_of(outcome: Outcome, change: PolicyChange) -> Access | None:
    """Which of a change's accesses is the pair's, if any."""
    facts = outcome.facts
    if facts is None or facts.key is None or facts.key.arn != change.key or outcome.via is not Via.POLICY:
        return None
    role = str(facts.role.arn) if facts.role else None
    return next((one for one in change.accesses if one.role == role and one.bucket == facts.bucket.name), None)


def grant_of(outcome: Outcome, change: GrantAddition, grant_id: str | None) -> Grant | None:
    """The grant that a change makes, if it is the pair's."""
    facts = outcome.facts
    if facts is None or facts.key is None or facts.key.arn != change.key or outcome.via is not Via.GRANT:
        return None
    made = Grant(
        grant_id or "",
        change.grantee,
        frozenset(change.operations),
        change.name,
        constraint_subset=dict(change.subset) or None,
    )
    return made if ends(made, facts) else None


def what_happens(edited: PolicyChange, access: Access) -> tuple[str, str]:
    """What an edit does for an access, or finds there; and the same in short, which only counts the dead principals."""
    mine = [step for step in edited.steps if concerns(step, access)]
    doing = [step for step in mine if changes(step)]
    tidying = [step for step in edited.steps if _is_tidying(step)]
    if not doing and not tidying:
        there = _joined([step for step in mine if not is_warning(step)])
        return there, there
    dead = len({step.principal for step in tidying if isinstance(step, PrincipalPruned)})
    tidied = [f"{count(dead, 'dead principal')} removed"] if dead else [_joined(tidying)] if tidying else []
    return _joined([*doing, *tidying]), "; ".join([*([_joined(doing)] if doing else []), *tidied])


def _is_tidying(step: Step) -> bool:
    """Is it about dead principals, and so about no pair of its own?"""
    return isinstance(step, PrincipalPruned) or (isinstance(step, StatementTakenOut) and not step.accesses)


def _joined(steps: Sequence[Step]) -> str:
    return "; ".join(dict.fromkeys(phrase(step) for step in steps))


def _policy_warnings(edited: PolicyChange, steps: Sequence[Step]) -> list[str]:
    said = [_sentence(phrase(step)) for step in steps if is_warning(step)]
    said += [_sentence(phrase(step)) for step in edited.steps if isinstance(step, PrincipalKept)]
    if edited.after != edited.before:
        said += [
            f"Statement {label} was there before, and KMS may refuse the policy because of it: {reason}."
            for label, reason in refused_statements(edited.after)
        ]
    return list(dict.fromkeys(said))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _grant_outcome(facts: Facts, need: Requirement) -> tuple[Outcome, list[GrantChange]]:
    wanted = need.grant
    if wanted is None:
        text = "a link needs a statement or a grant"
        raise AssertionError(text)
    there = next((grant for grant in facts.grants or () if wanted.is_met_by(grant)), None)
    if there is not None:
        name = f" ({there.name})" if there.name else ""
        reads = "read " if there.operations == frozenset(READ_OPERATIONS) else ""
        summary = (
            f"{facts.pair.cache} already has {reads}access to {facts.bucket.name}, by grant {there.grant_id}{name}"
        )
        if not there.name.startswith(GRANT_PREFIX) and not there.constrained:
            until = "; unlinking any of them ends it" if ends(there, facts) else ""
            summary += f" (it was not made by fcsse and serves every bucket of this key{until})"
        if need.in_doubt:
            summary = _linked_in_doubt(facts, [f"grant {there.grant_id}{name}"])
        return Outcome(facts.pair, Status.NOTHING, summary, Via.GRANT, facts, need.warnings, in_doubt=need.in_doubt), []
    wider: str = advice(
        "This grant is not limited to this bucket or to S3. KMS cannot limit a grant to S3; ",
        NARROW,
        " limits it to one bucket if the bucket uses Bucket Keys.",
    )
    if wanted.subset:
        wider = (
            "The grant covers objects written with Bucket Keys only, and is not limited to S3; objects from before Bucket "
            "Keys were turned on need a wider one."
        )
    addition = GrantAddition(wanted.key, wanted.grantee, wanted.name, wanted.operations, wanted.subset)
    summary = f"a new grant {wanted.name} with {len(wanted.operations)} operations"
    warnings = (*need.warnings, wider)
    return Outcome(facts.pair, Status.TO_DO, summary, Via.GRANT, facts, warnings, in_doubt=need.in_doubt), [addition]


def _unlink_outcome(
    facts: Facts, need: Requirement, edited: PolicyChange | None, ended: Collection[str]
) -> tuple[Outcome, list[GrantChange]]:
    mine = [step for step in edited.steps if need.access and concerns(step, need.access)] if edited else []
    doing = any(_is_tidying(step) or (step in mine and changes(step)) for step in (edited.steps if edited else ()))
    warnings = [*need.warnings, *(_policy_warnings(edited, mine) if edited else ())]
    ending: list[GrantEnding] = []
    whole, brief = what_happens(edited, need.access) if edited and need.access and doing else ("", "")
    ends_too: list[str] = []
    for grant in facts.grants or ():
        if may_be_ours(grant, facts):
            warnings.append(
                f"Grant {grant.grant_id} stays: it is to {grant.grantee}, which may be the deleted role of this cache, and no "
                "role of this account that IAM would name (iam:ListRoles)."
            )
        if not ends(grant, facts):
            continue
        ending.append(GrantEnding(need.key.arn, grant))
        ends_too.append(f"grant {grant.grant_id} ends")
        if may_serve_others(grant, facts):
            warnings.append(
                f"Grant {grant.grant_id} was not made by fcsse; it is not limited to this bucket, so it may serve other "
                "buckets of the cache too."
            )
    left = [grant for grant in facts.grants or () if grant.grant_id not in ended]
    after = edited.after if edited else None
    elsewhere = kept_elsewhere(facts, after, left)
    warnings += (*stays(facts, need.access, after, left), *elsewhere)
    giving = {one.statement for one in kept(facts, after, left)}
    named = {after.statements[index].label for index in giving if index is not None} if after else set()
    repeated = {
        _sentence(phrase(step)) for step in mine if isinstance(step, StillNamed | StillCovered) and step.label in named
    }
    warnings = [one for one in warnings if one not in repeated]
    if facts.role and not facts.role.exists and edited:
        warnings += _not_looked_up(edited)
    via = Via.POLICY if doing else Via.GRANT if ending else None
    if doing or ending:
        summary, short = ("; ".join(filter(None, (text, *ends_too))) for text in (whole, brief))
        return Outcome(
            facts.pair, Status.TO_DO, summary, via, facts, tuple(warnings), short=short, ends=tuple(ends_too)
        ), list(ending)
    who = facts.pair.cache or "every cache"
    nothing = f"no statement or grant of key {need.key.id} gives {who} access to this bucket"
    if warnings:
        nothing = f"no statement or grant of key {need.key.id} says what fcsse writes for {who} and this bucket"
    if elsewhere:
        nothing = f"no statement or grant of key {need.key.id} is to a role of {who} in account {facts.account}"
    if facts.role and not facts.role.exists and edited:
        warnings += _perhaps_dead(edited)
    return Outcome(facts.pair, Status.NOTHING, nothing, via, facts, tuple(warnings)), []


def _not_looked_up(edited: PolicyChange) -> list[str]:
    """Where a cache is gone: unique ids in statements of ours that nobody looked up, of which one may be its role."""
    statements = edited.after.statements
    return [
        f"Statement {one.label} stays: it names {one.id}, which may be the deleted role of this cache, and IAM could not be "
        "asked (iam:ListRoles)."
        for one in unique_ids(edited.after)
        if one.id not in edited.dead and read_statement(statements[one.index].value) is not None
    ]


def _perhaps_dead(edited: PolicyChange) -> list[str]:
    """Where nothing names a role that is gone: dead principals, of which one may be what became of it."""
    dead = dead_principals(edited.after, edited.dead)
    if not dead:
        return []
    named = "; ".join(dict.fromkeys(f"{one.id} in statement {one.label}" for one in dead))
    return [
        advice(
            "The key policy names principals that no longer exist, and one of them may have been this role: "
            f"{named}. Take them out with ",
            PRUNE,
            ".",
        )
    ]
