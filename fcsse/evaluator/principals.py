"""The Principal and NotPrincipal elements: does a statement name the caller, and how?

Sources: IAM user guide, "Principal", "NotPrincipal", "Policy evaluation logic".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.evaluator.caller import Caller, Kind, caller
from fcsse.evaluator.context import Context
from fcsse.evaluator.known_values import Form

_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{8,}")
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")


class Naming(NamedTuple):
    """How a list of principals names a caller; each is True, False, or None for not known.

    ``direct``: the caller itself, by its ARN, its role, its id or ``*``. ``account``: only its account, which leaves
    the decision to the account's IAM policies.
    """

    direct: bool | None
    account: bool | None = False

    @property
    def named(self) -> bool | None:
        """Is the caller named in either way?"""
        if self.direct or self.account:
            return True
        return None if self.direct is None or self.account is None else False


NOBODY = Naming(False)


@dataclass(slots=True)
class Principals:
    """A Principal element, made ready. ``broken`` says why it cannot be understood, empty where it can."""

    everyone: bool = False
    arns: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    sessions: list[Caller] = field(default_factory=list)
    roles: set[tuple[str, str, str]] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    federated: set[str] = field(default_factory=set)
    canonical: set[str] = field(default_factory=set)
    broken: str = ""

    @property
    def by_arn_or_account(self) -> bool:
        """Is whom they name told by ARNs and accounts alone, and so the same for all roles of an account that they do not list?"""
        return not (self.ids or self.sessions or self.federated or self.canonical)

    def of_account(self, who: Caller) -> Naming:
        """How this element, if it is ``by_arn_or_account``, names a role of an account that it does not list."""
        return Naming(True) if self.everyone else Naming(False, who.account in self.accounts or who.root in self.arns)

    @property
    def accounts_only(self) -> bool:
        """Are they accounts or services, and nothing else? Then they name no role directly."""
        others = self.broken or self.everyone or self.ids or self.sessions or self.roles or self.federated
        return not others and not self.canonical and all(arn.endswith(":root") for arn in self.arns)

    def names(self, context: Context) -> Naming:
        """How this element names the caller of a request."""
        if self.everyone:
            return Naming(True)
        who = context.who
        if who.kind is Kind.SERVICE:
            return Naming(who.arn in self.services)
        if not who.account:
            return NOBODY
        account: bool | None = who.account in self.accounts or who.root in self.arns
        if account is False and self.canonical:
            # Which account a canonical id stands for is not written anywhere near; KMS knows no canonical ids.
            account = self._canonical(context)
        if who.kind is Kind.ROOT and account:
            return Naming(True, True)
        return Naming(self._direct(context), account)

    def _canonical(self, context: Context) -> bool | None:
        if self.canonical & context.request.unique_ids:
            return True
        return False if context.request.action[:4].lower() == "kms:" else None

    def _direct(self, context: Context) -> bool | None:
        who = context.who
        if who.arn in self.arns and who.kind is not Kind.ROOT:
            return True
        answers = [self._as_role(context), self._as_session(context)]
        if who.kind is Kind.FEDERATED_USER:
            # A federated user works for its IAM user, within a session policy that is not known here.
            answers.append(None if any(_is_user(arn, who) for arn in self.arns) else False)
        if self.federated:
            provider = context.values("aws:federatedprovider")
            answers.append(isinstance(provider, tuple) and bool(self.federated & set(provider)))
        return _any(*answers)

    def _as_role(self, context: Context) -> bool | None:
        """Is the caller's role listed, by its ARN or id (a user: by its id)?"""
        return _any(self._by_role(context), self._by_id(context))

    def _by_role(self, context: Context) -> bool | None:
        """Does a role's ARN name this session of it? Its own ARN shows no path, which role names do not need."""
        who = context.who
        if who.kind is Kind.ROLE:
            return who.arn in self.arns
        if who.kind is not Kind.SESSION or not self.roles:
            return False
        own = context.values("aws:principalarn")
        if isinstance(own, tuple) and len(own) == 1 and caller(own[0]).kind is Kind.ROLE:
            return own[0] in self.arns
        return (who.partition, who.account, who.name) in self.roles

    def _by_id(self, context: Context) -> bool | None:
        if not self.ids:
            return False
        who, own = context.who, context.request.unique_ids
        if own:
            return any(one.partition(":")[0] in self.ids for one in own)
        prefix = "AROA" if who.kind in (Kind.ROLE, Kind.SESSION) else "AIDA"
        candidates = {one for one in self.ids if one.startswith(prefix)}
        if not candidates or who.kind is Kind.ROOT:
            return False
        userid = context.values("aws:userid")
        if isinstance(userid, Form):
            return None
        return userid is not None and any(one.partition(":")[0] in candidates for one in userid)

    def _as_session(self, context: Context) -> bool | None:
        """Does a session's ARN name this caller? A role's ARN stands for a session named in aws:userid."""
        who = context.who
        if who.kind is Kind.SESSION:
            return who.arn in self.arns
        if who.kind is not Kind.ROLE:
            return False
        names = {
            one.session
            for one in self.sessions
            if (one.partition, one.account, one.name) == (who.partition, who.account, who.name)
        }
        if not names:
            return False
        userid = context.values("aws:userid")
        if isinstance(userid, Form):
            session = userid.text.rpartition(":")[2]
            return None if "*" in session or "?" in session else session in names
        return userid is not None and any(":" in one and one.partition(":")[2] in names for one in userid)

    def excepts(self, context: Context, deny: bool) -> bool | None:
        """For NotPrincipal: is the caller among the exceptions?

        Under Deny the caller's account must be listed with it: "otherwise, the policy might deny access to the entire
        account". For a role's session the page once recommends "both the ARN for a role and the ARN for the account", and
        once lists the session as well: only all three are an exception for certain, and some of them are not decided.
        Under Allow whoever is named either way is left out. Source: "NotPrincipal", "NotPrincipal with Deny".
        """
        named = self.names(context)
        kind = context.who.kind
        if not deny or self.everyone or kind in (Kind.SERVICE, Kind.ANONYMOUS):
            return named.named
        if named.direct is False and named.account is False:
            return False
        parts = [named.direct, named.account]
        if kind in (Kind.ROLE, Kind.SESSION):
            parts += [self._as_role(context), self._as_session(context)]
        return True if all(parts) else None


def _any(*answers: bool | None) -> bool | None:
    return True if True in answers else None if None in answers else False


def _is_user(arn: str, who: Caller) -> bool:
    found = caller(arn)
    return (found.kind, found.partition, found.account, found.name) == (Kind.USER, who.partition, who.account, who.name)


def principals(element: object) -> Principals:
    """A Principal or NotPrincipal element as the policy has it: ``"*"``, or a mapping of types to one or many."""
    found = Principals()
    if element == "*":
        found.everyone = True
        return found
    if not isinstance(element, Mapping) or not element:
        found.broken = "its principal is neither * nor a mapping"
        return found
    for sort, listed in element.items():
        entries = [listed] if isinstance(listed, str) else listed
        if (
            sort not in PRINCIPAL_TYPES
            or not isinstance(entries, list | tuple)
            or not all(isinstance(e, str) for e in entries)
        ):
            found.broken = f"its principal has a part that is not understood: {sort}"
            return found
        match sort:
            case "AWS":
                for entry in entries:
                    _add(found, entry)
            case "Service":
                found.services.update(entries)
            case "Federated":
                found.federated.update(entries)
            case _:
                found.canonical.update(entries)
    return found


def _add(found: Principals, entry: str) -> None:
    """Sort one ``AWS`` entry in. Wildcards inside an ARN match nothing: "you cannot use a wildcard to match part"."""
    if entry == "*":
        found.everyone = True
    elif arns.is_account(entry):
        found.accounts.add(entry)
    elif _ID.fullmatch(entry):
        found.ids.add(entry)
    else:
        found.arns.add(entry)
        who = caller(entry)
        if who.kind is Kind.ROLE:
            found.roles.add((who.partition, who.account, who.name))
        elif who.kind is Kind.SESSION:
            found.sessions.append(who)
