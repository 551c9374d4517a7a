"""The difference between two versions of a key policy, by what they say and not by how they are laid out. Pure.

The tools that write policies lay them out in their own ways, and CloudTrail keeps each text as it was sent. So both
versions are written in one form: members in a fixed order, lists as sorted sets, statements that say the same in the same
place. What is left is what changed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from difflib import SequenceMatcher

from fcsse import arn as arns
from fcsse.policy.diff import policy_diff
from fcsse.policy.document import JsonValue, PolicyDocument, Statement, printable
from fcsse.policy.equivalence import canonical_statement, equivalent

_ORDER = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_CONTEXT = 3


def difference(before: PolicyDocument, after: PolicyDocument, partition: str = "aws") -> tuple[str, ...]:
    """Lines of a unified diff without its two header lines; none where both say the same.

    Whatever does not print is escaped.
    """
    if equivalent(before, after, partition):
        return ()
    old, new = _lines(before, after, partition)
    rows = _unified(old, new)
    # What this form hides, such as a statement that is there twice, shows in the texts.
    return tuple(rows) if rows else policy_diff(before, after)[2:]


def _unified(old: list[str], new: list[str]) -> list[str]:
    out: list[str] = []
    bare = [row.removesuffix(",") for row in old], [row.removesuffix(",") for row in new]
    for group in SequenceMatcher(None, *bare, autojunk=False).get_grouped_opcodes(_CONTEXT):
        first, last = group[0], group[-1]
        out.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [f" {row}" for row in new[j1:j2]]
            else:
                out += [f"-{row}" for row in old[i1:i2]] + [f"+{row}" for row in new[j1:j2]]
    return out


def _range(start: int, stop: int) -> str:
    return str(start + 1) if stop - start == 1 else f"{start + 1 if stop > start else start},{stop - start}"


def _lines(before: PolicyDocument, after: PolicyDocument, partition: str) -> tuple[list[str], list[str]]:
    old = [_statement(one.value, partition) for one in before.statements]
    new: list[JsonValue] = []
    for one, counterpart in _in_order(before, after, partition):
        spelling = _spelling(counterpart.value) if counterpart else {}
        new.append(_statement(one.value, partition, lambda text, known=spelling: known.get(text.lower(), text)))  # type: ignore[misc]
    return _document(before, list(old)), _document(after, new)


def _in_order(
    before: PolicyDocument, after: PolicyDocument, partition: str
) -> list[tuple[Statement, Statement | None]]:
    """The later statements in the places of the earlier ones that say the same or have the same Sid, then the others."""
    left = list(after.statements)
    found: list[tuple[Statement, Statement | None]] = []
    meanings = {one.index: canonical_statement(one.value, partition) for one in left}
    partners: dict[int, Statement] = {}
    for old in before.statements:
        meaning = canonical_statement(old.value, partition)
        match = next((one for one in left if meanings[one.index] == meaning), None)
        if match:
            partners[old.index] = match
            left.remove(match)
    for old in before.statements:
        if old.index not in partners and old.sid:
            match = next((one for one in left if one.sid == old.sid), None)
            if match:
                partners[old.index] = match
                left.remove(match)
        if old.index in partners:
            found.append((partners[old.index], old))
    return found + [(one, None) for one in left]


def _document(document: PolicyDocument, statements: list[JsonValue]) -> list[str]:
    rest = {name: value for name, value in sorted(document.value.items()) if name != "Statement"}
    text = json.dumps({**rest, "Statement": statements}, indent=2, ensure_ascii=False)
    return [printable(row) for row in text.split("\n")]


def _statement(value: dict[str, JsonValue], partition: str, spell: Callable[[str], str] = str) -> dict[str, JsonValue]:
    names = [name for name in _ORDER if name in value] + sorted(name for name in value if name not in _ORDER)
    found: dict[str, JsonValue] = {}
    for name in names:
        item = value[name]
        match name:
            case "Principal" | "NotPrincipal":
                found[name] = _principal(item, partition)
            case "Action" | "NotAction":
                found[name] = _values(item, spell)
            case "Condition":
                found[name] = _condition(item, spell)
            case _:
                found[name] = _values(item, str)
    return found


def _principal(value: JsonValue, partition: str) -> JsonValue:
    if value == "*":
        value = {"AWS": "*"}
    if not isinstance(value, dict):
        return value

    def spell(text: str) -> str:
        return arns.root_arn(partition, text) if arns.is_account(text) else text

    return {kind: _values(item, spell if kind == "AWS" else str) for kind, item in sorted(value.items())}


def _condition(value: JsonValue, spell: Callable[[str], str]) -> JsonValue:
    if not isinstance(value, dict):
        return value
    found: dict[str, JsonValue] = {}
    for operator, block in sorted(value.items(), key=lambda item: item[0].lower()):
        if isinstance(block, dict):
            items = sorted(block.items(), key=lambda item: item[0].lower())
            found[spell(operator)] = {spell(key): _values(item, str) for key, item in items}
        else:
            found[spell(operator)] = block
    return found


def _values(value: JsonValue, spell: Callable[[str], str]) -> JsonValue:
    """A list as a sorted set, one of one as its element; numbers and booleans as texts."""
    if isinstance(value, list) and all(not isinstance(one, (list, dict)) for one in value):
        texts = sorted({_text(one, spell) for one in value})
        return texts[0] if len(texts) == 1 else list(texts)
    if value is None or isinstance(value, (list, dict)):
        return value
    return _text(value, spell)


def _text(value: JsonValue, spell: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else spell(str(value))


def _spelling(value: dict[str, JsonValue]) -> dict[str, str]:
    """How an earlier statement spells the names whose letter case says nothing."""
    names: list[str] = []
    for element in ("Action", "NotAction"):
        item = value.get(element)
        names += [one for one in (item if isinstance(item, list) else [item]) if isinstance(one, str)]
    condition = value.get("Condition")
    if isinstance(condition, dict):
        for operator, block in condition.items():
            names += [operator, *(block if isinstance(block, dict) else ())]
    return {name.lower(): name for name in names}
