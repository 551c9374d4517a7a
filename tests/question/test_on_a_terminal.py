"""The same with a real process on a pseudo-terminal, and real seconds."""

from __future__ import annotations

import os
import pty
import sys
import time
from pathlib import Path

from fcsse.cli.question import CHANGED
from fcsse.planning.review import STALE_AFTER
from fcsse.sandbox import Sandbox
from tests.cli.test_terminal import DEADLINE, LINK, command, environment, plain


def read_until(screen: int, text: bytes, seen: bytes = b"") -> bytes:
    end = time.monotonic() + DEADLINE
    while text not in seen and time.monotonic() < end:
        seen += os.read(screen, 65536)
    return seen


def test_a_key_that_is_replaced_while_the_question_waits(sandbox: Sandbox, tmp_path: Path) -> None:
    other = sandbox.key("data-bucket-keys").arn
    process, screen = pty.fork()
    if process == 0:
        os.execve(sys.executable, command(*LINK), environment(sandbox, tmp_path))
    first = read_until(screen, b"[y/N] ")
    sandbox.set_bucket_encryption("data", key=other)
    time.sleep(STALE_AFTER + 0.5)
    os.write(screen, b"y\n")
    second = plain(read_until(screen, b"[y/N] ").decode())
    assert sandbox.requests.count("kms:PutKeyPolicy") == 0
    os.write(screen, b"y\n")
    rest = b""
    while True:
        try:
            part = os.read(screen, 65536)
        except OSError:
            break
        if not part:
            break
        rest += part
    os.close(screen)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, rest
    assert sandbox.key("data").arn in plain(first.decode())
    assert CHANGED in " ".join(second.split())
    assert other in second
    assert [one.parameters["KeyId"] for one in sandbox.requests.of("kms:PutKeyPolicy")] == [other]
