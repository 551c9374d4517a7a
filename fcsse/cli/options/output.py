"""Forms of the answer, and how much is told beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from fcsse.cli.options.factory import option

OUTPUT = "Output"


class Output(StrEnum):
    """Forms of the answer."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class HistoryOutput(StrEnum):
    """Forms of the answer of ``history``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"


class AuditOutput(StrEnum):
    """Forms of the answer of ``audit``."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    CSV = "csv"
    SARIF = "sarif"


def parse_verbosity(text: str | int) -> int:
    """How much is told: a number, or yes or no."""
    words = {"true": 1, "yes": 1, "on": 1, "false": 0, "no": 0, "off": 0}
    try:
        return words[word] if (word := str(text).strip().lower()) in words else int(word)
    except ValueError:
        message = f"{text!r} is not a number such as 1 (log each step) or 2 (also tracebacks)"
        raise typer.BadParameter(message) from None


OutputOption = Annotated[
    Output,
    option("--output", "-o", help="Form of the answer on standard output.", group=OUTPUT),
]
Observed = Annotated[
    bool,
    option(
        "--observed",
        help="Also show what CloudTrail recorded of the cache's calls to KMS in the last 90 days, and whether that agrees with "
        "the verdict. Exit code 3 where it does not and no change of the key explains it.",
        group=OUTPUT,
    ),
]
ExitCode = Annotated[
    bool,
    option("--exit-code", help="With --dry-run: exit 3 when there is something to do.", group=OUTPUT),
]
Verbose = Annotated[
    int,
    option(
        "--verbose",
        "-v",
        help="Log each step; -vv also prints tracebacks.",
        group=OUTPUT,
        count=True,
        parser=parse_verbosity,
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    option("--quiet", "-q", help="Only the result, warnings of a write, and errors.", group=OUTPUT),
]
NoColor = Annotated[
    bool,
    option("--no-color", help="No colours; NO_COLOR is honoured too.", group=OUTPUT),
]


class Verbosity(NamedTuple):
    """How much is told, and whether in colour."""

    verbose: Verbose = 0
    quiet: Quiet = False
    no_color: NoColor = False
