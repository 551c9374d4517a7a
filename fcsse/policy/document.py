"""A key policy document as a value: its exact text, what it says, and what KMS would object to.

Sources: AWS KMS developer guide, "Creating a key policy" (size, elements); IAM user guide, "AWS JSON policy elements:
Principal" (unique ids in place of deleted principals).
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from fcsse import errors
from fcsse.policy.json_text import JsonTextError, JsonValue, Node, compact_json, parse_json
from fcsse.policy.kept import kept

__all__ = [
    "MAX_POLICY_BYTES",
    "JsonValue",
    "PolicyDocument",
    "Statement",
    "denying",
    "listed",
    "parsed",
    "printable",
    "refused_statements",
    "strings",
]

MAX_POLICY_BYTES = 32_768
"""Size limit of a key policy. Source: AWS KMS developer guide, "Creating a key policy", "Key policy format"."""

_HINT = "Look at the policy with `aws kms get-key-policy`; nothing was changed."


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a document.

    ``index`` counts from 0. ``label`` names it for people, after the word "statement": its Sid in quotes, or its number
    counted from 1; where several statements share a Sid, both. Characters that do not print are escaped in it.
    """

    index: int
    sid: str | None
    value: dict[str, JsonValue]
    label: str
    node: Node = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A key policy. Equal when the texts are; for equal meaning see ``fcsse.policy.equivalence``.

    ``value`` is for reading only. ``tree`` knows where everything stands in ``text``.
    """

    text: str
    tree: Node = field(compare=False, repr=False)
    statements: tuple[Statement, ...] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> PolicyDocument:
        """The document in a text.

        Raises PolicyFormatError, which says where and what, for a text that is not one JSON object with a Statement
        that is an object or a list of objects; also for duplicate keys, NaN and nesting beyond reason.
        """
        try:
            tree = parse_json(text)
        except JsonTextError as error:
            raise _format_error(str(error)) from None
        if not tree.is_object:
            reason = f"the document is {_kind(tree.value)}, not an object"
            raise _format_error(reason)
        members = tree.value if isinstance(tree.value, dict) else {}
        odd = next((name for name in members if name != "Statement" and name.lower() == "statement"), None)
        if odd is not None:
            reason = f"it has {printable(odd)}, which AWS documents as Statement"
            raise _format_error(reason)
        node = tree.member("Statement")
        if node is None:
            reason = "it has no Statement"
            raise _format_error(reason)
        if not (node.is_object or node.is_array):
            reason = f"Statement is {_kind(node.value)}, not a list of objects"
            raise _format_error(reason)
        return cls(text, tree, _statements(node.items if node.is_array else (node,)))

    @property
    def value(self) -> dict[str, JsonValue]:
        """What the text says. For reading only."""
        return self.tree.value if isinstance(self.tree.value, dict) else {}

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8: what is sent, and so what is measured against ``MAX_POLICY_BYTES``."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    def compact(self) -> PolicyDocument:
        """The same document without white space: same order, same spelling of every string and number."""
        return PolicyDocument.parse(compact_json(self.text, self.tree))


@kept
def parsed(text: str) -> PolicyDocument:
    """As ``PolicyDocument.parse``; kept, since many pairs share a key. Raises ``PolicyFormatError``."""
    return PolicyDocument.parse(text)


def refused_statements(document: PolicyDocument) -> tuple[tuple[str, str], ...]:
    """Label and reason of each statement that KMS refuses, wherever in the document it stands.

    Since August 18, 2025 CreateKey, ReplicateKey and PutKeyPolicy refuse statements without Action or NotAction, and
    statements whose Resource is not ``*``. Source: the AWS Health notice of May 2025, quoted in public issue threads.
    """
    found = []
    for statement in document.statements:
        if not statement.value.get("Action") and not statement.value.get("NotAction"):
            found.append((statement.label, "it has no Action or NotAction"))
        resource = statement.value.get("Resource")
        if resource in (None, [], ""):
            found.append((statement.label, 'it has no Resource, which must be "*"'))
        elif resource not in ("*", ["*"]):
            found.append((statement.label, 'its Resource is not "*"'))
    return tuple(found)


def denying(document: PolicyDocument, action: str) -> tuple[str, ...]:
    """The labels of the statements that deny an action to somebody, under whatever conditions."""
    return tuple(one.label for one in document.statements if one.value.get("Effect") == "Deny" and _covers(one, action))


def _covers(statement: Statement, action: str) -> bool:
    listed, excepted = strings(statement.value.get("Action")), strings(statement.value.get("NotAction"))
    if listed:
        return any(fnmatchcase(action.lower(), one.lower()) for one in listed)
    return bool(excepted) and not any(fnmatchcase(action.lower(), one.lower()) for one in excepted)


def strings(value: JsonValue) -> tuple[str, ...]:
    """The strings of a policy value that may be one string or a list of them."""
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def listed(value: JsonValue) -> list[JsonValue]:
    """The values of a policy value that may be one or a list of them, whatever they are."""
    return value if isinstance(value, list) else [value]


def printable(text: str) -> str:
    """A text with everything that does not print (control and format characters, surrogates) escaped as in JSON."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)


def _statements(nodes: tuple[Node, ...]) -> tuple[Statement, ...]:
    sids = [node.value.get("Sid") if isinstance(node.value, dict) else None for node in nodes]
    uses = Counter(sid for sid in sids if isinstance(sid, str))
    statements = []
    for index, (node, sid) in enumerate(zip(nodes, sids, strict=True)):
        if not isinstance(node.value, dict):
            reason = f"statement {index + 1} is {_kind(node.value)}, not an object"
            raise _format_error(reason)
        name = sid if isinstance(sid, str) and sid else None
        label = f"{index + 1}"
        if name is not None:
            label = f"'{printable(name)}'" + (f" (number {label})" if uses[name] > 1 else "")
        statements.append(Statement(index, name, node.value, label, node))
    return tuple(statements)


def _format_error(reason: str) -> errors.PolicyFormatError:
    return errors.PolicyFormatError(f"parsing the key policy: {reason}", _HINT)


def _kind(value: JsonValue) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "an object"
