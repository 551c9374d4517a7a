"""A whole simulated account for the audit: 125 caches, 200 buckets, 20 keys, 1,000 pairs.

Every tenth bucket's pairs lack their access; the others have it by a statement of their own bucket in the key's policy.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

from benchmarks.answers import ACCOUNT, REGION, Answer, role_arn

CONTEXT = "kms:EncryptionContext:aws:s3:arn"
_JSON = {"content-type": "application/x-amz-json-1.1"}
_XML = {"content-type": "text/xml"}
_S3_NS = "http://s3.amazonaws.com/doc/2006-03-01/"
_IAM_NS = "https://iam.amazonaws.com/doc/2010-05-08/"


@dataclass(frozen=True)
class Account:
    """The account; read only. ``lacking``: every so manieth bucket has no statement (0 = none lacks one).

    ``events``: so many uses of the keys are in CloudTrail's record, half of them reads, each answered as the policies say.
    """

    pairs: int = 1000
    buckets: int = 200
    keys: int = 20
    per_cache: int = 8
    lacking: int = 10
    events: int = 0

    @property
    def caches(self) -> int:
        return -(-self.pairs // self.per_cache)

    @cached_property
    def associations(self) -> list[dict[str, object]]:
        return [
            {
                "AssociationId": f"dra-{number:017x}",
                "FileCacheId": _cache(number // self.per_cache),
                "FileCachePath": f"/ns{number % self.per_cache}",
                "DataRepositoryPath": f"s3://{_bucket(number % self.buckets)}/",
                "Lifecycle": "AVAILABLE",
            }
            for number in range(self.pairs)
        ]

    @cached_property
    def policies(self) -> dict[str, str]:
        return {key_name(number): self._policy(number) for number in range(self.keys)}

    def _policy(self, key: int) -> str:
        root = {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        statements: list[dict[str, object]] = [root]
        for bucket in range(key, self.buckets, self.keys):
            if self.lacking and bucket // self.keys % self.lacking == 0:
                continue
            roles = [role_arn(_cache(pair // self.per_cache)) for pair in range(bucket, self.pairs, self.buckets)]
            statements.append(
                {
                    "Sid": f"Allow FSx to use the key through S3 for bucket {_bucket(bucket)}",
                    "Effect": "Allow",
                    "Principal": {"AWS": list(dict.fromkeys(roles))},
                    "Action": [
                        "kms:Encrypt",
                        "kms:Decrypt",
                        "kms:ReEncrypt*",
                        "kms:GenerateDataKey*",
                        "kms:DescribeKey",
                    ],
                    "Resource": "*",
                    "Condition": {
                        "StringEquals": {
                            "kms:CallerAccount": ACCOUNT,
                            "kms:ViaService": f"s3.{REGION}.amazonaws.com",
                        },
                        "StringLike": {CONTEXT: f"arn:aws:s3:::{_bucket(bucket)}/*"},
                    },
                }
            )
        return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)

    @cached_property
    def _roles(self) -> bytes:
        entries = "".join(
            f"<member><Path>/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/</Path>"
            f"<RoleName>AWSServiceRoleForFSxS3Access_{_cache(number)}</RoleName><RoleId>AROAEXAMPLE{number:010d}</RoleId>"
            f"<Arn>{role_arn(_cache(number))}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate></member>"
            for number in range(self.caches)
        )
        return _query("ListRoles", f"<IsTruncated>false</IsTruncated><Roles>{entries}</Roles>")

    def answer(self, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> tuple[str, Answer]:
        """The operation's name, and the answer."""
        amz = headers.get(b"x-amz-target")
        if amz is not None:
            operation = amz.decode().rpartition(".")[2]
            members = self._json(operation, json.loads(body or b"{}"))
            return operation, (200, _JSON, json.dumps(members).encode())
        if method == "POST":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return form["Action"], (200, _XML, self._roles if form["Action"] == "ListRoles" else _CALLER)
        url = urlsplit(target)
        return self._s3(url.path.strip("/").split("/")[0], url.query.split("&"))

    def _json(self, operation: str, given: dict[str, object]) -> dict[str, object]:
        key = str(given.get("KeyId", ""))
        match operation:
            case "DescribeKey":
                return {
                    "KeyMetadata": {
                        "KeyId": key.rpartition("/")[2],
                        "Arn": key,
                        "KeyUsage": "ENCRYPT_DECRYPT",
                        "KeyState": "Enabled",
                        "KeyManager": "CUSTOMER",
                        "KeySpec": "SYMMETRIC_DEFAULT",
                    }
                }
            case "GetKeyPolicy":
                return {"Policy": self.policies[key], "PolicyName": "default"}
            case "ListGrants":
                return {"Grants": [], "Truncated": False}
            case "LookupEvents":
                return self._look_up(given)
            case "DescribeFileSystems":
                return {"FileSystems": []}
            case _:
                start = int(str(given.get("NextToken", "0")))
                more = {"NextToken": str(start + 25)} if start + 25 < len(self.associations) else {}
                return {"Associations": self.associations[start : start + 25], **more}

    def _look_up(self, given: dict[str, object]) -> dict[str, object]:
        """A page of 50, newest first. Source: CloudTrail API reference, LookupEvents."""
        (attribute,) = given["LookupAttributes"]  # type: ignore[misc]
        found = self.recorded.get(str(attribute["AttributeValue"]), [])
        start = int(str(given.get("NextToken", "0")))
        more = {"NextToken": str(start + 50)} if start + 50 < len(found) else {}
        return {"Events": found[start : start + 50], **more}

    @cached_property
    def recorded(self) -> dict[str, list[dict[str, object]]]:
        """The record, by event name."""
        now = int(time.time())
        names = ("Decrypt", "GenerateDataKey")
        return {
            name: [self._use(name, number, now - 30 * number) for number in range(first, self.events, len(names))]
            for first, name in enumerate(names)
        }

    def _use(self, name: str, number: int, at: int) -> dict[str, object]:
        pair = number * 7 % self.pairs
        bucket, role = pair % self.buckets, role_arn(_cache(pair // self.per_cache))
        session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/FSx"
        event: dict[str, object] = {
            "eventVersion": "1.11",
            "eventID": f"00000000-0000-4000-8000-{number:012d}",
            "eventName": name,
            "eventSource": "kms.amazonaws.com",
            "awsRegion": REGION,
            "recipientAccountId": ACCOUNT,
            "userIdentity": {
                "type": "AssumedRole",
                "arn": session,
                "accountId": ACCOUNT,
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role}},
                "invokedBy": "fas.s3.amazonaws.com",
            },
        }
        key = key_name(bucket % self.keys)
        if self.lacking and bucket // self.keys % self.lacking == 0:
            message = f"User: {session} is not authorized to perform: kms:{name} on resource: {key}"
            event |= {"errorCode": "AccessDenied", "errorMessage": message, "requestParameters": None}
        else:
            context = {"aws:s3:arn": f"arn:aws:s3:::{_bucket(bucket)}/object"}
            event |= {"requestParameters": {"encryptionContext": context}, "resources": [{"ARN": key}]}
        return {"EventId": event["eventID"], "EventName": name, "EventTime": at, "CloudTrailEvent": json.dumps(event)}

    def _s3(self, bucket: str, names: list[str]) -> tuple[str, Answer]:
        extra = {**_XML, "x-amz-bucket-region": REGION}
        if "policy" in names:
            text = "<Error><Code>NoSuchBucketPolicy</Code><Message>The bucket policy does not exist</Message></Error>"
            return "GetBucketPolicy", (404, extra, text.encode())
        key = key_name(int(bucket.rpartition("-")[2]) % self.keys)
        text = (
            f'<ServerSideEncryptionConfiguration xmlns="{_S3_NS}"><Rule><ApplyServerSideEncryptionByDefault>'
            f"<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>{key}</KMSMasterKeyID>"
            "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
            "</ServerSideEncryptionConfiguration>"
        )
        return "GetBucketEncryption", (200, extra, text.encode())


def _cache(number: int) -> str:
    return f"fc-{number:017x}"


def _bucket(number: int) -> str:
    return f"bucket-{number}"


def key_name(number: int) -> str:
    """The ARN of the account's key of this number."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-0000-0000-{number:012x}"


def _query(action: str, result: str) -> bytes:
    return (
        f'<{action}Response xmlns="{_IAM_NS}"><{action}Result>{result}</{action}Result>'
        f"<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></{action}Response>"
    ).encode()


_CALLER = _query(
    "GetCallerIdentity",
    f"<Arn>arn:aws:iam::{ACCOUNT}:user/bench</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>",
)
