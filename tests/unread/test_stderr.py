"""Real processes whose stderr nobody reads: the run ends as it would have ended, and AWS holds what it would have held."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fcsse.cli import interrupt
from fcsse.cli.stderr_writer import StderrWriter
from fcsse.sandbox import Sandbox
from tests import warm_start
from tests.cli.test_terminal import DEADLINE, LINK, command, environment, in_terminal


def closed_pipe() -> int:
    """A pipe whose reader went away."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


KEPT: list[int] = []


def full_pipe() -> int:
    """A pipe that is full to its last byte, whose reader is there and never reads."""
    reads, writes = os.pipe()
    KEPT.append(reads)
    os.set_blocking(writes, False)
    for size in (65536, 4096, 1):
        try:
            while True:
                os.write(writes, b"x" * size)
        except BlockingIOError:
            pass
    os.set_blocking(writes, True)
    return writes


def full_disk() -> int:
    """A file on a disk without room."""
    return os.open("/dev/full", os.O_WRONLY)


def full_terminal() -> int:
    """A terminal whose other end nobody reads, filled up."""
    screen, terminal = pty.openpty()
    KEPT.append(screen)
    os.set_blocking(terminal, False)
    try:
        while True:
            os.write(terminal, b"x" * 256)
    except BlockingIOError:
        os.set_blocking(terminal, True)
    return terminal


UNREAD = (closed_pipe, full_pipe, full_disk, full_terminal)


def run_unread(sandbox: Sandbox, home: Path, stderr: int, *words: str, **more: str) -> tuple[int, str]:
    """The exit code and stdout of a process with this stderr."""
    reads, writes = os.pipe()
    with Path(os.devnull).open("rb") as nothing:
        process = warm_start.start(words, environment(sandbox, home, **more), (nothing.fileno(), writes, stderr))
    os.close(writes)
    os.close(stderr)
    watchdog = threading.Timer(DEADLINE, os.kill, (process.pid, signal.SIGKILL))
    watchdog.start()
    with os.fdopen(reads) as stream:
        out = stream.read()
    watchdog.cancel()
    return process.wait(DEADLINE), out


@pytest.mark.one_in(2)
@pytest.mark.parametrize("unread", UNREAD, ids=lambda one: one.__name__)
@pytest.mark.parametrize("more", [("-v",), ("-vv",)], ids=" ".join)
def test_progress_that_nobody_reads_changes_nothing(
    sandbox: Sandbox, tmp_path: Path, unread: object, more: tuple[str, ...]
) -> None:
    assert callable(unread)
    code, out = run_unread(sandbox, tmp_path, unread(), *LINK, "--yes", *more)
    assert code == 0, out
    assert "Linked fc-0123 to data" in out
    assert len(sandbox.policy("data")["Statement"]) == 2


@pytest.mark.one_in(3)
@pytest.mark.parametrize("unread", UNREAD, ids=lambda one: one.__name__)
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("link", "--cache", "fc-0123", "--bucket", "data-dsse"), 4),
        (("link", "--cache", "nonsense"), 2),
        (("nonsense",), 2),
        (("--nonsense",), 2),
        (("check", *LINK[1:], "-v"), 3),
        (("audit", "-v"), 3),
        (("backups", "nonsense"), 6),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else None,
)
def test_errors_that_nobody_reads_keep_their_exit_code(
    sandbox: Sandbox, tmp_path: Path, unread: object, words: tuple[str, ...], code: int
) -> None:
    assert callable(unread)
    found, _ = run_unread(sandbox, tmp_path, unread(), *words)
    assert found == code


def test_a_failure_after_the_write_keeps_its_code_and_its_document(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.late(policy_reads=10_000)
    code, out = run_unread(sandbox, tmp_path, full_pipe(), *LINK, "--wait", "1s", "-o", "json", "-v")
    assert code == 8
    assert '"code": "unconfirmed"' in out


def test_a_reader_who_is_late_gets_all_in_order() -> None:
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    try:
        while True:
            os.write(writes, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writes, True)
    with os.fdopen(writes, "w") as stream:
        writer = StderrWriter(stream)
        for number in range(20):
            writer.write(f"line {number}\n")
        got = b""
        while b"line 19\n" not in got:
            got += os.read(reads, 65536)
        writer.drain()
    os.close(reads)
    assert got.lstrip(b"x") == "".join(f"line {number}\n" for number in range(20)).encode()


def test_where_the_system_has_no_thread_to_give_what_is_said_is_written_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    reads, writes = os.pipe()
    with os.fdopen(writes, "w") as stream, monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", refused)
        writer = StderrWriter(stream)
        writer.write("Written: the policy of the key.\n")
        said: list[str] = []
        interrupt._briefly(lambda: said.append("Interrupted."))
        limited.undo()
        writer.write("once more\n")
        writer.drain()
    assert os.read(reads, 100) == b"Written: the policy of the key.\nonce more\n"
    assert said == ["Interrupted."]
    os.close(reads)


def test_what_cannot_be_encoded_is_written_as_an_escape() -> None:
    reads, writes = os.pipe()
    with os.fdopen(writes, "w", encoding="ascii") as stream:
        writer = StderrWriter(stream)
        assert writer.write("é\ud800\n") == 3
    assert os.read(reads, 100) == rb"\xe9\ud800" + b"\n"
    os.close(reads)


def wait_for(sandbox: Sandbox, operation: str) -> None:
    end = time.monotonic() + DEADLINE
    while sandbox.requests.count(operation) < 1 and time.monotonic() < end:
        time.sleep(0.05)


@pytest.mark.parametrize("wrote", [False, True])
def test_a_hang_up_ends_as_sigterm_does(sandbox: Sandbox, tmp_path: Path, wrote: bool) -> None:
    if wrote:
        sandbox.late(policy_reads=10_000)
    else:
        sandbox.add_cache("fc-0ee0", ["data"], lifecycle="CREATING", role=False)
    words = LINK if wrote else ("link", "--cache", "fc-0ee0", "--bucket", "data")
    process = subprocess.Popen(
        command(*words),
        env=environment(sandbox, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(sandbox, "kms:PutKeyPolicy" if wrote else "iam:GetRole")
    time.sleep(0.3)
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, errors
    assert ("Written: the policy of key" if wrote else "Nothing was written to AWS") in errors
    if wrote:
        sandbox.late()
        again = subprocess.run(
            command("unlink", *LINK[1:], "--yes"),
            env=environment(sandbox, tmp_path),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert again.returncode == 0, again.stderr
        assert "lock" not in again.stderr


def test_a_terminal_that_is_closed_at_the_question_ends_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    process, screen = pty.fork()
    if process == 0:
        os.execve(sys.executable, command(*LINK), environment(sandbox, tmp_path))
    seen = b""
    while b"[y/N] " not in seen:
        seen += os.read(screen, 65536)
    os.close(screen)
    end = time.monotonic() + DEADLINE
    status = 0
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            break
        time.sleep(0.05)
    else:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    assert sandbox.requests.count("kms:PutKeyPolicy") == 0


def test_a_run_under_nohup_outlives_its_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.add_cache("fc-0ee0", ["data"], lifecycle="CREATING", role=False)
    process = subprocess.Popen(
        ["nohup", *command("link", "--cache", "fc-0ee0", "--bucket", "data", "--wait", "2s")],
        env=environment(sandbox, tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for(sandbox, "iam:GetRole")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 6, "it waited to the end"


def test_colours_and_spinner_are_as_before(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.late(policy_reads=4)
    code, screen = in_terminal(environment(sandbox, tmp_path), (*LINK, "--yes"))
    assert code == 0, screen
    assert "Linked" in screen


def test_it_is_no_stream_of_bytes(capfd: pytest.CaptureFixture[str]) -> None:
    """Typer writes bytes to a stream that takes them, and asks by writing none."""
    writer = StderrWriter(sys.__stderr__ or sys.stderr)
    with pytest.raises(TypeError):
        writer.write(b"")


def test_the_sandbox_says_where_it_is() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "fcsse", "sandbox"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        first = run.stdout.readline()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert first.startswith(("unset ", "export "))
    assert "Traceback" not in err
