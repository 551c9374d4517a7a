"""Reading one key policy again and again in the course of a write, and making sense of what comes.

KMS is eventually consistent (KMS developer guide, "Eventual consistency"): after a change, one read may show the new
text and the next one the old text again. A policy planned on such an old text would undo what somebody else just did.
So a text that was seen and then replaced counts as old news, until it has stayed for the recheck delay; one that another
run on this machine replaced, for as long as the lock remembers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from threading import Lock

from fcsse.apply.lock import RECHECK_DELAY, REMEMBERED, fingerprint
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock, Future

RHYTHM = 0.4
"""Seconds to watch for others' next write: longer than the pause between two writes of a program at work."""

LAST = 1.0
"""Seconds to wait for a reading that was sent along with a put, once the put is answered."""

BRIEFLY = 0.1
"""Seconds to wait for it where the run was interrupted: all of it ends within half a second (``cli/interrupt.py``)."""

PATIENT = 5.0
"""How many of the slowest request's times a recheck waits at least: others' requests may be as slow."""

LONGEST_RECHECK_DELAY = 5.0
"""Seconds that it waits at most."""

BETWEEN_LOOKS = 0.01
"""Seconds between two reads while watching; with the request's own time well under KMS's quotas."""


class Watch:
    """Readings made while a put is on its way, until told to stop; the one on its way then is the last."""

    def __init__(self, reader: PolicyReader, clock: Clock) -> None:
        self._seen: list[str] = []
        self._reader = reader
        self._over = False
        self._pending = clock.in_background(self._look)

    def stop(self) -> None:
        """Lets the reading that is on its way be the last one."""
        self._over = True

    def seen(self, longest: float = LAST) -> list[str]:
        """The texts read, in order; waits a moment for the last one. They count for nothing."""
        self._pending.answer(longest)
        return self._seen

    def _look(self) -> str:
        while True:
            self._seen.append(self._reader.ask())
            if self._over:
                return ""


class PolicyReader:
    """The readings of one policy. ``text`` is the last one that counts, ``at`` when it was asked for, monotonic."""

    def __init__(self, aws: AwsCalls, clock: Clock, key: Arn, text: str, at: float) -> None:
        self.text = text
        self.at = at
        self._aws = aws
        self._clock = clock
        self._key = key
        self._wall = clock.now() - timedelta(seconds=max(0.0, min(clock.monotonic() - at, 1e6)))
        self._replaced: set[str] = set()
        self._replaced_by_others: dict[str, float] = {}
        self._slowest = 0.0
        self._disregarded: dict[str, None] = {}  # texts that were shown and do not count, in order
        self._lock = Lock()  # readings in the background add to them

    @property
    def age(self) -> float:
        """Seconds since the last reading that counts."""
        return self._clock.monotonic() - self.at

    @property
    def wall_age(self) -> float:
        """The same, also where this machine slept in between, which monotonic clocks may leave out."""
        return max(self.age, (self._clock.now() - self._wall).total_seconds())

    @property
    def recheck_delay(self) -> float:
        """Seconds after which whoever read before us will have written: requests that are slow here may be so there."""
        return max(RECHECK_DELAY, min(LONGEST_RECHECK_DELAY, PATIENT * self._slowest))

    def ask(self) -> str:
        """One reading as it comes. It counts for nothing until it is taken."""
        start = self._clock.monotonic()
        text = self._aws.get_policy(self._key)
        self._slowest = max(self._slowest, self._clock.monotonic() - start)
        if text != self.text:
            with self._lock:
                self._disregarded[text] = None
        return text

    def take_disregarded(self) -> tuple[str, ...]:
        """The texts that were shown since the last call and do not count, in order."""
        with self._lock:
            texts, self._disregarded = tuple(self._disregarded), {}
        return texts

    def in_background(self) -> Future:
        """One reading while the caller goes on."""
        return self._clock.in_background(self.ask)

    def watch(self) -> Watch:
        """One reading after the other while the caller goes on, until told to stop."""
        return Watch(self, self._clock)

    def mark_stale(self, replaced: Mapping[str, float]) -> None:
        """Takes note of texts that other runs on this machine replaced: fingerprints, and how many seconds ago."""
        now = self._clock.monotonic()
        self._replaced_by_others = {one: now + REMEMBERED - age for one, age in replaced.items()}

    def is_stale(self, text: str) -> bool:
        """Was it seen before, and then replaced, or replaced by another run?"""
        return text in self._replaced or self._is_remembered(text)

    def _is_remembered(self, text: str) -> bool:
        until = self._replaced_by_others.get(fingerprint(text)) if self._replaced_by_others else None
        return until is not None and self._clock.monotonic() < until

    def take(self, text: str) -> str:
        """Accepts ``text`` as the current policy, even if it was seen before."""
        with self._lock:
            if text != self.text and self.is_stale(text):
                # Back to an older one: which of the two is in force, nobody knows for certain.
                self._disregarded[self.text] = None
            self._disregarded.pop(text, None)
        if text != self.text:
            self._replaced.add(self.text)
            self._replaced.discard(text)
        self._replaced_by_others.pop(fingerprint(text), None)
        self.text, self.at, self._wall = text, self._clock.monotonic(), self._clock.now()
        return text

    def read(self) -> str:
        """A reading that counts. Old news is looked at for a while before it is believed."""
        start = self._clock.monotonic()
        text = self.ask()
        while self._is_remembered(text) or (text in self._replaced and self._clock.monotonic() - start < RECHECK_DELAY):
            self._clock.sleep(0.1)
            text = self.ask()
        return self.take(text)

    def next_version(self, longest: float) -> str:
        """Where others are writing: the version that they write next, right after they did, or this one if none comes.

        Whoever reads, changes and writes in a rhythm is at rest right after a write: then the next one is furthest off.
        """
        start = self._clock.monotonic()
        while self._clock.monotonic() - start < min(RHYTHM, longest):
            self._clock.sleep(BETWEEN_LOOKS * (0.5 + self._clock.random()))
            text = self.ask()
            if text != self.text and not self.is_stale(text):
                return self.take(text)
        return self.text
