#!/bin/sh
# Tool: policyglass (with pydantic 1, which it needs)
# Version: 0.8.0
# Behaviour: for an Allow and a Deny with two conditions, the effective permission left for the denied action is conditioned on
#   the opposite of the one condition and the opposite of the other. A Deny applies only where both conditions hold, so the
#   opposite of one of the two is enough for the Allow to count.
# Why it surprises: the library computes effective permissions, and with one condition the answer is right. With two it says
#   that a request that meets one of them is refused, though IAM allows it. Its users see fewer rights than there are.
# Date: 2026-11-29
# Source: policyglass' README ("De-duplicate", "Deny Not Resource Policy"); IAM user guide, "Conditions with multiple context keys or values"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check policyglass==0.8.0 pydantic==1.10.27
"$work/venv/bin/python" - <<'EOF'
import sys
from importlib.metadata import version

from policyglass import Policy, policy_shards_effect

ROLE = "arn:aws:iam::111122223333:role/example"
EXPECTED = {
    "one": [["kms:ViaService StringNotEquals ['s3.eu-west-1.amazonaws.com']"]],
    "two": [
        [
            "kms:CallerAccount StringNotEquals ['111122223333']",
            "kms:ViaService StringNotEquals ['s3.eu-west-1.amazonaws.com']",
        ]
    ],
}
SERVICE = {"kms:ViaService": ["s3.eu-west-1.amazonaws.com"]}
ACCOUNT = {"kms:CallerAccount": ["111122223333"]}


def left(conditions):
    """Each way in which kms:Decrypt is still allowed: the conditions that must hold together."""
    allow = {"Effect": "Allow", "Principal": {"AWS": [ROLE]}, "Action": ["kms:Decrypt"], "Resource": ["*"]}
    deny = {**allow, "Effect": "Deny", "Condition": {"StringEquals": conditions}}
    policy = Policy(Version="2012-10-17", Statement=[allow, deny])
    found = policy_shards_effect(policy.policy_shards)
    return sorted(
        sorted(f"{one.key} {one.operator} {list(one.values)}" for one in shard.effective_condition.inclusions)
        for shard in found
    )


print(f"policyglass {version('policyglass')}, pydantic {version('pydantic')}")
seen = {"one": left(SERVICE), "two": left({**SERVICE, **ACCOUNT})}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
