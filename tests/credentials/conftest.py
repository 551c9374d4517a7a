"""A simulated AWS, endpoints that hand out credentials, and the command line as a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fcsse.sandbox import Sandbox
from fcsse.sandbox.authorize import ALLOW_ALL
from scripts.campaigning.process_pool import Nursery
from tests.credentials.endpoints import ACCESS_TOKEN, ROLE, Endpoints, in_an_hour, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fcsse.sandbox.build import Credentials

ROOT = Path(__file__).parents[2]
START_URL = "https://example.awsapps.com/start"


@dataclass(frozen=True)
class Ended:
    """What a run of the command line came to, and the AWS calls that it made, in order."""

    code: int
    out: str
    err: str
    operations: tuple[str, ...]
    callers: frozenset[str]

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


@dataclass
class Operator:
    """Somebody with a home folder of her own, nothing of AWS in the environment but what she sets in ``env``."""

    sandbox: Sandbox
    endpoints: Endpoints
    home: Path
    role: str
    keys: Credentials
    nursery: Nursery | None = None
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        url, sandbox = self.endpoints.url, self.sandbox
        (self.home / ".aws" / "sso" / "cache").mkdir(parents=True)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "NO_PROXY": "127.0.0.1",
            "AWS_ENDPOINT_URL": sandbox.url,
            "AWS_ENDPOINT_URL_SSO": url,
            "AWS_ENDPOINT_URL_SSO_OIDC": url,
            "AWS_REGION": sandbox.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def config(self, text: str) -> None:
        """Writes the config file."""
        (self.home / ".aws" / "config").write_text(text, encoding="utf-8")

    def shared(self, profile: str, keys: Credentials) -> None:
        """Adds a profile to the shared credentials file."""
        with (self.home / ".aws" / "credentials").open("a", encoding="utf-8") as file:
            file.write(f"[{profile}]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret}\n")
            if keys.token:
                file.write(f"aws_session_token = {keys.token}\n")

    def sso_token(self, session: str, hours: float, **more: str) -> None:
        """What ``aws sso login`` leaves behind: ``session`` is the sso-session's name, or the start URL without one."""
        expires = datetime.now(UTC) + timedelta(hours=hours)
        found = {"startUrl": START_URL, "region": "eu-west-1", "accessToken": ACCESS_TOKEN, "expiresAt": stamp(expires)}
        name = hashlib.sha1(session.encode()).hexdigest()
        path = self.home / ".aws" / "sso" / "cache" / f"{name}.json"
        path.write_text(json.dumps({**found, **more}), encoding="utf-8")

    def set(self, keys: Credentials) -> None:
        """Credentials in the environment."""
        self.env |= {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret}
        if keys.token:
            self.env["AWS_SESSION_TOKEN"] = keys.token

    def run(self, *words: str, env: Mapping[str, str] | None = None) -> Ended:
        """Runs ``fcsse`` without a terminal, in a process of its own; where that can be, in one that need not import."""
        before = len(self.sandbox.requests)
        whole = {**self.env, **(env or {})}
        if self.nursery is not None and "PYTHONPATH" not in whole:
            child = self.nursery.start(words, whole, alone=True)
            code, out, err = child.wait(), child.out, child.err
        else:
            run = subprocess.run(
                [sys.executable, "-m", "fcsse", *words],
                env=whole,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            code, out, err = run.returncode, run.stdout, run.stderr
        made = list(self.sandbox.requests)[before:]
        callers = frozenset(entry.caller for entry in made if not entry.operation.startswith("sts:AssumeRole"))
        return Ended(code, out, err, tuple(entry.operation for entry in made), callers)


@pytest.fixture(scope="package")
def small_world() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="package")
def current_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A link to the home of whoever runs commands: botocore settles where it keeps tokens when it is imported."""
    return tmp_path_factory.mktemp("homes") / "current"


@pytest.fixture(scope="package")
def nursery(tmp_path_factory: pytest.TempPathFactory, current_home: Path) -> Iterator[Nursery | None]:
    """Where processes are forked; None on Windows, which cannot."""
    if sys.platform == "win32":
        yield None
        return
    with Nursery(tmp_path_factory.mktemp("output"), current_home) as started:
        yield started


@pytest.fixture
def operator(small_world: Sandbox, nursery: Nursery | None, current_home: Path, tmp_path: Path) -> Iterator[Operator]:
    """Somebody who may use the role ``Operator`` of the cache's account, which may do everything."""
    if nursery is not None:
        current_home.unlink(missing_ok=True)
        current_home.symlink_to(tmp_path)
    small_world.reset()
    role = small_world.add_role(ROLE, trust=small_world.account, policy=ALLOW_ALL)
    keys = small_world.assume_role(role)
    with Endpoints(keys, small_world.url) as endpoints:
        yield Operator(small_world, endpoints, tmp_path, role, keys, nursery)


__all__ = ["START_URL", "Ended", "Operator", "current_home", "in_an_hour", "nursery", "operator", "small_world"]
