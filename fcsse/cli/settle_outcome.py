"""What ``link --settle`` came to, ready to be shown: a light value, since most links do not settle."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.cli.output.documents import Json
from fcsse.cli.output.lines import Line
from fcsse.errors import FcsseError


class SettleOutcome(NamedTuple):
    """``code`` is the exit code. ``warning`` says why what was overwritten is not known, or was not given back; empty else."""

    code: int
    document: Json
    lines: list[Line]
    markdown: str
    errors: tuple[FcsseError, ...]
    warning: str
