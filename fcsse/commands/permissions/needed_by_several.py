"""Permissions that several commands need. Pure. Sources: see ``table``."""

from __future__ import annotations

from fcsse.commands.permissions.permission import On, When, needs

ROLE = needs("iam:GetRole", On.ROLE, "finds the cache's service-linked role", When.NAMED_CACHE)
LINKED = needs(
    "fsx:DescribeDataRepositoryAssociations",
    On.ANY,
    "lists the cache's buckets where --bucket is left out",
    When.NO_BUCKET,
)
LINKED_FILE_SYSTEM = needs(
    "fsx:DescribeFileSystems",
    On.ANY,
    "the same for a file system without associations, linked at its creation",
    When.NO_BUCKET,
)
ENCRYPTION = needs("s3:GetEncryptionConfiguration", On.BUCKET, "reads the bucket's default encryption")
REGION = needs(
    "s3:ListBucket",
    On.BUCKET,
    "tells the bucket's Region (HeadBucket), which S3 names in a refusal as well",
    optional=True,
)
KEY = needs("kms:DescribeKey", On.KEY, "reads the key's state and resolves aliases", optional_across=True)
JUDGED_KEY = needs("kms:DescribeKey", On.KEY, "reads the key's state and resolves aliases")
POLICY = needs("kms:GetKeyPolicy", On.KEY, "reads the key policy", When.OWN_KEY)
GRANTS = needs("kms:ListGrants", On.KEY, "reads the key's grants")
PUT = needs("kms:PutKeyPolicy", On.KEY, "writes the key policy", When.OWN_KEY, When.POLICY)
SUGGESTIONS = needs(
    "iam:ListRoles",
    On.ANY,
    "suggests ids where one is mistyped, and tells new roles from deleted ones where KMS shows unique ids",
    optional=True,
)
USERS = needs("iam:ListUsers", On.ANY, "the same for users", When.OWN_KEY, optional=True)
OTHERS = needs(
    "s3:ListAllMyBuckets",
    On.ANY,
    "suggests buckets of the account where a bucket's name is mistyped",
    When.NAMED_BUCKET,
    optional=True,
)
NEAR = (
    needs(
        "fsx:DescribeDataRepositoryAssociations",
        On.ANY,
        "suggests the cache's own buckets where a bucket's name is mistyped",
        When.NAMED_BUCKET,
        When.NAMED_CACHE,
        optional=True,
    ),
    OTHERS,
)
CACHE = needs(
    "fsx:DescribeFileCaches", On.ANY, "tells whether waiting for a role makes sense", When.NAMED_CACHE, optional=True
)
SYSTEM = needs(
    "fsx:DescribeFileSystems",
    On.ANY,
    "the same for FSx for Lustre file systems",
    When.NAMED_CACHE,
    When.NAMED_BUCKET,
    optional=True,
)
TAGS = needs(
    "kms:ListResourceTags",
    On.KEY,
    "tells whether CloudFormation manages the key",
    When.OWN_KEY,
    When.POLICY,
    optional=True,
)

RECORD = needs(
    "cloudtrail:LookupEvents", On.ANY, "reads what AWS recorded of the caches' calls, with --observed", optional=True
)

AFTERWARDS = needs(
    "cloudtrail:LookupEvents",
    On.ANY,
    "finds writes of others that its own overwrote, with --settle",
    When.POLICY,
    optional=True,
)

NAMED_KEY = (
    needs("s3:GetEncryptionConfiguration", On.BUCKET, "finds the bucket's key", When.NAMED_BUCKET),
    needs(
        "s3:GetEncryptionConfiguration",
        On.BUCKET,
        "finds the keys of the buckets of --bucket or --cache",
        When.NO_BUCKET,
        optional=True,
    ),
    needs(
        "fsx:DescribeDataRepositoryAssociations",
        On.ANY,
        "finds the buckets of --cache",
        When.NO_BUCKET,
        optional=True,
    ),
    needs(
        "fsx:DescribeFileSystems",
        On.ANY,
        "the same for a file system without associations, linked at its creation",
        When.NO_BUCKET,
        optional=True,
    ),
    needs("kms:DescribeKey", On.KEY, "finds the key of an alias or id", optional=True),
    REGION,
)
"""How history and settle find the keys of buckets and caches."""

ORGANIZATION = needs(
    "organizations:DescribeOrganization",
    On.ANY,
    "tells the account's organization, where a verdict hangs on it",
    optional=True,
)
ALIASES = needs("kms:ListAliases", On.ANY, "tells the key's aliases, where a verdict hangs on them", optional=True)
KEY_TAGS = needs(
    "kms:ListResourceTags",
    On.KEY,
    "tells the key's tags, where a verdict hangs on them",
    When.OWN_KEY,
    optional=True,
)
HANGS_ON = (ORGANIZATION, ALIASES, KEY_TAGS)
