"""Imports stand at the top of the file, unless what they bring is heavy and may not be needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HEAVY = (
    "boto3",
    "botocore",
    "mypy_boto3",
    "typer",
    "rich",
    "moto",
    "werkzeug",
    "platformdirs",
    "urllib.request",
    "urllib.error",
    "fcsse.aws",
    "fcsse.sandbox",
    "fcsse.cli.settle_after",
    "fcsse.cli.organization_processes",
    "fcsse.cli.organization_worker",
)
"""Other people's packages that take long to import, the two of our own that are there for them, and ``link --settle``, which
brings what reads CloudTrail's record: 8% of the processor time of each link that does not settle. The processes of an audit of many
accounts bring multiprocessing, which an audit of one does not need.
"""

AT_A_PROMPT = (
    "fcsse/cli/main.py",
    "fcsse/cli/typer_run.py",
    "fcsse/cli/app.py",
    "fcsse/cli/overview.py",
    "fcsse/cli/quick_completion.py",
)
"""What runs while somebody waits at a prompt imports next to nothing before it knows what is wanted."""

FACES = ("fcsse/__init__.py", "fcsse/sandbox/__init__.py")
"""Names that are loaded on first use."""


@pytest.fixture(scope="module")
def modules() -> dict[str, ast.Module]:
    paths = {path.relative_to(ROOT).as_posix(): path for path in sorted((ROOT / "fcsse").rglob("*.py"))}
    left_out = (*AT_A_PROMPT, *FACES)
    return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in paths.items() if name not in left_out}


def imported(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.ImportFrom):
            yield from (f"{one.module}.{alias.name}" for alias in one.names)
        elif isinstance(one, ast.Import):
            yield from (alias.name for alias in one.names)


def light(names: Iterator[str]) -> list[str]:
    return [name for name in names if not name.startswith(HEAVY)]


def test_functions_import_only_what_is_heavy(modules: dict[str, ast.Module]) -> None:
    found = {
        f"{name}: {function.name}": late
        for name, tree in modules.items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and (late := light(imported(function)))
    }
    assert not found


def test_only_types_of_heavy_modules_are_imported_for_the_type_checker_alone(modules: dict[str, ast.Module]) -> None:
    found = {
        name: late
        for name, tree in modules.items()
        for block in ast.walk(tree)
        if isinstance(block, ast.If)
        and ast.unparse(block.test) == "TYPE_CHECKING"
        and (late := [one for statement in block.body for one in light(imported(statement))])
    }
    assert not found
