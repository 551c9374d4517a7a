"""``--show-completion SHELL`` and ``--install-completion SHELL``: Typer's scripts for a shell that is named.

Typer itself takes a name only where it cannot find out which shell runs, and ignores it elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fcsse.errors import EXIT_OK, UsageError

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
OPTIONS = ("--show-completion", "--install-completion")


def run(arguments: Sequence[str], variable: str) -> int | None:
    """Prints or installs the script for the named shell and returns the exit code; None where the arguments name none.

    ``variable`` is the environment variable by which the script asks. Raises ``UsageError`` for a shell that is not
    supported.
    """
    option, equals, value = arguments[0].partition("=") if arguments else ("", "", "")
    if option not in OPTIONS or len(arguments) > (1 if equals else 2) or (not equals and len(arguments) < 2):
        return None
    shell = value if equals else arguments[1]
    if shell not in SHELLS:
        message = f"{option} {shell}: not a shell with completion"
        raise UsageError(message, f"Name one of {', '.join(SHELLS)}; or none, for the shell that runs this.")
    from typer.completion import get_completion_script, install  # type: ignore[attr-defined]  # it is imported there

    if option == "--show-completion":
        sys.stdout.write(get_completion_script(prog_name="fcsse", complete_var=variable, shell=shell) + "\n")
        return EXIT_OK
    _, path = install(shell=shell, prog_name="fcsse", complete_var=variable)
    sys.stdout.write(f"Installed completion for {shell} in {path}. It works in the next shell that you start.\n")
    return EXIT_OK
