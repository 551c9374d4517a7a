"""Changing a JSON text at single places, so that every other byte stays what it was."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from fcsse.policy.json_text import Node, quote
from fcsse.policy.layout import Layout, is_inline, line_indent, render_list


class TextEdit(NamedTuple):
    """``text`` takes the place of what stands from ``start`` to ``end``."""

    start: int
    end: int
    text: str


def apply_text_edits(text: str, splices: Sequence[TextEdit]) -> str:
    """The text with all splices made. They must not overlap."""
    parts: list[str] = []
    at = 0
    for splice in sorted(splices, key=lambda one: (one.start, one.end)):
        parts += (text[at : splice.start], splice.text)
        at = splice.end
    return "".join(parts) + text[at:]


def edit_sequence(text: str, node: Node, gone: Collection[int], added: Sequence[str], layout: Layout) -> list[TextEdit]:
    """Takes elements out of an array (or members out of an object) that has some, and puts texts at its end.

    A removed element takes the comma before it along, so that taking out what was put at the end restores the text.
    """
    places = node.elements()
    kept = [index for index in range(len(places)) if index not in gone]
    comma = _separator(text, node, layout)
    if not kept:
        inside = comma.join(added)
        start, end = (places[0][0], places[-1][1]) if added else (node.start + 1, node.end - 1)
        return [TextEdit(start, end, inside)]
    splices = []
    for index in range(len(places)):
        if index in gone:
            after_kept = index > kept[0]
            start = places[index - 1][1] if after_kept else places[index][0]
            end = places[index][1] if after_kept else places[index + 1][0]
            splices.append(TextEdit(start, end, ""))
    if added:
        at = places[kept[-1]][1]
        new = "".join(comma + one for one in added)
        tail = [one for one in splices if one.start >= at]
        end = tail[-1].end if tail else at
        splices = [one for one in splices if one.start < at]
        splices.append(TextEdit(at, end, new))
    return splices


def edit_strings(
    text: str, node: Node, gone: Collection[str], added: Sequence[str], layout: Layout, *, inline: bool
) -> list[TextEdit]:
    """Takes strings out of a value that is one or a list of them, and adds some. One entry at least must remain; what is no
    string stays.

    A string that gets company becomes a list, one to a line unless ``inline``. A list that keeps a single string
    becomes that string, as KMS would store it; but a list that stands on one line of a document that is not on one
    line, nor laid out by KMS, was a list before it ever had a second element, and stays one.
    """
    new = [quote(one) for one in added]
    if not node.is_array:
        tokens = [text[node.start : node.end]] if not (isinstance(node.value, str) and node.value in gone) else []
        tokens += new
        indent = line_indent(text, node.start)
        after = tokens[0] if len(tokens) == 1 else render_list(tokens, layout, indent, inline=inline)
        return [TextEdit(node.start, node.end, after)]
    lost = {index for index, item in enumerate(node.items) if isinstance(item.value, str) and item.value in gone}
    kept = [item for index, item in enumerate(node.items) if index not in lost]
    always_list = is_inline(text, node) and not inline and not layout.is_kms
    if lost and len(kept) == 1 and not new and not always_list:
        return [TextEdit(node.start, kept[0].start, ""), TextEdit(kept[0].end, node.end, "")]
    return edit_sequence(text, node, lost, new, layout) if lost or new else []


def _separator(text: str, node: Node, layout: Layout) -> str:
    """What stands between two elements: as between the last two, or as the place of the first one suggests."""
    places = node.elements()
    if len(places) > 1:
        return text[places[-2][1] : places[-1][0]]
    lead = text[node.start + 1 : places[0][0]]
    return "," + lead if "\n" in lead else layout.comma
