"""Stderr for a program whose messages nobody may be reading: writing to it never fails, and never waits for long.

A closed pipe, a full disk, a terminal that is gone or a pipe that nobody empties must not end a run between a write to AWS
and its confirmation, nor keep it from ending. So a thread does the writing, and whoever prints waits for it only while it
gets on: text appears before the next line of stdout where somebody reads, and is dropped where nobody does.
"""

from __future__ import annotations

import io
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO

PATIENCE = 2.0
"""Seconds to wait for a reader, once; after that nothing waits until all has been taken."""

MOST_WAITING = 256
"""Texts that are kept for a reader who is late; more are dropped."""

Piece = tuple[bytes, threading.Event]


class StderrWriter(io.TextIOBase):
    """Takes the place of ``sys.stderr``, which it writes to by ``write_bytes``: by default its file descriptor."""

    def __init__(self, stream: TextIO, write_bytes: Callable[[bytes], int] | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._handle = stream.fileno()
        self._write_bytes = write_bytes or (lambda text: os.write(self._handle, text))
        self._waiting: queue.Queue[Piece] = queue.Queue(MOST_WAITING)
        self._stalled = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a property in typeshed's base as well, but settable
        """That of the stream."""
        return self._stream.encoding or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        """What cannot be encoded is written as an escape."""
        return "backslashreplace"

    def isatty(self) -> bool:
        """Is the stream a terminal?"""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The stream's descriptor."""
        return self._handle

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: Any) -> int:
        """Has the text written, and waits for that while somebody reads. Never raises ``OSError``."""
        if not isinstance(text, str):  # Typer takes a stream that accepts b"" for one of bytes
            message = f"not a text: {type(text).__name__}"
            raise TypeError(message)
        if text:
            self._hand_over(text.encode(self.encoding, "backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Nothing: all that was written is on its way already."""

    def drain(self) -> None:
        """A last wait, at the end of the program, for a reader who is late."""
        if self._thread is None:
            return
        done = threading.Event()
        try:
            self._waiting.put((b"", done), timeout=PATIENCE)
        except queue.Full:
            return
        done.wait(PATIENCE)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _hand_over(self, text: bytes) -> None:
        if not self._start():
            self._write_out(text)
            return
        done = threading.Event()
        try:
            self._waiting.put_nowait((text, done))
        except queue.Full:
            return
        if not self._stalled and not done.wait(PATIENCE):
            self._stalled = True

    def _start(self) -> bool:
        """Is there a thread that writes? Not where the system has none to give, as in a container at its limit."""
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._work, name="fcsse-stderr", daemon=True)
                    try:
                        thread.start()
                    except (RuntimeError, MemoryError):
                        return False
                    self._thread = thread
        return True

    def _work(self) -> None:
        while True:
            text, done = self._waiting.get()
            self._write_out(text)
            done.set()
            if self._waiting.empty():
                self._stalled = False

    def _write_out(self, text: bytes) -> None:
        with suppress(OSError):  # nobody reads it, or there is no room: it is lost, and nothing else
            while text:
                text = text[self._write_bytes(text) :]


def install() -> None:
    """Puts such a stream in place of ``sys.stderr``; for the process's entry point only."""
    try:
        sys.stderr = StderrWriter(sys.stderr)
    except (OSError, ValueError):  # a stream without a descriptor
        return


def drain() -> None:
    """Waits, not for long, for what is still to be written to stderr."""
    if isinstance(sys.stderr, StderrWriter):
        sys.stderr.drain()
