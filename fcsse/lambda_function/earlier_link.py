"""How a pair was linked before: for reading only or for everything, by a statement, or by a grant and a narrow one. A link
that is made again keeps to all of that. Pure, but for reading grants.
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import FcsseError
from fcsse.link_options import Operation, Options, Via
from fcsse.model import Facts, Grant, Key, Obstacle
from fcsse.planning.linked_level import in_policy, level_of, link_grants, needs_wider_grant

LINK = Options(Operation.LINK)


def with_grants(found: Sequence[Facts | Obstacle], aws: AwsCalls) -> tuple[Facts | Obstacle, ...]:
    """The facts with the grants of keys of the account's own, for pairs that no statement of a link is for.

    A link by policy reads no grants, and one made with ``--via grant`` shows in nothing else. Where they cannot be read,
    nothing is found out about the pair: they may be for reading only, and a statement would give more.
    """
    read: dict[Arn, tuple[Grant, ...] | FcsseError] = {}

    def with_its_grants(one: Facts, key: Arn) -> Facts | Obstacle:
        if key not in read:
            try:
                read[key] = aws.list_grants(key)
            except FcsseError as error:
                read[key] = error
        grants = read[key]
        return Obstacle(one.pair, grants) if isinstance(grants, FcsseError) else one._replace(grants=grants)

    return tuple(
        with_its_grants(one, one.key.arn)
        if isinstance(one, Facts) and one.key and one.grants is None and _may_be_by_grant(one, one.key)
        else one
        for one in found
    )


def _may_be_by_grant(facts: Facts, key: Key) -> bool:
    return key.arn.account == facts.account and not in_policy(facts)


def linking_again(found: Facts | Obstacle) -> Options:
    """The options with which a link of the pair gives no more than it had, where it had anything."""
    if not isinstance(found, Facts) or found.key is None:
        return LINK
    again = LINK._replace(level=level_of(found))
    made = () if in_policy(found) else link_grants(found, again.level)
    if not made:
        return again
    if needs_wider_grant(found, again.level) and found.key.arn.account == found.account:
        return again  # a statement is narrow as well
    return again._replace(via=Via.GRANT, narrow_grant=all(one.constrained for one in made))
