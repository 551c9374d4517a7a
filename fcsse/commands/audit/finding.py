"""A finding: what is wrong or will be, where, how bad it is, and what fixes it."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fcsse.commands.audit.finding_kinds import ORDER, Severity
from fcsse.model import Pair


class Fix(Enum):
    """What ``audit --fix`` does about a finding: nothing, fixes it, or fixes it with ``--prune-orphans``."""

    NO = "no"
    YES = "yes"
    PRUNE = "prune-orphans"


class Finding(NamedTuple):
    """One finding.

    ``title`` says it in one line; ``detail`` gives the reason, a sentence each; ``remedy`` is what to do, in words, and
    ``commands`` are the exact commands for it, which may be none. ``pairs`` are the pairs that it is about.
    """

    code: str
    severity: Severity
    title: str
    detail: tuple[str, ...] = ()
    remedy: str = ""
    commands: tuple[str, ...] = ()
    pairs: tuple[Pair, ...] = ()
    cache: str | None = None
    bucket: str | None = None
    key: str | None = None
    region: str | None = None
    fix: Fix = Fix.NO

    def __repr__(self) -> str:
        """One line: severity, code and title."""
        return f"<Finding {self.severity.value} {self.code}: {self.title}>"

    def __str__(self) -> str:
        return self.title

    @property
    def sort_key(self) -> tuple[object, ...]:
        """The worst first; then by code, place and words, so that the order is always the same."""
        place = (self.bucket or "", self.key or "", self.cache or "", self.region or "")
        return (self.severity.rank, ORDER.index(self.code), *place, self.title)
