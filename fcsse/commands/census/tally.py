"""Objects counted by how they are encrypted, one at a time, and what was counted in the end. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.commands.census.confidence import unseen_at_most
from fcsse.errors import FcsseError
from fcsse.objects import Group, Listed, ObjectEncryption


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


class Census(NamedTuple):
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
