"""The ready-made small world: caches, buckets and keys with names to remember, each with one thing to know about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from textwrap import wrap

from fcsse.arn import role_arn, role_name
from fcsse.sandbox import policies
from fcsse.sandbox.simulation import ACCOUNT, OTHER_ACCOUNT, REGION, Simulation
from fcsse.sandbox.state import Association

OTHER_REGION = "us-east-1"
GONE = "fc-0dead"
"""A cache that is gone, and its role with it; a key policy still names it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the table: a thing's name and what there is to know about it."""

    kind: str
    name: str
    note: str


TABLE = (
    Item("cache", "fc-0123", "linked to data, data-bucket-keys, data-sse-s3, data-other-account"),
    Item("cache", "fc-01234567890", "another cache, whose id only begins like fc-0123; linked to data"),
    Item("cache", "fc-0456", "linked to data-alias, data-aws-s3 and an NFS server"),
    Item("cache", "fc-0bad", "FAILED; its association is MISCONFIGURED"),
    Item("cache", "fc-0ace", "CREATING; has no service-linked role yet"),
    Item("cache", GONE, "deleted, its role too; the key of data-dead still names it"),
    Item("file system", "fs-0abc", "FSx for Lustre; linked to data"),
    Item("bucket", "data", "SSE-KMS, key ARN, no Bucket Keys; KMS's default key policy"),
    Item("bucket", "data-bucket-keys", "SSE-KMS with Bucket Keys; one object from before they were turned on"),
    Item("bucket", "data-sse-s3", "SSE-S3: nothing to do"),
    Item("bucket", "data-aws-s3", "SSE-KMS without a key: the AWS managed key aws/s3"),
    Item("bucket", "data-dsse", "DSSE-KMS"),
    Item("bucket", "data-alias", "SSE-KMS, alias name; the console's key policy"),
    Item("bucket", "data-alias-arn", "SSE-KMS, alias ARN; CloudTrail, Auto Scaling and denials in the policy"),
    Item("bucket", "data-key-id", "SSE-KMS, bare key id; a policy laid out oddly, one Statement object"),
    Item("bucket", "data-long", "a key policy that takes one more statement only when written compactly"),
    Item("bucket", "data-full", "a key policy so near 32 KB that no statement fits any more"),
    Item("bucket", "data-dead", "its key policy names deleted roles: KMS refuses every change"),
    Item("bucket", "data-locked", "its key policy does not delegate to the account"),
    Item("bucket", "data-disabled", "its key is disabled"),
    Item("bucket", "data-deleting", "its key is pending deletion"),
    Item("bucket", "data-stack", "its key belongs to a CloudFormation stack"),
    Item("bucket", "data-other-region", f"in {OTHER_REGION}, key there; a multi-Region key"),
    Item("bucket", "data-other-account", "of 444455556666, readable; its key lets 111122223333 create grants"),
    Item("bucket", "data-other-console", "of 444455556666, readable; its key policy is the console's: no direct grant"),
    Item("bucket", "data-other-alias", "of 444455556666, readable; alias name in its configuration"),
    Item("bucket", "data-other-secret", "of 444455556666, not readable"),
    Item("role", "arn:aws:iam::444455556666:role/BucketReader", "may read the other account's buckets"),
    Item("role", "arn:aws:iam::111122223333:role/KeyUser", "may create grants on keys"),
    Item("role", "arn:aws:iam::111122223333:role/KeyAdministrator", "may do everything with keys"),
)

LONG = 31_500
FULL = 32_700


def build(sandbox: Simulation) -> None:
    """Fill a sandbox with the small world."""
    _roles(sandbox)
    _caches(sandbox)
    _own_buckets(sandbox)
    _awkward_buckets(sandbox)
    _other_account(sandbox)
    sandbox.delete_cache(GONE)
    sandbox.add_organization({sandbox.other_account: "Data"})


def _roles(sandbox: Simulation) -> None:
    own, other = sandbox.account, sandbox.other_account
    keys = policies_for("kms:*")
    sandbox.add_role("KeyAdministrator", trust=own, policy=keys)
    sandbox.add_role("KeyUser", trust=own, policy=policies_for("kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey"))
    autoscaling = "/aws-service-role/autoscaling.amazonaws.com/"
    sandbox.add_role("AWSServiceRoleForAutoScaling", path=autoscaling)
    reading = policies_for("s3:GetEncryptionConfiguration", "s3:ListBucket", "s3:GetObject", "kms:DescribeKey")
    sandbox.add_role("BucketReader", account=other, trust=own, policy=reading)


def policies_for(*actions: str) -> dict[str, object]:
    """An identity policy that allows these actions on everything."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _caches(sandbox: Simulation) -> None:
    sandbox.add_cache("fc-0123", ["data", "data-bucket-keys", "data-sse-s3", "data-other-account"])
    sandbox.add_cache("fc-01234567890", ["data"])
    sandbox.add_cache("fc-0456", ["data-alias", "data-aws-s3", "nfs://filer.example.com/export/"])
    message = "Amazon File Cache is unable to access the S3 bucket. Ensure the bucket exists and permissions are set."
    broken = Association("dra-0bad0bad0bad0bad0", "s3://data-gone/", "MISCONFIGURED", message)
    sandbox.add_cache("fc-0bad", [broken], lifecycle="FAILED", failure="The file cache could not be created.")
    waiting = Association("dra-0ee0ee0ee0ee0ee0e", "s3://data/", "CREATING")
    sandbox.add_cache("fc-0ace", [waiting], lifecycle="CREATING", role=False)
    sandbox.add_cache(GONE, ["data-dead"])
    sandbox.add_cache("fs-0abc", ["s3://data/lustre/"])


def _bucket(sandbox: Simulation, name: str, key: str | None, *, algorithm: str = "aws:kms", flag: bool = False) -> None:
    sandbox.add_bucket(name, algorithm=algorithm, key=key, bucket_keys=flag)
    _objects(sandbox, name)


def _objects(sandbox: Simulation, name: str) -> None:
    sandbox.add_object(name, "hello.txt", b"hello from the bucket\n")
    sandbox.add_object(name, "dir/file name with spaces.bin", bytes(range(64)))


def _own_buckets(sandbox: Simulation) -> None:
    own = sandbox.account
    _bucket(sandbox, "data", sandbox.add_key("data").arn)
    flagged = sandbox.add_key("data-bucket-keys").arn
    sandbox.add_bucket("data-bucket-keys", algorithm="aws:kms", key=flagged)
    sandbox.add_object("data-bucket-keys", "old.txt", b"written before Bucket Keys\n")
    sandbox.set_bucket_encryption("data-bucket-keys", key=flagged, bucket_keys=True)
    _objects(sandbox, "data-bucket-keys")
    _bucket(sandbox, "data-sse-s3", None, algorithm="AES256")
    _bucket(sandbox, "data-aws-s3", None)
    _bucket(sandbox, "data-dsse", sandbox.add_key("data-dsse").arn, algorithm="aws:kms:dsse")
    sandbox.add_key("data-alias", policy=policies.console(own, "KeyAdministrator", "KeyUser"))
    _bucket(sandbox, "data-alias", "alias/data-alias")
    sandbox.add_key("data-alias-arn", policy=policies.services(own, sandbox.region))
    _bucket(sandbox, "data-alias-arn", f"arn:aws:kms:{sandbox.region}:{own}:alias/data-alias-arn")
    odd = sandbox.add_key("data-key-id", policy=policies.oddly_laid_out(own), verbatim=True)
    _bucket(sandbox, "data-key-id", odd.id)


def _awkward_buckets(sandbox: Simulation) -> None:
    own = sandbox.account
    for name, size in (("data-long", LONG), ("data-full", FULL)):
        _bucket(sandbox, name, sandbox.add_key(name, policy=_near_limit(own, size)).arn)
    former = policies.document(
        policies.root(own),
        policies.allow("Allow the former cache", role_arn("aws", own, GONE), policies.USE),
        policies.allow("Allow a former role", "AROA0000000FORMERROLE", "kms:Decrypt"),
        identifier=None,
    )
    _bucket(sandbox, "data-dead", sandbox.add_key("data-dead", policy=former).arn)
    only = policies.locked(own, "KeyAdministrator")
    _bucket(sandbox, "data-locked", sandbox.add_key("data-locked", policy=only).arn)
    _bucket(sandbox, "data-disabled", sandbox.add_key("data-disabled", state="Disabled").arn)
    _bucket(sandbox, "data-deleting", sandbox.add_key("data-deleting", state="PendingDeletion").arn)
    stack = {"aws:cloudformation:stack-name": "storage", "aws:cloudformation:logical-id": "DataKey"}
    _bucket(sandbox, "data-stack", sandbox.add_key("data-stack", tags=stack).arn)
    identifier = "mrk-00000000000000000000000000000abc"
    far = sandbox.add_key("data-other-region", region=OTHER_REGION, key_id=identifier)
    sandbox.add_replica(far, sandbox.region)
    sandbox.add_bucket("data-other-region", region=OTHER_REGION, algorithm="aws:kms", key=far.arn)
    _objects(sandbox, "data-other-region")


@cache
def _near_limit(account: str, size: int) -> str:
    """The text of such a policy, which takes as long to write as all else in this world."""
    return json.dumps(policies.near_limit(account, size))


def _other_account(sandbox: Simulation) -> None:
    own, other = sandbox.account, sandbox.other_account
    direct, console = policies.grants_for(other, own), policies.console_cross_account(other, own)
    key = sandbox.add_key("data-other-account", account=other, policy=direct).arn
    console_key = sandbox.add_key("data-other-console", account=other, policy=console).arn
    sandbox.add_key("data-other-alias", account=other)
    sandbox.add_bucket("data-other-secret", account=other, algorithm="aws:kms", key=key)
    for bucket, named in (
        ("data-other-account", key),
        ("data-other-console", console_key),
        ("data-other-alias", "alias/data-other-alias"),
    ):
        policy = _letting_in(own, bucket)
        sandbox.add_bucket(bucket, account=other, algorithm="aws:kms", key=named, readers=[own], policy=policy)
    for bucket in ("data-other-account", "data-other-console", "data-other-alias", "data-other-secret"):
        _objects(sandbox, bucket)


def _letting_in(account: str, bucket: str) -> dict[str, object]:
    """A bucket policy for the role of fc-0123."""
    statement = {
        "Sid": "LetTheCacheIn",
        "Effect": "Allow",
        "Principal": {"AWS": role_arn("aws", account, "fc-0123")},
        "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"],
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def describe(
    account: str = ACCOUNT, region: str = REGION, other_account: str = OTHER_ACCOUNT, columns: int = 120
) -> str:
    """The world as a table for people, in so many columns. A role's ARN has a line of its own."""
    width = max(len(item.name) for item in TABLE if item.kind != "role")
    indent = " " * (12 + width + 2)
    lines = [f"Account {account} in {region}; other account {other_account}."]
    for item in TABLE:
        name = f"{item.kind:<12}{item.name:<{width}}  "
        if len(name) > len(indent):
            lines.append(name.rstrip())
            name = indent
        lines += wrap(name + item.note, max(columns, 50), subsequent_indent=indent, break_on_hyphens=False)
    lines += wrap(f"Both are in the organization o-exampleorgid, which {account} manages.", columns)
    lines.append(f"The role of a cache: {role_name('fc-0123')}")
    lines += wrap("Every key of an SSE-KMS bucket has the bucket's name as its alias.", columns)
    return "\n".join(lines)
