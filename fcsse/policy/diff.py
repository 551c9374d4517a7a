"""What changes in a policy, as a unified diff that people can read.

The diff follows the policy's own order and indentation, with one line of change for one line of meaning: a comma that
only moves with its neighbour is no change, and values that share a line are shown one on a line where that line changes.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from fcsse.policy.document import PolicyDocument, printable
from fcsse.policy.layout import is_inline, layout_of, line_indent, spread, walk

HEADER = ("--- key policy (now)", "+++ key policy (planned)")
"""The two lines that a diff begins with."""

_LONG_LINE = 120
_LINE_END = re.compile(r"\r\n|\n|\r")


def policy_diff(before: PolicyDocument, after: PolicyDocument, context: int = 3) -> tuple[str, ...]:
    """Lines of a unified diff, header first; nothing where the texts are the same.

    Each line begins with ``+``, ``-``, a space or ``@@`` as in every unified diff, without line ends; whatever does
    not print is escaped. A document on one line, or one that became so, is shown indented on both sides. Lines that
    differ in nothing but a trailing comma count as the same.
    """
    if before.text == after.text:
        return ()
    old, new = _lines(before, after)
    matcher = _match(old, new)
    out = list(HEADER)
    for group in matcher.get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        out.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                out += [f" {line}" for line in new[j1:j2]]
            else:
                out += [f"-{line}" for line in old[i1:i2]]
                out += [f"+{line}" for line in new[j1:j2]]
    if len(out) == len(HEADER):
        out.append("@@ only white space changes @@")
    return tuple(out)


def _lines(before: PolicyDocument, after: PolicyDocument) -> tuple[list[str], list[str]]:
    """Both documents as lines to compare: their own, with values that share a changed line set apart."""
    if layout_of(before).one_line or layout_of(after).one_line:
        return _spread(before, after), _spread(after, before)
    old, new = _split(before.text), _split(after.text)
    old_open: dict[int, bool] = {}
    new_open: dict[int, bool] = {}
    for tag, i1, i2, j1, j2 in _match(old, new).get_opcodes():
        if tag == "replace":
            wide = any(len(line) > _LONG_LINE for line in (*old[i1:i2], *new[j1:j2]))
            old_open |= dict.fromkeys(range(i1, i2), wide)
            new_open |= dict.fromkeys(range(j1, j2), wide)
        elif tag != "equal":
            old_open |= {number: True for number in range(i1, i2) if len(old[number]) > _LONG_LINE}
            new_open |= {number: True for number in range(j1, j2) if len(new[number]) > _LONG_LINE}
    return _opened(before, old_open), _opened(after, new_open)


def _spread(document: PolicyDocument, other: PolicyDocument) -> list[str]:
    """A document's lines, indented; a single statement as deep as the other document has it in its list."""
    single, several = document.tree.member("Statement"), other.tree.member("Statement")
    alone = single is not None and single.is_object and several is not None and several.is_array
    return _split(spread(document.text, document.tree, below=single if alone else None))


def _opened(document: PolicyDocument, chosen: dict[int, bool]) -> list[str]:
    """A document's lines; on the chosen ones lists have one value on a line, and where True objects as well."""
    text, layout = document.text, layout_of(document)
    number, line_start, at = 0, 0, 0
    parts: list[str] = []
    for node in walk(document.tree):
        if node.start < at or not node.items or not is_inline(text, node):
            continue
        number += text.count("\n", line_start, node.start)
        line_start = node.start
        if chosen.get(number, False) or (number in chosen and node.is_array):
            indent = line_indent(text, node.start)
            parts += (text[at : node.start], spread(text, node, indent, layout.unit, layout.colon))
            at = node.end
    return _split("".join(parts) + text[at:])


def _split(text: str) -> list[str]:
    """Lines as they are shown: only real line ends divide them, and only tabs do not print."""
    return ["\t".join(printable(part) for part in line.split("\t")) for line in _LINE_END.split(text.rstrip())]


def _match(old: list[str], new: list[str]) -> SequenceMatcher[str]:
    return SequenceMatcher(None, [_bare(line) for line in old], [_bare(line) for line in new], autojunk=False)


def _bare(line: str) -> str:
    return line.rstrip().removesuffix(",").rstrip()


def _range(start: int, stop: int) -> str:
    """Line numbers as unified diffs write them."""
    count = stop - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"
