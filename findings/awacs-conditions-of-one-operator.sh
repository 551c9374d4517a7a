#!/bin/sh
# Tool: awacs
# Version: 2.6.1
# Behaviour: Condition([StringEquals("kms:ViaService", ...), StringEquals("kms:CallerAccount", ...)]) becomes a policy in which
#   the second StringEquals is left and the first is gone, without an error. One StringEquals with a dictionary of both keys
#   keeps both.
# Why it surprises: the library's purpose is to write policies that mean what the objects say, Condition takes a list, and a
#   list of different operators works. The documented statement for a cache has two conditions with StringEquals: written this
#   way it lets the role use the key through every service.
# Date: 2026-11-29
# Source: awacs' aws.py (Condition); File Cache user guide, the key policy statement for a cache with an encrypted bucket
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check awacs==2.6.1
"$work/venv/bin/python" - <<'EOF'
import json
import sys
from importlib.metadata import version

from awacs.aws import Condition, StringEquals, StringLike

EXPECTED = {
    "two of one operator": {"StringEquals": {"kms:CallerAccount": "111122223333"}},
    "one with both": {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    "two operators": {
        "StringEquals": {"kms:CallerAccount": "111122223333"},
        "StringLike": {"kms:ViaService": "s3.*.amazonaws.com"},
    },
}
ACCOUNT = ("kms:CallerAccount", "111122223333")
SERVICE = ("kms:ViaService", "s3.eu-west-1.amazonaws.com")


def written(conditions):
    return json.loads(json.dumps(Condition(conditions).JSONrepr()))


print(f"awacs {version('awacs')}")
seen = {
    "two of one operator": written([StringEquals(*SERVICE), StringEquals(*ACCOUNT)]),
    "one with both": written([StringEquals(dict([SERVICE, ACCOUNT]))]),
    "two operators": written([StringLike("kms:ViaService", "s3.*.amazonaws.com"), StringEquals(*ACCOUNT)]),
}
print(f"seen: {json.dumps(seen, indent=2)}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
