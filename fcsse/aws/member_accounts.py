"""Credentials for many accounts of one organization, by one role name, and which account has which bucket.

No call names a bucket's owner. ``s3:ListBuckets`` of an account names its buckets, though: one request that replaces a
HeadBucket for each, and that finds the account whose role can read a bucket that the cache's account may not read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from fcsse.aws import s3
from fcsse.aws.make_clients import clients_of_role
from fcsse.aws.sessions import Clients
from fcsse.errors import DeniedError, FcsseError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")


class MemberAccounts:
    """The role of each account, assumed by ``source`` when it first comes up. May be used from many threads.

    ``own`` is the caller's account, which is read with the caller's own credentials. ``accounts``: those that may be
    asked about buckets of others.
    """

    def __init__(self, source: Clients, partition: str, own: str, role_name: str, accounts: Sequence[str]) -> None:
        self._source = source
        self._partition = partition
        self._own = own
        self._role_name = role_name
        self.accounts = tuple(accounts)
        self._made: dict[str, Clients | FcsseError] = {}
        self._buckets: dict[str, frozenset[str] | None] = {}
        self._locks: dict[tuple[str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def role_in(self, account: str) -> str | None:
        """The ARN of the role in an account; None for the caller's own."""
        return None if account == self._own else f"arn:{self._partition}:iam::{account}:role/{self._role_name}"

    def clients_of(self, account: str) -> Clients:
        """The clients of an account. Raises why its role cannot be assumed."""
        with self._locked("role", account):
            if account not in self._made:
                self._made[account] = self._assume(account)
            found = self._made[account]
        if isinstance(found, FcsseError):
            raise found
        return found

    def _assume(self, account: str) -> Clients | FcsseError:
        role = self.role_in(account)
        if role is None:
            return self._source
        try:
            return clients_of_role(self._source, role)
        except FcsseError as error:
            return error

    def refusal(self, account: str) -> FcsseError | None:
        """Why the role of an account could not be assumed, as far as that was tried."""
        found = self._made.get(account)
        return found if isinstance(found, FcsseError) else None

    def has_bucket(self, account: str, bucket: str) -> bool | None:
        """Is the bucket the account's, by its own list? None where its buckets cannot be listed."""
        with self._locked("buckets", account):
            if account not in self._buckets:
                self._buckets[account] = self._list(account)
            names = self._buckets[account]
        return None if names is None else bucket in names

    def _list(self, account: str) -> frozenset[str] | None:
        try:
            return frozenset(s3.list_buckets(self.clients_of(account)("s3")))
        except FcsseError:
            return None

    def candidates(self, bucket: str, likely: str | None, apart_from: str) -> list[str]:
        """The accounts that may have a bucket: the one that lists it, or all those that cannot be listed."""
        first = [likely] if likely is not None and likely in self.accounts else []
        order = dict.fromkeys([*first, *self.accounts])
        unsure: list[str] = []
        for account in order:
            if account == apart_from or self.refusal(account):
                continue
            here = self.has_bucket(account, bucket)
            if here:
                return [account]
            if here is None and not self.refusal(account):
                unsure.append(account)
        return unsure

    def release(self, account: str) -> None:
        """Closes the connections of an account's role; another account that needs it opens new ones."""
        found = self._made.get(account)
        if isinstance(found, Clients) and found is not self._source:
            found.close()

    def _locked(self, kind: str, account: str) -> threading.Lock:
        with self._lock:
            return self._locks.setdefault((kind, account), threading.Lock())


class MemberView:
    """The other accounts as the audit of one of them sees them. The methods are those of ``OtherAccounts``."""

    def __init__(self, members: MemberAccounts, account: str) -> None:
        self._members = members
        self._account = account
        self._homes: dict[str, str] = {}
        self._likely: dict[str, str] = {}

    def of(self, account: str) -> Clients | None:
        """The clients of an account; None where it is none of the organization's, or its role cannot be assumed."""
        if account not in self._members.accounts:
            return None
        try:
            return self._members.clients_of(account)
        except FcsseError:
            return None

    @property
    def refusals(self) -> dict[str, FcsseError]:
        """By account, why its role could not be assumed."""
        found = ((account, self._members.refusal(account)) for account in self._members.accounts)
        return {account: error for account, error in found if error is not None}

    def roles_in(self, account: str) -> tuple[str, ...]:
        """The role that is assumed in an account, if it is one of the organization's."""
        role = self._members.role_in(account) if account in self._members.accounts else None
        return (role,) if role else ()

    def role_of(self, bucket: str) -> str | None:
        """The role of another account that it took to read a bucket."""
        home = self._homes.get(bucket)
        return self._members.role_in(home) if home else None

    def home_of(self, bucket: str) -> str | None:
        """The account that a bucket of another account was found in."""
        return self._homes.get(bucket)

    def suggest(self, bucket: str, account: str) -> None:
        """A bucket's key is of this account, and so, most likely, is the bucket."""
        self._likely[bucket] = account

    def owner_of(self, bucket: str) -> str | None:
        """The account that has the bucket, by its own list; None where that is not known."""
        if bucket in self._homes:
            return self._homes[bucket]
        return self._account if self._members.has_bucket(self._account, bucket) else None

    def on_bucket(self, bucket: str, ask: Callable[[S3Client], T]) -> T:
        """Asks with the account's own role, and where that may not, with the role of the account that has the bucket.

        Raises the account's own refusal where nobody may.
        """
        home = self.of(self._homes[bucket]) if bucket in self._homes else None
        if home is not None:
            return ask(home("s3"))
        own = self._members.clients_of(self._account)
        try:
            return ask(own("s3"))
        except DeniedError:
            for account in self._members.candidates(bucket, self._likely.get(bucket), self._account):
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
