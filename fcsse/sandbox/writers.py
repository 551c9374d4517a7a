"""Other people who write to the same key policy: once, at a chosen moment, or again and again.

Source: KMS API reference, PutKeyPolicy: it replaces the whole document, with no version to compare.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Mapping
from typing import Any

from fcsse.sandbox import key_policy
from fcsse.sandbox.cloudtrail_events import record_policy
from fcsse.sandbox.faults import Fault, Faults
from fcsse.sandbox.policy_text import statements
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import Call


def foreign_statement(key: Key, number: int) -> dict[str, Any]:
    """A harmless statement of somebody else's, told apart by its Sid ``Foreign <number>``."""
    return {
        "Sid": f"Foreign {number}",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{key.partition}:iam::{key.account}:root"},
        "Action": "kms:DescribeKey",
        "Resource": "*",
    }


def with_statement(text: str, statement: Mapping[str, Any]) -> str:
    """The policy's text with one more statement at the end."""
    document = copy.deepcopy(json.loads(text))
    document["Statement"] = [*statements(document), dict(statement)]
    return json.dumps(document)


class SecondWriter:
    """Appends a statement to a key's policy when a chosen call is made; ``wrote`` counts how often it did."""

    def __init__(self, state: State, key: Key, statement: Mapping[str, Any] | None) -> None:
        self._state = state
        self._key = key
        self._statement = statement
        self.wrote = 0

    def install(self, faults: Faults, operation: str, *, nth: int, times: int | None, after: bool) -> Fault:
        """Act on the n-th call of ``operation`` on this key (and the ``times - 1`` after it), before or after it."""
        hook = Fault(operation, nth=nth, times=times, after=after, matching=self._key.id, hook=self._write)
        return faults.add(hook)

    def _write(self, _: Call) -> None:
        with self._state.lock:
            self.wrote += 1
            statement = self._statement or foreign_statement(self._key, self.wrote)
            text = key_policy.shown(self._state, self._key, self._key.policy.value)
            text = with_statement(text, statement)
            key_policy.store(self._state, self._key, text)
            record_policy(self._state, self._key, text)


class BusyWriter:
    """Follows no protocol: reads a key's policy, waits, writes it back with one more statement; over and over.

    ``pause`` is the wait between reading and writing, ``every`` the one between two rounds, in seconds. It keeps at
    most ``keep`` statements of its own, so that the policy does not fill up. ``sids`` are those it wrote, in order.
    """

    def __init__(self, state: State, key: Key, *, every: float, pause: float, keep: int = 5) -> None:
        self._state = state
        self._key = key
        self._every = every
        self._pause = pause
        self._keep = keep
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sids: list[str] = []

    def start(self) -> BusyWriter:
        """Begin."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop, and wait until it has."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with self._state.lock:
                text = key_policy.shown(self._state, self._key, self._key.policy.value)
            if self._stopped.wait(self._pause):
                return
            statement = foreign_statement(self._key, len(self.sids) + 1)
            document = json.loads(text)
            old = set(self.sids[: -(self._keep - 1)]) if self._keep > 1 else set(self.sids)
            document["Statement"] = [s for s in statements(document) if s.get("Sid") not in old]
            with self._state.lock:
                text = with_statement(json.dumps(document), statement)
                key_policy.store(self._state, self._key, text)
                record_policy(self._state, self._key, text)
                self.sids.append(statement["Sid"])
            self._stopped.wait(self._every)
