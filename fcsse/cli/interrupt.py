"""Ctrl-C, SIGTERM and SIGHUP: a command that writes ends within a second, and says whether anything was written.

Each becomes ``KeyboardInterrupt``, which the session turns into words and exit code 130. But Python runs handlers only
between two of the main thread's own steps: a name look-up in a lost network can hold it up for long. So a thread hears
of the signal as well, and ends the process in the main thread's place if that does not do so soon. The locks on keys end with the process.

SIGHUP comes when the terminal is closed: the words then reach nobody, which changes nothing else. Where it is ignored from
the start, as under ``nohup``, it stays so.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from fcsse.apply.write_log import WriteLog
from fcsse.errors import EXIT_INTERRUPTED

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Windows has no SIGHUP
GRACE = 0.5
"""Seconds for the main thread to end by itself."""

AGAIN = "Run the same command again: it looks at what is there first, and does what is left."


class OutsideSessionError(BaseException):
    """``KeyboardInterrupt`` before a command's session began, or after it ended."""


@contextmanager
def past_typer() -> Iterator[None]:
    """Keeps Typer from an interruption, of which it makes exit code 130 and no word (since 0.27)."""
    try:
        yield
    except KeyboardInterrupt:
        raise OutsideSessionError from None


class Interrupts:
    """What is known of the running command. ``tell`` ends it in words; None: it sees to interruptions by itself."""

    def __init__(self) -> None:
        self.journal: WriteLog | None = None
        self.tell: Callable[[], None] | None = None
        self.telling = threading.Lock()

    def told(self) -> str:
        """Whether anything was written, as a sentence."""
        return self.journal.told() if self.journal else "Nothing was written to AWS."


CURRENT = Interrupts()


def install() -> None:
    """Handles these signals from now on; for the process's entry point only."""
    for number in SIGNALS:
        if number in (signal.SIGINT, signal.SIGTERM) or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    if os.name != "posix":
        return
    hears, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    threading.Thread(target=_guard, args=(hears,), name="fcsse-interrupt", daemon=True).start()


def is_installed() -> bool:
    """Does this process handle these signals here, as the command line's own process does?"""
    return signal.getsignal(signal.SIGINT) is _interrupt


def begin_telling() -> bool:
    """To be asked before the end is put into words: True for the first who asks."""
    return CURRENT.telling.acquire(blocking=False)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not CURRENT.telling.locked():
        raise KeyboardInterrupt


def _guard(hears: int) -> None:
    while True:
        numbers = os.read(hears, 1)
        if not numbers or numbers[0] not in SIGNALS or signal.getsignal(numbers[0]) is not _interrupt:
            continue
        time.sleep(GRACE)
        tell = CURRENT.tell
        if tell is None and not CURRENT.telling.locked():
            continue
        try:
            if tell is not None and begin_telling():
                _briefly(tell)
            else:
                time.sleep(GRACE / 2)
            _briefly(sys.stdout.flush)
        finally:
            os._exit(EXIT_INTERRUPTED)


def _briefly(work: Callable[[], object]) -> None:
    """Waits for it no longer than the grace: whoever reads the answer may have stopped to."""

    def tried() -> None:
        with suppress(OSError):  # nobody reads it any more
            work()

    doing = threading.Thread(target=tried, name="fcsse-end", daemon=True)
    try:
        doing.start()
    except (RuntimeError, MemoryError):  # the system has no thread to give
        tried()
    else:
        doing.join(GRACE)
