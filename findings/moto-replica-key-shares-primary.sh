#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: after a look at a replica of a multi-Region key, DescribeKey of the primary key in its own Region says
#   REPLICA; before it, it says PRIMARY, also after ReplicateKey. A grant that is made on the primary key is listed for
#   the replica too, and one that is revoked on the replica is gone from the primary key.
# Why it surprises: reading one key changes the answer about another. And grants are among what related multi-Region keys
#   do not share: each Region needs its own, which is what a test with two Regions is there to prove. Key policies are
#   apart, as they should be. Only the outermost object of a key is copied, what hangs on it is one and the same.
# Date: 2026-11-29
# Source: KMS developer guide, "Shared properties of multi-Region keys" and on independent ones; KMS API reference,
#   MultiRegionConfiguration; moto.kms.models, KmsBackend.replicate_key
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check boto3==1.44.5 botocore==1.44.5 "moto[kms]==5.2.5"
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL_KMS 2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import json
import os
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

EXPECTED = {
    "primary, before": "PRIMARY",
    "primary, replicated": "PRIMARY",
    "replica": "REPLICA",
    "primary, after the replica was described": "REPLICA",
    "grants of the replica, after one on the primary": 1,
    "grants of the primary, after it was revoked on the replica": 0,
    "policy of the replica, after one for the primary": "its own",
}

os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"moto {version('moto')}, botocore {version('botocore')}")
seen = {}
with mock_aws():
    here, there = boto3.client("kms", "eu-west-1"), boto3.client("kms", "us-east-1")

    def kind(kms) -> str:
        return kms.describe_key(KeyId=key)["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]

    key = here.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    seen["primary, before"] = kind(here)
    here.replicate_key(KeyId=key, ReplicaRegion="us-east-1")
    seen["primary, replicated"] = kind(here)
    seen["replica"] = kind(there)
    seen["primary, after the replica was described"] = kind(here)
    grant = here.create_grant(
        KeyId=key, GranteePrincipal="arn:aws:iam::111122223333:role/example", Operations=["Decrypt"]
    )
    seen["grants of the replica, after one on the primary"] = len(there.list_grants(KeyId=key)["Grants"])
    there.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
    seen["grants of the primary, after it was revoked on the replica"] = len(here.list_grants(KeyId=key)["Grants"])
    root = {"AWS": "arn:aws:iam::111122223333:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    here.put_key_policy(KeyId=key, PolicyName="default", Policy=text)
    own = there.get_key_policy(KeyId=key, PolicyName="default")["Policy"] != text
    seen["policy of the replica, after one for the primary"] = "its own" if own else "the primary's"
for what, found in seen.items():
    print(f"{what}: {found}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
