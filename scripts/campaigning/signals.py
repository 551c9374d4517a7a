"""Ctrl-C and SIGTERM while each call hangs, before its effect and after; and folders that take no backup.

Violations: an exit code other than 130, more than a second to the end, a sentence about whether anything was written
that is not true, a traceback, a write without a backup; a next run that does not complete.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from fcsse.sandbox import Sandbox
from scripts.campaigning.errors import ABROAD, PAIR
from scripts.campaigning.process_pool import Nursery
from scripts.campaigning.put_log import Ledger, meaning, saved_texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fcsse.sandbox.wire import Call
    from scripts.campaigning.process_pool import Child

SLOW = 1.0
"""Seconds within which a command has to end."""

SCENES = (("data", PAIR), ("data-other-account", ABROAD))


@dataclass(slots=True)
class Tally:
    """What all runs came to."""

    runs: int = 0
    slowest: float = 0.0
    written: int = 0
    violations: list[str] = field(default_factory=list)


class Campaign:
    """Plays interruptions in one sandbox."""

    def __init__(self, sandbox: Sandbox, nursery: Nursery, ledger: Ledger, place: Path) -> None:
        self.sandbox, self.nursery, self.ledger, self.place = sandbox, nursery, ledger, place
        self.tally = Tally()

    def start(self, command: str, words: Sequence[str], home: Path) -> Child:
        """A command, with its backups in a folder of its own."""
        env = {**self.sandbox.env(), "FCSSE_BACKUP_DIR": str(home)}
        return self.nursery.start([command, *words, "--yes", "-q"], env)

    def interruptions(self, every: int) -> None:
        """A signal at every call of both commands by both routes."""
        count = 0
        for name, words in SCENES:
            for command in ("link", "unlink"):
                calls = self._calls(name, command, words)
                for nth in range(1, calls + 1):
                    for after in (False, True):
                        for number in (signal.SIGINT, signal.SIGTERM):
                            count += 1
                            if count % every == 0:
                                self._interrupt(name, command, words, (nth, after, number))

    def _prepare(self, name: str, command: str, words: Sequence[str]) -> None:
        self.sandbox.reset()
        if command == "unlink":
            code = self.start("link", words, self.place / f"prepare-{name}").wait()
            assert code == 0
        self.sandbox.requests.clear()
        self.ledger.forget()

    def _calls(self, name: str, command: str, words: Sequence[str]) -> int:
        self._prepare(name, command, words)
        assert self.start(command, words, self.place / "first").wait() == 0
        return len([one for one in self.sandbox.requests.operations if one != "kms:ListResourceTags"])

    def _interrupt(
        self, name: str, command: str, words: Sequence[str], moment: tuple[int, bool, signal.Signals]
    ) -> None:
        nth, after, number = moment
        tally, home = self.tally, self.place / f"home-{self.tally.runs}"
        tally.runs += 1
        self._prepare(name, command, words)
        reached, go_on = threading.Event(), threading.Event()

        def hang(_: Call) -> None:
            reached.set()
            go_on.wait(20)

        self.sandbox.fault("*", nth=nth, after=after, hook=hang)
        child = self.start(command, words, home)
        hung = reached.wait(20)
        time.sleep(0.03)
        sent = time.monotonic()
        child.kill(number)
        code = child.wait(20)
        took = child.ended_at - sent
        # What was on its way takes its effect now, after the command said what it knew.
        at_the_end = bool(self.ledger.puts) or self.ledger.grants > 0
        go_on.set()
        time.sleep(0.05)
        written = bool(self.ledger.puts) or self.ledger.grants > 0
        tally.written += written
        tally.slowest = max(tally.slowest, took)
        what = f"{command} {name}: {number.name} {'after' if after else 'before'} the effect of call {nth}"
        if not hung:
            tally.violations.append(f"{what}: the call was never made")
        tally.violations += [
            f"{what}: {fault}" for fault in _judge(child, code, took, written=written, at_the_end=at_the_end)
        ]
        saved = saved_texts([home]) if home.exists() else set()
        if any(put.before not in saved for put in self.ledger.puts):
            tally.violations.append(f"{what}: a write without a backup")
        self.sandbox.faults.clear()
        again = self.start(command, words, home)
        if again.wait() != 0:
            tally.violations.append(f"{what}: the next run ended with {again.code}: {again.err}")

    def folders(self) -> None:
        """Backup folders that take nothing: then nothing is written to AWS."""
        for what, home in self._bad_folders():
            self._prepare("data", "link", PAIR)
            before = self.sandbox.policy_text("data")
            child = self.start("link", PAIR, home)
            code = child.wait()
            self.tally.runs += 1
            if code != 1 or "Nothing was written to AWS" not in child.err or "--backup-dir" not in child.err:
                self.tally.violations.append(f"{what}: ended with {code}: {child.err}")
            if self.ledger.puts or meaning(self.sandbox.policy_text("data")) != meaning(before):
                self.tally.violations.append(f"{what}: a write without a backup")

    def _bad_folders(self) -> Iterator[tuple[str, Path]]:
        file = self.place / "file"
        file.touch()
        yield "a file where the folder should be", file / "backups"
        yield "a place where nobody may write", Path("/proc/nowhere")
        for what, options in (("a full disk", "size=4k"), ("a disk that takes no write", "size=1m,ro")):
            disk = self.place / f"disk-{len(options)}"
            disk.mkdir()
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)], capture_output=True, check=False
            )
            if mounted.returncode:
                print(f"{what}: left out, because nothing can be mounted here")
                continue
            try:
                if "ro" not in options:
                    (disk / "filler").write_bytes(b"x" * 4096)
                yield what, disk
            finally:
                subprocess.run(["umount", str(disk)], check=True)


def _judge(child: Child, code: int, took: float, *, written: bool, at_the_end: bool) -> Iterator[str]:
    text = child.err
    if code != 130:
        yield f"ended with {code}: {text}"
    if took > SLOW:
        yield f"took {took:.2f} s"
    if "Traceback" in text or "Exception ignored" in text:
        yield f"a traceback: {text}"
    if written and "Nothing was written" in text:
        yield f"says that nothing was written, and something was: {text}"
    if not at_the_end and not written and "Written: " in text:
        yield f"says that something was written, and nothing was: {text}"
    if not any(one in text for one in ("Nothing was written", "Written: ", "may have been written")):
        yield f"does not say whether anything was written: {text}"


def campaign(every: int) -> int:
    """Runs it, prints figures, returns how many violations there were."""
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox, Ledger() as ledger:
        place = Path(name)
        with Nursery(place) as nursery:
            play = Campaign(sandbox, nursery, ledger, place)
            play.interruptions(every)
            play.folders()
    tally = play.tally
    print(
        f"{tally.runs} runs, {tally.written} of which had written; the slowest took {tally.slowest:.2f} s to end; "
        f"{len(tally.violations)} violations"
    )
    for violation in tally.violations:
        print(f"  VIOLATION: {violation}")
    return len(tally.violations)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="play only every so manieth moment")
    given = parser.parse_args()
    return 1 if campaign(given.every) else 0


if __name__ == "__main__":
    sys.exit(main())
