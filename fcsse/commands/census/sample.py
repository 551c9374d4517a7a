"""Which of the listed objects to look at, so that all prefixes and old and new objects are met. Pure, given chance.

One half is drawn at random, from all listed objects alike: what can be said of the objects not looked at rests on it.
The other half is picked: of each prefix the oldest and the newest objects, then those between, since encryption
changes with time and with whoever writes where.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import chain, islice, zip_longest
from typing import NamedTuple

from fcsse.commands.census.listing import spread
from fcsse.objects import Listed

DEPTH = 12
"""Levels of prefixes that are told apart."""


class Chosen(NamedTuple):
    """An object to look at. ``drawn``: at random."""

    one: Listed
    drawn: bool


class Sample(NamedTuple):
    """What to look at, in this order. ``met`` of ``prefixes`` prefixes have an object in it."""

    chosen: tuple[Chosen, ...]
    met: int
    prefixes: int


def choose(listed: Sequence[Listed], prefix: str, most: int, chance: random.Random) -> Sample:
    """At most so many of the listed objects. Drawn and picked ones take turns, so that a part of it is a sample too."""
    parts = by_prefix(listed, prefix, max(1, most // 4))
    if len(listed) <= most:
        return Sample(tuple(Chosen(one, drawn=True) for one in listed), len(parts), len(parts))
    drawn = chance.sample(listed, (most + 1) // 2)
    taken = {one.name for one in drawn}
    asked = most - len(drawn)
    shown = spread(parts, asked)
    share = -(-asked // max(1, len(shown))) + 1
    columns = zip_longest(*(_ends_first(by_age(part, share)) for part in shown))
    picks = (one for one in chain.from_iterable(columns) if one is not None and one.name not in taken)
    picked = list(islice(picks, asked))
    if len(picked) < asked:
        names = taken | {one.name for one in picked}
        picked += islice((one for one in listed if one.name not in names), asked - len(picked))
    pairs = zip_longest((Chosen(one, drawn=True) for one in drawn), (Chosen(one, drawn=False) for one in picked))
    chosen = tuple(one for one in chain.from_iterable(pairs) if one is not None)
    names = {one.one.name for one in chosen}
    return Sample(chosen, sum(any(one.name in names for one in part) for part in parts), len(parts))


def by_prefix(listed: Sequence[Listed], prefix: str, most: int) -> list[list[Listed]]:
    """The objects by prefix, as many levels deep as there are at most so many; the first level whatever it takes."""
    parts = {prefix: list(listed)}
    for _ in range(DEPTH):
        deeper: dict[str, list[Listed]] = {}
        for place, part in parts.items():
            for one in part:
                slash = one.name.find("/", len(place)) if one.name.startswith(place) else -1
                deeper.setdefault(one.name[: slash + 1] if slash >= 0 else place, []).append(one)
        if len(deeper) > most and len(parts) > 1:
            break
        if deeper.keys() == parts.keys():
            break
        parts = deeper
    return [parts[place] for place in sorted(parts)]


def by_age(listed: Sequence[Listed], most: int) -> list[Listed]:
    """At most so many objects, evenly spread over their last changes, the oldest and newest among them."""
    # The name backwards breaks ties, so that objects of one moment are not all taken from one end of the key space.
    return spread(
        sorted(listed, key=lambda one: (one.modified.timestamp() if one.modified else 0.0, one.name[::-1])), most
    )


def _ends_first(found: list[Listed]) -> list[Listed]:
    """Oldest, newest, then halving what is between: a cut sample keeps the extremes and stays spread."""
    if len(found) <= 2:
        return found
    order, gaps = [found[0], found[-1]], [(0, len(found) - 1)]
    while gaps:
        wider = []
        for left, right in gaps:
            middle = (left + right) // 2
            if middle > left:
                order.append(found[middle])
                wider += [(left, middle), (middle, right)]
        gaps = wider
    return order
