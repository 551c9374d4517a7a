#!/bin/sh
# Tool: typer
# Version: 0.28.0, with shellingham 1.5.4
# Behaviour: run from bash, `app --show-completion zsh` prints the script for bash, and `app --install-completion zsh`
#   writes to ~/.bashrc. Both exit with 0, the first with the name of a shell that does not exist too. But
#   --show-completion=zsh is refused. A variable gives zsh's script: _APP_COMPLETE=source_zsh.
# Why it surprises: a word too many is an error everywhere else in the same program. Here the option's callback ends it
#   before the other words are looked at, so a package that is built from bash ships bash's script under the name of
#   zsh's, and a person who names one shell has another one's start-up file edited.
# Date: 2026-11-29
# Source: typer.completion: both options are declared as flags, and install_callback and show_callback leave the program
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
command -v bash >/dev/null || { echo "This needs bash." >&2; exit 1; }
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install -qq --disable-pip-version-check typer==0.28.0 shellingham==1.5.4
cat >"$work/app" <<'EOF'
import typer

app = typer.Typer()


@app.command()
def first() -> None:
    """One of two commands."""


@app.command()
def second() -> None:
    """The other one."""


app()
EOF
# No start-up file or setting of this machine has a part in it.
mkdir "$work/home"
export HOME="$work/home"
unset _APP_COMPLETE _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION 2>/dev/null || :
"$work/venv/bin/python" - "$work" <<'EOF'
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

EXPECTED = {
    "--show-completion zsh": (0, "bash's script"),
    "--show-completion nonsense": (0, "bash's script"),
    "--show-completion=zsh": (2, "no script"),
    "first nonsense": (2, "no script"),
    "_APP_COMPLETE=source_zsh": (0, "zsh's script"),
    "--install-completion zsh": (0, "wrote .bash_completions/app.sh, .bashrc"),
}

work = Path(sys.argv[1])


def run(arguments: str, variables: str = "") -> tuple[int, str]:
    """Runs the program as a child of bash; returns its exit code and what it printed."""
    # The exit keeps bash there as the parent, whose name typer looks for.
    command = f'{variables} "$0" "$1" {arguments}; exit $?'
    words = ["bash", "-c", command, sys.executable, str(work / "app")]
    done = subprocess.run(words, capture_output=True, text=True)
    return done.returncode, done.stdout


def script(text: str) -> str:
    if "#compdef app" in text:
        return "zsh's script"
    return "bash's script" if "complete -o default" in text else "no script"


print(f"typer {version('typer')}, shellingham {version('shellingham')}")
seen = {}
for arguments in list(EXPECTED)[:4]:
    code, text = run(arguments)
    seen[arguments] = (code, script(text))
code, text = run("", "_APP_COMPLETE=source_zsh")
seen["_APP_COMPLETE=source_zsh"] = (code, script(text))
code, text = run("--install-completion zsh")
home = work / "home"
written = sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())
seen["--install-completion zsh"] = (code, f"wrote {', '.join(written)}")
for asked, found in seen.items():
    print(f"{asked}: {found}")
if seen != EXPECTED:
    sys.exit(f"The behaviour has changed. Expected: {EXPECTED}")
EOF
