"""The question before a write, and what follows where its answer took a while: the facts are read again.

A yes is given to what is on the screen. Meanwhile a key may have been replaced or scheduled for deletion, an alias moved, a
policy edited, a bucket deleted and made anew by somebody else. Where anything that was shown has changed, the new state is
shown and the question asked again; nothing is written on the strength of a yes to something else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fcsse.cli.output.terminal import Terminal
from fcsse.clock import Clock
from fcsse.planning.review import STALE_AFTER

T = TypeVar("T")

CHANGED = "What AWS holds changed while the question waited. This is how it is now:"


def ask_about_current(
    shown: T,
    *,
    clock: Clock,
    terminal: Terminal,
    ask: Callable[[T], None],
    again: Callable[[], T],
    same: Callable[[T, T], bool],
    show: Callable[[T], None],
    pending: Callable[[T], bool],
) -> T:
    """Asks about what is shown, and about what has become of it, until an answer is about how things are.

    ``ask`` returns for a yes, or where no question is asked, and ends the command otherwise. ``again`` reads the facts
    again. ``pending``: is there anything left to ask about? Returns what was agreed to, newly read where that was due.
    """
    while pending(shown):
        start = clock.monotonic()
        ask(shown)
        if clock.monotonic() - start <= STALE_AFTER:
            break
        before, shown = shown, again()
        if same(before, shown):
            break
        terminal.warn(CHANGED)
        show(shown)
    return shown
