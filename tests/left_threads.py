"""Threads that a command leaves behind, which in a process of its own would end with it.

What one of them still asks would count as asked in the next test.
"""

from __future__ import annotations

import threading
from time import monotonic, sleep

LONGEST = 5.0
"""Seconds to wait for them."""

OURS = ("fcsse", "census")
LASTING = ("fcsse-interrupt", "fcsse-stderr")


def wait_for_them() -> None:
    """Returns when none of them is at work any more, or after a while."""
    end = monotonic() + LONGEST
    while any(map(_is_at_work, threading.enumerate())) and monotonic() < end:
        sleep(0.005)


def _is_at_work(thread: threading.Thread) -> bool:
    if not thread.name.startswith(OURS) or thread.name.startswith(LASTING):
        return False
    calls = getattr(thread, "calls", None)
    # One that makes calls stays for a while, for the next.
    return calls is None or getattr(thread, "call", None) is not None or not calls.empty()
