"""The simulated account and its answers: one cache, its role among others, one bucket, one key.

Correct for the calls that these programs make, and prepared beforehand as far as possible, so that the simulator's own
time does not hide theirs. fcsse's sandbox is stricter, and slower; its place is in the tests.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

ACCOUNT = "111122223333"
REGION = "eu-west-1"
CACHE = "fc-0123456789abcdef0"
BUCKET = "data"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{KEY_ID}"
ALIAS = "alias/data"
ROLE_PATH = "/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"
OTHER_ROLES = 40
"""Service-linked roles of other caches in the account."""

_ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_IAM_NS = "https://iam.amazonaws.com/doc/2010-05-08/"
_S3_NS = "http://s3.amazonaws.com/doc/2006-03-01/"
_STS_NS = "https://sts.amazonaws.com/doc/2011-06-15/"

Answer = tuple[int, dict[str, str], bytes]


def role_name(cache: str) -> str:
    return f"AWSServiceRoleForFSxS3Access_{cache}"


def role_arn(cache: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role{ROLE_PATH}{role_name(cache)}"


def initial_policy() -> str:
    """The key policy before linking, laid out as KMS answers it: the account, an administrator, a user."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Id": "key-consolepolicy-3",
            "Statement": [
                _statement("Enable IAM User Permissions", _ROOT, "kms:*"),
                _statement(
                    "Allow access for Key Administrators",
                    f"arn:aws:iam::{ACCOUNT}:role/Admin",
                    ["kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Get*", "kms:Tag*"],
                ),
                _statement(
                    "Allow use of the key",
                    f"arn:aws:iam::{ACCOUNT}:role/Reader",
                    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                ),
            ],
        },
        indent=2,
    ).replace('": ', '" : ')


def _statement(sid: str, principal: str, action: object) -> dict[str, object]:
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*"}


def _documented() -> dict[str, object]:
    """The statement of the File Cache user guide, which fcsse takes for its own."""
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    return {
        **_statement(f"Allow FSx to use the key through S3 for bucket {BUCKET}", role_arn(CACHE), actions),
        "Condition": {
            "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"s3.{REGION}.amazonaws.com"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{BUCKET}/*"},
        },
    }


def _role_xml(cache: str, number: int) -> str:
    trust = quote(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":'
        '{"Service":"s3.data-source.lustre.fsx.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
    )
    return (
        f"<Path>{ROLE_PATH}</Path><RoleName>{role_name(cache)}</RoleName><RoleId>AROAEXAMPLE{number:010d}</RoleId>"
        f"<Arn>{role_arn(cache)}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>"
        f"<AssumeRolePolicyDocument>{trust}</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration>"
    )


def _query(namespace: str, action: str, result: str) -> bytes:
    return (
        f'<{action}Response xmlns="{namespace}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


_XML = {"content-type": "text/xml"}
_JSON = {"content-type": "application/x-amz-json-1.1"}


def _others() -> list[str]:
    return [f"fc-{number:017x}" for number in range(1, OTHER_ROLES + 1)]


@dataclass(slots=True)
class World:
    """What can change between and during runs. ``alias``: the bucket names its key by alias."""

    alias: bool = False
    policy: str = field(default_factory=initial_policy)
    grants: list[dict[str, object]] = field(default_factory=list)

    def reset(self, *, alias: bool = False, linked: bool = False) -> None:
        """Back to before linking, or to after it."""
        self.alias = alias
        self.policy = initial_policy()
        if linked:
            document = json.loads(self.policy)
            document["Statement"].append(_documented())
            self.policy = json.dumps(document, indent=2)
        self.grants = []

    @property
    def linked(self) -> bool:
        """Does the key policy name the cache's role?"""
        return role_arn(CACHE) in self.policy

    def answer(self, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> tuple[str, Answer]:
        """The operation's name, and the answer."""
        amz = headers.get(b"x-amz-target")
        if amz is not None:
            operation = amz.decode().rpartition(".")[2]
            given = json.loads(body or b"{}")
            status, members = self._json(operation, given)
            return operation, (status, _JSON, json.dumps(members).encode())
        if method == "POST":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return form["Action"], _by_query(form)
        url = urlsplit(target)
        return self._s3(method, url.path.strip("/").split("/")[0], url.query)

    def _json(self, operation: str, given: dict[str, object]) -> tuple[int, dict[str, object]]:
        match operation:
            case "DescribeKey":
                return 200, {"KeyMetadata": _KEY_METADATA}
            case "GetKeyPolicy":
                return 200, {"Policy": self.policy, "PolicyName": "default"}
            case "PutKeyPolicy":
                json.loads(str(given["Policy"]))
                self.policy = str(given["Policy"])
                return 200, {}
            case "ListResourceTags":
                return 200, {"Tags": [], "Truncated": False}
            case "ListGrants":
                return 200, {"Grants": self.grants, "Truncated": False}
            case "CreateGrant":
                self.grants.append({"KeyId": KEY, "GrantId": "0" * 64, **given})
                return 200, {"GrantId": "0" * 64, "GrantToken": "token"}
            case "DescribeFileCaches":
                cache = {"FileCacheId": CACHE, "OwnerId": ACCOUNT, "Lifecycle": "AVAILABLE", "FileCacheType": "LUSTRE"}
                return 200, {"FileCaches": [cache]}
            case "DescribeFileSystems":
                return 200, {"FileSystems": []}
            case "DescribeDataRepositoryAssociations":
                one = {
                    "AssociationId": "dra-0123456789abcdef0",
                    "FileCacheId": CACHE,
                    "FileCachePath": "/ns1",
                    "DataRepositoryPath": f"s3://{BUCKET}/",
                    "Lifecycle": "AVAILABLE",
                }
                return 200, {"Associations": [one]}
            case _:
                return 400, {"__type": "UnknownOperationException", "message": operation}

    def _s3(self, method: str, bucket: str, query: str) -> tuple[str, Answer]:
        extra = {**_XML, "x-amz-bucket-region": REGION}
        if bucket != BUCKET:
            return "Unknown", (404, extra, b"<Error><Code>NoSuchBucket</Code><Message>none</Message></Error>")
        names = query.split("&")
        if method == "HEAD":
            return "HeadBucket", (200, {**extra, "x-amz-access-point-alias": "false"}, b"")
        if "encryption" in names:
            key = ALIAS if self.alias else KEY
            text = (
                f'<ServerSideEncryptionConfiguration xmlns="{_S3_NS}"><Rule><ApplyServerSideEncryptionByDefault>'
                f"<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>"
                "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
                "</ServerSideEncryptionConfiguration>"
            )
            return "GetBucketEncryption", (200, extra, text.encode())
        if "location" in names:
            text = f'<LocationConstraint xmlns="{_S3_NS}">{REGION}</LocationConstraint>'
            return "GetBucketLocation", (200, extra, text.encode())
        if "policy" in names:
            text = "<Error><Code>NoSuchBucketPolicy</Code><Message>The bucket policy does not exist</Message></Error>"
            return "GetBucketPolicy", (404, extra, text.encode())
        return "Unknown", (400, extra, b"<Error><Code>NotImplemented</Code><Message>not here</Message></Error>")


_KEY_METADATA: dict[str, object] = {
    "AWSAccountId": ACCOUNT,
    "KeyId": KEY_ID,
    "Arn": KEY,
    "CreationDate": 1767225600.0,
    "Enabled": True,
    "Description": "",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "KeyState": "Enabled",
    "Origin": "AWS_KMS",
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    "MultiRegion": False,
}
_ALL_ROLES = "".join(f"<member>{_role_xml(one, n)}</member>" for n, one in enumerate([*_others(), CACHE]))
_LIST_ROLES = _query(_IAM_NS, "ListRoles", f"<IsTruncated>false</IsTruncated><Roles>{_ALL_ROLES}</Roles>")
_GET_ROLE = _query(_IAM_NS, "GetRole", f"<Role>{_role_xml(CACHE, OTHER_ROLES)}</Role>")
_CALLER = _query(
    _STS_NS,
    "GetCallerIdentity",
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>",
)


def _by_query(form: dict[str, str]) -> Answer:
    match form["Action"]:
        case "GetCallerIdentity":
            return 200, _XML, _CALLER
        case "ListRoles":
            return 200, _XML, _LIST_ROLES
        case "GetRole" if form["RoleName"] == role_name(CACHE):
            return 200, _XML, _GET_ROLE
        case "GetRole":
            text = (
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>no such role</Message></Error></ErrorResponse>"
            )
            return 404, _XML, text.encode()
        case action:
            text = (
                f"<ErrorResponse><Error><Code>InvalidAction</Code><Message>{action}</Message></Error></ErrorResponse>"
            )
            return 400, _XML, text.encode()
