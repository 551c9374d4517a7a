"""The ``--help`` of each command: files that the program prints without Typer, and blocks in the reference page."""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from unittest.mock import patch

from fcsse.cli.main import main
from fcsse.cli.overview import COMMANDS, WIDTH

HELP = Path("fcsse", "cli", "help")
BLOCK = re.compile(r"<!-- help: ([a-z ]+) -->\n.*?<!-- /help -->", re.DOTALL)


def help_texts() -> dict[str, str]:
    """What ``--help`` prints at 80 columns, by command."""
    return {name: help_text(name) for name in COMMANDS}


def reference(page: str, texts: dict[str, str]) -> str:
    """The page with each block holding its command's help. Raises where a command has no block."""
    missing = texts.keys() - {found[1] for found in BLOCK.finditer(page)}
    if missing:
        message = (
            f"reference.md has no block for {', '.join(sorted(missing))}: add <!-- help: NAME --> … <!-- /help -->"
        )
        raise SystemExit(message)
    return BLOCK.sub(lambda found: _block(found[1], texts), page)


def _block(command: str, texts: dict[str, str]) -> str:
    text = texts.get(command) or help_text(command)
    return f"<!-- help: {command} -->\n\n```text\n{text}```\n\n<!-- /help -->"


def help_text(command: str) -> str:
    """What Typer prints for ``--help``, with nothing of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    printed = io.StringIO()
    with (
        patch.dict(os.environ, {**kept, "COLUMNS": str(WIDTH), "TERM": "dumb"}, clear=True),
        contextlib.redirect_stdout(printed),
    ):
        main([*command.split(), "--help"], saved_help=False)
    return printed.getvalue().rstrip() + "\n"
