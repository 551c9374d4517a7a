#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: CreateGrant with DryRun=True answers with a grant's id, and the grant is there afterwards.
# Why it surprises: DryRun exists to ask whether a call would be allowed, and KMS answers it with the error
#   DryRunOperationException and makes nothing. A program's rehearsal passes here by doing the real thing, so a test that
#   looks for "no grant was made" fails for a program that is right.
# Date: 2026-11-28
# Source: KMS API reference, CreateGrant, parameter DryRun; KMS developer guide, "Test your permissions" (dry run)
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

EXPECTED = {"error": None, "grants afterwards": 1}

os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"moto {version('moto')}, botocore {version('botocore')}")
with mock_aws():
    kms = boto3.client("kms", "eu-west-1")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    error = None
    try:
        kms.create_grant(
            KeyId=key, GranteePrincipal="arn:aws:iam::111122223333:role/example", Operations=["Decrypt"], DryRun=True
        )
    except kms.exceptions.ClientError as raised:
        error = raised.response["Error"]["Code"]
    seen = {"error": error, "grants afterwards": len(kms.list_grants(KeyId=key)["Grants"])}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
