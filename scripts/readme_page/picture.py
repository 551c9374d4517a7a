"""A picture of a real terminal: commands run in the sandbox on a pseudo-terminal, where their questions are answered with
yes; what stays on the screen is drawn as SVG."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import termios
import threading

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from fcsse.sandbox import Sandbox

COMMANDS = (
    "fcsse link --cache fc-0123 --bucket data",
    "fcsse check --cache fc-0123 --bucket data --quiet",
)
WIDTH = 112

BACKUP = re.compile(r"\d{8}T\d{9}Z-([0-9a-z-]+)-[0-9a-f]{6}")
"""The only thing in it that differs from run to run: a backup's id has the time in it."""

ENDPOINT = re.compile(r"^(?:\x1b\[[0-9;]*m)*Endpoint .*\n", re.MULTILINE)
"""Where the sandbox is: with AWS itself there is no such line."""

QUESTION = b"[y/N] "
"""How a question ends; the next thing is typed by the user."""

PROGRESS = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h\r\x1b\[1A\x1b\[2K", re.DOTALL)
"""A spinner, from hiding the cursor until it is removed from the screen."""

MOVES = re.compile(r"\x1b\[[0-9;?]*[^0-9;?m]|\r")
"""What would draw over the text before it."""

THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (72, 79, 88),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (177, 186, 196),
    ],
    [
        (110, 118, 129),
        (255, 161, 152),
        (126, 231, 135),
        (242, 204, 96),
        (165, 214, 255),
        (226, 197, 255),
        (179, 240, 255),
        (255, 255, 255),
    ],
)

# No font is fetched from anywhere: a README's pictures may not, and every machine has one of fixed width.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "font-family: Fira Code, monospace", "font-family: 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
)


def picture() -> str:
    """The SVG."""
    screen = Console(
        record=True,
        width=WIDTH,
        height=60,  # with both given, Rich asks neither the terminal nor TERM, COLUMNS and LINES
        file=io.StringIO(),
        force_terminal=True,
        force_jupyter=False,
        no_color=False,
        color_system="truecolor",
        legacy_windows=False,
    )
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH")}
        fixed = {
            "HOME": folder,
            "FCSSE_BACKUP_DIR": folder,
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        env = {**kept, **sandbox.env(), **fixed}
        for number, command in enumerate(COMMANDS):
            text = ENDPOINT.sub("", BACKUP.sub(r"20260401T093000000Z-\1-4f1d7a", _on_terminal(command, env)))
            screen.print(Text.assemble("\n" if number else "", ("$ ", "bright_black"), (command, "bold")))
            for line in Text.from_ansi(text.rstrip("\n")).split("\n", allow_blank=True):
                for part in line.divide(range(WIDTH, len(line), WIDTH)):  # as terminals wrap, not between words
                    screen.print(part)
    drawn = screen.export_svg(title="fcsse", theme=THEME, code_format=FORMAT, unique_id="fcsse")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def _on_terminal(command: str, env: dict[str, str]) -> str:
    """What a command leaves on a terminal of this width, with colours, questions and answers; each line ends with a newline.

    Raises ``SystemExit`` where the command fails, or moves the cursor in a way that is not known here.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    words = shlex.split(command)[1:]
    code = "import sys; from fcsse.cli.main import run; sys.argv[0] = 'fcsse'; run()"
    seen = bytearray()

    def read() -> None:
        answered = 0
        try:
            while part := os.read(ours, 65536):
                seen.extend(part)
                while seen.count(QUESTION) > answered:
                    os.write(ours, b"y\n")
                    answered += 1
        except OSError:  # Linux says so when the other side is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=env, stdin=theirs, stdout=theirs, stderr=theirs, check=False
    )
    os.close(theirs)
    reader.join()
    os.close(ours)
    text = PROGRESS.sub("", seen.decode().replace("\r\n", "\n"))
    if done.returncode != 0 or MOVES.search(text):
        raise SystemExit(f"{command} ended with {done.returncode}:\n{text!r}")
    return text
