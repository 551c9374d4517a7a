"""Objects counted by how they are encrypted, and what a sample says of the rest. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse.policy.context_form import ContextForm

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Sealed:
    """How an object is encrypted: ``algorithm`` as S3 names it (``SSE-C`` for customer-provided keys), ``key`` an ARN."""

    algorithm: str
    key: str | None = None
    bucket_key: bool = False

    @property
    def form(self) -> ContextForm | None:
        """The form of encryption context that reading it takes; None where no KMS key is involved."""
        if self.key is None:
            return None
        return ContextForm.BUCKET if self.bucket_key else ContextForm.OBJECT


@dataclass(frozen=True, slots=True)
class Seen:
    """One object that was looked at."""

    name: str
    size: int
    modified: datetime | None
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Group:
    """Objects encrypted alike. ``size`` is in bytes; ``oldest`` and ``newest`` bound their last changes."""

    sealed: Sealed
    objects: int
    size: int
    example: str
    oldest: datetime | None = None
    newest: datetime | None = None

    def joined(self, seen: Seen) -> Group:
        """With one more object."""
        times = [time for time in (self.oldest, self.newest, seen.modified) if time is not None]
        return replace(
            self,
            objects=self.objects + 1,
            size=self.size + seen.size,
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )


@dataclass(frozen=True, slots=True)
class Census:
    """What was counted. ``total`` is the number of objects there are, None where that was not found out.

    ``complete``: every object was looked at. ``unreadable``: objects whose encryption S3 did not tell, by its reason.
    """

    bucket: str
    groups: tuple[Group, ...]
    looked_at: int
    total: int | None = None
    complete: bool = False
    unreadable: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in use, most used first."""
        return tuple(dict.fromkeys(group.sealed.key for group in self.groups if group.sealed.key))

    @property
    def unseen_share(self) -> float:
        """The share of objects that may be encrypted in a way that was not seen, with 95 % confidence.

        The rule of three: after n objects of a random sample without a case, its share is at most 3/n. The sample is
        spread over prefixes and ages rather than drawn at random, which finds rare kinds sooner, not later.
        """
        if self.complete:
            return 0.0
        return min(1.0, 3 / self.looked_at) if self.looked_at else 1.0


def tally(seen: Iterable[Seen]) -> tuple[Group, ...]:
    """Groups of what was seen, the largest first."""
    groups: dict[Sealed, Group] = {}
    for one in seen:
        group = groups.get(one.sealed) or Group(one.sealed, 0, 0, one.name, one.modified, one.modified)
        groups[one.sealed] = group.joined(one)
    return tuple(sorted(groups.values(), key=lambda group: (-group.objects, str(group.sealed))))
