"""A permission: an action, what it is given on, why, and in which circumstances. Pure."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple


class Command(StrEnum):
    """Commands that call AWS."""

    LINK = "link"
    UNLINK = "unlink"
    CHECK = "check"
    AUDIT = "audit"
    CENSUS = "census"
    RESTORE = "restore"
    HISTORY = "history"
    SETTLE = "settle"
    LAMBDA = "lambda"


class Engine(StrEnum):
    """How ``census`` looks at objects: one by one, or in the bucket's S3 Metadata table."""

    HEAD = "head"
    ATHENA = "athena"


class On(Enum):
    """What a permission is given on. ANY: the action knows no resource types."""

    ROLE = "role"
    BUCKET = "bucket"
    OBJECTS = "objects"
    KEY = "key"
    OWN_KEY = "own key"
    METADATA = "metadata tables"
    CATALOG = "catalog"
    WORKGROUP = "workgroup"
    RESULTS = "query results"
    TABLE = "table"
    ANY = "any"


class When(Enum):
    """A circumstance in which a permission is needed at all."""

    ALWAYS = "always"
    POLICY = "by key policy"
    GRANT = "by grant"
    OWN_KEY = "key of the own account"
    FOREIGN_KEY = "key of another account"
    NO_BUCKET = "no bucket named"
    NAMED_BUCKET = "bucket named"
    NAMED_CACHE = "caches one by one, not every cache"
    ATHENA = "by Athena"
    OBJECTS = "object by object"
    FIX = "with --fix"


class Permission(NamedTuple):
    """One action, on what, why, and when. ``optional``: the command does its work without it, and says less.

    ``optional_across``: optional where the key belongs to another account.
    """

    action: str
    on: On
    why: str
    when: frozenset[When] = frozenset()
    optional: bool = False
    optional_across: bool = False


def needs(
    action: str, on: On, why: str, *when: When, optional: bool = False, optional_across: bool = False
) -> Permission:
    """A permission, and ``when`` it is needed at all."""
    return Permission(action, on, why, frozenset(when), optional, optional_across)
