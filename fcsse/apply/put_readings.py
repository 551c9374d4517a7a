"""The readings of a key policy that are under way while a put is: whether they saw it, and what else they showed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fcsse.apply.lost_updates import has_change
from fcsse.apply.policy_reader import LAST, PolicyReader, Watch
from fcsse.clock import Clock, Future
from fcsse.errors import FcsseError
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent

STAGGER = 0.005
"""Seconds by which the second of two readings goes ahead of the put that it is sent with."""


class PutReadings:
    """Those beside the last put. ``unseen``: none of them saw it, and the recheck will.

    ``put`` is what it said, ``replaced`` what it was planned on.
    """

    def __init__(self, reader: PolicyReader, clock: Clock, change: PolicyChange) -> None:
        self.replaced, self.put = change.before, change.after
        self._change = change
        self._partition = change.key.partition
        self._reader = reader
        self._clock = clock
        self._looks: tuple[Future, ...] = ()  # readings that were on their way when it was sent
        self._watch: Watch | None = None  # readings made while it was under way, where the policy was watched
        self._overlapping: tuple[Future, ...] = ()  # the first of them, where it was under way while later ones were
        self.unseen = False

    def begin(self, look: Future) -> None:
        """The next put comes after this reading was sent."""
        self._looks = (look,)

    def look_again(self) -> Future:
        """Another reading right before the put, since the first one is still on its way.

        It stands in for the reading after the put where it comes to see that, and for nothing where it does not: the recheck
        confirms the write then. So it costs no request.
        """
        look = self._reader.in_background()
        self._looks = (*self._looks, look)
        self._clock.sleep(STAGGER)
        return look

    @contextmanager
    def around(self, replaced: PolicyDocument, change: PolicyChange, *, watched: bool) -> Iterator[None]:
        """While a change is put. ``watched``: the policy is read again and again meanwhile."""
        self.replaced, self.put, self._change = replaced, change.after, change
        overlap = not watched or any(look.answer(0.0) is None and not look.failed() for look in self._looks)
        self._overlapping = self._looks[:1] if overlap else ()
        self._watch = self._reader.watch() if watched else None
        try:
            yield
        finally:
            if self._watch:
                self._watch.stop()

    def show(self) -> bool:
        """Did a reading see the put, or is that left to the recheck? False: it is to be read back.

        It was sent before the put, so it is not enough that it shows the same access: others may have given that before.
        """
        self.unseen = False
        if self._watch or len(self._looks) < 2:
            return False
        text = self._looks[-1].answer(LAST)
        if text is None:
            return False
        if self._has_change(text):
            self._reader.take(text)
        else:
            self.unseen = True
        return True

    def found(self) -> bool:
        """The put got no answer, and the reader's text shows it."""
        self.unseen = False
        return True

    def others(self, longest: float = LAST) -> list[str]:
        """The texts of others that the put may have overwritten; those that it certainly has come last, each kind in the
        order in which they were asked for. ``longest``: seconds to wait for each reading that is still on its way.

        A text with what the put changed was written after it, unless the policy still is what was put, or was not seen since:
        others may have made the same change before.
        """
        now = self._reader.text
        still = self.unseen or equivalent(PolicyDocument.parse(now), self.put, self._partition)
        known = (self.replaced.text, now, self.put.text)
        texts = [one for one in self._texts(longest) if one not in known and not self._reader.is_stale(one)]
        perhaps = [one for one in texts if self._has_change(one)] if still else []
        return [*perhaps, *(one for one in texts if not self._has_change(one))]

    def _has_change(self, text: str) -> bool:
        """Does a text show what the put changed?

        Comparing statements is not enough: one that the put removed is missing, too, where others have just edited it. So making
        the change again must change nothing.
        """
        document = PolicyDocument.parse(text)
        if not has_change(self.replaced, self.put, document, self._partition):
            return False
        try:
            return self._change.again(document).after.text == text
        except FcsseError:
            return False

    def perhaps_newer(self) -> list[str]:
        """Those of ``others`` that may be newer than their last: with what the put changed, and what the first reading showed,
        where it was under way while later ones were.
        """
        others = self.others()
        changed = [one for one in others if self._has_change(one)][-1:]
        first = [look.answer(0.0) for look in self._overlapping]
        return [one for one in (*changed, *first) if one in others[:-1] and one != others[-1]]

    def _texts(self, longest: float) -> list[str]:
        seen = [text for look in self._looks if (text := look.answer(longest)) is not None]
        return seen + (list(self._watch.seen(longest)) if self._watch else [])
