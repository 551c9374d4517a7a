"""When a process that audits many accounts collects garbage: the command line has it done rarely (``main.COLLECT_EVERY``)."""

from __future__ import annotations

import gc

ENOUGH = 50_000
"""New objects after which a collection is worth its time, which is that of some requests."""


def collect_where_worth_it() -> None:
    """To be called when an account is done: the clients of its role refer to themselves, and stay until they are collected."""
    new, collections, _ = gc.get_count()
    if collections or new > ENOUGH:
        gc.collect()
