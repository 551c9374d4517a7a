"""What ``audit --observed`` costs beside ``audit``: the same account, with and without CloudTrail's record of 2,000 events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.account import Account
from benchmarks.measuring import Spread
from benchmarks.result import Result, Target
from benchmarks.simulator import Simulator
from benchmarks.suites.audit import DELAY, Run, run_once

if TYPE_CHECKING:
    from benchmarks.bench import Bench

EVENTS = 2000
LIMIT = 1.1
PLAIN, OBSERVED = "fcsse audit", "fcsse audit --observed"


def measure(bench: Bench) -> Result:
    result = Result(
        f"Auditing with CloudTrail's record ({EVENTS:,} events; 1,000 pairs; 50 ms per request)",
        ("program", "requests", "look-ups", "seconds", f"× {PLAIN}", "middle half"),
    )
    plain = (str(bench.places.fcsse), "audit", "-o", "json")
    rounds = max(1, bench.rounds // 2)
    runs: dict[str, list[Run]] = {PLAIN: [], OBSERVED: []}
    with Simulator(Account(events=EVENTS)) as simulator:  # type: ignore[arg-type]
        simulator.delay = DELAY
        for number in range(rounds):
            runs[PLAIN].append(run_once(bench, simulator, plain))
            runs[OBSERVED].append(run_once(bench, simulator, (*plain, "--observed")))
            bench.tell(f"round {number + 1} of {rounds}")
    for name, found in runs.items():
        ratio = Spread.of([one.whole / other.whole for one, other in zip(found, runs[PLAIN], strict=True)])
        whole = Spread.of([one.whole for one in found])
        asked = [str(found[0].requests), str(found[0].look_ups), f"{whole.median:.2f}"]
        result.rows.append((name, *asked, f"{ratio.median:.3f}", f"{ratio.low:.3f}–{ratio.high:.3f}"))
        result.data.append(
            {
                "name": name,
                "requests": found[0].requests,
                "look_ups": found[0].look_ups,
                "seconds": whole.to_json(),
                "ratio": ratio.to_json(),
            }
        )
        if name == OBSERVED:
            requests = max(one.requests for one in found) / runs[PLAIN][0].requests
            result.targets.append(Target(f"{OBSERVED}: requests, times those of {PLAIN}", LIMIT, requests))
            result.targets.append(Target(f"{OBSERVED}: seconds, times those of {PLAIN}", LIMIT, ratio.median))
    return result
