"""Every permission of every command, one action a line: a command that makes a new call gets a new line here. Pure.

Sources: Service Authorization Reference (resource types of IAM, FSx, S3 and KMS actions); KMS API reference
("Required permissions", "Cross-account use"); S3 API reference, HeadObject (without a checksum asked for, it needs no KMS
permission) and GetBucketMetadataConfiguration; S3 user guide, "Permissions for querying metadata tables"; Athena user
guide, "Manage Lake Formation and Athena user permissions".
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple


class Command(StrEnum):
    """Commands that call AWS."""

    LINK = "link"
    UNLINK = "unlink"
    CHECK = "check"
    AUDIT = "audit"
    CENSUS = "census"
    RESTORE = "restore"
    HISTORY = "history"
    SETTLE = "settle"
    LAMBDA = "lambda"


class Engine(StrEnum):
    """How ``census`` looks at objects: one by one, or in the bucket's S3 Metadata table."""

    HEAD = "head"
    ATHENA = "athena"


class On(Enum):
    """What a permission is given on. ANY: the action knows no resource types."""

    ROLE = "role"
    BUCKET = "bucket"
    OBJECTS = "objects"
    KEY = "key"
    OWN_KEY = "own key"
    METADATA = "metadata tables"
    CATALOG = "catalog"
    WORKGROUP = "workgroup"
    RESULTS = "query results"
    TABLE = "table"
    ANY = "any"


class When(Enum):
    """A circumstance in which a permission is needed at all."""

    ALWAYS = "always"
    POLICY = "by key policy"
    GRANT = "by grant"
    OWN_KEY = "key of the own account"
    FOREIGN_KEY = "key of another account"
    NO_BUCKET = "no bucket named"
    NAMED_BUCKET = "bucket named"
    NAMED_CACHE = "caches one by one, not every cache"
    NO_CACHE = "no cache named"
    ATHENA = "by Athena"
    OBJECTS = "object by object"
    FIX = "with --fix"


class Permission(NamedTuple):
    """One action, on what, why, and when. ``optional``: the command does its work without it, and says less.

    ``optional_across``: optional where the key belongs to another account.
    """

    action: str
    on: On
    why: str
    when: frozenset[When] = frozenset()
    optional: bool = False
    optional_across: bool = False


def _on(
    action: str, on: On, why: str, *when: When, optional: bool = False, optional_across: bool = False
) -> Permission:
    return Permission(action, on, why, frozenset(when), optional, optional_across)


_ROLE = _on("iam:GetRole", On.ROLE, "finds the cache's service-linked role", When.NAMED_CACHE)
_LINKED = _on(
    "fsx:DescribeDataRepositoryAssociations",
    On.ANY,
    "lists the cache's buckets where --bucket is left out",
    When.NO_BUCKET,
)
_LINKED_FILE_SYSTEM = _on(
    "fsx:DescribeFileSystems",
    On.ANY,
    "the same for a file system without associations, linked at its creation",
    When.NO_BUCKET,
)
_ENCRYPTION = _on("s3:GetEncryptionConfiguration", On.BUCKET, "reads the bucket's default encryption")
_REGION = _on(
    "s3:ListBucket",
    On.BUCKET,
    "tells the bucket's Region (HeadBucket), which S3 names in a refusal as well",
    optional=True,
)
_KEY = _on("kms:DescribeKey", On.KEY, "reads the key's state and resolves aliases", optional_across=True)
_JUDGED_KEY = _on("kms:DescribeKey", On.KEY, "reads the key's state and resolves aliases")
_POLICY = _on("kms:GetKeyPolicy", On.KEY, "reads the key policy", When.OWN_KEY)
_GRANTS = _on("kms:ListGrants", On.KEY, "reads the key's grants")
_PUT = _on("kms:PutKeyPolicy", On.KEY, "writes the key policy", When.OWN_KEY, When.POLICY)
_SUGGESTIONS = _on(
    "iam:ListRoles",
    On.ANY,
    "suggests ids where one is mistyped, and tells new roles from deleted ones where KMS shows unique ids",
    optional=True,
)
_USERS = _on("iam:ListUsers", On.ANY, "the same for users", When.OWN_KEY, optional=True)
_OTHERS = _on(
    "s3:ListAllMyBuckets",
    On.ANY,
    "suggests buckets of the account where a bucket's name is mistyped",
    When.NAMED_BUCKET,
    optional=True,
)
_NEAR = (
    _on(
        "fsx:DescribeDataRepositoryAssociations",
        On.ANY,
        "suggests the cache's own buckets where a bucket's name is mistyped",
        When.NAMED_BUCKET,
        When.NAMED_CACHE,
        optional=True,
    ),
    _OTHERS,
)
_CACHE = _on(
    "fsx:DescribeFileCaches", On.ANY, "tells whether waiting for a role makes sense", When.NAMED_CACHE, optional=True
)
_SYSTEM = _on(
    "fsx:DescribeFileSystems",
    On.ANY,
    "the same for FSx for Lustre file systems",
    When.NAMED_CACHE,
    When.NAMED_BUCKET,
    optional=True,
)
_TAGS = _on(
    "kms:ListResourceTags",
    On.KEY,
    "tells whether CloudFormation manages the key",
    When.OWN_KEY,
    When.POLICY,
    optional=True,
)

_RECORD = _on(
    "cloudtrail:LookupEvents", On.ANY, "reads what AWS recorded of the caches' calls, with --observed", optional=True
)

_NAMED_KEY = (
    _on("s3:GetEncryptionConfiguration", On.BUCKET, "finds the bucket's key", When.NAMED_BUCKET),
    _on(
        "s3:GetEncryptionConfiguration",
        On.BUCKET,
        "finds the keys of the buckets of --bucket or --cache",
        When.NO_BUCKET,
        optional=True,
    ),
    _on(
        "fsx:DescribeDataRepositoryAssociations",
        On.ANY,
        "finds the buckets of --cache",
        When.NO_BUCKET,
        optional=True,
    ),
    _on(
        "fsx:DescribeFileSystems",
        On.ANY,
        "the same for a file system without associations, linked at its creation",
        When.NO_BUCKET,
        optional=True,
    ),
    _on("kms:DescribeKey", On.KEY, "finds the key of an alias or id", optional=True),
    _REGION,
)
"""How history and settle find the keys of buckets and caches."""

_ORGANIZATION = _on(
    "organizations:DescribeOrganization",
    On.ANY,
    "tells the account's organization, where a verdict hangs on it",
    optional=True,
)
_ALIASES = _on("kms:ListAliases", On.ANY, "tells the key's aliases, where a verdict hangs on them", optional=True)
_KEY_TAGS = _on(
    "kms:ListResourceTags",
    On.KEY,
    "tells the key's tags, where a verdict hangs on them",
    When.OWN_KEY,
    optional=True,
)
_HANGS_ON = (_ORGANIZATION, _ALIASES, _KEY_TAGS)

TABLE: dict[Command, tuple[Permission, ...]] = {
    Command.LINK: (
        _ROLE,
        _LINKED,
        _LINKED_FILE_SYSTEM,
        _ENCRYPTION,
        _KEY,
        _on("kms:GetKeyPolicy", On.KEY, "reads the key policy, and reads it back", When.OWN_KEY, When.POLICY),
        _on(
            "kms:GetKeyPolicy",
            On.KEY,
            "tells whether the key policy denies what the grant gives",
            When.OWN_KEY,
            When.GRANT,
            optional=True,
        ),
        _PUT,
        _on("kms:ListGrants", On.KEY, "finds the grant, and sees it come", When.GRANT, optional_across=True),
        _on("kms:CreateGrant", On.KEY, "creates the grant, or tries it in a dry run", When.GRANT),
        _SUGGESTIONS,
        _USERS,
        _CACHE,
        _SYSTEM,
        _REGION,
        *_NEAR,
        _TAGS,
        _ORGANIZATION,
        _ALIASES,
    ),
    Command.UNLINK: (
        _ROLE,
        _LINKED,
        _LINKED_FILE_SYSTEM,
        _ENCRYPTION,
        _KEY,
        _POLICY,
        _PUT,
        _GRANTS,
        _on("kms:RevokeGrant", On.KEY, "ends the grant, or tries that in a dry run", When.GRANT),
        _on(
            "kms:RetireGrant",
            On.KEY,
            "ends the grant as the account that made it, where the key's owner does not give kms:RevokeGrant",
            When.GRANT,
            When.FOREIGN_KEY,
            optional=True,
        ),
        _SUGGESTIONS,
        _USERS,
        _on(
            "fsx:DescribeFileCaches",
            On.ANY,
            "tells a mistyped id from that of a cache that is gone",
            When.NAMED_CACHE,
            optional=True,
        ),
        _SYSTEM,
        _REGION,
        *_NEAR,
    ),
    Command.CHECK: (
        _ROLE,
        _LINKED,
        _LINKED_FILE_SYSTEM,
        _ENCRYPTION,
        _JUDGED_KEY,
        _POLICY,
        _on("kms:ListGrants", On.KEY, "reads the key's grants"),
        _on("s3:GetBucketPolicy", On.BUCKET, "judges the bucket policy too", optional=True),
        _RECORD,
        *_HANGS_ON,
        _on(
            "fsx:DescribeDataRepositoryAssociations",
            On.ANY,
            "tells the cache's prefixes in the bucket, without which access to the whole bucket is judged",
            When.NAMED_BUCKET,
            When.NAMED_CACHE,
            optional=True,
        ),
        _SUGGESTIONS,
        _USERS,
        _CACHE,
        _SYSTEM,
        _REGION,
        _OTHERS,
    ),
    Command.AUDIT: (
        _on("iam:ListRoles", On.ANY, "finds the service-linked roles of all caches"),
        _on("fsx:DescribeDataRepositoryAssociations", On.ANY, "lists the buckets of all caches"),
        _on(
            "fsx:DescribeFileSystems",
            On.ANY,
            "lists those of file systems without associations, linked at their creation; tells why one has no role",
        ),
        _ENCRYPTION,
        _JUDGED_KEY,
        _POLICY,
        _on("kms:ListGrants", On.KEY, "reads the keys' grants"),
        _on("s3:GetBucketPolicy", On.BUCKET, "judges the bucket policies", optional=True),
        _RECORD,
        *_HANGS_ON,
        _on("iam:GetRole", On.ROLE, "looks up roles one by one where listing them is refused", optional=True),
        _on("fsx:DescribeFileCaches", On.ANY, "tells why a cache has no role", optional=True),
        _USERS,
        _REGION,
        _on("kms:PutKeyPolicy", On.OWN_KEY, "writes the key policies", When.OWN_KEY, When.FIX),
        _on("kms:CreateGrant", On.KEY, "creates the grants on keys of other accounts", When.FIX),
    ),
    Command.CENSUS: (
        _on("s3:ListBucket", On.BUCKET, "lists the objects", When.OBJECTS),
        _on("s3:GetObject", On.OBJECTS, "HeadObject, which tells an object's key; no KMS permission", When.OBJECTS),
        _on("s3:GetBucketMetadataTableConfiguration", On.BUCKET, "finds the bucket's metadata table", When.ATHENA),
        _on("athena:StartQueryExecution", On.WORKGROUP, "starts the query", When.ATHENA),
        _on("athena:GetQueryExecution", On.WORKGROUP, "waits for the query", When.ATHENA),
        _on("athena:GetQueryResults", On.WORKGROUP, "reads the answer", When.ATHENA),
        _on("athena:StopQueryExecution", On.WORKGROUP, "stops the query when interrupted", When.ATHENA, optional=True),
        _on("glue:GetCatalog", On.CATALOG, "resolves s3tablescatalog", When.ATHENA),
        _on("glue:GetDatabase", On.CATALOG, "resolves the table's namespace", When.ATHENA),
        _on("glue:GetTable", On.CATALOG, "resolves the table", When.ATHENA),
        _on("lakeformation:GetDataAccess", On.ANY, "where Lake Formation guards the tables", When.ATHENA),
        _on("s3tables:GetTable", On.METADATA, "reads the metadata table", When.ATHENA),
        _on("s3tables:GetTableData", On.METADATA, "reads the metadata table", When.ATHENA),
        _on("s3tables:GetTableMetadataLocation", On.METADATA, "reads the metadata table", When.ATHENA),
        _on("s3:GetBucketLocation", On.RESULTS, "Athena checks the place of its results", When.ATHENA),
        _on("s3:GetObject", On.RESULTS, "Athena reads back its results", When.ATHENA),
        _on("s3:PutObject", On.RESULTS, "Athena writes its results", When.ATHENA),
        _on(
            "fsx:DescribeDataRepositoryAssociations",
            On.ANY,
            "finds the bucket's caches where --cache is left out",
            When.NO_CACHE,
            optional=True,
        ),
        _on("iam:GetRole", On.ROLE, "judges whether the caches can read what was found", optional=True),
        _on("kms:DescribeKey", On.KEY, "the same", optional=True),
        _on("kms:GetKeyPolicy", On.KEY, "the same", When.OWN_KEY, optional=True),
        _on("kms:ListGrants", On.KEY, "the same", optional=True),
        _on("s3:GetEncryptionConfiguration", On.BUCKET, "finds the bucket's key, with --rekey", optional=True),
        _on(
            "s3:ListBucket",
            On.BUCKET,
            "compares the bucket's Region with the key's, with --rekey",
            When.ATHENA,
            optional=True,
        ),
        _SUGGESTIONS,
        _CACHE,
        _on(
            "fsx:DescribeFileSystems",
            On.ANY,
            "the same for FSx for Lustre file systems, and finds those linked to the bucket at their creation",
            optional=True,
        ),
        _on("s3:ListAllMyBuckets", On.ANY, "suggests buckets where one is mistyped", optional=True),
        _on("kms:Decrypt", On.KEY, "where the metadata tables are encrypted with this key", When.ATHENA, optional=True),
    ),
    Command.RESTORE: (
        _on("kms:GetKeyPolicy", On.KEY, "reads the key policy, and reads it back"),
        _on("kms:PutKeyPolicy", On.KEY, "writes the key policy"),
        _on("iam:ListRoles", On.ANY, "tells new roles from deleted ones where KMS shows unique ids", optional=True),
        _on("iam:ListUsers", On.ANY, "the same for users", optional=True),
        _on("cloudtrail:LookupEvents", On.ANY, "finds a version by the id that history lists", optional=True),
    ),
    Command.HISTORY: (
        _on("cloudtrail:LookupEvents", On.ANY, "reads the recorded changes of the key"),
        _on("kms:GetKeyPolicy", On.KEY, "tells whether what a write of fcsse ran over was given back", optional=True),
        *_NAMED_KEY,
    ),
    Command.SETTLE: (
        _on("cloudtrail:LookupEvents", On.ANY, "reads the recorded writes of the key policy"),
        _on("kms:GetKeyPolicy", On.KEY, "reads the key policy, and reads it back"),
        _on("kms:PutKeyPolicy", On.KEY, "gives back what was lost"),
        *_NAMED_KEY,
    ),
    Command.LAMBDA: (
        _ROLE,
        _on("fsx:DescribeDataRepositoryAssociations", On.ANY, "lists the caches' buckets"),
        _on("fsx:DescribeFileSystems", On.ANY, "lists those of file systems linked at their creation"),
        _on("fsx:DescribeFileCaches", On.ANY, "tells whether waiting for a role makes sense", optional=True),
        _ENCRYPTION,
        _JUDGED_KEY,
        _POLICY,
        _PUT,
        _on("kms:ListGrants", On.KEY, "finds the grants of a deleted cache"),
        _on("kms:RevokeGrant", On.KEY, "ends them"),
        _on("kms:ListResourceTags", On.KEY, "tells whether a tag allows the key"),
        _on("s3:GetBucketTagging", On.BUCKET, "tells whether a tag allows the bucket"),
        _on("iam:ListRoles", On.ANY, "tells new roles from deleted ones where KMS shows unique ids"),
        _on("iam:ListUsers", On.ANY, "the same for users", optional=True),
        _on("dynamodb:UpdateItem", On.TABLE, "counts how often a key was linked again"),
        _on("cloudtrail:LookupEvents", On.ANY, "finds writes of others that its own ran over"),
        _REGION,
    ),
}
"""Every permission of every command."""
