"""What KMS does to the text of a key policy: checks it, and keeps it in a form of its own.

Sources: KMS API reference, PutKeyPolicy (characters, size, principals); KMS developer guide, "Resource quotas" (32,768
bytes) and "Key policies" (elements of a statement); public issue threads of infrastructure tools, which show that lists
of one come back as strings, and principals deduplicated and in another order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from fcsse.sandbox.wire import AwsError

MALFORMED = "MalformedPolicyDocumentException"

LIMIT = 32_768
"""Size limit of a key policy document, in bytes."""

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_CHARACTERS = re.compile(r"[\t\n\r\u0020-\u00ff]+")
_LIST_ELEMENTS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")


def parse(text: str, *, limit: int = LIMIT, elements_required: bool = True) -> dict[str, Any]:
    """The document, checked for everything that needs no knowledge of the account.

    ``elements_required``: refuse a statement without Action or NotAction, or with another Resource than ``*``. AWS
    announced that for August 2025; the service model still says that such a request succeeds. Raises AwsError.
    """
    if not 1 <= len(text) <= 131_072:
        message = "1 validation error detected: Value at 'policy' failed to satisfy constraint: length 1 to 131072"
        raise AwsError("ValidationException", message)
    if len(text.encode()) > limit:
        message = f"The key policy exceeds the maximum size of {limit} bytes."
        raise AwsError("LimitExceededException", message)
    if not _CHARACTERS.fullmatch(text):
        message = (
            "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must satisfy regular "
            r"expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+"
        )
        raise AwsError("ValidationException", message)
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict) or not list(statements(document)):
        raise AwsError(MALFORMED, "Syntax errors in policy.")
    for statement in statements(document):
        _check_statement(statement, elements_required=elements_required)
    return document


def statements(document: dict[str, Any]) -> Iterator[Any]:
    """The statements of a document, whether in a list or a single one."""
    found = document.get("Statement")
    yield from found if isinstance(found, list) else () if found is None else (found,)


def _check_statement(statement: object, *, elements_required: bool) -> None:
    if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
        raise AwsError(MALFORMED, "Syntax errors in policy.")
    if sum(name in statement for name in _PRINCIPALS) != 1:
        raise AwsError(MALFORMED, "Policy statement must contain principals.")
    if not isinstance(statement.get("Condition", {}), dict):
        raise AwsError(MALFORMED, "Syntax errors in policy.")
    if "Action" in statement and "NotAction" in statement:
        raise AwsError(MALFORMED, "Syntax errors in policy.")
    if elements_required:
        if not (statement.get("Action") or statement.get("NotAction")):
            raise AwsError(MALFORMED, "Policy statement must contain actions.")
        if statement.get("Resource") not in ("*", ["*"]):
            raise AwsError(MALFORMED, 'Policy statement must contain the resource "*".')


def aws_principals(document: dict[str, Any]) -> Iterator[str]:
    """Every AWS principal that the document names, ``*`` included."""
    for kind, value in _principals(document):
        if kind == "AWS":
            yield value


def service_principals(document: dict[str, Any]) -> Iterator[str]:
    """Every service principal that the document names."""
    for kind, value in _principals(document):
        if kind == "Service":
            yield value


def _principals(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for statement in statements(document):
        for name in _PRINCIPALS:
            value = statement.get(name)
            if isinstance(value, dict):
                for kind, entries in value.items():
                    for entry in entries if isinstance(entries, list) else [entries]:
                        yield kind, str(entry)
            elif value is not None:
                yield "AWS", str(value)


def map_principals(document: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """A copy of the document with every AWS principal handed through ``change``."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for statement in statements(copy):
        for name in _PRINCIPALS:
            value = statement.get(name)
            if isinstance(value, dict) and "AWS" in value:
                entries = value["AWS"]
                value["AWS"] = [change(str(e)) for e in entries] if isinstance(entries, list) else change(str(entries))
    return copy


def normalise(document: dict[str, Any]) -> dict[str, Any]:
    """The document as KMS keeps it: lists of one become strings, principals are deduplicated and sorted."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for statement in statements(copy):
        for name in _LIST_ELEMENTS:
            if name in statement:
                statement[name] = _unlist(statement[name])
        for name in _PRINCIPALS:
            value = statement.get(name)
            if isinstance(value, dict):
                for kind, entries in value.items():
                    value[kind] = _unlist(sorted(set(entries)) if isinstance(entries, list) else entries)
        for tests in statement.get("Condition", {}).values():
            if isinstance(tests, dict):
                for key, entries in tests.items():
                    tests[key] = _unlist(entries)
    return copy


def _unlist(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def write(value: object, indent: int = 0) -> str:
    """JSON in the layout in which KMS answers GetKeyPolicy: two spaces, `` : ``, and lists on one line.

    Source: the example output of GetKeyPolicy in the KMS API reference and the AWS CLI reference.
    """
    inner = "  " * (indent + 1)
    if isinstance(value, dict):
        if not value:
            return "{ }"
        members = (f"{inner}{_ENCODER.encode(k)} : {write(v, indent + 1)}" for k, v in value.items())
        return "{\n" + ",\n".join(members) + "\n" + "  " * indent + "}"
    if isinstance(value, list):
        return f"[ {', '.join(write(entry, indent) for entry in value)} ]" if value else "[ ]"
    return _ENCODER.encode(value)
