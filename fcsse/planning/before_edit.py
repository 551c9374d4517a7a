"""One pair in a plan, before its key's policy is edited: what it takes, and what will stand in its way. Pure."""

from __future__ import annotations

from fcsse.advice import READ_ONLY, advice
from fcsse.errors import FcsseError, PolicyFormatError
from fcsse.evaluator.pair_access import decide_pair, requests_of
from fcsse.link_options import AccessLevel, Operation, Options, Via
from fcsse.model import READ_OPERATIONS, Facts, Grant, Obstacle, Pair
from fcsse.planning.outlook import already_allowed, form_missing, stands_in_the_way, stops_some, writes_too
from fcsse.planning.plan import Outcome, Status
from fcsse.planning.requirements import NotNeeded, Requirement, requirement_of
from fcsse.planning.wanted_grant import ends
from fcsse.planning.width import says, wide_statements
from fcsse.policy import edit
from fcsse.policy.document import PolicyDocument, parsed
from fcsse.policy.steps import (
    AlreadyThere,
    FormJoined,
)


def what_it_takes(found: Facts | Obstacle, options: Options) -> Outcome | tuple[Facts, Requirement]:
    """What the pair needs; its outcome already where that is nothing, or where something stands in the way."""
    if isinstance(found, Obstacle):
        return Outcome(found.pair, Status.BLOCKED, found.error.message, error=found.error)
    try:
        need = requirement_of(found, options)
    except FcsseError as error:
        return Outcome(found.pair, Status.BLOCKED, error.message, facts=found, error=error)
    if isinstance(need, NotNeeded):
        return Outcome(found.pair, Status.NOTHING, need.reason, facts=found)
    return _weighed(found, need, options)


def _weighed(facts: Facts, need: Requirement, options: Options) -> Outcome | tuple[Facts, Requirement]:
    """Where a link goes by the key policy: is the access there already by others' statements, and will it come?"""
    access = need.access
    if options.operation is not Operation.LINK:
        return facts, need
    if access is None:
        return _weighed_grant(facts, need, options)
    try:
        document = key_policy(facts, need)
        edited = edit.link(document, [access])
        ours = any(isinstance(step, AlreadyThere) for step in edited.steps)
        more = writes_too(facts, edited.document, facts.grants or (), access.forms) if reads_only(options) else ()
        need = need._replace(warnings=(*need.warnings, *_wide(facts, document), *more))
        asked = requests_of(facts)
        before = None if asked is None else decide_pair(facts, document, (), asked)
        # What everybody has may spare some: a link of every cache does not rest on it.
        there = () if ours or before is None or facts.role is None else already_allowed(before, access)
        if there:
            reads = "read " if reads_only(options) else ""
            summary = f"{facts.pair.cache} already has {reads}access to {facts.bucket.name}, by {' and '.join(there)}"
            return Outcome(facts.pair, Status.NOTHING, summary, Via.POLICY, facts, need.warnings)
        joined = any(isinstance(step, FormJoined) for step in edited.steps)
        flipped = () if joined or before is None else form_missing(before, access.level)
        outlook: tuple[str, ...] = ()
        if before is not None:
            after = before if edited.document == document else decide_pair(facts, edited.document, (), before.asked)
            outlook = stands_in_the_way(after, access.level, access.forms)
            outlook += stops_some(facts, edited.document, access.level, access.forms)
    except FcsseError as error:
        return Outcome(facts.pair, Status.BLOCKED, error.message, Via.POLICY, facts, need.warnings, error)
    return facts, need._replace(warnings=(*need.warnings, *flipped, *outlook), in_doubt=bool(outlook))


def reads_only(options: Options) -> bool:
    """Is access for reading alone asked for?"""
    return options.level is AccessLevel.READ


def _wide(facts: Facts, document: PolicyDocument) -> list[str]:
    return [
        f"Statement {wide.label} gives {facts.pair.cache} more than the documented statement: "
        f"{says(wide, facts.bucket.name)}. Narrow it, or take the cache out of it once it is linked."
        for wide in wide_statements(facts, document)
    ]


def _weighed_grant(facts: Facts, need: Requirement, options: Options) -> Outcome | tuple[Facts, Requirement]:
    """Where the key policy could be read: does it deny what the grant is to give?"""
    wanted = need.grant
    if wanted is None:
        return facts, need
    if reads_only(options):
        try:
            policy = None if facts.policy is None else key_policy(facts, need)
        except FcsseError:
            policy = None
        need = need._replace(warnings=(*need.warnings, *writes_too(facts, policy, facts.grants or ())))
    elif any(grant.operations == frozenset(READ_OPERATIONS) and ends(grant, facts) for grant in facts.grants or ()):
        need = need._replace(warnings=(*need.warnings, read_only_until_now(facts.pair)))
    if facts.policy is None:
        # A key whose state was not told may be disabled; a policy of the own account's that was not read may deny everything.
        return facts, need._replace(in_doubt=need.key.state is None or need.key.arn.account == facts.account)
    granted = Grant(
        "planned", wanted.grantee, frozenset(wanted.operations), constraint_subset=dict(wanted.subset) or None
    )
    try:
        document, asked = key_policy(facts, need), requests_of(facts)
        outlook: tuple[str, ...] = ()
        if asked is not None:
            after = decide_pair(facts, document, [*(facts.grants or ()), granted], asked)
            outlook = stands_in_the_way(after, options.level)
    except FcsseError as error:
        return Outcome(facts.pair, Status.BLOCKED, error.message, Via.GRANT, facts, need.warnings, error)
    return facts, need._replace(warnings=(*need.warnings, *outlook), in_doubt=bool(outlook))


def key_policy(facts: Facts, need: Requirement) -> PolicyDocument:
    """The policy of the pair's key. Raises ``PolicyFormatError``."""
    try:
        return parsed(facts.policy or "")
    except PolicyFormatError as error:
        message = f"reading the policy of key {need.key.arn}: {error.message}"
        raise PolicyFormatError(message, error.hint) from error


def read_only_until_now(pair: Pair) -> str:
    """The warning that a link widens what was for reading only."""
    return advice(
        f"{pair.cache or 'every cache'} could only read until now. To leave it so, link with ", READ_ONLY, "."
    )
