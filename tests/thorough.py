"""How much is tried: all that there is, or a part in which every value of every kind still occurs.

The nightly workflow runs the tests with ``--thorough``; without it they take less than ten minutes on two processors.
"""

from __future__ import annotations

import pytest

OPTION = "--thorough"
SHARE = 2
"""Of so many combinations, or examples, one is tried by default."""

_is_on = False


def begin(config: pytest.Config) -> None:
    """Notes what the caller wants, before any test module is imported."""
    global _is_on
    _is_on = bool(config.getoption(OPTION))
    names = "names: parameters of which every combination is tried only with --thorough, every value always"
    config.addinivalue_line("markers", f"combinations(*names): {names}")


def examples(most: int, few: int | None = None) -> int:
    """How many examples of these are tried, or seeds played: all, or ``few``, half of them unless told."""
    if _is_on:
        return most
    return most // SHARE if few is None else few


def leave_out_combinations(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drops every second combination of the parameters that a test's mark ``combinations`` names.

    Not where the caller names tests one by one: those are wanted.
    """
    if _is_on or any("::" in one for one in config.args):
        return
    places: dict[tuple[str, str], list[int]] = {}
    left_out = [one for one in items if sum(_places(one, places)) % SHARE != 0]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        gone = set(left_out)
        items[:] = [one for one in items if one not in gone]


def _places(one: pytest.Item, seen: dict[tuple[str, str], list[int]]) -> list[int]:
    """Which value each of the named parameters has: the first that its test gets, the second and so on, from 0."""
    mark, about = one.get_closest_marker("combinations"), getattr(one, "callspec", None)
    found: list[int] = []
    if mark is None or about is None:
        return found
    for name in mark.args:
        values = seen.setdefault((one.nodeid.partition("[")[0], name), [])
        value = id(about.params[name])  # some cannot be compared
        if value not in values:
            values.append(value)
        found.append(values.index(value))
    return found
