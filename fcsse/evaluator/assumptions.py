"""What is assumed about values that are not known, to see whether the answer depends on them.

A condition on an unknown value opens a question ("is ``aws:SourceVpce`` equal to ``vpce-1``?"), and the request is decided
once for each answer. Where all the decisions agree, that is the answer, whatever the value is: an Allow under a condition
beside another under its opposite, or one key in an Allow and in a Deny. Answers that contradict each other (equal to
``a`` and equal to ``b``) are left out as far as that can be seen; too many left in can only make the answer unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

BUDGET = 128
"""How many times one request is decided at most."""


class Presence(Enum):
    """Is a key in the request: with a text, with an empty text (which Null takes for absent), or not at all?"""

    VALUE = "value"
    EMPTY = "empty"
    ABSENT = "absent"


class IsThere(NamedTuple):
    """Is the key in the request? ``typed``: it is of a kind that has no empty value."""

    key: str
    typed: bool

    @property
    def answers(self) -> tuple[object, ...]:
        """What can be assumed."""
        return (Presence.VALUE, Presence.ABSENT) if self.typed else tuple(Presence)


class Matches(NamedTuple):
    """Does the value of ``key`` (or ``value``, where that is known) match ``text`` under operators of this family?

    ``pattern`` is the text as a pattern where nothing in it is a variable: such questions are held against each other.
    """

    key: str
    family: str
    text: str
    pattern: str | None = None
    value: str | None = None

    @property
    def answers(self) -> tuple[object, ...]:
        """What can be assumed."""
        return (True, False)


class Compares(NamedTuple):
    """Is the value of ``key`` less than (-1), equal to (0) or more than (1) a number?"""

    key: str
    number: Decimal

    @property
    def answers(self) -> tuple[object, ...]:
        """What can be assumed."""
        return (-1, 0, 1)


class AnyOf(NamedTuple):
    """Does any value of a multi-valued key match one of ``texts``; with ``negated``, match none of them?"""

    key: str
    family: str
    texts: frozenset[str]
    negated: bool

    @property
    def answers(self) -> tuple[object, ...]:
        """What can be assumed."""
        return (True, False)


Question = IsThere | Matches | Compares | AnyOf
Relation = Callable[[str, str], bool | None]
"""Of two patterns: does what matches the second match the first for certain (True), never (False), or perhaps (None)?"""


class Assumptions:
    """The answers assumed so far, and the questions that were asked without finding one."""

    __slots__ = ("answers", "opened")

    def __init__(self) -> None:
        self.answers: dict[Question, object] = {}
        self.opened: dict[Question, None] = {}

    def presence(self, question: IsThere) -> Presence | None:
        """Is a key there?"""
        found = self.answers.get(question)
        if not isinstance(found, Presence):
            self.opened[question] = None
            return None
        return found

    def matches(self, question: Matches, relation: Relation | None) -> bool | None:
        """Does a value match? ``relation`` tells what other answers of the same family leave of it."""
        found = self.answers.get(question)
        if isinstance(found, bool):
            return found
        if relation is not None and question.pattern is not None:
            for other, answer in self.answers.items():
                if not isinstance(other, Matches) or (other.key, other.family) != (question.key, question.family):
                    continue
                if other.pattern is None or other.value != question.value:
                    continue
                if answer and (implied := relation(question.pattern, other.pattern)) is not None:
                    return implied
                if not answer and relation(other.pattern, question.pattern):
                    return False
        self.opened[question] = None
        return None

    def compares(self, question: Compares) -> int | None:
        """How does a value compare to a number?"""
        low, high = Decimal("-Infinity"), Decimal("Infinity")
        for other, sign in self.answers.items():
            if isinstance(other, Compares) and other.key == question.key and isinstance(sign, int):
                if other.number == question.number:
                    return sign
                if sign <= 0:
                    high = min(high, other.number)
                if sign >= 0:
                    low = max(low, other.number)
        if question.number > high:
            return -1
        if question.number < low:
            return 1
        self.opened[question] = None
        return None

    def any_of(self, question: AnyOf) -> bool | None:
        """Does any value match? Of a list with values, one either matches or does not."""
        found = self.answers.get(question)
        if isinstance(found, bool):
            return found
        if self.answers.get(question._replace(negated=not question.negated)) is False:
            return True
        self.opened[question] = None
        return None
