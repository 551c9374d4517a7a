"""A simulated AWS, and the command line run against it as whoever the test says."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fcsse.cli.main import main
from fcsse.sandbox.build import Credentials
from fcsse.sandbox.server import Sandbox
from tests.no_sockets import no_sockets


@dataclass
class Run:
    """What a command came to."""

    code: int
    out: str
    err: str


@dataclass
class Shell:
    """Runs commands in this process, with nothing of the machine's own AWS settings."""

    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str, credentials: Credentials | None = None) -> Run:
        """Runs ``fcsse`` with these words, as the account's administrator unless told otherwise."""
        for name, value in self.sandbox.env(credentials=credentials).items():
            self.monkeypatch.setenv(name, value)
        self.capsys.readouterr()
        code = main(list(words))
        caught = self.capsys.readouterr()
        return Run(code, caught.out, caught.err)

    def run_with(self, policy: Mapping[str, Any], *words: str) -> Run:
        """Runs ``fcsse`` as a user who has this IAM policy and nothing else."""
        name = f"restricted-{len(self.sandbox.requests)}"
        return self.run(*words, credentials=self.sandbox.add_user(name, policy))


@pytest.fixture(scope="module")
def small_world() -> Iterator[Sandbox]:
    """The ready-made world, started once a module: a process runs one sandbox at a time."""
    with Sandbox() as sandbox, no_sockets(sandbox):
        yield sandbox


@pytest.fixture
def shell(
    small_world: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    small_world.reset()
    for name in [name for name in os.environ if name.startswith(("AWS_", "FCSSE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FCSSE_BACKUP_DIR", str(tmp_path / "backups"))
    return Shell(small_world, monkeypatch, capsys)
