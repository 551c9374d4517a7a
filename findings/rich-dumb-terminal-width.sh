#!/bin/sh
# Tool: rich
# Version: 15.0.0
# Behaviour: under TERM=dumb, Console(force_terminal=True, width=112) is 80 columns wide. With a height beside the width,
#   any height, it is 112 wide; without force_terminal, or with another TERM, it is 112 as well.
# Why it surprises: a width given by the caller is meant to win over every guess. Only the combination loses it, so
#   output that is recorded in CI (whose terminal is often dumb, with colours forced) wraps elsewhere than it does at home.
# Date: 2026-11-28
# Source: rich.console.Console.size
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check rich==15.0.0
"$work/venv/bin/python" - <<'EOF'
import io
import os
import sys
from importlib.metadata import version

from rich.console import Console

EXPECTED = {"dumb, forced": 80, "dumb, forced, with a height": 112, "dumb, not forced": 112, "xterm, forced": 112}


def width(term: str, **options) -> int:
    return Console(width=112, file=io.StringIO(), _environ={"TERM": term}, **options).width


print(f"rich {version('rich')}")
seen = {
    "dumb, forced": width("dumb", force_terminal=True),
    "dumb, forced, with a height": width("dumb", force_terminal=True, height=30),
    "dumb, not forced": width("dumb"),
    "xterm, forced": width("xterm", force_terminal=True),
}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
