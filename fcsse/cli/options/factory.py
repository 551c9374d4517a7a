"""Makes an option of the command line: its environment variable and its place in the help follow from its name."""

from __future__ import annotations

from typing import Any

import typer


def option(name: str, *more: str, help: str, group: str, **how: Any) -> Any:
    """An option ``--name`` that also reads ``FCSSE_NAME``. ``group`` is its heading in the help.

    ``more`` are other names, such as ``-o``; ``name`` may be ``--flag/--no-flag``. ``how`` goes to Typer as it is.
    """
    variable = "FCSSE_" + name.split("/")[0].lstrip("-").replace("-", "_").upper()
    return typer.Option(name, *more, envvar=variable, help=help, show_envvar=False, rich_help_panel=group, **how)
