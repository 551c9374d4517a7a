"""Names of caches and buckets that remember what an ARN said of them, so that neither is taken for one of elsewhere.

Each partition has buckets of its own, whose names may be those of buckets in another; a cache is of one account and Region.
Sources: S3 user guide, "General purpose bucket naming rules"; service authorization reference of FSx.
"""

from __future__ import annotations

from fcsse.errors import UsageError


class BucketName(str):
    """A bucket's name; ``in_partition`` is empty where no ARN named it."""

    in_partition: str

    def __new__(cls, name: str, in_partition: str = "") -> BucketName:
        """The name ``name``, as any other text."""
        made = super().__new__(cls, name)
        made.in_partition = in_partition
        return made


class CacheId(str):
    """A cache's id; ``in_partition``, ``in_region`` and ``account`` are empty where no ARN named it."""

    in_partition: str
    in_region: str
    account: str

    def __new__(cls, name: str, in_partition: str = "", in_region: str = "", account: str = "") -> CacheId:
        """The id ``name``, as any other text."""
        made = super().__new__(cls, name)
        made.in_partition, made.in_region, made.account = in_partition, in_region, account
        return made


def region_named(cache: str | None) -> str | None:
    """The Region that the cache's ARN named; None where no ARN named it."""
    return (cache.in_region or None) if isinstance(cache, CacheId) else None


def partition_named(name: str | None) -> str:
    """The partition that the ARN of a cache or bucket named; empty where no ARN named it."""
    return name.in_partition if isinstance(name, (CacheId, BucketName)) else ""


def refuse_elsewhere(name: str | None, partition: str, account: str = "") -> None:
    """Raises ``UsageError`` where an ARN named a cache or bucket in another partition than this, or a cache of another account."""
    named = partition_named(name)
    what = "cache" if isinstance(name, CacheId) else "bucket"
    if named not in ("", partition):
        message = f"the ARN of {name} is of partition {named}, and the {what} is looked for in partition {partition}"
        raise UsageError(message, f"Use credentials and a Region of partition {named}.")
    if isinstance(name, CacheId) and account and name.account not in ("", account):
        message = f"the ARN of {name} is of account {name.account}, and the role is looked for in account {account}"
        raise UsageError(message, f"Use credentials of account {name.account}; offline, state that account.")
