"""``scripts/bench``: measures fcsse against what people do without it. See ``scripts/bench --help``."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.places import prepare, say, versions
from benchmarks.simulator import Simulator
from benchmarks.suites import SUITES


def main() -> int:
    words = _parse()
    places = prepare(with_shell="link" in words.suites)
    for text in places.missing:
        say(text)
    results = {}
    with tempfile.TemporaryDirectory() as home, Simulator() as simulator:
        bench = Bench(places, simulator, Path(home), words.rounds, tuple(words.delay))
        for name in words.suites:
            say(f"{name} ...")
            results[name] = SUITES[name](bench)
            sys.stdout.write((results[name].markdown() if words.markdown else results[name].text()) + "\n")
            sys.stdout.flush()
    document = {
        "schema": "fcsse-bench/1",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"system": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()},
        "versions": versions(places),
        "rounds": words.rounds,
        "suites": {name: result.to_json() for name, result in results.items()},
    }
    Path(words.json).write_text(json.dumps(document, indent=2) + "\n")
    say(f"Written to {words.json}. " + ", ".join(f"{name} {text}" for name, text in document["versions"].items()))
    missed = [target for result in results.values() for target in result.targets if not target.met]
    return 1 if missed and words.strict else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Whole processes against a simulated AWS on this machine: paired runs A B A B ..., medians, ratios "
        "with their middle half. Needs a POSIX system and a package index for the first run; jq for the shell scripts.",
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; default: all")
    parser.add_argument("--rounds", type=int, default=7, help="paired runs (default: 7)")
    parser.add_argument("--delay", type=int, action="append", help="milliseconds per request (default: 0 and 50)")
    parser.add_argument("--json", default="bench-results.json", metavar="FILE", help="default: %(default)s")
    parser.add_argument("--markdown", action="store_true", help="print Markdown tables, as in the README")
    parser.add_argument("--strict", action="store_true", help="exit 1 where a target is missed")
    words = parser.parse_args()
    words.suites = words.suites or list(SUITES)
    unknown = [name for name in words.suites if name not in SUITES]
    if unknown:
        parser.error(f"no suite {unknown[0]!r}; there are {', '.join(SUITES)}")
    words.delay = words.delay or [0, 50]
    return words


if __name__ == "__main__":
    sys.exit(main())
