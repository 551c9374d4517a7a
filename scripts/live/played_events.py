"""One event of each kind, as the sandbox plays it: what real events are compared with."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from botocore.exceptions import ClientError

from fcsse.arn import ROLE_PATH, role_name
from fcsse.sandbox import Sandbox
from fcsse.sandbox.policies import grants_for
from live.events import Entry, entries_of

CACHE, FILE_SYSTEM = "fc-0123456789abcdef0", "fs-0123456789abcdef0"


def play(sandbox: Sandbox) -> None:
    """Makes the calls, in a world of their own names, and lets a cache read and write."""
    account = sandbox.account
    bucket, other = f"played-{account}", f"played-{account}-without-bucket-keys"
    kms = sandbox.client("kms")
    first, second = (kms.create_key(**words)["KeyMetadata"]["Arn"] for words in ({}, {"Policy": _policy(sandbox)}))
    sandbox.add_bucket(bucket, algorithm="aws:kms", key=first, bucket_keys=True)
    sandbox.add_bucket(other, algorithm="aws:kms", key=first)
    sandbox.add_cache(CACHE, [bucket, other])
    sandbox.add_cache(FILE_SYSTEM)
    sandbox.client("fsx").create_data_repository_association(
        FileSystemId=FILE_SYSTEM, FileSystemPath="/played", DataRepositoryPath=f"s3://{bucket}/played/"
    )
    cache = sandbox.cache(CACHE)
    for place in (bucket, other):  # neither form is allowed yet
        cache.write(place, "played")
        sandbox.add_object(place, "there", b"x")
        cache.read(place, "there")
    kms.put_key_policy(KeyId=first, PolicyName="default", Policy=_policy(sandbox))
    role = f"arn:{sandbox.state.partition}:iam::{account}:role{ROLE_PATH}{role_name(CACHE)}"
    given: dict[str, Any] = {"KeyId": first, "GranteePrincipal": role, "Operations": ["Decrypt", "GenerateDataKey"]}
    made = [kms.create_grant(**given, **more)["GrantId"] for more in ({}, {"Name": "played"})]
    for place in (bucket, other):
        cache.write(place, "played")
        cache.read(place, "played")
    kms.revoke_grant(KeyId=first, GrantId=made[0])
    kms.retire_grant(KeyId=first, GrantId=made[1])
    little = {"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}
    user = sandbox.add_user("nobody", {"Version": "2012-10-17", "Statement": [little]})
    nobody = sandbox.client("kms", credentials=user)
    with contextlib.suppress(ClientError):
        nobody.put_key_policy(KeyId=second, PolicyName="default", Policy=_policy(sandbox))
    with contextlib.suppress(ClientError):
        kms.put_key_policy(KeyId=second, PolicyName="default", Policy="no policy")
    s3 = sandbox.client("s3")
    for sealed in (
        {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": second},
        {"SSEAlgorithm": "AES256"},
    ):
        rule = {"ApplyServerSideEncryptionByDefault": sealed, "BucketKeyEnabled": True}
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.delete_bucket_encryption(Bucket=bucket)


def _policy(sandbox: Sandbox) -> str:
    return json.dumps(grants_for(sandbox.account, sandbox.account))


def played() -> tuple[Entry, ...]:
    """The events of all kinds, from a sandbox of their own."""
    with Sandbox(world=None) as sandbox:
        play(sandbox)
        return entries_of(sandbox)
