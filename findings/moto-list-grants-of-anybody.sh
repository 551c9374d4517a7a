#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: ListGrants with GranteePrincipal returns the grants of every grantee, those of others included. With GrantId
#   it returns that grant alone, and ListRetirableGrants returns the grants of the retiring principal that is named.
# Why it surprises: three ways to ask for some of the grants, and the one that every program uses which looks for a
#   grant that is already there, by whom it is for, is the one without effect. It finds another role's grant, concludes
#   that there is nothing to do, and its test passes.
# Date: 2026-11-29
# Source: KMS API reference, ListGrants (GranteePrincipal, GrantId) and ListRetirableGrants; moto.kms.responses
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
import os
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

EXPECTED = {
    "by grantee a": ["a", "b"],
    "by grantee c, who has none": ["a", "b"],
    "by the id of a's": ["a"],
    "retirable by r": ["a"],
}


def role(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def grantees(answer: dict) -> list[str]:
    return sorted(grant["GranteePrincipal"].rpartition("/")[2] for grant in answer["Grants"])


os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"moto {version('moto')}, botocore {version('botocore')}")
with mock_aws():
    kms = boto3.client("kms", "eu-west-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    a = kms.create_grant(KeyId=key, GranteePrincipal=role("a"), RetiringPrincipal=role("r"), Operations=["Decrypt"])
    kms.create_grant(KeyId=key, GranteePrincipal=role("b"), RetiringPrincipal=role("s"), Operations=["Decrypt"])
    seen = {
        "by grantee a": grantees(kms.list_grants(KeyId=key, GranteePrincipal=role("a"))),
        "by grantee c, who has none": grantees(kms.list_grants(KeyId=key, GranteePrincipal=role("c"))),
        "by the id of a's": grantees(kms.list_grants(KeyId=key, GrantId=a["GrantId"])),
        "retirable by r": grantees(kms.list_retirable_grants(RetiringPrincipal=role("r"))),
    }
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
