"""``fcsse --version -v``: what a report of a defect needs. Asks AWS nothing, and shows no setting's value."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from fcsse import __version__
from fcsse.cli.output.lines import visible
from fcsse.state_folder import default_folder

LIBRARIES = ("boto3", "botocore", "typer", "rich", "platformdirs", "moto")


def report_lines() -> list[str]:
    """What ``--version -v`` prints. Of AWS_* and FCSSE_* variables it tells the names alone."""
    lines = [
        f"fcsse {__version__}",
        f"Python {platform.python_version()} ({platform.python_implementation()}) at {sys.executable}",
        f"platform {platform.platform()}",
    ]
    for name in LIBRARIES:
        try:
            lines.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            lines.append(f"{name} not installed")
    given = os.environ.get("FCSSE_BACKUP_DIR")
    where = "set by FCSSE_BACKUP_DIR" if given else str(default_folder()).replace(str(Path.home()), "~", 1)
    names = sorted(name for name in os.environ if name.startswith(("AWS_", "FCSSE_")))
    return [*lines, f"backups {where}", visible(f"variables set {', '.join(names) or 'none'}")]
