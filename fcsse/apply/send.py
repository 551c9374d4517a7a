"""One PutKeyPolicy on its way: sent once, written down before and after, and looked for where its answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from fcsse.apply.confirm import holds
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.apply.new_roles import YOUNG, wait_for_roles
from fcsse.apply.policy_reader import PolicyReader
from fcsse.apply.refused_principals import Suspects, explained, never_valid, nobody_is_new, suspects_of
from fcsse.errors import BusyError, FcsseError, NotVisibleError, PolicyRefusedError, UnconfirmedError, UnexpectedError
from fcsse.link_options import Operation
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent
from fcsse.policy.principal_places import joined

ANSWERS = 5
"""How often a put is sent that gets no answer, or none but that AWS is busy."""


class Sent(Enum):
    """How one turn at a put ended. ``FOUND``: it got no answer, and the reading that counts shows it."""

    TAKEN = auto()
    FOUND = auto()
    NOTHING_TO_DO = auto()
    NOT_VISIBLE = auto()
    UNANSWERED = auto()

    @property
    def arrived(self) -> bool:
        """Did KMS take the document?"""
        return self in (Sent.TAKEN, Sent.FOUND)


class Sender:
    """Sends the puts of one change. ``taken`` counts those that KMS took, ``unanswered`` those whose answer was lost."""

    def __init__(self, run: ApplyContext, reader: PolicyReader, budget: WaitBudget) -> None:
        self.taken = 0
        self.request_id = ""  # of the last put that was answered
        self.unanswered = 0
        self._suspects: Suspects | None = None
        self._run = run
        self._reader = reader
        self._patience = budget

    def send(self, change: PolicyChange, mark: str = "", is_there: Callable[[str], bool] | None = None) -> Sent:
        """Sends the new document once, with a mark for CloudTrail's record. Raises what will not pass by itself, or has not
        passed in time.

        ``is_there``: does a text say all that the put was to do? Asked where its answer is lost; None = the change's part.
        """
        run, key = self._run, change.key
        run.progress.step(f"updating the policy of key {key.resource.removeprefix('key/')}")
        run.journal.begin(f"the policy of key {key}" + run.saved(key, " (the old one is backup {})"))
        try:
            self.request_id = ""
            self.request_id = run.aws.put_policy(key, change.after.text, mark)
        except NotVisibleError as error:
            run.journal.refuse()
            self._check_that_it_may_pass(change, error)
            return Sent.NOT_VISIBLE
        except (UnexpectedError, BusyError) as error:
            return self._look_for_it(change, error, is_there or (lambda text: holds(change, text)))
        except PolicyRefusedError as error:
            run.journal.refuse()
            raise explained(error, change.after) from error
        except FcsseError:
            run.journal.refuse()
            raise
        return self._is_taken()

    def found(self) -> Sent:
        """What is wanted is there: by a put of ours that got no answer, if there was one, else by somebody else's."""
        if not self.unanswered:
            return Sent.NOTHING_TO_DO
        self._run.journal.appear()
        return self._is_found()

    def _is_found(self) -> Sent:
        self.unanswered = 0
        self._is_taken()
        return Sent.FOUND

    def _is_taken(self) -> Sent:
        self._run.journal.finish()
        self.taken += 1
        return Sent.TAKEN

    def _check_that_it_may_pass(self, change: PolicyChange, error: NotVisibleError) -> None:
        linked = [access.role for access in change.accesses if access.role and change.operation is Operation.LINK]
        first = self._suspects is None
        if self._suspects is None:
            since = self._run.clock.now() - YOUNG
            self._suspects = suspects_of(change.after, change.key.account, self._run.aws, since)
        suspects, doing = self._suspects, f"updating the policy of key {change.key}"
        wrong = never_valid(error, suspects, linked)
        if wrong is not None:
            raise wrong from error
        new = [*linked, *(place.text for place in suspects.young if place.text not in linked)]
        others = joined(suspects.others)
        wait_for_roles(self._run, self._patience, new, doing, error, nobody_is_new(error, suspects), others)
        if first and others:
            self._run.progress.note(
                "KMS refused a principal of the policy. A role in it is new, which passes by itself; it may also be one that "
                f"cannot be looked up from here: {others}."
            )

    def _look_for_it(self, change: PolicyChange, error: FcsseError, is_there: Callable[[str], bool]) -> Sent:
        """The answer was lost on the way, or is no answer: only a look tells whether the put happened."""
        self.unanswered += 1
        last = self.unanswered >= ANSWERS or self._patience.left() <= 0
        try:
            text = self._reader.ask()
            there = is_there(text)
            if not there and last:
                self._patience.sleep_uncounted(self._reader.recheck_delay)  # it may still be on its way
                text = self._reader.ask()
                there = is_there(text)
        except FcsseError:
            raise UnconfirmedError(
                f"{error.message}; whether the policy was written could not be read back"
                + self._run.saved(change.key, "; the old one is backup {}"),
                "Run the command again: it looks first, and changes nothing that is as wanted.",
            ) from error
        if there:
            self._reader.take(text)
            return self._is_found()
        others_wrote = not equivalent(PolicyDocument.parse(text), change.before, change.key.partition)
        self._run.journal.miss(others_wrote=others_wrote)
        if last:
            raise error
        self._run.progress.step(f"trying again: {error.message}")
        return Sent.UNANSWERED
