"""May this principal do this? The verdict of a resource policy, grants and a key's state on one request.

Explicit Deny wins over everything, grants included. Then, in the resource's own account, an Allow that names the caller
suffices; one that names only its account delegates to the account's identity policies, which count where they are
given. A key policy is mandatory: without its delegation identity policies allow nothing, while for a bucket they
suffice alone. Across accounts both sides must allow. What is not known stays unknown unless it makes no difference.

Sources: IAM user guide, "Policy evaluation logic", "Cross-account policy evaluation logic"; KMS developer guide,
"Troubleshooting key access" (its flowchart), "Default key policy", "Grants in AWS KMS". Session policies, permissions
boundaries and organisation policies are outside of what is judged here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.evaluator import grants as granting
from fcsse.evaluator.caller import Kind
from fcsse.evaluator.context import Context
from fcsse.evaluator.key_state import refuses
from fcsse.evaluator.near_misses import doubts, near_misses, operation_name
from fcsse.evaluator.request import Decision, Miss, Request, Verdict
from fcsse.evaluator.rules import Policy, compile_policy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fcsse.evaluator.principals import Naming
    from fcsse.model import Grant

__all__ = ["Policy", "compile_policy", "evaluate"]


def _and(*parts: bool | None) -> bool | None:
    return False if False in parts else None if None in parts else True


def _or(*parts: bool | None) -> bool | None:
    return True if True in parts else None if None in parts else False


class _Side:
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


def evaluate(
    document: Mapping[str, object] | Policy,
    request: Request,
    grants: Sequence[Grant] = (),
    key_state: str | None = "Enabled",
    *,
    identity_policies: Sequence[Mapping[str, object] | Policy] | None = None,
    resource_account: str | None = None,
    explain: bool = True,
) -> Decision:
    """Judge one request.

    ``document`` is the resource's policy: a key policy for ``kms:`` actions, else a bucket policy or the like (``{}``
    where a bucket has none); ``compile_policy`` makes one ready for many requests. ``grants`` and ``key_state`` count
    for keys only; a state of None is not known. ``identity_policies`` are those of the caller, None or empty where
    none allows anything. ``resource_account`` is needed where the resource's ARN does not carry its account (buckets)
    and a caller's identity policies count. Without ``explain`` the decision carries no misses.
    """
    return _Judge(compile_policy(document), request, grants, key_state, identity_policies, resource_account).decide(
        explain
    )


class _Judge:
    """One evaluation on its way."""

    def __init__(
        self,
        policy: Policy,
        request: Request,
        grants: Sequence[Grant],
        key_state: str | None,
        identity_policies: Sequence[Mapping[str, object] | Policy] | None,
        resource_account: str | None,
    ) -> None:
        self.policy = policy
        self.request = request
        self.grants = grants
        self.key_state = key_state
        self.identities = [compile_policy(one, identity=True) for one in identity_policies or ()]
        self.context = Context(request)
        self.action = request.action.lower()
        self.kms = self.action.startswith("kms:")
        self.account = resource_account or _account(self.context)
        self.direct, self.delegated, self.own, self.granted = _Side(), _Side(), _Side(), _Side()

    def decide(self, explain: bool) -> Decision:
        maybe = self._denies()
        if isinstance(maybe, Decision):
            return maybe
        operation = self.action.removeprefix("kms:")
        stopped = refuses(self.key_state, operation) if self.kms else False
        if stopped:
            reason = f"the key's state is {self.key_state}: {operation_name(operation, self.context)} fails in it"
            return Decision(Verdict.DENIED, reason, misses=self._misses(explain))
        self._allows()
        allowed = self._core()
        if allowed is False:
            what = "no statement of the key policy and no grant" if self.kms else "no statement"
            return Decision(Verdict.DENIED, f"{what} allows {self.request.action}", misses=self._misses(explain))
        side = self._deciding(allowed)
        if allowed is None:
            return self._unknown(side, self._doubt(side), explain)
        if maybe:
            return self._unknown(None, maybe, explain)
        if stopped is None:
            return self._unknown(None, "the key's state is not known", explain)
        if side.grant is not None:
            return Decision(Verdict.ALLOWED, f"{side.where} allows {self.request.action}", side.where, grant=side.grant)
        reason = f"{_quoted(side)} allows {self.request.action}"
        if side is self.delegated:
            reason = f"{_quoted(side)} delegates to IAM policies, and {_quoted(self.own)} allows {self.request.action}"
        return Decision(Verdict.ALLOWED, reason, side.where, side.index)

    def _denies(self) -> Decision | str:
        """The denial, or why there may be one, or nothing."""
        maybe = ""
        for number, policy in enumerate([self.policy, *self.identities]):
            for statement, naming in policy.naming(self.context, self.kms).denies if policy.denies else ():
                holds = _and(statement.applies(self.context, self.action, self.kms), naming.named)
                if holds is False:
                    continue
                if holds is None:
                    maybe = maybe or f"it may be denied: {doubts(statement, self.context, self.action)}"
                    continue
                where, index = (
                    (statement.where, statement.index)
                    if number == 0
                    else (f"identity policy {number}, {statement.where}", None)
                )
                reason = f"{_label(where)} denies {self.request.action}"
                return Decision(Verdict.DENIED, reason, where, index, explicit=True)
        return maybe

    def _allows(self) -> None:
        for statement, naming in self.policy.naming(self.context, self.kms).allows:
            found = statement.applies(self.context, self.action, self.kms)
            if found is False:
                continue
            self.direct.offer(_and(found, naming.direct), statement.where, statement.index)
            self.delegated.offer(_and(found, naming.account), statement.where, statement.index)
        for number, policy in enumerate(self.identities, 1):
            for statement in policy.allows:
                found = statement.applies(self.context, self.action, self.kms)
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
            named = _or(naming.direct, _and(naming.account, self.own.holds))
            self.granted.offer(_and(held, named), f"grant {grant.name or grant.grant_id}", grant=grant.grant_id)

    def _core(self) -> bool | None:
        """Do the Allows found suffice?"""
        who = self.context.who
        if not who.account:
            return _or(self.direct.holds, self.granted.holds)
        if self.account is None:
            same, other = self._within(), self._across()
            return same if same is other else None
        return self._within() if self.account == who.account else self._across()

    def _within(self) -> bool | None:
        if self.kms:
            return _or(self.direct.holds, _and(self.delegated.holds, self.own.holds), self.granted.holds)
        root = self.context.who.kind is Kind.ROOT
        return _or(self.direct.holds, self.own.holds, root)

    def _across(self) -> bool | None:
        root = self.context.who.kind is Kind.ROOT
        theirs = _or(self.direct.holds, self.delegated.holds)
        return _or(_and(theirs, _or(self.own.holds, root)), self.granted.holds)

    def _deciding(self, allowed: bool | None) -> _Side:
        """The side that a person would name as the one that allows, or may."""
        sides = (self.direct, self.granted, self.delegated, self.own)
        return next((side for side in sides if side.holds is allowed), self.own)

    def _doubt(self, side: _Side) -> str:
        for statement in self.policy.allows:
            if statement.index == side.index and side.holds is None:
                return f"it may be allowed: {doubts(statement, self.context, self.action)}"
        if side.grant is not None and side.holds is None:
            return f"it may be allowed: whether {side.where} holds for this request is not known"
        if self.account is None:
            return "the account that owns the resource is not known"
        return "it may be allowed: an IAM policy of the caller depends on what is not known"

    def _unknown(self, side: _Side | None, reason: str, explain: bool) -> Decision:
        misses = self._misses(explain)
        if side is None:
            return Decision(Verdict.UNKNOWN, reason, misses=misses)
        return Decision(Verdict.UNKNOWN, reason, side.where, side.index, side.grant, misses=misses)

    def _misses(self, explain: bool) -> tuple[Miss, ...]:
        return near_misses(self.policy, self.grants, self.context, self.action, self.kms) if explain else ()


def _account(context: Context) -> str | None:
    """The account that owns the resource, where the ARN or ``aws:ResourceAccount`` tells it."""
    parts = context.request.resource.split(":", 5)
    if len(parts) == 6 and parts[4].isdigit():
        return parts[4]
    found = context.values("aws:resourceaccount")
    return found[0] if isinstance(found, tuple) and found else None


def _quoted(side: _Side) -> str:
    return _label(side.where or "a statement")


def _label(where: str) -> str:
    return where if where.startswith(("statement ", "identity policy ")) else f"statement '{where}'"
