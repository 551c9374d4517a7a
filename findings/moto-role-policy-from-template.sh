#!/bin/sh
# Tool: moto
# Version: 5.2.5
# Behaviour: GetRolePolicy of a policy that a template gives under Policies of an AWS::IAM::Role answers with the text of
#   a Python dictionary, in single quotes, so that boto3 returns a string that is not JSON. The same document in an
#   AWS::IAM::Policy of the same template, or put by PutRolePolicy, comes back as boto3's dictionary.
# Why it surprises: to AWS all three are the same kind of inline policy, and boto3 returns a dictionary for it. A reader
#   of roles that was tried on one way fails on the other, and so does the obvious cure, json.loads where it is a string.
# Date: 2026-11-29
# Source: IAM API reference, GetRolePolicy: PolicyDocument is percent-encoded JSON; CloudFormation's AWS::IAM::Role,
#   Policies; moto.iam.models, where a role made from a template gets its policies
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check boto3==1.44.5 botocore==1.44.5 "moto[cloudformation]==5.2.5"
# No setting or credential of this machine has a part in it.
export AWS_CONFIG_FILE="$work/none" AWS_SHARED_CREDENTIALS_FILE="$work/none" AWS_EC2_METADATA_DISABLED=true
unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_IAM AWS_ENDPOINT_URL_CLOUDFORMATION \
    2>/dev/null || :
"$work/venv/bin/python" - <<'EOF'
import json
import os
import sys
from importlib.metadata import version

import boto3
from moto import mock_aws

EXPECTED = {
    "PutRolePolicy": "a dictionary",
    "AWS::IAM::Policy": "a dictionary",
    "Policies of AWS::IAM::Role": "a string that is not JSON",
}
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}],
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
TEMPLATE = {
    "Resources": {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": "example",
                "AssumeRolePolicyDocument": TRUST,
                "Policies": [{"PolicyName": "within", "PolicyDocument": DOCUMENT}],
            },
        },
        "Beside": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "beside", "PolicyDocument": DOCUMENT, "Roles": [{"Ref": "Role"}]},
        },
    }
}


def kind(document: object) -> str:
    if isinstance(document, dict):
        return "a dictionary" if document == DOCUMENT else "another dictionary"
    try:
        json.loads(document)
    except ValueError:
        return "a string that is not JSON"
    return "a string of JSON"


os.environ.update(AWS_ACCESS_KEY_ID="example", AWS_SECRET_ACCESS_KEY="example")
print(f"moto {version('moto')}, botocore {version('botocore')}")
with mock_aws():
    boto3.client("cloudformation", "eu-west-1").create_stack(
        StackName="example", TemplateBody=json.dumps(TEMPLATE), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    iam = boto3.client("iam", "eu-west-1")
    iam.put_role_policy(RoleName="example", PolicyName="put", PolicyDocument=json.dumps(DOCUMENT))
    seen = {}
    for way, name in zip(EXPECTED, ("put", "beside", "within")):
        document = iam.get_role_policy(RoleName="example", PolicyName=name)["PolicyDocument"]
        print(f"{way}: {document!r}")
        seen[way] = kind(document)
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
