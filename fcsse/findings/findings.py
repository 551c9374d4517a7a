"""A finding: what is wrong or will be, where, how bad it is, and what mends it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fcsse.model import Pair


class Severity(Enum):
    """How bad. HIGH: a cache fails now. MEDIUM: it may, or the next change will. LOW: wider or older than need be."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """For sorting, the worst first."""
        return list(Severity).index(self)


class Fix(Enum):
    """What ``audit --fix`` does about a finding: nothing, mends it, or mends it with ``--prune-orphans``."""

    NO = "no"
    YES = "yes"
    PRUNE = "prune-orphans"


ORDER = (
    "access-missing",
    "context-changed",
    "explicit-deny",
    "bucket-policy",
    "key-disabled",
    "key-pending-deletion",
    "key-unusable",
    "key-gone",
    "bucket-gone",
    "foreign-alias",
    "aws-managed-key",
    "role-missing",
    "association-failed",
    "dead-principals",
    "access-unknown",
    "unreadable",
    "dsse",
    "encryption-unsupported",
    "policy-format",
    "policy-nearly-full",
    "cache-gone",
    "dead-grant",
    "every-cache",
    "duplicate-grant",
    "unconstrained-grant",
    "mergeable",
    "unused-access",
    "role-unused",
)
"""Every code of a finding, in the order in which findings of one severity are shown. Codes never change meaning."""


@dataclass(frozen=True, slots=True)
class Finding:
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

    @property
    def sort_key(self) -> tuple[object, ...]:
        """The worst first; then by code, place and words, so that the order is always the same."""
        place = (self.bucket or "", self.key or "", self.cache or "", self.region or "")
        return (self.severity.rank, ORDER.index(self.code), *place, self.title)


@dataclass(frozen=True, slots=True)
class Words:
    """Writes commands. ``more`` are the options that every fcsse command of this run needs, such as --profile."""

    profile: str | None = None
    endpoint_url: str | None = None

    def fcsse(self, command: str, *words: str) -> str:
        """An fcsse command line."""
        return shlex.join(["fcsse", command, *words, *self._settings()])

    def aws(self, service: str, command: str, *words: str, region: str) -> str:
        """An AWS CLI command line."""
        return shlex.join(["aws", service, command, *words, "--region", region, *self._settings()])

    def link(self, pairs: list[Pair] | tuple[Pair, ...], *more: str) -> str:
        """The command that links these pairs, which share a bucket."""
        caches = [word for pair in pairs for word in ("--cache", pair.cache or "")]
        return self.fcsse("link", *caches, "--bucket", pairs[0].bucket, *more)

    def _settings(self) -> list[str]:
        found = ["--profile", self.profile] if self.profile else []
        return found + (["--endpoint-url", self.endpoint_url] if self.endpoint_url else [])


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 cache``, ``3 caches``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """Names in words: ``a``, ``a and b``, ``a, b and 4 more``."""
    if len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most:,} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def sentence(text: str) -> str:
    """The text as a sentence: a capital at its beginning, a full stop at its end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
