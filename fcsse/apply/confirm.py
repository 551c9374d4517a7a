"""Does AWS hold what was written? Reading it back, and looking once more after the recheck delay.

Nothing here says "failed": once AWS has taken a write, all that can be missing is the confirmation.
"""

from __future__ import annotations

from collections.abc import Callable

from fcsse.advice import WAIT, advice
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.apply.policy_reader import PolicyReader
from fcsse.errors import BusyError, FcsseError, UnconfirmedError, UnexpectedError
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent
from fcsse.policy.step_phrases import changes, concerns

LOOKS = 4
"""How often a policy is looked at that others go on changing, once our part is in it."""


def holds(change: PolicyChange, text: str) -> bool:
    """Does a document say what is wanted, whatever else it says? Raises ``PolicyFormatError``."""
    document = PolicyDocument.parse(text)
    try:
        again = change.again(document)
    except FcsseError:
        return False  # what is wanted is not there, and could not be put there either
    mine = [step for step in again.steps if any(concerns(step, access) for access in again.accesses)]
    return again.after.text == text or (bool(mine) and not any(changes(step) for step in mine))


class Confirmer:
    """Confirms the writes to one key's policy. Raises ``UnconfirmedError`` and nothing else."""

    def __init__(self, run: ApplyContext, reader: PolicyReader, budget: WaitBudget) -> None:
        self._run = run
        self._reader = reader
        self._patience = budget

    def read_back(self, change: PolicyChange, old: PolicyDocument) -> bool:
        """True once the policy says what was meant, False where another writer replaced it. ``old``: what it was."""
        self._run.progress.step("waiting until KMS shows the new policy")

        def look() -> bool | None:
            text = self._reader.ask()
            held = holds(change, text)
            if not held and (self._reader.is_stale(text) or _same(text, old, change)):
                return None
            self._reader.take(text)
            return held

        return self._patiently(look, change, "KMS took it, but still shows the old one", first=0.1)

    def holds_at_recheck(self, change: PolicyChange, unseen: PolicyDocument | None = None) -> bool:
        """Is it still there a second later? Where somebody wrote in that second, it is looked at again, some times.

        ``unseen``: what the put replaced, where it was not read back yet; then the first look does that.
        """
        self._run.progress.step("looking once more after a second")
        if unseen is not None:
            self._patience.sleep_uncounted(self._reader.recheck_delay)
            if self._run.at_look:
                self._run.at_look(change.key)
            held = self.read_back(change, unseen)
            if not held or _same(self._reader.text, change.after, change):
                return held
        for _ in range(LOOKS):
            before = self._reader.text
            self._patience.sleep_uncounted(self._reader.recheck_delay)
            if self._run.at_look:
                self._run.at_look(change.key)
            late = "KMS showed it, but could not be asked again a second later"
            held = self._patiently(lambda: holds(change, self._reader.read()), change, late)
            if not held or self._reader.text == before:
                return held
        return True

    def _patiently(self, look: Callable[[], bool | None], change: PolicyChange, what: str, first: float = 0.5) -> bool:
        why = ""
        for _ in self._patience.tries(first):
            try:
                seen = look()
            except (BusyError, UnexpectedError) as error:
                why = error.message
                continue
            except FcsseError as error:
                raise self._unconfirmed(change, "KMS took it, but it could not be read back", error.message) from error
            why = ""
            if seen is not None:
                return seen
        raise self._unconfirmed(change, f"{what} after {self._run.wait:.0f} s", why)

    def _unconfirmed(self, change: PolicyChange, what: str, why: str) -> UnconfirmedError:
        because = f" ({why})" if why else ""
        return UnconfirmedError(
            f"updating the policy of key {change.key}: {what}{because}"
            + self._run.saved(change.key, "; the old one is backup {}"),
            advice("It usually shows within seconds: look with fcsse check, or allow more with ", WAIT, "."),
        )


def _same(text: str, old: PolicyDocument, change: PolicyChange) -> bool:
    return equivalent(PolicyDocument.parse(text), old, change.key.partition)
