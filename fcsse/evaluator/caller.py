"""Who makes a request: the caller's ARN in its parts, and what follows from it.

Sources: IAM user guide, "IAM identifiers", "AWS global condition context keys" (properties of the principal) and
"Variables and tags" (principal key values).
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from fcsse import arn as arns

ANONYMOUS = frozenset({"*", "", "anonymous"})


class Kind(Enum):
    """What sort of principal it is."""

    ROLE = "role"
    SESSION = "session"
    USER = "user"
    ROOT = "root"
    FEDERATED_USER = "federated user"
    SERVICE = "service"
    ANONYMOUS = "anonymous"
    OTHER = "other"


class Caller(NamedTuple):
    """A principal's ARN, taken apart. ``name`` is the bare name of the role or user, ``session`` a session's name.

    ``role`` is the ARN of the role, where it is known: an assumed-role ARN does not show its role's path.
    """

    arn: str
    kind: Kind
    partition: str = ""
    account: str = ""
    name: str = ""
    session: str = ""
    role: str = ""

    @property
    def root(self) -> str:
        """The ARN that stands for the caller's account."""
        return _root(self.partition, self.account)


@lru_cache(maxsize=1024)
def _root(partition: str, account: str) -> str:
    return arns.root_arn(partition, account)


@lru_cache(maxsize=4096)
def caller(principal: str) -> Caller:
    """The caller that this ARN or name stands for."""
    if principal in ANONYMOUS:
        return Caller(principal, Kind.ANONYMOUS)
    arn = arns.Arn.parse(principal)
    if arn is None:
        kind = Kind.SERVICE if ".amazon" in principal and ":" not in principal else Kind.OTHER
        return Caller(principal, kind)
    sort, _, rest = arn.resource.partition("/")
    name = rest.rpartition("/")[2]
    place = (principal, arn.partition, arn.account)
    match arn.service, sort:
        case "iam", "root":
            return _caller(Kind.ROOT, place)
        case "iam", "user":
            return _caller(Kind.USER, place, name)
        case "iam", "role":
            return _caller(Kind.ROLE, place, name, role=principal)
        case "sts", "assumed-role":
            role, _, session = rest.partition("/")
            return _caller(Kind.SESSION, place, role, session)
        case "sts", "federated-user":
            return _caller(Kind.FEDERATED_USER, place, name)
    return _caller(Kind.OTHER, place)


def _caller(kind: Kind, place: tuple[str, str, str], name: str = "", session: str = "", role: str = "") -> Caller:
    text, partition, account = place
    return Caller(text, kind, partition, account, name, session, role)


def derived(who: Caller, key: str, unique_ids: frozenset[str]) -> str | bool | None:
    """What a condition key is for this caller: its value, False where it is absent, None where the caller says nothing.

    ``key`` is in lower case. Source: the availability notes of "AWS global condition context keys".
    """
    if who.kind is Kind.OTHER:
        return None
    person = bool(who.account)
    match key:
        case "aws:principalarn":
            return (None if who.kind is Kind.SESSION else who.arn) if person else False
        case "aws:principalaccount":
            return who.account if person else False
        case "kms:calleraccount":
            return who.account if person else None
        case "aws:principalisawsservice":
            return ("false" if person else "true") if who.kind is not Kind.ANONYMOUS else False
        case "aws:principalservicename" | "aws:principalservicenameslist":
            return who.arn if who.kind is Kind.SERVICE and key.endswith("name") else (False if person else None)
        case "aws:principaltype":
            return _TYPES.get(who.kind)
        case "aws:username":
            return who.name if who.kind is Kind.USER else False
        case "aws:userid":
            return _userid(who, unique_ids)
    return None


_TYPES = {
    Kind.ROLE: "AssumedRole",
    Kind.SESSION: "AssumedRole",
    Kind.USER: "User",
    Kind.ROOT: "Account",
    Kind.FEDERATED_USER: "FederatedUser",
    Kind.ANONYMOUS: "Anonymous",
}


def _userid(who: Caller, unique_ids: frozenset[str]) -> str | None:
    if who.kind is Kind.ROOT:
        return who.account
    if len(unique_ids) != 1:
        return None
    (own,) = unique_ids
    if who.kind is Kind.SESSION:
        return own if ":" in own else f"{own}:{who.session}"
    return own if who.kind is Kind.USER else None
