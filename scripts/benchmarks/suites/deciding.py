"""Deciding alone: the pairs of the audit's account judged by this version and by an earlier one, in turn."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.measuring import Spread
from benchmarks.places import CACHE, CONTENDERS, ROOT
from benchmarks.result import Result, Target

if TYPE_CHECKING:
    from benchmarks.bench import Bench

BASE = "4f5fa1a"
"""The commit that this version is compared to."""

TIMES = 5
NOW, THEN = "this version", f"commit {BASE}"


class Pass(NamedTuple):
    """One process: pairs, and seconds of processor time for the first pass and for a later one."""

    pairs: int
    first: float
    again: float


def measure(bench: Bench) -> Result:
    """Paired runs of both versions. Ends the bench where they do not find the same pairs to have their access."""
    result = Result(
        "Deciding 1,000 pairs of 20 keys (processor time)",
        ("version", "pairs a second, policies included", "pairs a second", f"× {THEN}", "middle half"),
    )
    base = _base()
    runs: dict[str, list[Pass]] = {NOW: [], THEN: []}
    found = set()
    for number in range(bench.rounds):
        for name, path in ((NOW, None), (THEN, base)):
            run, allowed = _run(bench, path)
            runs[name].append(run)
            found.add(allowed)
        bench.tell(f"round {number + 1} of {bench.rounds}")
    if len(found) != 1:
        raise SystemExit(f"the versions do not agree on how many pairs have their access: {sorted(found)}")
    for name, listed in runs.items():
        times = Spread.of([then.again / one.again for one, then in zip(listed, runs[THEN], strict=True)])
        first = Spread.of([one.pairs / one.first for one in listed])
        again = Spread.of([one.pairs / one.again for one in listed])
        result.rows.append(
            (
                name,
                f"{first.median:.0f}",
                f"{again.median:.0f}",
                f"{times.median:.1f}",
                f"{times.low:.1f}–{times.high:.1f}",
            )
        )
        result.data.append(
            {"name": name, "first": first.to_json(1), "again": again.to_json(1), "times": times.to_json(2)}
        )
    share = Spread.of([one.again / then.again for one, then in zip(runs[NOW], runs[THEN], strict=True)])
    result.targets.append(Target(f"{NOW}: time for a pair, times that of {THEN}", 1 / TIMES, share.median))
    return result


def _base() -> Path:
    """The earlier version's source, taken out of the repository's history."""
    home = CACHE / f"base-{BASE}"
    if not (home / "fcsse").exists():
        packed = subprocess.run(["git", "archive", BASE, "fcsse"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(home, filter="data")
    return home


def _run(bench: Bench, path: Path | None) -> tuple[Pass, int]:
    environment = {**bench.places.environment(bench.home), **({"PYTHONPATH": str(path)} if path else {})}
    command = [str(bench.places.python), "-P", str(CONTENDERS / "decide_pairs.py")]
    told = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return Pass(int(told[0]), float(told[2]), float(told[3])), int(told[1])
