"""A plan for giving objects the key and context form that their bucket has now, in place. Pure; nothing here runs it.

S3 does that with UpdateObjectEncryption, without moving data, and for many objects by an S3 Batch Operations job.

Sources, all of the S3 user guide unless said: "Updating server-side encryption for existing data" (which objects and keys it
takes, versions, Object Lock, replication, price); "Update object encryption" and "Granting permissions for Batch Operations"
(the job's role); "Creating an S3 Batch Operations job" (manifests, Region); "Creating a Batch Operations job to update object
encryption"; S3 API reference, CreateJob, S3UpdateObjectEncryptionSSEKMS, SSEKMSFilter, JobManifestGeneratorFilter.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from fcsse.arn import Arn, bucket_arn, iam_role_arn
from fcsse.commands.census.in_place import Refusal, RekeyTarget, refusal_of
from fcsse.commands.census.tally import Census
from fcsse.model import Key
from fcsse.objects import Group, ObjectEncryption

NAME = "fcsse-rekey"
"""The prefix under which the manifest and the report are stored; with a bucket's name, its job's role and that role's policy."""

LONGEST_ROLE_NAME = 64
"""Characters. Source: IAM user guide, "IAM and AWS STS quotas"."""

PLACEHOLDER_ACCOUNT, PLACEHOLDER_BUCKET = "BUCKET_ACCOUNT", "JOB_BUCKET"

KMS_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:ReEncrypt*")
"""What the job's role needs on the old keys and the new one; AWS does not say which of them takes which."""


class RekeyRequest(NamedTuple):
    """What is asked for. ``new_key`` None: that of the bucket's default encryption; ``new_bucket_keys`` None: its setting.

    ``job_role`` is the ARN of the job's role, ``job_bucket`` the bucket for its manifest and report. ``manifest``: the file
    to list the objects in; None: S3 lists them, by how they are encrypted.
    """

    new_key: Arn | None = None
    new_bucket_keys: bool | None = None
    job_role: str | None = None
    job_bucket: str | None = None
    manifest: Path | None = None


class Caveat(Enum):
    """What to know before the job runs."""

    FOREIGN_KEY = "key-of-another-account"
    OWNER_UNKNOWN = "bucket-account-unknown"
    SAMPLE = "sample"
    MANAGED_SOURCE = "aws-managed-source-key"
    UNUSABLE_SOURCE = "source-key-unusable"
    FOREIGN_SOURCE = "source-key-of-another-account"
    NO_MANIFEST = "manifest-not-written"
    OBJECT_LOCK = "object-lock"
    VERSIONS = "versions"
    OLD_VERSIONS = "versions-not-listed"
    REPLICAS = "replicas"
    READERS = "other-readers"


class Stray(NamedTuple):
    """Objects that are encrypted otherwise than they should be. ``refusal``: why they cannot be changed in place."""

    group: Group
    refusal: Refusal | None = None


class Manifest(NamedTuple):
    """A list of objects that was written: ``etag`` is what S3 answers for it where it is stored with SSE-S3 in one request."""

    file: Path
    objects: int
    etag: str


class RekeyPlan(NamedTuple):
    """What would be changed, and all that the job takes. ``links`` are commands that give the caches the new key first."""

    bucket: str
    prefix: str
    target: RekeyTarget
    strays: tuple[Stray, ...]
    caveats: tuple[Caveat, ...] = ()
    job_role: str | None = None
    job_bucket: str | None = None
    manifest: Manifest | None = None
    links: tuple[str, ...] = ()

    @property
    def movable(self) -> tuple[Group, ...]:
        """The objects that the job changes."""
        return tuple(one.group for one in self.strays if one.refusal is None)

    @property
    def account(self) -> str:
        """The bucket's account, in which the job runs."""
        return self.target.owner or PLACEHOLDER_ACCOUNT

    @property
    def role(self) -> str:
        """The ARN of the job's role: the one that was named, or one to be made."""
        return self.job_role or f"arn:{self.target.key.partition}:iam::{self.account}:role/{self.role_name}"

    @property
    def role_name(self) -> str:
        """Its name, without the path. One to be made is the bucket's own: the job of another bucket may be running."""
        found = iam_role_arn(self.job_role) if self.job_role else None
        return found.resource.rpartition("/")[2] if found else self.policy_name[:LONGEST_ROLE_NAME]

    @property
    def policy_name(self) -> str:
        """The name of the role's policy, which takes the place of no other bucket's."""
        return f"{NAME}-{self.bucket}"

    @property
    def place(self) -> str:
        """The name of the bucket for the manifest and the report."""
        return self.job_bucket or PLACEHOLDER_BUCKET

    @property
    def manifest_name(self) -> str:
        """The name of the manifest object, where there is one: another list has another name."""
        return f"{NAME}/{self.bucket}-{self.manifest.etag[:12]}.csv" if self.manifest else ""

    def _bucket_arn(self, name: str) -> str:
        return bucket_arn(self.target.key.partition, name)

    def job(self) -> dict[str, Any]:
        """The request CreateJob. The job waits until it is confirmed. Its token is left to the AWS CLI."""
        sse = {"KMSKeyArn": str(self.target.key), "BucketKeyEnabled": self.target.bucket_keys}
        return {
            "AccountId": self.account,
            "ConfirmationRequired": True,
            "Operation": {"S3UpdateObjectEncryption": {"ObjectEncryption": {"SSEKMS": sse}}},
            **self._objects(),
            "Report": {
                "Enabled": True,
                "Bucket": self._bucket_arn(self.place),
                "Format": "Report_CSV_20180820",
                "Prefix": NAME,
                "ReportScope": "AllTasks",
            },
            "Priority": 10,
            "RoleArn": self.role,
            "Description": f"fcsse: new encryption of objects in {self.bucket}",
        }

    def _objects(self) -> dict[str, Any]:
        """Which objects: those of the manifest, or those that S3 finds by their encryption and prefix."""
        if self.manifest:
            where = {
                "ObjectArn": f"{self._bucket_arn(self.place)}/{self.manifest_name}",
                "ETag": self.manifest.etag,
            }
            spec = {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}
            return {"Manifest": {"Spec": spec, "Location": where}}
        found: dict[str, Any] = {"MatchAnyObjectEncryption": [_filter(group.sealed) for group in self.movable]}
        if self.prefix:
            found["KeyNameConstraint"] = {"MatchAnyPrefix": [self.prefix]}
        output = {
            "Bucket": self._bucket_arn(self.place),
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
            "ManifestPrefix": NAME,
        }
        generator: dict[str, Any] = {
            "SourceBucket": self._bucket_arn(self.bucket),
            "EnableManifestOutput": True,
            "ManifestOutputLocation": output,
            "Filter": found,
        }
        if self.target.owner:
            generator["ExpectedBucketOwner"] = self.target.owner
        return {"ManifestGenerator": {"S3JobManifestGenerator": generator}}

    def trust_policy(self) -> dict[str, Any]:
        """Who may use the job's role: S3 Batch Operations."""
        principal = {"Service": "batchoperations.s3.amazonaws.com"}
        return _policy([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}])

    def role_policy(self) -> dict[str, Any]:
        """What the job's role needs."""
        keys = dict.fromkeys([str(self.target.key), *(one.sealed.key for one in self.movable if one.sealed.key)])
        place, source = f"{self._bucket_arn(self.place)}/{NAME}/*", self._bucket_arn(self.bucket)
        change = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:UpdateObjectEncryption"]
        statements = [_allow(change, f"{source}/*")]
        if self.manifest:
            statements += [_allow(["s3:GetObject", "s3:GetObjectVersion"], place), _allow(["s3:PutObject"], place)]
        else:
            statements += [
                _allow(["s3:PutObject", "s3:GetObject", "s3:GetObjectVersion"], place),
                _allow(["s3:PutInventoryConfiguration"], source),
            ]
        return _policy([*statements, _allow(list(KMS_ACTIONS), *keys)])


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _allow(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _filter(sealed: ObjectEncryption) -> dict[str, Any]:
    """What S3 finds objects of this encryption by, as an item of ``MatchAnyObjectEncryption``."""
    if sealed.key is None:
        return {"SSES3": {}}
    return {"SSEKMS": {"KmsKeyArn": sealed.key, "BucketKeyEnabled": sealed.bucket_key}}


def plan_rekey(
    census: Census,
    asked: RekeyRequest,
    target: RekeyTarget,
    sources: Iterable[Key] = (),
    manifest: Manifest | None = None,
    links: tuple[str, ...] = (),
) -> RekeyPlan:
    """The plan for the objects that were counted. ``sources`` are the keys they use now, as far as KMS describes them."""
    strays = tuple(
        Stray(group, refusal_of(group.sealed)) for group in census.groups if group.sealed != target.encryption
    )
    plan = RekeyPlan(
        census.bucket,
        census.prefix,
        target,
        strays,
        (),
        asked.job_role,
        asked.job_bucket,
        manifest,
        links,
    )
    return plan._replace(caveats=_caveats(plan, census, asked, {str(key.arn): key for key in sources}))


def _caveats(plan: RekeyPlan, census: Census, asked: RekeyRequest, described: dict[str, Key]) -> tuple[Caveat, ...]:
    found: list[Caveat] = []
    if not census.complete or census.unreadable:
        found.append(Caveat.SAMPLE)
    if not plan.movable:
        return tuple(found)
    target = plan.target
    if target.owner is None:
        found.append(Caveat.OWNER_UNKNOWN)
    elif target.owner != target.key.account:
        found.append(Caveat.FOREIGN_KEY)
    used = [described[group.sealed.key] for group in plan.movable if group.sealed.key in described]
    if any(key.manager == "AWS" for key in used) and not plan.manifest:
        found.append(Caveat.MANAGED_SOURCE)
    if any(key.state not in (None, "Enabled") for key in used):
        found.append(Caveat.UNUSABLE_SOURCE)
    accounts = {arn.account for one in plan.movable if (arn := Arn.parse(one.sealed.key or ""))}
    if target.owner and accounts - {target.owner}:
        found.append(Caveat.FOREIGN_SOURCE)
    if asked.manifest and not plan.manifest:
        found.append(Caveat.NO_MANIFEST)
    if any(one.sealed.key != str(target.key) for one in plan.movable):
        found.append(Caveat.READERS)
    versions = Caveat.OLD_VERSIONS if plan.manifest else Caveat.VERSIONS
    return (*found, Caveat.OBJECT_LOCK, versions, Caveat.REPLICAS)
