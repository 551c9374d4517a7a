"""From facts to a plan. Pure.

In: facts or obstacles in the order of the pairs, and the options. Out: a ``Plan`` with one outcome per pair in the
same order, and the changes: all edits to one key policy are one change, and a grant that serves many pairs is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import assert_never

from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Options
from fcsse.model import Facts, Obstacle
from fcsse.planning.before_edit import key_policy, what_it_takes
from fcsse.planning.changes import GrantAddition, GrantChange, GrantEnding, PolicyChange, change_policy
from fcsse.planning.pairs import outcome_of
from fcsse.planning.plan import Outcome, Plan
from fcsse.planning.requirements import Requirement
from fcsse.planning.wanted_grant import ends


def make_plan(
    found: Sequence[Facts | Obstacle], options: Options, saved: Mapping[str, Sequence[str]] | None = None
) -> Plan:
    """The plan for these facts. ``saved`` holds earlier texts of key policies, by key ARN, newest first.

    Errors become BLOCKED outcomes; nothing is raised.
    """
    needs = [what_it_takes(facts, options) for facts in found]
    edits: dict[str, PolicyChange | FcsseError] = {}
    for arn, group in _by_key(needs).items():
        edits[arn] = _policy_change(group, options, (saved or {}).get(arn, ()))
    ended = _ended(needs) if options.operation is Operation.UNLINK else frozenset()
    outcomes: list[Outcome] = []
    grants: list[GrantChange] = []
    for asked in needs:
        match asked:
            case Outcome():
                outcomes.append(asked)
            case (facts, need):
                edited = edits.get(str(need.key.arn)) if need.access else None
                outcome, its_grants = outcome_of(facts, need, edited, options, ended)
                outcomes.append(outcome)
                grants += its_grants
    written = [
        edited for edited in edits.values() if isinstance(edited, PolicyChange) and edited.after != edited.before
    ]
    return Plan(
        options.operation,
        tuple(outcomes),
        (*written, *_unique(grants)),
        level=options.level,
        context=options.context,
        narrow_grant=options.narrow_grant,
    )


def _ended(needs: Sequence[Outcome | tuple[Facts, Requirement]]) -> frozenset[str]:
    """The ids of the grants that unlinking these pairs ends: what one of them ends serves none of the others either."""
    found = (asked[0] for asked in needs if not isinstance(asked, Outcome))
    return frozenset(grant.grant_id for facts in found for grant in facts.grants or () if ends(grant, facts))


def _unique(changes: Sequence[GrantChange]) -> tuple[GrantChange, ...]:
    """Each grant once, however many pairs it serves."""
    found: dict[tuple[str, ...], GrantChange] = {}
    for change in changes:
        match change:
            case GrantAddition():
                found.setdefault(("add", str(change.key), change.name, change.grantee), change)
            case GrantEnding():
                found.setdefault(("end", str(change.key), change.grant.grant_id), change)
            case _:
                assert_never(change)
    return tuple(found.values())


def _by_key(needs: Sequence[Outcome | tuple[Facts, Requirement]]) -> dict[str, list[tuple[Facts, Requirement]]]:
    groups: dict[str, list[tuple[Facts, Requirement]]] = {}
    for asked in needs:
        if not isinstance(asked, Outcome) and asked[1].access is not None:
            groups.setdefault(str(asked[1].key.arn), []).append(asked)
    return groups


def _policy_change(
    group: Sequence[tuple[Facts, Requirement]], options: Options, saved: Sequence[str]
) -> PolicyChange | FcsseError:
    facts, need = group[0]
    accesses = tuple(dict.fromkeys(need.access for _, need in group if need.access))
    try:
        document = key_policy(facts, need)
        dead = frozenset(one for facts, _ in group for one in facts.dead_ids)
        return change_policy(
            need.key.arn, options.operation, accesses, document, saved, prune_orphans=options.prune_orphans, dead=dead
        )
    except FcsseError as error:
        return error
