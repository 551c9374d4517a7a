"""What a random sample says of the objects that were not looked at. Pure."""

from __future__ import annotations

from math import exp, lgamma

LEVEL = 0.95
"""How sure a statement is that is made at all."""


def unseen_at_most(population: int, drawn: int, level: float = LEVEL) -> int:
    """How many of ``population`` objects may be of a kind of which none is among ``drawn`` objects drawn at random.

    With a kind of more objects than that, a draw without replacement that misses it has a probability below
    ``1 - level``. For a large population this is the rule of three (3/n of it). It is a statement about each kind by
    itself, and it holds for objects drawn at random from all of the population only.
    """
    low, high = 0, max(0, population - drawn)
    while low < high:
        middle = (low + high + 1) // 2
        if missing_probability(population, drawn, middle) > 1 - level:
            low = middle
        else:
            high = middle - 1
    return low


def missing_probability(population: int, drawn: int, kind: int) -> float:
    """The probability that none of ``kind`` objects is among ``drawn`` of ``population``, drawn without replacement."""
    others = population - kind
    if drawn > others:
        return 0.0
    ways = lgamma(others + 1) - lgamma(others - drawn + 1) - lgamma(population + 1) + lgamma(population - drawn + 1)
    return min(1.0, exp(ways))
