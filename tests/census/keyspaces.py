"""Made-up buckets, and a lister that answers as ListObjectsV2 does, from names that need not exist one by one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import overload

from fcsse.objects import Listed, Page

EPOCH = datetime(2019, 1, 1, tzinfo=UTC)
SIZE = 1000


@dataclass
class Computed(Sequence[str]):
    """A sorted sequence of names that are computed when they are asked for."""

    length: int
    name: Callable[[int], str]

    def __len__(self) -> int:
        return self.length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self.name(one) for one in range(*index.indices(self.length))]
        if not 0 <= index < self.length:
            raise IndexError
        return self.name(index)


@dataclass
class Bucket:
    """A bucket with these sorted names. ``day`` tells in which minute since 2019 the object at a position was written."""

    names: Sequence[str]
    day: Callable[[int], float] = float
    calls: list[tuple[str, str | None, bool]] = field(default_factory=list)

    def list_page(self, prefix: str, after: str | None, delimited: bool) -> Page:
        """ListObjectsV2 with Prefix, StartAfter and, where delimited, Delimiter ``/``."""
        self.calls.append((prefix, after, delimited))
        place = bisect_left(self.names, prefix)
        if after is not None:
            place = max(place, bisect_right(self.names, after))
        objects: list[Listed] = []
        prefixes: list[str] = []
        while len(objects) + len(prefixes) < SIZE and place < len(self.names):
            name = self.names[place]
            if not name.startswith(prefix):
                break
            slash = name.find("/", len(prefix)) if delimited else -1
            if slash >= 0:
                prefixes.append(name[: slash + 1])
                place = bisect_right(self.names, name[: slash + 1] + "\U0010ffff")
                continue
            objects.append(Listed(name, 1, EPOCH + timedelta(minutes=self.day(place))))
            place += 1
        more = place < len(self.names) and self.names[place].startswith(prefix)
        return Page(tuple(objects), tuple(prefixes), more)

    def position(self, name: str) -> int:
        """Where a name is."""
        return bisect_left(self.names, name)


def flat(number: int, width: int = 9) -> Computed:
    """``obj-000000042``: names without a slash."""
    return Computed(number, lambda place: f"obj-{place:0{width}d}")


def dated(years: Sequence[int], per_day: int) -> Computed:
    """``logs/2019/01/31/0007.gz``."""

    def name(place: int) -> str:
        day, number = divmod(place, per_day)
        year, rest = divmod(day, 336)
        month, date = divmod(rest, 28)
        return f"logs/{years[year]}/{month + 1:02}/{date + 1:02}/{number:04}.gz"

    return Computed(len(years) * 336 * per_day, name)


def joined(parts: Sequence[tuple[str, int]]) -> Computed:
    """Prefixes in sorted order, each with so many objects."""
    starts = [0]
    for _, number in parts:
        starts.append(starts[-1] + number)

    def name(place: int) -> str:
        part = bisect_right(starts, place) - 1
        return f"{parts[part][0]}{place - starts[part]:09d}"

    return Computed(starts[-1], name)
