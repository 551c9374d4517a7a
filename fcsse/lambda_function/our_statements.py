"""Which buckets the statements of ours in a key policy give a role, and how much of them. Pure."""

from __future__ import annotations

from collections.abc import Collection

from fcsse.errors import PolicyFormatError
from fcsse.link_options import AccessLevel
from fcsse.model import READ_OPERATIONS, Facts
from fcsse.planning.wanted_grant import ends
from fcsse.policy.document import PolicyDocument, parsed
from fcsse.policy.statement import read_statement


def buckets_given(document: PolicyDocument, role: str, dead: Collection[str] = ()) -> tuple[str, ...]:
    """The names of the buckets of all statements of ours that name a role (its ARN), or an id of ``dead``.

    ``dead`` are unique ids that belong to nobody: such statements are of deleted caches, of which no id is left.
    """
    found: dict[str, None] = {}
    for statement in document.statements:
        ours = read_statement(statement.value)
        if ours and any(one == role or one in dead for one in ours.roles):
            found |= dict.fromkeys(sorted(arn.rsplit(":", 1)[-1] for arn in ours.buckets))
    return tuple(found)


def level_of(facts: Facts) -> AccessLevel:
    """READ where all that links gave the pair's role on its key is for reading only, which nobody is to widen; else FULL."""
    return AccessLevel.READ if _levels(facts) == {AccessLevel.READ} else AccessLevel.FULL


def _levels(facts: Facts) -> set[AccessLevel]:
    found: set[AccessLevel] = set()
    role = str(facts.role.arn) if facts.role else ""
    try:
        statements = parsed(facts.policy).statements if facts.policy else ()
    except PolicyFormatError:
        statements = ()
    for statement in statements:
        ours = read_statement(statement.value)
        if ours and role in ours.roles and any(arn.rsplit(":", 1)[-1] == facts.pair.bucket for arn in ours.buckets):
            found.add(ours.level)
    for grant in facts.grants or ():
        if ends(grant, facts):
            read = grant.operations == frozenset(READ_OPERATIONS)
            found.add(AccessLevel.READ if read else AccessLevel.FULL)
    return found
