"""Waiting, questions, copies of what is overwritten, and changing nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

SAFETY = "Waiting and safety"


def parse_duration(text: str) -> float:
    """Seconds in a duration such as 90, 90s, 5m, 1h30m."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip(), re.ASCII)
    if not text.strip() or parts is None:
        message = f"{text!r} is not a duration such as 30s, 5m or 1h30m"
        raise typer.BadParameter(message)
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def parse_digest(text: str) -> str:
    """A plan's digest."""
    if not re.fullmatch(r"[0-9a-f]{16}", text.strip().lower()):
        message = f"{text!r} is not a digest: 16 hexadecimal digits, as a dry run prints them"
        raise typer.BadParameter(message)
    return text.strip().lower()


DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        envvar="FCSSE_DRY_RUN",
        help="Read, plan, and show the diff and the plan's digest; write nothing.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
Expect = Annotated[
    str | None,
    typer.Option(
        "--expect",
        metavar="DIGEST",
        envvar="FCSSE_EXPECT",
        parser=parse_digest,
        help="Apply only if the plan still has the digest that a dry run printed.",
        show_envvar=False,
        rich_help_panel=SAFETY,
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    typer.Option(
        "--yes",
        "-y",
        envvar="FCSSE_YES",
        help="Do not ask, and apply the change. (Without a terminal, fcsse never asks.)",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="DURATION",
        envvar="FCSSE_WAIT",
        parser=parse_duration,
        help="How long to wait for a role that does not exist yet, and for AWS to show the change; 0: do not wait.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
BackupDir = Annotated[
    Path | None,
    typer.Option(
        "--backup-dir",
        metavar="DIR",
        envvar="FCSSE_BACKUP_DIR",
        help="Where policies are saved before a write. Default: this platform's state folder.",
        show_envvar=False,
        rich_help_panel=SAFETY,
        show_default=False,
    ),
]
NoBackup = Annotated[
    bool,
    typer.Option(
        "--no-backup",
        envvar="FCSSE_NO_BACKUP",
        help="Write without saving the old policy first.",
        show_envvar=False,
        rich_help_panel=SAFETY,
    ),
]
