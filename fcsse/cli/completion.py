"""Completing ``--cache`` and ``--bucket`` with what the account has, and backups: quick, and silent whatever goes wrong.

zsh evaluates what it is offered, a backslash before a ``$`` undoes Typer's quoting, and other shells put a word into the
line as it is: names with signs that mean something to a shell are not offered, and in a description stands ``?`` for them.
botocore is imported only here, and only once such a value is being completed.
"""

from __future__ import annotations

import os
import queue
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer  # noqa: TC002  (Typer reads the annotations)

from fcsse.apply.backup import BackupFolder
from fcsse.errors import FcsseError
from fcsse.state_folder import default_folder

LIMIT = 1.0
"""Seconds after which a shell gets what is there. Whoever waits longer for a Tab thinks that it hangs.

``FCSSE_COMPLETION_SECONDS`` overrules it, for far networks and slow machines."""

_SIGNS = re.compile(r"[^\w .,:/@+=%-]")
"""What may mean something to a shell, and what does not print."""

PASSED_ON = ("profile", "region", "endpoint_url")


def cache_ids(context: typer.Context, incomplete: str) -> list[str]:
    """Ids of caches and file systems that begin like ``incomplete``."""
    return _complete(context, incomplete, "cache")


def bucket_names(context: typer.Context, incomplete: str) -> list[str]:
    """Names of buckets that begin like ``incomplete``."""
    return _complete(context, incomplete, "bucket")


def backup_ids(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Ids of backups that begin like ``incomplete``, the newest first, each with the change that followed. Asks AWS nothing."""
    try:
        folder = context.params.get("backup_dir") or os.environ.get("FCSSE_BACKUP_DIR")
        saved, _ = BackupFolder(Path(folder) if folder else default_folder()).read_all()
    except FcsseError:
        return []
    return [(one.id, _SIGNS.sub("?", one.reason)) for one in saved if one.id.startswith(incomplete)]


def profiles(_: typer.Context, incomplete: str) -> list[str]:
    """Names of AWS profiles that begin like ``incomplete``, from the config files. They may hold spaces."""
    return _gathered_names("profiles", incomplete)


def regions(_: typer.Context, incomplete: str) -> list[str]:
    """Regions with FSx that begin like ``incomplete``. Asks AWS nothing."""
    return _gathered_names("regions", incomplete)


def _gathered_names(what: str, incomplete: str) -> list[str]:
    found = _gather(lambda: _questions(what, {}), _limit())
    return sorted(name for name in found if name.startswith(incomplete) and not _SIGNS.search(name))


def _complete(context: typer.Context, incomplete: str, what: str) -> list[str]:
    given = {name: _text(context.params.get(name)) or os.environ.get(f"FCSSE_{name.upper()}") for name in PASSED_ON}
    before = context.params.get(what) or ()
    found = _gather(lambda: _questions(what, given), _limit())
    return sorted(
        name for name in found if name.startswith(incomplete) and not _SIGNS.search(name) and name not in before
    )


def _limit() -> float:
    try:
        return min(float(os.environ["FCSSE_COMPLETION_SECONDS"]), 60.0)
    except (KeyError, ValueError):
        return LIMIT


def _text(value: Any) -> str | None:
    if isinstance(value, (list, tuple)):  # audit takes many Regions
        value = value[0] if value else None
    return value if isinstance(value, str) else None


def _questions(what: str, given: dict[str, str | None]) -> tuple[Callable[[], Iterator[str]], ...]:
    """What to ask for names of this kind; ``given`` are the settings of the command so far."""
    from fcsse.aws import completion

    if what in ("profiles", "regions"):
        return (completion.profiles if what == "profiles" else completion.regions,)
    made = completion.clients(*(given[name] for name in PASSED_ON))
    return completion.caches(made) if what == "cache" else completion.buckets(made)


def _gather(questions: Callable[[], tuple[Callable[[], Iterator[str]], ...]], limit: float) -> set[str]:
    """The answers that are there in time. All of it, the imports too, runs in threads that nobody waits for."""
    end = time.monotonic() + limit
    told: queue.SimpleQueue[set[str] | int] = queue.SimpleQueue()

    def ask(question: Callable[[], Iterator[str]]) -> None:
        try:
            told.put(set(question()))
        except BaseException:
            told.put(set())

    def begin() -> None:
        try:
            asked = questions()
        except BaseException:
            told.put(0)
            return
        told.put(len(asked))
        for question in asked:
            threading.Thread(target=ask, args=(question,), name="fcsse-completion", daemon=True).start()

    threading.Thread(target=begin, name="fcsse-completion", daemon=True).start()
    found: set[str] = set()
    missing = 1
    while missing:
        try:
            one = told.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        if isinstance(one, int):
            missing += one - 1
        else:
            missing -= 1
            found |= one
    return found
