"""The cache's side of a pair: its account and its service-linked role, from the role, a listing or the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fcsse.arn import Arn, role_name
from fcsse.discovery.buckets import Buckets
from fcsse.discovery.fetcher import Fetcher, attempt
from fcsse.discovery.roles import RoleFinder
from fcsse.errors import FcsseError, NotFoundError
from fcsse.link_options import Operation
from fcsse.model import Pair, Role
from fcsse.named_by_arn import partition_named, refuse_elsewhere


class CacheSide(NamedTuple):
    """The account that the cache is in, and the cache's role unless the pair means every cache."""

    partition: str
    account: str
    role: Role | None


class Caches:
    """The caches of a run. ``buckets`` tell where a role makes no difference, so that nobody waits for it."""

    def __init__(self, questions: Fetcher, finder: RoleFinder, buckets: Buckets, operation: Operation) -> None:
        self._fetcher = questions
        self._finder = finder
        self._buckets = buckets
        self._wish = operation
        self._listed: Mapping[str, Role] | None = None
        self._read: dict[Pair, CacheSide | FcsseError] = {}

    def know(self, caller: Arn, roles: Mapping[str, Role] | None) -> None:
        """Takes over who asks, and all roles of the account by cache (None = not listed)."""
        self._fetcher.know_caller(caller)
        self._listed = roles

    def ask(self, pairs: Sequence[Pair]) -> None:
        """Puts the questions about the pairs' caches on the wire."""
        for cache in dict.fromkeys(pair.cache for pair in pairs):
            if cache is None:
                self._fetcher.caller()
            elif self._listed is None:
                self._fetcher.role(cache)

    def await_roles(self, pairs: Sequence[Pair]) -> None:
        """Waits for roles that are not there yet, where a link needs them and its bucket does not rule it out."""
        if self._wish is not Operation.LINK:
            return
        wanted = {pair.cache for pair in pairs if pair.cache and self._buckets.without_key(pair.bucket) is None}
        self._finder.await_missing({cache: self._fetcher.role(cache) for cache in sorted(wanted)})

    @property
    def waited(self) -> bool:
        """Was a role waited for that came?"""
        return bool(self._finder.found)

    def read(self, pair: Pair) -> CacheSide:
        """The cache's side of a pair. Raises ``NotFoundError`` where the wish needs a role and there is none, and ``UsageError``
        where an ARN named the cache or the bucket as one of elsewhere.
        """
        if pair not in self._read:
            self._read[pair] = attempt(self._make_out, pair)
        found = self._read[pair]
        if isinstance(found, FcsseError):
            raise found
        return found

    def _make_out(self, pair: Pair) -> CacheSide:
        if pair.cache is None:
            caller = self._fetcher.caller().result()
            side = CacheSide(caller.partition, caller.account, None)
        else:
            role = self._role(pair.cache) or self._stand_in(pair.cache, pair.bucket)
            side = CacheSide(role.arn.partition, role.account, role)
        for name in pair:
            refuse_elsewhere(name, side.partition, side.account)
        return side

    def _role(self, cache: str) -> Role | None:
        if self._listed is None:
            return self._fetcher.role(cache).result() or self._finder.found.get(cache)
        role = self._listed.get(cache)
        if role is None:
            message = f"finding the role of {cache}: IAM has no role {role_name(cache)}"
            raise NotFoundError(message, "FSx makes it with the first S3 data repository association.")
        return role

    def _stand_in(self, cache: str, bucket: str) -> Role:
        """The role as it would be named, where the wish can do without it."""
        if partition_named(cache):
            caller = self._fetcher.caller().result()
            refuse_elsewhere(cache, caller.partition, caller.account)
        if self._wish is not Operation.UNLINK:
            without_key = self._buckets.without_key(bucket)
            if isinstance(without_key, FcsseError):
                raise without_key  # no waiting for the role would help, so none was done
            # Without a key it makes no difference that the role is not there (yet); the cache must be, though.
            if without_key is None or self._finder.is_unknown(cache):
                raise self._finder.why_missing(cache)
        caller = self._fetcher.caller().result()
        return Role.computed(caller.partition, caller.account, cache)
