"""How the sandbox's Athena answers, and a bucket's S3 Metadata configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class AthenaTraits:
    """What moto's Athena lacks.

    ``engine`` answers a statement and its execution parameters with rows, the first one the columns' names. ``polls``:
    how often a query answers RUNNING before it ends. ``failure``: it then fails with this reason. ``scanned``: the bytes
    it tells. ``located``: the workgroup ``primary`` names a place for results. ``stopped``: queries that were cancelled.
    ``refused``: queries that fail for want of a permission, with Athena's reason.
    """

    engine: Callable[[str, Sequence[str]], Sequence[Sequence[str | None]]] | None = None
    polls: int = 0
    failure: str | None = None
    scanned: int = 0
    located: bool = True
    stopped: list[str] = field(default_factory=list)
    statements: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    asked: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetadataConfiguration:
    """A bucket's metadata configuration. ``inventory``: the inventory table's status, None = the table is off.

    ``table_bucket`` None = the AWS managed one; configurations from before July 2025 name one of the customer's.
    """

    inventory: str | None = "ACTIVE"
    error: tuple[str, str] | None = None
    table_bucket: str | None = None
    namespace: str | None = None
    table: str = "inventory"
