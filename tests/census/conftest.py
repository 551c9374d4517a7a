"""A simulated AWS, and the command line run against it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fcsse.cli.main import main
from fcsse.sandbox import Sandbox
from fcsse.sandbox.accounts import Credentials
from tests.no_sockets import no_sockets
from tests.no_waiting import no_waiting

__all__ = ["no_waiting"]


@dataclass
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass
class Shell:
    sandbox: Sandbox
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str, credentials: Credentials | None = None) -> Run:
        """Runs ``fcsse`` in this process."""
        for name, value in self.sandbox.env(credentials=credentials).items():
            self.monkeypatch.setenv(name, value)
        self.capsys.readouterr()
        code = main(list(words))
        caught = self.capsys.readouterr()
        return Run(code, caught.out, caught.err)

    def census(self, bucket: str, *words: str, credentials: Credentials | None = None) -> Run:
        """``fcsse census`` with JSON as its answer."""
        return self.run("census", "--bucket", bucket, "-o", "json", *words, credentials=credentials)

    def mend(self, remedies: list[str]) -> None:
        """Runs each remedy as it is printed; those of the AWS CLI by boto3, which takes the same words."""
        for remedy in remedies:
            program, *words = shlex.split(remedy)
            if program == "fcsse":
                run = self.run(*words, "--wait", "0")
                assert run.code == 0, (remedy, run.err)
                continue
            service, command, _, key, _, region = words
            account = key.split(":")[4]
            client = self.sandbox.client(service, region, account)
            getattr(client, command.replace("-", "_"))(KeyId=key)


@pytest.fixture(scope="package")
def running() -> Iterator[Sandbox]:
    with Sandbox() as sandbox, no_sockets(sandbox):
        yield sandbox


@pytest.fixture
def shell(
    running: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Shell:
    running.reset()
    monkeypatch.setenv("FCSSE_BACKUP_DIR", str(tmp_path / "backups"))
    return Shell(running, monkeypatch, capsys)


@pytest.fixture(autouse=True)
def _at_once(no_waiting: None) -> None:
    """No test here is about waiting."""
