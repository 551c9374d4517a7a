#!/bin/sh
# Tool: sarif-tools
# Version: 3.0.5
# Behaviour: a result whose message begins with its rule's id loses all of it but one character. With the rule KMS, "KMS
#   key policy names a deleted role" is "k" in csv and codeclimate; with K1, "K1: the policy names nobody" is empty. In
#   codeclimate, two different results of a line then have the same fingerprint.
# Why it surprises: it is meant to take off a prefix that is shown beside it anyway, and an index stands where a slice is
#   meant. Messages of policy checks often begin like that, with the service or with the id itself, and the fingerprint is
#   what a code quality report tells two results apart by.
# Date: 2026-11-29
# Source: sarif.sarif_file.SarifRun.result_to_record and sarif.operations.codeclimate_op; sarif-tools' README, whose advice
#   on code and message expects both; SARIF 2.1.0, 3.27.11 (message)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check sarif-tools==3.0.5
"$work/venv/bin/python" - "$work" <<'EOF'
import csv
import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

# The rule and the message of each result; all of them are on the same line of the same file.
RESULTS = (
    ("KMS", "KMS key policy names a deleted role"),
    ("KMS", "KMS keys need rotation"),
    ("K1", "K1: the policy names nobody"),
    ("K2", "The policy (K2) names nobody"),
)
EXPECTED = {
    "csv": ["k", "k", "", "The policy (K2) names nobody"],
    "codeclimate": ["k", "k", "", "The policy (K2) names nobody"],
    "fingerprints": 3,
}

work = Path(sys.argv[1])
place = {"artifactLocation": {"uri": "policy.json"}, "region": {"startLine": 3}}
results = [
    {"ruleId": rule, "level": "warning", "message": {"text": text}, "locations": [{"physicalLocation": place}]}
    for rule, text in RESULTS
]
log = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "example"}}, "results": results}]}
(work / "example.sarif").write_text(json.dumps(log))


def converted(command: str) -> str:
    out = work / command
    subprocess.run(
        [work / "venv/bin/sarif", command, "-o", out, work / "example.sarif"], check=True, capture_output=True
    )
    return out.read_text()


print(f"sarif-tools {version('sarif-tools')}")
rows = list(csv.DictReader(converted("csv").splitlines()))
issues = json.loads(converted("codeclimate"))
seen = {
    "csv": sorted(row["Description"] for row in rows),
    "codeclimate": sorted(issue["description"] for issue in issues),
    "fingerprints": len({issue["fingerprint"] for issue in issues}),
}
print(f"messages: {[text for _, text in RESULTS]}")
print(f"seen: {seen}")
if seen != EXPECTED | {name: sorted(EXPECTED[name]) for name in ("csv", "codeclimate")}:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
