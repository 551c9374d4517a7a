"""What a run imports: nothing heavy before it is needed, most of all where somebody waits at a prompt."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer

from fcsse.cli.app import app, load
from fcsse.cli.overview import COMMANDS, OPTIONS, PURPOSE, overview

HEAVY = (
    "boto3",
    "botocore",
    "pydantic",
    "rich",
    "moto",
    "flask",
    "asyncio",
    "fcsse.aws",
    "fcsse.sandbox",
)
"""Other people's packages that take long to import, and the two of our own that are there for them.

Our own records and decisions are not among them: they are cheap, and stand at the top of the files that use them.
"""

AT_A_PROMPT = (
    *HEAVY,
    "fcsse.discovery",
    "fcsse.apply.policy_writer",
    "fcsse.planning",
    "fcsse.evaluator",
    "fcsse.pipeline",
)
"""What help, version and completion do without as well: somebody waits for them at a prompt."""

PROGRAM = """
import os, sys
from fcsse.cli import main
def leave(code):
    sys.stderr.write("\\nMODULES " + " ".join(name for name, module in sys.modules.items() if module) + f"\\nCODE {code}\\n")
    sys.stderr.flush()
    real(code)
real, os._exit = os._exit, leave
main.run()
"""


def imported(*words: str, **environment: str) -> tuple[int, set[str]]:
    """The exit code of a run, and the modules that it had imported in the end."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = run.stderr.splitlines()
    told = next(line for line in lines if line.startswith("MODULES "))
    return run.returncode, set(told.split()[1:])


def test_the_version_and_help_need_next_to_nothing() -> None:
    """A dataclass or a thread pool among the imports doubles their time."""
    for words in (["--version"], ["--help"], ["link", "--help"]):
        code, modules = imported(*words)
        assert code == 0
        assert not modules.intersection({"dataclasses", "inspect", "concurrent.futures", "logging", "fcsse.clock"}), (
            words
        )


OF_TYPER = ("pydantic",) if tuple(map(int, version("typer").split(".")[:2])) >= (0, 29) else ()
"""What Typer itself imports on every run: nothing that fcsse could put off."""


def heavy(modules: set[str], names: tuple[str, ...] = HEAVY) -> list[str]:
    wanted = [name for name in names if name not in OF_TYPER]
    return sorted(name for name in modules if name.startswith(tuple(f"{one}." for one in wanted)) or name in wanted)


@pytest.mark.parametrize("word", ["--help", "-h", "--version"])
def test_help_and_version_import_not_even_typer(word: str) -> None:
    code, modules = imported(word)
    assert code == 0
    assert heavy(modules, AT_A_PROMPT) == []
    assert "typer" not in modules


@pytest.mark.parametrize(
    "words", [["--version", "-v"], *([name, "--help"] for name in COMMANDS if name != "sandbox")], ids=" ".join
)
def test_the_help_of_a_command_imports_nothing_heavy(words: list[str]) -> None:
    code, modules = imported(*words, COLUMNS="80")
    assert code == 0
    assert heavy(modules, AT_A_PROMPT) == []
    assert words[1] == "-v" or "typer" not in modules


def test_help_on_a_narrow_terminal_is_written_for_it() -> None:
    code, modules = imported("link", "--help", COLUMNS="60")
    assert code == 0
    assert "typer" in modules


@pytest.mark.parametrize("typed", ["fcsse ", "fcsse li", "fcsse --v"])
def test_completing_a_command_imports_no_command(typed: str) -> None:
    _, modules = imported(_FCSSE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed)
    assert heavy(modules, AT_A_PROMPT) == []
    assert not {f"fcsse.cli.{entry.module}" for entry in COMMANDS.values()} & modules
    assert "fcsse.model" not in modules


@pytest.mark.parametrize("typed", ["fcsse link --bu", "fcsse check --", "fcsse link --via "])
def test_completing_an_option_imports_nothing_heavy(typed: str) -> None:
    _, modules = imported(_FCSSE_COMPLETE="complete_zsh", _TYPER_COMPLETE_ARGS=typed)
    assert heavy(modules, AT_A_PROMPT) == []


@pytest.mark.parametrize(
    "words",
    [
        ["link"],
        ["link", "--cache", "nonsense", "--bucket", "data"],
        ["link", "--cache", "fc-0123", "--bucket", "Not A Bucket"],
        ["link", "--cache", "fc-0123", "--bucket", "data", "--wait", "soon"],
        ["link", "--no-such-option"],
        ["nonsense"],
    ],
    ids=" ".join,
)
def test_bad_input_is_refused_before_anything_heavy_is_imported(words: list[str]) -> None:
    code, modules = imported(*words)
    assert code == 2
    assert heavy(modules) == []


STATED = ("--account", "111122223333", "--region", "eu-central-1", "--bucket-keys")


@pytest.mark.parametrize(
    "words",
    [
        ["statement", "--cache", "fc-0123456789abcdef0", "--bucket", "data", *STATED],
        ["permissions", "link", "--bucket", "data"],
        ["backups"],
    ],
    ids=lambda words: words[0],
)
def test_what_needs_no_aws_imports_none_of_its_libraries(words: list[str], tmp_path: Path) -> None:
    code, modules = imported(*words, XDG_STATE_HOME=str(tmp_path))
    assert code == 0
    assert not modules & ({"boto3", "botocore", "moto", "pydantic"} - set(OF_TYPER))


def test_a_library_user_who_imports_the_package_pays_for_nothing() -> None:
    code = "import sys; import fcsse; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {name for name in run.stdout.split() if name.startswith(("fcsse.", "boto", "typer"))} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_first_sentence_of_its_command(name: str) -> None:
    whole = " ".join((load(name).help or "").split())
    assert whole.startswith(COMMANDS[name].summary)


def test_the_overview_is_complete() -> None:
    text = overview()
    assert all(f"\n  {name} " in text for name in COMMANDS)
    built = typer.main.get_command(app)
    said = " ".join(text.split())
    for parameter in built.params:
        if getattr(parameter, "hidden", False):
            continue
        described = " ".join((getattr(parameter, "help", "") or "").split())
        assert described in said, parameter.name
        assert any(set(parameter.opts) & set(names.split(", ")) for names in OPTIONS)
    assert PURPOSE in said
    assert max(map(len, text.splitlines())) <= 80
