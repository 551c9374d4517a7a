"""What SECURITY.md promises of the supply chain, and that the tests which it names exist."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.audit_report import judge
from scripts.locked_for import entries, needed

ROOT = Path(__file__).parents[2]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / ".github" / "SECURITY.md").read_text())))


@pytest.mark.parametrize(("path", "test"), NAMED)
def test_every_test_that_the_threat_model_names_exists(path: str, test: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    tests = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert tests
    assert not test or test in tests


ACTIONS_LOCK = ".github/actions/fcsse/requirements.lock"


def test_every_threat_has_its_test() -> None:
    rows = [row for row in (ROOT / ".github" / "SECURITY.md").read_text().splitlines() if row.startswith("| ")]
    threats = [row for row in rows if not row.startswith(("| threat", "| ---"))]
    assert len(threats) > 15
    assert [row for row in threats if "`tests/" not in row.split(" | ")[2]] == []


@pytest.mark.parametrize(
    ("lock", "least"),
    [("requirements.lock", 21), ("scripts/tools.lock", 21), ("scripts/setup.lock", 1), (ACTIONS_LOCK, 10)],
)
def test_everything_locked_has_a_hash(lock: str, least: int) -> None:
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert len(packages) >= least
    assert [entry for entry in packages if not re.match(r"[\w.-]+==\S+.*\\\n +--hash=sha256:[0-9a-f]{64}", entry)] == []


def test_the_action_installs_what_is_tested() -> None:
    lock, action = ((ROOT / name).read_text() for name in ("requirements.lock", ACTIONS_LOCK))
    here = entries(action, needed(["fcsse", "hatchling"]))
    assert here == entries(lock, needed(["fcsse", "hatchling"]))
    assert len(here) >= 10


def test_what_a_package_needs_comes_out_of_the_lock_whole() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    names = needed(["fcsse[sandbox]"])
    assert {"boto3", "jmespath", "typer", "moto", "flask"} <= names
    assert not {"pytest", "ruff", "hatchling"} & names
    assert "moto" not in needed(["fcsse"])
    found = entries(lock, names)
    assert len(found) >= len(names) - 1, "all but fcsse itself"
    assert all(one in lock and re.search(r"\\\n +--hash=sha256:[0-9a-f]{64}$", one) for one in found)


@pytest.mark.parametrize("script", ["_setup", "_tools", "package", "package-lambda", "sbom", "versions"])
def test_nothing_is_installed_by_its_version_alone(script: str) -> None:
    """Nor is a builder fetched: what is installed is locked by hash, or is fcsse itself."""
    text = (ROOT / "scripts" / script).read_text()
    calls = re.findall(r"^ *(?:add|pack) .*|.*-m (?:uv )?pip .*\binstall .*", text, re.MULTILINE)
    assert calls
    assert [one for one in calls if not re.search(r'"\$@"|--require-hashes|--no-deps', one)] == []
    ours = [one for one in calls if "--no-deps" in one and ".whl" not in one]
    assert [one for one in ours if "--no-build-isolation" not in one] == []


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


CLEAN = {"name": "a", "version": "1", "vulns": []}
SKIPPED = {"name": "b", "skip_reason": "not found"}
FLAWED = {"name": "c", "version": "1", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize("text", [report(SKIPPED), report(CLEAN, SKIPPED), report(), "", "Traceback", "[]", "{}"])
def test_what_could_not_be_looked_up_is_never_called_clean(text: str) -> None:
    for strict in (False, True):
        code, lines = judge(text, "ConnectionError: no route", strict=strict)
        assert code == (2 if strict else 0)
        assert [line.startswith("skipped: ") for line in lines] == [True]


@pytest.mark.parametrize("others", [(), (CLEAN,), (SKIPPED,)])
def test_a_known_vulnerability_is_reported(others: tuple[dict[str, Any], ...]) -> None:
    assert judge(report(FLAWED, *others), "", strict=False) == (1, ["c 1: PYSEC-2026-1, fixed in 2"])


def test_clean_packages_are() -> None:
    assert judge(report(CLEAN), "", strict=True) == (0, ["no known vulnerabilities in 1 packages"])


def test_a_release_is_attested_before_it_is_published() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text())["jobs"]
    assert jobs["publish"]["needs"] == "attest"
    assert jobs["attest"]["needs"] == "build"
    assert jobs["attest"]["permissions"] == {"id-token": "write", "attestations": "write"}
    steps = [step for step in jobs["attest"]["steps"] if step["uses"].startswith("actions/attest@")]
    assert [step["with"] for step in steps] == [
        {"subject-path": "dist/*"},
        {"subject-path": "dist/*", "sbom-path": "fcsse.cdx.json"},
    ]
