"""Durations as people write them. Pure."""

from __future__ import annotations

import re


def seconds_in(text: str) -> float | None:
    """Seconds in a duration such as ``90``, ``90s``, ``5m`` or ``1h30m``; None where it is none."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip(), re.ASCII)
    if not text.strip() or parts is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds
