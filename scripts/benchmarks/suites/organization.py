"""``fcsse audit --organization`` as a whole process, against one ``fcsse audit`` process an account in a shell's loop.

The measure is the least time that so many requests take on 64 connections, at 50 ms each. A process of Python decides and
sends on one processor at a time, and fcsse starts one for each processor, so the time is never less than the processor
time divided by the processors: both are printed. Memory is that of all its processes together. The loop is measured
on a few accounts, one process after the other, and taken times the number of accounts. 1,000 accounts are not run: their
requests and times are calculated from the difference between the whole and half the accounts.

FCSSE_BENCH_ACCOUNTS sets the number of accounts (20 by default, which takes some minutes; 100 take five times as long).
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.memory import PeakMemory
from benchmarks.organization import Organization
from benchmarks.result import Result, Target
from benchmarks.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.bench import Bench

DELAY = 0.05
CONNECTIONS = 64
"""As fcsse.commands.audit.organization_run.CONNECTIONS."""

LOOPED = 5
"""Accounts of the loop that are measured."""


@dataclass(frozen=True, slots=True)
class Run:
    """One process. ``asking`` is from its first request to its last answer; ``memory`` its peak in MB.

    Processes that it has started count with it.
    """

    requests: int
    asking: float
    whole: float
    processor: float
    memory: float


def measure(bench: Bench) -> Result:
    accounts = max(2, int(os.environ.get("FCSSE_BENCH_ACCOUNTS", "20")))
    result = Result(
        f"Auditing an organization ({accounts} accounts; of each 125 caches, 200 buckets, 20 keys, 1,000 pairs; 50 ms per "
        "request)",
        ("program", "accounts", "requests", "seconds", "asking", "asking × best", "processor s", "peak MB"),
    )
    audit = (str(bench.places.fcsse), "audit", "--organization", "--role-name", "Audit", "-o", "json")
    half, whole = (_run(bench, number, audit) for number in (accounts // 2, accounts))
    loop = _loop(bench, accounts)
    best = whole.requests * DELAY / CONNECTIONS
    for name, number, one in (("--organization", accounts // 2, half), ("--organization", accounts, whole)):
        _add(result, name, number, one)
    result.rows.append(("a process an account", str(accounts), "", f"{loop:.1f}", "", "", "", ""))
    result.data.append({"name": "loop", "accounts": accounts, "seconds": round(loop, 2), "measured_accounts": LOOPED})
    _calculate(result, accounts, half, whole)
    result.targets += [
        Target("asking, times requests × latency ÷ 64 connections", 1.15, whole.asking / best),
        Target("peak memory in MB", 300, whole.memory),
        Target("peak memory, times that of half the accounts", 1.5, whole.memory / half.memory),
        Target("time, times that of one process an account", 0.15, whole.whole / loop),
    ]
    return result


MANY = 1000
"""Accounts that are calculated."""


def _calculate(result: Result, accounts: int, half: Run, whole: Run) -> None:
    """What so many accounts would take, if each further account takes as much as those between half and the whole did."""
    more = (MANY - accounts) / (accounts - accounts // 2)
    requests = round(whole.requests + more * (whole.requests - half.requests))
    asking = whole.asking + more * (whole.asking - half.asking)
    processor = whole.processor + more * (whole.processor - half.processor)
    best = requests * DELAY / CONNECTIONS
    cells = ("", f"{asking:.0f}", f"{asking / best:.2f}", f"{processor:.0f}", "")
    result.rows.append(("--organization, calculated", f"{MANY:,}", f"{requests}", *cells))
    result.data.append(
        {
            "name": "calculated",
            "accounts": MANY,
            "requests": requests,
            "asking": round(asking, 1),
            "least": round(best, 1),
            "processor": round(processor, 1),
        }
    )


def _run(bench: Bench, accounts: int, command: Sequence[str]) -> Run:
    with Simulator(Organization(accounts)) as simulator:  # type: ignore[arg-type]
        simulator.delay = DELAY
        found = _process(bench, simulator, command, {})
    bench.tell(f"{accounts} accounts: {found}")
    return found


def _process(bench: Bench, simulator: Simulator, command: Sequence[str], more: Mapping[str, str]) -> Run:
    environment = {**bench.places.environment(bench.home), **simulator.environment, **more}
    simulator.take_log()
    answer = Path(bench.home) / "answer.json"
    start = time.perf_counter()
    with answer.open("wb") as out:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE
        )
        assert process.stderr
        with PeakMemory(process.pid) as memory:
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
    peak = memory.megabytes or used.ru_maxrss / 1024
    return Run(len(log), asking, whole, used.ru_utime + used.ru_stime, peak)


def _loop(bench: Bench, accounts: int) -> float:
    """Seconds of a process for each account, by those of some."""
    seconds = 0.0
    with Simulator(Organization(accounts)) as simulator:  # type: ignore[arg-type]
        simulator.delay = DELAY
        for number in range(min(LOOPED, accounts)):
            own = {"AWS_ACCESS_KEY_ID": f"ASIA{number:016d}", "AWS_SESSION_TOKEN": "token"}
            seconds += _process(bench, simulator, (str(bench.places.fcsse), "audit", "-o", "json"), own).whole
    return seconds / min(LOOPED, accounts) * accounts


def _add(result: Result, name: str, accounts: int, one: Run) -> None:
    best = one.asking / (one.requests * DELAY / CONNECTIONS)
    cells = (f"{one.whole:.1f}", f"{one.asking:.1f}", f"{best:.2f}", f"{one.processor:.1f}", f"{one.memory:.0f}")
    result.rows.append((name, str(accounts), str(one.requests), *cells))
    result.data.append(
        {
            "name": name,
            "accounts": accounts,
            "requests": one.requests,
            "seconds": round(one.whole, 2),
            "asking": round(one.asking, 2),
            "times_best": round(best, 3),
            "processor": round(one.processor, 2),
            "peak_mb": round(one.memory, 1),
        }
    )
