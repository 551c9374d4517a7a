"""Shows on stderr what a run is at: a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fcsse.cli.output.lines import prose, visible, wrapped
from fcsse.cli.output.progress_bar import Pace, bar
from fcsse.masking import mask_here
from fcsse.progress import Waiting
from fcsse.text import capitalized

if TYPE_CHECKING:
    from rich.status import Status
from fcsse.cli.output.terminal import Terminal, in_ci, is_terminal

EVERY = 15.0
"""Seconds between two lines on what a run is at, where nothing moves on a screen."""


def progress_on(terminal: Terminal) -> Spinner | PlainProgress:
    """What shows progress there: a spinner on a terminal, plain lines with ``-v``, else nothing."""
    if is_terminal(sys.stderr) and not terminal.quiet and not in_ci() and os.environ.get("TERM") != "dumb":
        return Spinner(terminal)
    return PlainProgress(terminal)


@dataclass(slots=True)
class PlainProgress:
    """A line a step with ``-v``, and one for each further tenth of what has parts; notes always."""

    terminal: Terminal
    every: float = EVERY
    _text: str = ""
    _tenths: int = 0
    _since: float = 0.0
    _timer: threading.Timer | None = None
    _stopped: bool = False

    def step(self, text: str) -> None:
        """A step begins; one that is reported again is printed once."""
        again, self._text, self._tenths, self._since = text == self._text, text, 0, time.monotonic()
        if self.terminal.verbose and not again:
            self.terminal.say(text)
        if self._timer is None and not self._stopped and not self.terminal.silent:
            self._wake()

    def _wake(self) -> None:
        self._timer = threading.Timer(self.every, self._still)
        self._timer.daemon = True
        self._timer.start()

    def _still(self) -> None:
        """Prints what a long run is at, so that a log does not look dead."""
        if self._stopped:
            return
        text = self._text.after(time.monotonic() - self._since) if isinstance(self._text, Waiting) else self._text
        self.terminal.print([prose(mask_here(f"Still {text}"))], err=True)
        self._wake()

    def note(self, text: str) -> None:
        """A sentence that stays."""
        self.terminal.say(text)

    def advance(self, done: int, total: int) -> None:
        """A line a tenth: a line a part would be too many."""
        tenths = 10 * done // max(1, total)
        if self.terminal.verbose and tenths > self._tenths:
            self._tenths = tenths
            self.terminal.say(f"{self._text}: {done:,} of {total:,}")

    def stop(self) -> None:
        """Ends the lines."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()


OFTEN = 0.1
"""Seconds between two drawings of a bar."""


class Spinner:
    """A spinner that names the step. It appears only after a moment: most runs are over before."""

    DELAY = 0.3

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._text = ""
        self._since = time.monotonic()
        self._ticker: threading.Timer | None = None
        self._stopped = False
        self._parts: tuple[int, int] | None = None
        self._pace = Pace()
        self._drawn = float("-inf")
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(self.DELAY, self._appear)
        self._timer.daemon = True
        self._timer.start()

    def step(self, text: str) -> None:
        """Shows another step."""
        if self._terminal.verbose and text != self._text:
            self.note(text)
        with self._lock:
            self._text, self._parts, self._pace, self._since = text, None, Pace(), time.monotonic()
            if self._status:
                self._status.update(self._styled(self._status.console.width))
            counts = isinstance(text, Waiting) and self._ticker is None and not self._stopped
        if counts:
            self._tick()

    def _tick(self) -> None:
        """Lets the seconds of a wait go on between two looks."""
        with self._lock:
            if self._status and isinstance(self._text, Waiting):
                self._status.update(self._styled(self._status.console.width))
            if self._stopped:
                return
            self._ticker = threading.Timer(1.0, self._tick)
            self._ticker.daemon = True
            self._ticker.start()

    def note(self, text: str) -> None:
        """A sentence above the spinner."""
        with self._lock:
            if self._status:
                for row in wrapped(visible(text), self._status.console.width):
                    self._status.console.print(row, markup=False, highlight=False, soft_wrap=True)
                return
        self._terminal.say(text)

    def advance(self, done: int, total: int) -> None:
        """Shows how far it is, as a bar and in numbers, how fast it goes, and how long it will take."""
        now = time.monotonic()
        with self._lock:
            self._parts = (done, total)
            if self._status is None or (now - self._drawn < OFTEN and done < total):
                self._pace.told(done, total, now)
                return
            self._drawn = now
            self._status.update(self._styled(self._status.console.width))

    def stop(self) -> None:
        """Takes the spinner away."""
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            if self._ticker:
                self._ticker.cancel()
            if self._status:
                self._status.stop()
            self._status = None

    def _styled(self, width: int) -> str:
        """What stands beside the spinner, in one line: a longer one would leave its head behind when it moves."""
        from rich.markup import escape

        said = self._text.after(time.monotonic() - self._since) if isinstance(self._text, Waiting) else self._text
        text, room = visible(capitalized(said)), width - 3
        if self._parts is not None:
            pace = self._pace.told(*self._parts, time.monotonic())
            text = bar(text, *self._parts, pace, room)
        return escape(text if len(text) <= room else text[: room - 1] + "…")

    def _appear(self) -> None:
        from rich.console import Console

        with self._lock:
            if self._timer.finished.is_set():
                return
            console = Console(stderr=True, no_color=self._terminal.no_color or None)
            self._status = console.status(self._styled(console.width), spinner="dots")
            self._status.start()
