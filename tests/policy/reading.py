"""A second, simple reading of policies, to judge edits by: who is given what by statements of the documented kind."""

from __future__ import annotations

import json
from typing import NamedTuple

from fcsse.policy.document import PolicyDocument
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import Access


class Given(NamedTuple):
    principal: str
    account: str
    via: str
    pattern: str


def _list(value: JsonValue) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def given(document: PolicyDocument) -> set[Given]:
    """Everything that documented statements give; dead principals too."""
    statements = json.loads(document.text)["Statement"]
    found = set()
    for one in statements if isinstance(statements, list) else [statements]:
        equals = one.get("Condition", {}).get("StringEquals", {})
        like = one.get("Condition", {}).get("StringLike", {})
        context = like.get("kms:EncryptionContext:aws:s3:arn")
        if len(_list(one.get("Action", []))) == 5 and context and equals:
            found |= {
                Given(principal, equals["kms:CallerAccount"], equals["kms:ViaService"], pattern)
                for principal in _list(one["Principal"]["AWS"])
                for pattern in _list(context)
            }
    return found


def wanted(access: Access) -> set[Given]:
    via = f"s3.{access.region}.amazonaws.com"
    return {Given(access.principal, access.account, via, pattern) for pattern in access.patterns}


def raw_statements(document: PolicyDocument) -> list[str]:
    """How each statement is written, byte for byte."""
    return [document.text[one.node.start : one.node.end] for one in document.statements]
