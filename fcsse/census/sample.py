"""Which objects to look at, so that old and new ones and all prefixes are met. Pure but for the lister it is handed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

PAGE = 1000
"""Objects in a page of ListObjectsV2. Source: S3 API reference."""

STRATA = 64
"""Prefixes that are told apart at the most; further ones are met through those."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing shows it, which is without its encryption."""

    name: str
    size: int
    modified: datetime | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing. ``prefixes`` are common prefixes, ``more`` tells that the listing goes on."""

    objects: tuple[Listed, ...]
    prefixes: tuple[str, ...] = ()
    more: bool = False


ListPage = "Callable[[str, str | None, bool], Page]"


def strata(list_page: Callable[[str, str | None, bool], Page], prefix: str) -> tuple[str, ...]:
    """The prefixes to sample from: common prefixes, one level deeper while there are few. Ends with ``prefix`` itself,
    which stands for the objects that lie directly in it.
    """
    found: list[str] = [prefix]
    frontier = [prefix]
    for _ in range(3):
        deeper: list[str] = []
        for one in frontier:
            after: str | None = None
            for _page in range(4):
                page = list_page(one, after, True)
                deeper += page.prefixes
                if not page.more or len(deeper) > STRATA:
                    break
                last = [*page.prefixes, *(listed.name for listed in page.objects)]
                after = max(last) if last else None
        deeper = spread(sorted(set(deeper)), STRATA)
        if not deeper:
            break
        found = [*found, *deeper] if len(found) + len(deeper) <= STRATA else [prefix, *deeper]
        if len(deeper) >= STRATA // 4:
            break
        frontier = deeper
    return tuple(dict.fromkeys(found))


def spread(items: Sequence[str], most: int) -> list[str]:
    """At most so many of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[0]]
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


def by_age(listed: Iterable[Listed], most: int) -> list[Listed]:
    """At most so many objects, evenly spread over their last changes, the oldest and newest among them."""
    ordered = sorted(listed, key=lambda one: (one.modified is not None, one.modified, one.name))
    if len(ordered) <= most:
        return ordered
    places = [round(index * (len(ordered) - 1) / max(1, most - 1)) for index in range(most)]
    return [ordered[place] for place in dict.fromkeys(places)]


def candidates(list_page: Callable[[str, str | None, bool], Page], prefix: str, depth: int = 3) -> Iterator[Listed]:
    """Objects under a prefix: its first page, then pages from further along, by jumping over the key space.

    A jump starts after the last name seen with its tail replaced by a high character, so that it leaves the names
    alike behind; each jump leaves out more.
    """
    after: str | None = None
    for jump in range(depth):
        page = list_page(prefix, after, False)
        yield from page.objects
        if not page.more or not page.objects:
            return
        last = page.objects[-1].name
        keep = max(len(prefix), len(last) - 1 - jump * max(1, (len(last) - len(prefix)) // depth))
        after = max(last, last[: keep + 1] + "~") if keep + 1 < len(last) else last


def choose(list_page: Callable[[str, str | None, bool], Page], prefix: str, most: int) -> list[Listed]:
    """The sample: about as many from each stratum, spread over ages, and one stratum's shortage made up by others."""
    places = strata(list_page, prefix)
    share = max(2, -(-most // len(places)))
    rounds = [by_age(candidates(list_page, place), share * 2) for place in places]
    mixed = chain.from_iterable(zip_longest(*(_ends_first(found) for found in rounds)))
    unique = {one.name: one for one in mixed if one is not None}
    return list(islice(unique.values(), most))


def _ends_first(found: list[Listed]) -> list[Listed]:
    """Oldest, newest, then inwards: a cut sample keeps the extremes."""
    left, right = 0, len(found) - 1
    order: list[Listed] = []
    while left <= right:
        order.append(found[left])
        if right > left:
            order.append(found[right])
        left, right = left + 1, right - 1
    return order
