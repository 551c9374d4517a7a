"""The module with the options of all commands, for completing them without Typer: read off the commands themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import wrap
from typing import Any

import typer
from typer.core import TyperArgument
from typer.models import TyperPath

from fcsse.cli.app import app, load
from fcsse.cli.overview import COMMANDS

PLACE = Path("fcsse", "cli", "completion_table.py")
HEAD = '''"""The options of the commands, for completing them without Typer. Written by scripts/readme: not to be edited."""

from __future__ import annotations

'''
MEANING = "# Its names, whether a value follows, whether it may be given again, the values there are (None: to be asked for), its help.\n"


def source() -> str:
    """The module's text."""
    options: dict[str, tuple[Any, ...]] = {}
    commands: dict[str, str] = {}
    arguments: dict[str, tuple[str, ...] | None] = {}
    whole = typer.main.get_command(app)
    root = whole.make_context("fcsse", [], resilient_parsing=True)
    for name, command in {"": whole, **{name: load(name) for name in COMMANDS}}.items():
        if name and hasattr(command, "commands"):
            continue  # has commands of its own: left to Typer
        context = typer.Context(command, info_name=name, parent=root, resilient_parsing=True)
        words = []
        for one in command.get_params(context):
            if isinstance(one, TyperArgument):
                arguments[name] = _choices(one)
            elif not one.hidden:
                words.append(_enter(options, name, one))
        commands[name] = " ".join(words)
    lines = [HEAD, MEANING, "OPTIONS: dict[str, tuple[tuple[str, ...], bool, bool, tuple[str, ...] | None, str]] = {\n"]
    lines += [f"    {key!r}: {value!r},\n" for key, value in options.items()]
    lines += ["}\n\nOF_COMMAND: dict[str, str] = {\n"]
    for key, words in commands.items():
        rows = wrap(words, 100, break_on_hyphens=False)
        lines += [f"    {key!r}: {' '.join(repr(row + ' ') for row in rows[:-1])} {rows[-1]!r},\n"]
    lines += ["}\n\n# The values of arguments; None: not known beforehand.\n"]
    lines += [f"ARGUMENTS: dict[str, tuple[str, ...] | None] = {arguments!r}\n"]
    short = {one.value: one.help for one in whole.shell_complete(root, "")}
    lines += [f"\n# The commands, with their help in short.\nCOMMANDS: dict[str, str] = {short!r}\n"]
    return _formatted("".join(lines))


def _enter(options: dict[str, tuple[Any, ...]], command: str, option: Any) -> str:
    names = (*option.opts, *option.secondary_opts)
    entry = (names, not (option.is_flag or option.count), option.multiple, _choices(option), option.help or "")
    key = option.opts[-1 if option.opts[0] == "-h" else 0].lstrip("-")
    if options.setdefault(key, entry) != entry:
        key = f"{command}:{key}"
        options[key] = entry
    return key


def _choices(parameter: Any) -> tuple[str, ...] | None:
    """The values that there are; None: to be asked for, or paths."""
    if parameter._custom_shell_complete is not None or isinstance(parameter.type, TyperPath):
        return None
    return tuple(getattr(parameter.type, "choices", ()))


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(PLACE), "-"]
    root = Path(__file__).parents[2]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True, cwd=root).stdout
