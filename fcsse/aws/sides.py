"""Which side's credentials each question goes with.

Up to three sides take part: the cache's account (the caller), the bucket's side where ``--bucket-profile`` or
``--bucket-role`` names one, and the role that may create grants where ``--grant-profile`` or ``--grant-role`` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from fcsse.arn import Arn
from fcsse.aws.make_clients import clients_of_side
from fcsse.aws.member_accounts import MemberView
from fcsse.aws.other_accounts import OtherAccounts
from fcsse.aws.sessions import Clients
from fcsse.endpoint import Endpoint

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
Side: TypeAlias = tuple[Clients | None, str | None]
"""Clients for another side than the cache's, and a role that they, or else the cache's side's, assume."""


@dataclass(slots=True)
class Sides:
    """The clients of every side, and of other accounts as they come up."""

    own: Clients
    bucket_side: Clients | None = None
    grant_side: Clients | None = None
    others: OtherAccounts | MemberView | None = None

    @classmethod
    def of_sides(cls, own: Clients, bucket: Side = (None, None), grant: Side = (None, None)) -> Self:
        """With other credentials for buckets and for grants. Raises ``DeniedError`` where a role may not be assumed."""
        return cls(own, clients_of_side(own, *bucket), clients_of_side(own, *grant))

    @property
    def has_bucket_side(self) -> bool:
        """Were credentials for the bucket's side named?"""
        return self.bucket_side is not None

    @property
    def has_grant_side(self) -> bool:
        """Were credentials named that create grants?"""
        return self.grant_side is not None

    def kms_side(self, key: Arn, account: str | None) -> Clients:
        """The clients for questions about a key; ``account`` is the cache's, None for a key that is not foreign."""
        if account is None or key.account == account:
            return self.own
        return self.bucket_side or (self.others and self.others.of(key.account)) or self.own

    def on_bucket(self, bucket: str, ask: Callable[[S3Client], T]) -> T:
        """The answer to a question about a bucket, by whoever may ask it."""
        if self.others and self.bucket_side is None:
            return self.others.on_bucket(bucket, ask)
        return ask((self.bucket_side or self.own)("s3"))

    def role_of(self, bucket: str) -> str | None:
        """The role of another account that it took to read a bucket, if any."""
        return self.others.role_of(bucket) if self.others else None

    def home_of(self, bucket: str) -> str | None:
        """The account of the organization in which a bucket of another account was found."""
        return self.others.home_of(bucket) if isinstance(self.others, MemberView) else None

    def assume_in_others(self, patterns: tuple[str, ...], named: tuple[str, ...] = ()) -> None:
        """Has roles assumed in other accounts, by patterns, as their accounts come up; ``named`` as in ``OtherAccounts``."""
        if patterns:
            self.others = OtherAccounts(self.own, patterns, named)

    def suggest(self, bucket: str, account: str) -> None:
        """A bucket's key is of this account: the bucket may be, too."""
        if self.others:
            self.others.suggest(bucket, account)

    def reaches(self, account: str) -> bool:
        """Were credentials for another account's side named? (A role is assumed only when it is used.)"""
        return self.bucket_side is not None or (self.others is not None and bool(self.others.roles_in(account)))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints other than AWS's own that were used so far, each once, by service."""
        sides = [one for one in (self.own, self.bucket_side, self.grant_side) if one is not None]
        return tuple(sorted({one for side in sides for one in side.endpoints.copy().values()}))

    @property
    def region(self) -> str | None:
        """The Region of the caller's settings."""
        return self.own.region

    def prepare(self, service: str, region: str | None = None) -> None:
        """Makes a client ahead of its first use, on the calling thread."""
        match service:
            case "fsx":
                self.own("fsx", region)
            case "s3":
                (self.bucket_side or self.own)("s3")
            case "iam":
                self.own("iam")
            case "sts":
                self.own("sts")
            case _ if self.region:
                self.own("kms")
