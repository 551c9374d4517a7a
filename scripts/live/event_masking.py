"""Events without what is private: ids, ARNs, addresses and names; what is left is their form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from live.shapes import masked_text

SHOWN = frozenset(
    [
        "eventVersion", "eventSource", "eventName", "awsRegion", "readOnly", "eventType", "managementEvent", "eventCategory",
        "apiVersion", "errorCode", "type", "keySpec", "customerMasterKeySpec", "keyUsage", "origin", "multiRegion", "keyState",
        "keyManager", "encryptionAlgorithm", "encryptionAlgorithms", "policyName", "bypassPolicyLockoutSafetyCheck",
        "operations", "SSEAlgorithm", "BucketKeyEnabled", "fileCacheType", "fileSystemType", "lifecycle", "mfaAuthenticated",
        "ReadOnly", "EventSource", "EventName", "ResourceType",
    ]
)  # fmt: skip
"""Members whose values say nothing about an account."""

OWN_NAMES = frozenset(["encryptionContext", "encryptionContextSubset", "encryptionContextEquals"])
"""Members whose own members are named by whoever called; AWS's own names begin with ``aws:``."""

SERVICES = frozenset(
    ["invokedBy", "sourceIPAddress", "userAgent", "accountId", "granteePrincipal", "retiringPrincipal"]
)
"""Members that hold a service's name in some events, and somebody's in others."""

_SERVICE = re.compile(r"(?:[a-z0-9-]+\.)+amazonaws\.com(?:\.cn)?|AWS Internal")
_S3_ARN = re.compile(r"arn:aws[a-z-]*:s3:::[^/]+(/.*)?", re.DOTALL)
_MARK = re.compile(r"md/fcsse-base#[0-9a-f]{16}-\d+")
_DIGITS = re.compile(r"\d+")


def masked_event(value: Any, name: str = "", names: tuple[str, ...] = ()) -> Any:
    """An event, or a part of it that is called ``name``. ``names`` are taken out of AWS's sentences, too."""
    if isinstance(value, Mapping):
        own = name in OWN_NAMES
        return {
            key if not own or str(key).startswith("aws:") else "<name>": masked_event(inner, str(key), names)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [masked_event(inner, name, names) for inner in value]
    if value is None or (name in SHOWN and isinstance(value, (str, int, bool))):
        return value
    if not isinstance(value, str):
        return f"<{type(value).__name__}>"
    return _text(value, name, names)


def _text(value: str, name: str, names: tuple[str, ...]) -> str:
    if name == "errorMessage":
        return masked_text(value, *names)
    if name in SERVICES and _SERVICE.fullmatch(value):
        return value
    if name == "userAgent":
        return f"<text with {'md/fcsse-base#…' if _MARK.search(value) else 'another tool'}>"
    if name == "aws:s3:arn" and (found := _S3_ARN.fullmatch(value)):
        return "<object ARN>" if found[1] else "<bucket ARN>"
    if name.lower() in ("arn", "keyid", "resourcearn"):
        return "<ARN>" if value.startswith("arn:") else "<alias>" if value.startswith("alias/") else "<id>"
    return "<text>"


def session_form(name: str) -> str:
    """The name of a session of a cache's role, which AWS chooses, without ids and with its digits counted."""
    return _DIGITS.sub(lambda found: f"<{len(found[0])} digits>", masked_text(name))
