"""kill -9 at random moments of link and unlink, by key policy and by grant; then the same command once more.

Violations: a policy that is neither the old nor the new one; a write whose old text is in no backup; a damaged backup;
more than one grant; a next run that does not complete. Half of the moments are points in time, half are single calls:
right before the simulated AWS carries one out, or right after.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fcsse.apply.backup import BackupFolder
from fcsse.sandbox import Sandbox
from scripts.campaigning.process_pool import Nursery
from scripts.campaigning.put_log import Ledger, meaning, saved_texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from fcsse.sandbox.wire import Call
    from scripts.campaigning.process_pool import Child

ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(slots=True)
class Victim:
    """One line of runs, on a key of its own, as a user of its own. ``calls`` counts those of the run that goes on."""

    name: str
    by_grant: bool
    env: dict[str, str]
    access_key: str
    home: Path
    linked: bool = False
    calls: int = 0
    on_call: Callable[[int, bool], None] | None = None


@dataclass(slots=True)
class Tally:
    """What all runs came to."""

    kills: int = 0
    survivors: int = 0
    writes: int = 0
    old: int = 0
    new: int = 0
    completed: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Campaign:
    """Plays kills on several victims side by side."""

    def __init__(self, sandbox: Sandbox, nursery: Nursery, ledger: Ledger, place: Path, seed: int) -> None:
        self.sandbox, self.nursery, self.ledger, self.place = sandbox, nursery, ledger, place
        self.tally = Tally()
        self._seed = seed
        self._victims: dict[str, Victim] = {}
        for after in (False, True):
            sandbox.fault("*", times=None, after=after, hook=lambda call, after=after: self._heard(call, after))

    def victim(self, number: int) -> Victim:
        """A new key, bucket, cache and user."""
        name, by_grant = f"victim-{number}", number % 4 == 3
        key = self.sandbox.add_key(name)
        self.sandbox.add_bucket(name, algorithm="aws:kms", key=key.arn)
        self.sandbox.add_cache(f"fc-{number:08x}", [name])
        user = self.sandbox.add_user(name, ADMIN)
        home = self.place / name
        env = {**self.sandbox.env(credentials=user), "FCSSE_BACKUP_DIR": str(home)}
        victim = self._victims[user.access_key] = Victim(name, by_grant, env, user.access_key, home)
        return victim

    def _heard(self, call: Call, after: bool) -> None:
        authorization = call.header("authorization") or ""
        victim = self._victims.get(authorization.partition("Credential=")[2].partition("/")[0])
        if victim is None:
            return
        if not after:
            victim.calls += 1
        if victim.on_call:
            victim.on_call(victim.calls, after)

    def start(self, victim: Victim) -> Child:
        """The command that changes what is there."""
        words = ["unlink" if victim.linked else "link", "--cache", f"fc-{int(victim.name[7:]):08x}"]
        words += ["--bucket", victim.name, "--yes", "-q"]
        words += ["--via", "grant"] if victim.by_grant and not victim.linked else []
        victim.calls = 0
        return self.nursery.start(words, victim.env)

    def run(self, number: int, kills: int) -> None:
        """Kills one victim so often, and lets it complete after each."""
        rng, victim = random.Random(f"{self._seed}/{number}"), self.victim(number)
        texts = {False: self._state(victim)}
        start = time.monotonic()
        self._complete(victim, texts)
        span = max(0.2, time.monotonic() - start - 1.0)
        self._complete(victim, texts)
        for _ in range(kills):
            puts = len(self.ledger.of(self.sandbox.key(victim.name).arn))
            moment = self._kill(victim, rng, span)
            self._judge(victim, texts, puts, moment)
            self._complete(victim, texts)

    def _state(self, victim: Victim) -> object:
        key = self.sandbox.key(victim.name)
        return (meaning(self.sandbox.policy_text(key)), len(key.grants.value))

    def _complete(self, victim: Victim, texts: dict[bool, object]) -> None:
        child = self.start(victim)
        code = child.wait()
        victim.linked = not victim.linked
        state = texts.setdefault(victim.linked, self._state(victim))
        with self.tally.lock:
            if code == 0 and self._state(victim) == state:
                self.tally.completed += 1
            else:
                self.tally.violations.append(f"{victim.name}: the next run ended with {code}: {child.err}")

    def _kill(self, victim: Victim, rng: random.Random, span: float) -> str:
        if rng.random() < 0.5:
            after, which, more = rng.random() < 0.5, rng.randint(1, 8), rng.choice((0.0, rng.random() * 0.01))
            child: list[Child] = []
            started = threading.Event()

            def strike(count: int, is_after: bool) -> None:
                if (count, is_after) == (which, after):
                    started.wait(10)
                    time.sleep(more)
                    child[0].kill()

            victim.on_call = strike
            child.append(self.start(victim))
            started.set()
            moment = f"{'after' if after else 'before'} call {which}"
        else:
            child = [self.start(victim)]
            child[0].await_start()
            at = rng.random() * (span + (1.0 if rng.random() < 0.2 else 0.0))
            child[0].ended.wait(at)
            child[0].kill()
            moment = "in time"
        code = child[0].wait()
        victim.on_call = None
        with self.tally.lock:
            self.tally.kills += code == -9
            self.tally.survivors += code != -9
            self.tally.moments[moment if code == -9 else "came too late"] += 1
            if code not in (-9, 0):
                self.tally.violations.append(f"{victim.name}: ended with {code}: {child[0].err}")
        return moment

    def _judge(self, victim: Victim, texts: dict[bool, object], puts_before: int, moment: str) -> None:
        state, saved = self._state(victim), saved_texts([victim.home])
        puts = self.ledger.of(self.sandbox.key(victim.name).arn)[puts_before:]
        with self.tally.lock:
            tally = self.tally
            tally.writes += len(puts)
            tally.old += state == texts[victim.linked]
            tally.new += state == texts[not victim.linked]
            if state not in (texts[False], texts[True]):
                tally.violations.append(f"{victim.name}: {moment}: neither the old policy nor the new one")
            tally.violations += [
                f"{victim.name}: {moment}: a write without a backup" for put in puts if put.before not in saved
            ]
            if BackupFolder(victim.home).damaged():
                tally.violations.append(f"{victim.name}: {moment}: a damaged backup")


def campaign(kills: int, side_by_side: int, seed: int) -> int:
    """Runs it, prints figures, returns how many violations there were."""
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox, Ledger() as ledger:
        place = Path(name)
        with Nursery(place) as nursery:
            play = Campaign(sandbox, nursery, ledger, place, seed)
            share = -(-kills // side_by_side)
            with ThreadPoolExecutor(side_by_side) as pool:
                for done in [pool.submit(play.run, number, share) for number in range(side_by_side)]:
                    done.result()
    tally = play.tally
    print(f"seed {seed}: {tally.kills} killed, {tally.survivors} had ended before")
    print(f"moments: {', '.join(f'{moment}: {count}' for moment, count in sorted(tally.moments.items()))}")
    print(
        f"afterwards the old state {tally.old} times, the new one {tally.new} times; {tally.writes} policies written by "
        f"the killed; {tally.completed} runs completed; {len(tally.violations)} violations"
    )
    for violation in tally.violations:
        print(f"  VIOLATION: {violation}")
    return len(tally.violations)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=240, help="some come too late, so a few more than wanted")
    parser.add_argument("--side-by-side", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return 1 if campaign(given.kills, given.side_by_side, given.seed) else 0


if __name__ == "__main__":
    sys.exit(main())
