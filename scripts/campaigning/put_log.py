"""Who put which policy over which, in the order in which the simulated KMS took them."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self

from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import canonical_document
from fcsse.sandbox import key_policy, kms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fcsse.policy.equivalence import CanonicalForm
    from fcsse.sandbox.caller import Caller
    from fcsse.sandbox.state import State
    from fcsse.sandbox.wire import Call, Reply

WRITES = ("PutKeyPolicy", "CreateGrant", "RevokeGrant", "RetireGrant")


@dataclass(frozen=True, slots=True)
class Put:
    """One PutKeyPolicy that KMS took. ``caller`` is the user's name."""

    at: float
    key: str
    caller: str
    before: str
    after: str


@dataclass(slots=True)
class Ledger:
    """Listens to the sandbox's KMS while it is entered. ``grants`` counts grants made and ended."""

    puts: list[Put] = field(default_factory=list)
    grants: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _answer: Any = None

    def __enter__(self) -> Self:
        self._answer = kms.answer

        def answer(state: State, call: Call, caller: Caller) -> Reply:
            operation = call.name.removeprefix("kms:")
            key = None
            if operation == "PutKeyPolicy":
                wanted = str(call.parameters.get("KeyId", ""))
                key = next((one for one in state.keys.values() if wanted in (one.id, one.arn)), None)
            before = key_policy.shown(state, key, key.policy.value) if key else ""
            reply: Reply = self._answer(state, call, caller)
            if reply.status == 200 and operation in WRITES:
                with self.lock:
                    if key:
                        name = caller.arn.rsplit("/", 1)[-1]
                        after = key_policy.shown(state, key, key.policy.value)
                        self.puts.append(Put(time.monotonic(), key.arn, name, before, after))
                    elif not call.parameters.get("DryRun"):
                        self.grants += 1
            return reply

        kms.answer = answer
        return self

    def __exit__(self, *_: object) -> None:
        kms.answer = self._answer

    def forget(self) -> None:
        """Starts a new page."""
        with self.lock:
            self.puts.clear()
            self.grants = 0

    def of(self, key: str) -> list[Put]:
        """The puts on one key so far."""
        with self.lock:
            return [put for put in self.puts if put.key == key]


@lru_cache(4096)
def meaning(text: str) -> CanonicalForm:
    """What a policy says; the unique ids of the gone are all alike."""
    return canonical_document(PolicyDocument.parse(re.sub(r"A(ROA|IDA)[A-Z0-9]{8,}", r"A\1GONEGONEGONE", text)))


@lru_cache(4096)
def sids(text: str) -> tuple[str, ...]:
    """The Sids of a policy, in order."""
    found = json.loads(text)["Statement"]
    return tuple(one.get("Sid", "") for one in (found if isinstance(found, list) else [found]))


def roles(text: str, caches: Iterable[str]) -> Counter[str]:
    """How often each cache's role is named as a principal."""
    named: Counter[str] = Counter()
    found = json.loads(text)["Statement"]
    for one in found if isinstance(found, list) else [found]:
        principal = one["Principal"]
        value = principal.get("AWS", []) if isinstance(principal, dict) else principal
        named.update([value] if isinstance(value, str) else value)
    ends = Counter({arn.rsplit("_", 1)[-1]: count for arn, count in named.items() if "FSxS3Access_" in arn})
    return Counter({cache: ends[cache] for cache in caches if ends[cache]})


def saved_texts(folders: Iterable[Path]) -> set[str]:
    """The policies in all backups of these folders."""
    there = (folder for folder in folders if folder.is_dir())
    return {_policy_in(file.path) for folder in there for file in os.scandir(folder) if file.name.endswith(".json")}


def _policy_in(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - Path takes as long as reading, thousands of times a minute
        policy: str = json.load(file)["policy"]
    return policy
