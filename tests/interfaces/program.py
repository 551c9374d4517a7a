"""A program that uses the library: with a session of its own, hearing progress, and nothing on the screen."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest

import fcsse
from fcsse.sandbox import Sandbox
from tests.simulated import Shell


@dataclass
class Heard:
    """A progress hook."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    parts: list[tuple[int, int]] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, done: int, total: int) -> None:
        self.parts.append((done, total))


@dataclass
class Program:
    """A program with credentials of its own: nothing about AWS is in the environment."""

    sandbox: Sandbox
    folder: Path
    heard: Heard = field(default_factory=Heard)

    def session(self, account: str = "main") -> boto3.Session:
        who = self.sandbox.credentials(account)
        return boto3.Session(who.access_key, who.secret, region_name=self.sandbox.region)

    def settings(self, **more: typing.Any) -> fcsse.Settings:
        given = {"session": self.session(), "wait": 20.0, "backup_dir": self.folder / "backups", "progress": self.heard}
        return fcsse.Settings(**{**given, "endpoint_url": self.sandbox.url, **more})

    @property
    def writes(self) -> list[str]:
        """The calls that change a policy or a grant."""
        writing = ("kms:Put", "kms:CreateGrant", "kms:R")
        return [one.operation for one in self.sandbox.requests if one.operation.startswith(writing)]


@pytest.fixture
def program(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, no_waiting: None) -> Program:
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return Program(shell.sandbox, tmp_path)


@pytest.fixture(autouse=True)
def silence(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """The library prints nothing, whatever happens."""
    yield
    assert capsys.readouterr() == ("", "")
