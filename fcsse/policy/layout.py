"""How a document is laid out, and how to write new values the same way.

Key policies come as KMS shows them (``"Version" : "2012-10-17"``, ``[ {``), as people indent them, with tabs, with
CRLF, or on one line. What is added to a document follows what is already there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from fcsse.policy.document import PolicyDocument
from fcsse.policy.json_text import JsonValue, Node, compact_json, quote


class Layout(NamedTuple):
    """The habits of a text.

    ``newline`` ends its lines, ``unit`` is one step of indentation, ``colon`` and ``comma`` stand between key and
    value and between values on one line, ``list_pad`` and ``object_pad`` inside brackets on one line.
    ``one_line``: the whole document is on one line. ``inline_lists``: lists of strings are kept on one line.
    """

    newline: str = "\n"
    unit: str = "  "
    colon: str = ": "
    comma: str = ", "
    list_pad: str = ""
    object_pad: str = ""
    one_line: bool = False
    inline_lists: bool = False

    @property
    def is_kms(self) -> bool:
        """Is it the layout in which KMS gives policies back, where a list of one is always a string?"""
        return self.colon == " : "


def layout_of(document: PolicyDocument) -> Layout:
    """The habits of a document; a habit that it does not show is the usual one for its kind."""
    text, root = document.text, document.tree
    one_line = "\n" not in text[root.start : root.end]
    first = root.keys[0]
    colon = _between(text[first.end : root.items[0].start], ":", ": ")
    newline = "\r\n" if "\r\n" in text else "\n"
    nodes = list(walk(root))
    lists = [node for node in nodes if node.is_array and node.items and not node.items[0].is_object]
    long_lists = [node for node in lists if len(node.items) > 1]
    inline = [node for node in lists if is_inline(text, node)]
    pairs = [node for node in (*long_lists, *nodes) if len(node.items) > 1 and is_inline(text, node)]
    comma = ", " if colon.endswith(" ") else ","
    if pairs:
        (_, left), (right, _) = pairs[0].elements()[:2]
        comma = _between(text[left:right], ",", comma)
    kms = colon == " : "
    list_pad = _lead(text, inline[0]) if inline else " " if kms else ""
    objects = [node for node in nodes if node.is_object and node.items and is_inline(text, node)]
    return Layout(
        newline=newline,
        unit=_unit(text, root),
        colon=colon,
        comma=comma,
        list_pad=list_pad,
        object_pad=_lead(text, objects[0]) if objects else "",
        one_line=one_line,
        inline_lists=kms if not long_lists else all(is_inline(text, node) for node in long_lists),
    )


def is_inline(text: str, node: Node) -> bool:
    """Does a value begin and end on the same line?"""
    return "\n" not in text[node.start : node.end]


def line_indent(text: str, at: int) -> str:
    """The white space at the beginning of the line that a position is on."""
    start = text.rfind("\n", 0, at) + 1
    end = start
    while end < len(text) and text[end] in " \t":
        end += 1
    return text[start:end]


def render_value(value: JsonValue, layout: Layout, indent: str, *, inline: bool) -> str:
    """JSON text for a value, to stand on a line with this indentation.

    Lists of strings go on one line where the document keeps them so, except principals: with one principal on a line,
    each role that comes later is one line of change.
    """
    return _render(value, layout, indent, inline, layout.inline_lists)


def render_list(tokens: list[str], layout: Layout, indent: str, *, inline: bool) -> str:
    """JSON text for a list of values that are JSON text already."""
    if inline:
        return f"[{layout.list_pad}{layout.comma.join(tokens)}{layout.list_pad}]"
    step = layout.newline + indent + layout.unit
    return "[" + step + ("," + step).join(tokens) + layout.newline + indent + "]"


def spread(
    text: str, node: Node, indent: str = "", unit: str = "  ", colon: str = ": ", *, below: Node | None = None
) -> str:
    """A value of a text with one value on a line, in its own order and with its own spelling of strings and numbers.

    ``below`` is a value to be put under its key, one step deeper, as deep as it would be in a list.
    """
    if not node.items:
        return compact_json(text, node)
    deeper = indent + unit
    parts = []
    for number, item in enumerate(node.items):
        lead, at = (f"\n{deeper}{unit}", deeper + unit) if item is below else ("", deeper)
        part = lead + spread(text, item, at, unit, colon, below=below)
        if node.is_object:
            key = node.keys[number]
            part = text[key.start : key.end] + (colon.rstrip() if lead else colon) + part
        parts.append(f"\n{deeper}{part}")
    left, right = "{}" if node.is_object else "[]"
    return left + ",".join(parts) + f"\n{indent}" + right


def walk(node: Node) -> Iterator[Node]:
    """A value and all values inside it, in the order of the text."""
    yield node
    for item in node.items:
        yield from walk(item)


def _render(value: JsonValue, layout: Layout, indent: str, inline: bool, inline_lists: bool) -> str:
    deeper = indent + layout.unit
    if isinstance(value, dict):
        parts = [
            quote(key) + layout.colon + _render(item, layout, deeper, inline, inline_lists and key != "AWS")
            for key, item in value.items()
        ]
        if inline:
            return "{" + layout.object_pad + layout.comma.join(parts) + layout.object_pad + "}"
        step = layout.newline + deeper
        return "{" + step + ("," + step).join(parts) + layout.newline + indent + "}"
    if isinstance(value, list):
        tokens = [_render(item, layout, deeper, inline, inline_lists) for item in value]
        return render_list(tokens, layout, indent, inline=inline or inline_lists)
    return quote(value) if isinstance(value, str) else json.dumps(value)


def _unit(text: str, root: Node) -> str:
    """One step of indentation: how much deeper the first member is than its object, wherever both show it."""
    for node in walk(root):
        if node.items and not is_inline(text, node):
            first = node.elements()[0][0]
            inner, outer = line_indent(text, first), line_indent(text, node.start)
            if "\n" in text[node.start : first] and inner.startswith(outer) and inner != outer:
                return inner.removeprefix(outer)
    return "  "


def _lead(text: str, node: Node) -> str:
    """The white space after the opening bracket of a value on one line."""
    return text[node.start + 1 : node.elements()[0][0]]


def _between(found: str, mark: str, usual: str) -> str:
    """What stands between two values on one line, or the usual where a line ends there."""
    return found if found.strip() == mark and "\n" not in found else usual
