"""What the simulated AWS holds beside moto's own IAM and S3: keys, grants, caches, roles to come, and the switches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from fcsse.sandbox.cloudtrail_record import Trail
from fcsse.sandbox.organization_tree import Organization
from fcsse.sandbox.policy_text import LIMIT
from fcsse.sandbox.query_settings import AthenaTraits, MetadataConfiguration

T = TypeVar("T")


class Lagging(Generic[T]):
    """A value whose changes show late: after a change, readers see the old one for some seconds or some reads.

    Source: KMS developer guide, "Eventual consistency": a change can take a while to be seen everywhere.
    """

    __slots__ = ("_clock", "_old", "_reads", "_until", "value")

    def __init__(self, value: T, clock: Callable[[], float] = time.monotonic) -> None:
        self.value = value
        self._clock = clock
        self._old: list[T] = []
        self._until = 0.0
        self._reads = 0

    def set(self, value: T, seconds: float = 0.0, reads: int = 0) -> None:
        """Change it; readers go on seeing the old value for ``seconds``, or for the next ``reads`` reads."""
        seen = self._old[0] if self._waiting() else self.value
        self.value = value
        self._old = [seen] if seconds > 0 or reads > 0 else []
        self._until = self._clock() + seconds
        self._reads = reads

    def read(self) -> T:
        """What a reader sees; it counts as one read."""
        if not self._waiting():
            self._old = []
            return self.value
        if self._reads > 0:
            self._reads -= 1
        return self._old[0]

    def _waiting(self) -> bool:
        return bool(self._old) and (self._reads > 0 or self._clock() < self._until)


@dataclass(slots=True)
class StoredGrant:
    """A grant. ``grantee_id`` is the grantee's unique id when the grant was made, kept as AWS keeps it."""

    id: str
    key_arn: str
    name: str
    grantee: str
    grantee_id: str | None
    operations: tuple[str, ...]
    constraints: dict[str, Any]
    retiring: str | None
    retiring_id: str | None
    issuing_account: str
    created: float
    tokens: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Key:
    """A KMS key. ``bindings`` maps the role and user ARNs of the policy to the unique ids they stood for.

    ``ready``: when, by the monotonic clock, a passing state such as Creating or Updating ends; None = it stays.
    ``material`` counts the key's rotations. ``ram_policy``: the text of its policy AWS_RAM, None where it has none.
    """

    id: str
    account: str
    region: str
    partition: str
    policy: Lagging[str]
    bindings: dict[str, str] = field(default_factory=dict)
    grants: Lagging[dict[str, StoredGrant]] = field(default_factory=lambda: Lagging[dict[str, StoredGrant]]({}))
    state: str = "Enabled"
    manager: str = "CUSTOMER"
    spec: str = "SYMMETRIC_DEFAULT"
    usage: str = "ENCRYPT_DECRYPT"
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    origin: str = "AWS_KMS"
    ram_policy: str | None = None
    rotation: bool = False
    material: int = 1
    ready: float | None = None
    created: float = field(default_factory=time.time)
    deletion_date: float | None = None
    replica_of: str | None = None

    @property
    def arn(self) -> str:
        """The key's ARN."""
        return f"arn:{self.partition}:kms:{self.region}:{self.account}:key/{self.id}"

    @property
    def multi_region(self) -> bool:
        """Is it a multi-Region key? Its id then starts with ``mrk-``."""
        return self.id.startswith("mrk-")


@dataclass(slots=True)
class Association:
    """A data repository association of a cache or file system. ``path`` is an ``s3://`` or ``nfs://`` URL.

    ``ready``: when, by the monotonic clock, it stops being CREATING; None = it stays what it is.
    """

    id: str
    path: str
    lifecycle: str = "AVAILABLE"
    failure: str | None = None
    mount: str = "/"
    ready: float | None = None


@dataclass(slots=True)
class OlderLink:
    """How a file system is linked that got its bucket at its creation: no association, one bucket, two prefixes."""

    import_path: str
    export_path: str
    lifecycle: str = "AVAILABLE"
    failure: str | None = None


@dataclass(slots=True)
class StoredCache:
    """A file cache (``fc-…``) or an FSx file system (``fs-…``).

    ``kind``: what it is, such as LUSTRE or ONTAP; ``deployment``: the deployment type of one for Lustre.
    """

    id: str
    account: str
    region: str
    lifecycle: str = "AVAILABLE"
    failure: str | None = None
    associations: list[Association] = field(default_factory=list)
    kms_key: str | None = None
    created: float = field(default_factory=time.time)
    older: OlderLink | None = None
    kind: str = "LUSTRE"
    deployment: str = "PERSISTENT_2"
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class PendingRole:
    """A role that IAM does not show yet: it appears at ``at`` and after ``calls`` more IAM calls.

    ``new``: for a while after that, KMS may show its unique id in place of its ARN.
    """

    account: str
    name: str
    path: str
    trust: str
    at: float
    calls: int
    kms_delay: float
    kms_calls: int
    new: bool = False


@dataclass(slots=True)
class Veil:
    """Something that KMS does not see yet: until ``at``, and for ``calls`` more looks."""

    at: float
    calls: int = 0

    def lifted(self, now: float) -> bool:
        """Is it visible now? Each look counts."""
        if self.calls > 0:
            self.calls -= 1
            return False
        return now >= self.at


@dataclass(slots=True)
class BucketTraits:
    """What moto's buckets lack. ``readers``: accounts that may read it though it is not theirs.

    ``customer_keys``: names of objects that are encrypted with customer-provided keys (SSE-C).
    """

    readers: set[str] = field(default_factory=set)
    no_configuration: bool = False
    metadata: MetadataConfiguration | None = None
    customer_keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Session:
    """Temporary credentials. ``expires`` is in seconds since the epoch."""

    access_key: str
    secret: str
    token: str
    account: str
    role_name: str
    session_name: str
    expires: float
    issued: float = field(default_factory=time.time)


@dataclass(slots=True)
class Switches:
    """Behaviour that can be chosen; every default is what AWS does.

    ``normalise``: KMS rewrites policies on storing them. ``elements_required``: refuse statements without Action or
    with another Resource than ``*``. ``page``: the most that one page of a list holds, for short pages; 0 = no limit
    but the API's own. ``late_*``: how long, or for how many reads, changes of policies and grants show late; and how long
    it takes until CloudTrail shows an event. ``lookups_per_second``: LookupEvents calls before AWS throttles; 0 = any number.
    ``new_id_seconds``: how long ListGrants shows a new role by its unique id; ``new_id_in_policies``: GetKeyPolicy, too.
    ``empty_message_for_principals``: refuse unknown principals with an empty message, as KMS did in 2016 and 2017.
    ``regions_on``: the opt-in Regions that the accounts have turned on.
    """

    normalise: bool = True
    elements_required: bool = True
    policy_limit: int = LIMIT
    grant_limit: int = 50_000
    page: int = 0
    late_policy_seconds: float = 0.0
    late_policy_reads: int = 0
    late_grant_seconds: float = 0.0
    late_grant_reads: int = 0
    late_event_seconds: float = 0.0
    lookups_per_second: float = 2.0
    new_id_seconds: float = 60.0
    new_id_in_policies: bool = False
    empty_message_for_principals: bool = False
    regions_on: tuple[str, ...] = ()


@dataclass(slots=True)
class State:
    """Everything, guarded by ``lock``: each AWS call is carried out as a whole while holding it.

    ``births``: when, by the monotonic clock, a role came to be that counts as new; by its unique id.
    """

    region: str
    partition: str
    accounts: set[str] = field(default_factory=set)
    keys: dict[str, Key] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    alias_dates: dict[str, float] = field(default_factory=dict)
    caches: dict[str, StoredCache] = field(default_factory=dict)
    buckets: dict[str, BucketTraits] = field(default_factory=dict)
    pending_roles: list[PendingRole] = field(default_factory=list)
    veils: dict[str, Veil] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    administrators: dict[str, str] = field(default_factory=dict)
    births: dict[str, float] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    organization: Organization | None = None
    athena: AthenaTraits = field(default_factory=AthenaTraits)
    trail: Trail = field(default_factory=Trail)
    switches: Switches = field(default_factory=Switches)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def traits(self, bucket: str) -> BucketTraits:
        """The traits of a bucket, made on first use."""
        return self.buckets.setdefault(bucket, BucketTraits())

    def keys_of(self, account: str, region: str) -> Iterator[Key]:
        """The keys of one account in one Region."""
        return (key for key in self.keys.values() if key.account == account and key.region == region)


def page(items: Iterable[T], start: int, size: int) -> tuple[list[T], int | None]:
    """``size`` of the items from ``start``, and where the next page starts (None = no more)."""
    everything = list(items)
    end = start + size
    return everything[start:end], end if end < len(everything) else None
