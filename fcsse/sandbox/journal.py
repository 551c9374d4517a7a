"""The log of every AWS call that reached the sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. ``outcome`` is ``ok``, an error code, or ``dropped``; ``time`` is in seconds since the epoch.

    ``caller`` is the caller's ARN, empty where the credentials were refused. ``user_agent`` is the client's.
    """

    number: int
    operation: str
    account: str
    caller: str
    region: str
    parameters: Mapping[str, Any]
    time: float
    seconds: float
    status: int
    outcome: str
    bucket: str = ""
    key: str = ""
    user_agent: str = ""

    def to_json(self) -> dict[str, Any]:
        """The entry as JSON members."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Journal:
    """The calls, in the order in which they were answered."""

    entries: list[Entry] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **members: Any) -> None:
        """Write a call down."""
        with self.lock:
            now = time.time()
            self.entries.append(Entry(number=len(self.entries) + 1, time=now, **members))

    def clear(self) -> None:
        """Forget every call."""
        with self.lock:
            self.entries.clear()

    def __iter__(self) -> Iterator[Entry]:
        with self.lock:
            return iter(tuple(self.entries))

    def __len__(self) -> int:
        return len(self.entries)

    def of(self, operation: str) -> list[Entry]:
        """The calls of one operation, such as ``kms:PutKeyPolicy``."""
        return [entry for entry in self if entry.operation == operation]

    def count(self, operation: str) -> int:
        """How many calls of one operation there were."""
        return len(self.of(operation))

    @property
    def operations(self) -> list[str]:
        """The operations called, in order."""
        return [entry.operation for entry in self]
