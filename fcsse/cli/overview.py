"""The texts of ``fcsse --help`` and ``fcsse COMMAND --help``, printed without importing Typer, which would take most of the time.

The completion of command names takes the summaries, too, so that it imports no command, let alone botocore; a test holds
them to the commands' own.
"""

from __future__ import annotations

import os
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

WIDTH = 80
EXIT_WITHOUT_COMMAND = 2
"""As of every wrong usage; written here, since the module of errors is slower than this one."""

PURPOSE = "Give an Amazon File Cache, or an FSx for Lustre file system, access to the KMS key of its S3 bucket."


class Entry(NamedTuple):
    """Where a command is: its module, the function or Typer app in it, the examples; and its first sentence."""

    module: str
    name: str
    examples: str
    summary: str


COMMANDS = {
    "link": Entry("link", "link", "LINK_EXAMPLE", "Give a cache access to the KMS key of its bucket."),
    "unlink": Entry("link", "unlink", "UNLINK_EXAMPLE", "Take back exactly the access that link gives."),
    "check": Entry(
        "check",
        "check",
        "EXAMPLE",
        "Report whether a cache can read and write its bucket, and which statement or grant decides.",
    ),
    "audit": Entry(
        "audit",
        "audit",
        "EXAMPLE",
        "Judge every cache and file system of the account against every bucket it is linked to.",
    ),
    "backups": Entry(
        "backups",
        "backups",
        "EXAMPLE",
        "List the key policies saved before each change, newest first; with an ID, print that policy.",
    ),
    "restore": Entry(
        "restore",
        "restore",
        "EXAMPLE",
        "Put a saved key policy back, through the same diff, question, copy and confirmation as every change.",
    ),
    "history": Entry(
        "history",
        "history",
        "EXAMPLE",
        "List who changed a key policy or its grants, when and how, newest last; with an ID, print that policy.",
    ),
    "settle": Entry(
        "settle", "settle", "EXAMPLE", "Find what a write of fcsse overwrote, by CloudTrail's record, and give it back."
    ),
    "statement": Entry("statement", "statement", "EXAMPLE", "Print the statement, or the grant, that link would add."),
    "permissions": Entry(
        "permissions", "permissions", "EXAMPLE", "Print the least IAM policy that the caller of COMMAND needs."
    ),
    "census": Entry(
        "census",
        "census",
        "EXAMPLE",
        "Report which KMS keys and context forms the objects of a bucket use, and whether its caches can decrypt them.",
    ),
    "sandbox": Entry("fcsse.sandbox.command", "app", "", "A simulated AWS on this machine, for trying and for tests."),
}

OPTIONS = {
    "--version": "Print the version; with -v, all that a report of a defect needs.",
    "--install-completion": "Install completion for the current shell.",
    "--show-completion": "Show completion for the current shell, to copy it or customize the installation.",
    "-h, --help": "Show this message and exit; each command has its own.",
}

EXAMPLES = """\
Examples:
  fcsse link --cache fc-0123456789abcdef0 --bucket data --dry-run
  fcsse check --cache fc-0123456789abcdef0 --bucket data
  fcsse audit
  fcsse sandbox run -- fcsse link --cache fc-0123 --bucket data
"""


def overview() -> str:
    """The whole help."""
    purpose = fill(PURPOSE, WIDTH, initial_indent="  ", subsequent_indent="  ")
    commands = {name: entry.summary for name, entry in COMMANDS.items()}
    return (
        f"Usage: fcsse [OPTIONS] COMMAND [ARGS]...\n\n{purpose}\n\n"
        f"Commands:\n{_table(commands)}\n\nOptions:\n{_table(OPTIONS)}\n\n{EXAMPLES}"
    )


def _table(rows: Mapping[str, str]) -> str:
    column = max(map(len, rows))
    return "\n".join(
        fill(text, WIDTH, initial_indent=f"  {name:<{column}}  ", subsequent_indent=" " * (column + 4))
        for name, text in rows.items()
    )


def command_help(command: str) -> str | None:
    """The help of a command as ``scripts/readme`` saved it; None where Typer has to write it.

    That is for an unknown command, and for a terminal narrower than the saved text.
    """
    if command not in COMMANDS or get_terminal_size().columns < WIDTH:
        return None
    try:
        with open(os.path.join(os.path.dirname(__file__), "help", f"{command}.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib takes longer to import than the file to read
            return file.read()
    except OSError:
        return None
