"""How long fcsse takes to say what needs no AWS, against an interpreter that does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.measuring import Contender, Spread, paired, ratio
from benchmarks.result import Result, Target

if TYPE_CHECKING:
    from benchmarks.bench import Bench

NOTHING = "python -c pass"
LIMIT = 5.0
ROUNDS = 4
"""These take no time, so so many times more rounds than elsewhere."""


def measure(bench: Bench) -> Result:
    fcsse = str(bench.places.fcsse)
    completion = {"_FCSSE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "fcsse li"}
    options = {"_FCSSE_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "fcsse link --bu"}
    contenders = [
        Contender(NOTHING, (str(bench.places.python), "-c", "pass")),
        Contender("fcsse --version", (fcsse, "--version")),
        Contender("fcsse --help", (fcsse, "--help")),
        Contender("completing a command", (fcsse,), more=completion),
        Contender("completing an option of link", (fcsse,), more=options),
        Contender("fcsse link --help", (fcsse, "link", "--help")),
    ]
    runs = paired(contenders, bench.rounds * ROUNDS, bench.run, lambda _: None)
    result = Result("Start", ("", "ms", f"× {NOTHING}", "middle half"))
    for contender in contenders:
        times = Spread.of([one.seconds for one in runs[contender.name]])
        against = ratio(runs, contender.name, NOTHING)
        result.rows.append(
            (
                f"`{contender.name}`" if contender.name.startswith(("fcsse", "python")) else contender.name,
                f"{times.median * 1000:.0f}",
                f"{against.median:.1f}",
                f"{against.low:.1f}–{against.high:.1f}",
            )
        )
        result.data.append({"name": contender.name, "seconds": times.to_json(), "ratio": against.to_json()})
        if contender.name != NOTHING and contender.name != "fcsse link --help":
            result.targets.append(Target(f"{contender.name}, times {NOTHING}", LIMIT, against.median))
    return result
