"""Reading what was written for other programs, with those programs' own parsers."""

import json
from typing import Any

import hcl2


def blocks(text: str) -> dict[str, Any]:
    """An HCL file as plain values: strings without quotes, blocks as lists of mappings."""
    found: dict[str, Any] = _plain(hcl2.loads(text))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, str) and value[:1] == value[-1:] == '"':
        return json.loads(value)
    return value


def statements_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that ``aws_iam_policy_document`` renders from these blocks, as the provider documents it."""
    return [_statement(block) for block in document["statement"]]


def _statement(block: dict[str, Any]) -> dict[str, Any]:
    assert set(block) <= {"sid", "effect", "actions", "resources", "principals", "condition"}
    conditions: dict[str, dict[str, list[str]]] = {}
    for one in block["condition"]:
        assert set(one) == {"test", "variable", "values"}
        conditions.setdefault(one["test"], {})[one["variable"]] = one["values"]
    (principals,) = block["principals"]
    assert set(principals) == {"type", "identifiers"}
    return {
        "Sid": block["sid"],
        "Effect": block["effect"],
        "Principal": {principals["type"]: principals["identifiers"]},
        "Action": block["actions"],
        "Resource": block["resources"],
        "Condition": conditions,
    }
