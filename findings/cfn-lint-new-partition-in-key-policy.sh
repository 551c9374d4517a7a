#!/bin/sh
# Tool: cfn-lint
# Version: 1.58.0
# Behaviour: with --regions eusc-de-east-1, a key policy for the account's root in that Region's own partition, aws-eusc,
#   is the error E3512. The same policy with the partition aws passes. So do aws-cn and aws-us-gov.
# Why it surprises: the Region is known, its resources are checked against its own schema, and its key policies cannot
#   name anybody: the pattern of principals lists three partitions. Account ids and ${AWS::Partition} pass.
# Date: 2026-11-28
# Source: cfn-lint's rule E3512 (resource-based policies); KMS developer guide, "Default key policy"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check cfn-lint==1.58.0
"$work/venv/bin/python" - "$work" <<'EOF'
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

EXPECTED = {"aws": [], "aws-cn": [], "aws-us-gov": [], "aws-eusc": ["E3512"], "an account id": []}

work = Path(sys.argv[1])


def rules(principal: str) -> list[str]:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy}}
    template = work / "template.json"
    template.write_text(json.dumps({"Resources": {"Key": key}}))
    command = [work / "venv/bin/cfn-lint", "--regions", "eusc-de-east-1", "--format", "json", "--", template]
    checked = subprocess.run(command, capture_output=True, text=True, cwd=work)
    return sorted({problem["Rule"]["Id"] for problem in json.loads(checked.stdout or "[]")})


print(f"cfn-lint {version('cfn-lint')}, Region eusc-de-east-1")
seen = {part: rules(f"arn:{part}:iam::111122223333:root") for part in ("aws", "aws-cn", "aws-us-gov", "aws-eusc")}
seen["an account id"] = rules("111122223333")
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
