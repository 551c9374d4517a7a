"""Ctrl-C in the middle of an audit, as a process of its own: it ends at once, says what was written, leaves nothing half."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.simulated import Shell


def interrupted(shell: Shell, operation: str, *words: str) -> tuple[str, str, float]:
    """What an audit says that hears of Ctrl-C once AWS was asked for that, and how long that takes it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fcsse", "audit", *words],
        env={**inherited, **shell.sandbox.env()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 20
    while not shell.sandbox.requests.count(operation) and time.monotonic() < end:
        time.sleep(0.02)
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    return out, err, time.monotonic() - start


def test_while_reading_the_answer_is_one_document_and_no_page_is_written(shell: Shell, tmp_path: Path) -> None:
    shell.sandbox.requests.clear()
    shell.sandbox.fault("s3:GetBucketEncryption", delay=20, times=None)
    page = tmp_path / "audit.html"
    out, err, seconds = interrupted(shell, "fsx:DescribeDataRepositoryAssociations", "-o", "json", "--html", str(page))
    found = json.loads(out)
    assert (found["exit_code"], found["error"]["code"]) == (130, "interrupted")
    assert "Nothing was written" in err
    assert "Traceback" not in err
    assert not page.exists()
    assert seconds < 19, "it waited for the answer"


@pytest.mark.nightly
def test_while_fixing_it_says_what_is_written_and_again_does_the_rest(shell: Shell) -> None:
    shell.sandbox.requests.clear()

    shell.sandbox.fault("kms:PutKeyPolicy", delay=15, times=None)
    out, err, seconds = interrupted(shell, "kms:PutKeyPolicy", "--fix", "--yes", "-o", "json")
    found = json.loads(out)
    assert (found["exit_code"], found["changed"]) == (130, True)
    assert "policy of key" in err
    assert "Run the same command again" in err
    assert seconds < 14, "it waited for the answer"
    shell.sandbox.faults.clear()
    assert "8 of 10 pairs have access now." in shell.run("audit", "--fix", "--yes").out
