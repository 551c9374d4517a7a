"""The Principal and NotPrincipal elements: does a statement name the caller, and how?

Sources: IAM user guide, "AWS JSON policy elements: Principal" and "NotPrincipal". A role's ARN stands for every session
of it. An account's id and its root ARN stand for the account, which then decides by its own IAM policies. ``*`` is
everyone. A wildcard in a part of an ARN is none. A saved policy holds the unique id of a role or user that was deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fcsse.sandbox.judge.judged_request import JudgedRequest, Principal
from fcsse.sandbox.judge.wildcards import any_of, negated

_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Named:
    """How a statement names the caller: by itself (or as everyone), or as one of an account's principals."""

    directly: bool | None = False
    by_account: bool | None = False

    @property
    def at_all(self) -> bool | None:
        """In either way."""
        return any_of((self.directly, self.by_account))


def named(statement: Mapping[str, Any], request: JudgedRequest) -> Named:
    """How the statement of a resource's policy names the caller of a request."""
    who = request.principal
    if "NotPrincipal" in statement:
        return Named(negated(_excepted(statement["NotPrincipal"], request)))
    found = [_one(kind, text, who) for kind, text in _entries(statement.get("Principal"))]
    if any(kind == "CanonicalUser" for kind, _ in _entries(statement.get("Principal"))) and who.account:
        request.silent("which account a canonical user id stands for")
        return Named(None if not any(one.directly for one in found) else True, any(one.by_account for one in found))
    return Named(any(one.directly for one in found), any(one.by_account for one in found))


def _excepted(element: object, request: JudgedRequest) -> bool | None:
    """Does NotPrincipal leave the caller out?

    AWS may look at the account first, then the role, then the session: who is named without the account may be left out
    or not.
    """
    who = request.principal
    found = [_one(kind, text, who) for kind, text in _entries(element)]
    everyone = any(text == "*" for _, text in _entries(element))
    if everyone or any(one.by_account for one in found) or (who.is_root and any(one.directly for one in found)):
        return True
    if not any(one.directly for one in found):
        return False
    if not who.account:
        return True
    request.silent("whether NotPrincipal leaves out a principal that it names without its account")
    return None


def _entries(element: object) -> Iterator[tuple[str, str]]:
    if isinstance(element, str):
        yield "AWS", element
    elif isinstance(element, dict):
        for kind, values in element.items():
            for value in values if isinstance(values, list) else [values]:
                yield str(kind), str(value)


def _one(kind: str, text: str, who: Principal) -> Named:
    if kind == "Service":
        return Named(bool(not who.account and who.arn == text))
    if kind != "AWS":
        return Named()
    if text == "*":
        return Named(True)
    if not who.account:
        return Named()
    if text == who.root or (_ACCOUNT.fullmatch(text) and text == who.account):
        return Named(who.is_root, True)
    return Named(text in (who.arn, who.role, who.unique_id) and text != "")
