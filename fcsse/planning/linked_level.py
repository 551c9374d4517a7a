"""What links gave a pair so far: for reading only, or for everything; by a statement, or by grants. Pure."""

from __future__ import annotations

from fcsse.errors import PolicyFormatError
from fcsse.link_options import AccessLevel
from fcsse.model import READ_OPERATIONS, Facts, Grant
from fcsse.planning.wanted_grant import GRANT_PREFIX, OPERATIONS_OF, ends
from fcsse.policy.document import parsed
from fcsse.policy.statement import read_statement


def level_of(*facts: Facts) -> AccessLevel:
    """READ where all that links gave the pair's role, or every cache of its account, is for reading only, which nobody is to
    widen; else FULL.

    ``facts``: those of the pair with its key, or with each of its keys.
    """
    found = {level for one in facts for level in _levels(one)}
    return AccessLevel.READ if found == {AccessLevel.READ} else AccessLevel.FULL


def in_policy(facts: Facts) -> bool:
    """Does a statement of a link give the pair's role, or every cache, anything for the bucket?"""
    return bool(_levels(facts._replace(grants=None)))


def link_grants(facts: Facts, level: AccessLevel) -> tuple[Grant, ...]:
    """The grants that links made for the pair, and that give what a link of this level does."""
    enough = frozenset(OPERATIONS_OF[level])
    return tuple(
        one
        for one in facts.grants or ()
        if one.name.startswith(GRANT_PREFIX) and ends(one, facts) and enough <= one.operations
    )


def needs_wider_grant(facts: Facts, level: AccessLevel) -> bool:
    """Are the pair's grants narrow, and of no use since the bucket has no Bucket Keys? Nobody is to widen them unasked."""
    made = link_grants(facts, level)
    return bool(made) and all(one.constrained for one in made) and not facts.bucket.encryption.bucket_keys


def _levels(facts: Facts) -> set[AccessLevel]:
    found: set[AccessLevel] = set()
    role = str(facts.role.arn) if facts.role else ""
    try:
        statements = parsed(facts.policy).statements if facts.policy else ()
    except PolicyFormatError:
        statements = ()
    for statement in statements:
        ours = read_statement(statement.value)
        named = ours and (role in ours.roles or (ours.every_cache and ours.account == facts.account))
        if ours and named and any(arn.rsplit(":", 1)[-1] == facts.pair.bucket for arn in ours.buckets):
            found.add(ours.level)
    for grant in facts.grants or ():
        if ends(grant, facts):
            read = grant.operations == frozenset(READ_OPERATIONS)
            found.add(AccessLevel.READ if read else AccessLevel.FULL)
    return found
