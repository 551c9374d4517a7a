"""Two patterns against each other: ``covers`` against all texts of a small alphabet, and long patterns."""

from __future__ import annotations

import re
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from fcsse.evaluator.patterns import covers, wild

TEXTS = ["".join(text) for length in range(7) for text in product("ab", repeat=length)]
PATTERNS = st.text("ab*?", max_size=5)


def matching(pattern: str) -> set[str]:
    plain = re.compile(pattern.replace("*", ".*").replace("?", "."))
    return {text for text in TEXTS if plain.fullmatch(text)}


@given(PATTERNS, PATTERNS)
def test_what_covers_says_holds_for_every_text(pattern: str, form: str) -> None:
    found, texts, taken = covers(wild(pattern), wild(form)), matching(form), matching(pattern)
    if found is True:
        assert texts <= taken
    elif found is False:
        assert not texts & taken
    if texts & taken and not texts <= taken:
        assert found is None


def test_long_patterns_are_compared_too() -> None:
    """As long as a key policy can be; read symbol by symbol against symbol this would not end."""
    one, other = "*" + "?*" * 16_000 + "1", "*" + "?*" * 15_000 + "2"
    assert covers(wild(one), wild(other)) is False
    assert covers(wild(other[:-1]), wild(one)) is True
    assert covers(wild(one[:-1] + "*1"), wild("*" + "1*" * 10_000)) is None
