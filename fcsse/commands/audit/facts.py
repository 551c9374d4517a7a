"""What an audit read, as frozen values: the input of every finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fcsse.errors import FcsseError
from fcsse.model import Association, Bucket, Facts, Obstacle, Role

OLDER = "older-links"
"""Kind of a refusal to list file systems, of which some are linked the older way; it is about a Region."""


class Scope(NamedTuple):
    """Which Regions are meant: those named, all of the partition, or the caller's own where neither is set.

    ``many_accounts``: each account is one of many, whose roles read each other's buckets and keys.
    """

    regions: tuple[str, ...] = ()
    all_regions: bool = False
    many_accounts: bool = False


class Located(NamedTuple):
    """A data repository association and the Region it is in."""

    association: Association
    region: str


class Refusal(NamedTuple):
    """A question that was answered with an error. ``kind`` and ``about`` as in ``Discovery.refusals``, or ``OLDER``."""

    kind: str
    about: tuple[str, ...]
    error: FcsseError


class AccountFacts(NamedTuple):
    """Everything that was read.

    ``regions`` were listed to the end; ``unread`` could not be, with the reason; ``off`` do not accept the account's
    credentials, as opt-in Regions do until they are turned on. ``roles`` are all service-linked roles by cache, None
    where they could not be listed (``refusals`` then says why). ``pairs`` are in the order of caches, then buckets.
    ``roleless`` are caches of which IAM said that they have no role, ``for_every`` the facts about their buckets and every
    cache of the account. ``unheard_of`` are Regions that botocore does not know FSx to be in and that hold nothing, with
    the names that may have been meant. ``newcomers`` are caches that key policies name and whose role, or a link of which,
    came after all were listed: what was listed does not say what they are linked to. ``many_accounts``: as in ``Scope``.
    """

    account: str
    partition: str
    regions: tuple[str, ...]
    roles: Mapping[str, Role] | None
    associations: tuple[Located, ...]
    pairs: tuple[Facts | Obstacle, ...]
    buckets: Mapping[str, Bucket]
    refusals: tuple[Refusal, ...] = ()
    unread: tuple[tuple[str, FcsseError], ...] = ()
    off: tuple[str, ...] = ()
    all_regions: bool = False
    roleless: frozenset[str] = frozenset()
    for_every: tuple[Facts | Obstacle, ...] = ()
    unheard_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    newcomers: frozenset[str] = frozenset()
    many_accounts: bool = False

    @property
    def complete(self) -> bool:
        """Was every Region read in which the account can have a cache?"""
        return self.all_regions and not self.unread and not any(one.kind == OLDER for one in self.refusals)
