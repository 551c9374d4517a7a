"""When two key policies say the same.

Two documents mean the same when they differ only in what AWS does not look at or rewrites when it stores a policy:

- order of keys, of lists and of statements; a list is a set, and a list of one equals its element;
- letter case of actions, condition operators and condition keys (values and Sids keep theirs);
- an account id stands for the ARN of that account's root, ``"*"`` for ``{"AWS": "*"}``;
- ``{}`` and ``[]`` equal absent, and so does an empty Sid; absent Version means 2008-10-17. But a condition key with an
  empty list counts: it is a test that no value passes, so without it the statement would apply to more requests;
- booleans and numbers equal their text.

Conditions are a set of tests (operator, key, values), all of which must pass. So two spellings of one operator stand
for one block; a key that is tested twice by two spellings stays two tests, because merging their values would turn
"and" into "or". Statements are a multiset. Keys that this version does not know count, in their own letter case.

Sources: IAM user guide, "AWS JSON policy elements: Principal", "Condition" and "Version", "Grammar of the IAM JSON
policy language"; what KMS rewrites is reported by users of infrastructure-as-code tools.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import TypeAlias

from fcsse import arn as arns
from fcsse.policy.document import PolicyDocument
from fcsse.policy.json_text import JsonValue

CanonicalForm: TypeAlias = "str | tuple[CanonicalForm, ...]"
"""A canonical form: equal exactly where the meaning is. Hashable."""

_NOTHING: CanonicalForm = ()
_NO_VALUE: CanonicalForm = ("list",)
_DEFAULT_VERSION = "2008-10-17"


def equivalent(a: PolicyDocument, b: PolicyDocument, partition: str = "aws") -> bool:
    """Do two policies of a key in this partition say the same?"""
    return a.text == b.text or canonical_document(a, partition) == canonical_document(b, partition)


def canonical_document(document: PolicyDocument, partition: str = "aws", *, keep_empty: bool = False) -> CanonicalForm:
    """What a document says, in canonical form.

    ``keep_empty`` is stricter: ``{}`` and ``[]`` are not taken for absent. It is for replacing one text by another,
    where an empty list in a condition must not get lost.
    """
    entries: list[tuple[str, CanonicalForm]] = []
    for key, value in document.value.items():
        if key != "Statement":
            entries.append((key, _any(value, keep_empty)))
    if "Version" not in document.value:
        entries.append(("Version", _any(version_of(document), keep_empty)))
    statements = tuple(
        sorted(
            (canonical_statement(one.value, partition, keep_empty=keep_empty) for one in document.statements), key=repr
        )
    )
    return ("document", _object(entries), statements)


def version_of(document: PolicyDocument) -> str:
    """The version of the policy language that a document is read by: whether ``${…}`` in it is a variable hangs on it."""
    version = document.value.get("Version", _DEFAULT_VERSION)
    return version if isinstance(version, str) else repr(version)


def canonical_statement(
    value: dict[str, JsonValue], partition: str = "aws", *, keep_empty: bool = False
) -> CanonicalForm:
    """What a statement says, its Sid included, in canonical form."""
    entries: list[tuple[str, CanonicalForm]] = []
    for key, item in value.items():
        meaning: CanonicalForm
        match key:
            case "Sid":
                meaning = _NOTHING if item == "" else _any(item, keep_empty)
            case "Principal" | "NotPrincipal":
                meaning = _principal(item, partition, keep_empty)
            case "Action" | "NotAction":
                meaning = _any(item, keep_empty, str.lower)
            case "Condition":
                meaning = _condition(item, keep_empty)
            case _:
                meaning = _any(item, keep_empty)
        entries.append((key, meaning))
    return _object(entries)


def digest_of(document: PolicyDocument, partition: str = "aws", *, keep_empty: bool = False) -> str:
    """SHA-256 of what a document says, in hexadecimal: the same for every text with the same meaning."""
    return digest_of_form(canonical_document(document, partition, keep_empty=keep_empty))


def digest_of_form(form: CanonicalForm) -> str:
    """The same of a document's canonical form."""
    return hashlib.sha256(json.dumps(form).encode()).hexdigest()


def _principal(value: JsonValue, partition: str, keep_empty: bool) -> CanonicalForm:
    value = _unwrapped(value)
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        return _any(value, keep_empty)

    def spell(text: str) -> str:
        return arns.root_arn(partition, text) if arns.is_account(text) else text

    return _object([(kind, _any(item, keep_empty, spell if kind == "AWS" else str)) for kind, item in value.items()])


def _condition(value: JsonValue, keep_empty: bool) -> CanonicalForm:
    value = _unwrapped(value)
    if not isinstance(value, dict) or (keep_empty and not value):
        return _any(value, keep_empty)
    tests: set[CanonicalForm] = set()
    for operator, blocks in value.items():
        block = _unwrapped(blocks)
        if not isinstance(block, dict) or (keep_empty and not block):
            tests.add((operator.lower(), "", _any(block, keep_empty)))
            continue
        for key, expected in block.items():
            tests.add((operator.lower(), key.lower(), _any(expected, keep_empty) or _NO_VALUE))
    return ("tests", *sorted(tests, key=repr)) if tests else _NOTHING


def _unwrapped(value: JsonValue) -> JsonValue:
    """The element of a list of one."""
    return _unwrapped(value[0]) if isinstance(value, list) and len(value) == 1 else value


def _any(value: JsonValue, keep_empty: bool, spell: Callable[[str], str] = str) -> CanonicalForm:
    """Any value: lists as sets, objects without their order, scalars as their text; nothing for an empty one."""
    match value:
        case None:
            return ("null",)
        case bool():
            return ("text", "true" if value else "false")
        case int() | float() | str():
            return ("text", spell(str(value)))
        case list():
            items = {_any(item, keep_empty, spell) for item in value} - {_NOTHING}
            if len(items) == 1:
                return items.pop()
            return ("list", *sorted(items, key=repr)) if items or keep_empty else _NOTHING
        case dict():
            meaning = _object([(key, _any(item, keep_empty, spell)) for key, item in value.items()])
            return ("object",) if keep_empty and meaning == _NOTHING else meaning


def _object(entries: list[tuple[str, CanonicalForm]]) -> CanonicalForm:
    kept = sorted((entry for entry in entries if entry[1] != _NOTHING), key=repr)
    return ("object", *kept) if kept else _NOTHING
