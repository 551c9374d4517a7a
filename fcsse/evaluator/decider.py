"""The decision on one request by what is known of it and what is assumed: Denies first, then each side that may allow.

Sources: see ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from fcsse.evaluator import grants as granting
from fcsse.evaluator.assumptions import Question
from fcsse.evaluator.best_allow import BestAllow, all_of, any_of, quoted
from fcsse.evaluator.caller import Kind
from fcsse.evaluator.compiled import compile_policy
from fcsse.evaluator.context import Context
from fcsse.evaluator.key_state import refuses
from fcsse.evaluator.known_values import AtLeast
from fcsse.evaluator.principals import Naming
from fcsse.evaluator.quick_decision import account_of, label_of
from fcsse.evaluator.reason_phrases import doubts, near_misses, operation_name
from fcsse.evaluator.request import Cause, Comparison, Decision, Miss, Verdict
from fcsse.evaluator.rules import Policy, Statement
from fcsse.model import Grant


class Decider:
    """One evaluation on its way. ``open``: the questions that the decision left open."""

    def __init__(
        self,
        policy: Policy,
        context: Context,
        grants: Sequence[Grant],
        key_state: str | None,
        identity_policies: Sequence[Mapping[str, object] | Policy] | None,
        resource_account: str | None,
    ) -> None:
        self.policy = policy
        self.request = request = context.request
        self.grants = grants
        self.key_state = key_state
        self.identities = [compile_policy(one, identity=True) for one in identity_policies or ()]
        self.context = context
        self.action = request.action.lower()
        self.kms = self.action.startswith("kms:")
        self.account = resource_account or account_of(self.context)
        self.open: dict[Question, None] = {}
        self.begin()

    def begin(self) -> None:
        """Forgets what was found, for another decision."""
        self.direct, self.delegated, self.own, self.granted = BestAllow(), BestAllow(), BestAllow(), BestAllow()
        self.open.clear()

    def decide(self, explain: bool) -> Decision:
        """What follows from what is known, and assumed."""
        maybe = self._denies()
        if maybe is not None and maybe.explicit:
            return maybe
        operation = self.action.removeprefix("kms:")
        stopped = refuses(self.key_state, operation) if self.kms else False
        if stopped:
            reason = f"the key's state is {self.key_state}: {operation_name(operation, self.context)} fails in it"
            return Decision(Verdict.DENIED, reason, cause=Cause.KEY_STATE)
        self._allows()
        allowed = self._core()
        if allowed is False:
            what = "no statement of the key policy and no grant" if self.kms else "no statement"
            reason = f"{what} allows {self.request.action}"
            return Decision(
                Verdict.DENIED,
                reason,
                misses=self._misses(explain),
                cause=Cause.NOTHING_ALLOWS,
                until=self._turning(self.policy.naming(self.context).allows),
            )
        side = self._deciding(allowed)
        if allowed is None:
            return self._perhaps(side, explain)
        if maybe is not None:
            return maybe
        if stopped is None:
            return Decision(Verdict.UNKNOWN, "the key's state is not known", cause=Cause.STATE_UNKNOWN)
        until = self._turning(self.policy.naming(self.context).denies)
        if side.grant is not None:
            reason = f"{side.where} allows {self.request.action}"
            return Decision(Verdict.ALLOWED, reason, side.where, grant=side.grant, cause=Cause.GRANT, until=until)
        reason, cause = f"{quoted(side)} allows {self.request.action}", Cause.STATEMENT
        if side is self.delegated:
            reason = f"{quoted(side)} delegates to IAM policies, and {quoted(self.own)} allows {self.request.action}"
        if side is self.own:
            cause = Cause.IAM_POLICY
        until = (*until, *self._turning(self.policy.naming(self.context).allows, side.index))
        return Decision(Verdict.ALLOWED, reason, side.where, side.index, cause=cause, until=until)

    def _applies(self, statement: Statement) -> bool | None:
        """Does a statement apply, principal aside? What was asked on the way counts only where that stays open."""
        opened = self.context.assumed.opened
        if opened:
            opened.clear()
        found = statement.applies(self.context, self.action, self.kms)
        if found is None:
            self.open.update(opened)
        return found

    def _denies(self) -> Decision | None:
        """The denial, or why there may be one, or nothing."""
        maybe: Decision | None = None
        for number, policy in enumerate([self.policy, *self.identities]):
            for statement, naming in policy.naming(self.context).denies if policy.denies else ():
                holds = all_of(self._applies(statement), naming.named)
                if holds is False:
                    continue
                where, index = (
                    (statement.where, statement.index)
                    if number == 0
                    else (f"identity policy {number}, {statement.where}", None)
                )
                if holds is None:
                    maybe = maybe or self._perhaps_denied(statement, where, index)
                    continue
                return Decision(
                    Verdict.DENIED,
                    f"{label_of(where)} denies {self.request.action}",
                    where,
                    index,
                    explicit=True,
                    cause=Cause.DENY,
                    conditions=tuple(entry.compared(self.context) for entry in statement.conditions.entries),
                    until=self._turning([(statement, naming)]),
                )
        return maybe

    def _perhaps_denied(self, statement: Statement, where: str, index: int | None) -> Decision:
        if self.context.assumed.answers:
            return Decision(Verdict.UNKNOWN, "", cause=Cause.PERHAPS_DENIED)
        doubt = doubts(statement, self.context, self.action)
        return Decision(
            Verdict.UNKNOWN,
            f"it may be denied: {doubt}",
            where,
            index,
            misses=(Miss(statement.where, doubt),),
            cause=Cause.PERHAPS_DENIED,
            conditions=tuple(entry.compared(self.context) for entry in statement.conditions.entries),
        )

    def _turning(self, named: Sequence[tuple[Statement, Naming]], index: int | None = None) -> tuple[Decimal, ...]:
        """When a condition on the time turns over that was taken as it stands now, of one statement or of all."""
        if not self.request.at_least:
            return ()
        found = []
        for statement, _ in named:
            if not statement.timed or (index is not None and statement.index != index):
                continue
            if statement.actions and statement.actions.match(self.action) is False:
                continue
            for entry in statement.conditions.entries:
                values = self.context.values(entry.key)
                if isinstance(values, AtLeast) and values.bound.horizon.is_finite():
                    found += [
                        operand.number
                        for operand in entry.operands
                        if operand.number is not None and operand.number > values.bound.horizon
                    ]
        return tuple(sorted(set(found)))

    def _allows(self) -> None:
        for statement, naming in self.policy.naming(self.context).allows:
            found = self._applies(statement)
            if found is False:
                continue
            self.direct.offer(all_of(found, naming.direct), statement.where, statement.index)
            self.delegated.offer(all_of(found, naming.account), statement.where, statement.index)
        for number, policy in enumerate(self.identities, 1):
            for statement in policy.allows:
                found = self._applies(statement)
                self.own.offer(found, f"identity policy {number}, {statement.where}")
        if self.kms and self.grants:
            self._grants()

    def _grants(self) -> None:
        operation = self.action.removeprefix("kms:")
        for grant in self.grants:
            naming: Naming = granting.grantee(grant, self.context)
            if naming.named is False or not granting.permits(grant, operation):
                continue
            held = granting.constraint_holds(grant, operation, self.context)
            named = any_of(naming.direct, all_of(naming.account, self.own.holds))
            self.granted.offer(all_of(held, named), f"grant {grant.name or grant.grant_id}", grant=grant.grant_id)

    def _core(self) -> bool | None:
        """Do the Allows found suffice?"""
        who = self.context.who
        if not who.account:
            return any_of(self.direct.holds, self.granted.holds)
        if self.account is None:
            same, other = self._within(), self._across()
            return same if same is other else None
        return self._within() if self.account == who.account else self._across()

    def _within(self) -> bool | None:
        if self.kms:
            return any_of(self.direct.holds, all_of(self.delegated.holds, self.own.holds), self.granted.holds)
        root = self.context.who.kind is Kind.ROOT
        return any_of(self.direct.holds, self.own.holds, root)

    def _across(self) -> bool | None:
        root = self.context.who.kind is Kind.ROOT
        theirs = any_of(self.direct.holds, self.delegated.holds)
        return any_of(all_of(theirs, any_of(self.own.holds, root)), self.granted.holds)

    def _deciding(self, allowed: bool | None) -> BestAllow:
        """The side that a person would name as the one that allows, or may."""
        sides = (self.direct, self.granted, self.delegated, self.own)
        return next((side for side in sides if side.holds is allowed), self.own)

    def _perhaps(self, side: BestAllow, explain: bool) -> Decision:
        """What is to be said where an Allow may or may not hold."""
        if self.context.assumed.answers:
            return Decision(Verdict.UNKNOWN, "", cause=Cause.PERHAPS_ALLOWED)
        cause, reason = (
            Cause.PERHAPS_ALLOWED,
            "it may be allowed: an IAM policy of the caller depends on what is not known",
        )
        statement = next((one for one in self.policy.allows if one.index == side.index and side.holds is None), None)
        conditions: tuple[Comparison, ...] = ()
        if statement is not None:
            reason = f"it may be allowed: {doubts(statement, self.context, self.action)}"
            conditions = tuple(entry.compared(self.context) for entry in statement.conditions.entries)
        elif side.grant is not None and side.holds is None:
            reason = f"it may be allowed: whether {side.where} holds for this request is not known"
        elif self.account is None:
            cause, reason = Cause.OWNER_UNKNOWN, "the account that owns the resource is not known"
        return Decision(
            Verdict.UNKNOWN,
            reason,
            side.where,
            side.index,
            side.grant,
            misses=self._misses(explain),
            cause=cause,
            conditions=conditions,
        )

    def _misses(self, explain: bool) -> tuple[Miss, ...]:
        if not explain:
            return ()
        return near_misses(self.policy, self.grants, self.context, self.action, self.kms)
