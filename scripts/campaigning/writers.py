"""Many processes link many caches to one key at once; on wish beside a foreign writer that follows no protocol.

Counts what the simulated KMS was made to forget, by whom. A violation is: a command that fails, a role that is not
there at the end, a statement that was there before and is gone, a put whose old text is in no backup, and with a
foreign writer a statement of its that a put of ours overwrote and that is gone at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fcsse.sandbox import Sandbox
from scripts.campaigning.naive_writer import Foreign
from scripts.campaigning.process_pool import Nursery, release
from scripts.campaigning.put_log import Ledger, meaning, roles, saved_texts, sids

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.campaigning.put_log import Put

ADMIN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass(slots=True)
class Round:
    """What one round came to."""

    seconds: float = 0.0
    linked: int = 0
    puts: int = 0
    foreign: int = 0
    ours_lost_by_foreign: int = 0
    run_over: int = 0
    given_back: int = 0
    lost_by_us: int = 0
    lost_by_itself: int = 0
    blind: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Manner:
    """How many processes; ``shared``: on one machine, with one lock; ``every``: a foreign writer's seconds, 0 = none."""

    processes: int = 32
    shared: bool = True
    every: float = 0.0
    pause: float = 0.005
    words: tuple[str, ...] = ()


def play(sandbox: Sandbox, nursery: Nursery, ledger: Ledger, folder: Path, manner: Manner) -> Round:
    """One round, in a sandbox whose world is put back first."""
    sandbox.reset()
    ledger.forget()
    caches = [f"fc-{number:05x}" for number in range(0xA0000, 0xA0000 + manner.processes)]
    for cache in caches:
        sandbox.add_cache(cache, ["data"])
    key = sandbox.key("data").arn
    before = sandbox.policy_text(key)
    barrier = folder / "barrier"
    barrier.unlink(missing_ok=True)
    os.mkfifo(barrier)
    homes = [folder / ("home" if manner.shared else f"home-{cache}") for cache in caches]
    foreign = None
    if manner.every:
        env = sandbox.env(credentials=sandbox.add_user("foreign", ADMIN))
        foreign = Foreign(env, key, manner.every, manner.pause)
        foreign.__enter__()
    children = [
        nursery.start(
            ["link", "--cache", cache, "--bucket", "data", "--yes", "-q", *manner.words],
            {**sandbox.env(), "FCSSE_BACKUP_DIR": str(home)},
            barrier=barrier,
        )
        for cache, home in zip(caches, homes, strict=True)
    ]
    for child in children:
        child.await_start()
    time.sleep(0.3)
    start = time.monotonic()
    release(barrier)
    done = Round()
    for child, cache in zip(children, caches, strict=True):
        code = child.wait(300)
        done.codes[code] += 1
        if code:
            done.violations.append(f"{cache} ended with {code}: {child.err.strip()}")
    done.seconds = max(child.ended_at for child in children) - start
    if foreign:
        time.sleep(0.5)
        foreign.__exit__()
    _judge(done, ledger.of(key), before, sandbox.policy_text(key), caches, homes, foreign.written if foreign else [])
    return done


def _judge(
    done: Round,
    puts: Sequence[Put],
    before: str,
    after: str,
    caches: Sequence[str],
    homes: Sequence[Path],
    written: Sequence[str],
) -> None:
    ours = [put for put in puts if put.caller == "admin"]
    done.puts, done.foreign = len(ours), len(written)
    linked = roles(after, caches)
    done.linked = sum(1 for cache in caches if linked[cache] == 1)
    if done.linked != len(caches):
        done.violations.append(f"{done.linked} of {len(caches)} are linked at the end")
    gone = set(sids(before)) - set(sids(after))
    if gone:
        done.violations.append(f"statements from before are gone: {sorted(gone)}")
    strange = [sid for sid in sids(after) if sid not in sids(before) and not sid.startswith("F") and "data" not in sid]
    if strange:
        done.violations.append(f"statements nobody wrote: {strange}")
    twice = sorted(sid for sid, count in Counter(sids(after)).items() if count > 1)
    if twice:
        done.violations.append(f"Sids that are there more than once: {twice}")
    saved = {meaning(text) for text in saved_texts(set(homes))}
    told = sum(1 for put in ours if meaning(put.before) not in saved)
    last_run_over: dict[str, str] = {}
    for put in puts:
        lost = set(sids(put.before)) - set(sids(put.after))
        mine = put.caller == "admin"
        for sid in lost & set(written):
            last_run_over[sid] = "us" if mine else "itself"
            done.run_over += mine
        done.given_back += (
            len(set(sids(put.after)) & {s for s, w in last_run_over.items() if w == "us"} & _new(put)) if mine else 0
        )
        if not mine:
            done.ours_lost_by_foreign += len(set(roles(put.before, caches)) - set(roles(put.after, caches)))
    for sid in set(written) - set(sids(after)):
        if last_run_over.get(sid) == "us":
            done.lost_by_us += 1
        else:
            done.lost_by_itself += 1
    if done.lost_by_us:
        done.violations.append(f"{done.lost_by_us} foreign statements lost by us")
    done.blind = told
    if told and len(set(homes)) == 1 and not written:
        done.violations.append(f"{told} puts of ours replaced a text that is in no backup")


def _new(put: Put) -> set[str]:
    return set(sids(put.after)) - set(sids(put.before))


def campaign(rounds: int, manner: Manner) -> int:
    """Plays rounds, prints figures, returns how many violations there were."""
    total, everything = 0, Round()
    title = f"{manner.processes} processes, {'one machine' if manner.shared else 'a machine each, no common lock'}"
    title += f", a foreign writer every {manner.every * 1000:.0f} ms" if manner.every else ""
    print(title)
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox, Ledger() as ledger:
        place = Path(name)
        with Nursery(place) as nursery:
            for number in range(rounds):
                folder = place / f"round-{number}"
                folder.mkdir()
                done = play(sandbox, nursery, ledger, folder, manner)
                print(f"round {number + 1:>2}: {describe(done, manner)}", flush=True)
                for violation in done.violations:
                    print(f"  VIOLATION: {violation}", flush=True)
                total += len(done.violations)
                for field_ in ("linked", "puts", "foreign", "run_over", "lost_by_us", "lost_by_itself"):
                    setattr(everything, field_, getattr(everything, field_) + getattr(done, field_))
    print(
        f"all: {everything.linked} of {rounds * manner.processes} linked, {everything.puts} puts of ours, "
        f"{everything.foreign} foreign statements: {everything.run_over} overwritten by us, {everything.lost_by_us} of them "
        f"lost for good, {everything.lost_by_itself} lost by the foreign writer itself; {total} violations"
    )
    return total


def describe(done: Round, manner: Manner) -> str:
    """A round's figures on one line."""
    text = f"{done.linked} of {manner.processes} linked in {done.seconds:.1f} s, {done.puts} puts"
    if done.blind:
        text += f", {done.blind} of them over a write that came after the last look"
    if manner.every:
        text += (
            f"; foreign: {done.foreign} statements, {done.run_over} overwritten by us, {done.given_back} given back, "
            f"{done.lost_by_us} lost by us, {done.lost_by_itself} by itself; it overwrote {done.ours_lost_by_foreign} of ours"
        )
    return text


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=32)
    parser.add_argument("--machines", action="store_true", help="no common lock, as on different machines")
    parser.add_argument("--foreign", type=float, default=0.0, metavar="SECONDS", help="a foreign writer every SECONDS")
    parser.add_argument("--pause", type=float, default=0.005, help="seconds between the foreign writer's read and put")
    given = parser.parse_args()
    manner = Manner(given.processes, not given.machines, given.foreign, given.pause)
    return 1 if campaign(given.rounds, manner) else 0


if __name__ == "__main__":
    sys.exit(main())
