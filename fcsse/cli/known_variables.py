"""Warns of ``FCSSE_`` variables that nobody reads. Imported only where there are variables of that prefix."""

from __future__ import annotations

from collections.abc import Iterable

from fcsse.cli.completion_table import OF_COMMAND, OPTIONS
from fcsse.variables import PREFIX, unknown_variables

ELSEWHERE = (
    "FCSSE_PORT",  # the sandbox
    "FCSSE_COMPLETION_SECONDS",  # completion in the shell
    "FCSSE_ALLOW",  # the Lambda function
    "FCSSE_ALLOW_TAG",
    "FCSSE_RELINKS_PER_DAY",
    "FCSSE_RELINK_TABLE",
    "FCSSE_PYTHON",  # scripts of the checkout
    "FCSSE_VENV",
    "FCSSE_STACK",
    "FCSSE_BENCH_ACCOUNTS",
    "FCSSE_SHARES",
)
"""Variables that stand for no option of a command."""


def known_variables() -> frozenset[str]:
    """The variables of all commands' options, and those that are read elsewhere."""
    without = set(OF_COMMAND[""].split())
    names = {key.rpartition(":")[2] for key in OPTIONS if key not in without}
    return frozenset({PREFIX + name.replace("-", "_").upper() for name in names}.union(ELSEWHERE))


def warnings_about(names: Iterable[str]) -> list[str]:
    """What to say of the environment's variables of these names."""
    return list(unknown_variables(names, known_variables(), "fcsse"))
