"""Which objects there are to choose a sample from, found with a bounded number of list calls.

A bucket of up to ``WHOLE`` pages is listed as a whole. Of a larger one, prefixes are found first, one page of each is
listed, and the remaining calls go to the middles of the largest parts of the key space that are still unknown. That
meets every part of the key space however its names are made, but how many objects a part holds stays unknown: what is
chosen from such a list says nothing certain of the rest. Pure but for the lister it is handed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

T = TypeVar("T")

WHOLE = 40
"""Pages, of 1,000 objects each, that are listed in order before the rest is only probed."""

CALLS = 100
"""List calls at the most."""

SEARCH = 24
"""List calls, of those, that look for prefixes at the most."""

PLACES = 32
"""Prefixes to be listed at the most."""

END = "\U0010ffff"
"""Comes after every other character, in the order of S3 (UTF-8 bytes) and of Python alike."""


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


@dataclass(frozen=True, slots=True)
class Frame:
    """The objects to choose from. ``whole``: all there are. ``calls``: what that took."""

    objects: tuple[Listed, ...]
    whole: bool
    calls: int


@dataclass(frozen=True, slots=True)
class _Gap:
    """A part of the key space, under ``prefix``, between two names. ``low`` None: not even its beginning is known."""

    prefix: str
    low: str | None
    high: str


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
        for _ in range(WHOLE):
            page = self._ask(prefix, after or None)
            if not page.more or not page.objects:
                return self._frame(whole=True)
            after = page.objects[-1].name
        gaps = deque(
            _Gap(place, after if after.startswith(place) else None, place + END)
            for place in self._places(prefix)
            if place + END > after
        )
        while gaps and self.calls < CALLS:
            gap = gaps.popleft()
            empty, rest = self._probe(gap)
            if empty:
                gaps.extendleft(rest)
            else:
                gaps.extend(rest)
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

    def _places(self, prefix: str) -> list[str]:
        """Prefixes to list: level by level, as long as looking at all of a level is affordable.

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
                while page.more and one == prefix and self.calls < end:
                    page = self._ask(one, _last(page), delimited=True)
                    deeper += page.prefixes
            level = list(dict.fromkeys(deeper))
        return [*kept, *spread(level, max(1, PLACES - len(kept)))]

    def _probe(self, gap: _Gap) -> tuple[bool, list[_Gap]]:
        """One page out of a gap, and the gaps that are left of it. True where its upper part turned out empty."""
        middle = None if gap.low is None else between(gap.low, gap.high)
        page = self._ask(gap.prefix, middle or gap.low)
        inside = [one.name for one in page.objects if one.name < gap.high]
        rest = [_Gap(gap.prefix, gap.low, middle)] if middle else []
        if not inside:
            return middle is not None, rest
        if page.more and len(inside) == len(page.objects):
            rest.append(_Gap(gap.prefix, inside[-1], gap.high))
        return False, rest


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
    same = 0
    while same < min(len(low), len(high)) and low[same] == high[same]:
        same += 1
    first, last = _number(low[same:]), _number(high[same:])
    middle = (first + last) // 2
    digits = ""
    for _ in range(_DEPTH):
        middle, digit = divmod(middle, _HIGH - _LOW)
        digits = chr(_LOW + digit) + digits
    name = low[:same] + digits.rstrip(" ")
    return name if low < name < high else None


def _number(text: str) -> int:
    number = 0
    for place in range(_DEPTH):
        code = ord(text[place]) if place < len(text) else _LOW
        number = number * (_HIGH - _LOW) + min(max(code, _LOW), _HIGH - 1) - _LOW
    return number
