""" "Did you mean …?" suggestions for unknown cache ids and bucket names. Called only on error paths."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from functools import partial

from fcsse.aws_calls import AwsCalls
from fcsse.discovery.fetcher import Fetcher
from fcsse.errors import FcsseError

MOST = 3


def closest(name: str, known: Iterable[str]) -> list[str]:
    """The closest known names; prefixes and extensions of the name come first. Never the name itself."""
    others = [other for other in dict.fromkeys(known) if other != name]
    parts = [other for other in others if other.startswith(name) or name.startswith(other)]
    parts.sort(key=lambda other: abs(len(other) - len(name)))
    return list(dict.fromkeys(parts + difflib.get_close_matches(name, others, n=MOST, cutoff=0.75)))[:MOST]


class CacheSuggestions:
    """Caches and file systems that may have been meant, by the roles of the account: listed once, when first asked for."""

    def __init__(self, aws: AwsCalls) -> None:
        self._aws = aws
        self._known: tuple[str, ...] | None = None

    def to(self, cache: str) -> list[str]:
        """The nearest ids; none where the cache has a role itself, nothing is like it, or nothing may be listed."""
        if self._known is None:
            try:
                self._known = tuple(role.cache for role in self._aws.list_roles())
            except FcsseError:
                self._known = ()
        return [] if cache in self._known else closest(cache, self._known)

    def advice(self, cache: str) -> str:
        """The nearest ids as a question; empty where there are none."""
        meant = self.to(cache)
        return f"Did you mean {' or '.join(meant)}? Ids are matched exactly." if meant else ""


class BucketSuggestions:
    """Buckets that may have been meant: the cache's own before the caller's. What may not be listed is passed over."""

    def __init__(self, aws: AwsCalls, questions: Fetcher) -> None:
        self._aws = aws
        self._fetcher = questions
        self._listed: dict[str | None, tuple[str, ...]] = {}

    def to(self, bucket: str, cache: str | None) -> list[str]:
        """The nearest names; none where nothing is like it, or nothing may be listed."""
        linked = closest(bucket, self._names(cache, partial(self._linked, cache))) if cache else []
        return linked or closest(bucket, self._names(None, self._aws.list_buckets))

    def _linked(self, cache: str) -> tuple[str, ...]:
        return tuple(found.bucket for found in self._fetcher.associations(cache).result() if found.bucket)

    def _names(self, source: str | None, listing: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        if source not in self._listed:
            try:
                self._listed[source] = listing()
            except FcsseError:
                self._listed[source] = ()
        return self._listed[source]
