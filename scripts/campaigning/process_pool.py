"""Real ``fcsse`` processes without their start-up: one process imports everything once, and forks a child a command.

The children differ from commands on a shell only in that they need not import, nor read botocore's data; each has its own process id, files and
signals. Run as a program it is that process: JSON lines in, JSON lines out.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scripts.campaigning.preload import preload

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]


@dataclass(slots=True)
class Child:
    """One command. ``code`` is None while it runs, negative where a signal ended it."""

    out_path: Path
    err_path: Path
    pid: int = 0
    code: int | None = None
    ended_at: float = 0.0
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def out(self) -> str:
        """Its stdout so far."""
        return self.out_path.read_text() if self.out_path.exists() else ""

    @property
    def err(self) -> str:
        """Its stderr so far."""
        return self.err_path.read_text() if self.err_path.exists() else ""

    def await_start(self) -> None:
        """Waits until it has a process id."""
        if not self.started.wait(20):
            message = "the nursery does not answer"
            raise TimeoutError(message)

    def wait(self, timeout: float = 120.0) -> int:
        """Its exit code."""
        if not self.ended.wait(timeout):
            self.kill()
            message = f"still running after {timeout:.0f} s: {self.err}"
            raise TimeoutError(message)
        return self.code if self.code is not None else -1

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Sends it a signal, unless it has ended."""
        self.await_start()
        if not self.ended.is_set():
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """Starts commands. ``folder`` takes their output; ``home`` is HOME when everything is imported (default: one's own)."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        self._folder, self._home = folder, home
        self._count = 0
        self._children: dict[int, Child] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FCSSE_"))}
        if self._home:
            clean["HOME"] = str(self._home)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "scripts.campaigning.process_pool"],
            cwd=ROOT,
            env=clean,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            if child.started.is_set():
                child.kill()
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait(10)

    def start(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        *,
        settings: Mapping[str, Any] | None = None,
        barrier: Path | None = None,
        alone: bool = False,
    ) -> Child:
        """Starts ``fcsse`` with these words. ``settings``: module attributes to set in the child, by dotted name.

        ``alone``: nothing but ``env`` is in its environment. ``barrier``: a named pipe; the child waits until somebody opens it for writing.
        """
        with self._lock:
            self._count += 1
            number = self._count
            child = Child(self._folder / f"{number}.out", self._folder / f"{number}.err")
            self._children[number] = child
            asked = {
                "number": number,
                "words": list(words),
                "env": dict(env),
                "out": str(child.out_path),
                "err": str(child.err_path),
                "settings": dict(settings or {}),
                "barrier": str(barrier or ""),
                "alone": alone,
            }
            if self._process.stdin:
                self._process.stdin.write(json.dumps(asked) + "\n")
                self._process.stdin.flush()
        return child

    def _listen(self) -> None:
        for line in self._process.stdout or ():
            told = json.loads(line)
            child = self._children[told["number"]]
            if "pid" in told:
                child.pid = told["pid"]
                child.started.set()
            else:
                child.code, child.ended_at = told["code"], told["at"]
                child.ended.set()
        for child in self._children.values():  # the process has ended, and nobody will tell of these any more
            child.started.set()
            child.ended.set()


def release(barrier: Path) -> None:
    """Lets everybody go who waits at a named pipe."""
    os.close(os.open(barrier, os.O_WRONLY))


def _be_born(asked: Mapping[str, Any]) -> None:
    """The child: takes on its environment and becomes the command."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if asked["alone"]:
        os.environ.clear()
    os.environ.update(asked["env"])
    for number, name in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        handle = os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    for name, value in asked["settings"].items():
        module, _, attribute = name.rpartition(".")
        setattr(importlib.import_module(module), attribute, value)
    if asked["barrier"]:
        os.close(os.open(asked["barrier"], os.O_RDONLY))
    sys.argv = ["fcsse", *asked["words"]]
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115
    importlib.import_module("fcsse.cli.main").run()


def main() -> None:
    """The process that forks: requests on stdin, pids and exit codes on stdout."""
    preload()
    running: dict[int, int] = {}
    buffer = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.003 if running else 0.2)
        if ready:
            read = os.read(0, 1 << 20)
            if not read:
                break
            *lines, buffer = (buffer + read).split(b"\n")
            for line in lines:
                asked = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    try:
                        _be_born(asked)
                    except BaseException as error:
                        os.write(2, repr(error).encode())
                    os._exit(99)
                running[pid] = asked["number"]
                print(json.dumps({"number": asked["number"], "pid": pid}), flush=True)
        for pid in list(running):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                told = {"number": running.pop(pid), "code": os.waitstatus_to_exitcode(status), "at": time.monotonic()}
                print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
