"""The other evaluator: installed from npm into a folder of its own, and asked over a pipe."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Any

PACKAGE = "@cloud-copilot/iam-simulate"
SCRIPT = Path(__file__).with_name("simulate.mjs")


def install(folder: Path) -> str:
    """Installs the package unless it is there; returns its version. Raises ``CalledProcessError``."""
    manifest = folder / "node_modules" / PACKAGE / "package.json"
    if not manifest.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}\n')
        subprocess.run(["npm", "install", "--silent", "--no-fund", "--no-audit", PACKAGE], cwd=folder, check=True)
    version: str = json.loads(manifest.read_text())["version"]
    return version


class OtherEvaluator:
    """A running process. ``ask`` takes many questions and returns their answers in order."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[list[str]]:
        """For each question one result a context. Raises ``RuntimeError`` where the evaluator failed."""
        assert self._process.stdout
        writer = Thread(target=self._write, args=(questions,))
        writer.start()  # beside the reading: both pipes are short
        found = []
        for _ in questions:
            line = self._process.stdout.readline()
            answer = json.loads(line) if line else {"error": "it ended"}
            if not isinstance(answer, list):
                raise RuntimeError(answer["error"])
            found.append(answer)
        writer.join()
        return found

    def _write(self, questions: Sequence[dict[str, Any]]) -> None:
        assert self._process.stdin
        for question in questions:
            self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()
