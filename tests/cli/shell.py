"""The command line run in this process against the simulated AWS, and what is to be seen afterwards."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

from fcsse.cli.main import main
from fcsse.clock import SystemClock
from tests.no_waiting import slow_background

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from fcsse.sandbox import Credentials, Sandbox

WRITES = frozenset({"kms:PutKeyPolicy", "kms:CreateGrant", "kms:RevokeGrant", "kms:RetireGrant"})


@dataclass(frozen=True)
class Run:
    """What a command came to: exit code, what it printed, and the AWS calls it made, in order."""

    code: int
    out: str
    err: str
    operations: tuple[str, ...]

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON document on stdout; fails where there is anything else."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document

    @property
    def words(self) -> str:
        """Everything it printed."""
        return self.out + self.err

    @property
    def digest(self) -> str:
        """The plan's digest, from the last line of a dry run."""
        return self.out.rsplit("Digest: ", 1)[1].strip()

    @property
    def diff(self) -> list[str]:
        """The lines of the diffs, apart from everything around them."""
        marks = ("+", "-", "@@")
        return [line for line in self.out.splitlines() if line.startswith(marks)]

    def count(self, operation: str) -> int:
        """How often a call was made."""
        return self.operations.count(operation)


@dataclass
class VirtualTime:
    """Stands in for the machine's clock: waits pass at once, and are counted. Nothing else takes any time."""

    slept: float = 0.0

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Takes the place of sleeping and of the time, for every clock of the product."""
        patch.setattr(SystemClock, "sleep", lambda _, seconds: self._sleep(seconds))
        patch.setattr(SystemClock, "monotonic", lambda _: self.slept)
        patch.setattr(SystemClock, "now", lambda _: datetime.now(UTC) + timedelta(seconds=self.slept))
        slow_background(patch)

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds


@dataclass
class Shell:
    """Runs ``fcsse`` as the cache account's administrator, unless told otherwise, with nothing else in the environment."""

    sandbox: Sandbox
    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    state: Path
    clock: VirtualTime

    def run(
        self,
        *words: str,
        credentials: Credentials | None = None,
        side: str = "main",
        region: str | None = None,
        without: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
        **more: str,
    ) -> Run:
        """Runs it with these words; ``env`` and ``more`` are on top of the environment, ``without`` is missing from it."""
        settings = {
            "XDG_STATE_HOME": str(self.state),
            "HOME": str(self.state),
            "COLUMNS": "100",
            **self.sandbox.env(side, credentials=credentials, region=region),
            **(env or {}),
            **more,
        }
        with self.patch.context() as patch:
            for name in [name for name in os.environ if name.startswith(("AWS_", "FCSSE_"))]:
                patch.delenv(name)
            for name, value in settings.items():
                if name not in without:
                    patch.setenv(name, value)
            self.capsys.readouterr()
            before = len(self.sandbox.requests)
            code = main(list(words))
            caught = self.capsys.readouterr()
        return Run(code, caught.out, caught.err, tuple(self.sandbox.requests.operations[before:]))

    def link(self, cache: str, bucket: str, *words: str, **how: Any) -> Run:
        """``fcsse link`` for one pair."""
        return self.run("link", "--cache", cache, "--bucket", bucket, *words, **how)

    def unlink(self, cache: str, bucket: str, *words: str, **how: Any) -> Run:
        """``fcsse unlink`` for one pair."""
        return self.run("unlink", "--cache", cache, "--bucket", bucket, *words, **how)

    def linked(self, cache: str, bucket: str, *words: str) -> Run:
        """As ``link``, and it must have worked."""
        run = self.link(cache, bucket, *words)
        assert run.code == 0, run.words
        return run

    def user(self, policy: Mapping[str, Any], *, account: str | None = None) -> Credentials:
        """Somebody who has this IAM policy and nothing else."""
        return self.sandbox.add_user(f"somebody-{len(self.sandbox.requests)}", policy, account=account)

    # what AWS holds

    def statements(self, key: str) -> list[dict[str, Any]]:
        """The statements of a key's policy now."""
        found = self.sandbox.policy(key)["Statement"]
        return found if isinstance(found, list) else [found]

    def last(self, key: str) -> dict[str, Any]:
        """The last statement of a key's policy."""
        return self.statements(key)[-1]

    def hold_readings(self, nth: int, times: int = 1, *, after: bool = False) -> None:
        """Holds these calls of GetKeyPolicy until a policy was put; ``after``: their answers, to what was there before."""
        put = Event()
        self.sandbox.fault("kms:PutKeyPolicy", times=None, after=True, hook=lambda _: put.set())
        self.sandbox.fault("kms:GetKeyPolicy", nth=nth, times=times, after=after, hook=lambda _: put.wait(20))

    def append(self, key: str, *added: Mapping[str, Any], verbatim: bool = False) -> None:
        """Somebody adds statements to a key's policy by hand."""
        policy = self.sandbox.policy(key)
        self.sandbox.put_policy(
            key, {**policy, "Statement": [*self.statements(key), *map(dict, added)]}, verbatim=verbatim
        )

    def sent(self) -> list[str]:
        """The policy texts that were sent with PutKeyPolicy, in order."""
        return [str(entry.parameters["Policy"]) for entry in self.sandbox.requests.of("kms:PutKeyPolicy")]

    def grants(self, key: str) -> list[dict[str, Any]]:
        """The grants on a key, as its owner's ListGrants shows them."""
        found = self.sandbox.key(key)
        kms = self.sandbox.client("kms", region=found.region, account=found.account)
        grants: list[dict[str, Any]] = kms.list_grants(KeyId=found.arn)["Grants"]
        return grants

    def works(self, cache: str, bucket: str, name: str = "hello.txt") -> tuple[bool, bool]:
        """Can the cache read an object of the bucket, and write one?"""
        player = self.sandbox.cache(cache)
        return player.read(bucket, name).allowed, player.write(bucket, "written.txt").allowed

    # what is on disk

    @property
    def backups(self) -> list[dict[str, Any]]:
        """The saved policies, oldest first."""
        return [json.loads(path.read_text(encoding="utf-8")) for path in self.backup_files]

    @property
    def backup_files(self) -> list[Path]:
        """Their files."""
        return sorted((self.state / "fcsse" / "backups").glob("*.json"))
