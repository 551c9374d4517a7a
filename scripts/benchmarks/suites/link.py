"""The main job as a whole process, against the AWS CLI with jq and against a plain boto3 program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.answers import BUCKET, CACHE
from benchmarks.measuring import Contender, Spread, paired, ratio
from benchmarks.places import CONTENDERS
from benchmarks.result import Result, Target
from benchmarks.suites.traffic import PAIR

if TYPE_CHECKING:
    from benchmarks.bench import Bench
    from benchmarks.measuring import Run

BY_HAND = "AWS CLI and jq"
PLAIN = "boto3, typer, rich"
LINK = "fcsse link"
LIMITS = {0: 0.09, 50: 0.11}


def measure(bench: Bench) -> Result:
    contenders = _contenders(bench)
    reference = BY_HAND if contenders[0].name == BY_HAND else PLAIN
    result = Result(
        "Linking one pair",
        ("ms per request", "program", "requests", "seconds", f"× {reference}", "middle half", "processor time ×"),
    )
    for delay in bench.delays:
        bench.simulator.delay = delay / 1000
        bench.tell(f"{delay} ms per request")
        runs = paired(contenders, bench.rounds, lambda one: _run(bench, one), bench.tell)
        for contender in contenders:
            _add(result, delay, contender, runs, reference)
        if reference == BY_HAND and delay in LIMITS:
            value = ratio(runs, LINK, BY_HAND).median
            result.targets.append(Target(f"{LINK} at {delay} ms, times {BY_HAND}", LIMITS[delay], value))
    bench.simulator.delay = 0.0
    return result


def _contenders(bench: Bench) -> list[Contender]:
    places, fcsse = bench.places, str(bench.places.fcsse)
    found = [
        Contender(PLAIN, (str(places.python), str(CONTENDERS / "plain_boto3.py"), *PAIR)),
        Contender(LINK, (fcsse, "link", *PAIR, "--yes"), rechecks=True),
        Contender("fcsse link --dry-run", (fcsse, "link", *PAIR, "--dry-run")),
        Contender("fcsse check", (fcsse, "check", *PAIR), codes=(0, 3)),
    ]
    if places.aws and places.jq:
        found[:0] = [
            Contender(BY_HAND, ("sh", str(CONTENDERS / "by_hand.sh"), CACHE, BUCKET)),
            Contender(f"{BY_HAND}, at the least", ("sh", str(CONTENDERS / "by_hand_short.sh"), CACHE, BUCKET)),
        ]
    return found


def _run(bench: Bench, contender: Contender) -> Run:
    run = bench.run(contender)
    changes = contender.name not in ("fcsse link --dry-run", "fcsse check")
    if bench.simulator.world.linked is not changes:
        text = f"{contender.name} left the key policy {'unchanged' if changes else 'changed'}"
        raise SystemExit(text)
    return run


def _add(result: Result, delay: int, contender: Contender, runs: dict[str, list[Run]], reference: str) -> None:
    own = runs[contender.name]
    times = Spread.of([one.seconds for one in own])
    whole = Spread.of([one.whole for one in own])
    processor = Spread.of([one.processor for one in own])
    against = ratio(runs, contender.name, reference)
    cost = ratio(runs, contender.name, reference, lambda one: one.processor)
    traffic = own[-1].traffic
    requests = len(traffic.operations) if traffic else 0
    rechecked = whole.median - times.median > 0.5
    result.rows.append(
        (
            str(delay),
            f"`{contender.name}`" if contender.name.startswith("fcsse") else contender.name,
            str(requests),
            f"{times.median:.2f}" + (f" (and {whole.median - times.median:.0f} s recheck)" if rechecked else ""),
            f"{against.median:.3f}",
            f"{against.low:.3f}–{against.high:.3f}",
            f"{cost.median:.3f}",
        )
    )
    result.data.append(
        {
            "name": contender.name,
            "delay_ms": delay,
            "requests": requests,
            "seconds": times.to_json(),
            "seconds_with_recheck": whole.to_json(),
            "processor_seconds": processor.to_json(),
            "ratio": against.to_json(),
            "processor_ratio": cost.to_json(),
            "reference": reference,
            "runs": [round(one.seconds, 4) for one in own],
        }
    )
