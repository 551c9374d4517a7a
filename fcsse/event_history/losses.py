"""What is lost of a key's policy, and what nobody can tell: the answer of ``lost_writes``. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from fcsse.event_history.events import Event
from fcsse.event_history.policy_parts import Part


class Unknown(Enum):
    """Why nothing can be said of a put of ours.

    NOT_RECORDED: the policy that it was made from is not in the record. GAP: nor is a version between. NO_TEXT: the event
    before it holds no policy. TOO_MANY: too many events of one second. RECENT: events of the last minutes may still come.
    NAMELESS: a write of just then does not say which key it was about.
    """

    NOT_RECORDED = "not recorded"
    GAP = "gap"
    NO_TEXT = "no text"
    TOO_MANY = "too many in one second"
    RECENT = "recent"
    NAMELESS = "names no key"


class Loss(NamedTuple):
    """A part that is lost, or (``back``) that somebody took out and that is there again. ``by`` overwrote ``of``."""

    part: Part
    back: bool
    by: Event
    of: Event


class Doubt(NamedTuple):
    """A put of ours of which the record does not say whether it overwrote another write."""

    event: Event
    reason: Unknown


class LostWrites(NamedTuple):
    """What is still lost of a key's policy.

    ``lost`` is so in every order of events that is possible; ``unsure`` in some. ``doubts`` are puts of ours that nothing can
    be said of. ``newest_missing``: a call that the record does not show yet wrote the policy, by what KMS shows or a copy states.
    ``ours``: how many puts of ours were looked at, ``newest`` when the last of them was. ``cut_off``: a run of ours ended in the
    last minutes without saying in its copy whether its put was made, and the record does not show it.
    """

    lost: tuple[Loss, ...]
    unsure: tuple[Loss, ...]
    doubts: tuple[Doubt, ...]
    newest_missing: bool
    ours: int
    newest: datetime | None = None
    cut_off: bool = False

    @property
    def is_recent(self) -> bool:
        """Does the record not show yet what was, or may have been, written last?"""
        return self.newest_missing or self.cut_off
