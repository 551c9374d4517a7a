"""``fcsse sandbox``: run the simulated AWS, run a command against it, play a cache against a running one."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fcsse.sandbox.server import Sandbox

# Without the \b, the lines of an example would be filled like a paragraph's.
EXAMPLE = """\b
Examples:
  fcsse sandbox
  fcsse sandbox run -- fcsse link --cache fc-0123 --bucket data
  fcsse sandbox run -- sh
"""
RUN_EXAMPLE = """\b
Examples:
  fcsse sandbox run -- fcsse audit
  fcsse sandbox run -- sh -c 'fcsse link --cache fc-0123 && fcsse sandbox read --cache fc-0123 --bucket data'
"""
READ_EXAMPLE = """\b
Example, in a shell that fcsse sandbox run -- sh has started:
  fcsse sandbox read --cache fc-0123 --bucket data
"""
WRITE_EXAMPLE = """\b
Example, in a shell that fcsse sandbox run -- sh has started:
  fcsse sandbox write --cache fc-0123 --bucket data results/new.txt --data hello
"""

app = typer.Typer(
    help="A simulated AWS on this machine, for trying and for tests.\n\nBy itself it runs until Ctrl-C, tells what is in "
    "it, and prints export lines for another shell.",
    no_args_is_help=False,
    rich_markup_mode=None,
    epilog=EXAMPLE,
)

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
SHELLS = ("sh", "bash", "zsh", "fish", "dash", "ksh")
INSIDE = """\
You are inside the sandbox, a simulated AWS on this machine. Leave it with: exit
See what there is: fcsse sandbox list
To begin with:     fcsse audit
                   fcsse link --cache fc-0123 --bucket data
"""
_NOT_FOUND = 127
_NOT_EXECUTABLE = 126
_OURS = ("FCSSE_PROFILE", "FCSSE_REGION", "FCSSE_ENDPOINT_URL", "FCSSE_BUCKET_PROFILE", "FCSSE_GRANT_PROFILE")
"""AWS settings of this program: they count before the ``AWS_`` variables, and so would lead out of the sandbox."""
_UNSET = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", *_OURS)

Port = Annotated[
    int,
    typer.Option(
        "--port",
        envvar="FCSSE_PORT",
        min=0,
        max=65535,
        metavar="NUMBER",
        help="Where to listen on 127.0.0.1. Default: a free port.",
        show_default=False,
        show_envvar=False,
    ),
]


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _columns() -> int:
    return shutil.get_terminal_size((120, 24)).columns


def _start(port: int) -> Sandbox:
    from fcsse.sandbox import Sandbox, SandboxUnavailableError

    sandbox = Sandbox(port=port)
    try:
        sandbox.start()
    except SandboxUnavailableError as error:
        _say(f"Error: {error}")
        raise typer.Exit(1) from error
    except OSError as error:
        _say(f"Error: starting the sandbox on port {port}: the port is taken or not allowed.")
        raise typer.Exit(1) from error
    return sandbox


@app.callback(invoke_without_command=True)
def main(context: typer.Context, port: Port = 0) -> None:
    """Run a simulated AWS until Ctrl-C: what is in it goes to stderr, ``export`` lines for a shell to stdout."""
    context.obj = port
    if context.invoked_subcommand is not None:
        return
    from fcsse.sandbox.world import describe

    sandbox = _start(port)
    stopped = threading.Event()
    with _signals(lambda *_: stopped.set()), tempfile.TemporaryDirectory(prefix="fcsse-sandbox-") as folder:
        try:
            _say(describe(sandbox.account, sandbox.region, sandbox.other_account, _columns()))
            _say(f"\nListening on {sandbox.url}; stop it with Ctrl-C. In another shell:\n")
            of_services = sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_"))
            typer.echo(f"unset {' '.join((*_UNSET, *of_services))}")
            # Copies of simulated policies have no business among those of real ones.
            for name, value in {**sandbox.env(), "FCSSE_BACKUP_DIR": folder}.items():
                typer.echo(f"export {name}={shlex.quote(value)}")
            sys.stdout.flush()
            stopped.wait()
        finally:
            sandbox.stop()


class _signals:  # noqa: N801  (reads as a word where it is used)
    """Hands SIGINT, SIGTERM and SIGHUP (a closed terminal) to a function while it is entered."""

    def __init__(self, handler: Callable[[int, FrameType | None], Any]) -> None:
        self._handler = handler
        self._old: dict[int, Any] = {}

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._old = {number: signal.signal(number, self._handler) for number in ENDING}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)


def environment(sandbox: Sandbox, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` without any AWS setting, and with the sandbox's."""
    kept = {name: value for name, value in base.items() if not name.startswith("AWS_") and name not in _OURS}
    return {**kept, **_with_fcsse(base), **sandbox.env()}


def _with_fcsse(base: Mapping[str, str]) -> dict[str, str]:
    """``PATH`` with this program's folder at its end, where there is no ``fcsse`` in it: the shell's first line names it."""
    path = base.get("PATH", os.defpath)
    folder = os.path.dirname(sys.executable)  # noqa: PTH120 - not resolved: a virtual environment's own
    if shutil.which("fcsse", path=path) or not shutil.which("fcsse", path=folder):
        return {}
    return {"PATH": f"{path}{os.pathsep}{folder}"}


@app.command(
    short_help="Run a command against a simulated AWS.",
    epilog=RUN_EXAMPLE,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
def run(
    context: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND...]", help="What to run, after --; default: your shell")
    ] = None,
) -> None:
    """Start a simulated AWS, run COMMAND with its environment, stop it, and pass the exit code on.

    Without COMMAND it starts $SHELL.
    """
    command = command or [os.environ.get("SHELL") or "sh"]
    sandbox = _start(context.obj or 0)
    if len(command) == 1 and os.path.basename(command[0]) in SHELLS:  # noqa: PTH119 - a word, not a place
        _say(INSIDE)
    try:
        with tempfile.TemporaryDirectory(prefix="fcsse-sandbox-") as folder:
            # Copies of simulated policies have no business among those of real ones.
            code = _run(command, {**environment(sandbox, os.environ), "FCSSE_BACKUP_DIR": folder})
    finally:
        sandbox.stop()
    raise typer.Exit(code)


def _run(command: list[str], env: Mapping[str, str]) -> int:
    """The command's exit code; 128 and the signal's number where a signal ended it, as in a shell."""
    try:
        process = subprocess.Popen(command, env=dict(env))  # noqa: S603  (running the user's command is the purpose)
    except FileNotFoundError:
        _say(f"Error: running {command[0]}: command not found.")
        return _NOT_FOUND
    except OSError as error:
        _say(f"Error: running {command[0]}: {error.strerror}.")
        return _NOT_EXECUTABLE
    # The terminal sends Ctrl-C to the command as well, which decides what to make of it; the others are handed on.
    with _signals(lambda number, _: process.send_signal(number) if number != signal.SIGINT else None):
        code = process.wait()
    return 128 - code if code < 0 else code


CacheOption = Annotated[str, typer.Option("--cache", metavar="ID", help="The cache to play, such as fc-0123.")]
BucketOption = Annotated[str, typer.Option("--bucket", metavar="NAME", help="The object's bucket.")]
KeyArgument = Annotated[str, typer.Argument(metavar="[KEY]", help="The object's key.")]
DataOption = Annotated[
    str, typer.Option("--data", metavar="TEXT", help="What to write. Default: one line.", show_default=False)
]


@app.command("list", short_help="List the caches, buckets and roles of the sandbox.")
def list_world() -> None:
    """List the caches, buckets and roles that a sandbox starts with."""
    from fcsse.sandbox.world import describe

    typer.echo(describe(columns=_columns()))


@app.command(short_help="Read an object as a cache would.", epilog=READ_EXAMPLE)
def read(cache: CacheOption, bucket: BucketOption, key: KeyArgument = "hello.txt") -> None:
    """Read an object as the cache would, in the sandbox that AWS_ENDPOINT_URL names; exit code 3 when refused."""
    _play(cache, "read", {"bucket": bucket, "key": key})


@app.command(short_help="Write an object as a cache would.", epilog=WRITE_EXAMPLE)
def write(
    cache: CacheOption,
    bucket: BucketOption,
    key: KeyArgument = "written.txt",
    data: DataOption = "written by the cache\n",
) -> None:
    """Write an object as the cache would, in the sandbox that AWS_ENDPOINT_URL names; exit code 3 when refused."""
    _play(cache, "write", {"bucket": bucket, "key": key, "data": data})


def _play(cache: str, verb: str, given: Mapping[str, str]) -> None:
    from urllib import error as refusals
    from urllib import request as http

    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url.startswith(("http://127.0.0.1:", "http://localhost:")):
        _say("Error: AWS_ENDPOINT_URL does not name a sandbox. Start one with: fcsse sandbox")
        raise typer.Exit(2)
    request = http.Request(  # noqa: S310  (the scheme was checked above)
        f"{url.rstrip('/')}/_sandbox/cache/{cache}/{verb}", json.dumps(given).encode(), method="POST"
    )
    opener = http.build_opener(http.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as response:
            outcome = json.load(response)
    except (refusals.URLError, ValueError) as error:
        _say(f"Error: asking the sandbox at {url}: {error}")
        raise typer.Exit(1) from error
    place = f"s3://{given['bucket']}/{given['key']}"
    if not outcome["allowed"]:
        _say(f"{outcome['code']}: {outcome['message']}")
        raise typer.Exit(3)
    allowed_by = f", allowed by {outcome['decidedBy']}" if outcome["decidedBy"] else ""
    _say(f"{cache} {'read' if verb == 'read' else 'wrote'} {place}{allowed_by}")
    if verb == "read":
        typer.echo(outcome["data"], nl=False)
