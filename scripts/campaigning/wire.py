"""Real processes and sockets: a proxy on loopback spoils answers, signals and bad folders come in between.

Each run links or unlinks a bucket of its own through the proxy, once with trouble and then once without. Violations: a
policy that is neither the old nor the new one, a write without a backup, an untrue word about writes, an exit code that is
none, a traceback, a clean run that does not complete. ``--soak``: four processes link and unlink 50 keys through the
Python API for some minutes; their memory, descriptors and files must not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fcsse.sandbox import Sandbox
from scripts.campaigning.process_pool import ROOT, Child, Nursery
from scripts.campaigning.put_log import Ledger, meaning, saved_texts
from tests.answers.proxy import NOT_AWS, Answer, Proxy

CODES = {0, 1, 4, 5, 6, 7, 8, 130}
OPERATIONS = ("*", "kms:GetKeyPolicy", "kms:PutKeyPolicy", "kms:DescribeKey", "iam:GetRole", "s3:GetBucketEncryption")
SAID = ("Nothing was written", "most likely not written", "Written: ", "may have been written")


def _cut_body(answer: Answer) -> bytes:
    raw = answer.raw()
    return raw[: max(1, len(raw) - 1 - len(answer.body) // 2)]


def _reset(_: Answer) -> bytes:
    return b""


SPOILS = {**NOT_AWS, "cut in its body": _cut_body, "closed without an answer": _reset}


@dataclass(slots=True)
class Tally:
    """What all runs came to."""

    runs: int = 0
    written: int = 0
    spoiled: int = 0
    signals: Counter[str] = field(default_factory=Counter)
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


class Campaign:
    """Plays runs one after the other against one sandbox."""

    def __init__(self, sandbox: Sandbox, nursery: Nursery, ledger: Ledger, place: Path, seed: int) -> None:
        self.sandbox, self.nursery, self.ledger, self.place, self.seed = sandbox, nursery, ledger, place, seed
        self.tally = Tally()

    def run(self, number: int) -> None:
        """One run of its own seed."""
        rng, tally = random.Random(f"{self.seed}/{number}"), self.tally
        name, cache = f"wire-{number}", f"fc-{number + 0x1000:08x}"
        key = self.sandbox.add_key(name)
        self.sandbox.add_bucket(name, algorithm="aws:kms", key=key.arn)
        self.sandbox.add_cache(cache, [name])
        home = self.place / name
        words = ["--cache", cache, "--bucket", name, "--yes", "--wait", "5s"]
        env = {**self.sandbox.env(), "FCSSE_BACKUP_DIR": str(home), "HOME": str(home)}
        texts = [self._text(name)]
        verb = rng.choice(("link", "link", "unlink"))
        if verb == "unlink":
            self.nursery.start(["link", *words], env).wait()
            texts = [self._text(name)]
        self.ledger.forget()
        with Proxy(self.sandbox.url) as proxy:
            for _ in range(rng.choice((0, 1, 1, 2))):
                kind = rng.choice(sorted(SPOILS))
                proxy.spoil(
                    rng.choice(OPERATIONS),
                    SPOILS[kind],
                    times=rng.choice((1, 2, None)),
                    skip=rng.randrange(4),
                    before=rng.random() < 0.3,
                )
            full = rng.random() < 0.1
            if full:
                home.mkdir(exist_ok=True)
                (home / "locks").write_text("a file where a folder should be")
            child = self.nursery.start([verb, *words], {**env, "AWS_ENDPOINT_URL": proxy.url})
            number_sent = self._strike(rng, child)
            code = child.wait(120)
            tally.spoiled += sum(rule.acted for rule in proxy.rules)
        tally.runs += 1
        tally.codes[code] += 1
        time.sleep(0.02)  # what was on its way is carried out
        broken = list(self._judge(key.arn, child, code, home, number_sent))
        if full:
            (home / "locks").unlink()
        before = self._text(name)
        again = self.nursery.start([verb, *words], env)
        if again.wait() != 0:
            broken.append(f"the clean run ended with {again.code}: {again.err}")
        texts.append(self._text(name))
        if meaning(before) not in [meaning(text) for text in texts]:
            broken.append("a policy that is neither the old nor the new one")
        tally.violations += [f"run {number}: {one}" for one in broken]
        for one in broken:
            print(f"VIOLATION: run {number}: {one}", flush=True)

    def _text(self, name: str) -> str:
        return self.sandbox.policy_text(name)

    def _strike(self, rng: random.Random, child: Child) -> int:
        """Sends a signal in half of the runs; returns its number, or 0."""
        if rng.random() < 0.5:
            return 0
        sent = rng.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP))
        child.await_start()
        if not child.ended.wait(rng.random() * 1.5):
            child.kill(sent)
            self.tally.signals[sent.name] += 1
            return int(sent)
        return 0

    def _judge(self, key: str, child: Child, code: int, home: Path, sent: int) -> Iterator[str]:
        puts = [put for put in self.ledger.of(key) if meaning(put.before) != meaning(put.after)]
        self.tally.written += bool(puts)
        saved = saved_texts([home]) if home.is_dir() else set()
        if any(put.before not in saved for put in puts):
            yield "a write without a backup"
        text = child.out + child.err
        if "Traceback" in text or "bug in fcsse" in text or "defect of fcsse" in text:
            yield f"a defect: {child.err[-800:]}"
        if code == -signal.SIGKILL:
            return
        if code not in CODES:
            yield f"ended with {code}: {child.err[-500:]}"
        if sent in (signal.SIGTERM, signal.SIGHUP) and code == -sent:
            yield f"a signal ended it without a word: {code}"
        if "Nothing was written" in text and puts:
            yield f"says that nothing was written, and something was: {child.err}"
        if "Written: " in text and not puts:
            yield f"says that something was written, and nothing was: {child.err}"
        if code not in (0, 2) and not any(said in text for said in SAID):
            yield f"ended with {code} and does not say whether anything was written: {child.err}"


def campaign(runs: int, seed: int, minutes: float = 0.0) -> int:
    """Plays runs, prints figures, returns how many violations there were."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox, Ledger() as ledger:
        place = Path(name)
        with Nursery(place) as nursery:
            play = Campaign(sandbox, nursery, ledger, place, seed)
            for number in range(runs):
                if minutes and time.monotonic() - begun > minutes * 60:
                    break
                play.run(number)
    tally = play.tally
    codes = ", ".join(f"{code}: {count}" for code, count in sorted(tally.codes.items()))
    sent = ", ".join(f"{one}: {count}" for one, count in sorted(tally.signals.items())) or "none"
    print(
        f"seed {seed}: {tally.runs} runs in {time.monotonic() - begun:.0f} s, {tally.spoiled} answers spoiled, signals {sent}; "
        f"{tally.written} wrote; exit codes {codes}; {len(tally.violations)} violations"
    )
    return len(tally.violations)


WORKER = """
import json, os, resource, sys, time
import boto3, fcsse
from pathlib import Path
number, minutes, home = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
settings = fcsse.Settings(session=boto3.Session(), wait=10, backup_dir=home)
end, rounds = time.monotonic() + minutes * 60, 0
while time.monotonic() < end:
    for key in range(number, 50, 4):
        for act in (fcsse.link, fcsse.unlink):
            act(f"fc-{key + 0x5000:08x}", f"soak-{key}", settings=settings)
        if time.monotonic() > end:
            break
    rounds += 1
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    others = sum(1 for one in home.rglob("*") if one.is_file() and one.suffix != ".json")
    print(json.dumps([rounds, pages * 4096, len(os.listdir("/proc/self/fd")), others]), flush=True)
"""


def soak(minutes: float) -> int:
    """Four processes on 50 keys; returns what grew. Each prints memory, descriptors and files (but backups) a round."""
    grown = 0
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        for number in range(50):
            key = sandbox.add_key(f"soak-{number}")
            sandbox.add_bucket(f"soak-{number}", algorithm="aws:kms", key=key.arn)
            sandbox.add_cache(f"fc-{number + 0x5000:08x}", [f"soak-{number}"])
        env = {**os.environ, **sandbox.env()}
        words = [[sys.executable, "-c", WORKER, str(n), str(minutes), f"{name}/{n}"] for n in range(4)]
        workers = [subprocess.Popen(one, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) for one in words]
        for number, worker in enumerate(workers):
            lines = [json.loads(line) for line in worker.communicate()[0].splitlines()]
            if worker.returncode or len(lines) < 2:
                print(f"VIOLATION: process {number} ended with {worker.returncode} after {len(lines)} rounds")
                grown += 1
                continue
            first, last = lines[len(lines) // 3], lines[-1]
            told = f"{len(lines)} rounds, memory {first[1] >> 20} to {last[1] >> 20} MB, descriptors {first[2]} to {last[2]}"
            print(f"process {number}: {told}, files but backups {first[3]} to {last[3]}")
            if last[1] > first[1] * 1.15 + (16 << 20) or last[2] > first[2] + 8 or last[3] > first[3] + 2:
                print(f"VIOLATION: process {number} grows")
                grown += 1
    return grown


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/campaigns wire", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--soak", action="store_true", help="instead: 50 keys, for --minutes (60)")
    parser.add_argument("--minutes", type=float, default=0.0, help="stop after so long; 0: play all")
    given = parser.parse_args(arguments)
    if given.soak:
        return 1 if soak(given.minutes or 60.0) else 0
    return 1 if campaign(given.runs, given.seed, given.minutes) else 0


if __name__ == "__main__":
    sys.exit(main())
