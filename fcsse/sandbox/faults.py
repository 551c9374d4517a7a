"""Trouble on demand: errors, throttling, delays, dropped connections, lost answers, and other writers at work.

A fault watches the calls of one operation and acts on the ones it is told to. None of it is AWS's doing on every call:
it is what clients must live with. Sources: KMS API reference, "Common errors"; AWS general reference, "Error retries
and exponential backoff"; KMS API reference, PutKeyPolicy (no version and no condition: the last writer wins).
"""

from __future__ import annotations

import fnmatch
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fcsse.sandbox.wire import Call

_STATUS = {
    "ThrottlingException": 400,
    "Throttling": 400,
    "SlowDown": 503,
    "KMSInternalException": 500,
    "DependencyTimeoutException": 503,
    "InternalServerError": 500,
    "InternalFailure": 500,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "AccessDenied": 403,
    "ExpiredToken": 403,
}


@dataclass(slots=True)
class Fault:
    """One kind of trouble.

    ``operation``: such as ``kms:PutKeyPolicy``; ``*`` and ``?`` match as in a shell. ``nth``: the first matching call
    that it befalls, counted from 1. ``times``: how many calls from there on; None = all. ``code``, ``message``,
    ``status``: the error to answer; without a code, only ``delay`` (seconds), ``drop`` and ``hook`` act. ``after``:
    carry the call out first, so that the effect is there and the answer is lost. ``drop``: close the connection
    without an answer. ``matching``: only calls whose parameters, written as JSON, hold this text. ``hook`` runs
    before the call, or after it with ``after``.
    """

    operation: str
    code: str | None = None
    message: str = ""
    status: int | None = None
    nth: int = 1
    times: int | None = 1
    after: bool = False
    delay: float = 0.0
    drop: bool = False
    matching: str = ""
    hook: Callable[[Call], None] | None = None
    seen: int = 0
    acted: int = 0

    @property
    def http_status(self) -> int:
        """The status to answer: as given, else the usual one of the code."""
        return self.status or _STATUS.get(self.code or "", 400)

    def to_json(self) -> dict[str, Any]:
        """What the control endpoint shows of it."""
        names = ("operation", "code", "message", "nth", "times", "after", "delay", "drop", "matching", "seen", "acted")
        return {**{name: getattr(self, name) for name in names}, "status": self.http_status}


@dataclass(slots=True)
class Faults:
    """All faults in place."""

    items: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> Fault:
        """Put a fault in place."""
        with self.lock:
            self.items.append(fault)
        return fault

    def clear(self) -> None:
        """Take every fault away."""
        with self.lock:
            self.items.clear()

    def due(self, call: Call) -> list[Fault]:
        """The faults that befall this call; each counts it."""
        with self.lock:
            return [fault for fault in self.items if _strikes(fault, call)]


def _strikes(fault: Fault, call: Call) -> bool:
    if not fnmatch.fnmatchcase(call.name, fault.operation):
        return False
    if fault.matching and fault.matching not in _text(call):
        return False
    fault.seen += 1
    if fault.seen < fault.nth or (fault.times is not None and fault.seen >= fault.nth + fault.times):
        return False
    fault.acted += 1
    return True


def _text(call: Call) -> str:
    return json.dumps({**call.parameters, "bucket": call.bucket, "key": call.key}, ensure_ascii=False)
