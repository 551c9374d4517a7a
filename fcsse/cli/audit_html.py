"""An audit as one page of HTML that needs no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from fcsse.audit.result import Audit


def page(audit: Audit, now: datetime) -> str:
    """The page."""
    return f"{audit.summary} {now}"
