"""Text with wildcards, and ARNs with wildcards in their fields.

Source: IAM user guide, "IAM JSON policy elements: Resource" (``*`` is any number of characters, ``?`` exactly one; an
ARN of fewer than six fields is completed with ``*``) and "Condition operators" (each of the six fields of an ARN is
compared by itself).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Wild(Enum):
    """A wildcard in a pattern."""

    ANY = "*"
    ONE = "?"


Pattern = tuple[str | Wild, ...]
"""Single characters and wildcards."""


def pattern_of(text: str) -> Pattern:
    """The pattern that a text with ``*`` and ``?`` stands for."""
    return tuple(Wild(character) if character in "*?" else character for character in text)


def literal(text: str) -> Pattern:
    """A pattern without wildcards."""
    return tuple(text)


def text_of(pattern: Pattern) -> str:
    """The pattern as text again, wildcards as ``*`` and ``?``."""
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in pattern)


def matches(pattern: Pattern, text: str) -> bool:
    """Does the whole text fit the pattern?"""
    places = {0}
    for piece in pattern:
        if piece is Wild.ANY:
            places = set(range(min(places), len(text) + 1)) if places else places
        else:
            places = {place + 1 for place in places if place < len(text) and piece in (Wild.ONE, text[place])}
    return len(text) in places


def fields(pattern: Pattern) -> list[Pattern]:
    """The pattern cut at its first five colons."""
    found: list[list[str | Wild]] = [[]]
    for piece in pattern:
        if piece == ":" and len(found) < 6:
            found.append([])
        else:
            found[-1].append(piece)
    return [tuple(field) for field in found]


def arn_matches(pattern: Pattern, arn: str) -> bool | None:
    """Does the ARN fit, field by field? None where the pattern is no ARN of six fields."""
    parts, wanted = arn.split(":", 5), fields(pattern)
    if len(wanted) != 6:
        return None
    return len(parts) == 6 and all(matches(one, part) for one, part in zip(wanted, parts, strict=True))


def resource_matches(pattern: Pattern, arn: str) -> bool | None:
    """Does a Resource of a policy cover the ARN? None where that hangs on whether ``*`` reaches over a colon."""
    if pattern == (Wild.ANY,):
        return True
    wanted = fields(pattern)
    wanted += [(Wild.ANY,)] * (6 - len(wanted))
    parts = arn.split(":", 5)
    by_field = len(parts) == 6 and all(matches(one, part) for one, part in zip(wanted, parts, strict=True))
    return by_field if by_field or not matches(pattern, arn) else None


def any_of(answers: Iterable[bool | None]) -> bool | None:
    """True where one is True, else None where one is None, else False."""
    found = list(answers)
    return True if True in found else None if None in found else False


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """False where one is False, else None where one is None, else True."""
    found = list(answers)
    return False if False in found else None if None in found else True


def negated(answer: bool | None) -> bool | None:
    """The opposite; None stays None."""
    return None if answer is None else not answer
