"""How much is tried: all that there is, or a part in which every value of every kind still occurs.

The nightly workflow runs the tests with ``--thorough``; without it they take less than ten minutes on two processors.
"""

from __future__ import annotations

from zlib import crc32

import pytest

OPTION = "--thorough"
MOST_COMBINATIONS = 6
"""Of so many combinations one is tried by default, of fewer where a parameter has fewer values."""

EXAMPLES = 4
"""Of so many examples one is tried by default."""

_is_on = False


def begin(config: pytest.Config) -> None:
    """Notes what the caller wants, before any test module is imported."""
    global _is_on
    _is_on = bool(config.getoption(OPTION))
    names = "names: parameters of which every combination is tried only with --thorough, every value always"
    config.addinivalue_line("markers", f"combinations(*names): {names}")
    number = "one_in(number): of its examples about one of so many is tried by default; all with --thorough"
    config.addinivalue_line("markers", number)
    config.addinivalue_line("markers", "nightly: takes long, and another test of the same thing is quick")


def is_on() -> bool:
    """Does the caller want everything to be tried?"""
    return _is_on


def examples(most: int, few: int | None = None) -> int:
    """How many examples of these are tried, or seeds played: all, or ``few``, a quarter of them unless told."""
    if _is_on:
        return most
    return most // EXAMPLES if few is None else few


def leave_out(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops tests with the mark ``nightly``, most combinations of the parameters that a mark ``combinations`` names, and most
    values of those with the mark ``one_in``.

    Not where the caller names tests one by one: those are wanted.
    """
    if _is_on or any("::" in one for one in config.args):
        return
    values: dict[tuple[str, str], list[int]] = {}
    places = [_places(one, values) for one in items]
    seen: set[str] = set()
    gone = {
        one
        for one, found in zip(items, places, strict=True)
        if one.get_closest_marker("nightly")
        or (found and sum(found) % _share(one, values) != 0)
        or _is_left_out(one, seen)
    }
    if gone:
        config.hook.pytest_deselected(items=[one for one in items if one in gone])
        items[:] = [one for one in items if one not in gone]


def _is_left_out(one: pytest.Item, seen: set[str]) -> bool:
    """By the mark ``one_in``. ``seen``: the tests that came before, of which the first is kept."""
    mark = one.get_closest_marker("one_in")
    if mark is None or _test(one) not in seen:
        seen.add(_test(one))
        return False
    # Not each third, say: of two parameters that might always be the same value of one.
    return crc32(one.nodeid.encode()) % int(mark.args[0]) != 0


def _test(one: pytest.Item) -> str:
    return one.nodeid.partition("[")[0]


def _share(one: pytest.Item, values: dict[tuple[str, str], list[int]]) -> int:
    """Of how many combinations one is kept: with more, some value would be in none."""
    return min(MOST_COMBINATIONS, *(len(found) for (test, _), found in values.items() if test == _test(one)))


def _places(one: pytest.Item, seen: dict[tuple[str, str], list[int]]) -> list[int]:
    """Which value each of the named parameters has: the first that its test gets, the second and so on, from 0."""
    mark, about = one.get_closest_marker("combinations"), getattr(one, "callspec", None)
    found: list[int] = []
    if mark is None or about is None:
        return found
    for name in mark.args:
        values = seen.setdefault((_test(one), name), [])
        value = id(about.params[name])  # some cannot be compared
        if value not in values:
            values.append(value)
        found.append(values.index(value))
    return found
