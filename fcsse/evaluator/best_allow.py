"""The best Allow of one sort, and logic of three values: true, false, unknown (None). Pure."""

from __future__ import annotations

from fcsse.evaluator.quick_decision import label_of


def all_of(*parts: bool | None) -> bool | None:
    """Do all hold? None where that hangs on what is not known."""
    return False if False in parts else None if None in parts else True


def any_of(*parts: bool | None) -> bool | None:
    """Does any hold? None where that hangs on what is not known."""
    return True if True in parts else None if None in parts else False


class BestAllow:
    """The best Allow found of one sort: whether it holds, and what it is called."""

    __slots__ = ("grant", "holds", "index", "where")

    def __init__(self) -> None:
        self.holds: bool | None = False
        self.where: str | None = None
        self.index: int | None = None
        self.grant: str | None = None

    def offer(self, holds: bool | None, where: str, index: int | None = None, grant: str | None = None) -> None:
        """Take this one if it is better than what there is."""
        if holds is False or self.holds is True or (self.holds is None and holds is None):
            return
        self.holds, self.where, self.index, self.grant = holds, where, index, grant


def quoted(side: BestAllow) -> str:
    """What the Allow is called in a sentence."""
    return label_of(side.where or "a statement")
