"""From the words of the command line to a pipeline, and the one place where errors become exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import typer

from fcsse.apply.backup import places
from fcsse.apply.write_log import WriteLog
from fcsse.cli import explicit_options, interrupt
from fcsse.cli.options.aws import AwsSettings
from fcsse.cli.options.cross_account import BucketCredentials, GrantCredentials
from fcsse.cli.options.output import Output, Verbosity
from fcsse.cli.options.safety import READING, Writing
from fcsse.cli.output.documents import error_document, error_markdown, to_text
from fcsse.cli.output.spinner import PlainProgress, Spinner, progress_on
from fcsse.cli.output.terminal import Terminal, is_terminal, write_answer
from fcsse.cli.runtime import Runtime
from fcsse.errors import (
    EXIT_INTERRUPTED,
    EXIT_NO_READER,
    EXIT_UNEXPECTED,
    FcsseError,
    InterruptedRunError,
    UsageError,
)
from fcsse.pipeline import Pipeline
from fcsse.suggested_commands import CommandBuilder

if TYPE_CHECKING:
    from fcsse.aws.sessions import Clients

WRITERS = ("link", "unlink", "restore", "settle")
"""Commands of which every run may write. Such a run says in the end whether it did."""


class Credentials(NamedTuple):
    """Whose credentials for which side, and where AWS is."""

    own: AwsSettings = AwsSettings()
    bucket: BucketCredentials = BucketCredentials()
    grant: GrantCredentials = GrantCredentials()


@dataclass(slots=True)
class Session:
    """One run of one command."""

    command: str
    terminal: Terminal
    output: Output
    journal: WriteLog
    progress: Spinner | PlainProgress
    writes: bool
    signs_in_unattended: bool = True
    """Can the same credentials be found again without asking anybody? Known once there is a pipeline."""

    @property
    def changed(self) -> bool | None:
        """Was anything written, or may it have been? None: this run only reads."""
        return self.journal.wrote if self.writes else None

    @property
    def words(self) -> CommandBuilder:
        """How the next command is written: with the options of this one that it needs again."""
        profile, region, url, folder = map(explicit_options.setting, explicit_options.SETTINGS)
        stated = explicit_options.words(explicit_options.OF_BUCKET)
        return CommandBuilder(profile, url, region, explicit_options.words(), backup_dir=folder, stated=stated)

    def pipeline(self, credentials: Credentials, writing: Writing = READING) -> Pipeline:
        """The pipeline for these credentials. Nothing is asked of AWS unless a role is to be assumed."""
        from fcsse.aws.client import Aws

        runtime = explicit_options.runtime() or Runtime()
        here = credentials.own

        def clients(profile: str | None) -> Clients:
            made = runtime.clients(profile, here.region, here.endpoint_url, may_ask=self.terminal.asks)
            self.signs_in_unattended &= not made.sign_in.may_ask
            if made.sign_in.mfa_serial():  # botocore asks for the code on the terminal, where nothing else may move
                self.progress.stop()
                made.sign_in.check()
                self.progress = progress_on(self.terminal)
            return made

        own = clients(here.profile)
        sides = (credentials.bucket, credentials.grant)
        bucket, grant = [(clients(profile) if profile else None, role) for profile, role in sides]
        words = self.words
        backups, locks = places(writing.backup_dir, backup=not writing.no_backup, listed_by=words.backups())
        return Pipeline(
            Aws.of_sides(own, bucket, grant),
            runtime.clock,
            self.progress,
            writing.wait,
            backups,
            locks,
            self.journal,
            words,
        )


@contextmanager
def session(command: str, output: Output, verbosity: Verbosity, *, writes: bool = False) -> Iterator[Session]:
    """Runs a command's body; every error it raises is told here, in the form asked for, and becomes the exit code.

    ``writes``: this run of the command may write, though not every run does.
    """
    verbose, quiet, no_color = verbosity
    terminal = Terminal(quiet or (output is not Output.TEXT and not verbose), verbose, no_color, command, quiet)
    progress = progress_on(terminal)
    run = Session(command, terminal, output, WriteLog(), progress, writes or command in WRITERS)
    interrupt.CURRENT.journal = run.journal
    interrupt.CURRENT.tell = (lambda: _tell_interruption(run)) if run.writes else None
    try:
        try:
            yield run
        finally:
            run.progress.stop()
    except FcsseError as error:
        report_error(run, error)
    except KeyboardInterrupt:
        interrupt.begin_telling()
        with suppress(OSError):  # a terminal that is gone reads nothing
            _tell_interruption(run)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except OSError as error:
        if error.errno == errno.EPIPE:
            sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - nobody reads it any more
            if not run.journal.wrote:
                raise typer.Exit(EXIT_NO_READER) from None
        message = f"{command} could not print its answer: {error.strerror or error}. {run.journal.told()}"
        terminal.fail(message, "")
        raise typer.Exit(EXIT_UNEXPECTED) from None
    except Exception as error:  # the one place; a defect must not end in a traceback for people
        if verbose >= 2:
            terminal.trace_any(error)
        report_error(run, _defect(command, error, run.journal))


def _tell_interruption(run: Session) -> None:
    run.progress.stop()
    if is_terminal(sys.stderr):
        sys.stderr.write("\n")  # the terminal has written ^C
    error = InterruptedRunError(f"{run.command} was interrupted. {run.journal.told()}", interrupt.AGAIN)
    tell_error(run.command, run.output, run.terminal, error, changed=run.changed)


def _defect(command: str, error: Exception, journal: WriteLog) -> FcsseError:
    return FcsseError(
        f"{command} failed because of a bug in fcsse: {type(error).__name__}: {error}. {journal.told()}",
        "Please report it, with what -vv prints.",
    )


def report_error(run: Session, error: FcsseError) -> None:
    """Tells an error and ends the command with its exit code."""
    run.terminal.trace(error)
    if run.writes and not isinstance(error, UsageError):
        error.hint = f"{error.hint}\n{run.journal.told()}".strip()
    tell_error(run.command, run.output, run.terminal, error, changed=run.changed)
    raise typer.Exit(error.exit_code)


def tell_error(
    command: str, output: Output, terminal: Terminal, error: FcsseError, *, changed: bool | None = None
) -> None:
    """Tells an error on stderr, and as the one JSON document on stdout where that was asked for, which may have no reader."""
    terminal.fail(error.own_text, terminal.hint(error), error.aws_text)
    if output is Output.JSON:
        write_answer(to_text(error_document(command, error, changed=changed)))
    elif output is Output.MARKDOWN:
        write_answer("\n".join(error_markdown(error.message, terminal.hint(error))) + "\n")


def tell_unread(command: str, words: list[str], error: FcsseError) -> None:
    """Tells an error of words that were not understood, or not read to their end, in the form that they ask for."""
    tell_error(command, wanted_output(words), Terminal(), error, changed=False if command in WRITERS else None)


def require(condition: object, message: str, hint: str = "") -> None:
    """Raises ``UsageError`` unless the condition holds."""
    if not condition:
        raise UsageError(message, hint or "See the options with --help.")


def wanted_output(arguments: list[str]) -> Output:
    """The form of the answer asked for, as far as it can be told before the words are parsed."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        value = following if word in ("-o", "--output") else word.removeprefix("--output=")
        if (word in ("-o", "--output") or word.startswith("--output=")) and value in ("json", "markdown"):
            return Output(value)
        if word.startswith("-o") and word[2:] in ("json", "markdown"):
            return Output(word[2:])
    given = os.environ.get("FCSSE_OUTPUT", "")
    return Output(given) if given in ("json", "markdown") else Output.TEXT


__all__ = [
    "EXIT_UNEXPECTED",
    "Credentials",
    "Session",
    "report_error",
    "require",
    "session",
    "tell_error",
    "tell_unread",
    "wanted_output",
]
