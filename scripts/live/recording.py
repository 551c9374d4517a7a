"""Every request to AWS and its answer, as botocore's events tell of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3


@dataclass(frozen=True)
class Exchange:
    """One call. ``code`` is empty where it succeeded; ``at`` is in seconds since the recording began."""

    step: str
    service: str
    operation: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    code: str
    message: str
    status: int
    at: float

    @property
    def name(self) -> str:
        """Such as ``kms:DescribeKey``."""
        return f"{self.service}:{self.operation}"

    @property
    def outcome(self) -> str:
        """``ok`` or the error's code."""
        return self.code or "ok"

    @property
    def refused(self) -> bool:
        """Did the caller lack a permission? That tells of the caller, not of AWS. (HEAD is refused without words: 403.)"""
        return self.code in ("AccessDenied", "AccessDeniedException", "403", "Forbidden")


@dataclass
class Recording:
    """Writes down what the clients of a session do from now on; ``step`` is what is being done."""

    session: boto3.Session
    step: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.session.events.register("before-parameter-build.*.*", self._asked)
        self.session.events.register("after-call.*.*", self._answered)

    def of(self, name: str, *, succeeded: bool | None = None) -> Iterator[Exchange]:
        """The exchanges of one operation; ``succeeded``: only those that did, or did not."""
        for one in self.exchanges:
            if one.name == name and succeeded in (None, not one.code):
                yield one

    def _asked(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["live_request"] = dict(params)

    def _answered(self, http_response: Any, parsed: Mapping[str, Any], model: Any, context: Any, **_: Any) -> None:
        error = parsed.get("Error", {}) if http_response.status_code >= 300 else {}
        answer = {name: value for name, value in parsed.items() if name not in ("ResponseMetadata", "Error")}
        with self._lock:
            self.exchanges.append(
                Exchange(
                    self.step,
                    model.service_model.service_name,
                    model.name,
                    context.get("live_request", {}),
                    answer,
                    str(error.get("Code", "")),
                    str(error.get("Message", "")),
                    http_response.status_code,
                    time.monotonic() - self._begun,
                )
            )
