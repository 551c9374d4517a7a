"""How often a link overwrites a write of somebody else, in virtual time, and what ``settle`` makes of it.

Two writers, each 20 to 80 ms away from KMS: fcsse links one cache, and somebody else reads the policy, adds a statement and
writes it back, once, at a random moment of the link's 1.6 seconds. Then 1,000 links that nobody contends, and groups of
links at once without a common lock. Prints what was lost at first, what is lost after ``settle``, and false alarms.

``--real SECONDS``: the contended links once more in real time, through sockets, against the sandbox with that distance; as many
as the seconds allow, half of them settled without the copies.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import boto3

import fcsse
from fcsse.apply.backup import BackupFolder
from fcsse.sandbox import Sandbox
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


def in_real_time(seconds: float, seed: int, home: Path, counts: Counter[str]) -> None:
    """Links through sockets, each beside one write of somebody else, and settles them; until the seconds are over."""
    random = Random(seed)
    end = time.monotonic() + seconds
    with Sandbox() as sandbox:
        while time.monotonic() < end:
            _one_in_real_time(sandbox, home / str(counts["links"]), random, counts)


def _one_in_real_time(sandbox: Sandbox, home: Path, random: Random, counts: Counter[str]) -> None:
    sandbox.reset()
    sandbox.switches.lookups_per_second = 0
    kms, key = sandbox.client("kms"), sandbox.key("data").arn
    begun, wait = threading.Event(), random.random() * WINDOW

    def on_its_way(_: object) -> None:
        time.sleep(random.uniform(*LATENCY) / 2)

    def theirs() -> None:
        begun.wait(60)
        time.sleep(wait)
        document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        statement = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:ReEncryptTo", "Resource": "*"}
        document["Statement"].append({"Sid": "Theirs", **statement})
        kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))

    for after in (False, True):
        sandbox.fault("kms:*", times=None, hook=on_its_way, after=after)
    sandbox.fault("kms:GetKeyPolicy", hook=lambda _: begun.set())
    who = sandbox.credentials()
    session = boto3.Session(who.access_key, who.secret, region_name=sandbox.region)
    settings = fcsse.Settings(session=session, region=sandbox.region, endpoint_url=sandbox.url, backup_dir=home)
    other = threading.Thread(target=theirs)
    other.start()
    counts["links"] += 1
    try:
        fcsse.link("fc-0123", "data", settings=settings)
    except fcsse.FcsseError:
        counts["failed"] += 1
    begun.set()
    other.join()
    lost = "Theirs" not in sids(sandbox.policy_text(key))
    counts["lost at first"] += lost
    sandbox.faults.clear()
    sandbox.age_events(3600)
    with_copies = counts["links"] % 2 == 0
    found = fcsse.settle(key, settings=settings if with_copies else settings._replace(backup_dir=home / "none"))
    seen = found.settlement.keys[0].found
    counts["lost after settle"] += "Theirs" not in sids(sandbox.policy_text(key))
    counts["false alarms"] += bool(seen.lost and not lost)
    counts["unsure or not in the record"] += bool(seen.unsure or seen.doubts)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--contended", type=int, default=1000)
    parser.add_argument("--uncontended", type=int, default=500, metavar="PAIRS", help="of links, two each")
    parser.add_argument("--groups", type=int, default=100, help="of three links at once")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--real", type=float, default=0.0, metavar="SECONDS", help="only in real time, for so long")
    given = parser.parse_args()
    bad = 0
    if given.real:
        real: Counter[str] = Counter()
        with TemporaryDirectory() as home:
            in_real_time(given.real, given.seed, Path(home), real)
        print("in real time: " + ", ".join(f"{value:,} {key}" for key, value in real.items()))
        return 1 if real["lost after settle"] + real["false alarms"] else 0
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
        harm = ("lost after settle", "false alarms")
        bad += sum(counts[f"{one}{how}"] for one in harm for how in ("", " without copies"))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
