#!/bin/sh
# Tool: python-hcl2
# Version: 8.1.4
# Behaviour: with preserve_heredocs=False and strip_string_quotes=True, a policy in a heredoc that begins with <<EOT comes
#   out as its text. The same policy in one that begins with <<-EOT, which only lets the lines be indented, comes out
#   with a backslash before every quotation mark, so it is JSON no more.
# Why it surprises: both options say "give me the value", and to Terraform both heredocs have the same one. Key policies
#   are mostly written in the indented form, so a reader that was tried on the other fails on the real files.
# Date: 2026-11-28
# Source: hcl2.utils.SerializationOptions and the heredoc rules of python-hcl2; Terraform's language, "Strings and Templates"
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check python-hcl2==8.1.4
"$work/venv/bin/python" - <<'EOF'
import json
import sys
from importlib.metadata import version

import hcl2
from hcl2.utils import SerializationOptions

EXPECTED = {"quoted": "JSON", "plain heredoc": "JSON", "indented heredoc": "not JSON"}
SOURCE = """
quoted   = "{\\"Version\\": \\"2012-10-17\\"}"
plain    = <<EOT
{
  "Version": "2012-10-17"
}
EOT
indented = <<-EOT
  {
    "Version": "2012-10-17"
  }
  EOT
"""


def kind(text: str) -> str:
    try:
        json.loads(text)
    except ValueError:
        return "not JSON"
    return "JSON"


print(f"python-hcl2 {version('python-hcl2')}")
read = hcl2.loads(
    SOURCE, serialization_options=SerializationOptions(preserve_heredocs=False, strip_string_quotes=True)
)
for name in ("quoted", "plain", "indented"):
    print(f"{name}: {read[name]}")
seen = {
    "quoted": kind(read["quoted"]),
    "plain heredoc": kind(read["plain"]),
    "indented heredoc": kind(read["indented"]),
}
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
