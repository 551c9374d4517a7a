"""The principals of a key policy, what kind each is, and where it stands. Pure.

KMS refuses a document for one principal and never says which, so whoever has to find it needs all of them by name.
Sources: KMS API reference, PutKeyPolicy ("principals must exist and be visible to AWS KMS"); IAM user guide, "AWS JSON
policy elements: Principal".
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, auto
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.policy.document import PolicyDocument, printable, strings
from fcsse.policy.json_text import JsonValue
from fcsse.policy.unique_ids import ELEMENTS


class PrincipalKind(Enum):
    """What a principal is, as far as its text tells. IAM: a role, user or session. OTHER: an identity provider and such."""

    EVERYBODY = auto()
    ACCOUNT = auto()
    IAM = auto()
    UNIQUE_ID = auto()
    SERVICE = auto()
    NO_ARN = auto()
    OTHER = auto()


class Place(NamedTuple):
    """A principal of a statement. ``account`` is None where its text does not tell; ``label`` as in ``Statement``."""

    text: str
    kind: PrincipalKind
    account: str | None
    label: str

    def __str__(self) -> str:
        return f"{printable(self.text)} in statement {self.label}"


def principal_places(document: PolicyDocument) -> tuple[Place, ...]:
    """Every principal of a document, in its order; one that stands in several statements comes once for each."""
    found: dict[Place, None] = {}
    for statement in document.statements:
        for element in ELEMENTS:
            for kind, text in _entries(statement.value.get(element)):
                found[_place(kind, text, statement.label)] = None
    return tuple(found)


def joined(places: Iterable[Place]) -> str:
    """The principals in words, each once, with the statements that it stands in. What does not print is escaped."""
    labels: dict[str, list[str]] = {}
    for place in places:
        labels.setdefault(place.text, []).append(place.label)
    return "; ".join(
        f"{printable(text)} in statement{'s' if len(several) > 1 else ''} {' and '.join(several)}"
        for text, several in labels.items()
    )


def _entries(value: JsonValue) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        return (("AWS", value),)
    members = value.items() if isinstance(value, dict) else ()
    return ((kind, text) for kind, listed in members for text in strings(listed))


def _place(kind: str, text: str, label: str) -> Place:
    if kind == "Service":
        return Place(text, PrincipalKind.SERVICE, None, label)
    if kind != "AWS":
        return Place(text, PrincipalKind.OTHER, None, label)
    if text == "*":
        return Place(text, PrincipalKind.EVERYBODY, None, label)
    if arns.is_unique_id(text):
        return Place(text, PrincipalKind.UNIQUE_ID, None, label)
    if arns.is_account(text):
        return Place(text, PrincipalKind.ACCOUNT, text, label)
    arn = arns.Arn.parse(text)
    if arn is None or not arn.account:
        return Place(text, PrincipalKind.NO_ARN, None, label)
    if text == arns.root_arn(arn.partition, arn.account):
        return Place(text, PrincipalKind.ACCOUNT, arn.account, label)
    known = arn.resource.partition("/")[0] in ("role", "user", "assumed-role")
    return Place(text, PrincipalKind.IAM if known else PrincipalKind.OTHER, arn.account, label)
