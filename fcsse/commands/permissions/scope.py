"""What a policy is narrowed to, and the ARNs that follow from that. Pure.

Sources: Service Authorization Reference, resource types of IAM, S3, KMS, S3 Tables, Glue and Athena.
"""

from __future__ import annotations

from typing import NamedTuple

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.commands.permissions.permission import Engine, On
from fcsse.link_options import Via
from fcsse.named_by_arn import partition_named


class Scope(NamedTuple):
    """What the policy is narrowed to; whatever is left out stays a wildcard. ``account`` is the cache's.

    ``key`` may be named by a bare id or an alias. ``fix``: the policy is for ``audit --fix``. ``any_key``: keys of every account are meant, where none is named.
    """

    caches: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    every_cache: bool = False
    key: Arn | None = None
    account: str | None = None
    region: str | None = None
    partition: str | None = None
    via: Via = Via.AUTO
    engine: Engine = Engine.HEAD
    fix: bool = False
    any_key: bool = False

    @property
    def foreign(self) -> bool:
        """Does the key belong to another account than the cache? A key that is named without one is of the cache's."""
        key = self.key
        return key is not None and self.account is not None and key.account not in ("", self.account)

    @property
    def alias(self) -> str | None:
        """The alias by which the key is named, if it is."""
        return self.key.resource if self.key and arns.is_alias(self.key.resource) else None

    @property
    def arn_partition(self) -> str:
        """The partition for ARNs: as stated, else that of the ARNs by which things are named, else the Region's."""
        named = (self.key.partition if self.key else "", *map(partition_named, (*self.caches, *self.buckets)))
        return self.partition or next(filter(None, named), "") or arns.partition_of(self.region or "")

    def roles(self) -> tuple[str, ...]:
        """The service-linked roles' ARNs, as patterns where the account or the caches are open."""
        owner = self.account or "*"
        return tuple(arns.role_arn(self.arn_partition, owner, cache) for cache in self.caches or ("*",))

    def resources(self, on: On) -> tuple[str, ...]:
        """The ARNs or patterns of what a permission is given on."""
        partition, account, region = self.arn_partition, self.account or "*", self.region or "*"
        names = self.buckets or ("*",)
        match on:
            case On.ROLE:
                # IAM cannot tell the path of a role that does not exist (yet, any more), so it judges the bare name.
                bare = tuple(
                    f"arn:{partition}:iam::{account}:role/{arns.role_name(cache)}" for cache in self.caches or ("*",)
                )
                return (*self.roles(), *bare)
            case On.BUCKET:
                return tuple(arns.bucket_arn(partition, name) for name in names)
            case On.OBJECTS:
                return tuple(f"{arns.bucket_arn(partition, name)}/*" for name in names)
            case On.KEY | On.OWN_KEY:
                # A policy is only ever written in the key's own account.
                owner = "*" if on is On.KEY and (self.via is Via.GRANT or self.any_key) else account
                named = self.key and arns.own_key(self.key, partition, region, account)
                return (str(named or f"arn:{partition}:kms:{region}:{owner}:key/*"),)
            case On.METADATA:
                tables = f"arn:{partition}:s3tables:{region}:{account}:bucket/aws-s3"
                return (tables, f"{tables}/table/*")
            case On.CATALOG:
                glue = f"arn:{partition}:glue:{region}:{account}"
                parts = ("catalog", "catalog/s3tablescatalog", "catalog/s3tablescatalog/*")
                inner = ("database/s3tablescatalog/*/*", "table/s3tablescatalog/*/*/*")
                return tuple(f"{glue}:{part}" for part in (*parts, *inner))
            case On.WORKGROUP:
                return (f"arn:{partition}:athena:{region}:{account}:workgroup/*",)
            case On.RESULTS:
                return (arns.bucket_arn(partition, "aws-athena-query-results-*"),)
            case On.TABLE:
                return (f"arn:{partition}:dynamodb:{region}:{account}:table/fcsse-relinks",)
            case On.ANY:
                return ("*",)
