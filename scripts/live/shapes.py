"""The shape of an answer: which members it has, and of which types. And a value with everything private taken out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

SHOWN = frozenset(
    [
        "SSEAlgorithm",
        "BucketKeyEnabled",
        "KeyState",
        "KeyManager",
        "KeySpec",
        "KeyUsage",
        "Lifecycle",
        "Operations",
        "DryRun",
        "MultiRegion",
        "Origin",
        "Truncated",
        "BucketRegion",
        "PolicyName",
        "Enabled",
        "Path",
        "Limit",
        "MaxItems",
        "MaxResults",
    ]
)
"""Members whose values say nothing about an account. Of all others only the type is kept."""

OWN_NAMES = frozenset(["EncryptionContextSubset", "EncryptionContextEquals"])
"""Members that hold names of somebody's own making: not even these are kept."""

_ARN = re.compile(
    r"(arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:)([0-9]*):"
    r"((?:key|alias|role|user|assumed-role|federated-user|policy|file-cache|file-system|association)/)?[^\s\"',;()]+"
)
_PRIVATE = (
    (re.compile(r"\b\d{12}\b"), "<account>"),
    (re.compile(r"\b(?:mrk-)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\bmrk-[0-9a-f]{32}\b"), "<id>"),
    (re.compile(r"(?<![a-z0-9])(?:fc|fs|dra|vpc|vpce|subnet|eni|o|ou|p|r)-[0-9a-z]{4,}\b"), "<id>"),
    (re.compile(r"\bA(?:ROA|IDA|KIA|SIA|GPA|NPA)[A-Z0-9]{8,}\b"), "<unique id>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<grant>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f:]*"), "<address>"),
    (re.compile(r"(?<=request id: )[^\s,)]+|(?<=requestid: )[^\s,)]+", re.IGNORECASE), "<id>"),
    (re.compile(r"(?<=alias/)[\w/-]+"), "<id>"),
)


def shape(value: Any, path: str = "") -> dict[str, str]:
    """Paths of the members, each with its type; ``[]`` stands for every entry of a list."""
    if isinstance(value, Mapping) and path.rpartition(".")[2] not in OWN_NAMES:
        found: dict[str, str] = {}
        for name, inner in value.items():
            found |= shape(inner, f"{path}.{name}" if path else str(name))
        return found
    if isinstance(value, (list, tuple)):
        found = {f"{path}[]": "list"}
        for inner in value:
            found |= {} if not isinstance(inner, Mapping) else shape(inner, f"{path}[]")
        return found
    return {path: type(value).__name__}


def masked(value: Any, name: str = "") -> Any:
    """The value with only harmless members shown."""
    if isinstance(value, Mapping) and name not in OWN_NAMES:
        return {key: masked(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(inner, name) for inner in value]
    return value if name in SHOWN and isinstance(value, (str, int, bool)) else f"<{type(value).__name__}>"


def masked_text(text: str, *names: str) -> str:
    """A sentence of AWS's without ids, and without these names."""
    text = _ARN.sub(lambda arn: f"{arn[1]}{arn[2] and '<account>'}:{arn[3] or ''}<id>", text)
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "<named>")
    for pattern, word in _PRIVATE:
        text = pattern.sub(word, text)
    return text
