"""Waiting, questions, copies of what is overwritten, and changing nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from fcsse.cli.options.factory import option
from fcsse.durations import seconds_in

SAFETY = "Waiting and safety"


def parse_duration(text: str) -> float:
    """Seconds in a duration such as 90, 90s, 5m, 1h30m."""
    seconds = seconds_in(text)
    if seconds is None:
        message = f"{text!r} is not a duration such as 30s, 5m or 1h30m"
        raise typer.BadParameter(message)
    return seconds


def parse_digest(text: str) -> str:
    """A plan's digest."""
    if not re.fullmatch(r"[0-9a-f]{16}", text.strip().lower()):
        message = f"{text!r} is not a digest: 16 hexadecimal digits, as a dry run prints them"
        raise typer.BadParameter(message)
    return text.strip().lower()


DryRun = Annotated[
    bool,
    option("--dry-run", help="Read, plan, and show the diff and the plan's digest; write nothing.", group=SAFETY),
]
Expect = Annotated[
    str | None,
    option(
        "--expect",
        help="Apply only if the plan still has the digest that a dry run printed.",
        group=SAFETY,
        metavar="DIGEST",
        parser=parse_digest,
        show_default=False,
    ),
]
Yes = Annotated[
    bool,
    option(
        "--yes", "-y", help="Do not ask, and apply the change. (Without a terminal, fcsse never asks.)", group=SAFETY
    ),
]
Wait = Annotated[
    float,
    option(
        "--wait",
        help="How long to wait for a role that does not exist yet, and for AWS to show the change; 0: do not wait.",
        group=SAFETY,
        metavar="DURATION",
        parser=parse_duration,
    ),
]
Settle = Annotated[
    float | None,
    option(
        "--settle",
        help="Afterwards, wait up to so long for CloudTrail's record, and give back what the write overwrote, as settle does.",
        group=SAFETY,
        metavar="DURATION",
        parser=parse_duration,
        show_default=False,
    ),
]
BackupDir = Annotated[
    Path | None,
    option(
        "--backup-dir",
        help="Where policies are saved before a write. Default: this platform's state folder.",
        group=SAFETY,
        metavar="DIR",
        show_default=False,
    ),
]
NoBackup = Annotated[
    bool,
    option("--no-backup", help="Write without saving the old policy first.", group=SAFETY),
]


class Review(NamedTuple):
    """What stands between a plan and the write."""

    dry_run: DryRun = False
    expect: Expect = None
    yes: Yes = False


class Writing(NamedTuple):
    """How long a run waits for AWS, in seconds, and where it keeps copies of what it overwrites."""

    wait: Wait = "5m"  # type: ignore[assignment]  # Typer parses it
    backup_dir: BackupDir = None
    no_backup: NoBackup = False


READING = Writing(wait=0.0)
"""Of a run that writes nothing; it may read the copies."""
