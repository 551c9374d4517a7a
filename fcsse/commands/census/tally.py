"""Objects counted by how they are encrypted, one at a time, and what was counted in the end. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse.commands.census.confidence import unseen_at_most
from fcsse.policy.encryption_context import ContextForm

if TYPE_CHECKING:
    from datetime import datetime

    from fcsse.commands.census.listing import Listed
    from fcsse.errors import FcsseError

CUSTOMER = "SSE-C"
"""Encrypted with a key that whoever writes or reads the object sends along."""

DUAL_LAYER = "aws:kms:dsse"


@dataclass(frozen=True, slots=True)
class ObjectEncryption:
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
class Group:
    """Objects encrypted alike. ``size`` is in bytes; ``oldest`` and ``newest`` bound their last changes."""

    sealed: ObjectEncryption
    objects: int
    size: int
    example: str
    oldest: datetime | None = None
    newest: datetime | None = None

    def joined(self, one: Listed) -> Group:
        """With one more object."""
        times = [time for time in (self.oldest, self.newest, one.modified) if time is not None]
        return replace(
            self,
            objects=self.objects + 1,
            size=self.size + one.size,
            example=min(self.example, one.name),  # the same one, whichever answer comes first
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )


class Tally:
    """Counts objects as they come and keeps none of them: its size is that of the groups."""

    def __init__(self) -> None:
        self._groups: dict[ObjectEncryption, Group] = {}
        self.objects = 0

    def add(self, one: Listed, sealed: ObjectEncryption) -> None:
        """Counts one object."""
        self._groups[sealed] = (self._groups.get(sealed) or Group(sealed, 0, 0, one.name)).joined(one)
        self.objects += 1

    @property
    def groups(self) -> tuple[Group, ...]:
        """What was counted, the largest group first."""
        return tuple(sorted(self._groups.values(), key=lambda group: (-group.objects, str(group.sealed))))


@dataclass(frozen=True, slots=True)
class Census:
    """What was counted.

    ``prefix``: that of the names asked about. ``complete``: every object was looked at. ``listed``: so many objects the sample was chosen from, and ``listed_all``:
    those are all there are. ``drawn``: so many of the objects looked at were drawn at random from the listed ones.
    ``unreadable``: objects whose encryption S3 did not tell, by its reason. ``interrupted``: by Ctrl-C; ``failure``: by
    an error.
    """

    bucket: str
    groups: tuple[Group, ...]
    looked_at: int
    complete: bool = False
    listed: int | None = None
    listed_all: bool = False
    drawn: int = 0
    unreadable: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False
    failure: FcsseError | None = None
    prefix: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys in use, most used first."""
        return tuple(dict.fromkeys(group.sealed.key for group in self.groups if group.sealed.key))

    @property
    def unseen_at_most(self) -> int | None:
        """How many objects may be encrypted in one other way, with 95 % confidence. None: nothing can be said.

        Something can be said only where the sample was drawn from all objects; places in the key space, or the first
        part of it, say nothing of the rest.
        """
        if self.complete:
            return 0
        if self.listed is None or not self.listed_all or not self.drawn:
            return None
        return min(unseen_at_most(self.listed, self.drawn), self.listed - self.looked_at)
