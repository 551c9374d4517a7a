"""Text patterns of policies: ``*`` and ``?``, policy variables, ARNs compared part by part.

A pattern is kept as one string in which the wildcards are replaced by three noncharacters, so that a literal ``*``
(from ``${*}``, from a variable's value, or under StringEquals) never turns into a wildcard by accident.
Answers are True, False or None; None = it depends on something that is not known.
Sources: IAM user guide, "Condition operators", "Variables and tags", "Resource".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

ANY = "\ufdd0"
"""Any number of characters: ``*``."""
ONE = "\ufdd1"
"""Exactly one character: ``?``."""
GAP = "\ufdd2"
"""A part of the pattern whose text is not known: the value of a variable that cannot be known here."""

RESERVED = ANY + ONE + GAP

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SPECIAL = re.compile(f"[{RESERVED}]")
_WILDCARDS = re.compile(f"[{ANY}{ONE}]*{ANY}[{ANY}{ONE}]*")
_DEFAULT = re.compile(r"\s*([^,]+?)\s*,\s*'(.*)'\s*", re.DOTALL)
_ESCAPES = {"*": "*", "?": "?", "$": "$"}


def wild(text: str) -> str:
    """The pattern in ``text``, its ``*`` and ``?`` taken as wildcards."""
    return text.replace("*", ANY).replace("?", ONE)


def is_ordinary(text: str) -> bool:
    """Is it free of the noncharacters that patterns reserve? No document that AWS accepts holds one."""
    return text.isascii() or not any(char in text for char in RESERVED)


def has_variables(text: str) -> bool:
    """Is there a ``${…}`` in it?"""
    return "${" in text and _VARIABLE.search(text) is not None


@lru_cache(maxsize=4096)
def variables(text: str) -> tuple[tuple[str, bool], ...]:
    """The policy variables in ``text``: each one's name in lower case, and whether it has a default value."""
    found = []
    for match in _VARIABLE.finditer(text):
        if match[1] not in _ESCAPES:
            default = _DEFAULT.fullmatch(match[1])
            found.append(((default[1] if default else match[1]).strip().lower(), default is not None))
    return tuple(found)


@lru_cache(maxsize=4096)
def is_misplaced(text: str) -> bool:
    """Has this ARN a variable before its fifth colon, where none may stand?"""
    colons = at = 0
    for match in _VARIABLE.finditer(text):
        colons += text.count(":", at, match.start())
        at = match.end()
        if colons < 5:
            return True
    return False


def substitute(text: str, wildcards: bool, value_of: Callable[[str], str | None], *, arn: bool = False) -> str | None:
    """The pattern in ``text`` with its variables replaced; None where one has no value, which matches nothing.

    ``value_of`` gives a variable's value, None for no value, GAP for an unknown one. A value goes in literally: its
    ``*`` is no wildcard. ``arn``: the text is an ARN, in which a variable may stand behind the fifth colon only; what one
    before that does is not written down, so that it becomes a GAP. Source: "Variables and tags" (where variables can be
    used), "Policy variables with no value", "Specifying default values".
    """
    parts: list[str] = []
    at = colons = 0
    for match in _VARIABLE.finditer(text):
        literal = text[at : match.start()]
        colons += literal.count(":")
        parts.append(wild(literal) if wildcards else literal)
        at = match.end()
        inner = match[1]
        if arn and colons < 5:
            parts.append(GAP)
            continue
        if inner in _ESCAPES:
            parts.append(_ESCAPES[inner])
            continue
        default = _DEFAULT.fullmatch(inner)
        value = value_of((default[1] if default else inner).strip().lower())
        if value is None:
            if default is None:
                return None
            value = default[2]
        if value != GAP and not is_ordinary(value):
            return None
        parts.append(value)
    rest = text[at:]
    parts.append(wild(rest) if wildcards else rest)
    return "".join(parts)


@lru_cache(maxsize=16384)
def _regex(pattern: str) -> re.Pattern[str]:
    """A regular expression for a pattern, in atomic groups: no pattern makes it slow."""
    pieces = [
        "".join("." if char == ONE else re.escape(char) for char in piece)
        for piece in pattern.replace(GAP, ANY).split(ANY)
    ]
    if len(pieces) == 1:
        return re.compile(pieces[0], re.DOTALL)
    middle = "".join(f"(?>.*?{piece})" for piece in pieces[1:-1] if piece)
    return re.compile(f"{pieces[0]}{middle}.*{pieces[-1]}", re.DOTALL)


def is_plain(pattern: str) -> bool:
    """Has it neither wildcards nor gaps?"""
    return ANY not in pattern and ONE not in pattern and GAP not in pattern


def matches(pattern: str, text: str) -> bool | None:
    """Does the text match the pattern? None where a gap decides."""
    if is_plain(pattern):
        return pattern == text
    if _regex(pattern).fullmatch(text) is None:
        return False
    return None if GAP in pattern else True


@lru_cache(maxsize=16384)
def covers(pattern: str, form: str) -> bool | None:
    """Does every text of the form match the pattern (True), none of them (False), or only some, as far as known?"""
    begins, starts = _literal(pattern), _literal(form)
    if not (begins.startswith(starts) or starts.startswith(begins)):
        return False
    if len(begins) <= len(starts) and pattern[len(begins) :] == ANY:
        return True  # each text of the form begins with what the pattern does, whatever follows
    pattern, form = _WILDCARDS.sub(_ordered, pattern), _WILDCARDS.sub(_ordered, form)
    if GAP not in pattern and _includes(pattern, form):
        return True
    return None if _meet(pattern, form) else False


def _literal(pattern: str) -> str:
    """What every text that matches begins with: all before the first wildcard or gap."""
    found = _SPECIAL.search(pattern)
    return pattern if found is None else pattern[: found.start()]


def _ordered(run: re.Match[str]) -> str:
    """A run of wildcards as so many single ones and one ``*``, which means the same."""
    return ONE * run[0].count(ONE) + ANY


def _includes(pattern: str, form: str) -> bool:
    """Is the pattern seen to match every text of the form? A wildcard of the form needs a wildcard that takes it in.

    Bit n of ``reached``: what was read of the pattern takes in the first n symbols of the form. One number for all of them keeps two
    long patterns from taking long.
    """
    places, whole = _places(form), (2 << len(form)) - 1
    others = (whole >> 1) & ~places.get(ANY, 0)
    reached = 1
    for char in pattern:
        if char == ANY:
            reached = whole & -(reached & -reached)
        else:
            reached = (reached & (others if char == ONE else places.get(char, 0))) << 1
        if not reached:
            return False
    return bool(reached >> len(form))


def _meet(pattern: str, form: str) -> bool:
    """Is there a text that matches both? In neither do two ``*`` stand side by side. ``reached`` as in ``_includes``."""
    places, whole = _places(form), (2 << len(form)) - 1
    many, ones = places.get(ANY, 0), places.get(ONE, 0)
    others = (whole >> 1) & ~many
    reached = 3 if many & 1 else 1
    for char in _WILDCARDS.sub(_ordered, pattern.replace(GAP, ANY)):
        if char == ANY:
            reached = whole & -(reached & -reached)
        else:
            step = (reached & (others if char == ONE else places.get(char, 0) | ones)) << 1
            reached = step | (many << 1) & (reached | step << 1)
        if not reached:
            return False
    return bool(reached >> len(form))


def _places(form: str) -> dict[str, int]:
    """For each symbol of a form, where it stands: bit n for the symbol of that number."""
    found: dict[str, int] = {}
    for number, symbol in enumerate(form):
        found[symbol] = found.get(symbol, 0) | 1 << number
    return found


def tester(pattern: str) -> Callable[[str], bool]:
    """``matches`` for one pattern without gaps, made ready."""
    if is_plain(pattern):
        return pattern.__eq__
    fullmatch = _regex(pattern).fullmatch
    return lambda text: fullmatch(text) is not None


def arn_matches(pattern: str, text: str) -> bool | None:
    """ArnLike and ArnEquals, which are the same: six parts between colons, each matched for itself.

    What has fewer parts is no ARN: False, but None where it would match as a string, for which no rule is written.
    Source: "Amazon Resource Name (ARN) condition operators".
    """
    wanted = pattern.split(":", 5)
    given = text.split(":", 5)
    if len(wanted) < 6 or len(given) < 6 or GAP in "".join(wanted[:5]):
        return None if matches(pattern, text) is not False else False
    answer: bool | None = True
    for part, value in zip(wanted, given, strict=True):
        match matches(part, value):
            case False:
                return False
            case None:
                answer = None
    return answer


def arn_covers(pattern: str, form: str) -> bool | None:
    """``arn_matches`` for an ARN of which only the form is known."""
    wanted = pattern.split(":", 5)
    given = form.split(":", 5)
    if len(wanted) < 6 or len(given) < 6 or GAP in pattern or ANY in "".join(given[:5]):
        return None if covers(pattern, form) is not False else False
    answers = [covers(part, value) for part, value in zip(wanted, given, strict=True)]
    if False in answers:
        return False
    return None if None in answers else True


def arn_unlike(compare: Callable[[str, str], bool | None]) -> Callable[[str, str], bool | None]:
    """``arn_matches`` or ``arn_covers`` under a negated operator, for which no rule is written where a pattern meets what is no
    ARN, or is none itself: nobody knows that it does not match.
    """

    def compared(pattern: str, text: str) -> bool | None:
        found = compare(pattern, text)
        in_doubt = not is_plain(pattern) and min(pattern.count(":"), text.count(":")) < 5
        return None if found is False and in_doubt else found

    return compared
