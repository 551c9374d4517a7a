"""A sandbox to ask, and comparing what it answers with what AWS answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.sandbox import Sandbox
from scripts.conformity.recorded_facts import message_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.conformity.recorded_facts import Fact

OWN, OTHER, REGION = "111122223333", "444455556666", "eu-west-1"
ROOT = f"arn:aws:iam::{OWN}:root"
NOBODY = "1234abcd-12ab-34cd-56ef-1234567890ab"
"""The id of no key."""


class Bench:
    """Asks a sandbox through boto3. Each check gets a fresh world."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def client(self, service: str, **more: Any) -> Any:
        """A client of the own account's administrator, unless told otherwise."""
        return self.sandbox.client(service, **more)

    @property
    def kms(self) -> Any:
        """KMS."""
        return self.client("kms")

    @property
    def s3(self) -> Any:
        """S3."""
        return self.client("s3")

    @property
    def iam(self) -> Any:
        """IAM."""
        return self.client("iam")

    def arn(self, identifier: str = NOBODY, region: str = REGION, account: str = OWN) -> str:
        """The ARN of a key."""
        return f"arn:aws:kms:{region}:{account}:key/{identifier}"

    def key(self, **given: Any) -> str:
        """A new key, made through the API; its ARN."""
        return str(self.kms.create_key(**given)["KeyMetadata"]["Arn"])

    def bucket(self, name: str = "recorded-bucket", region: str = REGION) -> str:
        """A new bucket, made through the API; its name."""
        place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        self.client("s3", region=region).create_bucket(Bucket=name, **place)
        return name

    def sse(self, bucket: str, algorithm: str, key: str | None = None, *, keys: bool | None = None) -> None:
        """Set a bucket's default encryption."""
        rule: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
        if key:
            rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] = key
        if keys is not None:
            rule["BucketKeyEnabled"] = keys
        self.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})

    def role(self, name: str = "Reader", path: str = "/") -> str:
        """A new role, made through the API; its ARN."""
        trust = statement({"AWS": OWN}, "sts:AssumeRole", resource=None)
        made = self.iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=document(trust))
        return str(made["Role"]["Arn"])

    def refuses(self, fact: Fact, call: Callable[..., Any], names: dict[str, str] | None = None, **given: Any) -> Any:
        """The call must end in the recorded error; the parsed answer."""
        try:
            call(**given)
        except ClientError as caught:
            answer = caught.response
        else:
            raise AssertionError("it succeeded")
        error, status = answer["Error"], answer["ResponseMetadata"]["HTTPStatusCode"]
        wanted = fact.error
        same(error.get("Code"), wanted["code"], "code")
        same(status, wanted["status"], "status")
        if "message" in wanted:
            pattern = message_pattern(str(wanted["message"]), names or {})
            if not pattern.fullmatch(error.get("Message", "")):
                raise AssertionError(f"message {error.get('Message')!r}, recorded {wanted['message']!r}")
        for more in set(wanted) - {"code", "status", "message"}:
            if more not in error:
                raise AssertionError(f"no {more} in the error")
            if wanted[more] != "present":
                same(error[more], wanted[more], more)
        return answer


def same(found: object, wanted: object, what: str = "answer") -> None:
    """Raise AssertionError where two values differ."""
    if found != wanted:
        raise AssertionError(f"{what} {found!r}, recorded {wanted!r}")


def holds(condition: object, what: str) -> None:
    """Raise AssertionError where it does not hold."""
    if not condition:
        raise AssertionError(what)


def statement(principal: object, action: object, resource: str | None = "*", **more: object) -> dict[str, Any]:
    """An Allow statement."""
    made = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return {**made, "Resource": resource} if resource else made


def delegation(**more: object) -> dict[str, Any]:
    """The statement that hands a key to its account."""
    return statement({"AWS": ROOT}, "kms:*", **more)


def document(*statements: dict[str, Any], version: str = "2012-10-17", **more: object) -> str:
    """A policy's text."""
    return json.dumps({"Version": version, **more, "Statement": list(statements)})
