"""What ``audit --organization --fix`` has finished, kept in a file so that an interrupted run can go on.

The file names the run, accounts and exit codes and nothing else: no credentials, no policies. It is replaced as a whole after
each account. A run that reached its end marks it as finished, and the next run begins anew; so it does where the file is old:
that an account was in order then says little of how it is now.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from fcsse.arn import is_account
from fcsse.clock import Clock
from fcsse.durable_files import PartFile, make_folder_durably, write_whole
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING, UnexpectedError, UsageError
from fcsse.safe_files import UnsafeFileError, read_own

SCHEMA = "fcsse.organization-fix/1"
MOST_BYTES = 16 * 1024 * 1024

STANDINGS = (EXIT_OK, EXIT_PENDING, EXIT_DENIED)
"""The exit codes of an account that is finished: it has all access, lacks some, or could not be read whole."""

LONGEST = timedelta(days=1)
"""How long ago a run may have begun for another to go on with it."""


class FixRun(NamedTuple):
    """What a run is: two runs that differ in any of it do not continue each other.

    ``regions``: those that are looked at, also where they come from the settings; empty where it is every Region.
    ``endpoints``: the URLs other than AWS's own at which AWS is asked.
    """

    caller: str
    role_name: str
    regions: tuple[str, ...]
    all_regions: bool
    prune_orphans: bool
    endpoints: tuple[str, ...] = ()


class FixState:
    """The state file of a run. Nothing is written before the first account is finished."""

    def __init__(self, path: Path, run: FixRun, begun: datetime, finished: dict[str, int]) -> None:
        self.path = path
        self.outdated: datetime | None = None
        """When the run began whose state is there and too old to go on from."""
        self._run = run
        self._begun = begun
        self.finished = finished
        """The exit code of each account that an earlier run, or this one, finished."""

    @classmethod
    def open(cls, path: Path, run: FixRun, clock: Clock) -> FixState:
        """The state that an interrupted run left, or a new one.

        Raises ``UsageError`` where the file is of another run or no state file, ``UnexpectedError`` where it cannot be
        read.
        """
        new = cls(path, run, clock.now(), {})
        try:
            text = read_own(path, MOST_BYTES)
        except FileNotFoundError:
            return new
        except UnsafeFileError as error:
            raise UsageError(f"reading the state file {path}: it {error.reason}", NAME_ANOTHER) from error
        except OSError as error:
            raise UnexpectedError(f"reading the state file {path}: {error.strerror or error}", NAME_ANOTHER) from error
        document = _parsed(text)
        if document is None:
            raise UsageError(f"reading the state file {path}: it is not a state file of fcsse", NAME_ANOTHER)
        if document["finished"]:
            return new
        if document["run"] != _document_of(run):
            differing = ", ".join(
                name for name, value in _document_of(run).items() if document["run"].get(name) != value
            )
            raise UsageError(
                f"reading the state file {path}: it is of another run, which differs in {differing}",
                "Finish that run with its own options, remove the file, or name another with --state.",
            )
        begun = datetime.fromisoformat(document["begun_at"])
        if not timedelta(0) <= clock.now() - begun <= LONGEST:
            new.outdated = begun
            return new
        return cls(path, run, begun, document["accounts"])

    def try_place(self) -> None:
        """Finds out whether the file can be written, before anything is changed. Raises ``UnexpectedError``."""
        try:
            make_folder_durably(self.path.parent)
            PartFile(self.path).discard()
        except OSError as error:
            raise self._unwritten(error, NAME_ANOTHER) from error

    def finish(self, account: str, code: int) -> None:
        """Notes that an account is finished. Raises ``UnexpectedError`` where that cannot be written."""
        self.finished[account] = code
        self._write(finished=False)

    def end(self) -> None:
        """Notes that the run reached its end."""
        if self.finished:
            self._write(finished=True)

    def _write(self, *, finished: bool) -> None:
        document = {
            "schema": SCHEMA,
            "run": _document_of(self._run),
            "begun_at": self._begun.isoformat(timespec="seconds"),
            "accounts": dict(sorted(self.finished.items())),
            "finished": finished,
        }
        try:
            write_whole(self.path, json.dumps(document, indent=2) + "\n")
        except OSError as error:
            raise self._unwritten(error, f"{NAME_ANOTHER} What was fixed so far stays fixed.") from error

    def _unwritten(self, error: OSError, hint: str) -> UnexpectedError:
        return UnexpectedError(f"writing the state file {self.path}: {error.strerror or error}", hint)


NAME_ANOTHER = "Name another file with --state."


def _document_of(run: FixRun) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in run._asdict().items()}


def _parsed(text: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        return None
    accounts, run = document.get("accounts"), document.get("run")
    if not isinstance(accounts, dict) or not isinstance(run, dict) or not isinstance(document.get("finished"), bool):
        return None
    try:
        begun = datetime.fromisoformat(document["begun_at"])
    except (KeyError, TypeError, ValueError):
        return None
    sound = begun.tzinfo is not None and all(
        is_account(name) and type(code) is int and code in STANDINGS for name, code in accounts.items()
    )
    return document if sound else None
