"""Forms of the answer, and how much is told beside it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

OUTPUT = "Output"


class Output(StrEnum):
    """Forms of the answer."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


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
    typer.Option(
        "--output",
        "-o",
        envvar="FCSSE_OUTPUT",
        help="Form of the answer on standard output.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
Observed = Annotated[
    bool,
    typer.Option(
        "--observed",
        envvar="FCSSE_OBSERVED",
        help="Also show what CloudTrail recorded of the cache's calls to KMS in the last 90 days, and whether that agrees with "
        "the verdict. Exit code 3 where it does not and no change of the key explains it.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
ExitCode = Annotated[
    bool,
    typer.Option(
        "--exit-code",
        envvar="FCSSE_EXIT_CODE",
        help="With --dry-run: exit 3 when there is something to do.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        parser=parse_verbosity,
        envvar="FCSSE_VERBOSE",
        help="Log each step; -vv also prints tracebacks.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
        show_default=False,
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        envvar="FCSSE_QUIET",
        help="Only the result, warnings of a write, and errors.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
NoColor = Annotated[
    bool,
    typer.Option(
        "--no-color",
        envvar="FCSSE_NO_COLOR",
        help="No colours; NO_COLOR is honoured too.",
        show_envvar=False,
        rich_help_panel=OUTPUT,
    ),
]
