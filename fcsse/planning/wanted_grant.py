"""The grant that a pair needs: its name, what it allows, and which grants of a key are it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.arn import Arn, bucket_arn, is_unique_id
from fcsse.link_options import AccessLevel
from fcsse.model import GRANT_OPERATIONS, READ_OPERATIONS, Facts, Grant, Role

GRANT_PREFIX = "fcsse:"
READ_SUFFIX = ":read"
OPERATIONS_OF = {AccessLevel.FULL: GRANT_OPERATIONS, AccessLevel.READ: READ_OPERATIONS}


class WantedGrant(NamedTuple):
    """The documented grant for a pair, or that for reading only. ``subset`` is its encryption context constraint; None = unconstrained."""

    key: Arn
    grantee: str
    name: str
    operations: tuple[str, ...] = GRANT_OPERATIONS
    subset: tuple[tuple[str, str], ...] = ()

    def is_met_by(self, grant: Grant) -> bool:
        """Does a grant give this already, to the same role, and at least as widely?

        A grant that fcsse made for another bucket does not count, since unlinking that bucket would end it.
        """
        if grant.grantee != self.grantee or not set(self.operations) <= grant.operations or grant.other_constraints:
            return False
        other_pair = grant.name.removesuffix(READ_SUFFIX) != self.name.removesuffix(READ_SUFFIX)
        if grant.name.startswith(GRANT_PREFIX) and other_pair:
            return False
        if not grant.constrained:
            return not self.subset
        wanted = dict(self.subset)
        return (
            bool(wanted)
            and (grant.constraint_subset or wanted) == wanted
            and (grant.constraint_equals or wanted) == wanted
        )


def grant_name(cache: str, bucket: str, *, narrow: bool = False, level: AccessLevel = AccessLevel.FULL) -> str:
    """The name of the grant for a pair: always the same, so that a repetition adds no duplicate.

    KMS allows no dots in it, and bucket names no underscores, so dots become underscores without a clash.
    Source: KMS API reference, CreateGrant.
    """
    name = f"{GRANT_PREFIX}{cache}:{bucket.replace('.', '_')}" + (":narrow" if narrow else "")
    return name + (READ_SUFFIX if level is AccessLevel.READ else "")


def grant_names(cache: str, bucket: str) -> frozenset[str]:
    """Every name that a grant of ours for a pair may have."""
    return frozenset(
        grant_name(cache, bucket, narrow=narrow, level=level) for narrow in (False, True) for level in AccessLevel
    )


def ends(grant: Grant, facts: Facts) -> bool:
    """Does unlinking the pair end this grant? Only one to the pair's role, and for this bucket or without any constraint.

    One with a name of ours for the pair does, also when its role is gone by IAM's own answer; one made by hand does if it says
    what the documented grant says, or the one for reading only.
    """
    if facts.pair.cache is None or facts.role is None or not is_for_bucket(grant, facts):
        return False
    if grant.name in grant_names(facts.pair.cache, facts.pair.bucket):
        return _is_to_role(grant, facts.role) or grant.grantee in facts.dead_ids
    if grant.name.startswith(GRANT_PREFIX) or not _is_to_role(grant, facts.role):
        return False
    return grant.operations in map(frozenset, OPERATIONS_OF.values())


def may_serve_others(grant: Grant, facts: Facts) -> bool:
    """Does unlinking the pair end a grant that was made by hand for no bucket in particular, so that others of the cache may
    rest on it?
    """
    return ends(grant, facts) and not grant.constrained and not grant.name.startswith(GRANT_PREFIX)


def _is_to_role(grant: Grant, role: Role) -> bool:
    """KMS shows a new role's unique id for about a minute."""
    return grant.grantee is not None and grant.grantee in (str(role.arn), role.role_id)


def is_for_bucket(grant: Grant, facts: Facts) -> bool:
    """Is it unconstrained, or constrained to the bucket's own encryption context and to nothing else?"""
    own = {"aws:s3:arn": bucket_arn(facts.partition, facts.pair.bucket)}
    contexts = [one for one in (grant.constraint_equals, grant.constraint_subset) if one]
    return not grant.other_constraints and all(dict(one) == own for one in contexts)


def may_be_ours(grant: Grant, facts: Facts) -> bool:
    """Has a grant a name of ours for the pair, and a unique id as its grantee that nobody could look up?"""
    return (
        facts.pair.cache is not None
        and grant.name in grant_names(facts.pair.cache, facts.pair.bucket)
        and is_unique_id(grant.grantee or "")
        and is_for_bucket(grant, facts)
        and not ends(grant, facts)
    )
