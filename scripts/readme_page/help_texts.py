"""The ``--help`` of each command, between markers in a Markdown text."""

from __future__ import annotations

import contextlib
import io
import os
import re
from unittest.mock import patch

from fcsse.cli.app import COMMANDS
from fcsse.cli.main import main

BLOCK = re.compile(r"<!-- help: ([a-z ]+) -->\n.*?<!-- /help -->", re.DOTALL)
WIDTH = "100"


def filled(text: str) -> str:
    """The text with each block holding its command's help. Raises where a command has no block."""
    missing = COMMANDS.keys() - {found[1] for found in BLOCK.finditer(text)}
    if missing:
        message = f"README.md has no block for {', '.join(sorted(missing))}: add <!-- help: NAME --> … <!-- /help -->"
        raise SystemExit(message)
    return BLOCK.sub(lambda found: _block(found[1]), text)


def _block(command: str) -> str:
    return f"<!-- help: {command} -->\n\n```text\n{help_text(command)}```\n\n<!-- /help -->"


def help_text(command: str) -> str:
    """What ``--help`` prints, at a fixed width and with nothing of this machine's settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    told = io.StringIO()
    with (
        patch.dict(os.environ, {**kept, "COLUMNS": WIDTH, "TERM": "dumb"}, clear=True),
        contextlib.redirect_stdout(told),
    ):
        main([*command.split(), "--help"])
    return told.getvalue().rstrip() + "\n"
