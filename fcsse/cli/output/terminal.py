"""Screen and keyboard: styled lines, questions, and a spinner that names the step.

Text from AWS is never markup: it goes to the screen as ``lines`` show it.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from fcsse.cli.output.lines import (
    Line,
    Style,
    broken,
    line,
    printable_answer,
    prose,
    shown,
    visible,
    warning,
    without_log_commands,
    wrapped,
)
from fcsse.errors import DeniedError, FcsseError
from fcsse.masking import mask_exception, mask_here

NEED_PERMISSIONS = ("link", "unlink", "check", "audit", "census", "restore", "history", "settle")
"""The commands that ``fcsse permissions`` knows."""


def is_terminal(stream: TextIO | None) -> bool:
    """Is somebody there? A stream that the caller closed is None."""
    return stream is not None and not stream.closed and stream.isatty()


def columns(stream: TextIO | None = None) -> int:
    """The width there is, of a stream that is a terminal; where nobody says, one that logs and editors show."""
    if stream is not None and not os.environ.get("COLUMNS"):
        with suppress(OSError, ValueError):
            return os.get_terminal_size(stream.fileno()).columns or 120
    return shutil.get_terminal_size((120, 24)).columns


def in_ci() -> bool:
    """Does the environment say that this is a CI job?"""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


_LOGS = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION")
"""Variables by which CI jobs are known; TF_BUILD is that of Azure Pipelines."""


def _for_log(text: str) -> str:
    """Text of others is no command to the runner of a CI job."""
    return without_log_commands(text) if any(os.environ.get(name) for name in _LOGS) else text


def _line_for_log(parts: Line) -> Line:
    """The same for a line, which may go to a terminal that the job has made for it."""
    whole = "".join(text for text, _ in parts)
    safe = _for_log(whole)
    return parts if safe == whole else line(safe)


def write_answer(text: str) -> None:
    """Writes a whole answer to stdout. Nothing of a policy, an event or a name moves a cursor, and none fails to be written."""
    sys.stdout.write(_for_log(printable_answer(text, sys.stdout.encoding or "utf-8")))


@dataclass(slots=True)
class Terminal:
    """Where the answer and everything beside it go."""

    quiet: bool = False
    verbose: int = 0
    no_color: bool = False
    command: str = ""
    silent: bool = False
    """``-q`` was given; ``quiet`` also stands for an answer that is a document."""

    def _colours(self, stream: TextIO) -> bool:
        plain = self.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not plain and is_terminal(stream)

    def print(self, lines: Iterable[Line], *, err: bool = False) -> None:
        """Prints lines: the answer to stdout, with ``err`` what is beside it to stderr.

        What cannot be written to stderr is lost, and nothing else: nobody may be reading it.
        """
        if not err:
            self._print(lines, sys.stdout)
            return
        with suppress(OSError):
            self._print(lines, sys.stderr)

    def _print(self, lines: Iterable[Line], stream: TextIO) -> None:
        printed: list[Line] = [
            type(parts)((shown(text) if not at else visible(text), style) for at, (text, style) in enumerate(parts))
            for parts in lines
        ]
        if is_terminal(stream):
            room = columns(stream)
            printed = [part for parts in printed for part in broken(parts, room)]
        printed = [_line_for_log(parts) for parts in printed]
        if not self._colours(stream):
            for parts in printed:
                text = "".join(text for text, _ in parts) + "\n"
                stream.write(
                    text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8")
                )
            stream.flush()
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(file=stream, highlight=False, soft_wrap=True)
        for parts in printed:
            console.print(Text.assemble(*parts), soft_wrap=True)

    def say(self, text: str, style: Style = "") -> None:
        """A message beside the answer, unless quiet."""
        if not self.quiet:
            self.print([prose((mask_here(text), style))], err=True)

    def warn(self, text: str) -> None:
        """A warning; quiet does not silence it."""
        self.print(warning(mask_here(text)), err=True)

    def fail(self, message: str, hint: str, aws_text: str = "") -> None:
        """An error, what AWS answered, and what to do next."""
        # A line of a hint that begins with a sign, such as a brace, is to be copied.
        hints = [prose(part) if part[:1].isalpha() else line(part) for part in hint.split("\n") if part]
        answered = [prose(f"AWS says: {aws_text}")] if aws_text else []
        self.print([prose(("Error: ", "bold red"), message), *answered, *hints], err=True)

    def tell(self, error: FcsseError) -> None:
        """As ``fail``, and with ``-vv`` where the error comes from."""
        self.trace(error)
        self.fail(error.own_text, self.hint(error), error.aws_text)

    def hint(self, error: FcsseError) -> str:
        """What to do next; where a permission is missing, also how to see all that the command needs."""
        if not isinstance(error, DeniedError) or self.command not in NEED_PERMISSIONS or error.names_all_permissions:
            return error.hint
        return f"{error.hint}\nSee all permissions that {self.command} needs: fcsse permissions {self.command}"

    def trace(self, error: FcsseError) -> None:
        """Where an error comes from, with ``-vv``."""
        if self.verbose >= 2:
            self.trace_any(error)

    def trace_any(self, error: BaseException) -> None:
        """The traceback of any error, on stderr, without secrets."""
        mask_exception(error)
        self.print([line(row) for row in mask_here("".join(traceback.format_exception(error))).splitlines()], err=True)

    @property
    def asks(self) -> bool:
        """May a question be asked? Only where somebody can read and answer it."""
        return is_terminal(sys.stdin) and is_terminal(sys.stderr) and not in_ci()

    @property
    def shows_answer(self) -> bool:
        """Does whoever is asked see what a text answer prints? Not in a quiet run, nor where it goes to a file."""
        return not self.quiet and is_terminal(sys.stdout)

    def confirm(self, question: str) -> bool:
        """Asks on stderr, below a blank line; only a clear yes is one."""
        *before, last = wrapped(f"{visible(question)} [y/N]", columns(sys.stderr))
        self.print([line(""), *map(line, before)], err=True)
        answer = ""
        with suppress(OSError):  # a terminal that is gone answers nothing
            sys.stderr.write(f"{last} ")
            sys.stderr.flush()
            answer = sys.stdin.readline()
            if not answer.endswith("\n"):  # the end of the input: the cursor still stands behind the question
                sys.stderr.write("\n")
        return answer.strip().lower() in ("y", "yes")
