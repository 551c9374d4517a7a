"""``--show-completion [SHELL]`` and ``--install-completion [SHELL]``: Typer's scripts, for a shell that is named too.

Typer itself takes a name only where it cannot find out which shell runs, and ignores it elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from fcsse.errors import EXIT_OK, UsageError

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
OPTIONS = ("--show-completion", "--install-completion")
SCRIPTS = {
    "bash": r"""_fcsse_completion() {
    local IFS=$'\n'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" \
                   COMP_CWORD=$COMP_CWORD \
                   VARIABLE=complete_bash $1 ) )
    case ${COMP_WORDS[COMP_CWORD]} in
        [\"\']*) ;;
        *) COMPREPLY=( "${COMPREPLY[@]// /\\ }" ) ;;
    esac
    return 0
}

complete -o default -F _fcsse_completion fcsse
""",
    "zsh": """#compdef fcsse

_fcsse_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" VARIABLE=complete_zsh fcsse)
}

if [ "$funcstack[1]" = "_fcsse" ]; then
  _fcsse_completion "$@"
else
  compdef _fcsse_completion fcsse
fi
""",
}
"""Where Typer's own do not do: in bash, names with spaces become several words; what zsh loads at the first Tab only defines
the function, so that this Tab completes nothing."""


def run(arguments: Sequence[str], variable: str) -> int | None:
    """Prints or installs the script for the named shell, or the one that runs this, and returns the exit code.

    None where the arguments ask for neither, or the shell cannot be found out. ``variable`` is the environment variable by
    which the script asks. Raises ``UsageError`` for a shell that is not supported.
    """
    option, equals, value = arguments[0].partition("=") if arguments else ("", "", "")
    if option not in OPTIONS or len(arguments) > (1 if equals else 2):
        return None
    from typer.completion import (  # type: ignore[attr-defined]  # they are imported there
        _get_shell_name,
        get_completion_script,
        install,
    )

    shell = value if equals else arguments[1] if len(arguments) > 1 else _get_shell_name()
    if shell is None:
        return None
    if shell not in SHELLS:
        message = f"{option} {shell}: not a shell with completion"
        raise UsageError(message, f"Name one of {', '.join(SHELLS)}; or none, for the shell that runs this.")
    typers = get_completion_script(prog_name="fcsse", complete_var=variable, shell=shell) + "\n"
    script = SCRIPTS.get(shell, typers).replace("VARIABLE", variable)
    if option == "--show-completion":
        sys.stdout.write(script)
        return EXIT_OK
    _, path = install(shell=shell, prog_name="fcsse", complete_var=variable)
    if shell in SCRIPTS:
        path.write_text(script, encoding="utf-8")
    sys.stdout.write(f"Installed completion for {shell} in {path}. It works in the next shell that you start.\n")
    return EXIT_OK
