"""Unique ids (``AROA…``, ``AIDA…``) in place of principals: which stand in a policy, and putting ARNs in their place. Pure.

A unique id stands where a role or user was deleted, and also, for about a minute, where it was made just now. Only an
id that no existing role or user has is dead. Sources: IAM user guide, "IAM identifiers"; aws-sdk-go issue 1718 and
terraform-provider-aws issue 3038 for principals that are new.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fcsse import arn as arns
from fcsse.policy.document import PolicyDocument, strings
from fcsse.policy.json_text import JsonValue
from fcsse.policy.text_edit import TextEdit, apply_text_edits

ELEMENTS = ("Principal", "NotPrincipal")


@dataclass(frozen=True, slots=True)
class UniqueId:
    """A unique id in a statement. ``name`` is the element it stands in (``Principal`` or ``NotPrincipal``), ``kind`` the
    list in that (``AWS``).
    """

    index: int
    label: str
    name: str
    kind: str
    id: str

    @property
    def element(self) -> str:
        """Where it stands, for people: ``Principal.AWS``."""
        return f"{self.name}.{self.kind}"


def unique_ids(document: PolicyDocument) -> tuple[UniqueId, ...]:
    """Every unique id of a document, in its order. Never ``*``, account ids, ARNs or service principals."""
    return tuple(
        UniqueId(statement.index, statement.label, name, kind, text)
        for statement in document.statements
        for name in ELEMENTS
        for kind, value in _mapping(statement.value.get(name)).items()
        for text in strings(value)
        if arns.is_unique_id(text)
    )


def dead_principals(document: PolicyDocument, dead: Collection[str]) -> tuple[UniqueId, ...]:
    """The unique ids of a document that belong to nobody; KMS refuses every document that holds one.

    ``dead``: the ids of which IAM said that no existing role or user has them.
    """
    return tuple(found for found in unique_ids(document) if found.id in dead) if dead else ()


def with_arns(text: str, names: Mapping[str, str]) -> str:
    """A policy's text with ARNs in place of the unique ids that ``names`` maps to them; every other byte stays.

    Raises ``PolicyFormatError``.
    """
    if not any(one in text for one in names):
        return text
    splices: list[TextEdit] = []
    for statement in PolicyDocument.parse(text).statements:
        for name in ELEMENTS:
            principal = statement.node.member(name)
            for value in principal.items if principal is not None and principal.is_object else ():
                splices += [
                    TextEdit(node.start, node.end, json.dumps(names[node.value]))
                    for node in (value.items if value.is_array else (value,))
                    if isinstance(node.value, str) and node.value in names
                ]
    return apply_text_edits(text, splices)


def _mapping(value: JsonValue) -> dict[str, JsonValue]:
    return value if isinstance(value, dict) else {}
