"""Numbers, lists, sentences and times in English. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def count(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 cache``, ``3 caches``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: list[str] | tuple[str, ...], most: int = 3) -> str:
    """Names in words: ``a``, ``a and b``, ``a, b and 4 more``."""
    if len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most:,} more"]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def alternatives(texts: Sequence[str], most: int = 3) -> str:
    """Texts of which one counts, in words: ``a``, ``a or b``, ``a or b or c or 2 others``."""
    if len(texts) > most + 1:
        texts = [*texts[:most], f"{len(texts) - most:,} others"]
    return " or ".join(texts)


def capitalized(text: str) -> str:
    """The text with a capital at its beginning, and otherwise as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """The text as a sentence: a capital at its beginning, a full stop at its end."""
    return capitalized(text) + ("" if text.endswith((".", "!", "?")) else ".")


def stamp(moment: datetime) -> str:
    """A time in UTC, to the second."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
