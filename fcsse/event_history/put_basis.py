"""What a put of fcsse was based on, as AWS's own record and the saved copies hold it. Pure.

PutKeyPolicy has no member for it, but CloudTrail records the user agent of each call: so the digest of the policy that was
read, and how long before the put, stand in that. A saved copy holds the text that was read, and the put's request id.
Source: CloudTrail user guide, "Record contents" (userAgent, requestID).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from fcsse.event_history.events import Event

DIGITS = 16
_MARK = re.compile(r"\bmd/fcsse-base#([0-9a-f]{16})-(\d{1,12})\b")


class PutBasis(NamedTuple):
    """The policy that a put was made from.

    ``digest``: the first 16 digits of ``digest_of`` it. ``age``: seconds between the reading and the put. ``text``: the
    policy itself, empty where only the digest is known. ``held``: a second after the put, KMS showed what was put.
    """

    digest: str
    age: float
    text: str = ""
    held: bool = False

    @property
    def mark(self) -> str:
        """What stands in the user agent of the call."""
        return f"md/fcsse-base#{self.digest[:DIGITS]}-{max(0, round(self.age * 1000))}"


def basis_in(user_agent: str) -> PutBasis | None:
    """The basis that a user agent states; None where it states none."""
    found = _MARK.search(user_agent)
    return PutBasis(found[1], int(found[2]) / 1000) if found else None


def basis_of(event: Event, saved: dict[str, PutBasis]) -> PutBasis | None:
    """What an event's put was based on; None where it was not made by fcsse. ``saved``: those of the copies, by request id."""
    return (saved.get(event.request_id) if event.request_id else None) or basis_in(event.user_agent)
