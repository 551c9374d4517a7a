"""Small faults put into the code that decides and writes, a sample from a seed: the tests must fail on each.

A fault in a function is put into a process of the tests, which forks for each. One in what runs at import (a constant, a default)
is written into a copy of the tree, where tests of its package are started. The tests must pass first, without any fault.
Exit code 1 where fewer than ``--least`` percent were seen.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.campaigning.mutating.forks import FAILING, Ended, Forks
from scripts.campaigning.mutating.mutants import ROOT, Mutant, mutants

PACKAGES = ("apply", "evaluator", "planning", "policy")
TESTS = (
    "policy", "evaluator", "planning", "question", "write_protocol", "cli", "audit", "answers", "files", "event_history",
)  # fmt: skip
"""The folders of tests that use one of the packages."""


def of_packages(packages: Sequence[str]) -> list[Mutant]:
    """All mutants of these packages."""
    files = [path for one in packages for path in sorted((ROOT / "fcsse" / one).glob("*.py"))]
    return [mutant for path in files for mutant in mutants(str(path.relative_to(ROOT)))]


@dataclass
class Score:
    """How many mutants were seen, by package, and how many there were."""

    seen: Counter[str] = field(default_factory=Counter)
    played: Counter[str] = field(default_factory=Counter)

    def add(self, ended: Ended) -> None:
        """Counts one, and prints what became of it."""
        mutant, is_seen = ended.mutant, ended.seen_by is not None
        self.played[mutant.package] += 1
        self.seen[mutant.package] += is_seen
        by = "" if ended.seen_by is None else f" ({ended.seen_by or 'the tests did not end'})"
        where = f"{mutant.path}:{mutant.line}: {mutant.what}"
        met = f"{ended.tests} of {ended.calling} tests"
        print(f"seen: {where}{by}" if is_seen else f"SURVIVED {met}: {where}", flush=True)

    def percent(self) -> float:
        """Of all that were played."""
        return 100 * self.seen.total() / self.played.total() if self.played else 0.0


def play_functions(chosen: list[Mutant], score: Score, budget: float, minutes: float, kept: Path | None = None) -> None:
    """Plays those in functions. Raises SystemExit where the tests fail without any mutant."""
    forks = Forks(chosen, budget, score.add, minutes, kept)
    words = ["-q", "-s", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", *(f"tests/{one}" for one in TESTS)]
    code = pytest.main(words, plugins=[forks])
    if code == pytest.ExitCode.INTERNAL_ERROR:
        raise SystemExit(int(code))
    if forks.failed:
        print(f"left out, as they fail without any mutant: {' '.join(forks.failed)}")
    if len(forks.failed) > FAILING:
        message = "the tests fail before anything is changed"
        raise SystemExit(message)


def play_imports(chosen: list[Mutant], score: Score) -> None:
    """Plays those in what runs at import, in a copy of the tree without comments."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        skipped = shutil.ignore_patterns("__pycache__", ".git", ".venv*", "*_cache", ".hypothesis")
        shutil.copytree(ROOT, place, ignore=skipped, dirs_exist_ok=True)
        for mutant in chosen:
            text = (place / mutant.path).read_text()
            (place / mutant.path).write_text(mutant.text())
            failed = next((one for one in _in_order(mutant.package) if fails(place, f"tests/{one}")), None)
            score.add(Ended(mutant, failed, len(TESTS), len(TESTS)))
            (place / mutant.path).write_text(text)


def _in_order(package: str) -> list[str]:
    """The tests of a package come first."""
    return sorted(TESTS, key=lambda one: one != ("write_protocol" if package == "apply" else package))


def fails(place: Path, tests: str, seconds: float = 1200) -> bool:
    """Do these tests fail there, or not end?"""
    words = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", tests]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*words, "-n", "auto", "--dist", "worksteal"],
            cwd=place,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=env,
        )
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


def campaign(chosen: list[Mutant], budget: float, minutes: float, kept: Path | None = None) -> Score:
    """Plays these; returns what became of them."""
    score = Score()
    inside = [one for one in chosen if one.function]
    outside = [one for one in chosen if not one.function]
    play_functions(inside, score, budget, minutes, kept)
    # Where time ran out, as large a part of both kinds: the figure is that of a sample.
    play_imports(outside[: round(len(outside) * score.played.total() / len(inside))] if inside else outside, score)
    return score


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns mutation", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100, help="how many mutants; 0: all")
    parser.add_argument("--package", action="append", choices=PACKAGES, help="default: all four")
    parser.add_argument(
        "--minutes", type=float, default=0.0, help="play fewer: none in functions after so long; 0: play all"
    )
    parser.add_argument(
        "--budget",
        type=float,
        default=40.0,
        help="seconds of tests that a mutant meets at most, as long as they took while it was noted what they call: several "
        "times as long as else",
    )
    parser.add_argument(
        "--known",
        type=Path,
        help="keep there which functions each test calls; what is there already is not found out again",
    )
    parser.add_argument("--least", type=float, default=90.0, help="percent that must be seen")
    given = parser.parse_args(arguments)
    begun, every = time.monotonic(), of_packages(given.package or PACKAGES)
    chosen = random.Random(given.seed).sample(every, min(given.sample, len(every)) or len(every))
    score = campaign(chosen, given.budget, given.minutes, given.known)
    for one in given.package or PACKAGES:
        print(f"{one}: {score.seen[one]} of {score.played[one]} mutants seen")
    print(
        f"seed {given.seed}: {score.seen.total()} of {score.played.total()} seen ({score.percent():.1f} %), "
        f"of {len(every)} possible ones; {time.monotonic() - begun:.0f} s"
    )
    return 0 if score.percent() >= given.least else 1


if __name__ == "__main__":
    sys.exit(main())
