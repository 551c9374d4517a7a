"""One statement of ours while it is edited: what it is to say, and the least text that makes it say so. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fcsse.link_options import AccessLevel
from fcsse.policy.document import Statement, listed, strings
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue, Node
from fcsse.policy.layout import Layout, is_inline
from fcsse.policy.statement import (
    CONTEXT_KEY,
    Access,
    LinkStatement,
    documented_statement,
)
from fcsse.policy.text_edit import TextEdit, edit_sequence, edit_strings


@dataclass(slots=True)
class StatementEdit:
    """A statement of ours as it is to become. ``statement`` and ``ours`` are what it was; a new one has ``access``."""

    label: str
    every_cache: bool
    account: str
    region: str
    principals: list[str]
    patterns: list[str]
    exact: bool = False
    gone: bool = False
    statement: Statement | None = None
    ours: LinkStatement | None = None
    access: Access | None = None
    sid: str = ""
    level: AccessLevel = AccessLevel.FULL

    @property
    def alive(self) -> bool:
        """Does it (still) give anybody anything?"""
        return bool(self.principals) and not self.gone

    @property
    def buckets(self) -> set[str]:
        """ARNs of the buckets that it is about."""
        return {pattern.removesuffix("/*") for pattern in self.patterns}

    @property
    def scope(self) -> tuple[str, str]:
        """Account and Region: where they differ, it is about other requests."""
        return self.account, self.region


def text_edits_of(text: str, draft: StatementEdit, statement: Statement, layout: Layout) -> list[TextEdit]:
    """What changes inside a statement that stays."""
    ours = draft.ours
    if ours is None:
        return []
    splices = []
    inline = is_inline(text, statement.node)
    lost = set(ours.principals) - set(draft.principals)
    joined = [one for one in draft.principals if one not in ours.principals]
    node = statement.node.member("Principal")
    place = node.member("AWS") if node else None
    if place is not None and (lost or joined):
        splices += edit_strings(text, place, lost, joined, layout, inline=inline)
    lost = set(ours.patterns) - set(draft.patterns)
    joined = [one for one in draft.patterns if one not in ours.patterns]
    place = _context_node(statement.node)
    if place is not None and (lost or joined):
        splices += edit_strings(text, place, lost, joined, layout, inline=inline)
    return splices


def _context_node(statement: Node) -> Node | None:
    condition = statement.member("Condition")
    for block in condition.items if condition else ():
        node = block.member(CONTEXT_KEY, any_case=True)
        if node is not None:
            return node
    return None


def without_dead(text: str, statement: Node, dead: set[str], layout: Layout) -> list[TextEdit]:
    """Takes dead principals out of a statement of others, in which another principal remains."""
    splices = []
    for name in ("Principal", "NotPrincipal"):
        principal = statement.member(name)
        if principal is None or not principal.is_object:
            continue
        emptied = set()
        for index, node in enumerate(principal.items):
            lost = dead & set(strings(node.value))
            if lost and all(isinstance(one, str) and one in lost for one in listed(node.value)):
                emptied.add(index)
            elif lost:
                splices += edit_strings(text, node, lost, (), layout, inline=is_inline(text, statement))
        if emptied:
            splices += edit_sequence(text, principal, emptied, (), layout)
    return splices


def new_value(draft: StatementEdit) -> dict[str, JsonValue]:
    """The documented statement for a new draft, with every principal and every form that joined it."""
    access = draft.access
    if access is None:
        text = "a new statement has an access"
        raise ValueError(text)
    forms = frozenset(form for form in ContextForm if form.arn(access.bucket_arn) in draft.patterns)
    value = documented_statement(replace(access, forms=forms, level=draft.level), draft.sid)
    if len(draft.principals) > 1:
        value["Principal"] = {"AWS": list[JsonValue](draft.principals)}
    return value
