"""The whole program in virtual time, with every fault and other writers, from seeds: a failing seed replays exactly.

Each run: one to four commands of fcsse (link, unlink and check; in four of ten, settle, restore or audit beside them), up to
four other writers of three more kinds, and weather (throttling, lost and spoiled answers, old states, endless lists, kills, a
clock that jumps). Violations are what ``invariants`` and ``put_back`` say.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
_stopping = threading.Event()
"""SIGTERM came: no further seed is played."""


def play(first: int, runs: int, step: int, minutes: float, *, trace: bool, basic: bool = False) -> int:
    """Plays seeds, until it is to stop; prints figures and violations, returns how many runs had any."""
    from scripts.campaigning.simulation.play import stage

    begun, broken, done, troubles, puts = time.monotonic(), 0, 0, 0, 0
    codes: Counter[int | None] = Counter()
    digest = hashlib.sha256()
    with stage() as here:
        for seed in range(first, first + runs, step):
            if minutes and time.monotonic() - begun > minutes * 60:
                break
            if _stopping.is_set():  # the figures of those that were played count all the same
                break
            outcome = here.play(seed, basic=basic)
            done += 1
            broken += bool(outcome.broken)
            troubles += outcome.troubles
            puts += outcome.puts
            codes.update(outcome.codes)
            digest.update(outcome.trace.encode())
            if trace:
                print(outcome.trace)
            for one in outcome.broken:
                print(f"VIOLATION: seed {seed}: {one}", flush=True)
    seconds = time.monotonic() - begun
    ends = ", ".join(f"{'killed' if code is None else code}: {count}" for code, count in sorted(codes.items(), key=str))
    print(
        f"seeds {first} to {first + runs - 1} by {step}: {done} runs in {seconds:.0f} s, {broken} with violations; "
        f"{troubles} troubles, {puts} policies written; exit codes {ends}; trace {digest.hexdigest()[:16]}",
        flush=True,
    )
    return broken


def _keep_to_one_processor(number: int) -> None:
    """Of the threads only one runs at a time; handing over to one on another processor takes a fifth more time."""
    if sys.platform == "linux":
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {there[number % len(there)]})


def main(arguments: list[str] | None = None) -> int:
    """The command line: exit code 1 where an invariant is broken."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns simulate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=2000, help="how many seeds, one after the other")
    parser.add_argument("--processes", type=int, default=1, help="how many share the work")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so long; 0: play all")
    parser.add_argument("--trace", action="store_true", help="print all that happened")
    parser.add_argument("--basic", action="store_true", help="only link, unlink and check take part")
    parser.add_argument("--share", type=int, default=-1, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if os.environ.get("PYTHONHASHSEED") != "0" or given.processes > 1:
        # The order of sets of texts is a process's own, unless this is set before it starts.
        words = [
            sys.executable,
            "-m",
            "scripts.campaigning.simulate",
            "--seed",
            str(given.seed),
            "--runs",
            str(given.runs),
        ]
        words += ["--minutes", str(given.minutes), *(["--trace"] if given.trace else [])]
        words += ["--basic"] if given.basic else []
        env = {**os.environ, "PYTHONHASHSEED": "0"}
        shares = [[]] if given.processes == 1 else [["--share", f"{n}"] for n in range(given.processes)]
        env["FCSSE_SHARES"] = str(given.processes)
        children = [subprocess.Popen([*words, *share], cwd=ROOT, env=env) for share in shares]
        return max(child.wait() for child in children)
    signal.signal(signal.SIGTERM, lambda *_: _stopping.set())
    _keep_to_one_processor(max(0, given.share))
    step = int(os.environ.get("FCSSE_SHARES", "1")) if given.share >= 0 else 1
    first = given.seed + max(0, given.share)
    runs = given.runs - max(0, given.share)
    return 1 if play(first, runs, step, given.minutes, trace=given.trace, basic=given.basic) else 0


if __name__ == "__main__":
    sys.exit(main())
