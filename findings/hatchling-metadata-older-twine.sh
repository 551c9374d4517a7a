#!/bin/sh
# Tool: hatchling, with twine
# Version: hatchling 1.33.0; twine 6.2.0 and 7.0.0, both with packaging 26.4
# Behaviour: the wheel of the smallest project has Metadata-Version 2.5. `twine check` of 6.2.0 refuses it
#   ("'2.5' is not a valid metadata version"), that of 7.0.0 accepts it.
# Why it surprises: nothing in the project asks for a field of 2.5. A release that has worked for months stops at the
#   upload, by a new version of the builder that a range allows, while the uploader is pinned.
# Date: 2026-11-28
# Source: hatchling's release notes, 1.32; the core metadata specification; twine's changelog, 7.0.0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
for twine in 6.2.0 7.0.0; do
    python3 -m venv "$work/twine-$twine"
    "$work/twine-$twine/bin/python" -m pip install -qq --disable-pip-version-check "twine==$twine" packaging==26.4
done
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check hatchling==1.33.0
mkdir -p "$work/project/example_project"
: >"$work/project/example_project/__init__.py"
cat >"$work/project/pyproject.toml" <<'EOF'
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "example-project"
version = "1"
EOF
(cd "$work/project" && "$work/venv/bin/python" -m hatchling build -t wheel >/dev/null 2>&1)
"$work/venv/bin/python" - "$work" <<'EOF'
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

EXPECTED = {"metadata": "2.5", "twine 6.2.0": "refused", "twine 7.0.0": "accepted"}

work = Path(sys.argv[1])
[wheel] = (work / "project" / "dist").glob("*.whl")
with zipfile.ZipFile(wheel) as archive:
    [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
    first = archive.read(name).decode().splitlines()[0]
print(f"hatchling {version('hatchling')}: {first}")
seen = {"metadata": first.removeprefix("Metadata-Version: ")}
for twine in ("6.2.0", "7.0.0"):
    command = [work / f"twine-{twine}" / "bin" / "twine", "--no-color", "check", wheel]
    checked = subprocess.run(command, capture_output=True, text=True)
    said = " ".join((checked.stdout + checked.stderr).split()).replace(f"{work}/", "")
    print(f"twine {twine}: {said}")
    if checked.returncode and "'2.5' is not a valid metadata version" not in said:
        sys.exit(f"twine {twine} refuses the wheel for another reason")
    seen[f"twine {twine}"] = "refused" if checked.returncode else "accepted"
print(f"seen: {seen}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
