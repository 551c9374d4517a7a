"""Using a KMS key directly: Encrypt, Decrypt, ReEncrypt, data keys and random bytes. Nothing is really encrypted.

Sources: KMS API reference, the page of each operation; the messages are those that AWS's answers were recorded with.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from fcsse.sandbox.authorize import require_identity, require_key
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.judge.judged_request import Value
from fcsse.sandbox.kms_checks import in_range, invalid, stop_dry_run
from fcsse.sandbox.kms_keys import find_key, require_state
from fcsse.sandbox.request_context import encryption_context_keys
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import AwsError

Given = Mapping[str, Any]

_MARK = b"simulated:"
_INCORRECT = "The key ID in the request does not identify a CMK that can perform this operation."


def _usable(
    state: State, caller: Caller, given: Given, key: Key, action: str, pairs: Mapping[str, str], named: str = ""
) -> None:
    keys: dict[str, Value] = encryption_context_keys(pairs)
    if "alias/" in named:
        keys["kms:RequestAlias"] = named[named.index("alias/") :]
    require_key(state, key, caller, f"kms:{action}", keys)
    if key.usage != "ENCRYPT_DECRYPT":
        message = f"{key.arn} key usage is {key.usage} which is not valid for {action}."
        raise AwsError("InvalidKeyUsageException", message)
    require_state(key)
    stop_dry_run(given)


def _key(state: State, caller: Caller, region: str, given: Given, name: str = "KeyId") -> Key:
    return find_key(state, str(given.get(name)), caller.account, region, aliases=True)


def _sealed(key: Key, plain: bytes, pairs: Mapping[str, str]) -> str:
    inside = {"key": key.arn, "context": dict(pairs), "text": base64.b64encode(plain).decode()}
    return base64.b64encode(_MARK + json.dumps(inside, sort_keys=True).encode()).decode()


def _opened(state: State, text: str, pairs: Mapping[str, str]) -> tuple[Key, bytes]:
    try:
        raw = base64.b64decode(text, validate=True)
        inside = json.loads(raw.removeprefix(_MARK)) if raw.startswith(_MARK) else {}
    except (binascii.Error, ValueError):
        inside = {}
    key = state.keys.get(inside.get("key", ""))
    if key is None or inside["context"] != dict(pairs):
        raise AwsError("InvalidCiphertextException", "")
    return key, base64.b64decode(inside["text"])


def encrypt(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """Encrypt."""
    key, pairs = _key(state, caller, region, given), given.get("EncryptionContext") or {}
    plain = base64.b64decode(str(given.get("Plaintext") or ""))
    if len(plain) > 4096:
        raise invalid(
            "Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096"
        )
    _usable(state, caller, given, key, "Encrypt", pairs, str(given.get("KeyId")))
    return {
        "KeyId": key.arn,
        "CiphertextBlob": _sealed(key, plain, pairs),
        "EncryptionAlgorithm": str(given.get("EncryptionAlgorithm") or "SYMMETRIC_DEFAULT"),
    }


def decrypt(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """Decrypt: the same encryption context, and the same key where one is named."""
    pairs = given.get("EncryptionContext") or {}
    key, plain = _opened(state, str(given.get("CiphertextBlob") or ""), pairs)
    if given.get("KeyId") and _key(state, caller, region, given).arn != key.arn:
        raise AwsError("IncorrectKeyException", _INCORRECT)
    _usable(state, caller, given, key, "Decrypt", pairs, str(given.get("KeyId") or ""))
    answer: dict[str, Any] = {"KeyId": key.arn, "Plaintext": base64.b64encode(plain).decode()}
    return {**answer, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}


def reencrypt(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """ReEncrypt: two permissions, on two keys."""
    before, after = given.get("SourceEncryptionContext") or {}, given.get("DestinationEncryptionContext") or {}
    source, plain = _opened(state, str(given.get("CiphertextBlob") or ""), before)
    if given.get("SourceKeyId") and _key(state, caller, region, given, "SourceKeyId").arn != source.arn:
        raise AwsError("IncorrectKeyException", _INCORRECT)
    target = _key(state, caller, region, given, "DestinationKeyId")
    _usable(state, caller, {}, source, "ReEncryptFrom", before)
    _usable(state, caller, given, target, "ReEncryptTo", after, str(given.get("DestinationKeyId")))
    return {"CiphertextBlob": _sealed(target, plain, after), "SourceKeyId": source.arn, "KeyId": target.arn}


def data_key(state: State, caller: Caller, region: str, given: Given, *, plain: bool = True) -> dict[str, Any]:
    """GenerateDataKey and GenerateDataKeyWithoutPlaintext."""
    key, pairs = _key(state, caller, region, given), given.get("EncryptionContext") or {}
    size = given.get("NumberOfBytes")
    if size is None:
        size = {"AES_256": 32, "AES_128": 16}.get(str(given.get("KeySpec")), 0)
    if not size:
        raise AwsError("ValidationException", "Please specify either number of bytes or key spec.")
    in_range(size, "numberOfBytes", 1, 1024)
    action = "GenerateDataKey" if plain else "GenerateDataKeyWithoutPlaintext"
    _usable(state, caller, given, key, action, pairs, str(given.get("KeyId")))
    made = secrets.token_bytes(size)
    shown = {"Plaintext": base64.b64encode(made).decode()} if plain else {}
    return {"KeyId": key.arn, "CiphertextBlob": _sealed(key, made, pairs), **shown}


def random_bytes(_: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """GenerateRandom."""
    del region
    require_identity(caller, "kms:GenerateRandom", "*")
    size = given.get("NumberOfBytes")
    if size is None:
        raise AwsError("ValidationException", "NumberOfBytes is required.")
    made = secrets.token_bytes(in_range(size, "numberOfBytes", 1, 1024))
    return {"Plaintext": base64.b64encode(made).decode()}
