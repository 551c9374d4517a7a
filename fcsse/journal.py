"""What a run has written so far, so that an interruption at any moment can say so truthfully."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Journal:
    """``begun`` is a write whose answer is awaited, ``done`` those that AWS has answered."""

    begun: str | None = None
    done: list[str] = field(default_factory=list)

    def begin(self, what: str) -> None:
        """A write is about to be sent."""
        self.begun = what

    def finish(self) -> None:
        """AWS has taken it."""
        if self.begun:
            self.done.append(self.begun)
        self.begun = None

    def refuse(self) -> None:
        """AWS has refused it, so it did not happen."""
        self.begun = None

    def told(self) -> str:
        """For people: what was written, as one sentence."""
        if self.begun:
            before = f" Before that: {'; '.join(self.done)}." if self.done else ""
            return f"It stopped while waiting for AWS's answer to: {self.begun}. That may have been written or not.{before}"
        if self.done:
            return f"Written before it stopped: {'; '.join(self.done)}."
        return "Nothing was written."
