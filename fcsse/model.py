"""The nouns of this project, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.encryption_algorithms import SSE_KMS, algorithm_of
from fcsse.errors import FcsseError
from fcsse.named_by_arn import refuse_elsewhere

DOCUMENT_SCHEMA = "fcsse/2"
"""Names the keys of ``-o json`` and what they mean."""

GRANT_OPERATIONS = (
    "Decrypt",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "CreateGrant",
    "DescribeKey",
    "ReEncryptFrom",
    "ReEncryptTo",
)
"""The eight operations of the grant that the File Cache page documents for a key of another account."""

READ_OPERATIONS = ("Decrypt", "DescribeKey")
"""Those that a cache which never writes back needs of them."""


class Pair(NamedTuple):
    """A cache (or Lustre file system) and a bucket. ``cache`` None stands for every cache of the account.

    ``bucket`` is empty where the cache's own buckets are meant and could not be listed.
    """

    cache: str | None
    bucket: str

    @property
    def place(self) -> str:
        """The bucket, for people."""
        return self.bucket or "its buckets"

    def __str__(self) -> str:
        return f"{self.cache or 'every cache'} to {self.place}"


class Role(NamedTuple):
    """A service-linked role. ``role_id`` is its unique id (``AROA…``), ``created`` is aware of its time zone.

    ``exists`` is False where the ARN was computed for a role that is not there (any more).
    """

    arn: Arn
    cache: str
    role_id: str | None = None
    created: datetime | None = None
    exists: bool = True

    @property
    def account(self) -> str:
        """The account of the cache: a service-linked role lives where its cache does."""
        return self.arn.account

    @classmethod
    def computed(cls, partition: str, account: str, cache: str) -> Role:
        """The role that a cache of this account has, or had, by its naming rule.

        Raises ``UsageError`` where the cache was named by an ARN of another account or partition.
        """
        refuse_elsewhere(cache, partition, account)
        found = arns.Arn.parse(arns.role_arn(partition, account, cache))
        if found is None:
            text = f"not an account and cache: {account}, {cache}"
            raise ValueError(text)
        return cls(found, cache, exists=False)


class IamPrincipal(NamedTuple):
    """A role or user, as IAM answers: whether it is there, and since when (aware of its time zone)."""

    exists: bool
    created: datetime | None = None


class Encryption(NamedTuple):
    """A bucket's default encryption. ``key`` is as the bucket has it: ARN, alias, bare id, or None for ``aws/s3``."""

    algorithm: str
    key: str | None = None
    bucket_keys: bool = False

    @property
    def is_kms(self) -> bool:
        """Is it SSE-KMS?"""
        return self.algorithm == SSE_KMS.code

    @property
    def name(self) -> str:
        """What the S3 console calls it."""
        return algorithm_of(self.algorithm).name


class Ownership(NamedTuple):
    """Is a bucket ``own``, an account's? With its default encryption, where that was read on the way."""

    own: bool
    encryption: Encryption | None = None


class Bucket(NamedTuple):
    """A bucket and what decides about its key.

    ``region`` is None where nothing told it, which only matters where a key is involved. ``foreign``: does it belong
    to another account than the cache; None = not asked. ``given``: the caller stated the facts, nothing was read; ``bucket_keys_known``
    is False where the caller left the Bucket Key setting out; ``bucket_keys_stated`` is True where the caller stated it, which
    counts whatever S3 says. ``default``: what S3 says, where the caller stated a key that it does not name, or names by an alias.
    """

    name: str
    encryption: Encryption
    region: str | None = None
    foreign: bool | None = None
    given: bool = False
    bucket_keys_known: bool = True
    default: Encryption | None = None
    bucket_keys_stated: bool = False

    @property
    def other_default(self) -> str:
        """The default encryption for people, where the caller stated a key that it does not name; else empty."""
        if self.default is None:
            return ""
        return self.default.name + (f" with {self.default.key}" if self.default.key else "")


class Key(NamedTuple):
    """A KMS key. ``state`` and the fields after it are None where ``kms:DescribeKey`` was refused."""

    arn: Arn
    state: str | None = None
    manager: str | None = None
    spec: str | None = None
    usage: str | None = None
    origin: str | None = None
    multi_region: bool | None = None

    @property
    def id(self) -> str:
        """The bare key id."""
        return self.arn.resource.removeprefix("key/")

    @property
    def is_any(self) -> bool:
        """Does it stand for whichever key of its account and Region?"""
        return self.arn.resource == "key/*"

    @property
    def usable_by_s3(self) -> bool:
        """Can S3 use it? S3 takes only symmetric encryption keys. Source: S3 user guide, "Using SSE-KMS"."""
        return self.spec in (None, "SYMMETRIC_DEFAULT") and self.usage in (None, "ENCRYPT_DECRYPT")


class Grant(NamedTuple):
    """A grant as ``kms:ListGrants`` shows it.

    ``grantee`` is None where the entry names none of the account's principals (newer fields, service principals) and
    may be a bare ``AROA…`` id: of a role that is gone, or of one that could not be looked up. ``constraint_equals`` and
    ``constraint_subset`` are the encryption context constraints; None = no such constraint. ``other_constraints`` names all
    other constraints: of ``SourceArn`` the value is in ``source_arn``, and one that this version does not know makes the
    grant's effect unknown.
    """

    grant_id: str
    grantee: str | None
    operations: frozenset[str]
    name: str = ""
    constraint_equals: Mapping[str, str] | None = None
    constraint_subset: Mapping[str, str] | None = None
    other_constraints: tuple[str, ...] = ()
    retiring: str | None = None
    issuing_account: str | None = None
    grantee_service: str | None = None
    source_arn: str | None = None

    @property
    def constrained(self) -> bool:
        """Does it hold for some encryption contexts only?"""
        return bool(self.constraint_equals or self.constraint_subset or self.other_constraints)


class Association(NamedTuple):
    """A data repository association. ``path`` is ``s3://bucket/prefix/`` or ``nfs://…``; ``failure`` AWS's message.

    ``association_id`` is empty for a link that a file system got at its creation (``ImportPath``), which is none.
    """

    association_id: str
    owner: str
    path: str
    lifecycle: str
    failure: str = ""

    @property
    def bucket(self) -> str | None:
        """The bucket of an S3 association; None for others."""
        return self.path.removeprefix("s3://").split("/", 1)[0] if self.path.startswith("s3://") else None

    @property
    def prefix(self) -> str:
        """The key prefix inside the bucket, without a leading slash; empty for the whole bucket."""
        parts = self.path.removeprefix("s3://").split("/", 1)
        return parts[1] if len(parts) > 1 else ""


class Cache(NamedTuple):
    """A file cache or Lustre file system as FSx describes it."""

    cache_id: str
    lifecycle: str
    failure: str = ""


ACTIVE = "ACTIVE"
"""The state of an account whose resources can be used. Source: AWS Organizations user guide, "Account states"."""


class Member(NamedTuple):
    """An account that is audited with others. ``state`` as AWS Organizations has it, such as ``SUSPENDED``."""

    account: str
    name: str = ""
    state: str = ACTIVE

    @property
    def active(self) -> bool:
        """Can its resources be used?"""
        return self.state == ACTIVE

    def __str__(self) -> str:
        return f"{self.account} ({self.name})" if self.name else self.account


class RequestFacts(NamedTuple):
    """What is known of every request of a pair's cache, besides who asks for what; None = not known.

    ``now``: not before when. ``organization``: the id of the cache's organization, empty where its account is in none.
    ``aliases`` (``alias/…``) and ``tags`` (names with values) are the key's.
    """

    now: datetime | None = None
    organization: str | None = None
    aliases: tuple[str, ...] | None = None
    tags: tuple[tuple[str, str], ...] | None = None


NOTHING_KNOWN = RequestFacts()


class Source(Enum):
    """Where a pair's permissions come from."""

    KEY_POLICY = "key-policy"
    GRANTS = "grants"
    BUCKET_POLICY = "bucket-policy"


class Facts(NamedTuple):
    """What was found out about one pair: everything that deciding needs, and nothing that was not read.

    ``role`` is None for every cache. ``key`` is None where the bucket has no key of its own (SSE-S3, ``aws/s3``).
    ``policy`` (its text) and ``grants`` are None where they were not asked for or not readable; ``unreadable`` then
    says why, a sentence each, and ``refusals`` holds the errors. ``prefixes`` are those of the cache's associations in the bucket, where they were
    read; ``prefixes_unknown`` says why not where they were asked for, so that the whole bucket stands for them.
    ``bucket_policy`` is the text of the bucket's own policy, empty where it has none, None where it was not read.
    ``dead_ids`` are the unique ids in policy and grants that belong to nobody, by IAM's own answer.
    ``request`` is what else is known of the cache's requests.
    """

    pair: Pair
    account: str
    partition: str
    role: Role | None
    bucket: Bucket
    key: Key | None = None
    policy: str | None = None
    grants: tuple[Grant, ...] | None = None
    unreadable: tuple[str, ...] = ()
    refusals: tuple[FcsseError, ...] = ()
    prefixes: tuple[str, ...] = ()
    bucket_policy: str | None = None
    prefixes_unknown: str = ""
    dead_ids: frozenset[str] = frozenset()
    request: RequestFacts = NOTHING_KNOWN

    @property
    def not_read(self) -> tuple[Source, ...]:
        """What was not read, so that no verdict on the pair takes it into account."""
        key = self.key is not None
        missing = (
            (Source.KEY_POLICY, key and self.policy is None),
            (Source.GRANTS, key and self.grants is None),
            (Source.BUCKET_POLICY, self.bucket_policy is None),
        )
        return tuple(source for source, absent in missing if absent)


class Obstacle(NamedTuple):
    """A pair about which not enough could be found out, with the error that says why."""

    pair: Pair
    error: FcsseError
