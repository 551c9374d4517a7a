"""Which objects there are to choose a sample from, found with a bounded number of list calls.

A bucket of up to ``WHOLE`` pages is listed as a whole. Of a larger one, prefixes are found first, one page of each is
listed, and the remaining calls go to the middles of the largest parts of the key space that are still unknown. That
meets every part of the key space however its names are made, but how many objects a part holds stays unknown: what is
chosen from such a list says nothing certain of the rest. Pure but for the lister it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple, TypeVar

from fcsse.objects import END, Listed, Page

T = TypeVar("T")

WHOLE = 40
"""Pages, of 1,000 objects each, that are listed in order before the rest is only probed."""

CALLS = 100
"""List calls at the most."""

SEARCH = 24
"""List calls, of those, that look for prefixes at the most."""

PLACES = 32
"""Prefixes to be listed at the most."""

SHORT = 3
"""Names that differ in no more than so many last characters are about a page: a gap among them is left alone."""

KEPT = 8
"""Of the objects listed in order, every so many-th is kept where there are more."""

CHASE = 75
"""After that many calls, finding the end of the names comes first no longer."""

END_MISSES = 10
"""Looks for the end of the names that may find nothing; elsewhere, one is enough to go on in order."""


class Frame(NamedTuple):
    """The objects to choose from. ``whole``: all there are. ``calls``: what that took."""

    objects: tuple[Listed, ...]
    whole: bool
    calls: int


class _Gap(NamedTuple):
    """A part of the key space, under ``prefix``, between two names. ``low`` None: not even its beginning is known.

    ``head``: there is something after every name that begins with that many characters of ``low``; 0 = that is not known.
    ``misses``: so many looks into its upper part found nothing.
    """

    prefix: str
    low: str | None
    high: str
    head: int = 0
    misses: int = 0


class Lister:
    """Lists a bucket. ``list_page`` takes a prefix, the name to start after, and whether to stop at slashes.

    ``heard`` is told the number of calls after each.
    """

    def __init__(
        self, list_page: Callable[[str, str | None, bool], Page], heard: Callable[[int], None] | None = None
    ) -> None:
        self._list_page = list_page
        self._heard = heard
        self._found: dict[str, Listed] = {}
        self.calls = 0

    def frame(self, prefix: str) -> Frame:
        """The objects under a prefix to choose a sample from. Raises what ``list_page`` raises."""
        after = ""
        first: list[tuple[Listed, ...]] = []
        for _ in range(WHOLE):
            page = self._ask(prefix, after or None)
            first.append(page.objects)
            if not page.more or not page.objects:
                return self._frame(whole=True)
            after = page.objects[-1].name
        # What comes first in the key space would outweigh the rest by far.
        self._found = _thinned([one for objects in first for one in objects], prefix)
        order = count()
        gaps = [(_rank(gap), next(order), gap) for gap in self._gaps(prefix, after)]
        heapify(gaps)
        while gaps and self.calls < CALLS:
            rest, end = self._probe(heappop(gaps)[2])
            for gap in rest:
                heappush(gaps, (_rank(gap), next(order), gap))
            for gap in end:
                chased = self.calls < CHASE
                found = (-1, next(order), gap) if chased else (_rank(gap), next(order), gap._replace(head=0))
                heappush(gaps, found)
        return self._frame(whole=False)

    def _frame(self, *, whole: bool) -> Frame:
        return Frame(tuple(self._found.values()), whole, self.calls)

    def _ask(self, prefix: str, after: str | None, *, delimited: bool = False) -> Page:
        self.calls += 1
        page = self._list_page(prefix, after, delimited)
        self._found.update((one.name, one) for one in page.objects)
        if self._heard:
            self._heard(self.calls)
        return page

    def _gaps(self, prefix: str, after: str) -> list[_Gap]:
        """What is not known after that name: prefix by prefix, or from each of some prefixes to the next of them."""
        kept, level = self._places(prefix)
        most = max(1, PLACES - len(kept))
        out = [
            _Gap(place, after if after.startswith(place) else None, place + END, len(after))
            for place in (kept if len(level) > most else [*kept, *level])
            if place + END > after
        ]
        if len(level) > most:
            starts = [after, *(place for place in spread(level, most) if place > after)]
            ends = [*starts[1:], prefix + END]
            out += [_Gap(prefix, low, high, misses=1) for low, high in zip(starts, ends, strict=True)]
        return out

    def _places(self, prefix: str) -> tuple[list[str], list[str]]:
        """Prefixes, level by level, as long as looking at all of a level is affordable: leaves, and the last level.

        A prefix that holds objects beside prefixes, or more than a page, stays a place beside those in it.
        """
        end = self.calls + SEARCH
        level, kept = [prefix], list[str]()
        while level and len(level) <= end - self.calls and len(level) + len(kept) < PLACES:
            deeper: list[str] = []
            for one in level:
                page = self._ask(one, None, delimited=True)
                deeper += page.prefixes
                if page.more or not page.prefixes:
                    kept.append(one)
                while page.more and page.prefixes and one == prefix and self.calls < end:
                    page = self._ask(one, _last(page), delimited=True)
                    deeper += page.prefixes
            level = list(dict.fromkeys(deeper))
        return kept, level

    def _probe(self, gap: _Gap) -> tuple[list[_Gap], list[_Gap]]:
        """One page out of a gap, and the gaps that are left of it: those that can wait, and those to go on with.

        To go on with: what may hold the end of the names, and what is left where the upper part turned out empty.
        """
        known = gap.low is not None and gap.misses < (END_MISSES if gap.head else 1)
        middle, head = _middle(gap) if known else (None, 0)
        page = self._ask(gap.prefix, middle or gap.low)
        inside = [one.name for one in page.objects if one.name < gap.high]
        if middle and not inside:
            return [], [_Gap(gap.prefix, gap.low, middle, gap.head, gap.misses + 1)]
        rest, end = list[_Gap](), list[_Gap]()
        if middle and gap.low and not head > len(gap.low) - SHORT:
            rest.append(_Gap(gap.prefix, gap.low, middle, misses=1 if head else 0))
        if page.more and inside and len(inside) == len(page.objects):
            upper = _Gap(gap.prefix, inside[-1], gap.high, (head or len(inside[-1])) if gap.head else 0)
            (end if gap.head and middle else rest).append(upper)
        return rest, end


def _rank(gap: _Gap) -> int:
    """The less the ends of a gap have in common, the larger it is, and the earlier its turn."""
    return 0 if gap.low is None else same(gap.low, gap.high) - len(gap.prefix)


def _thinned(listed: Sequence[Listed], prefix: str) -> dict[str, Listed]:
    """Every so many-th of the objects, and the first of each prefix."""
    kept = {one.name: one for one in listed[::KEPT]}
    firsts: dict[str, Listed] = {}
    for one in listed:
        firsts.setdefault(one.name[: one.name.find("/", len(prefix)) + 1], one)
    return kept | {one.name: one for one in firsts.values()}


def _middle(gap: _Gap) -> tuple[str | None, int]:
    """Where to look into a gap, and how many characters of ``low`` that leaves behind (0 = that is not how).

    How far names go is not known at first. The shortest beginning of ``low`` that all names have in common is found by
    halving its length, which takes far fewer calls than halving the space above ``low`` character by character.
    """
    low = gap.low or ""
    if gap.head and gap.high.endswith(END):
        known = len(gap.high) - len(END) if low.startswith(gap.high[: -len(END)]) else 0
        head = (known + min(gap.head, len(low))) // 2
        if head > known:
            return low[:head] + END, head
    return between(low, gap.high), 0


def _last(page: Page) -> str:
    """The name after which the next delimited page starts: a prefix counts with everything in it."""
    return max([one.name for one in page.objects[-1:]] + [prefix + END for prefix in page.prefixes[-1:]])


def spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many of the items, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    if most == 1:
        return [items[0]]
    return [items[round(index * (len(items) - 1) / (most - 1))] for index in range(most)]


_LOW, _HIGH, _DEPTH = 0x20, 0x7F, 8
"""Names are taken for fractions whose digits are printable characters; what is beyond those counts as the last."""


def between(low: str, high: str) -> str | None:
    """A name about in the middle of two names, or None where there is no room.

    What both begin with stays; of the rest, the first characters count as digits.
    """
    begun = same(low, high)
    first, last = _number(low[begun:]), _number(high[begun:])
    middle = (first + last) // 2
    digits = ""
    for _ in range(_DEPTH):
        middle, digit = divmod(middle, _HIGH - _LOW)
        digits = chr(_LOW + digit) + digits
    name = low[:begun] + digits.rstrip(" ")
    return name if low < name < high else None


def same(one: str, other: str) -> int:
    """With how many characters both begin alike."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _number(text: str) -> int:
    number = 0
    for place in range(_DEPTH):
        code = ord(text[place]) if place < len(text) else _LOW
        number = number * (_HIGH - _LOW) + min(max(code, _LOW), _HIGH - 1) - _LOW
    return number
