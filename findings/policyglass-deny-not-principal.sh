#!/bin/sh
# Tool: policyglass (with pydantic 1, which it needs)
# Version: 0.8.0
# Behaviour: a policy allows a role, and denies an action to all but another role (NotPrincipal). Among the effective
#   permissions is then one for that other role, which no statement allows.
# Why it surprises: a Deny can only take away. The exception of a Deny is taken for a principal of the Allow, so a role shows up
#   with every action that the policy allows to somebody else.
# Date: 2026-11-29
# Source: policyglass' effective_principal.py; IAM user guide, "NotPrincipal" and "Policy evaluation logic"
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

CACHE, ADMIN = "arn:aws:iam::111122223333:role/cache", "arn:aws:iam::111122223333:role/admin"
EXPECTED = {"without the Deny": [("cache", "kms:*")], "with it": [("admin", "kms:*"), ("cache", "kms:*")]}
ALLOW = {"Effect": "Allow", "Principal": {"AWS": [CACHE]}, "Action": ["kms:*"], "Resource": ["*"]}
DENY = {"Effect": "Deny", "NotPrincipal": {"AWS": [ADMIN]}, "Action": ["kms:Decrypt"], "Resource": ["*"]}


def effective(*statements):
    """Who may do what: role and action, without what is taken off it."""
    policy = Policy(Version="2012-10-17", Statement=list(statements))
    found = policy_shards_effect(policy.policy_shards)
    return sorted(
        (one.effective_principal.inclusion.value.rpartition("/")[2], str(one.effective_action.inclusion)) for one in found
    )


print(f"policyglass {version('policyglass')}, pydantic {version('pydantic')}")
seen = {"without the Deny": effective(ALLOW), "with it": effective(ALLOW, DENY)}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
