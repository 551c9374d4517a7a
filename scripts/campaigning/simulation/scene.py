"""What a seed makes of a run: the policy at the start, who takes part and when, and the weather."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fcsse.arn import role_arn
from fcsse.sandbox import Sandbox, policies
from fcsse.sandbox.cloudtrail_events import record_policy
from fcsse.sandbox.state import Veil
from scripts.campaigning.simulation.scheduler import KilledError, Process
from scripts.campaigning.simulation.transport import Weather
from scripts.campaigning.simulation.writers import statement

ACCOUNT = "111122223333"
CACHES = tuple(f"fc-{number:08x}" for number in range(1, 7))
WAITS = ("60s", "60s", "5s", "0")


def build(sandbox: Sandbox) -> None:
    """The world of all runs: caches linked to a bucket of the own account and to one of another."""
    own, other = sandbox.account, sandbox.other_account
    sandbox.add_bucket("data", algorithm="aws:kms", key=sandbox.add_key("data").arn)
    far = sandbox.add_key("far", account=other, policy=policies.grants_for(other, own))
    sandbox.add_bucket("far", account=other, algorithm="aws:kms", key=far.arn, readers=[own])
    for cache in CACHES:
        sandbox.add_cache(cache, ["data"])


def link_statement(cache: str) -> dict[str, Any]:
    """The documented statement, as somebody wrote it for this cache."""
    return {
        "Sid": f"Allow FSx {cache}",
        "Effect": "Allow",
        "Principal": {"AWS": role_arn("aws", ACCOUNT, cache)},
        "Action": ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"],
        "Resource": "*",
        "Condition": {
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/*"},
            "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com", "kms:CallerAccount": ACCOUNT},
        },
    }


@dataclass(slots=True)
class Source:
    """What a restore puts back. ``place``: which of those there are, from 0 up to 1; ``edit``: how somebody edits the copy.

    Once it is chosen: its ``name``, the ``text`` that is restored, and the one that was ``saved``.
    """

    place: float
    edit: str
    recorded: bool
    name: str = ""
    text: str = ""
    saved: str = ""


@dataclass(eq=False, slots=True)
class Command:
    """One fcsse process: its words, and afterwards how it ended (``code`` None: it was killed).

    ``cache`` is empty where it is about all of the account, or about the key.
    """

    process: Process
    words: tuple[str, ...]
    cache: str
    bucket: str
    home: Path
    begin: float
    code: int | None = None
    started: float = 0.0
    ended: float = 0.0
    done: bool = False
    source: Source | None = None

    @property
    def name(self) -> str:
        """The process's name."""
        return self.process.name

    @property
    def out(self) -> str:
        """What it wrote to stdout."""
        return "".join(self.process.out)

    @property
    def err(self) -> str:
        """What it wrote to stderr."""
        return "".join(self.process.err)


@dataclass(slots=True)
class Other:
    """Another writer: its kind, how often it writes, and how."""

    kind: str
    begin: float
    times: int
    every: float
    pause: float


@dataclass(slots=True)
class Scene:
    """Everything that a run begins with.

    ``recorded``: CloudTrail's record, as far back as the policy at the start, or from the first write on; empty: nobody asks
    for it. ``dead``: the policy names a role that is gone. ``settles``: all is settled at the end.
    """

    seed: int
    policy: str
    grants: tuple[str, ...]
    commands: list[Command]
    others: list[Other]
    weather: Weather
    jumps: list[tuple[float, float]] = field(default_factory=list)
    young: int = 0
    recorded: str = ""
    dead: bool = False
    settles: bool = False


def _policy(rng: random.Random, linked: list[str]) -> str:
    root: dict[str, Any] = policies.root(ACCOUNT)
    found = [root, *(statement(f"old {number}") for number in range(rng.choice((0, 0, 1, 3))))]
    found += [link_statement(cache) for cache in linked]
    if rng.random() < 0.3:
        rng.shuffle(found)
    document: dict[str, Any] = {"Version": "2012-10-17", "Id": "key-default-1", "Statement": found}
    if len(found) == 1 and rng.random() < 0.3:
        document["Statement"] = root
    if rng.random() < 0.1:
        document["Comment"] = "kept by the platform team"
    return json.dumps(document, indent=rng.choice((None, 2, 4)))


def _weather(rng: random.Random) -> Weather:
    weather = Weather()
    kind = rng.random()
    if kind < 0.55:
        weather.rate = rng.choice((0.02, 0.05, 0.1, 0.3))
        weather.only = rng.choice(("", "", "GetKeyPolicy", "PutKeyPolicy", "DescribeKey", "CreateGrant", "ListGrants"))
        if weather.only:
            weather.rate = rng.choice((0.2, 0.5, 1.0))
    if rng.random() < 0.3:
        weather.stale = rng.choice((0.5, 2.0, 8.0, 60.0))
    if rng.random() < 0.1:
        weather.latency = (0.05, 0.6)
    if rng.random() < 0.1:
        weather.pages = rng.choice(("repeated", "reordered", "endless"))
    return weather


def scene(seed: int, place: Path) -> Scene:
    """The scene of a seed."""
    rng = random.Random(seed)
    size = rng.choices((1, 2, 3, 4), (66, 20, 9, 5))[0]
    shared = rng.random() < 0.6
    commands, linked = [], []
    for number in range(size):
        cache = rng.choice(CACHES[:3]) if rng.random() < 0.2 else CACHES[number]
        bucket = "data" if rng.random() < 0.85 else "far"
        verb = rng.choices(("link", "unlink", "check"), (60, 25, 15))[0]
        if verb == "unlink" and rng.random() < 0.9:
            linked.append(cache)
        words = [verb, "--cache", cache, "--bucket", bucket]
        home = place / ("home" if shared else f"home {number}")
        if verb != "check":
            words += ["--yes", "--wait", rng.choice(WAITS), "--backup-dir", str(home)]
            words += ["--dry-run"] if rng.random() < 0.07 else []
        if verb == "link" and bucket == "data" and rng.random() < 0.15:
            words += ["--via", "grant"]
        words += rng.choice(([], [], ["-o", "json"], ["-o", "json"], ["-o", "markdown"], ["-q"], ["-v"], ["-vv"]))
        process = Process(f"fcsse {number}")
        if rng.random() < 0.15:
            process.strike = rng.randint(1, 40)
            process.blow = rng.choice((KilledError, KilledError, KeyboardInterrupt))
        commands.append(Command(process, tuple(words), cache, bucket, home, rng.random() * 0.3))
    others = [
        Other(
            rng.choice(("careful", "naive", "revert")),
            rng.random() * 0.5,
            rng.randint(1, 6),
            rng.choice((0.05, 0.3, 1.0, 3.0)),
            rng.choice((0.0, 0.002, 0.05, 0.5)),
        )
        for _ in range(rng.choice((0, 0, 1, 1, 2, 4)))
    ]
    jumps = [(rng.random() * 2, rng.choice((-7200.0, -1.0, 3600.0, 86_400.0 * 400)))] if rng.random() < 0.1 else []
    unique = list(dict.fromkeys(linked))
    grants = tuple(rng.sample(CACHES[3:], rng.randint(0, 2)))
    young = rng.choice((1, 2, 5)) if rng.random() < 0.07 else 0
    return Scene(seed, _policy(rng, unique), grants, commands, others, _weather(rng), jumps, young)


def prepare(sandbox: Sandbox, made: Scene) -> None:
    """Puts the world back to where the scene begins."""
    for name in ("data", "far"):
        key = sandbox.key(name)
        key.grants.set({})
    sandbox.put_policy("data", made.policy)
    sandbox.put_policy("far", policies.grants_for(sandbox.other_account, sandbox.account))
    sandbox.state.veils.clear()
    trail = sandbox.state.trail
    for found in (trail.events, trail.asked, trail.tokens):
        found.clear()  # type: ignore[attr-defined]
    trail.paused = not made.recorded
    if made.recorded == "all":
        record_policy(sandbox.state, sandbox.key("data"), made.policy, "owner")
        trail.age(3600.0)
    if made.young:
        arn = role_arn("aws", ACCOUNT, made.commands[0].cache)
        assert arn is not None
        sandbox.state.veils[str(arn)] = Veil(0.0, made.young)
    sandbox.switches.page = 1 if made.weather.pages else 0
    for cache in made.grants:
        sandbox.add_service_grant("far", str(role_arn("aws", ACCOUNT, cache)))
