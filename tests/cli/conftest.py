"""One simulated AWS for all tests of the command line, back at its start for each, and waits in virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fcsse.apply import policy_writer
from fcsse.sandbox import Sandbox
from tests.cli.shell import Shell, VirtualTime
from tests.no_sockets import no_sockets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package")
def running_sandbox() -> Iterator[Sandbox]:
    """Runs as long as this folder's tests do: a process runs one sandbox at a time."""
    with Sandbox() as sandbox, no_sockets(sandbox):
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The ready-made small world, as nobody has touched it."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> VirtualTime:
    """Waits that pass at once."""
    virtual = VirtualTime()
    virtual.install(monkeypatch)
    # On a busy machine the second reading before a write may take longer than the product gives it.
    monkeypatch.setattr(policy_writer, "GLANCE", 10.0, raising=False)
    return virtual


@pytest.fixture
def shell(
    sandbox: Sandbox,
    clock: VirtualTime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Shell:
    """The command line, run in this process."""
    return Shell(sandbox, monkeypatch, capsys, tmp_path, clock)


@pytest.fixture
def idle(
    running_sandbox: Sandbox,
    clock: VirtualTime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> Shell:
    """The command line for words that never reach AWS: whatever the sandbox holds, nothing is asked of it."""
    return Shell(running_sandbox, monkeypatch, capsys, tmp_path, clock)
