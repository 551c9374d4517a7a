"""An organization: its accounts and where each stands in the tree.

Source: AWS Organizations API reference (the forms of ids; paths end with a slash and hold no account id:
``o-…/r-…/ou-…/``); IAM user guide, aws:PrincipalOrgPaths.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Member:
    """An account. ``parent``: the id of its organizational unit, or of the root."""

    account: str
    name: str
    parent: str
    status: str = "ACTIVE"
    joined: float = field(default_factory=time.time)


@dataclass(slots=True)
class Unit:
    """An organizational unit. ``parent``: of another one, or of the root."""

    id: str
    name: str
    parent: str


@dataclass(slots=True)
class Organization:
    """``members`` by account id, ``units`` by id; ``delegated``: accounts that may list, besides the management one."""

    id: str
    root: str
    management: str
    members: dict[str, Member] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)
    delegated: set[str] = field(default_factory=set)

    def add(self, account: str, name: str, unit: str | None = None, status: str = "ACTIVE") -> None:
        """Take an account in, under the root or a unit."""
        self.members[account] = Member(account, name, unit or self.root, status)

    def path_of(self, account: str) -> str:
        """The value of ``aws:PrincipalOrgPaths`` for an account of the organization."""
        steps: list[str] = []
        place = self.members[account].parent
        while place != self.root:
            steps.insert(0, place)
            place = self.units[place].parent
        return "/".join((self.id, self.root, *steps)) + "/"
