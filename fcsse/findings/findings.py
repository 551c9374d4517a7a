"""A finding: what is wrong or will be, where, how bad it is, and what mends it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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


def _nobody(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Words:
    """Writes commands that work as they stand, wherever this run did.

    ``region`` is the one that was named, if any; each cache has its own in ``homes``. ``more`` are options of every link
    and unlink, such as --grant-role; ``bucket_role`` names the role that it takes to read a bucket. ``audited`` are the
    options that say what is audited.
    """

    profile: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    more: tuple[str, ...] = ()
    audited: tuple[str, ...] = ()
    bucket_role: Callable[[str], str | None] = _nobody
    homes: Mapping[str, str] = field(default_factory=dict)

    def aws(self, service: str, command: str, *words: str, region: str | None) -> str:
        """An AWS CLI command line."""
        place = ["--region", region] if region else []
        return shlex.join(["aws", service, command, *words, *place, *self._settings()])

    def audit(self, *more: str) -> str:
        """The same audit again, with more options."""
        return shlex.join(["fcsse", "audit", *self.audited, *more, *self.more, *self._settings()])

    def fcsse(self, command: str, caches: Iterable[str], buckets: Iterable[str], *more: str) -> tuple[str, ...]:
        """Links or unlinks these caches (none = every cache) and buckets: a command, or one for each role to read with."""
        who = list(dict.fromkeys(caches))
        by_role: dict[str | None, list[str]] = {}
        for bucket in dict.fromkeys(buckets):
            by_role.setdefault(self.bucket_role(bucket), []).append(bucket)
        named = [word for cache in who for word in ("--cache", cache)] or ["--every-cache"]
        region = self.homes.get(who[0], self.region) if self.region and who else self.region
        place = ["--region", region] if region else []
        found = []
        for role, group in by_role.items():
            where = [word for bucket in group for word in ("--bucket", bucket)]
            reading = ["--bucket-role", role] if role else []
            words = [*named, *where, *more, *reading, *self.more, *place, *self._settings()]
            found.append(shlex.join(["fcsse", command, *words]))
        return tuple(found)

    def link(self, pairs: Iterable[Pair], *more: str) -> tuple[str, ...]:
        """The commands that link these pairs, one for each bucket."""
        buckets: dict[str, list[str]] = {}
        for pair in pairs:
            buckets.setdefault(pair.bucket, []).append(pair.cache or "")
        return tuple(one for bucket, caches in buckets.items() for one in self.fcsse("link", caches, [bucket], *more))

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
