"""Where things are, and what has to be there: fcsse as users have it, the AWS CLI, jq.

fcsse is built as a wheel and installed into an environment of its own, so that the console script of an installed
package is measured and not a checkout; the AWS CLI v1 comes from the package index. Both are kept under ``.cache/bench``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "bench"
CONTENDERS = Path(__file__).resolve().parent / "contenders"


@dataclass(frozen=True, slots=True)
class Places:
    """``aws`` and ``jq`` are None where they cannot be had; ``missing`` says why."""

    python: Path
    fcsse: Path
    aws: Path | None
    jq: Path | None
    missing: tuple[str, ...]

    def environment(self, home: Path) -> dict[str, str]:
        """The surroundings of every measured process: nothing of the user's own settings."""
        tools = [path.parent for path in (self.aws, self.jq) if path]
        return {
            "PATH": os.pathsep.join(map(str, [*tools, Path("/usr/bin"), Path("/bin")])),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "FCSSE_BACKUP_DIR": str(home / "backups"),
        }


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def prepare(*, with_shell: bool = True) -> Places:
    """Installs what is not there yet. Ends the program where fcsse itself cannot be installed."""
    CACHE.mkdir(parents=True, exist_ok=True)
    own = CACHE / "fcsse"
    if not _stamped(own, _fingerprint()):
        say("Building fcsse's wheel and installing it under .cache/bench (once a change) ...")
        wheels = CACHE / "wheel"
        shutil.rmtree(wheels, ignore_errors=True)
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels))
        _make(own)
        _run(str(own / "bin" / "python"), "-m", "pip", *_PIP, "--force-reinstall", *map(str, wheels.glob("*.whl")))
        _stamp(own, _fingerprint())
    missing: list[str] = []
    aws = jq = None
    if with_shell:
        aws, jq = _aws(missing), shutil.which("jq")
        if jq is None:
            missing.append("jq was not found (Debian, Ubuntu: apt install jq): without the scripts of AWS CLI and jq.")
    return Places(own / "bin" / "python", own / "bin" / "fcsse", aws, Path(jq) if jq else None, tuple(missing))


_PIP = ("install", "-qq", "--disable-pip-version-check")


def _aws(missing: list[str]) -> Path | None:
    home = CACHE / "awscli"
    if not _stamped(home, "1"):
        say("Installing the AWS CLI v1 under .cache/bench (once) ...")
        try:
            _make(home)
            _run(str(home / "bin" / "python"), "-m", "pip", *_PIP, "awscli<2")
        except subprocess.CalledProcessError:
            missing.append(
                "The AWS CLI could not be installed from the package index: without the scripts that use it."
            )
            return None
        _stamp(home, "1")
    return home / "bin" / "aws"


def versions(places: Places) -> dict[str, str]:
    """Of everything that is compared."""
    code = (
        "import sys; from importlib.metadata import version as v; print(sys.version.split()[0], "
        "*(v(n) for n in ('fcsse', 'boto3', 'botocore', 'typer', 'rich')))"
    )
    found = _run(str(places.python), "-c", code).split()
    named = dict(zip(("python", "fcsse", "boto3", "botocore", "typer", "rich"), found, strict=True))
    if places.aws:
        named["awscli"] = _run(str(places.aws), "--version").split()[0].removeprefix("aws-cli/")
    if places.jq:
        named["jq"] = _run(str(places.jq), "--version").strip().removeprefix("jq-")
    return named


def _run(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _make(home: Path) -> None:
    if not (home / "bin" / "python").exists():
        _run(sys.executable, "-m", "venv", str(home))


def _fingerprint() -> str:
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for path in sorted((ROOT / "fcsse").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _stamped(home: Path, text: str) -> bool:
    stamp = home / ".bench-stamp"
    return stamp.exists() and stamp.read_text() == text


def _stamp(home: Path, text: str) -> None:
    (home / ".bench-stamp").write_text(text)
