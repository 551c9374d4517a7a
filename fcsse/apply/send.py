"""One PutKeyPolicy on its way: sent once, written down before and after, and looked for where its answer is lost."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from fcsse.apply.confirm import holds
from fcsse.apply.new_roles import wait_for_roles
from fcsse.errors import BusyError, FcsseError, NotVisibleError, PolicyRefusedError, UnconfirmedError, UnexpectedError
from fcsse.model import Operation
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent

if TYPE_CHECKING:
    from fcsse.apply.context import ApplyContext, WaitBudget
    from fcsse.apply.policy_reader import PolicyReader
    from fcsse.planning.plan import PolicyChange

ANSWERS = 5
"""How often a put is sent that gets no answer, or none but that AWS is busy."""


class Sent(Enum):
    """How one turn at a put ended."""

    TAKEN = auto()
    NOTHING_TO_DO = auto()
    NOT_VISIBLE = auto()
    UNANSWERED = auto()


class Sender:
    """Sends the puts of one change. ``taken`` counts those that KMS took."""

    def __init__(self, run: ApplyContext, reader: PolicyReader, budget: WaitBudget) -> None:
        self.taken = 0
        self._unanswered = 0
        self._run = run
        self._reader = reader
        self._patience = budget

    def send(self, change: PolicyChange) -> Sent:
        """Sends the new document once. Raises what will not pass by itself, or has not passed in time."""
        run, key = self._run, change.key
        run.progress.step(f"updating the policy of key {key.resource.removeprefix('key/')}")
        run.journal.begin(f"the policy of key {key}" + run.saved(key, " (the old one is backup {})"))
        try:
            run.aws.put_policy(key, change.after.text)
        except NotVisibleError as error:
            run.journal.refuse()
            self._check_that_it_may_pass(change, error)
            return Sent.NOT_VISIBLE
        except (UnexpectedError, BusyError) as error:
            return self._look_for_it(change, error)
        except FcsseError:
            run.journal.refuse()
            raise
        return self._is_taken()

    def found(self) -> Sent:
        """What is wanted is there: by a put of ours that got no answer, if there was one, else by somebody else's."""
        if not self._unanswered:
            return Sent.NOTHING_TO_DO
        self._unanswered = 0
        self._run.journal.appear()
        return self._is_taken()

    def _is_taken(self) -> Sent:
        self._run.journal.finish()
        self.taken += 1
        return Sent.TAKEN

    def _check_that_it_may_pass(self, change: PolicyChange, error: NotVisibleError) -> None:
        linked = [access.role for access in change.accesses if access.role and change.operation is Operation.LINK]
        lasting = PolicyRefusedError(
            f"{error.message} No role of this change is new, so it will not pass by itself: some principal in the "
            "policy does not exist, and KMS does not say which",
            "Look for users and roles in the policy that are gone, or use --via grant.",
        )
        wait_for_roles(self._run, self._patience, linked, f"updating the policy of key {change.key}", error, lasting)

    def _look_for_it(self, change: PolicyChange, error: FcsseError) -> Sent:
        """The answer was lost on the way, or is no answer: only a look tells whether the put happened."""
        self._unanswered += 1
        last = self._unanswered >= ANSWERS or self._patience.left() <= 0
        try:
            text = self._reader.ask()
            there = holds(change, text)
            if not there and last:
                self._patience.settle(self._reader.settling)  # it may still be on its way
                text = self._reader.ask()
                there = holds(change, text)
        except FcsseError:
            raise UnconfirmedError(
                f"{error.message}; whether the policy was written could not be read back"
                + self._run.saved(change.key, "; the old one is backup {}"),
                "Run the command again: it looks first, and changes nothing that is as wanted.",
            ) from error
        if there:
            return self._is_taken()
        others_wrote = not equivalent(PolicyDocument.parse(text), change.before, change.key.partition)
        self._run.journal.miss(others_wrote=others_wrote)
        if last:
            raise error
        self._run.progress.step(f"trying again: {error.message}")
        return Sent.UNANSWERED
