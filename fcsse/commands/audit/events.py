"""What happens while an account is read: answers, as the reading thread hears of them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

from fcsse.model import Association


class Page(NamedTuple):
    """A page of a Region's list of associations."""

    region: str
    associations: tuple[Association, ...]


class Ended(NamedTuple):
    """A listing ended. ``older``: that of file systems linked the older way."""

    region: str
    older: bool
    error: BaseException | None


class Answered(NamedTuple):
    """A bucket's encryption has been read, or could not be."""

    bucket: str


class Complete(NamedTuple):
    """All that follows from a bucket's encryption has been answered."""

    bucket: str


class Countdown:
    """Calls ``end`` when ``count`` has been called ``steps`` times, from whatever threads."""

    def __init__(self, steps: int, end: Callable[[], object]) -> None:
        self._left, self._end, self._lock = steps, end, threading.Lock()

    def count(self, _: Future[Any]) -> None:
        """One step less is left."""
        with self._lock:
            self._left -= 1
            last = not self._left
        if last:
            self._end()
