"""What the function's own writes overwrote, by CloudTrail's record some minutes later, and giving it back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.commands.settle import KeyResult, Settlement, apply_settlement, await_settlement
from fcsse.durations import seconds_in
from fcsse.errors import FcsseError, UsageError
from fcsse.event_history.loss_phrases import loss_note, notes
from fcsse.event_history.losses import Unknown
from fcsse.pipeline import Pipeline

SETTLE = "FCSSE_SETTLE"
"""The environment variable that says how long the function waits for CloudTrail's record of its writes; 0: not at all."""

DEFAULT = "10m"
RETRY = 60.0
"""Seconds of waiting for AWS to show what was given back."""


class StillLostError(FcsseError):
    """A write of the function overwrote somebody else's, and what that changed could not be given back."""

    code = "lost-update"


class Settled(NamedTuple):
    """What the record told. ``recorded``: it showed the function's writes in time. ``error``: it could not be read."""

    keys: tuple[Arn, ...]
    found: Settlement | None = None
    results: tuple[KeyResult, ...] = ()
    recorded: bool = False
    error: FcsseError | None = None

    @property
    def errors(self) -> Iterator[FcsseError]:
        """What is to be seen to: writes that failed, and what is lost, or may be."""
        yield from (one.error for one in self.results if one.error is not None)
        for key in self.found.keys if self.found else ():
            doing = f"settling key {key.key}: a write of the function"
            if key.error is not None:
                yield key.error
            elif key.open:
                message = f"{doing} overwrote another one, or may have"
                yield StillLostError(message, f"See what, and give it back: {by_hand([key.key])}")
            elif any(doubt.reason is Unknown.RECENT for doubt in key.found.doubts):
                message = f"{doing} may have overwritten another one of that moment"
                yield StillLostError(message, f"In 15 minutes CloudTrail's record tells: {by_hand([key.key])}")

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was lost, and what the record does not tell, a sentence each."""
        keys = self.found.keys if self.found else ()
        return tuple(text for key in keys for text in (*map(loss_note, key.found.lost), *notes(key.found)))


def longest(settings: Mapping[str, str]) -> float:
    """Seconds that the environment variable allows. Raises ``UsageError`` where it is not a duration."""
    text = settings.get(SETTLE, "").strip() or DEFAULT
    seconds = seconds_in(text)
    if seconds is None:
        raise UsageError(f"reading {SETTLE}: {text!r} is not a duration such as 10m or 0", f"Correct {SETTLE}.")
    return seconds


def settle_keys(pipeline: Pipeline, keys: Sequence[Arn], since: datetime, seconds: float) -> Settled | None:
    """Waits until CloudTrail shows the writes to these keys' policies, and gives back what they overwrote.

    None where there is nothing to wait for. Raises nothing of this project's: how the writes themselves ended is told elsewhere.
    """
    chosen = tuple(dict.fromkeys(keys))
    if not chosen or seconds <= 0:
        return None
    try:
        found, recorded = await_settlement(pipeline, chosen, since, seconds)
    except FcsseError as error:
        return Settled(chosen, error=error)
    pipeline.wait = RETRY
    return Settled(chosen, found, apply_settlement(pipeline, found, expected=False), recorded)


def by_hand(keys: Sequence[Arn]) -> str:
    """The command that does the same."""
    return "fcsse settle " + " ".join(f"--key {key}" for key in keys)
