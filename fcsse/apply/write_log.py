"""What a run has written so far, so that an interruption at any moment can say so truthfully."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class WriteLog:
    """``begun`` is a write whose answer is awaited, ``done`` those that AWS has taken.

    ``unseen`` are writes that AWS neither confirmed nor showed when it was asked afterwards; ``overwritten`` those of which
    nobody can know, because somebody else wrote in between. Each of these names a thing once, however often it was written;
    ``taken`` counts the writes that AWS has taken, or may have taken and shown to be overwritten. ``owed`` is what a write
    overwrote of somebody else's and is not given back yet, by the thing that was written.
    """

    begun: str | None = None
    done: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    overwritten: list[str] = field(default_factory=list)
    taken: int = 0
    owed: dict[str, str] = field(default_factory=dict)

    @property
    def wrote(self) -> bool:
        """Was anything written, or may it have been?"""
        return bool(self.begun or self.done or self.unseen or self.overwritten)

    def begin(self, what: str) -> None:
        """A write is about to be sent."""
        self.begun = what

    def finish(self) -> None:
        """AWS has taken it."""
        self.taken += 1
        if self.begun and self.begun not in self.done:
            self.done.append(self.begun)
        self.begun = None

    def refuse(self) -> None:
        """AWS has refused it, so it did not happen."""
        self.begun = None

    def miss(self, *, others_wrote: bool = False) -> None:
        """AWS gave no clear answer, and what it showed afterwards does not have it.

        ``others_wrote``: nor does it show what was there before, so the write may have been made and overwritten.
        """
        missed = self.overwritten if others_wrote else self.unseen
        self.taken += others_wrote
        if self.begun and self.begun not in missed:
            missed.append(self.begun)
        self.begun = None

    def appear(self) -> None:
        """The last unconfirmed write turned out to have succeeded."""
        missed = self.unseen or self.overwritten
        if missed:
            self.begun = missed.pop()

    def told(self) -> str:
        """For people: what was written, in a sentence or two."""
        said = []
        if self.begun:
            said.append(
                f"It stopped while waiting for AWS's answer to: {self.begun}. That may have been written or not."
            )
        if self.done:
            said.append(f"Written: {'; '.join(self.done)}.")
        unknown = [what for what in self.overwritten if what not in self.done and what != self.begun]
        if unknown:
            said.append(
                f"Sent without a clear answer of AWS's, and somebody else wrote since, so it may have been written and "
                f"overwritten, or not: {'; '.join(unknown)}."
            )
        missed = [what for what in self.unseen if what not in [*self.done, *unknown] and what != self.begun]
        if missed:
            said.append(
                f"Sent, but neither confirmed by AWS nor to be seen there afterwards, so most likely not written: "
                f"{'; '.join(missed)}."
            )
        said += [
            f"Somebody else wrote {where} at the same moment; what that changed may be lost: {what}."
            for where, what in self.owed.items()
        ]
        return " ".join(said) or "Nothing was written to AWS."
