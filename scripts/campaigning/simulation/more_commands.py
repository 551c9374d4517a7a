"""What a scene may have beside link, unlink and check: settle, restore, audit, ``link --settle`` and ``--prune-orphans``.

They are drawn from numbers of their own, so that a seed means the same without them (``simulate --basic``).
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from pathlib import Path

from fcsse.sandbox.cloudtrail_record import Recorded
from scripts.campaigning.simulation.scene import ACCOUNT, WAITS, Command, Other, Scene, Source
from scripts.campaigning.simulation.scheduler import KilledError, Process
from scripts.campaigning.simulation.writers import statement

DEAD = "AROADEADDEADDEADDEAD1"
"""The unique id of a role that is gone: KMS refuses a policy that names it."""

FORMS = ([], [], ["-o", "json"], ["-o", "json"], ["-o", "markdown"], ["-q"], ["-v"], ["-vv"])
NO_COPY = "20260101T000000000Z-00000000-000000"
SHARE = 0.4
"""How many scenes have any of it."""


def add_more(made: Scene) -> None:
    """Adds to a scene, or leaves it as it is."""
    rng = random.Random(f"{made.seed} more")
    if rng.random() >= SHARE:
        return
    made.recorded, late = rng.choice(("all", "from the start", "from the start")), rng.choice((0.0, 60.0, 400.0))
    made.commands[2:] = []
    if rng.random() < 0.1:
        _add_dead(made, rng)
    elif rng.random() < 0.4:
        _crowd(made, rng)
    for one in made.commands:
        if one.words[0] == "link" and rng.random() < 0.12:
            one.words = (*one.words, "--settle", rng.choice(("1s", "20m", "40m")))
        if one.words[0] in ("link", "unlink") and made.dead and rng.random() < 0.7:
            one.words = (*one.words, "--prune-orphans")
    first = len(made.commands)
    for number in range(first, first + rng.choice((1, 1, 1, 2))):
        home = rng.choice(made.commands[:first]).home
        made.commands.append(_command(rng, made, number, home))
    made.settles = any(one.process.one_put for one in made.commands) or rng.random() < 0.4
    made.weather.late = late


def _add_dead(made: Scene, rng: random.Random) -> None:
    """A statement of somebody else's that names a role which is gone; who then writes the policy as it is, is refused."""
    document = json.loads(made.policy)
    found = document["Statement"]
    gone = statement("gone")
    live = [f"arn:aws:iam::{ACCOUNT}:root"] if rng.random() < 0.5 else []
    gone["Principal"] = {"AWS": [DEAD, *live]}
    document["Statement"] = [*(found if isinstance(found, list) else [found]), gone]
    made.policy, made.dead, made.others = json.dumps(document, indent=2), True, []


def _crowd(made: Scene, rng: random.Random) -> None:
    """Somebody who writes often beside a command that may be killed after its write: then only the record tells what was lost."""
    kind, every, pause = rng.choice(("careful", "naive")), rng.choice((0.05, 0.15)), rng.choice((0.0, 0.02))
    made.others = [Other(kind, rng.random() * 0.2, rng.choice((3, 12)), every, pause), *made.others[:1]]
    made.weather.latency = rng.choice((made.weather.latency, (0.02, 0.08), (0.05, 0.6)))
    for one in made.commands:
        one.process.one_put = rng.random() < 0.6


def _command(rng: random.Random, made: Scene, number: int, home: Path) -> Command:
    verb = rng.choices(("settle", "restore", "audit"), (35, 40, 25))[0]
    process = Process(f"fcsse {number}")
    if rng.random() < 0.15:
        process.strike = rng.randint(1, 40)
        process.blow = rng.choice((KilledError, KilledError, KeyboardInterrupt))
    writing = ["--yes", "--wait", rng.choice(WAITS), "--backup-dir", str(home)]
    writing += ["--dry-run"] if rng.random() < 0.12 else []
    form, source = list(rng.choice(FORMS)), None
    match verb:
        case "settle":
            begin = rng.choice((0.5, 3.0, 960.0, 1400.0, 2000.0))
            words = ["settle", *writing, *rng.choice((["--bucket", "data"], ["--cache", made.commands[0].cache]))]
        case "restore":
            begin = rng.choice((0.3, 1.0, 2.5, 2.5, 5.0, 60.0, 1000.0))
            edit = rng.choice(("add", "drop")) if rng.random() < 0.25 else ""
            source = Source(rng.random(), edit, recorded=rng.random() < 0.3)
            words = ["restore", *writing, *(["--discard-others"] if rng.random() < 0.6 else [])]
            words += ["--accept-edited"] if rng.random() < (0.7 if edit else 0.1) else []
        case _:
            begin = rng.choice((0.0, 0.2, 1.0, 5.0))
            words = ["audit", *(["--fix", *writing] if rng.random() < 0.8 else [])]
            words += ["--prune-orphans"] if "--fix" in words and made.dead and rng.random() < 0.7 else []
            form = ["-o", rng.choice(("csv", "sarif"))] if rng.random() < 0.15 else form
    return Command(process, (*words, *form), "", "data", home, begin + rng.random() * 0.3, source=source)


def choose_version(one: Command, events: list[Recorded], key: str, others: Iterable[Source]) -> None:
    """What a restore is to put back: known once it begins. The copy may have been edited by somebody. ``others``: what was
    chosen for others in this run.
    """
    source = one.source
    if source is None or source.name:
        return
    source.name = NO_COPY
    copies = sorted(one.home.glob("*.json"))
    puts = [put.event for put in events if put.event["eventName"] == "PutKeyPolicy" and "errorCode" not in put.event]
    puts = [put for put in puts if put["resources"][0]["ARN"] == key]
    if copies and not (source.recorded and puts):
        _take(source, copies[int(source.place * len(copies))], others)
    elif puts:
        put = puts[int(source.place * len(puts))]
        source.name, source.edit = put["eventID"], ""
        source.text = source.saved = put["requestParameters"]["policy"]
    one.words = (*one.words, source.name)


def _take(source: Source, path: Path, others: Iterable[Source]) -> None:
    """Takes a copy, which ``others`` may have taken, and had edited, before."""
    copy = json.loads(path.read_text(encoding="utf-8"))
    earlier = [other.saved for other in others if other.name == path.stem]
    source.name, source.saved = path.stem, earlier[0] if earlier else copy["policy"]
    if source.edit:
        document = json.loads(copy["policy"])
        found = document["Statement"] if isinstance(document["Statement"], list) else [document["Statement"]]
        theirs = [each for each in found if str(each.get("Sid")).startswith(("old ", "w"))]
        if source.edit == "drop" and theirs:
            found.remove(theirs[-1])
        else:
            found.append(statement("edited"))
        document["Statement"] = found
        copy["policy"] = json.dumps(document)
        path.write_text(json.dumps(copy), encoding="utf-8")
    source.text = copy["policy"]


def again(one: Command, made: Scene) -> tuple[str, ...]:
    """The words of a command that is run once more, alone: whatever was in its way is asked for."""
    words = tuple(word for word in one.words if word not in ("-q", "-v", "-vv"))
    if words[0] == "restore":
        rest = (word for word in words[1:] if word not in ("--discard-others", "--accept-edited"))
        return (words[0], "--discard-others", "--accept-edited", *rest)
    if made.dead and words[0] in ("link", "unlink", "audit") and "--prune-orphans" not in words:
        return (*words, "--prune-orphans")
    return words
