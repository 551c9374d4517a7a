"""What a suite comes to: rows of a table, and targets that are met or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A limit and what was measured."""

    name: str
    limit: float
    value: float

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "limit": self.limit, "value": round(self.value, 4), "met": self.met}


@dataclass(slots=True)
class Result:
    """One suite's: ``columns`` and ``rows`` are for people, ``data`` holds the same and more for programs."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    data: list[dict[str, Any]] = field(default_factory=list)

    def markdown(self) -> str:
        """The table, and the targets as a list."""
        lines = [f"### {self.title}", "", _row(self.columns), _row(["---"] * len(self.columns))]
        lines += [_row(row) for row in self.rows]
        if self.targets:
            lines.append("")
            lines += [
                f"- {'met' if one.met else '**missed**'}: {one.name} ≤ {one.limit:g} (measured {one.value:.3g})"
                for one in self.targets
            ]
        return "\n".join(lines) + "\n"

    def text(self) -> str:
        """The same for a terminal."""
        widths = [max(len(row[i]) for row in [self.columns, *self.rows]) for i in range(len(self.columns))]
        cells = (zip(row, widths, strict=True) for row in [self.columns, *self.rows])
        lines = [self.title, *("  " + "  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in cells)]
        lines += [
            f"  {'met   ' if one.met else 'MISSED'} {one.name} <= {one.limit:g}: {one.value:.3g}"
            for one in self.targets
        ]
        return "\n".join(lines) + "\n"

    def to_json(self) -> dict[str, Any]:
        return {"title": self.title, "measured": self.data, "targets": [one.to_json() for one in self.targets]}


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
