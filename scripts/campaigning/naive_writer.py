"""A writer that follows no protocol: reads a key's policy, appends a statement, puts it back; every so often.

As a program: ``python -m scripts.campaigning.naive_writer KEY SECONDS PAUSE``. It ends with its stdin, and prints a line for
each statement that KMS took.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

from scripts.campaigning.process_pool import ROOT


class Foreign:
    """Such a writer as a process. ``written`` are the Sids that KMS took, once it has stopped."""

    def __init__(self, env: Mapping[str, str], key: str, every: float, pause: float) -> None:
        self.written: list[str] = []
        self._words = [sys.executable, "-m", "scripts.campaigning.naive_writer", key, str(every), str(pause)]
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | dict(env)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._words, cwd=ROOT, env=self._env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        self.written.append(self._process.stdout.readline().strip())
        return self

    def __exit__(self, *_: object) -> None:
        out, _ = self._process.communicate("", timeout=30)
        self.written += out.split()


def main() -> None:
    """Writes until stdin ends."""
    import botocore.session
    from botocore.config import Config

    key, every, pause = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
    client = botocore.session.Session().create_client("kms", config=Config(retries={"total_max_attempts": 1}))
    number, due = 0, time.monotonic()
    while not select.select([0], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + every, time.monotonic())
        document = json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
        number += 1
        statement = {
            "Sid": f"F{number}",
            "Effect": "Deny",
            "Principal": "*",
            "Action": f"kms:F{number}",
            "Resource": "*",
        }
        found = document["Statement"]
        document["Statement"] = [*(found if isinstance(found, list) else [found]), statement]
        time.sleep(pause)
        client.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document, separators=(",", ":")))
        print(f"F{number}", flush=True)


if __name__ == "__main__":
    main()
