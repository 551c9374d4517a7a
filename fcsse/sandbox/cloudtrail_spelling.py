"""How CloudTrail spells members and dates of AWS's requests and answers."""

from __future__ import annotations

import time
from typing import Any


def text_date(seconds: float) -> str:
    """A date inside an event, such as ``Feb 26, 2024, 5:32:56 AM``. Source: a recorded CreateKey event."""
    moment = time.gmtime(seconds)
    return (
        f"{time.strftime('%b', moment)} {moment.tm_mday}, {moment.tm_year}, {moment.tm_hour % 12 or 12}"
        + time.strftime(":%M:%S %p", moment)
    )


def with_text_dates(value: Any) -> Any:
    """FSx's answers with their dates as events spell them."""
    if isinstance(value, dict):
        return {
            name: text_date(item) if name == "creationTime" else with_text_dates(item) for name, item in value.items()
        }
    return value


def lowered(value: Any) -> Any:
    """Members with their first letter lowered, except where they are the caller's own words."""
    if isinstance(value, dict):
        own = ("EncryptionContextSubset", "EncryptionContextEquals")
        return {name[:1].lower() + name[1:]: item if name in own else lowered(item) for name, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value
