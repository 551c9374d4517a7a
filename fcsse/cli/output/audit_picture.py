"""The picture of an audit: caches, buckets and keys, and what joins them, as inline SVG. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fcsse.cli.output.html_text import text, title
from fcsse.commands.audit.verdicts import PairAudit

MOST = 150
"""Of each kind, so that the picture stays one that can be looked at; those that lack access come first."""

ROW, TOP, CHARACTER, PADDING = 22, 34, 7.4, 8
WIDTHS = (25, 34, 36)
"""Characters that a label of a cache, bucket or key may have."""

GAPS = (290, 130, 0)
"""Room for the lines after each column."""


class Column(NamedTuple):
    """Nodes of one kind: ``places`` maps each name to the height of its middle."""

    left: float
    width: float
    places: dict[str, float]

    @property
    def right(self) -> float:
        """Where lines to the next column start."""
        return self.left + self.width


def picture(judged: Sequence[PairAudit]) -> str:
    """The picture, with a sentence where not everything is in it.

    Caches and buckets stand by name, as in the matrix and the table; keys in the order of their first buckets.
    """
    shown = _chosen(judged)
    homes = {one.pair.bucket: one.key for one in shown}
    buckets = sorted(homes)
    keys = list(dict.fromkeys(key for bucket in buckets if (key := homes[bucket])))
    caches = sorted({one.pair.cache or "" for one in shown})
    height = TOP + ROW * max(len(caches), len(buckets), len(keys), 1) + ROW // 2
    columns = _columns((caches, buckets, keys), height)
    width = columns[-1].right + 1
    parts = [
        f'<svg class="picture" viewBox="0 0 {width:.0f} {height}" role="img" '
        f'aria-label="{text("Caches, the buckets they are linked to, and the keys of those buckets")}">'
    ]
    parts += _uses(homes, columns[1], columns[2])
    parts += _links(shown, columns[0], columns[1])
    for column, head, names, most in zip(
        columns, ("Caches", "Buckets", "Keys"), (caches, buckets, keys), WIDTHS, strict=True
    ):
        parts.append(f'<text class="head" x="{column.left:.0f}" y="18">{head}</text>')
        parts += [_node(column, name, _label(name, most)) for name in names]
    parts.append("</svg>")
    note = ""
    if len(shown) < len(judged):
        note = f'<p class="soft">It shows {len(shown):,} of {len(judged):,} pairs, those that lack access first.</p>'
    wide = '<p class="soft wide">The picture is wider than this window: scroll it sideways →</p>'
    return f'{note}{wide}<div class="scroll">{"".join(parts)}</div>'


def _chosen(judged: Sequence[PairAudit]) -> list[PairAudit]:
    """As many pairs as there is room for."""
    caches: set[str | None] = set()
    buckets: set[str] = set()
    found = []
    for one in sorted(judged, key=lambda one: one.allowed):
        more = len(caches | {one.pair.cache}) <= MOST and len(buckets | {one.pair.bucket}) <= MOST
        if more:
            caches.add(one.pair.cache)
            buckets.add(one.pair.bucket)
            found.append(one)
    return found


def _columns(kinds: Iterable[Sequence[str]], height: int) -> list[Column]:
    found: list[Column] = []
    left = 1.0
    for names, most, gap in zip(kinds, WIDTHS, GAPS, strict=True):
        width = max((len(_label(name, most)) for name in names), default=6) * CHARACTER + 2 * PADDING
        step = (height - TOP - ROW // 2) / max(1, len(names))
        found.append(Column(left, width, {name: TOP + step * (place + 0.5) for place, name in enumerate(names)}))
        left += width + gap
    return found


def _label(name: str, most: int) -> str:
    """A name in the room there is; keys by their id, and the middle left out of what is too long."""
    short = name.rpartition(":key/")[2]
    if len(short) <= most:
        return short
    return f"{short[: most // 2]}…{short[-(most - most // 2 - 1) :]}"


def _node(column: Column, name: str, label: str) -> str:
    middle = column.places[name]
    return (
        f'<g>{title(name)}<rect x="{column.left:.1f}" y="{middle - 9:.1f}" width="{column.width:.1f}" height="18" rx="4"/>'
        f'<text x="{column.left + PADDING:.1f}" y="{middle + 4:.1f}">{text(label)}</text></g>'
    )


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (start[0] + end[0]) / 2
    return f"M{start[0]:.1f} {start[1]:.1f}C{middle:.1f} {start[1]:.1f} {middle:.1f} {end[1]:.1f} {end[0]:.1f} {end[1]:.1f}"


def _links(shown: Sequence[PairAudit], caches: Column, buckets: Column) -> list[str]:
    found = []
    # What lacks access is drawn last, over the rest.
    for one in sorted(shown, key=lambda one: not one.allowed):
        line = _line(
            (caches.right, caches.places[one.pair.cache or ""]), (buckets.left, buckets.places[one.pair.bucket])
        )
        about = text(f"{one.pair.cache} {one.pair.bucket} {one.key or ''}")
        found.append(
            f'<path class="{one.verdict}" data-v="{one.verdict}" data-t="{about}" d="{line}">{title(one.headline)}</path>'
        )
    return found


def _uses(homes: dict[str, str | None], buckets: Column, keys: Column) -> list[str]:
    return [
        f'<path class="uses" d="{_line((buckets.right, buckets.places[bucket]), (keys.left, keys.places[key]))}"/>'
        for bucket, key in homes.items()
        if key
    ]
