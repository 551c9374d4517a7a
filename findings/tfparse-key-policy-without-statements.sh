#!/bin/sh
# Tool: tfparse
# Version: 0.6.22
# Behaviour: a key policy by jsonencode, of which one statement names the account by aws_caller_identity, is read as valid
#   JSON with "Statement": null; the statement that names nothing unknown is gone too. In a heredoc, the same policy keeps
#   both, with ${...} where the id is not known. And the arn of a role of the same module is a UUID made up for it.
# Why it surprises: one way to write it loses one value, the other loses everything, and null is not an error: it reads as a
#   policy that gives nobody access. The account's id by that data source is how almost every key policy begins.
# Date: 2026-11-29
# Source: tfparse's README (evaluates functions and expressions as Terraform does); Terraform's page on jsonencode; the
#   AWS provider's page on aws_kms_key_policy
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check tfparse==0.6.22
"$work/venv/bin/python" - "$work" <<'EOF'
import json
import sys
import uuid
from importlib.metadata import version
from pathlib import Path

from tfparse import load_from_path

EXPECTED = {
    "jsonencode, all known": ["111122223333", "444455556666"],
    "jsonencode, one unknown": None,
    "heredoc, one unknown": ["${data.aws_caller_identity.current.account_id}", "444455556666"],
    "jsonencode, a role's arn": ["a UUID", "444455556666"],
}
UNKNOWN = "data.aws_caller_identity.current.account_id"
ROLE = "aws_iam_role.example.arn"
OBJECT = '{ Effect = "Allow", Action = "kms:*", Resource = "*", Principal = { AWS = %s } }'
OTHER = '"444455556666"'
TEXT = '{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": %s}}'


def encoded(first: str) -> str:
    statements = f"[{OBJECT % first}, {OBJECT % OTHER}]"
    return f'jsonencode({{ Version = "2012-10-17", Statement = {statements} }})'


def heredoc(first: str) -> str:
    statements = f"[{TEXT % first}, {TEXT % OTHER}]"
    return f'<<EOT\n{{"Version": "2012-10-17", "Statement": {statements}}}\nEOT'


def principal(statement: dict) -> str:
    named = statement["Principal"]["AWS"]
    try:
        uuid.UUID(named)
    except ValueError:
        return named
    return "a UUID"


def principals(name: str, policy: str) -> list[str] | None:
    module = Path(sys.argv[1]) / name
    module.mkdir()
    (module / "main.tf").write_text(
        'data "aws_caller_identity" "current" {}\n'
        'resource "aws_iam_role" "example" {\n  name = "example"\n}\n'
        f'resource "aws_kms_key" "example" {{\n  policy = {policy}\n}}\n'
    )
    [key] = load_from_path(module)["aws_kms_key"]
    print(f"{name}: {key['policy'].strip()}")
    statements = json.loads(key["policy"])["Statement"]
    return statements if statements is None else [principal(statement) for statement in statements]


print(f"tfparse {version('tfparse')}")
policies = (encoded('"111122223333"'), encoded(UNKNOWN), heredoc(f'"${{{UNKNOWN}}}"'), encoded(ROLE))
seen = {name: principals(name, policy) for name, policy in zip(EXPECTED, policies)}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
