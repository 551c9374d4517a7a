"""Reads pip-audit's report: python scripts/audit_report.py LOCK REPORT ERRORS [--strict]."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def judge(report: str, errors: str, *, strict: bool) -> tuple[int, list[str]]:
    """The exit code and the lines to print for pip-audit's JSON report and what it wrote to stderr."""
    try:
        packages: list[dict[str, Any]] = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (errors.strip().splitlines() or ["no output"])[-1]
        return (2 if strict else 0), [f"skipped: pip-audit made no report: {last}"]
    found = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    if found:
        return 1, found
    skipped = [one for one in packages if "skip_reason" in one]
    if skipped or not packages:
        reason = skipped[0]["skip_reason"] if skipped else "the report names no package"
        return (2 if strict else 0), [f"skipped: {len(skipped)} of {len(packages)} packages not looked up: {reason}"]
    return 0, [f"no known vulnerabilities in {len(packages)} packages"]


def main(lock: str, report: str, errors: str, option: str = "") -> int:
    """Prints what the report comes to; returns the exit code."""
    code, lines = judge(Path(report).read_text(), Path(errors).read_text(), strict=option == "--strict")
    for line in lines:
        print(f"{lock}: {line}")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
