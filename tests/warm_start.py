"""Processes of ``fcsse``, or a script of ours, that need not import: one process has imported everything, and forks for each.

Apart from that a process is as one that is started: its own id, environment, folder, files, terminal and session, and the
interpreter's own end. Only what is read from the environment at import is not its own: where that matters, start one.
Run as a program, this is the process that forks.
"""

from __future__ import annotations

import atexit
import fcntl
import importlib
import io
import json
import os
import runpy
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile

from scripts.campaigning.preload import preload

NUMBER = struct.Struct("i")
SCRIPTS = Path(__file__).parents[1] / "scripts"
_SANDBOX = (
    "fcsse.sandbox.server",
    "moto.moto_server.werkzeug_app",
    "moto.s3.responses",
    "moto.iam.responses",
    "moto.sts.responses",
)
IMPORTED = {
    "fcsse": (),
    "live": (*_SANDBOX, "boto3", "live.event_shapes", "live.played_events", "live.sandbox_twin", "live.steps"),
}
"""What is imported before anything is forked, by the program, beside what every command needs."""


@dataclass
class Process:
    """One that runs, or has ended."""

    pid: int
    ended: io.FileIO

    def wait(self, timeout: float) -> int:
        """Its exit code, negative where a signal ended it. Kills it where it takes longer, and raises TimeoutError."""
        end = time.monotonic() + timeout
        os.set_blocking(self.ended.fileno(), False)
        while (code := self.ended.read(NUMBER.size)) is None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                message = f"still running after {timeout:.0f} s"
                raise TimeoutError(message)
            time.sleep(0.002)
        self.ended.close()
        return os.waitstatus_to_exitcode(*NUMBER.unpack(code))


def start(
    words: Sequence[str],
    env: Mapping[str, str],
    stdio: Sequence[int],
    *,
    terminal: bool = False,
    program: str = "fcsse",
    folder: Path | None = None,
) -> Process:
    """Starts ``python -m program`` with these words and files. ``terminal``: they are the terminal of a session of its own."""
    asked = {"words": list(words), "env": dict(env), "folder": str(folder or Path.cwd()), "terminal": terminal}
    told, tells = os.pipe()
    socket.send_fds(_forking(program), [json.dumps(asked).encode()], [*stdio, tells])
    os.close(tells)
    ended = io.FileIO(told)
    (pid,) = NUMBER.unpack(ended.read(NUMBER.size) or b"")
    return Process(pid, ended)


def run(
    words: Sequence[str], env: Mapping[str, str], *, program: str, folder: Path, timeout: float
) -> subprocess.CompletedProcess[str]:
    """Starts it without a terminal or input, and waits for its end."""
    with Path(os.devnull).open("rb") as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        process = start(words, env, (nothing.fileno(), out.fileno(), err.fileno()), program=program, folder=folder)
        code = process.wait(timeout)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess([program, *words], code, out.read(), err.read())


_PROGRAM = """\
import json, os, socket, sys
told, tells = os.pipe()
asked = {{"words": sys.argv[1:], "env": dict(os.environ), "folder": os.getcwd(), "terminal": False}}
socket.send_fds(socket.socket(fileno={channel}), [json.dumps(asked).encode()], [0, 1, 2, tells])
os.close(tells)
with open(told, "rb", 0) as ended:
    ended.read({size})
    code = os.waitstatus_to_exitcode(int.from_bytes(ended.read({size}), sys.byteorder))
if code < 0:
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def make_program(folder: Path) -> int:
    """Writes ``fcsse`` into the folder, for the PATH of what runs ``fcsse``: a program that has it forked and ends as it does.

    Gives the file that it needs to inherit.
    """
    channel = _forking("fcsse").fileno()
    (folder / "fcsse.py").write_text(_PROGRAM.format(channel=channel, size=NUMBER.size))
    program = folder / "fcsse"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{folder / "fcsse.py"}" "$@"\n')
    program.chmod(0o755)
    return channel


@cache
def _forking(program: str) -> socket.socket:
    """To the process that forks this program. It ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    kept["PYTHONPATH"] = os.pathsep.join([str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm_start", program, str(theirs.fileno())],
        cwd=Path(__file__).parents[1],
        env=kept,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()
    atexit.register(_end, ours, process)
    return ours


def _end(channel: socket.socket, process: subprocess.Popen[bytes]) -> None:
    channel.close()
    process.wait(10)


def main() -> None:
    """Forks for each message. Each child forks once more: the first tells the id and the end of the second."""
    program, number = sys.argv[1:]
    channel = socket.socket(fileno=int(number))
    for name in IMPORTED[program]:
        importlib.import_module(name)
    preload()
    while True:
        message, handles, _, _ = socket.recv_fds(channel, 1 << 20, 4)
        if not message:
            return
        if os.fork() == 0:
            break
        for handle in handles:
            os.close(handle)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    channel.close()
    *stdio, tells = handles
    if pid := os.fork():
        for handle in stdio:
            os.close(handle)
        os.write(tells, NUMBER.pack(pid))
        os.write(tells, NUMBER.pack(os.waitpid(pid, 0)[1]))
        os._exit(0)
    os.close(tells)
    _become(json.loads(message), stdio)
    runpy.run_module(program, run_name="__main__", alter_sys=True)


def _become(asked: Mapping[str, object], stdio: Sequence[int]) -> None:
    """What the start of an interpreter does with what it is given."""
    words, env, folder = asked["words"], asked["env"], str(asked["folder"])
    assert isinstance(words, list)
    assert isinstance(env, dict)
    for number, handle in enumerate(stdio):
        os.dup2(handle, number)
    for handle in stdio:
        if handle > 2:
            os.close(handle)
    if asked["terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.argv, sys.path[0] = ["", *words], folder
    files = [open(number, mode, closefd=False) for number, mode in ((0, "rb"), (1, "wb"), (2, "wb"))]  # noqa: SIM115
    wrap = io.TextIOWrapper
    sys.stdin = sys.__stdin__ = wrap(files[0], "utf-8", "surrogateescape")  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = wrap(files[1], "utf-8", "surrogateescape", line_buffering=os.isatty(1))  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = wrap(files[2], "utf-8", "backslashreplace", line_buffering=True)  # type: ignore[misc]


if __name__ == "__main__":
    main()
