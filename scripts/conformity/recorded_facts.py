"""The recorded facts: what was asked of real AWS, under which condition, and what it answered."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).resolve().parents[2] / "tests" / "data" / "recorded-aws.jsonl"
_HOLE = re.compile(r"\\\{([^{}]*)\\\}|…")


class Fact(NamedTuple):
    """One recorded answer. ``expected`` is an error (code, status, message) or a sentence for people."""

    id: str
    service: str
    call: str
    condition: str
    expected: Mapping[str, Any] | str
    source: str
    date: str

    @property
    def error(self) -> Mapping[str, Any]:
        """The error that AWS answered. Raises TypeError where it is none."""
        if isinstance(self.expected, str):
            message = f"{self.id} records no error"
            raise TypeError(message)
        return self.expected


def load() -> list[Fact]:
    """Every fact, in the order of the file."""
    return [Fact(**json.loads(line)) for line in FILE.read_text().splitlines() if line]


def message_pattern(template: str, names: Mapping[str, str]) -> re.Pattern[str]:
    """A recorded message as a pattern: ``{name}`` stands for what ``names`` says, or for any text; so does ``…``."""
    if template.startswith("(empty message)"):
        return re.compile("")
    if template.endswith(")") and " (" in template:
        template = template[: template.rindex(" (")]  # a remark of whoever wrote it down

    def filled(match: re.Match[str]) -> str:
        name = (match.group(1) or "").replace("\\ ", " ")
        return re.escape(names[name]) if name in names else ".+"

    return re.compile(_HOLE.sub(filled, re.escape(template)))
