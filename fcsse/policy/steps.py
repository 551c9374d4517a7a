"""What an edit of a key policy did, step by step, as values for people and programs.

Each label names a statement as ``Statement.label`` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fcsse.link_options import AccessLevel
from fcsse.policy.difference import Difference
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access


@dataclass(frozen=True, slots=True)
class StatementAdded:
    """A new statement at the end, for an access. Others of the same call may have joined it."""

    label: str
    access: Access


@dataclass(frozen=True, slots=True)
class RoleJoined:
    """A role joined the principals of a statement that says just what the role needs."""

    label: str
    role: str
    access: Access


@dataclass(frozen=True, slots=True)
class FormJoined:
    """A form of the encryption context joined a statement, all of whose principals (``accesses``) are to have it."""

    label: str
    form: ContextForm
    bucket: str
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The access is there already, by this statement (and those of other such steps for the same access), which gives
    ``level``.
    """

    label: str
    access: Access
    level: AccessLevel = AccessLevel.FULL


@dataclass(frozen=True, slots=True)
class Drift:
    """A statement that looks like the one for an access but says something else. It is left as it is."""

    label: str
    access: Access
    reason: str


@dataclass(frozen=True, slots=True)
class PartlyThere:
    """A statement of others names the role and is about this bucket. What it gives, conditions decide. It is left as it is."""

    label: str
    access: Access
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOnlyKept:
    """A statement for reading gives a part of the access. It is left as it is, beside the one that gives it all.

    ``whose``: its principals, where it is for every cache and the access for one (``*``), or the other way round.
    """

    label: str
    access: Access
    whose: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RoleTakenOut:
    """A role left the principals of a statement that others still need."""

    label: str
    role: str
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class BucketTakenOut:
    """A bucket left a statement that is also about others; all of its principals were to lose the bucket."""

    label: str
    bucket: str
    accesses: tuple[Access, ...]


@dataclass(frozen=True, slots=True)
class StatementTakenOut:
    """A whole statement went: nothing of it was left. ``accesses`` is empty where all its principals were dead."""

    label: str
    accesses: tuple[Access, ...] = ()


@dataclass(frozen=True, slots=True)
class NotThere:
    """There was no statement of ours to take the access from."""

    access: Access


@dataclass(frozen=True, slots=True)
class StillNamed:
    """A statement that is not ours allows something to the role by name, and in what it differs. It is left as it is."""

    label: str
    access: Access
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class StillCovered:
    """The statement for every cache still gives the role the access."""

    label: str
    access: Access


@dataclass(frozen=True, slots=True)
class PrincipalPruned:
    """A dead principal was taken out."""

    label: str
    principal: str


@dataclass(frozen=True, slots=True)
class PrincipalKept:
    """A dead principal that cannot be taken out without changing what the statement says, and why."""

    label: str
    principal: str
    reason: str


Step: TypeAlias = (
    StatementAdded
    | RoleJoined
    | FormJoined
    | AlreadyThere
    | Drift
    | PartlyThere
    | ReadOnlyKept
    | RoleTakenOut
    | BucketTakenOut
    | StatementTakenOut
    | NotThere
    | StillNamed
    | StillCovered
    | PrincipalPruned
    | PrincipalKept
)
