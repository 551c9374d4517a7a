"""The parts of a key policy that a write can lose or bring back, each comparable by what it says. Pure.

A part is a whole statement; of a statement as ``link`` makes them, it is one principal's access to one form of the
encryption context, because links of several caches share a statement and each adds its own. The ``Version``, by which all
statements are read, is one, too.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.policy.document import JsonValue, PolicyDocument, Statement
from fcsse.policy.equivalence import CanonicalForm, canonical_document, canonical_statement, version_of
from fcsse.policy.statement import Access, read_statement
from fcsse.policy.statement_edits import access_of
from fcsse.policy.unique_ids import unique_ids


class Part(NamedTuple):
    """A part of a policy. ``form``: what it says. ``accesses`` are set where it is one that links make, ``version`` where it is
    the policy's ``Version``.
    """

    form: CanonicalForm
    sid: str
    principal: str = ""
    accesses: tuple[Access, ...] = ()
    version: str = ""

    @property
    def is_link(self) -> bool:
        """Is it an access as ``link`` gives it?"""
        return bool(self.accesses)


def parts_of(document: PolicyDocument, partition: str) -> dict[Part, Statement]:
    """The parts of a document that stand in a statement, each with that."""
    found: dict[Part, Statement] = {}
    for statement in document.statements:
        link = read_statement(statement.value)
        if link is None or link.every_cache or link.exact:
            form = canonical_statement(statement.value, partition)
            found.setdefault(Part(form, statement.sid or ""), statement)
            continue
        for principal in link.principals:
            for pattern in sorted(link.patterns):
                accesses = tuple(access_of(principal, link.account, link.region, [pattern], link.level))
                form = ("access", principal, link.account, link.region, pattern, link.level.value)
                found.setdefault(Part(form, "", principal, accesses), statement)
    return found


class KnownPolicies:
    """Versions of one key's policy, compared with each other. What was found out is kept: each comes up many times."""

    def __init__(self, partition: str) -> None:
        self._partition = partition
        self._parts: dict[str, frozenset[Part]] = {}
        self._same: dict[tuple[str, str], bool] = {}

    def parts_of(self, document: PolicyDocument) -> frozenset[Part]:
        """All parts of a document."""
        known = self._parts.get(document.text)
        if known is None:
            version = version_of(document)
            whole = Part(("version", version), "", version=version)
            known = self._parts[document.text] = frozenset((whole, *parts_of(document, self._partition)))
        return known

    def say_the_same(self, a: PolicyDocument, b: PolicyDocument) -> bool:
        """As ``says_the_same``."""
        both = a.text, b.text
        if both not in self._same:
            self._same[both] = says_the_same(a, b, self._partition)
        return self._same[both]


def has_ids(document: PolicyDocument) -> bool:
    """Does it hold unique ids, which stand for roles and users that are gone?"""
    return bool(unique_ids(document))


def masked(document: PolicyDocument, partition: str) -> PolicyDocument:
    """The document with one word in place of each role, user and unique id that is a principal.

    KMS shows a role that was deleted by its unique id: what was read then equals what was written only like this.
    """
    value = dict(document.value)
    value["Statement"] = [
        {name: _masked(item) if name in ("Principal", "NotPrincipal") else item for name, item in one.value.items()}
        for one in document.statements
    ]
    return PolicyDocument.parse(json.dumps(value))


def says_the_same(a: PolicyDocument, b: PolicyDocument, partition: str) -> bool:
    """Do both say the same, apart from roles and users that were deleted since?"""
    if canonical_document(a, partition) == canonical_document(b, partition):
        return True
    if not (has_ids(a) or has_ids(b)):
        return False
    return canonical_document(masked(a, partition), partition) == canonical_document(masked(b, partition), partition)


def plain_forms(document: PolicyDocument, partition: str) -> set[str]:
    """The forms of all parts of a document with its principals masked."""
    return {repr(one.form) for one in parts_of(masked(document, partition), partition)}


def plain_forms_of(part: Part, document: PolicyDocument, partition: str) -> set[str]:
    """The forms that a part of a document has with its principals masked."""
    statement = parts_of(document, partition)[part]
    single = masked(document, partition).statements[statement.index]
    found = parts_of(masked(document, partition), partition)
    return {repr(one.form) for one, there in found.items() if there.index == single.index}


def _masked(value: JsonValue) -> JsonValue:
    if not isinstance(value, dict):
        return value
    found: dict[str, JsonValue] = {}
    for kind, item in value.items():
        texts = item if isinstance(item, list) else [item]
        found[kind] = [_word(one) for one in texts]
    return found


def _word(value: JsonValue) -> JsonValue:
    if not isinstance(value, str):
        return value
    arn = arns.Arn.parse(value)
    named = arn is not None and arn.service == "iam" and arn.resource.startswith(("role/", "user/"))
    return "<role or user>" if named or arns.is_unique_id(value) else value
