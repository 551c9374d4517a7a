"""The command line as a whole, for Typer: the commands, each loaded when it is used. ``overview`` lists them."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from inspect import cleandoc
from itertools import pairwise
from shlex import join
from textwrap import fill
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from fcsse import __version__
from fcsse.arn import bucket_in, cache_in
from fcsse.cli import explicit_options, interrupt
from fcsse.cli.options.groups import spread
from fcsse.cli.overview import COMMANDS, PURPOSE, WIDTH, overview

NEVER_EMPTY = {
    "FCSSE_DRY_RUN": "Set it to 1",
    "FCSSE_EXPECT": "Give it the digest that a dry run printed",
    "FCSSE_BUCKET": "Name buckets in it",
    "FCSSE_OPERATIONS": "Set it to read or full",
    "FCSSE_NARROW_GRANT": "Set it to 1",
}
"""Variables that keep a run from writing, or from writing more: one that is empty by mistake must not let it. With what to do
instead."""

EMPTY_IS_A_VALUE = ("prefix",)
"""Options whose empty value is one: every object's name begins with it."""

NOT_COMMANDS = {"version": "--version", "help": "--help"}
"""What some programs have as a command, and this one as an option."""


class _HelpInOrder:
    """Keeps the order of ``-h, --help``; click stores the names in a set."""

    def get_help_option_names(self, ctx: Any) -> list[str]:
        """``-h`` and ``--help``."""
        return list(ctx.help_option_names)


class GroupedHelp(_HelpInOrder, TyperCommand):
    """A command whose ``--help`` lists its options in their groups."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Parses the arguments; where words stand alone that belong to an option, the error says how to write them."""
        if not ctx.resilient_parsing:
            self._require_values(ctx, args)
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            ctx.fail(self._left_over(ctx, [str(word) for word in ctx.args]))
        return rest

    def _require_values(self, ctx: Any, args: list[str]) -> None:
        """Fails where an option stands in the place of another's value: ``--backup-dir --dry-run`` would be no dry run."""
        options = [one for one in self.get_params(ctx) if isinstance(one, TyperOption)]
        names = {name for one in options for name in (*one.opts, *one.secondary_opts)}
        valued = {name for one in options if not (one.is_flag or one.count) for name in one.opts}
        words = args[: args.index("--")] if "--" in args else args
        for option, word in pairwise(words):
            if option in valued and word.partition("=")[0] in names:
                ctx.fail(
                    f"{option} needs a value, and {word} is an option. If it is meant as the value: {option}={word}"
                )

    def _left_over(self, ctx: Any, words: list[str]) -> str:
        names = {parameter.name for parameter in self.params}
        options: list[str] = []
        for word in words:
            option = "cache" if cache_in(word) else "bucket" if bucket_in(word) else ""
            if option not in names:
                break
            options += [f"--{option}", word]
        else:
            return f"Caches and buckets are named by options. Write: {join(['fcsse', str(ctx.info_name), *options])}"
        return f"Got unexpected {'argument' if len(words) == 1 else 'arguments'}: {join(words)}"

    def invoke(self, ctx: Any) -> Any:
        """Runs it, unless an option, or a variable that is to keep a run from writing (more), is there and empty.

        An empty text is what a shell's variable that is not set leaves: a path would be the current folder, and a profile,
        a URL or a role the default one.
        """
        for parameter in self.params:
            empty = ctx.params.get(parameter.name) == "" and isinstance(parameter, TyperOption)
            if empty and parameter.name not in EMPTY_IS_A_VALUE:
                problem = typer.BadParameter("it is empty: give it a value, or leave it out", ctx, parameter)
                raise problem
            name = parameter.envvar if isinstance(parameter.envvar, str) else ""
            if (
                name in NEVER_EMPTY
                and os.environ.get(name, "x").strip() == ""
                and not explicit_options.is_typed(ctx, parameter.name or "")
            ):
                ctx.fail(f"{name} is set, but empty. {NEVER_EMPTY[name]}, or unset it.")
        explicit_options.remember(ctx)
        return super().invoke(ctx)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Writes the description without breaking a line within an option's name."""
        pad = "  "
        for paragraph in cleandoc(self.help or "").split("\n\n"):
            formatter.write_paragraph()
            text = " ".join(paragraph.split())
            width = max(formatter.width, 20)
            formatter.write(fill(text, width, initial_indent=pad, subsequent_indent=pad, break_on_hyphens=False) + "\n")

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


class Commands(_HelpInOrder, TyperGroup):
    """The group of all commands. While they are only listed, their summaries stand in for them."""

    _listing = False

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Parses the words before the command."""
        with interrupt.past_typer():
            return super().make_context(*words, **more)

    def invoke(self, ctx: Any) -> Any:
        """Imports the command, parses its words and runs it."""
        with interrupt.past_typer():
            return super().invoke(ctx)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; None where there is none."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if self._listing:
            return TyperCommand(cmd_name, short_help=entry.summary, rich_markup_mode=None)
        return load(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the command that the first word names; a slip of the fingers is told with what was probably meant."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            option = NOT_COMMANDS.get(args[0])
            near = [f"fcsse {option}"] if option else get_close_matches(args[0], COMMANDS, n=2)
            ctx.fail(f"No such command {args[0]!r}." + (f" Did you mean {' or '.join(near)}?" if near else ""))
        return super().resolve_command(ctx, args)

    def get_help(self, ctx: Any) -> str:
        """The overview, as without Typer."""
        return overview().rstrip("\n")

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Completes the name of a command."""
        self._listing = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._listing = False


@cache
def load(name: str) -> Any:
    """Imports a command and lets Typer build it, once."""
    entry = COMMANDS[name]
    module = import_module(entry.module if "." in entry.module else f"fcsse.cli.{entry.module}")
    command = getattr(module, entry.name)
    group = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    group.callback()(_nothing)
    if isinstance(command, typer.Typer):
        group.add_typer(command, name=name)
    else:
        group.command(name, cls=GroupedHelp, epilog=getattr(module, entry.examples))(spread(command))
    built: Any = typer.main.get_command(group)
    return built.commands[name]


def _nothing() -> None:
    """What a group of one command does by itself."""


def _version_lines(*, verbose: bool) -> list[str]:
    if not verbose:
        return [f"fcsse {__version__}"]
    from fcsse.cli.version import report_lines  # asks what is installed, which takes longer than all else here

    return report_lines()


app = typer.Typer(
    name="fcsse",
    cls=Commands,
    help=PURPOSE,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)


@app.callback(invoke_without_command=True)
def fcsse(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version; with -v, all that a report of a defect needs.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", hidden=True)] = False,
) -> None:
    """The options of no command."""
    if version:
        sys.stdout.write("".join(f"{line}\n" for line in _version_lines(verbose=verbose)))
        raise typer.Exit
    if verbose:
        context.fail("-v goes after the command, or with --version.")
    if context.invoked_subcommand is None:
        context.fail("Missing command.")
