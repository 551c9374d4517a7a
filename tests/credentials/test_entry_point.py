"""What the console entry point does to its own process harms nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.credentials.conftest import ROOT
from tests.credentials.test_sources import PAIR

if TYPE_CHECKING:
    from tests.credentials.conftest import Operator

COLLECTS = """
import gc, sys
from fcsse.cli import main
def look(arguments=None):
    before = gc.get_stats()[0]["collections"]
    for _ in range(3 * main.COLLECT_EVERY):
        cycle = []
        cycle.append(cycle)
    sys.stdout.write(f"{gc.isenabled()} {gc.get_stats()[0]['collections'] > before} {len(gc.get_objects()) < 2 * main.COLLECT_EVERY}")
    return 0
main.main = look
main.run()
"""


def test_garbage_is_collected_in_long_runs() -> None:
    run = subprocess.run(
        [sys.executable, "-c", COLLECTS, "audit"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "True True True"


def test_the_whole_answer_reaches_a_reader_that_is_slower(operator: Operator) -> None:
    """The process ends without tearing itself down, but not before everything is written."""
    operator.set(operator.keys)
    for number in range(100):
        operator.sandbox.add_cache(f"fc-0aa{number:03}", ["data"])
    with subprocess.Popen(
        [sys.executable, "-m", "fcsse", "audit", "-o", "json"], env=operator.env, cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        parts = [process.stdout.read(10)]
        time.sleep(0.5)
        parts.append(process.stdout.read())
    text = b"".join(parts)
    assert len(text) > 65_536  # more than a pipe holds
    assert len(json.loads(text)["pairs"]) >= 100
    assert process.returncode == 3


SILENT = """
import time
from concurrent.futures import ThreadPoolExecutor
from fcsse.cli import main
def ask(arguments=None):
    ThreadPoolExecutor(1).submit(time.sleep, 3600)
    return 3
main.main = ask
main.run()
"""


def test_requests_that_nobody_needs_any_more_do_not_hold_up_the_end() -> None:
    run = subprocess.run([sys.executable, "-c", SILENT, "check"], cwd=ROOT, timeout=120, check=False)
    assert run.returncode == 3


def test_backups_are_on_the_disk_when_the_process_ends(operator: Operator) -> None:
    operator.set(operator.keys)
    folder = operator.home / "backups"
    assert operator.run("link", *PAIR, "--backup-dir", str(folder)).code == 0
    (saved,) = folder.glob("*.json")
    json.loads(saved.read_text(encoding="utf-8"))
    assert not list(folder.glob("*.tmp"))


UNREAD = """
import sys, time
from fcsse.apply.write_log import WriteLog
from fcsse.cli import interrupt, main
def answer(arguments=None):
    interrupt.CURRENT.journal = WriteLog(done=["the policy of key k"])
    sys.stderr.write("ready\\n")
    if sys.argv[1] == "settle":
        try:
            time.sleep(60)
        except KeyboardInterrupt:
            interrupt.begin_telling()
            sys.stderr.write("Interrupted. Written: the policy of key k.\\n")
            sys.stdout.write("x" * 100_000)
    sys.stdout.write("x")
    return 0
main.main = answer
main.run()
"""


@pytest.mark.parametrize("command", ["link", "settle"])
def test_an_interruption_waits_for_no_reader_of_the_answer_and_says_what_was_written(command: str) -> None:
    """The pipe is full: ``link`` has its answer ready, ``settle`` is told of the signal before."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    with suppress(BlockingIOError):
        while os.write(writes, b"x" * 4096):
            pass
    os.set_blocking(writes, True)
    with subprocess.Popen(
        [sys.executable, "-c", UNREAD, command], cwd=ROOT, stdout=writes, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        assert process.stderr.readline() == "ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=20)
        finally:
            process.kill()
            os.close(reads)
            os.close(writes)
    assert (process.returncode, told) == (130, "Interrupted. Written: the policy of key k.\n")
