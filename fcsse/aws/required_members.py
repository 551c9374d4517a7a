"""What AWS always sends: for each operation that fcsse calls, the members that every successful answer has.

An answer without them is somebody else's: of a proxy, of a network's sign-in page, or of a connection that ended in the
middle. botocore hands such answers on as successful and empty. Sources: "required" in the botocore service models, the
response syntax and examples of the API references, and recorded answers.

Notation of a member: ``A.B`` a member of a member; ``A[]`` each entry of a list, which must be there and may be empty;
``A[+]`` the same, but with at least one entry; ``A[1]`` with exactly one; ``A[]?`` a list that may be missing; ``A|B`` one of two; ``A:kind`` its kind, without which it is a text with at least
one character.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Repeat(Enum):
    """May a call be made again when its answer was not AWS's?"""

    YES = "yes"
    """It reads, or doing it twice is doing it once."""
    NO = "no"
    """The caller must look first whether it happened."""


class Paging(NamedTuple):
    """How an operation gives a long list: the request's member, the answer's, and the one that says there is more."""

    request: str
    answer: str
    more: str | None = None


class Required(NamedTuple):
    """What every answer to an operation has, how it is paged, and whether the call may be repeated."""

    members: tuple[str, ...]
    paging: Paging | None = None
    repeat: Repeat = Repeat.YES


REQUEST_ID = "ResponseMetadata.RequestId"
"""AWS gives every request an id, in a header or in the answer: all that an answer without members can be told by."""

_NEXT_TOKEN = Paging("NextToken", "NextToken")
_ROLE = ("Path", "RoleName", "RoleId", "Arn:arn", "CreateDate:time")
_OBJECT = ("ETag", "LastModified:time", "ContentLength:number")
_METADATA = "GetBucketMetadataConfigurationResult.MetadataConfigurationResult"

REQUIRED: dict[str, Required] = {
    "athena:GetQueryExecution": Required(("QueryExecution.QueryExecutionId", "QueryExecution.Status.State")),
    "athena:GetQueryResults": Required(("ResultSet.Rows[]",), _NEXT_TOKEN),
    "athena:StartQueryExecution": Required(("QueryExecutionId",), repeat=Repeat.NO),
    "athena:StopQueryExecution": Required((REQUEST_ID,)),
    "cloudtrail:LookupEvents": Required(("Events[]",), _NEXT_TOKEN),
    "dynamodb:UpdateItem": Required((REQUEST_ID,), repeat=Repeat.NO),
    "fsx:DescribeDataRepositoryAssociations": Required(
        (
            "Associations[].AssociationId",
            "Associations[].FileCacheId|FileSystemId",
            "Associations[].DataRepositoryPath",
            "Associations[].Lifecycle",
        ),
        _NEXT_TOKEN,
    ),
    "fsx:DescribeFileCaches": Required(("FileCaches[].FileCacheId", "FileCaches[].Lifecycle"), _NEXT_TOKEN),
    "fsx:DescribeFileSystems": Required(
        ("FileSystems[].FileSystemId", "FileSystems[].FileSystemType", "FileSystems[].Lifecycle"), _NEXT_TOKEN
    ),
    "iam:GetRole": Required(tuple(f"Role.{member}" for member in _ROLE)),
    "iam:ListRoles": Required(
        ("IsTruncated:flag", *(f"Roles[].{member}" for member in _ROLE)), Paging("Marker", "Marker", "IsTruncated")
    ),
    "iam:GetUser": Required(("User.UserName", "User.UserId", "User.Arn:arn")),
    "iam:ListUsers": Required(
        ("IsTruncated:flag", "Users[].UserId", "Users[].Arn:arn"), Paging("Marker", "Marker", "IsTruncated")
    ),
    "kms:CreateGrant": Required(("GrantId",)),
    "kms:DescribeKey": Required(
        ("KeyMetadata.KeyId", "KeyMetadata.Arn:arn", "KeyMetadata.KeyState", "KeyMetadata.KeyManager")
    ),
    "kms:GetKeyPolicy": Required(("Policy",)),
    "kms:ListAliases": Required(("Truncated:flag", "Aliases[].AliasName"), Paging("Marker", "NextMarker", "Truncated")),
    "kms:ListGrants": Required(
        ("Truncated:flag", "Grants[].GrantId", "Grants[].Operations[]"), Paging("Marker", "NextMarker", "Truncated")
    ),
    "kms:ListResourceTags": Required(
        ("Truncated:flag", "Tags[].TagKey", "Tags[].TagValue:string"), Paging("Marker", "NextMarker", "Truncated")
    ),
    "kms:PutKeyPolicy": Required((REQUEST_ID,), repeat=Repeat.NO),
    "kms:RetireGrant": Required((REQUEST_ID,)),
    "kms:RevokeGrant": Required((REQUEST_ID,)),
    "organizations:DescribeOrganization": Required(("Organization.Id",)),
    "organizations:ListAccounts": Required(("Accounts[].Id", "Accounts[].State|Status"), _NEXT_TOKEN),
    "s3:GetBucketEncryption": Required(
        ("ServerSideEncryptionConfiguration.Rules[1].ApplyServerSideEncryptionByDefault.SSEAlgorithm",)
    ),
    "s3:GetBucketMetadataConfiguration": Required((f"{_METADATA}.DestinationResult:structure",)),
    "s3:GetBucketPolicy": Required(("Policy:json",)),
    "s3:GetBucketTagging": Required(("TagSet[].Key", "TagSet[].Value:string")),
    "s3:GetObject": Required(_OBJECT),
    "s3:HeadBucket": Required(("BucketRegion", REQUEST_ID)),
    "s3:HeadObject": Required(_OBJECT),
    "s3:ListBuckets": Required(("Buckets[].Name",), Paging("ContinuationToken", "ContinuationToken")),
    "s3:ListObjectsV2": Required(
        (
            "Name",
            "KeyCount:number",
            "IsTruncated:flag",
            "Contents[]?.Key",
            "Contents[]?.Size:number",
            "Contents[]?.LastModified:time",
            "CommonPrefixes[]?.Prefix",
        )
    ),
    "sts:AssumeRole": Required(
        (
            "Credentials.AccessKeyId",
            "Credentials.SecretAccessKey",
            "Credentials.SessionToken",
            "Credentials.Expiration:time",
        )
    ),
    "sts:GetCallerIdentity": Required(("Arn:arn", "Account", "UserId")),
}
