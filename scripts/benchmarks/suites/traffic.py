"""Requests and sequential round trips, counted in runs of their own with a delay that sets round trips apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.answers import BUCKET, CACHE
from benchmarks.measuring import Contender
from benchmarks.result import Result, Target

if TYPE_CHECKING:
    from benchmarks.bench import Bench

DELAY = 0.1
TRIES = 3
"""The least of so many runs counts: a busy machine can only pull apart what goes side by side."""

PAIR = ("--cache", CACHE, "--bucket", BUCKET)


def measure(bench: Bench) -> Result:
    fcsse = str(bench.places.fcsse)
    link = Contender("fcsse link", (fcsse, "link", *PAIR, "--yes"), rechecks=True)
    dry_run = Contender("fcsse link --dry-run", (fcsse, "link", *PAIR, "--dry-run"))
    check = Contender("fcsse check", (fcsse, "check", *PAIR), codes=(0, 3))
    unlink = Contender("fcsse unlink", (fcsse, "unlink", *PAIR, "--yes"), rechecks=True)
    cases = [
        (link, False, False, "", 7, 4),
        (link, True, False, ", key by alias", None, 5),
        (link, False, True, ", nothing to do", None, 3),
        (dry_run, False, False, "", None, 3),
        (check, False, False, "", None, 3),
        (unlink, False, True, "", None, None),
    ]
    result = Result(
        "Requests and round trips", ("", "requests", "round trips", "connections", "after the recheck delay")
    )
    bench.simulator.delay = DELAY
    for contender, alias, linked, more, most_requests, most_rounds in cases:
        seen = [bench.run(contender, alias=alias, linked=linked).traffic for _ in range(TRIES)]
        best = min((one for one in seen if one), key=lambda one: (one.rounds, one.requests))
        name = contender.name + more
        result.rows.append(
            (f"`{contender.name}`{more}", str(best.requests), str(best.rounds), str(best.connections), str(best.later))
        )
        result.data.append(
            {
                "name": name,
                "operations": list(best.operations),
                "requests": best.requests,
                "rounds": best.rounds,
                "connections": best.connections,
                "after_recheck": best.later,
            }
        )
        if most_requests is not None:
            result.targets.append(Target(f"{name}: requests", most_requests, best.requests))
        if most_rounds is not None:
            result.targets.append(Target(f"{name}: round trips", most_rounds, best.rounds))
    bench.simulator.delay = 0.0
    return result
