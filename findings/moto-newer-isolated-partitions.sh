#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: in the Regions of the partitions aws-iso-e and aws-iso-f, keys and roles get ARNs of the partition aws. In those of
#   aws-iso, aws-iso-b, aws-cn and aws-eusc they get their own.
# Why it surprises: botocore, which moto is built upon, names the partitions of all these Regions, and moto follows it for the
#   others, the newest among them. Nothing fails: a test of code that builds ARNs by partition sees other ARNs than AWS's.
# Date: 2026-11-30
# Source: moto's utilities/utils.py (get_partition); botocore's partitions.json
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check "moto[iam,kms]==5.2.5" boto3==1.44.5 botocore==1.44.5
HOME=$work AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null "$work/venv/bin/python" - <<'PYTHON'
import json
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

EXPECTED = {
    "us-iso-east-1": {"botocore": "aws-iso", "key": "aws-iso", "role": "aws-iso"},
    "us-isob-east-1": {"botocore": "aws-iso-b", "key": "aws-iso-b", "role": "aws-iso-b"},
    "cn-north-1": {"botocore": "aws-cn", "key": "aws-cn", "role": "aws-cn"},
    "eusc-de-east-1": {"botocore": "aws-eusc", "key": "aws-eusc", "role": "aws-eusc"},
    "eu-isoe-west-1": {"botocore": "aws-iso-e", "key": "aws", "role": "aws"},
    "us-isof-south-1": {"botocore": "aws-iso-f", "key": "aws", "role": "aws"},
}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def arns(region):
    with mock_aws():
        session = boto3.Session(region_name=region, aws_access_key_id="id", aws_secret_access_key="secret")
        key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
        role = session.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        return {"botocore": session.get_partition_for_region(region), "key": key.split(":")[1], "role": role.split(":")[1]}


print(f"moto {version('moto')}, botocore {version('botocore')}")
seen = {region: arns(region) for region in EXPECTED}
print(f"seen: {json.dumps(seen, indent=2)}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
PYTHON
