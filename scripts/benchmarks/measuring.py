"""Paired runs of whole processes: A B C A B C …, so that whatever slows the machine slows all of them.

A ratio is taken within each round and the median of the ratios is told, with the middle half of them as the spread.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.round_trips import RECHECK_DELAY, Traffic


@dataclass(frozen=True, slots=True)
class Contender:
    """A program. ``rechecks``: it waits for RECHECK_DELAY by design."""

    name: str
    command: tuple[str, ...]
    rechecks: bool = False
    codes: tuple[int, ...] = (0,)
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One process. ``seconds`` is without the recheck delay, ``whole`` with it, ``processor`` its processor time."""

    seconds: float
    whole: float
    processor: float
    traffic: Traffic | None


@dataclass(frozen=True, slots=True)
class Spread:
    """A median and the middle half."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        if len(values) < 2:
            return cls(values[0], values[0], values[0])
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)

    def to_json(self, digits: int = 4) -> dict[str, float]:
        return {name: round(getattr(self, name), digits) for name in ("median", "low", "high")}


def run_once(contender: Contender, environment: Mapping[str, str], traffic: Callable[[bool], Traffic] | None) -> Run:
    """Runs a program to its end. Ends the bench where it fails: a figure of a failed run means nothing."""
    start = time.perf_counter()
    process = subprocess.Popen(
        contender.command,
        env={**environment, **contender.more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    whole = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in contender.codes:
        text = f"{contender.name} ended with {process.returncode}:\n{told.decode(errors='replace')}"
        raise SystemExit(text)
    seen = traffic(contender.rechecks) if traffic else None
    wait = RECHECK_DELAY if seen and seen.rechecked else 0.0
    return Run(whole - wait, whole, used.ru_utime + used.ru_stime, seen)


def paired(
    contenders: Sequence[Contender], rounds: int, run: Callable[[Contender], Run], tell: Callable[[str], None]
) -> dict[str, list[Run]]:
    """Runs all contenders in turn, ``rounds`` times, after a first turn that only warms up."""
    found: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            one = run(contender)
            if number:
                found[contender.name].append(one)
        tell(f"round {number} of {rounds}" if number else "warmed up")
    return found


def ratio(
    runs: Mapping[str, Sequence[Run]], name: str, reference: str, of: Callable[[Run], float] = lambda run: run.seconds
) -> Spread:
    """How long one takes against another, round by round."""
    pairs = zip(runs[name], runs[reference], strict=True)
    return Spread.of([of(one) / of(other) for one, other in pairs])
