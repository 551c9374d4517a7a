"""From facts to a plan: what would be changed for each pair, what is in the way, and what to be warned of. Pure.

In: facts or obstacles in the order of the pairs, and the options. Out: a ``Plan`` with one outcome per pair in the
same order, and the changes: all edits to one key policy are one change. Nothing here knows whether it is a dry run.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from fcsse.errors import FcsseError, PolicyFormatError, PolicyRefusedError
from fcsse.model import Facts, Grant, Obstacle, Via, Wish
from fcsse.planning.outlook import already_allowed, form_changed, stands_in_the_way, stays
from fcsse.planning.routes import GRANT_PREFIX, Need, Nothing, ends, need_of
from fcsse.policy import edit
from fcsse.policy.document import PolicyDocument, dead_principals, refused_statements
from fcsse.policy.meaning import digest_of
from fcsse.policy.steps import AlreadyThere, FormJoined, PrincipalKept, PrincipalPruned, StatementTakenOut
from fcsse.wording import changes, concerns, is_warning, phrase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fcsse.arn import Arn
    from fcsse.model import Options, Pair
    from fcsse.policy.statement import Access
    from fcsse.policy.steps import Step


class Status(Enum):
    """How a pair comes out of planning."""

    TO_DO = "to-do"
    NOTHING = "nothing-to-do"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the plan says of one pair.

    ``summary`` is a sentence for people; ``via`` the route, None where no key is involved; ``warnings`` are sentences
    to show before anything is done; ``error`` is set for BLOCKED.
    """

    pair: Pair
    status: Status
    summary: str = ""
    via: Via | None = None
    facts: Facts | None = None
    warnings: tuple[str, ...] = ()
    error: FcsseError | None = None


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One write to a key policy. ``accesses`` are what it gives or takes, ``saved`` earlier texts of the policy."""

    key: Arn
    wish: Wish
    accesses: tuple[Access, ...]
    before: PolicyDocument
    after: PolicyDocument
    steps: tuple[Step, ...]
    prune_orphans: bool = False
    saved: tuple[str, ...] = ()

    def again(self, before: PolicyDocument) -> PolicyChange:
        """The same wish on another version of the document. Raises what ``change_policy`` raises."""
        return change_policy(self.key, self.wish, self.accesses, before, self.saved, prune_orphans=self.prune_orphans)


@dataclass(frozen=True, slots=True)
class GrantAddition:
    """A grant to create. ``subset`` is its encryption context constraint; None = unconstrained."""

    key: Arn
    grantee: str
    name: str
    operations: tuple[str, ...]
    subset: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class GrantEnding:
    """A grant to revoke or retire."""

    key: Arn
    grant: Grant


Change = PolicyChange | GrantAddition | GrantEnding


@dataclass(frozen=True, slots=True)
class Plan:
    """Outcomes in the order of the pairs, and the changes. ``digest`` binds a review to what is applied."""

    wish: Wish
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]

    @property
    def digest(self) -> str:
        """The same for the same changes to the same documents; 16 hexadecimal digits."""
        parts = sorted(json.dumps(_essence(change), sort_keys=True) for change in self.changes)
        return hashlib.sha256("\n".join([self.wish.value, *parts]).encode()).hexdigest()[:16]

    @property
    def error(self) -> FcsseError | None:
        """The first pair's error, in the order of the pairs."""
        return next((outcome.error for outcome in self.outcomes if outcome.error), None)


def _essence(change: Change) -> list[object]:
    match change:
        case PolicyChange():
            digests = [digest_of(document, change.key.partition) for document in (change.before, change.after)]
            return ["policy", str(change.key), *digests]
        case GrantAddition():
            return [
                "grant",
                str(change.key),
                change.grantee,
                change.name,
                sorted(change.operations),
                dict(change.subset),
            ]
        case GrantEnding():
            return ["end-grant", str(change.key), change.grant.grant_id]


def make_plan(
    found: Sequence[Facts | Obstacle], options: Options, saved: Mapping[str, Sequence[str]] | None = None
) -> Plan:
    """The plan for these facts. ``saved`` holds earlier texts of key policies, by key ARN, newest first.

    Errors become BLOCKED outcomes; nothing is raised.
    """
    needs = [_need(facts, options) for facts in found]
    edits: dict[str, PolicyChange | FcsseError] = {}
    for arn, group in _by_key(needs).items():
        edits[arn] = _policy_change(group, options, (saved or {}).get(arn, ()))
    outcomes: list[Outcome] = []
    made: list[Change] = []
    for asked in needs:
        match asked:
            case Outcome():
                outcomes.append(asked)
            case (facts, need):
                edited = edits.get(str(need.key.arn)) if need.access else None
                outcome, grants = _outcome(facts, need, edited, options)
                outcomes.append(outcome)
                made += grants
    written = [
        edited for edited in edits.values() if isinstance(edited, PolicyChange) and edited.after != edited.before
    ]
    return Plan(options.wish, tuple(outcomes), (*written, *_unique(made)))


def _unique(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Each grant once, however many pairs it serves."""
    found: dict[tuple[object, ...], Change] = {}
    for change in changes:
        match change:
            case GrantAddition():
                name: tuple[object, ...] = ("add", str(change.key), change.name, change.grantee)
            case GrantEnding():
                name = ("end", str(change.key), change.grant.grant_id)
            case PolicyChange():
                name = ("policy", str(change.key))
            case _:
                assert_never(change)
        found.setdefault(name, change)
    return tuple(found.values())


def _need(found: Facts | Obstacle, options: Options) -> Outcome | tuple[Facts, Need]:
    if isinstance(found, Obstacle):
        return Outcome(found.pair, Status.BLOCKED, found.error.message, error=found.error)
    try:
        need = need_of(found, options)
    except FcsseError as error:
        return Outcome(found.pair, Status.BLOCKED, error.message, facts=found, error=error)
    if isinstance(need, Nothing):
        return Outcome(found.pair, Status.NOTHING, need.reason, facts=found)
    return _weighed(found, need, options)


def _by_key(needs: Sequence[Outcome | tuple[Facts, Need]]) -> dict[str, list[tuple[Facts, Need]]]:
    groups: dict[str, list[tuple[Facts, Need]]] = {}
    for asked in needs:
        if not isinstance(asked, Outcome) and asked[1].access is not None:
            groups.setdefault(str(asked[1].key.arn), []).append(asked)
    return groups


def _weighed(facts: Facts, need: Need, options: Options) -> Outcome | tuple[Facts, Need]:
    """Where a link goes by the key policy: is the access there already by others' statements, and will it come?"""
    access = need.access
    if options.wish is not Wish.LINK:
        return facts, need
    if access is None:
        return _weighed_grant(facts, need)
    try:
        document = _parsed(facts, need)
        edited = edit.link(document, [access])
        ours = any(isinstance(step, AlreadyThere) for step in edited.steps)
        there = () if ours else already_allowed(facts, access, document)
        if there:
            summary = f"{' and '.join(there)} {'gives' if len(there) == 1 else 'give'} the access already"
            return Outcome(facts.pair, Status.NOTHING, summary, Via.POLICY, facts, need.warnings)
        flipped = () if any(isinstance(step, FormJoined) for step in edited.steps) else form_changed(facts, document)
        outlook = stands_in_the_way(facts, edited.document, forms=access.forms)
    except FcsseError as error:
        return Outcome(facts.pair, Status.BLOCKED, error.message, Via.POLICY, facts, need.warnings, error)
    return facts, replace(need, warnings=(*need.warnings, *flipped, *outlook))


def _weighed_grant(facts: Facts, need: Need) -> Outcome | tuple[Facts, Need]:
    """Where the key policy could be read: does it deny what the grant is to give?"""
    if facts.policy is None or need.grant is None:
        return facts, need
    wanted = need.grant
    granted = Grant(
        "planned", wanted.grantee, frozenset(wanted.operations), constraint_subset=dict(wanted.subset) or None
    )
    try:
        outlook = stands_in_the_way(facts, _parsed(facts, need), [*(facts.grants or ()), granted])
    except FcsseError as error:
        return Outcome(facts.pair, Status.BLOCKED, error.message, Via.GRANT, facts, need.warnings, error)
    return facts, replace(need, warnings=(*need.warnings, *outlook))


def _parsed(facts: Facts, need: Need) -> PolicyDocument:
    try:
        return PolicyDocument.parse(facts.policy or "")
    except PolicyFormatError as error:
        message = f"reading the policy of key {need.key.arn}: {error.message}"
        raise PolicyFormatError(message, error.hint) from error


def _policy_change(
    group: Sequence[tuple[Facts, Need]], options: Options, saved: Sequence[str]
) -> PolicyChange | FcsseError:
    facts, need = group[0]
    accesses = tuple(dict.fromkeys(need.access for _, need in group if need.access))
    try:
        document = _parsed(facts, need)
        return change_policy(need.key.arn, options.wish, accesses, document, saved, prune_orphans=options.prune_orphans)
    except FcsseError as error:
        return error


def change_policy(
    key: Arn,
    wish: Wish,
    accesses: Sequence[Access],
    before: PolicyDocument,
    saved: Sequence[str] = (),
    *,
    prune_orphans: bool = False,
) -> PolicyChange:
    """The change to one document for all these accesses; its ``after`` equals ``before`` where there is nothing to do.

    Raises ``PolicyRefusedError`` where dead principals of others would make KMS refuse every new document, and
    ``PolicyFullError``.
    """
    if wish is Wish.LINK:
        edited = edit.link(before, accesses, prune=prune_orphans)
    else:
        edited = edit.unlink(before, accesses, saved, prune=prune_orphans)
    after = edited.document
    if edited.changed:
        dead = dead_principals(after)
        if dead:
            named = "; ".join(f"{one.id} in {one.label}" for one in dead)
            raise PolicyRefusedError(
                f"updating the policy of key {key}: it names principals that no longer exist, and KMS refuses every new "
                f"version of it because of them: {named}",
                "Remove them in the same change with --prune-orphans (the diff shows each), or use --via grant.",
            )
        after = edit.fit(after, before)
    return PolicyChange(key, wish, tuple(accesses), before, after, edited.steps, prune_orphans, tuple(saved))


def _outcome(
    facts: Facts, need: Need, edited: PolicyChange | FcsseError | None, options: Options
) -> tuple[Outcome, list[Change]]:
    if isinstance(edited, FcsseError):
        return Outcome(facts.pair, Status.BLOCKED, edited.message, Via.POLICY, facts, need.warnings, edited), []
    if options.wish is Wish.UNLINK:
        return _unlink_outcome(facts, need, edited)
    if edited is not None:
        return _statement_outcome(facts, need, edited), []
    return _grant_outcome(facts, need)


def _statement_outcome(facts: Facts, need: Need, edited: PolicyChange) -> Outcome:
    mine = [step for step in edited.steps if need.access and concerns(step, need.access)]
    doing = [step for step in mine if changes(step)] + [step for step in edited.steps if _is_tidying(step)]
    warnings = (*need.warnings, *_policy_warnings(edited, mine))
    if doing:
        return Outcome(facts.pair, Status.TO_DO, _joined(doing), Via.POLICY, facts, warnings)
    there = [step for step in mine if not is_warning(step)]
    return Outcome(facts.pair, Status.NOTHING, _joined(there), Via.POLICY, facts, warnings)


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


def _grant_outcome(facts: Facts, need: Need) -> tuple[Outcome, list[Change]]:
    wanted = need.grant
    if wanted is None:
        text = "a link needs a statement or a grant"
        raise AssertionError(text)
    there = next((grant for grant in facts.grants or () if wanted.is_met_by(grant)), None)
    if there is not None:
        name = f" ({there.name})" if there.name else ""
        summary = f"grant {there.grant_id}{name} gives the access already"
        if not there.name.startswith(GRANT_PREFIX) and not there.constrained:
            summary += " (it was not made by fcsse and serves every bucket of this key; unlinking any of them ends it)"
        return Outcome(facts.pair, Status.NOTHING, summary, Via.GRANT, facts, need.warnings), []
    wider = (
        "The grant lets the role use the key in every bucket and outside S3, not only for this bucket: a grant cannot be "
        "limited to S3, and to one bucket only where its objects use Bucket Keys (--narrow-grant)."
    )
    if wanted.subset:
        wider = (
            "The grant covers objects written with Bucket Keys only, and is not limited to S3; objects from before Bucket "
            "Keys were turned on need a wider one."
        )
    addition = GrantAddition(wanted.key, wanted.grantee, wanted.name, wanted.operations, wanted.subset)
    summary = f"a new grant {wanted.name} with {len(wanted.operations)} operations"
    return Outcome(facts.pair, Status.TO_DO, summary, Via.GRANT, facts, (*need.warnings, wider)), [addition]


def _unlink_outcome(facts: Facts, need: Need, edited: PolicyChange | None) -> tuple[Outcome, list[Change]]:
    mine = [step for step in edited.steps if need.access and concerns(step, need.access)] if edited else []
    doing = [step for step in mine if changes(step)]
    doing += [step for step in (edited.steps if edited else ()) if _is_tidying(step)]
    warnings = [*need.warnings, *(_policy_warnings(edited, mine) if edited else ())]
    ending: list[GrantEnding] = []
    summary = [_joined(doing)] if doing else []
    for grant in facts.grants or ():
        if not ends(grant, facts):
            continue
        ending.append(GrantEnding(need.key.arn, grant))
        summary.append(f"grant {grant.grant_id} ends")
        if not grant.name.startswith(GRANT_PREFIX):
            warnings.append(
                f"Grant {grant.grant_id} was not made by fcsse; it is not limited to this bucket, so it may serve other "
                "buckets of the cache too."
            )
    ended = {change.grant.grant_id for change in ending}
    left = [grant for grant in facts.grants or () if grant.grant_id not in ended]
    warnings += stays(facts, edited.after if edited else None, left)
    via = Via.POLICY if doing else Via.GRANT if ending else None
    if summary:
        return Outcome(facts.pair, Status.TO_DO, "; ".join(summary), via, facts, tuple(warnings)), list(ending)
    who = facts.pair.cache or "every cache"
    nothing = f"no statement or grant of key {need.key.id} gives {who} access to this bucket"
    if warnings:
        nothing = f"no statement or grant of key {need.key.id} is only for {who} and this bucket"
    return Outcome(facts.pair, Status.NOTHING, nothing, via, facts, tuple(warnings)), []
