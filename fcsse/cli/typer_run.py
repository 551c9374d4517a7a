"""Runs a command through Typer, and tells of words that it does not understand."""

from __future__ import annotations

import os
import sys

import typer

from fcsse.cli import completion_scripts, explicit_options, interrupt
from fcsse.cli.app import app
from fcsse.cli.runtime import Runtime
from fcsse.errors import EXIT_INTERRUPTED, FcsseError, InterruptedRunError, UsageError


def run_commands(words: list[str], completion: str, runtime: Runtime | None) -> int:
    """Runs the words as a command line and returns the exit code. ``completion``: the variable by which a shell asks."""
    try:
        installed = completion_scripts.run(words, completion)
        if installed is not None:
            return installed
    except UsageError as error:
        return _told("fcsse", words, error)
    if words[:1] and not words[0].startswith("-") and completion not in os.environ:
        _warn_of_unknown_variables()
    interrupt.CURRENT.journal = None
    try:
        code = app(args=words, prog_name="fcsse", standalone_mode=False, obj=runtime)
    except typer.TyperException as error:
        usage = UsageError(_message(error), "See the options with --help.")
        return _told(words[0] if words else "fcsse", words, usage)
    except (typer.Abort, interrupt.OutsideSessionError):
        return _interrupted(words)
    return code if isinstance(code, int) else 0


def _warn_of_unknown_variables() -> None:
    """Tells of variables that are named as those of options are, and that nobody reads."""
    names = [name for name in os.environ if name.upper().startswith("FCSSE_")]
    if not names:
        return
    from fcsse.cli.known_variables import warnings_about
    from fcsse.cli.output.terminal import Terminal

    for text in warnings_about(names):
        Terminal().warn(text)


def _interrupted(words: list[str]) -> int:
    """Reports an interruption outside a session; the exit code. After one, the answer was given already."""
    if interrupt.CURRENT.journal is None and words:
        # Once telling has begun, the process is ended soon; the words may need an import first.
        message = f"{words[0]} was interrupted. {interrupt.CURRENT.told()}"
        return _told(words[0], words, InterruptedRunError(message, interrupt.AGAIN))
    interrupt.begin_telling()
    sys.stderr.write(f"Interrupted. {interrupt.CURRENT.told()}\n")
    return EXIT_INTERRUPTED


def _told(command: str, words: list[str], error: FcsseError) -> int:
    """Reports the error in the form that the words ask for; its exit code."""
    from fcsse.cli.session import tell_unread  # what a session needs is needed for no completion and no version

    tell_unread(command, words, error)
    return error.exit_code


def _message(error: typer.TyperException) -> str:
    """What is wrong with the words; of a value that was not typed, where it comes from."""
    said: str = error.format_message()
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    variable = getattr(parameter, "envvar", None)
    if parameter is None or context is None or variable is None or explicit_options.is_typed(context, parameter.name):
        return said
    return said.replace("Invalid value for ", f"Invalid value in {variable}, which stands for ", 1)
