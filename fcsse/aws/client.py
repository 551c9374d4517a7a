"""Every question to AWS and every write, as methods of one object for a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fcsse.arn import Arn
from fcsse.aws import athena, fsx, iam, kms, objects, relink_counter, s3, sts
from fcsse.aws.checked_call import call
from fcsse.aws.cloudtrail import EventRecord
from fcsse.aws.member_accounts import MemberAccounts, MemberView
from fcsse.aws.organization_accounts import list_member_accounts
from fcsse.aws.own_organization import find_organization
from fcsse.aws.principal_ids import PrincipalIds
from fcsse.aws.sides import Sides
from fcsse.clock import Clock
from fcsse.errors import DeniedError, NotFoundError, PolicyFormatError
from fcsse.model import Association, Cache, Encryption, Grant, IamPrincipal, Key, Member, Ownership, Role
from fcsse.named_by_arn import region_named
from fcsse.objects import Group, InventoryTable, ObjectEncryption, Page
from fcsse.policy.document import parsed
from fcsse.policy.unique_ids import unique_ids, with_arns
from fcsse.progress import Progress


@dataclass(slots=True)
class Aws(Sides):
    """Every question and every write of a run, as ``aws_calls.AwsCalls``. Its methods may be called from many threads."""

    ids: PrincipalIds = field(init=False)
    answered_in: dict[str, str | None] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.ids = PrincipalIds(lambda: self.own("iam"))

    def event_record(self, region: str, clock: Clock, account: str | None = None) -> EventRecord:
        """CloudTrail's event history of a Region: the caller's, or of the bucket's side where that is ``account``."""
        side = self.own
        if account is not None:
            side = self.bucket_side or (self.others and self.others.of(account)) or self.own
        side("cloudtrail", region)  # made here, where only one thread is

        def look_up(**given: Any) -> Mapping[str, Any]:
            return call(side("cloudtrail", region), "LookupEvents", **given)

        return EventRecord(look_up, clock, region)

    def member_accounts(self) -> tuple[Member, ...]:
        """The accounts of the caller's organization."""
        return list_member_accounts(self.own("organizations"))

    def members(self, caller: Arn, role_name: str, members: Sequence[Member]) -> AwsOfMembers:
        """The active accounts among ``members``, by the role of this name; none is assumed yet."""
        active = [one.account for one in members if one.active]
        return AwsOfMembers(MemberAccounts(self.own, caller.partition, caller.account, role_name, active))

    def caller(self) -> Arn:
        """Who the caller is on the cache's side."""
        return sts.caller(self.own("sts"))

    def granter(self) -> Arn:
        """Who creates grants."""
        return sts.caller((self.grant_side or self.own)("sts"))

    def find_role(self, cache: str) -> Role | None:
        """The service-linked role of a cache, or None."""
        role = iam.find_role(self.own("iam"), cache)
        self.ids.learn(role)
        return role

    def list_roles(self) -> tuple[Role, ...]:
        """All FSx service-linked roles of the account."""
        roles = iam.list_roles(self.own("iam"))
        for role in roles:
            self.ids.learn(role)
        return roles

    def find_principal(self, arn: Arn) -> IamPrincipal | None:
        """A role or user of the caller's account, or that there is none; None for principals of other kinds."""
        return iam.find_principal(self.own("iam"), arn)

    def names_of_ids(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The ARNs of those of these unique ids that existing roles and users have."""
        return self.ids.names(ids)

    def dead_ids(self, ids: Iterable[str]) -> frozenset[str]:
        """Those of these unique ids that no existing role or user has, by IAM's own answer."""
        return self.ids.dead(ids)

    def find_cache(self, cache: str) -> Cache | None:
        """The cache as FSx describes it, or None."""
        return fsx.find_cache(self.own("fsx", region_named(cache)), cache)

    def association_pages(self, region: str) -> Iterator[tuple[Association, ...]]:
        """The data repository associations of a Region, page by page."""
        return fsx.association_pages(self.own("fsx", region))

    def older_link_pages(self, region: str | None) -> Iterator[tuple[Association, ...]]:
        """The links of a Region's file systems that have no associations, as they come."""
        return fsx.older_link_pages(self.own("fsx", region))

    def fsx_regions(self, partition: str) -> tuple[str, ...]:
        """The Regions of a partition that have FSx."""
        return fsx.fsx_regions(partition)

    def list_associations(self, cache: str | None = None, region: str | None = None) -> tuple[Association, ...]:
        """The links of a cache to its buckets; without one, the data repository associations of the Region."""
        return fsx.list_associations(self.own("fsx", region or region_named(cache)), cache)

    def list_buckets(self) -> tuple[str, ...]:
        """The names of the buckets on the bucket's side."""
        return s3.list_buckets((self.bucket_side or self.own)("s3"))

    def read_encryption(self, bucket: str) -> Encryption:
        """The default encryption of a bucket."""
        answer = self.on_bucket(bucket, lambda client: s3.read_encryption(client, bucket))
        self.answered_in[bucket] = answer.region
        return answer.encryption

    def region_of_answer(self, bucket: str) -> str | None:
        """The Region in which ``read_encryption`` was answered: the bucket's."""
        return self.answered_in.get(bucket)

    def read_bucket_policy(self, bucket: str) -> str:
        """The text of a bucket policy; empty where there is none."""
        return self.on_bucket(bucket, lambda client: s3.read_policy(client, bucket))

    def read_ownership(self, bucket: str, account: str) -> Ownership:
        """Does the bucket belong to this account? With the encryption that was read to find out."""
        owner = self.others.owner_of(bucket) if isinstance(self.others, MemberView) else None
        if owner is not None:
            return Ownership(owner == account)
        return self.on_bucket(bucket, lambda client: s3.read_ownership(client, bucket, account))

    def is_owned_by(self, bucket: str, account: str) -> bool:
        """Does the bucket belong to this account?"""
        return self.read_ownership(bucket, account).own

    def find_region(self, bucket: str) -> str | None:
        """The bucket's Region, where S3 tells."""
        return self.on_bucket(bucket, lambda client: s3.find_region(client, bucket))

    def resolve_key(self, reference: str, region: str) -> Key:
        """The key behind an alias or bare id, in the caller's account."""
        return kms.describe_key(self.own("kms", region), reference)

    def describe_key(self, key: Arn, account: str | None = None) -> Key:
        """A key by its ARN; ``account`` is the cache's, to tell a foreign key."""
        return kms.describe_key(self.kms_side(key, account)("kms", key.region), str(key))

    def get_policy(self, key: Arn, account: str | None = None) -> str:
        """The text of a key policy, with ARNs in place of the unique ids that roles and users of the account have.

        Raises why the role of the key's account could not be assumed, where that is the reason.
        """
        if self.others and account is not None and key.account != account and self.others.of(key.account) is None:
            refusal = self.others.refusals.get(key.account)
            if refusal:
                raise refusal
        text = kms.get_policy(self.kms_side(key, account)("kms", key.region), str(key))
        try:
            found = [one.id for one in unique_ids(parsed(text))]
        except PolicyFormatError:
            return text  # whoever needs to read it says so
        return with_arns(text, self.ids.names(found)) if found else text

    def find_organization(self) -> str:
        """The id of the organization of the caller's account; empty where it is in none."""
        return find_organization(self.own("organizations"))

    def list_tags(self, key: Arn) -> tuple[tuple[str, str], ...]:
        """The tags of a key of the caller's account."""
        return kms.list_tags(self.own("kms", key.region), str(key))

    def list_aliases(self, key: Arn) -> tuple[str, ...]:
        """The names of the aliases of a key of the caller's account."""
        return kms.list_aliases(self.own("kms", key.region), str(key))

    def stack_of(self, key: Arn) -> str | None:
        """The CloudFormation stack that manages a key of the caller's account, if its tags can be read and say so."""
        return kms.stack_of(self.own("kms", key.region), str(key))

    def tags_of_key(self, key: Arn) -> Mapping[str, str]:
        """The tags of a key of the caller's account."""
        return kms.read_tags(self.own("kms", key.region), str(key))

    def tags_of_bucket(self, bucket: str) -> Mapping[str, str]:
        """The tags of a bucket."""
        return self.on_bucket(bucket, lambda client: s3.read_tags(client, bucket))

    def count_write(self, table: str, key: Arn, now: float, limit: int) -> bool:
        """Counts a write to a key's policy on this day, unless the day's limit is reached; see ``relink_counter``."""
        return relink_counter.count_write(self.own("dynamodb"), table, str(key), now, limit)

    def put_policy(self, key: Arn, text: str, mark: str = "") -> str:
        """Replaces a key policy; returns AWS's id of the request. ``mark`` ends the call's user agent."""
        return kms.put_policy(self.own("kms", key.region), str(key), text, mark)

    def list_grants(self, key: Arn, account: str | None = None) -> tuple[Grant, ...]:
        """All grants on a key; where the bucket's side may not, the cache's side is asked.

        A grantee that KMS shows by its unique id has its ARN, where it is a role or user of the account.
        """
        side = self.kms_side(key, account)
        try:
            grants = kms.list_grants(side("kms", key.region), str(key))
        except DeniedError:
            if side is self.own:
                raise
            grants = kms.list_grants(self.own("kms", key.region), str(key))
        names = self.ids.names(one.grantee for one in grants if one.grantee)
        return (
            tuple(one._replace(grantee=names.get(one.grantee or "", one.grantee)) for one in grants)
            if names
            else grants
        )

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
        client = (self.grant_side or self.own)("kms", key.region)
        return kms.create_grant(client, str(key), grantee, operations, name, subset, dry_run=dry_run)

    def end_grant(self, key: Arn, grant_id: str, *, dry_run: bool = False) -> str:
        """Ends a grant and returns how: ``revoked`` where the caller may, else ``retired``.

        Raises the refusal of the revocation where neither is allowed, since that is the right to ask for.
        """
        client = (self.grant_side or self.own)("kms", key.region)
        try:
            kms.revoke_grant(client, str(key), grant_id, dry_run=dry_run)
        except DeniedError as refusal:
            try:
                kms.retire_grant(client, str(key), grant_id, dry_run=dry_run)
            except NotFoundError:
                if refusal.repeated:  # an attempt whose answer was lost has revoked it
                    return "revoked"
                raise
            except DeniedError:
                if self.bucket_side is None or refusal.repeated:
                    raise refusal from None
                kms.revoke_grant(self.bucket_side("kms", key.region), str(key), grant_id, dry_run=dry_run)
                return "revoked"
            return "retired"
        return "revoked"

    def list_page(self, bucket: str, prefix: str, after: str | None, delimited: bool) -> Page:
        """A page of object names."""
        return self.on_bucket(bucket, lambda s3: objects.list_page(s3, bucket, prefix, after, delimited))

    def read_sealed(self, bucket: str, name: str) -> ObjectEncryption | None:
        """How an object is encrypted; None where it is gone."""
        return self.on_bucket(bucket, lambda s3: objects.read_sealed(s3, bucket, name))

    def find_inventory(self, bucket: str) -> InventoryTable:
        """The bucket's S3 Metadata inventory table."""
        return self.on_bucket(bucket, lambda s3: athena.find_table(s3, bucket))

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
        side = self.bucket_side or self.own
        return athena.count(side("athena", table.region), table, prefix, clock, progress, workgroup, output)


class AwsOfMembers(NamedTuple):
    """AWS as each account of an organization sees it."""

    roles: MemberAccounts

    def aws_of(self, account: str) -> Aws:
        """As this account sees it. Raises why its role cannot be assumed."""
        return Aws(self.roles.clients_of(account), others=MemberView(self.roles, account))

    def release(self, account: str) -> None:
        """Closes the connections of an account's role."""
        self.roles.release(account)
