"""Durations, ages and moments as people write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_AGE = re.compile(r"(\d{1,6})\s*(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def seconds_in(text: str) -> float | None:
    """Seconds in a duration such as ``90``, ``90s``, ``5m`` or ``1h30m``; None where it is none."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip(), re.ASCII)
    if not text.strip() or parts is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in parts.groups())
    return hours * 3600 + minutes * 60 + seconds


def moment_of(text: str, now: datetime) -> datetime:
    """The moment of an age such as ``90m``, ``12h``, ``7d`` or ``2w``, of a date or a time; in UTC where no zone is given.

    Raises ``ValueError``.
    """
    age = _AGE.fullmatch(text.strip().lower())
    if age:
        try:
            return now - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    moment = datetime.fromisoformat(text.strip())
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
