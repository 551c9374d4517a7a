"""Policy variables: ``${key}`` in a Resource or a condition's value.

Source: IAM user guide, "IAM policy elements: Variables and tags": they exist since version 2012-10-17; ``${*}``,
``${?}`` and ``${$}`` are the characters themselves; ``${key, 'text'}`` has a default; a key that is absent makes the
variable a null value, which nothing is equal to or like; only single-valued keys can be used; in a Resource a variable may
stand only after the fifth colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fcsse.sandbox.judge.judged_request import UNDOCUMENTED, JudgedRequest
from fcsse.sandbox.judge.wildcards import Pattern, literal, pattern_of

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"\s*([^,\s]+)\s*(?:,\s*'(.*)'\s*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expanded:
    """A text with its variables filled in.

    ``pattern``: None where a variable has no value. ``silent``: no page says what the text means. ``variables``: whether
    it had any that are keys.
    """

    pattern: Pattern | None
    silent: bool = False
    variables: bool = False


def expand(text: str, request: JudgedRequest, version: str) -> Expanded:
    """Fill in the variables of a text, under the policy's Version."""
    if version != "2012-10-17" or "${" not in text:
        return Expanded(pattern_of(text))
    found: list[Pattern] = []
    place, null, silent, variables = 0, False, False, False
    for match in _VARIABLE.finditer(text):
        found.append(pattern_of(text[place : match.start()]))
        place = match.end()
        inner = match.group(1)
        if inner in ("*", "?", "$"):
            found.append(literal(inner))
            continue
        variables = True
        value = _value(inner, request)
        if value is UNDOCUMENTED:
            silent = True
        elif value is None:
            null = True
        else:
            found.append(literal(str(value)))
    rest = text[place:]
    if "${" in rest:
        request.silent(f"what the text {text!r} means, whose variable is not closed")
        return Expanded(None, silent=True, variables=True)
    found.append(pattern_of(rest))
    if silent:
        return Expanded(None, silent=True, variables=True)
    return Expanded(None if null else tuple(piece for part in found for piece in part), variables=variables)


def _value(inner: str, request: JudgedRequest) -> object:
    match = _DEFAULT.fullmatch(inner)
    if match is None:
        request.silent(f"what the variable ${{{inner}}} means")
        return UNDOCUMENTED
    key, default = match.groups()
    value = request.values(key)
    if isinstance(value, tuple):
        request.silent(f"what the variable ${{{key}}} means, whose key is multi-valued")
        return UNDOCUMENTED
    if value is UNDOCUMENTED:
        request.silent(f"which value {key} has in this request")
    if isinstance(value, str) and ("*" in value or "?" in value):
        request.silent(f"whether a wildcard in the value of ${{{key}}} counts as one")
        return UNDOCUMENTED
    return default if value is None else value


def before_fifth_colon(text: str) -> bool:
    """Does a variable stand before the fifth colon of an ARN, where it may not?"""
    place, colons = 0, 0
    while place < len(text) and colons < 5:
        match = _VARIABLE.match(text, place)
        if match:
            return match.group(1) not in ("*", "?", "$")
        colons += text[place] == ":"
        place += 1
    return False
