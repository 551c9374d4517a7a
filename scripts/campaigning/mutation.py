"""Small faults put into the code that decides and writes, a sample from a seed: the tests must fail on each.

A copy of the tree is changed, never the tree itself. Each mutant meets the quick tests of its package first, then those
of the commands, and in the end those of every package that uses it. All of them must pass on the copy before the first mutant is
made. Exit code 1 where fewer than ``--least`` percent were seen.
"""

from __future__ import annotations

import argparse
import ast
import copy
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINKING = ["tests/cli/test_link_statement.py", "tests/cli/test_link_grant.py", "tests/cli/test_unlink.py"]
TESTS: dict[str, tuple[list[str], list[str]]] = {
    "policy": (["tests/policy"], [*LINKING, "tests/cli/test_link_policies.py", "tests/audit/test_findings.py"]),
    "evaluator": (["tests/evaluator"], ["tests/cli/test_check.py", "tests/cli/test_check_bucket_policies.py"]),
    "planning": (
        LINKING,
        [
            "tests/cli/test_true_reasons.py",
            "tests/cli/test_dry_run.py",
            "tests/cli/test_next_commands.py",
            "tests/interfaces/test_api_plans.py",
        ],
    ),
    "apply": (
        [
            "tests/write_protocol/test_lost_updates.py",
            "tests/write_protocol/test_refused_principals.py",
            "tests/write_protocol/test_simulated.py",
            "tests/files",
            "tests/cli/test_writing.py",
        ],
        [
            "tests/cli/test_settle.py",
            "tests/cli/test_refused_principals.py",
            "tests/write_protocol",
            "tests/cli/test_waiting.py",
            "tests/cli/test_trouble.py",
            "tests/cli/test_backup.py",
            *LINKING[1:],
        ],
    ),
}
WIDE = ["tests/policy", "tests/evaluator", "tests/planning", "tests/cli", "tests/audit", "tests/answers", "tests/files"]
"""The tests of every package that uses one of these: what a mutant meets last."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed place: its file, line, what was done, and the whole new text."""

    path: str
    line: int
    what: str
    text: str

    @property
    def package(self) -> str:
        """Which of the packages it is in."""
        return self.path.split("/")[1]


def _changes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Other nodes in place of this one, with what is different."""
    new = copy.deepcopy(node)
    match new:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            other = COMPARED[type(op)]
            new.ops = [other()]
            yield f"{type(op).__name__} for {other.__name__}", new
        case ast.BoolOp():
            new.op = ast.Or() if isinstance(new.op, ast.And) else ast.And()
            yield "and for or, or the other way", new
        case ast.UnaryOp(op=ast.Not()):
            yield "not left out", new.operand
        case ast.Constant(value=bool() as value):
            yield f"{value} turned", ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield f"{value} and one", ast.Constant(value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            new.test = ast.UnaryOp(ast.Not(), new.test)
            yield "condition turned", new
        case ast.Return(value=ast.expr()):
            new.value = ast.Constant(None)
            yield "returns None", new
        case ast.Expr(value=ast.Call()):
            yield "call left out", ast.Pass()


def mutants(path: str) -> list[Mutant]:
    """All mutants of a file."""
    source = (ROOT / path).read_text()
    tree, found = ast.parse(source), []
    annotated = {
        id(one)
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation
        for one in ast.walk(node.annotation)
    }
    skipped = {
        id(one)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for one in ast.walk(node)
    }
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            for at, node in enumerate(value) if isinstance(value, list) else [(-1, value)]:
                if not isinstance(node, ast.AST) or id(node) in annotated | skipped or not hasattr(node, "lineno"):
                    continue
                for what, other in _changes(node):
                    if at >= 0:
                        value[at] = other
                    else:
                        setattr(parent, name, other)
                    found.append(Mutant(path, node.lineno, what, ast.unparse(ast.fix_missing_locations(tree))))
                    if at >= 0:
                        value[at] = node
                    else:
                        setattr(parent, name, node)
    return found


def fails(place: Path, tests: list[str], seconds: float, *, side_by_side: bool = False) -> bool:
    """Do these tests fail there, or not end?"""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    words += ["-n", "auto", "--dist", "worksteal"] if side_by_side else []
    try:
        done = subprocess.run(
            words,
            cwd=place,
            capture_output=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def _copy(place: Path, files: list[Path]) -> None:
    """The tree, with the given files in the form in which mutants are written, without their comments."""
    skipped = shutil.ignore_patterns("__pycache__", ".git", ".venv*", "*_cache", ".hypothesis")
    shutil.copytree(ROOT, place, ignore=skipped, dirs_exist_ok=True)
    for path in files:
        (place / path.relative_to(ROOT)).write_text(ast.unparse(ast.parse(path.read_text())))


def _all_tests(packages: list[str]) -> list[str]:
    """Every test that a mutant of these packages may meet, none inside of another."""
    named = {one for package in packages for part in TESTS[package] for one in part} | set(WIDE)
    return sorted(one for one in named if not any(one.startswith(f"{other}/") for other in named))


def campaign(seed: int, sample: int, packages: list[str], minutes: float) -> tuple[int, int]:
    """Plays a sample; returns how many mutants were seen, and how many there were."""
    begun, rng = time.monotonic(), random.Random(seed)
    files = [path for one in packages for path in sorted((ROOT / "fcsse" / one).glob("*.py"))]
    every = [mutant for path in files for mutant in mutants(str(path.relative_to(ROOT)))]
    chosen = rng.sample(every, min(sample, len(every)))
    seen: Counter[str] = Counter()
    played: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        _copy(place, files)
        if fails(place, _all_tests(packages), 3600, side_by_side=True):
            message = f"the tests fail before anything is changed: {' '.join(_all_tests(packages))}"
            raise SystemExit(message)
        for mutant in chosen:
            if minutes and time.monotonic() - begun > minutes * 60:
                break
            whole = (place / mutant.path).read_text()
            (place / mutant.path).write_text(mutant.text)
            quick, slow = TESTS[mutant.package]
            played[mutant.package] += 1
            wide = [one for one in WIDE if one not in quick]
            is_seen = fails(place, quick, 300) or fails(place, slow, 600) or fails(place, wide, 1800, side_by_side=True)
            seen[mutant.package] += is_seen
            print(f"{'seen' if is_seen else 'SURVIVED'}: {mutant.path}:{mutant.line}: {mutant.what}", flush=True)
            (place / mutant.path).write_text(whole)
    for one in packages:
        print(f"{one}: {seen[one]} of {played[one]} mutants seen")
    total, all_seen = sum(played.values()), sum(seen.values())
    print(f"seed {seed}: {all_seen} of {total} seen, of {len(every)} possible ones; {time.monotonic() - begun:.0f} s")
    return all_seen, total


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100, help="how many mutants")
    parser.add_argument("--package", action="append", choices=sorted(TESTS), help="default: all four")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so long; 0: play all")
    parser.add_argument("--least", type=float, default=90.0, help="percent that must be seen")
    given = parser.parse_args(arguments)
    seen, total = campaign(given.seed, given.sample, given.package or sorted(TESTS), given.minutes)
    return 0 if total and 100 * seen / total >= given.least else 1


if __name__ == "__main__":
    sys.exit(main())
