"""Every example in a docstring of the library, and those of the README, run as they stand."""

import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

import fcsse
import fcsse.progress
from tests.simulated import Shell

DOCS = Path(__file__).parents[2] / ".github" / "docs"
EXAMPLES = [
    example
    for page in sorted(DOCS.glob("*.md"))
    for example in re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
]
FUNCTIONS = (
    "audit",
    "audit_organization",
    "backups",
    "census",
    "check",
    "check_policy",
    "history",
    "link",
    "permissions",
    "plan",
    "restore",
    "settle",
    "statement",
    "unlink",
)


@pytest.fixture
def shell_of_an_account(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_waiting: None) -> Shell:
    """AWS settings in the environment, as a user of boto3 has them."""
    for name, value in shell.sandbox.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    shell.sandbox.switches.lookups_per_second = 0  # waits are none here, so AWS's rate would be passed
    return shell


def test_every_function_is_among_those_with_an_example() -> None:
    exported = {name for name in fcsse.__all__ if type(getattr(fcsse, name)) is type(test_the_docstrings_examples_run)}
    assert exported == {*FUNCTIONS, "lambda_handler"}


@pytest.mark.parametrize("name", [*FUNCTIONS, "Settings", "progress"])
def test_the_docstrings_examples_run(shell_of_an_account: Shell, name: str) -> None:
    value = importlib.import_module("fcsse.progress") if name == "progress" else getattr(fcsse, name)
    found = doctest.DocTestParser().get_doctest(value.__doc__ or "", {}, name, None, 0)
    assert found.examples
    told: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(found, out=told.append)
    assert result.failed == 0, "".join(told)


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 3
    assert all(f"fcsse.{name}(" in "".join(EXAMPLES) for name in FUNCTIONS)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_readmes_examples_run(
    shell_of_an_account: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path, example: str
) -> None:
    sandbox = shell_of_an_account.sandbox
    before = sandbox.policy_text("data")
    exec(compile(example, str(DOCS), "exec"), {"__name__": "example"})
    told = capsys.readouterr().out
    assert told
    writes = any(word in example for word in ("fcsse.link(", ".apply()"))
    assert writes == (sandbox.policy_text("data") != before)
    assert "print(pair.headline)" not in example or "fc-0123 can read and write" in told
    assert bool(list(tmp_path.rglob("*.json"))) == writes, "copies are where the platform keeps them"


SLIPS = """
import fcsse
reveal_type(fcsse.plan("fc-0123", "data"))
reveal_type(fcsse.audit().findings[0].severity)
fcsse.plam("fc-0123", "data")
fcsse.link("fc-0123", "data", via="gramt")
"""


@pytest.mark.nightly
def test_a_strict_type_checker_sees_the_types_and_takes_the_readmes_examples(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the type checker is not installed")
    for place, text in enumerate([SLIPS, *EXAMPLES]):
        (tmp_path / f"example{place}.py").write_text(text, encoding="utf-8")
    words = ["--strict", "--cache-dir", str(tmp_path / "cache"), "--no-error-summary", "--hide-error-codes"]
    files = sorted(path.name for path in tmp_path.glob("*.py"))
    run = subprocess.run(
        [sys.executable, "-m", "mypy", *words, *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    told = re.sub(r'(expected ").*"$', r"\1…", run.stdout, flags=re.MULTILINE).splitlines()
    assert told == [
        'example0.py:3: note: Revealed type is "fcsse.api.link_results.Proposal"',
        'example0.py:4: note: Revealed type is "fcsse.commands.audit.finding_kinds.Severity"',
        'example0.py:5: error: Module has no attribute "plam"',
        'example0.py:6: error: Argument "via" to "link" has incompatible type "Literal[\'gramt\']"; expected "…',
    ], run.stdout + run.stderr
