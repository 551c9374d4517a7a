"""How often a link runs over a write of somebody else, in virtual time, and what ``settle`` makes of it.

Two writers, each 20 to 80 ms away from KMS: fcsse links one cache, and somebody else reads the policy, adds a statement and
writes it back, once, at a random moment of the link's 1.6 seconds. Then 1,000 links that nobody contends, and groups of
links at once without a common lock. Prints what was lost at first, what is lost after ``settle``, and false alarms.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from fcsse.apply.backup import BackupFolder
from tests.write_protocol.recorded import bases_in, settled
from tests.write_protocol.simulation import SimulatedKey, World
from tests.write_protocol.test_simulated import Fcsse, sids

LATENCY = (0.02, 0.08)
WINDOW = 1.6
BEFORE = 0.1
"""Seconds before the link's first reading from which on the other write may fall."""


def contended(seed: int, home: Path, counts: Counter[str]) -> None:
    """One link beside one write of somebody else."""
    world = World(seed)
    simulated = SimulatedKey(world, latency=LATENCY)
    one = Fcsse(world, simulated, 0, home)

    def theirs() -> None:
        document = json.loads(simulated.get())
        document["Statement"].append(
            {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "kms:F", "Resource": "*"}
        )
        simulated.put("somebody", json.dumps(document))

    world.spawn(one.run, BEFORE)
    world.spawn(theirs, world.random.random() * WINDOW)
    world.run()
    counts["links"] += 1
    counts["failed"] += one.error is not None
    lost = "Theirs" not in sids(simulated.text)
    counts["lost at first"] += lost
    for how, bases in (("", bases_in(BackupFolder(home / one.name))), (" without copies", {})):
        found, text = settled(simulated, bases)
        counts[f"lost after settle{how}"] += "Theirs" not in sids(text)
        counts[f"false alarms{how}"] += bool(found.lost and not lost)
        counts[f"unsure or not in the record{how}"] += bool(found.unsure or found.doubts)


def uncontended(seed: int, home: Path, counts: Counter[str]) -> None:
    """One link after a write of somebody else, or before it, never beside it."""
    world = World(seed)
    simulated = SimulatedKey(world, latency=LATENCY)
    one, other = Fcsse(world, simulated, 0, home), Fcsse(world, simulated, 1, home)

    def in_turn() -> None:
        for turn in (one.run, other.run):
            document = json.loads(simulated.get())
            document["Statement"].append(
                {"Sid": f"T{world.now}", "Effect": "Deny", "Principal": "*", "Action": "kms:F"}
            )
            simulated.put("somebody", json.dumps(document))
            turn()

    world.spawn(in_turn)
    world.run()
    counts["links"] += 2
    found, text = settled(simulated, bases_in(*(BackupFolder(home / run.name) for run in (one, other))))
    counts["false alarms"] += bool(found.lost or found.unsure or text != simulated.text)
    counts["not in the record"] += bool(found.doubts)


def against_each_other(seed: int, home: Path, counts: Counter[str]) -> None:
    """Three links at once, on three machines."""
    world = World(seed)
    simulated = SimulatedKey(world, latency=LATENCY)
    runs = [Fcsse(world, simulated, number, home, shared_locks=False) for number in range(3)]
    for one in runs:
        world.spawn(one.run, world.random.random() * 0.3)
    world.run()
    counts["links"] += len(runs)
    counts["failed"] += sum(one.error is not None for one in runs)
    found, text = settled(simulated, bases_in(*(BackupFolder(home / run.name) for run in runs)))
    counts["false alarms"] += bool(found.lost or text != simulated.text)
    counts["unsure or not in the record"] += bool(found.unsure or found.doubts)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--contended", type=int, default=1000)
    parser.add_argument("--uncontended", type=int, default=500, metavar="PAIRS", help="of links, two each")
    parser.add_argument("--groups", type=int, default=100, help="of three links at once")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bad = 0
    for name, play, times in (
        ("contended", contended, given.contended),
        ("uncontended", uncontended, given.uncontended),
        ("fcsse against fcsse", against_each_other, given.groups),
    ):
        counts: Counter[str] = Counter()
        for seed in range(given.seed, given.seed + times):
            with TemporaryDirectory() as home:
                play(seed, Path(home), counts)
        print(f"{name}: " + ", ".join(f"{value:,} {key}" for key, value in counts.items()), flush=True)
        bad += counts["lost after settle"] + counts["false alarms"]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
