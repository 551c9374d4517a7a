"""Others who write to the same key policy, each in its own way; each says at the end which statements it wants there.

Source: KMS API reference, PutKeyPolicy: it replaces the whole document, with no version to compare.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fcsse.sandbox import key_policy
from fcsse.sandbox.cloudtrail_events import record_policy
from fcsse.sandbox.state import Key
from scripts.campaigning.simulation.transport import Transport


def statement(sid: str) -> dict[str, Any]:
    """A statement of somebody else's, which gives and takes nothing that matters here."""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "kms:DescribeKey",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": sid}},
    }


class Writer:
    """Somebody with other habits than fcsse. ``kind``: careful, naive, or revert (as a Terraform run does)."""

    def __init__(self, transport: Transport, key: Key, name: str, kind: str, times: int, every: float, pause: float):
        self.name, self.kind = name, kind
        self._transport, self._key = transport, key
        self._times, self._every, self._pause = times, every, pause
        self._desired = transport.policy(key)

    def run(self) -> None:
        """Writes so many times."""
        world = self._transport.clock.world
        for number in range(self._times):
            turn: Callable[[str], None] = {"careful": self._careful, "naive": self._naive, "revert": self._revert}[
                self.kind
            ]
            turn(f"{self.name} {number}")
            world.sleep(self._every * world.random.uniform(0.5, 1.5))

    def _read(self) -> str:
        world = self._transport.clock.world
        world.sleep(world.random.uniform(0.004, 0.03))
        return self._transport.policy_shown(self._key)

    def _put(self, text: str) -> None:
        world = self._transport.clock.world
        sent = world.now
        world.sleep(world.random.uniform(0.004, 0.03))
        before = self._transport.policy(self._key)
        key_policy.store(self._transport.sandbox.state, self._key, text)
        self._key.policy.set(self._key.policy.value)
        record_policy(self._transport.sandbox.state, self._key, text, self.name)
        self._transport.put_happened(self.name, self._key, before, sent)

    @staticmethod
    def _with(text: str, sid: str) -> str:
        document = json.loads(text)
        found = document["Statement"]
        document["Statement"] = [*(found if isinstance(found, list) else [found]), statement(sid)]
        return json.dumps(document)

    def _naive(self, sid: str) -> None:
        text = self._read()
        self._transport.clock.world.sleep(self._pause)
        self._put(self._with(text, sid))

    def _careful(self, sid: str) -> None:
        """Reads again before it writes, and once more after: adds its statement until it is there."""
        for _ in range(4):
            text = self._read()
            self._transport.clock.world.sleep(self._pause)
            if self._read() != text:
                continue
            self._put(self._with(text, sid))
            self._transport.clock.world.sleep(0.5)
            if sid in self._read():
                return

    def _revert(self, _: str) -> None:
        """Puts the policy of its template back where it finds another one."""
        if json.loads(self._read()) != json.loads(self._desired):
            self._transport.clock.world.sleep(self._pause)
            self._put(self._desired)
