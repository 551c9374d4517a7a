"""The console entry point: runs the command line and turns what comes out of it into an exit code.

Nothing is imported here before the garbage collector is made rarer, which makes the imports themselves quicker, and
Typer, at 40 ms, only for commands.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

from fcsse import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from fcsse.cli.runtime import Runtime

COLLECT_EVERY = 200_000
"""New objects between two garbage collections, instead of Python's 700: most runs end before the first.

Measured on ``check``: 10% of the processor time. A long audit still collects, so that its memory is bounded.
"""

COMPLETION = "_FCSSE_COMPLETE"
"""The environment variable by which Typer's shell completion asks."""


def main(arguments: list[str] | None = None, *, saved_help: bool = True, runtime: Runtime | None = None) -> int:
    """Runs the command line and returns the exit code.

    ``saved_help`` False: Typer writes the help texts anew. ``runtime``: another clock and other clients than the machine's.
    """
    words = sys.argv[1:] if arguments is None else arguments
    if words == ["--version"]:
        sys.stdout.write(f"fcsse {__version__}\n")
        return 0
    if COMPLETION in os.environ:
        from fcsse.cli.quick_completion import answer

        told = answer(COMPLETION, os.environ)
        if told is not None:
            sys.stdout.write(told[0])
            return told[1]
    elif words in ([], ["--help"], ["-h"]) or (saved_help and len(words) == 2 and words[1] in ("--help", "-h")):
        from fcsse.cli.overview import EXIT_WITHOUT_COMMAND, command_help, overview

        text = overview() if len(words) < 2 else command_help(words[0])
        if text is not None:
            sys.stdout.write(text)
            return 0 if words else EXIT_WITHOUT_COMMAND
    from fcsse.cli.typer_run import run_commands

    return run_commands(words, COMPLETION, runtime)


def run() -> None:
    """The console entry point.

    The process ends without tearing the interpreter down: that would wait for the threads whose requests nobody needs any
    more, for minutes where a server is silent. The answer is written out before, and copies of policies are on the disk
    as soon as they are made. Only here, because it is the whole process's business.
    """
    gc.set_threshold(COLLECT_EVERY)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end
    drain: Callable[[], None] | None = None
    try:
        is_help = sys.argv[1:2] in ([], ["--version"], ["--help"], ["-h"]) or sys.argv[2:] in (["--help"], ["-h"])
        if not is_help:
            from fcsse.cli import interrupt, stderr_writer

            stderr_writer.install()
            drain = stderr_writer.drain
            if not sys.argv[1].startswith("-"):
                interrupt.install()
        code = main()
    except KeyboardInterrupt:  # before any command began
        code = _interrupted()
    except BrokenPipeError:
        code = 141
    except OSError as error:  # commands tell of this themselves
        sys.stderr.write(f"Error: printing the answer: {error.strerror or error}\n")
        code = 1
    except SystemExit as ended:  # how Typer ends the completion of words
        if not isinstance(ended.code, int):
            raise
        code = ended.code
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except KeyboardInterrupt:  # while the answer waited for its reader
        code = _interrupted()
    except BrokenPipeError:  # nobody reads the answer to its end
        code = code or 141
    except OSError:  # the answer is lost, for want of room
        code = code or 1
    if drain is not None:
        drain()
    os._exit(code)


def _interrupted() -> int:
    """Says that the command was interrupted, and whether it had written anything by then; the exit code."""
    from fcsse.cli import interrupt

    interrupt.begin_telling()
    sys.stderr.write(f"Interrupted. {interrupt.CURRENT.told()}\n")
    return 130
