"""The whole account as a whole process: ``fcsse audit`` against the same questions asked one after the other.

The measure is the best that so many requests allow: what they take one after the other, divided by the connections that
a run may use. The serial run of the same round gives that, so that a busy machine weighs on both. Asking is told from
the first request to the last answer; the whole adds starting Python, and judging what is not judged meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.account import Account
from benchmarks.measuring import Spread
from benchmarks.places import CONTENDERS
from benchmarks.result import Result, Target
from benchmarks.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.bench import Bench

DELAY = 0.05
CONNECTIONS = 16
"""As fcsse.aws.sessions.CONNECTIONS and fcsse.discovery.fetcher.THREADS."""

LIMIT = 1.2
SERIAL = "boto3, one request after the other"
AUDIT = "fcsse audit"


@dataclass(frozen=True, slots=True)
class Run:
    """One process. ``asking`` is from its first request to its last answer; ``memory`` its peak in MB.

    ``listing`` counts the requests that list associations, ``look_ups`` those to CloudTrail.
    """

    requests: int
    listing: int
    asking: float
    whole: float
    memory: float
    look_ups: int = 0


def measure(bench: Bench) -> Result:
    result = Result(
        "Auditing an account (125 caches, 200 buckets, 20 keys, 1,000 pairs; 50 ms per request)",
        ("program", "requests", "seconds", f"× {SERIAL}", "middle half", "asking × best", "peak MB"),
    )
    serial = (str(bench.places.python), str(CONTENDERS / "serial_audit.py"))
    audit = (str(bench.places.fcsse), "audit", "-o", "json")
    rounds = max(1, bench.rounds // 3)
    runs: dict[str, list[Run]] = {SERIAL: [], AUDIT: []}
    with Simulator(Account()) as simulator:  # type: ignore[arg-type]
        simulator.delay = DELAY
        for number in range(rounds):
            for name, command in ((AUDIT, audit), (SERIAL, serial)):
                runs[name].append(run_once(bench, simulator, command))
            bench.tell(f"round {number + 1} of {rounds}")
    against = Spread.of([one.whole / other.whole for one, other in zip(runs[AUDIT], runs[SERIAL], strict=True)])
    best = {
        name: Spread.of([_times_best(*pair) for pair in zip(runs[name], runs[SERIAL], strict=True)]) for name in runs
    }
    _add(result, AUDIT, runs[AUDIT], against, best[AUDIT])
    _add(result, SERIAL, runs[SERIAL], Spread(1, 1, 1), best[SERIAL])
    text = f"{AUDIT}: asking, times the serial run's per request × requests ÷ {CONNECTIONS} connections"
    result.targets.append(Target(text, LIMIT, best[AUDIT].median))
    _growth(bench, audit, result)
    return result


def _times_best(one: Run, serial: Run) -> float:
    """How near a run comes to the least time that its requests take on so many connections."""
    return one.asking / (serial.asking / serial.requests * one.requests / CONNECTIONS)


def _growth(bench: Bench, audit: Sequence[str], result: Result) -> None:
    """Four times the caches and pairs on the same buckets and keys: what grows is the listing, and little memory."""
    found = []
    for pairs in (1000, 4000):
        with Simulator(Account(pairs=pairs)) as simulator:  # type: ignore[arg-type]
            found.append(run_once(bench, simulator, audit))
    few, many = found
    text = f"{AUDIT}: requests but for the listing, at 4,000 pairs times those at 1,000"
    result.targets.append(Target(text, 1.0, (many.requests - many.listing) / (few.requests - few.listing)))
    result.targets.append(
        Target(f"{AUDIT}: peak memory, at 4,000 pairs times that at 1,000", 1.5, many.memory / few.memory)
    )


def run_once(bench: Bench, simulator: Simulator, command: Sequence[str]) -> Run:
    """Runs a program once against the simulator."""
    environment = {**bench.places.environment(bench.home), **simulator.environment}
    simulator.take_log()
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr
    told = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    whole = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode not in (0, 3):
        text = f"{command[0]} ended with {process.returncode}:\n{told.decode(errors='replace')}"
        raise SystemExit(text)
    log = simulator.take_log()
    asking = max(one.answered for one in log) - min(one.arrived for one in log)
    listing = sum("DataRepository" in one.operation for one in log)
    look_ups = sum(one.operation == "LookupEvents" for one in log)
    return Run(len(log), listing, asking, whole, used.ru_maxrss / 1024, look_ups)


def _add(result: Result, name: str, runs: Sequence[Run], against: Spread, best: Spread) -> None:
    whole = Spread.of([one.whole for one in runs])
    memory = max(one.memory for one in runs)
    result.rows.append(
        (
            name,
            str(runs[0].requests),
            f"{whole.median:.2f}",
            f"{against.median:.3f}",
            f"{against.low:.3f}–{against.high:.3f}",
            f"{best.median:.2f}",
            f"{memory:.0f}",
        )
    )
    result.data.append(
        {
            "name": name,
            "requests": runs[0].requests,
            "seconds": whole.to_json(),
            "asking": Spread.of([one.asking for one in runs]).to_json(),
            "ratio": against.to_json(),
            "times_best": best.to_json(),
            "peak_mb": round(memory, 1),
        }
    )
