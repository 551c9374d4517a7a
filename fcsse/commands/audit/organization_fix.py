"""``--fix`` for many accounts: each account's plan, made while its facts are there, and one digest over all plans."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from typing import NamedTuple

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.commands.audit.fix_again import require_current
from fcsse.commands.audit.fix_pairs import afterwards
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.report import Audit, standing
from fcsse.commands.audit.run import plan_fix
from fcsse.errors import ChangedError
from fcsse.model import Member
from fcsse.pipeline import Pipeline
from fcsse.planning.plan import Plan
from fcsse.text import count


class Afterwards(NamedTuple):
    """How an account stands after its changes."""

    pairs: int
    allowed: int
    code: int


class AccountFix(NamedTuple):
    """An account's plan, with what makes it: the pipeline has the account's credentials."""

    member: Member
    audit: Audit
    plan: Plan
    pipeline: Pipeline
    prune_orphans: bool

    def require_current(self, *, agreed: bool) -> None:
        """As ``fix_again.require_current``: other accounts are fixed before this one, and a question may have waited."""
        require_current(self.pipeline, self.plan, prune_orphans=self.prune_orphans, agreed=agreed)

    def afterwards(self, results: Sequence[AppliedChange | FailedChange]) -> Afterwards:
        """By what was read for the audit and what was changed."""
        after = afterwards(self.audit, as_made(self.plan, results), results)
        return Afterwards(len(after), sum(one.allowed for one in after), standing(self.audit.facts, after))


class Fixes:
    """The plans of all accounts in which there is something to change."""

    def __init__(self, *, prune_orphans: bool) -> None:
        self._prune_orphans = prune_orphans
        self._found: dict[str, AccountFix] = {}
        self._lock = threading.Lock()

    def add(self, one: AccountAudit, pipeline: Pipeline) -> None:
        """Plans an account's changes; called on the account's thread."""
        if one.audit is None:
            return
        plan = plan_fix(pipeline, one.audit, prune_orphans=self._prune_orphans)
        if plan.changes:
            with self._lock:
                self._found[one.member.account] = AccountFix(one.member, one.audit, plan, pipeline, self._prune_orphans)

    def in_order(self) -> list[AccountFix]:
        """In the order of the accounts' ids."""
        return [self._found[account] for account in sorted(self._found)]

    @property
    def digest(self) -> str:
        """Binds a review of all plans to what is applied."""
        parts = [f"{one.member.account} {one.plan.digest}" for one in self.in_order()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def require_digest(self, expect: str | None, earlier: int = 0) -> str:
        """The digest. ``earlier``: accounts that an interrupted run has finished. Raises ``ChangedError`` where another is expected."""
        if expect is not None and expect != self.digest:
            why = "What AWS holds, or what was asked for, differs from the reviewed dry run"
            if earlier:
                why = f"An interrupted run has finished {count(earlier, 'account')}, and this plan is of the others"
            raise ChangedError(
                f"checking the plan: its digest is {self.digest}, not the expected {expect}",
                f"{why}: review a new one.",
            )
        return self.digest
