#!/bin/sh
# Tool: awspolicy
# Version: 0.0.3.1
# Behaviour: clean_up_deleted_principals removes dead unique ids (AROA...) from a key policy's statement that names others
#   too. For a statement that names nobody else it raises AttributeError, "'ValueError' object has no attribute 'format'".
# Why it surprises: one cache, one role, one statement is the common case after the role has been deleted, and the one
#   that the method cannot handle. The error does not mention the statement: .format is called on the exception.
# Date: 2026-11-28
# Source: awspolicy's aws_policy_modules.py; KMS developer guide, "Determining access to keys" on principals that were deleted
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check awspolicy==0.0.3.1 boto3==1.44.5
"$work/venv/bin/python" - <<'EOF'
import json
import sys
from importlib.metadata import version

from awspolicy import KmsPolicy

EXPECTED = {
    "dead and living": ["arn:aws:iam::111122223333:role/example"],
    "dead alone": "AttributeError: 'ValueError' object has no attribute 'format'",
}
DEAD = "AROAEXAMPLEID12345678"


class Kms:
    """Stands for the client of KMS: holds one key policy."""

    def __init__(self, principals) -> None:
        statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "kms:Decrypt", "Resource": "*"}
        self.policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def get_key_policy(self, **_):
        return {"Policy": self.policy}


def cleaned(principals):
    policy = KmsPolicy(serviceModule=Kms(principals), resourceIdentifer="1234abcd-12ab-34cd-56ef-1234567890ab")
    try:
        policy.clean_up_deleted_principals()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return policy.Statement[0]["Principal"]["AWS"]


print(f"awspolicy {version('awspolicy')}")
seen = {
    "dead and living": cleaned([DEAD, "arn:aws:iam::111122223333:role/example"]),
    "dead alone": cleaned([DEAD]),
}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
