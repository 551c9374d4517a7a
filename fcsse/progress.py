"""Progress as an injected object: the library is silent, the command line shows a spinner or plain lines."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Hears what a run does. Methods must be quick and must not raise."""

    def step(self, text: str) -> None:
        """A step begins, or goes on waiting: a phrase such as ``reading bucket data``."""

    def note(self, text: str) -> None:
        """Something that stays true after the step: a full sentence."""

    def advance(self, done: int, total: int) -> None:
        """So many of so many parts are done."""


class Silent:
    """Hears and says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def advance(self, done: int, total: int) -> None:
        """Nothing."""
