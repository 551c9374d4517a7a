"""Statements made ready for judging: each element of a policy's statement as something that answers for a request.

Sources: IAM user guide, "JSON policy element reference"; KMS developer guide, "Elements in a key policy". A statement
that cannot be understood never allows anything; where it may be a Deny, whether it denies is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from fcsse.evaluator.caller import Kind
from fcsse.evaluator.conditions import Conditions
from fcsse.evaluator.context import Context
from fcsse.evaluator.patterns import (
    GAP,
    is_misplaced,
    is_plain,
    matches,
    substitute,
    wild,
)
from fcsse.evaluator.principals import Naming, Principals


@dataclass(slots=True)
class Actions:
    """Action or NotAction; names ignore case."""

    names: frozenset[str]
    patterns: tuple[str, ...]
    negated: bool
    memo: dict[str, bool | None] = field(default_factory=dict)

    def match(self, action: str) -> bool | None:
        """Is the action, given in lower case, among them?"""
        if action not in self.memo:
            if len(self.memo) > 256:
                self.memo.clear()
            self.memo[action] = self._match(action)
        return self.memo[action]

    def _match(self, action: str) -> bool | None:
        found: bool | None = action in self.names
        if not found:
            answers = [_action_matches(pattern, action) for pattern in self.patterns]
            found = True if True in answers else None if None in answers else False
        return found if found is None else found is not self.negated


def _action_matches(pattern: str, action: str) -> bool | None:
    """A wildcard in the service's part is refused by IAM, except in ``*`` and ``*:*``: what it does is not known."""
    if not matches(pattern, action):
        return False
    service = pattern.partition(":")[0]
    return True if pattern in (wild("*"), wild("*:*")) or (":" in pattern and is_plain(service)) else None


class Resources(NamedTuple):
    """Resource or NotResource. ``plain`` are patterns without variables, ``varying`` those with."""

    plain: tuple[str, ...]
    varying: tuple[str, ...]
    negated: bool
    variables: bool | None

    def match(self, context: Context) -> bool | None:
        """Does it cover the request's resource?

        A variable without a value: "will not match any resource", which leaves open what NotResource does with it; so
        does one that may have none.
        """
        answers = {context.resource(pattern) for pattern in self.plain}
        if True in answers:
            return not self.negated
        unknown = None in answers
        for text in self.varying:
            pattern = substitute(text, True, context.value_of, arn=True) if self.variables else GAP
            if pattern is None:
                unknown = unknown or self.negated
                continue
            sure = self.variables and not is_misplaced(text)
            found = context.resource(pattern, text) if sure else context.resource_fits(pattern)
            if found is False and self.negated and context.may_lack(text):
                found = None
            if found:
                return not self.negated
            unknown = unknown or found is None
        return None if unknown else self.negated


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``where`` is its Sid or its number; ``broken`` says why it cannot be understood.

    ``actions`` None: all of them; ``resources`` None: all of them. ``inert``: its Action or Resource is missing, which in a key policy means that "the policy statement has no
    effect" (PutKeyPolicy); elsewhere that makes it broken. ``misspelt``: an element stands in it in another letter case than
    AWS documents, so that nobody knows whether AWS reads it. ``slips`` are probable mistakes, a sentence each.
    """

    index: int
    where: str
    deny: bool
    principals: Principals
    not_principals: bool
    actions: Actions | None
    resources: Resources | None
    conditions: Conditions
    broken: str = ""
    inert: str = ""
    slips: tuple[str, ...] = ()
    misspelt: bool = False

    @property
    def timed(self) -> bool:
        """Has it conditions on numbers or times?"""
        return self.conditions.ordered

    def naming(self, context: Context) -> Naming:
        """How it names the caller. In an identity policy everybody who holds it is meant."""
        if self.principals.broken:
            return Naming(None)
        if not self.not_principals:
            return self.principals.names(context)
        excepted = self.principals.excepts(context, self.deny)
        return Naming(None if excepted is None else not excepted)

    def applies(self, context: Context, action: str, kms: bool) -> bool | None:
        """Does it apply to the request, principal aside?"""
        unclear = self.broken or (self.inert and not kms)
        if not self.misspelt and (unclear or self.inert) and ((self.inert and kms) or not self.deny):
            return False
        acts = True if self.actions is None else self.actions.match(action)
        if acts is False:
            return False
        covered = True if self.resources is None else self.resources.match(context)
        if covered is False:
            return False
        held = self.conditions.hold(context)
        if held is False:
            return False
        return True if acts and covered and held and not unclear else None


class Named(NamedTuple):
    """The statements of a policy that name one caller."""

    allows: tuple[tuple[Statement, Naming], ...]
    denies: tuple[tuple[Statement, Naming], ...]


def _naming(statements: tuple[Statement, ...], context: Context) -> tuple[tuple[Statement, Naming], ...]:
    pairs = ((statement, statement.naming(context)) for statement in statements)
    return tuple((statement, naming) for statement, naming in pairs if naming.named is not False)


_BY_ARN = Naming(True, False)


class _Index:
    """How statements name a role: by its ARN, in the same way for every role of its account, or to be looked at."""

    __slots__ = ("_alike", "_by_account", "_by_role", "_others", "_statements")

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self._statements = statements
        self._others: list[int] = []
        self._alike: list[int] = []
        self._by_role: dict[str, list[int]] = {}
        self._by_account: dict[str, dict[int, Naming]] = {}
        for at, statement in enumerate(statements):
            who = statement.principals
            if statement.not_principals or who.broken or not who.by_arn_or_account:
                self._others.append(at)
                continue
            self._alike.append(at)
            for arn in who.arns:
                self._by_role.setdefault(arn, []).append(at)

    def naming(self, context: Context) -> tuple[tuple[Statement, Naming], ...]:
        """The statements that name the role, or may, in their order, with how they do."""
        if not self._statements:
            return ()
        root = context.who.root
        found = self._by_account.get(root)
        if found is None:
            found = self._by_account[root] = self._of_account(context)
        own = self._by_role.get(context.who.arn)
        if own or self._others:
            found = found.copy()
            for at in own or ():
                known = found.get(at)
                found[at] = Naming(True, known.account) if known else _BY_ARN
            for at in self._others:
                naming = self._statements[at].naming(context)
                if naming.named is not False:
                    found[at] = naming
        return tuple([(self._statements[at], found[at]) for at in sorted(found)])

    def _of_account(self, context: Context) -> dict[int, Naming]:
        """How statements name every role of the account that they do not list."""
        namings = ((at, self._statements[at].principals.of_account(context.who)) for at in self._alike)
        return {at: naming for at, naming in namings if naming.named is not False}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document made ready for many requests: see ``compile_policy``."""

    allows: tuple[Statement, ...] = ()
    denies: tuple[Statement, ...] = ()
    memo: dict[object, Named] = field(default_factory=dict, compare=False, repr=False)
    allow_index: _Index = field(default_factory=lambda: _Index(()), compare=False, repr=False)
    deny_index: _Index = field(default_factory=lambda: _Index(()), compare=False, repr=False)

    def naming(self, context: Context, *, keep: bool = True) -> Named:
        """The statements that name the caller, or may, with how they do. Kept for each caller, unless told otherwise."""
        if not keep:
            return self._find(context)
        key = context.identity()
        found = self.memo.get(key)
        if found is None:
            if len(self.memo) > 2048:
                self.memo.clear()
            found = self.memo[key] = self._find(context)
        return found

    def _find(self, context: Context) -> Named:
        if context.who.kind is Kind.ROLE and context.who.account:
            return Named(self.allow_index.naming(context), self.deny_index.naming(context))
        return Named(_naming(self.allows, context), _naming(self.denies, context))
