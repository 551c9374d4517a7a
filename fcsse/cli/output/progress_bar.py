"""A progress bar as text: how far, how fast, how long yet. Pure."""

from __future__ import annotations

from math import ceil


class Pace:
    """How fast the parts of a step are done, and so how long the rest takes. Times are monotonic seconds."""

    STEADY = 1.0
    """Seconds for which something must have been done, and the total have stood, before either is told."""

    def __init__(self) -> None:
        self._start: tuple[float, int] | None = None
        self._total = (float("-inf"), 0)

    def told(self, done: int, total: int, now: float) -> str:
        """Such as ``, 23/s, 3 min 4 s left``; empty as long as there is too little to tell by."""
        if self._start is None:
            self._start = (now, done)
        if total != self._total[1]:
            self._total = (now, total)
        begun, before = self._start
        if done <= before or now - begun < self.STEADY:
            return ""
        rate = (done - before) / (now - begun)
        speed = f"{rate:,.0f}/s" if rate >= 1 else f"{60 * rate:,.0f}/min"
        rest = f", {duration((total - done) / rate)} left" if now - self._total[0] >= self.STEADY else ""
        return f", {speed}{rest}"


def duration(seconds: float) -> str:
    """A time for people: ``2 h 5 min``, ``3 min 4 s``, ``8 s``."""
    minutes, rest = divmod(max(0, ceil(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


BAR = 24
"""Characters of a progress bar at the most."""

SHORTEST_BAR = 5
"""Where there is room for less, there is no bar."""


def bar(text: str, done: int, total: int, pace: str, width: int) -> str:
    """A step with its bar in so many columns, or without the bar, or cut off at the end."""
    numbers = f"{done:,} of {total:,}{pace}"
    room = min(BAR, width - len(text) - len(numbers) - 4)
    full = room * min(done, total) // max(1, total)
    drawn = f"{'━' * full}{'╌' * (room - full)} " if room >= SHORTEST_BAR else ""
    return f"{text}  {drawn}{numbers}"[:width]
