"""Writing a policy the ways that KMS, people and tools write one."""

from __future__ import annotations

import json
from dataclasses import dataclass

from fcsse.policy.json_text import JsonValue


@dataclass(frozen=True)
class Style:
    name: str
    newline: str = "\n"
    unit: str = "  "
    colon: str = ": "
    comma: str = ", "
    pad: str = ""
    inline_lists: bool = False
    hugging: bool = False  # "[{" … "}, {" … "}]" instead of braces on lines of their own
    statements_on_one_line: bool = False
    end: str = ""
    ascii: bool = False


KMS = Style("kms", colon=" : ", pad=" ", inline_lists=True, hugging=True)
STYLES = (
    KMS,
    Style("two spaces", end="\n"),
    Style("four spaces", unit="    "),
    Style("tabs", unit="\t"),
    Style("crlf", newline="\r\n", end="\r\n"),
    Style("hugging", hugging=True, inline_lists=True),
    Style("one space, lists inline", unit=" ", inline_lists=True, ascii=True),
    Style("no spaces after colons", colon=":", comma=","),
    Style("a statement a line", statements_on_one_line=True),
    Style("one line", newline="", unit=""),
    Style("compact", newline="", unit="", colon=":", comma=",", ascii=True),
    Style("one line, tight commas", newline="", unit="", comma=","),
    Style("one line, padded", newline="", unit="", pad=" ", end="\n"),
)


def write(value: JsonValue, style: Style) -> str:
    return _write(value, style, "", not style.newline, "") + style.end


def _write(value: JsonValue, style: Style, indent: str, inline: bool, key: str) -> str:
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=style.ascii)
    deeper = indent + style.unit
    of_objects = isinstance(value, list) and isinstance(value[0], dict)
    if isinstance(value, list) and not of_objects and style.inline_lists:
        inline = True
    if style.statements_on_one_line and isinstance(value, dict) and key == "":
        inline = inline or indent != ""
    hugging = of_objects and style.hugging and not inline
    items = []
    for name, item in value.items() if isinstance(value, dict) else (("", one) for one in value):
        text = _write(item, style, indent if hugging else deeper, inline, name)
        items.append(f"{json.dumps(name, ensure_ascii=style.ascii)}{style.colon}{text}" if name else text)
    left, right = "{}" if isinstance(value, dict) else "[]"
    if hugging:
        return left + style.pad + ", ".join(items) + style.pad + right
    if inline:
        return left + style.pad + style.comma.join(items) + style.pad + right
    step = style.newline + deeper
    return left + step + ("," + step).join(items) + style.newline + indent + right


def stored_by_kms(value: JsonValue) -> JsonValue:
    """As KMS normalises: lists of one become their element, other lists lose duplicates."""
    if isinstance(value, dict):
        return {
            key: [stored_by_kms(one) for one in item]
            if key == "Statement" and isinstance(item, list)
            else stored_by_kms(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        unique = [one for index, one in enumerate(value) if one not in value[:index]]
        return stored_by_kms(unique[0]) if len(unique) == 1 else [stored_by_kms(one) for one in unique]
    return value
