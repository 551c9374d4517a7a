"""What a write that failed leaves behind, added to its error: what was written before, and what of somebody else's is lost."""

from __future__ import annotations

from fcsse.apply.context import ApplyContext
from fcsse.apply.send import Sender
from fcsse.arn import Arn
from fcsse.errors import BusyError, FcsseError, UnconfirmedError, UnexpectedError


def place(key: Arn) -> str:
    """What a write changes, as the write log names it."""
    return f"the policy of key {key}"


def complete(error: FcsseError, run: ApplyContext, key: Arn, sender: Sender, *, lost: bool) -> None:
    """Adds it to the message. ``lost``: the error itself says that somebody else's change was lost."""
    owed = run.journal.owed.pop(place(key), "")
    if owed and not lost:
        said = "somebody else wrote at the same moment, and what that write changed may be lost"
        error.adding(f"{'; the change itself was written' if sender.taken else ''}; {said}: {owed}")
    elif sender.taken and not isinstance(error, UnconfirmedError):
        replaced = "; the change had been written before, and somebody else's write replaced it"
        error.adding("; the change itself was written" if lost else replaced)
    elif sender.unanswered and not isinstance(error, BusyError | UnconfirmedError | UnexpectedError):
        error.adding("; the change was sent before and got no answer, so it may have been written all the same")
    else:
        return
    error.adding(run.saved(key, "; the policy from before is backup {}"))
