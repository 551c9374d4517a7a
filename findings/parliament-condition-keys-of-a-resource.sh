#!/bin/sh
# Tool: parliament
# Version: 1.6.4
# Behaviour: kms:KeySpec, kms:MultiRegion and kms:ResourceAliases in a statement with kms:Decrypt are reported as
#   UNKNOWN_CONDITION_FOR_ACTION. kms:ViaService, kms:RequestAlias and aws:ResourceTag/NAME in the same place are not.
# Why it surprises: KMS takes these keys in every statement about a key. The Service Authorization Reference lists them with the
#   resource type "key" and not with each action, and parliament looks for them with the action only.
# Date: 2026-11-29
# Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS Key Management Service" (resource types);
#   KMS developer guide, "AWS KMS condition keys"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check parliament==1.6.4 setuptools==80.9.0
"$work/venv/bin/python" -W ignore - <<'EOF'
import json
import sys
from importlib.metadata import version

from parliament import analyze_policy_string

UNKNOWN = ["UNKNOWN_CONDITION_FOR_ACTION"]
EXPECTED = {
    "kms:KeySpec": UNKNOWN,
    "kms:MultiRegion": UNKNOWN,
    "kms:ResourceAliases": UNKNOWN,
    "kms:RequestAlias": [],
    "kms:ViaService": [],
    "aws:ResourceTag/team": [],
}
OPERATORS = {"kms:MultiRegion": "Bool", "kms:ResourceAliases": "ForAnyValue:StringEquals"}
VALUES = {"kms:MultiRegion": "true"}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def issues(key):
    condition = {OPERATORS.get(key, "StringEquals"): {key: VALUES.get(key, "value")}}
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY, "Condition": condition}
    found = analyze_policy_string(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return [one.issue for one in found.findings]


print(f"parliament {version('parliament')}")
seen = {key: issues(key) for key in EXPECTED}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
