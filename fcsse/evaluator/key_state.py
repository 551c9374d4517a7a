"""What a KMS key does in each of its states.

Source: KMS developer guide, "Key states of AWS KMS keys", its table. Key policies can be read and written, grants
listed and ended, and the key described in every state.
"""

from __future__ import annotations

_CRYPTOGRAPHIC = frozenset(
    {
        "decapsulate",
        "decrypt",
        "derivesharedsecret",
        "encapsulate",
        "encrypt",
        "generatedatakey",
        "generatedatakeypair",
        "generatedatakeypairwithoutplaintext",
        "generatedatakeywithoutplaintext",
        "generatemac",
        "getpublickey",
        "reencrypt",
        "reencryptfrom",
        "reencryptto",
        "sign",
        "verify",
        "verifymac",
    }
)
_WORKING = frozenset({"Enabled", "Updating"})


def refuses(state: str | None, operation: str) -> bool | None:
    """Does the key's state make the operation fail? None where the state is not known.

    ``operation`` is in lower case, without ``kms:``. A key that is being updated (its primary Region changes) goes on
    working; in a state this version does not know, nothing cryptographic is taken to work.
    """
    if operation not in _CRYPTOGRAPHIC and operation != "creategrant":
        return False
    if state is None:
        return None
    if state in _WORKING:
        return False
    return not (operation == "creategrant" and state == "Unavailable")
