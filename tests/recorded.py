"""Answers that were looked at once and are kept: what a change of the code does to any of them is seen, and reviewed in its diff.

``./scripts/test --record TEST`` writes them anew. They say nothing of what is right: the tests beside them do.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

OPTION = "--record"
PLACE = Path(__file__).parent / "data"
MOST_SHOWN = 5


def compare(config: pytest.Config, name: str, found: dict[str, Any]) -> None:
    """Fails where an answer is not the one that is kept in ``data/NAME.jsonl``, a line each."""
    path = PLACE / f"{name}.jsonl"
    lines = [json.dumps({"case": case, **answer}, ensure_ascii=False) for case, answer in found.items()]
    if config.getoption(OPTION):
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    kept = path.read_text(encoding="utf-8").splitlines()
    others = [f"- {was}\n+ {now}" for was, now in zip(kept, lines, strict=False) if was != now]
    assert not others, "\n".join([f"{len(others)} answers differ:", *others[:MOST_SHOWN]])
    assert len(kept) == len(lines)
