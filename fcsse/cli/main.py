"""The command line as a whole: the commands, ``--help`` and ``--version``, and the console entry point.

Nothing heavy is imported here: ``--help`` and completion answer without botocore.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fcsse import __version__
from fcsse.cli import audit, backups, census, check, link, permissions, statement
from fcsse.cli.session import tell_error, wanted_output
from fcsse.cli.terminal import Terminal
from fcsse.errors import EXIT_INTERRUPTED, UsageError
from fcsse.sandbox.command import app as sandbox_app


class GroupedHelp(TyperCommand):
    """A command whose ``--help`` lists its options in their groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Writes a section a group, in the order of the options."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                group = getattr(parameter, "rich_help_panel", None) or "Other"
                groups.setdefault(group, []).append(record)
        for group, records in groups.items():
            with formatter.section(group):
                formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Writes the examples as they are, line by line."""
        if self.epilog:
            formatter.write_paragraph()
            formatter.write(self.epilog)


app = typer.Typer(
    name="fcsse",
    help="Give an Amazon File Cache, or an FSx for Lustre file system, access to the KMS key of its S3 bucket.",
    rich_markup_mode=None,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("link", cls=GroupedHelp, epilog=link.LINK_EXAMPLE)(link.link)
app.command("unlink", cls=GroupedHelp, epilog=link.UNLINK_EXAMPLE)(link.unlink)
app.command("check", cls=GroupedHelp, epilog=check.EXAMPLE)(check.check)
app.command("audit", cls=GroupedHelp, epilog=audit.EXAMPLE)(audit.audit)
app.command("backups", cls=GroupedHelp, epilog=backups.BACKUPS_EXAMPLE)(backups.backups)
app.command("restore", cls=GroupedHelp, epilog=backups.RESTORE_EXAMPLE)(backups.restore)
app.command("statement", cls=GroupedHelp, epilog=statement.EXAMPLE)(statement.statement)
app.command("permissions", cls=GroupedHelp, epilog=permissions.EXAMPLE)(permissions.permissions)
app.command("census", cls=GroupedHelp, epilog=census.EXAMPLE)(census.census)
app.add_typer(sandbox_app, name="sandbox")


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"fcsse {__version__}\n")
        raise typer.Exit


@app.callback()
def fcsse(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Give an Amazon File Cache, or an FSx for Lustre file system, access to the KMS key of its S3 bucket."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        code = app(args=words, prog_name="fcsse", standalone_mode=False)
    except typer.TyperException as error:
        usage = UsageError(error.format_message(), "See the options with --help.")
        tell_error(words[0] if words else "fcsse", wanted_output(words), Terminal(), usage)
        return usage.exit_code
    except typer.Abort:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader went away, as in "fcsse … | head": not an error, and nothing more can be told.
        sys.stdout = None
        return 0
    return code if isinstance(code, int) else 0


def run() -> None:
    """The console entry point.

    Collecting garbage and tearing the interpreter down cost a third of a short run, so neither is done here; only here,
    because it is the whole process's business.
    """
    gc.disable()
    code = main()
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        pass
    os._exit(code)
