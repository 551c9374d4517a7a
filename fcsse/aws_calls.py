"""What a run asks of AWS and writes there: the interface between the phases and ``aws``, which alone knows botocore.

``aws.client.Aws`` answers these calls. A phase that needs them names this interface, so that it can be imported, and tried
with other answers, without botocore. What they raise is of ``errors``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from fcsse.arn import Arn
from fcsse.clock import Clock
from fcsse.endpoint import Endpoint
from fcsse.event_history.look_ups import Attribute, Limits, LookedUp
from fcsse.model import Association, Cache, Encryption, Grant, IamPrincipal, Key, Member, Ownership, Role
from fcsse.objects import Group, InventoryTable, ObjectEncryption, Page
from fcsse.progress import Progress


class EventRecord(Protocol):
    """CloudTrail's event history of one account and Region, at AWS's rate."""

    def look_up(
        self,
        attribute: Attribute,
        value: str,
        *,
        start: datetime | None = None,
        limits: Limits | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> LookedUp:
        """The events whose attribute has this value, newest first. ``start``: only those from then on.

        ``stop`` is asked before each page but the first. Raises ``DeniedError``, ``BusyError`` where even the first page
        was throttled, ``UnexpectedError``.
        """

    def renewed(self) -> EventRecord:
        """The same record, whose time limits begin anew."""


class MemberAccounts(Protocol):
    """The accounts of an organization, each by a role of the same name that is assumed when it first comes up."""

    def aws_of(self, account: str) -> AwsCalls:
        """AWS as this account sees it. Raises why its role cannot be assumed."""

    def release(self, account: str) -> None:
        """Closes the connections of an account."""


class AwsCalls(Protocol):
    """Every question and every write of a run. The calls may be made from many threads.

    ``account`` is that of the cache, where another account's key is asked about with other credentials.
    """

    # Whose credentials, and where

    @property
    def region(self) -> str | None:
        """The Region of the caller's settings."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints other than AWS's own that were used so far, each once, by service."""

    @property
    def has_bucket_side(self) -> bool:
        """Were credentials for the bucket's side named?"""

    @property
    def has_grant_side(self) -> bool:
        """Were credentials named that create grants?"""

    def prepare(self, service: str, region: str | None = None) -> None:
        """Makes a client ahead of its first use, on the calling thread."""

    def caller(self) -> Arn:
        """Who the caller is on the cache's side."""

    def granter(self) -> Arn:
        """Who creates grants."""

    def reaches(self, account: str) -> bool:
        """Were credentials for another account's side named? (A role is assumed only when it is used.)"""

    def suggest(self, bucket: str, account: str) -> None:
        """A bucket's key is of this account: the bucket may be, too."""

    def role_of(self, bucket: str) -> str | None:
        """The role of another account that it took to read a bucket, if any."""

    def home_of(self, bucket: str) -> str | None:
        """The account of the organization in which a bucket of another account was found."""

    def assume_in_others(self, patterns: tuple[str, ...], named: tuple[str, ...] = ()) -> None:
        """Has roles assumed in other accounts, by patterns, as their accounts come up."""

    # Organizations

    def find_organization(self) -> str:
        """The id of the organization of the caller's account; empty where it is in none."""

    def member_accounts(self) -> tuple[Member, ...]:
        """The accounts of the caller's organization."""

    def members(self, caller: Arn, role_name: str, members: Sequence[Member]) -> MemberAccounts:
        """The active accounts among ``members``, by the role of this name; none is assumed yet."""

    # IAM

    def find_role(self, cache: str) -> Role | None:
        """The service-linked role of a cache, or None."""

    def list_roles(self) -> tuple[Role, ...]:
        """All FSx service-linked roles of the account."""

    def find_principal(self, arn: Arn) -> IamPrincipal | None:
        """A role or user of the caller's account, or that there is none; None for principals of other kinds."""

    def names_of_ids(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The ARNs of those of these unique ids (``AROA…``) that existing roles and users have."""

    def dead_ids(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of these unique ids that no existing role or user has, by IAM's own answer."""

    # FSx

    def find_cache(self, cache: str) -> Cache | None:
        """The cache as FSx describes it, or None."""

    def fsx_regions(self, partition: str) -> tuple[str, ...]:
        """The Regions of a partition that have FSx."""

    def list_associations(self, cache: str | None = None, region: str | None = None) -> tuple[Association, ...]:
        """The links of a cache to its buckets; without one, the data repository associations of the Region.

        ``region`` None: that of the caller's settings.
        """

    def association_pages(self, region: str) -> Iterator[tuple[Association, ...]]:
        """The data repository associations of a Region, page by page."""

    def older_link_pages(self, region: str | None) -> Iterator[tuple[Association, ...]]:
        """The links of a Region's file systems that have no associations, as they come."""

    # S3 and its inventories

    def list_buckets(self) -> tuple[str, ...]:
        """The names of the buckets on the bucket's side."""

    def find_region(self, bucket: str) -> str | None:
        """The bucket's Region, where S3 tells."""

    def read_encryption(self, bucket: str) -> Encryption:
        """The default encryption of a bucket."""

    def region_of_answer(self, bucket: str) -> str | None:
        """The Region in which ``read_encryption`` was answered: the bucket's. None where that is not known."""

    def read_bucket_policy(self, bucket: str) -> str:
        """The text of a bucket policy; empty where there is none."""

    def read_ownership(self, bucket: str, account: str) -> Ownership:
        """Does the bucket belong to this account? With the encryption that was read to find out."""

    def is_owned_by(self, bucket: str, account: str) -> bool:
        """Does the bucket belong to this account?"""

    def tags_of_bucket(self, bucket: str) -> Mapping[str, str]:
        """The tags of a bucket."""

    def list_page(self, bucket: str, prefix: str, after: str | None, delimited: bool) -> Page:
        """A page of object names."""

    def read_sealed(self, bucket: str, name: str) -> ObjectEncryption | None:
        """How an object is encrypted; None where it is gone."""

    def find_inventory(self, bucket: str) -> InventoryTable:
        """The bucket's S3 Metadata inventory table."""

    def count_inventory(
        self,
        table: InventoryTable,
        prefix: str,
        clock: Clock,
        progress: Progress,
        workgroup: str | None,
        output: str | None,
    ) -> tuple[tuple[Group, ...], int]:
        """The groups of all objects by their inventory table, and the bytes scanned."""

    # KMS

    def resolve_key(self, reference: str, region: str) -> Key:
        """The key behind an alias or bare id, in the caller's account."""

    def describe_key(self, key: Arn, account: str | None = None) -> Key:
        """A key by its ARN."""

    def get_policy(self, key: Arn, account: str | None = None) -> str:
        """The text of a key policy, with ARNs in place of the unique ids that roles and users of the account have."""

    def put_policy(self, key: Arn, text: str, mark: str = "") -> str:
        """Replaces a key policy; returns AWS's id of the request. ``mark`` ends the call's user agent."""

    def list_grants(self, key: Arn, account: str | None = None) -> tuple[Grant, ...]:
        """All grants on a key."""

    def create_grant(
        self,
        key: Arn,
        grantee: str,
        operations: Sequence[str],
        name: str,
        subset: Mapping[str, str] | None,
        *,
        dry_run: bool = False,
    ) -> str:
        """Creates a grant from the cache's account, at the key's Region; returns its id."""

    def end_grant(self, key: Arn, grant_id: str, *, dry_run: bool = False) -> str:
        """Ends a grant and returns how: ``revoked`` where the caller may, else ``retired``."""

    def list_aliases(self, key: Arn) -> tuple[str, ...]:
        """The names of the aliases of a key of the caller's account."""

    def list_tags(self, key: Arn) -> tuple[tuple[str, str], ...]:
        """The tags of a key of the caller's account."""

    def tags_of_key(self, key: Arn) -> Mapping[str, str]:
        """The tags of a key of the caller's account."""

    def stack_of(self, key: Arn) -> str | None:
        """The CloudFormation stack that manages a key of the caller's account, if its tags can be read and say so."""

    # CloudTrail, and the Lambda function's own table

    def event_record(self, region: str, clock: Clock, account: str | None = None) -> EventRecord:
        """CloudTrail's event history of a Region: the caller's, or of the bucket's side where that is ``account``."""

    def count_write(self, table: str, key: Arn, now: float, limit: int) -> bool:
        """Counts a write to a key's policy on this day, unless the day's limit is reached."""
