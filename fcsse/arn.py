"""ARNs and partitions, and the identifiers that go into them.

Sources: the IAM, KMS and S3 user guides' ARN formats; the FSx service-linked role page for the role's name and path.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fcsse.named_by_arn import BucketName, CacheId

ROLE_PATH = "/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"
"""Path of every FSx S3 service-linked role. It keeps ``.amazonaws.com`` in every partition."""

ROLE_PREFIX = "AWSServiceRoleForFSxS3Access_"
"""Name of a service-linked role up to the id of its cache or file system."""

_ARN = re.compile(
    r"arn:(?P<partition>[a-z0-9-]+):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12}|):(?P<resource>.+)",
    re.DOTALL,
)
_ACCOUNT = re.compile(r"[0-9]{12}")
_CACHE = re.compile(r"(?:fc|fs)-[0-9a-f]+")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_OTHER_BUCKETS = ("--x-s3", "--xa-s3", "--table-s3", "-s3alias", "--ol-s3", "--op-s3", ".mrap")
"""How the names of directory buckets, table buckets, and aliases of access points end, and no general purpose bucket's.

What is encrypted in directory and table buckets has other ARNs, and so another encryption context. Sources: S3 user guide,
"General purpose bucket naming rules"; the endpoint rules of S3 in botocore.
"""
_KEY_ID = re.compile(r"(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")
_KEY_RESOURCE = re.compile(r"key/(?:[A-Za-z0-9-]+|\*)")
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]+")
_UNIQUE_ID = re.compile(r"A(?:ROA|IDA|GPA|NPA|NVA|IPA)[A-Z0-9]{8,}")
ALIAS_LENGTH = 256
_ALIAS = re.compile(r"alias/[A-Za-z0-9/_-]+")


class Arn(NamedTuple):
    """An ARN in its parts; ``str()`` gives the text back."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @classmethod
    def parse(cls, text: str) -> Arn | None:
        """The ARN in ``text``, or None where it is not one."""
        match = _ARN.fullmatch(text)
        return cls(**match.groupdict()) if match else None


def is_account(text: str) -> bool:
    """Is it an account id (12 digits)?"""
    return _ACCOUNT.fullmatch(text) is not None


def is_cache_id(text: str) -> bool:
    """Is it the id of a file cache (``fc-…``) or an FSx for Lustre file system (``fs-…``), of any length?

    The service model says 8 or more hexadecimal digits; documentation uses shorter ids, so any number counts.
    """
    return _CACHE.fullmatch(text) is not None


def is_bucket_name(text: str) -> bool:
    """Is it a name that S3 accepts for a general purpose bucket?"""
    return (
        _BUCKET.fullmatch(text) is not None
        and ".." not in text
        and not text.endswith(_OTHER_BUCKETS)
        and re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", text) is None
    )


def is_other_bucket(text: str) -> bool:
    """Is it the name of a directory bucket or table bucket, or what an access point is named by?"""
    return text.endswith(_OTHER_BUCKETS) or text.startswith("arn:")


def bucket_in(text: str) -> str | None:
    """The bucket's name in ``text``, which may also be an S3 URI or a bucket ARN; None where there is none.

    A prefix in an S3 URI, such as the path of an association, is left out: access is given to buckets.
    """
    if isinstance(text, BucketName):
        return text
    if text.startswith("s3://"):
        name = text.removeprefix("s3://").partition("/")[0]
        return name if is_bucket_name(name) else None
    arn = re.fullmatch(r"arn:([a-z-]+):s3:::(.*)", text, re.DOTALL)
    name = (arn[2] if arn else text).rstrip("/")
    if not is_bucket_name(name):
        return None
    return BucketName(name, arn[1]) if arn else name


def prefix_in(text: str) -> str:
    """The key prefix in ``text``, an S3 URI such as ``s3://bucket/prefix/``; empty where it has none, or is no URI."""
    return text.removeprefix("s3://").partition("/")[2] if text.startswith("s3://") else ""


def cache_in(text: str) -> str | None:
    """The id in ``text`` of a file cache or file system, which may also be its ARN; None where there is none.

    Source: service authorization reference of FSx, resource types ``file-cache`` and ``file-system``.
    """
    arn = Arn.parse(text)
    kind, _, name = arn.resource.partition("/") if arn and arn.service == "fsx" else ("", "", text)
    fits = {"file-cache": name.startswith("fc-"), "file-system": name.startswith("fs-")}.get(kind, not kind)
    if not (fits and is_cache_id(name)):
        return None
    return CacheId(name, arn.partition, arn.region, arn.account) if arn else name


def is_partition(text: str) -> bool:
    """Does it have the form of a partition's name, such as ``aws-cn``?"""
    return re.fullmatch(r"aws(-[a-z]+)*", text) is not None


def is_region(text: str) -> bool:
    """Does it have the form of a Region's name, such as ``eu-west-1``?"""
    return _REGION.fullmatch(text) is not None


def is_key_id(text: str) -> bool:
    """Is it a bare KMS key id (a UUID, or ``mrk-`` and 32 hexadecimal digits)?"""
    return _KEY_ID.fullmatch(text) is not None


def is_unique_id(text: str) -> bool:
    """Is it the unique id that AWS shows in place of an ARN where a role or user was deleted, or is very new?

    Source: IAM user guide, "Unique identifiers": AROA roles, AIDA users, AGPA groups and others. Never true for
    ``*``, account ids, ARNs and service principals.
    """
    return _UNIQUE_ID.fullmatch(text) is not None


def key_arn(text: str) -> Arn | None:
    """The key ARN in ``text``; None for anything else, an alias ARN included.

    A bucket's owner writes what a bucket names as its key, so what has signs that no key's id has is none. ``key/*``: any key.
    """
    arn = Arn.parse(text)
    if arn and arn.service == "kms" and arn.region and arn.account and _KEY_RESOURCE.fullmatch(arn.resource):
        return arn
    return None


def whole_key_arn(text: str) -> Arn | None:
    """The same, but only where the key's id has the form of one, so that a slip of the fingers is seen."""
    arn = key_arn(text)
    return arn if arn and is_key_id(arn.resource.removeprefix("key/")) else None


def iam_role_arn(text: str) -> Arn | None:
    """The ARN of an IAM role in ``text``; None for anything else."""
    arn = Arn.parse(text)
    return arn if arn and arn.service == "iam" and arn.resource.startswith("role/") else None


ANY_ACCOUNT = "{account}"
"""Stands for the account in the pattern of a role ARN."""


def role_by_pattern(pattern: str, account: str) -> Arn | None:
    """The ARN of an IAM role that a pattern means in an account; None where it means one in another, or is no such pattern.

    A pattern is a role ARN with ``{account}`` in place of the account, or without, for that one account.
    """
    arn = iam_role_arn(pattern.replace(ANY_ACCOUNT, account))
    return arn if arn and arn.account == account else None


def is_role_pattern(text: str) -> bool:
    """Is it the pattern of a role ARN?"""
    return iam_role_arn(text.replace(ANY_ACCOUNT, "0" * 12)) is not None


def is_role_name(text: str) -> bool:
    """Is it the name of a role, with its path if it has one? A path may look like an ARN up to the name, which it never is.

    Source: IAM API reference, CreateRole.
    """
    name = re.fullmatch(r"(?:[\x21-\x2e\x30-\x7e]+/)*[\w+=,.@-]{1,64}", text, re.ASCII)
    return name is not None and not text.startswith("arn:")


def alias_arn(text: str) -> Arn | None:
    """The alias ARN in ``text``, or None."""
    arn = Arn.parse(text)
    if arn and arn.service == "kms" and arn.region and arn.account and is_alias(arn.resource):
        return arn
    return None


def is_alias(text: str) -> bool:
    """Is it the name of an alias, ``alias/…``, with the characters that KMS takes?

    Source: KMS API reference, ``CreateAlias`` (alphanumeric characters, slashes, underscores and dashes; 256 at most).
    """
    return len(text) <= ALIAS_LENGTH and _ALIAS.fullmatch(text) is not None


def own_key(named: Arn, partition: str, region: str, account: str) -> Arn | None:
    """The key's ARN, where ``named`` is one, or a bare key id (``key/…`` without an account), which then is of this Region and
    account. None for an alias, which only KMS can resolve.
    """
    if not named.resource.startswith("key/"):
        return None
    return named if named.account else Arn(partition, "kms", region, account, named.resource)


def role_name(cache: str) -> str:
    """Name of the service-linked role of a cache: matched exactly, never as a substring."""
    return ROLE_PREFIX + cache


def role_arn(partition: str, account: str, cache: str) -> str:
    """ARN of the service-linked role of a cache."""
    return f"arn:{partition}:iam::{account}:role{ROLE_PATH}{role_name(cache)}"


def role_cache(arn_text: str) -> str | None:
    """The cache whose service-linked role this ARN names; None where it names no such role."""
    arn = Arn.parse(arn_text)
    if arn is None or arn.service != "iam":
        return None
    prefix = f"role{ROLE_PATH}{ROLE_PREFIX}"
    cache = arn.resource.removeprefix(prefix)
    return cache if arn.resource.startswith(prefix) and is_cache_id(cache) else None


def bucket_arn(partition: str, bucket: str) -> str:
    """ARN of a bucket; it takes the partition, unlike ``kms:ViaService``."""
    return f"arn:{partition}:s3:::{bucket}"


def root_arn(partition: str, account: str) -> str:
    """ARN that stands for a whole account in a policy's Principal."""
    return f"arn:{partition}:iam::{account}:root"


def via_service(region: str) -> str:
    """Value of ``kms:ViaService`` for requests through S3: ``.amazonaws.com`` in all partitions, China too."""
    return f"s3.{region}.amazonaws.com"


def partition_of(region: str) -> str:
    """Partition of a Region, by its name; used only where no ARN of the account is at hand."""
    prefixes = {
        "cn-": "aws-cn",
        "us-gov-": "aws-us-gov",
        "us-iso-": "aws-iso",
        "us-isob-": "aws-iso-b",
        "us-isof-": "aws-iso-f",
        "eu-isoe-": "aws-iso-e",
        "eusc-": "aws-eusc",
    }
    return next((name for prefix, name in prefixes.items() if region.startswith(prefix)), "aws")


DEFAULT_REGIONS = frozenset(
    [
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    ]
)
"""Regions of the partition ``aws`` from before March 20, 2019, which are on in every account. Source: AWS Account Management
reference guide, "Enable or disable AWS Regions in your account".
"""


def may_be_off(region: str) -> bool:
    """Can an account be without the Region? The other partitions have no Regions to opt in to."""
    return partition_of(region) == "aws" and region not in DEFAULT_REGIONS


def is_organization_id(text: str) -> bool:
    """Is it the id of an organization? Source: Organizations API reference, ``OrganizationId`` (examples are shorter)."""
    return re.fullmatch(r"o-[a-z0-9]{1,32}", text, re.ASCII) is not None
