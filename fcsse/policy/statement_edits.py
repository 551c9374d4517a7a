"""A document's statements of ours while an edit is worked out, and the new text that comes of it.

The rules of linking and unlinking change drafts only; the text is made once, at the end, from what differs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from fcsse import arn as arns
from fcsse.link_options import AccessLevel
from fcsse.policy.document import PolicyDocument, Statement, strings
from fcsse.policy.edited_statement import StatementEdit, new_value, text_edits_of, without_dead
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue, Node
from fcsse.policy.layout import Layout, is_inline, layout_of, line_indent, render_value
from fcsse.policy.statement import (
    Access,
    LinkStatement,
    read_statement,
)
from fcsse.policy.text_edit import TextEdit, apply_text_edits, edit_sequence


@dataclass(slots=True)
class Others:
    """Dead principals to be taken out of a statement that is not ours; ``gone``: the whole statement goes."""

    dead: set[str] = field(default_factory=set)
    gone: bool = False


class PolicyEdit:
    """All statements of ours of one document, to be changed, and what is pruned from the others."""

    def __init__(self, document: PolicyDocument) -> None:
        self.document = document
        self.ours: list[StatementEdit] = []
        self.others: dict[int, Others] = {}
        self._sids = {statement.sid for statement in document.statements}
        self.readings = tuple(read_statement(statement.value) for statement in document.statements)
        for statement, ours in zip(document.statements, self.readings, strict=True):
            if ours is not None:
                self.ours.append(_draft(statement, ours))

    @property
    def alive(self) -> list[StatementEdit]:
        """The statements that give somebody something, new ones included, in the document's order."""
        return [draft for draft in self.ours if draft.alive]

    def foreign(self) -> list[Statement]:
        """The statements that are not ours."""
        mine = {draft.statement.index for draft in self.ours if draft.statement is not None}
        return [statement for statement in self.document.statements if statement.index not in mine]

    def add(self, access: Access, sid: str) -> StatementEdit:
        """A new statement at the end, for an access; its Sid is made unique in the document."""
        unique, number = sid, 1
        while unique in self._sids:
            number += 1
            unique = f"{sid} {number}"
        self._sids.add(unique)
        draft = StatementEdit(
            f"'{unique}'",
            access.role is None,
            access.account,
            access.region,
            [access.principal],
            list(access.patterns),
            access=access,
            sid=unique,
            level=access.level,
        )
        self.ours.append(draft)
        return draft

    def finish(self) -> PolicyDocument:
        """The document with all changes made; the very same one where nothing changed."""
        document = self.document
        layout = layout_of(document)
        splices: list[TextEdit] = []
        gone = {index for index, others in self.others.items() if others.gone}
        new: list[StatementEdit] = []
        for draft in self.ours:
            if draft.statement is None:
                new += [draft] if draft.alive else []
            elif not draft.alive:
                gone.add(draft.statement.index)
            else:
                splices += text_edits_of(document.text, draft, draft.statement, layout)
        for index, others in self.others.items():
            if not others.gone:
                splices += without_dead(document.text, document.statements[index].node, others.dead, layout)
        splices += _edit_statements(document, gone, new, layout)
        text = apply_text_edits(document.text, splices)
        return document if text == document.text else PolicyDocument.parse(text)


def with_statements(
    document: PolicyDocument, gone: Collection[int], added: Sequence[dict[str, JsonValue]]
) -> PolicyDocument:
    """The document without the statements of these indices, and with others at its end, in its own layout."""
    node = document.tree.member("Statement")
    if node is None or not (gone or added):
        return document
    text, layout = document.text, layout_of(document)
    brace, inline = _statement_indent(document, node, layout)
    new = [render_value(value, layout, brace, inline=inline) for value in added]
    if node.is_object:
        edits = _edit_single(text, node, bool(gone), new, layout, brace)
    elif not node.items:
        edits = [TextEdit(node.start, node.end, _enclose(text, node, new, layout))]
    else:
        edits = edit_sequence(text, node, gone, new, layout)
    return PolicyDocument.parse(apply_text_edits(text, edits))


_MARK = " \t"
"""White space that follows the last statement of a list which was a single object. Nobody writes a blank and a tab there."""


def access_of(
    principal: str | None, account: str, region: str, patterns: Collection[str], level: AccessLevel
) -> list[Access]:
    """One access for each bucket that these encryption context values are about, in the order of the buckets."""
    found = []
    for bucket in sorted({pattern.removesuffix("/*") for pattern in patterns}):
        arn = arns.Arn.parse(bucket)
        if arn is not None:
            forms = frozenset(form for form in ContextForm if form.arn(bucket) in patterns)
            found.append(Access(principal, account, arn.partition, region, arn.resource, forms, level))
    return found


def named_principals(statement: Statement) -> tuple[str, ...]:
    """The AWS principals that a statement names."""
    principal = statement.value.get("Principal")
    return strings(principal.get("AWS")) if isinstance(principal, dict) else ()


def _draft(statement: Statement, ours: LinkStatement) -> StatementEdit:
    return StatementEdit(
        statement.label,
        ours.every_cache,
        ours.account,
        ours.region,
        list(ours.principals),
        sorted(ours.patterns),
        exact=ours.exact,
        statement=statement,
        ours=ours,
        level=ours.level,
    )


def _edit_statements(
    document: PolicyDocument, gone: set[int], new: list[StatementEdit], layout: Layout
) -> list[TextEdit]:
    """Takes whole statements out and puts new ones at the end."""
    text, node = document.text, document.tree.member("Statement")
    if node is None or not (gone or new):
        return []
    brace, inline = _statement_indent(document, node, layout)
    added = [render_value(new_value(draft), layout, brace, inline=inline) for draft in new]
    if node.is_object:
        return _edit_single(text, node, bool(gone), added, layout, brace)
    if not node.items:
        return [TextEdit(node.start, node.end, _enclose(text, node, added, layout))]
    kept = [item for index, item in enumerate(node.items) if index not in gone]
    marked = text.startswith(_MARK, node.items[-1].end)
    if gone and len(kept) == 1 and not added and kept[0].start == node.start + 1 and marked:
        return [TextEdit(node.start, kept[0].start, ""), TextEdit(kept[0].end, node.end, "")]
    return edit_sequence(text, node, gone, added, layout)


def _edit_single(text: str, node: Node, gone: bool, added: list[str], layout: Layout, brace: str) -> list[TextEdit]:
    """A single statement that is no list becomes one, without a new indentation for what it holds.

    The list opens right before the statement, and what follows its last one tells it from lists written by hand, so that
    taking the additions out again can restore the single object.
    """
    if gone:
        return [TextEdit(node.start, node.end, _enclose(text, node, added, layout))]
    if is_inline(text, node):
        between, tail = layout.comma, ""
    else:
        between = "," + layout.newline + brace
        tail = layout.newline + line_indent(text, node.start)
    tail = _MARK + tail
    new = "".join(between + one for one in added)
    return [TextEdit(node.start, node.start, "["), TextEdit(node.end, node.end, new + tail + "]")]


def _enclose(text: str, node: Node, added: list[str], layout: Layout) -> str:
    """A list that holds only what is new."""
    if not added:
        return "[]"
    if layout.one_line:
        return "[" + layout.comma.join(added) + "]"
    indent = line_indent(text, node.start)
    step = layout.newline + indent + layout.unit
    return "[" + step + ("," + step).join(added) + layout.newline + indent + "]"


def _statement_indent(document: PolicyDocument, node: Node, layout: Layout) -> tuple[str, bool]:
    """Indentation of a new statement's braces, and whether it goes on one line, as the last statement does."""
    text = document.text
    if layout.one_line:
        return "", True
    filled = [item for item in (node.items if node.is_array else (node,)) if item.items]
    if not filled:
        return line_indent(text, node.start) + layout.unit, False
    last = filled[-1]
    if is_inline(text, last):
        return line_indent(text, last.start), True
    indent = line_indent(text, last.end)
    line_start = text.rfind("\n", 0, last.end) + 1
    if text[line_start + len(indent)] != "}":
        indent = indent.removesuffix(layout.unit)
    return indent, False
