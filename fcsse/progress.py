"""Progress as an injected object: the library is silent, the command line shows a spinner or plain lines.

A caller of the library hands in an object with these three methods, in ``fcsse.Settings(progress=…)``:

>>> import fcsse
>>> class Heard:
...     def step(self, text):
...         self.last = text
...     def note(self, text):
...         pass
...     def advance(self, done, total):
...         pass
>>> heard = Heard()
>>> answer = fcsse.check("fc-0123", "data", settings=fcsse.Settings(progress=heard))
>>> heard.last  # doctest: +ELLIPSIS
'reading key ...'
"""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol


class Progress(Protocol):
    """Hears what a run does, as it happens. Methods must be quick; a run may call them from threads, and ignores what they
    raise.

    Texts are for people and may be worded anew. None of them holds credentials or the contents of objects.
    """

    def step(self, text: str) -> None:
        """A step begins, or goes on waiting: a phrase such as ``reading bucket data``."""

    def note(self, text: str) -> None:
        """Something that stays true after the step: a full sentence."""

    def advance(self, done: int, total: int) -> None:
        """So many of so many parts are done. ``total`` grows where more is found to do on the way."""


class Waiting(str):
    """A step that goes on until something comes about, or ``limit`` seconds are over, of which some have ``passed``.

    As text it says so by itself. What shows progress may count on by ``what``, which leaves the seconds out.
    """

    __slots__ = ("limit", "passed", "what")
    what: str
    passed: float
    limit: float

    def __new__(cls, what: str, passed: float, limit: float) -> Waiting:
        """``what`` is a phrase such as ``waiting for the role``."""
        made = super().__new__(cls, f"{what} ({passed:.0f} of {limit:.0f} s)")
        made.what, made.passed, made.limit = what, passed, limit
        return made

    def after(self, seconds: float) -> str:
        """The text so many seconds later."""
        return f"{self.what} ({min(self.limit, self.passed + seconds):.0f} of {self.limit:.0f} s)"


class Silent:
    """Null progress: ignores everything."""

    def step(self, text: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int) -> None:
        """Nothing."""


class Guarded:
    """Progress of a caller's: what its methods raise never ends or changes a run, which may be in the midst of a write."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def step(self, text: str) -> None:
        """Passes it on."""
        with suppress(Exception):
            self._progress.step(text)

    def note(self, text: str) -> None:
        """Passes it on."""
        with suppress(Exception):
            self._progress.note(text)

    def advance(self, done: int, total: int) -> None:
        """Passes it on."""
        with suppress(Exception):
            self._progress.advance(done, total)


class Part:
    """Progress of one of several alike: its steps begin with which one it is."""

    def __init__(self, whole: Progress, which: str) -> None:
        self._whole, self._which = whole, which

    def step(self, text: str) -> None:
        """Passes it on with what part it belongs to."""
        if isinstance(text, Waiting):
            self._whole.step(Waiting(self._which + text.what, text.passed, text.limit))
        else:
            self._whole.step(self._which + text)

    def note(self, text: str) -> None:
        """Passes it on."""
        self._whole.note(text)

    def advance(self, done: int, total: int) -> None:
        """Passes it on."""
        self._whole.advance(done, total)
