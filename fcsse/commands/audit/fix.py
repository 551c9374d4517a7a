"""What a link would take to fix a pair: whether it can be made as things stand, and with which options. Pure.

All pairs of a key are tried as one change, as ``link`` and ``audit --fix`` make them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fcsse.commands.audit.finding import Fix
from fcsse.commands.audit.finding_kinds import EXPLICIT_DENY
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.errors import FcsseError, PolicyFullError, PolicyRefusedError
from fcsse.link_options import AccessLevel, Operation, Options
from fcsse.model import Pair
from fcsse.planning.changes import change_policy
from fcsse.planning.linked_level import level_of, needs_wider_grant
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import Status
from fcsse.planning.requirements import Requirement, requirement_of
from fcsse.policy.document import parsed
from fcsse.policy.statement import Access
from fcsse.suggested_commands import operations

NARROW = (
    "Its grant is limited to this bucket, and so needs Bucket Keys: turn them on, or link it by a grant that serves every bucket of "
    "the key. --fix would make that grant."
)


class Fixability(NamedTuple):
    """``options`` are those that ``link`` needs; ``hinder`` says why no link can be made, empty where one can."""

    fix: Fix
    options: tuple[str, ...] = ()
    hinder: str = ""


def fixability(judged: Sequence[PairAudit]) -> dict[Pair, Fixability]:
    """For each pair that a link would fix, how."""
    found: dict[Pair, Fixability] = {}
    by_key: dict[str, list[tuple[PairAudit, Access]]] = {}
    for one in judged:
        if one.facts is None or not any(trouble.kind.fixed_by_link for trouble in one.troubles):
            continue
        if level_of(one.facts) is AccessLevel.READ:
            hinder = "Link it again for reading only, as it was linked. --fix would let it write."
            found[one.pair] = Fixability(Fix.NO, operations(AccessLevel.READ), hinder)
            continue
        try:
            need = requirement_of(one.facts, Options(Operation.LINK))
        except FcsseError as error:
            found[one.pair] = Fixability(Fix.NO, (), error.hint or error.message)
            continue
        if isinstance(need, Requirement) and need.access:
            by_key.setdefault(str(need.key.arn), []).append((one, need.access))
        elif isinstance(need, Requirement) and needs_wider_grant(one.facts, AccessLevel.FULL):
            found[one.pair] = Fixability(Fix.NO, (), NARROW)
        elif isinstance(need, Requirement):
            found[one.pair] = Fixability(Fix.YES)
    for group in by_key.values():
        way = _of_group(group)
        found |= {one.pair: way for one, _ in group}
    return found


def _of_group(group: Sequence[tuple[PairAudit, Access]]) -> Fixability:
    facts = group[0][0].facts
    if facts is None or facts.key is None or facts.policy is None:
        return Fixability(Fix.NO, (), "The key policy has to be readable first.")
    accesses = [access for _, access in group]
    try:
        document = parsed(facts.policy)
        dead = frozenset(found for one, _ in group if one.facts for found in one.facts.dead_ids)
        change_policy(facts.key.arn, Operation.LINK, accesses, document, dead=dead)
    except PolicyFullError as error:
        return Fixability(Fix.NO, ("--via", "grant"), error.hint)
    except PolicyRefusedError:
        pass
    except FcsseError as error:
        return Fixability(Fix.NO, (), error.hint or error.message)
    else:
        return Fixability(Fix.YES)
    try:
        change_policy(facts.key.arn, Operation.LINK, accesses, document, prune_orphans=True, dead=dead)
    except FcsseError:
        return Fixability(
            Fix.NO,
            ("--via", "grant"),
            "A dead principal that cannot be pruned keeps KMS from taking a new policy; a grant needs none.",
        )
    return Fixability(Fix.PRUNE, ("--prune-orphans",))


def fix_options(*, prune_orphans: bool) -> Options:
    """What ``--fix`` asks for."""
    return Options(Operation.LINK, prune_orphans=prune_orphans)


def pruning(judged: Iterable[PairAudit]) -> tuple[Fix, PairAudit | None]:
    """What takes the dead principals out of a key's policy: ``--fix`` how, and the pair whose link does it.

    Of the key's pairs, the first that can be linked; one that has its access by a statement comes before the others, as
    linking it adds nothing. Not one that is linked for reading only: ``--fix`` would let it write.
    """
    for one in sorted(judged, key=lambda one: (not one.allowed, not one.by_statement)):
        if one.facts is None or level_of(one.facts) is AccessLevel.READ:
            continue
        if any(trouble.kind is EXPLICIT_DENY for trouble in one.troubles):
            continue
        for fix in (Fix.YES, Fix.PRUNE):
            (outcome,) = make_plan((one.facts,), fix_options(prune_orphans=fix is Fix.PRUNE)).outcomes
            if outcome.status is Status.TO_DO:
                return fix, one
        if isinstance(outcome.error, PolicyRefusedError | PolicyFullError):
            break  # no other pair would fare better
    return Fix.NO, None


def together(fixes: Iterable[Fix]) -> Fix:
    """What ``--fix`` does about several things at once: the least of it."""
    found = set(fixes)
    return Fix.NO if Fix.NO in found or not found else Fix.PRUNE if Fix.PRUNE in found else Fix.YES
