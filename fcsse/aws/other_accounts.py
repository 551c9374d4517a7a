"""Credentials for other accounts, by patterns of role ARNs: a role is assumed when its account first comes up.

What a pattern is, ``arn.role_by_pattern`` says. No call names a bucket's owner, so a bucket that the caller cannot read is
tried with each account that was named; a key's ARN names its account.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from fcsse.arn import ANY_ACCOUNT, Arn, role_by_pattern
from fcsse.aws.make_clients import clients_of_role
from fcsse.aws.sessions import Clients
from fcsse.errors import DeniedError, FcsseError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


T = TypeVar("T")


@dataclass(slots=True)
class OtherAccounts:
    """The other accounts of a run. ``named`` are those in which unreadable buckets are looked for, in this order.

    ``refusals`` holds, by account, why no role of it could be assumed.
    """

    source: Clients
    patterns: tuple[str, ...]
    named: tuple[str, ...] = ()
    refusals: dict[str, FcsseError] = field(default_factory=dict)
    _made: dict[str, Clients | None] = field(default_factory=dict)
    _assumed: dict[str, str] = field(default_factory=dict)
    _homes: dict[str, str] = field(default_factory=dict)
    _likely: dict[str, str] = field(default_factory=dict)
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        fixed = [arn.account for text in self.patterns if ANY_ACCOUNT not in text and (arn := Arn.parse(text))]
        self.named = tuple(dict.fromkeys([*self.named, *fixed]))

    def roles_in(self, account: str) -> tuple[str, ...]:
        """The roles to try in an account."""
        found = (role_by_pattern(one, account) for one in self.patterns)
        return tuple(dict.fromkeys(str(role) for role in found if role is not None))

    def of(self, account: str) -> Clients | None:
        """The clients of an account; None where no pattern is for it, or no role could be assumed."""
        with self._lock:
            lock = self._locks.setdefault(account, threading.Lock())
        with lock:
            if account not in self._made:
                self._made[account] = self._assume(account)
            return self._made[account]

    def _assume(self, account: str) -> Clients | None:
        for role in self.roles_in(account):
            try:
                clients = clients_of_role(self.source, role)
            except FcsseError as error:
                self.refusals.setdefault(account, error)
            else:
                self.refusals.pop(account, None)
                self._assumed[account] = role
                return clients
        return None

    def role_of(self, bucket: str) -> str | None:
        """The role that it took to read a bucket; None where the caller's own credentials did, or nothing."""
        return self._assumed.get(self._homes.get(bucket, ""))

    def suggest(self, bucket: str, account: str) -> None:
        """A bucket's key is of this account, and so, most likely, is the bucket."""
        self._likely[bucket] = account

    def on_bucket(self, bucket: str, ask: Callable[[S3Client], T]) -> T:
        """Asks about a bucket with the caller's own credentials, and where those may not, with each named account's.

        Raises the caller's own refusal where nobody may.
        """
        home = self.of(self._homes[bucket]) if bucket in self._homes else None
        if home is not None:
            return ask(home("s3"))
        try:
            return ask(self.source("s3"))
        except DeniedError:
            likely = self._likely.get(bucket)
            for account in dict.fromkeys([*([likely] if likely else []), *self.named]):
                clients = self.of(account)
                if clients is None:
                    continue
                try:
                    answer = ask(clients("s3"))
                except DeniedError:
                    continue
                self._homes[bucket] = account
                return answer
            raise
