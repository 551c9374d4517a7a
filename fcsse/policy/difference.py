"""In what a statement that gives a cache something differs from the documented one, so that it is not taken for it. Pure.

``fcsse.policy.statement.read_statement`` recognises the documented statement; this says why another is none.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.link_options import AccessLevel
from fcsse.policy.document import strings
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import CONCRETE_ACTIONS, CONTEXT_KEY, FSX_SESSION, Access, concrete_actions

KNOWN = frozenset({"Sid", "Effect", "Principal", "Action", "Resource", "Condition"})
DOCUMENTED = {
    "kms:calleraccount": ("kms:CallerAccount", ("stringequals", "stringlike")),
    "kms:viaservice": ("kms:ViaService", ("stringequals", "stringlike")),
    CONTEXT_KEY.lower(): (CONTEXT_KEY, ("stringequals", "stringlike")),
}
OF_EVERY_CACHE = {"aws:userid": ("aws:userid", ("stringlike",))}
"""The documented condition keys, as the page spells them, and the operators that may test each; what the form for every cache
has more.
"""


class DifferenceKind(Enum):
    """What differs. OTHERS: it is also for other principals or other buckets."""

    OTHERS = auto()
    ELEMENT = auto()
    PRINCIPAL = auto()
    FEWER_ACTIONS = auto()
    MORE_ACTIONS = auto()
    NO_CONDITION = auto()
    MORE_CONDITION = auto()
    OPERATOR = auto()
    VALUE = auto()
    CONTEXT = auto()


class Difference(NamedTuple):
    """One difference, with the texts of the statement that it is about (for NO_CONDITION and FEWER_ACTIONS: the page's)."""

    kind: DifferenceKind
    about: tuple[str, ...] = ()


def differences(value: dict[str, JsonValue], access: Access) -> tuple[Difference, ...]:
    """In what an Allow statement differs from the documented one for an access; empty where in nothing that is known."""
    found: list[Difference] = []
    more = sorted(value.keys() - KNOWN)
    if more:
        found.append(Difference(DifferenceKind.ELEMENT, tuple(more)))
    found += _principals(value.get("Principal"), access)
    if "Action" in value:
        found += _actions(value["Action"], access.level)
    return tuple(found + _conditions(value.get("Condition"), access))


def _principals(value: JsonValue, access: Access) -> list[Difference]:
    listed = ("*",) if value == "*" else strings(value.get("AWS")) if isinstance(value, dict) else ()
    others = [one for one in listed if one != access.principal]
    if access.principal not in listed and listed:
        return [Difference(DifferenceKind.PRINCIPAL, tuple(others[:1]))]
    return [Difference(DifferenceKind.OTHERS, tuple(others))] if others else []


def _actions(value: JsonValue, level: AccessLevel) -> list[Difference]:
    documented = CONCRETE_ACTIONS[level]
    listed = strings(value)
    there = {one for action in listed for one in concrete_actions(action)}
    more = tuple(action for action in listed if not concrete_actions(action) <= documented)
    fewer = documented - there
    found = [Difference(DifferenceKind.MORE_ACTIONS, more)] if more else []
    if fewer and not any("*" in action for action in more):
        found.append(Difference(DifferenceKind.FEWER_ACTIONS, listed))
    return found


def _conditions(value: JsonValue, access: Access) -> list[Difference]:
    found: list[Difference] = []
    seen: set[str] = set()
    documented = DOCUMENTED if access.role else {**DOCUMENTED, **OF_EVERY_CACHE}
    for operator, block in value.items() if isinstance(value, dict) else ():
        for key, expected in block.items() if isinstance(block, dict) else ():
            seen.add(key.lower())
            name, operators = documented.get(key.lower(), (key, ()))
            if not operators:
                found.append(Difference(DifferenceKind.MORE_CONDITION, (key,)))
            elif operator.lower() not in operators or (
                operator.lower() == "stringequals" and any("*" in text for text in strings(expected))
            ):  # by StringEquals, * is a letter like any other
                found.append(Difference(DifferenceKind.OPERATOR, (name, operator)))
            if key.lower() == CONTEXT_KEY.lower():
                found += _context(expected, access)
            elif operators and set(strings(expected)) != {_value(name, access)}:
                found.append(Difference(DifferenceKind.VALUE, (name, *strings(expected))))
    missing = tuple(name for key, (name, _) in documented.items() if key not in seen)
    return found + ([Difference(DifferenceKind.NO_CONDITION, missing)] if missing else [])


def _value(name: str, access: Access) -> str:
    """The documented value of a condition key, but the encryption context's."""
    return {"kms:CallerAccount": access.account, "kms:ViaService": arns.via_service(access.region)}.get(
        name, FSX_SESSION
    )


def _context(value: JsonValue, access: Access) -> list[Difference]:
    whole = {access.bucket_arn, f"{access.bucket_arn}/*"}
    parts = [text for text in strings(value) if text not in whole]
    inside = [text for text in parts if text.startswith(f"{access.bucket_arn}/")]
    others = [text for text in parts if text not in inside]
    found = [Difference(DifferenceKind.OTHERS, tuple(others))] if others else []
    return [*found, Difference(DifferenceKind.CONTEXT, tuple(inside))] if inside else found


def is_about(value: dict[str, JsonValue], access: Access) -> bool:
    """Is an Allow statement also about this bucket, or a part of it, as far as its encryption contexts tell?"""
    patterns = contexts(value)
    return not patterns or any(is_inside(text, access.bucket_arn) for text in patterns)


def is_inside(pattern: str, bucket_arn: str) -> bool:
    """Is an encryption context that of the bucket, or of objects in it?"""
    return pattern == bucket_arn or pattern.startswith(f"{bucket_arn}/")


def contexts(value: dict[str, JsonValue]) -> tuple[str, ...]:
    """The encryption contexts that a statement names, under whatever operator."""
    condition = value.get("Condition")
    return tuple(
        text
        for block in (condition.values() if isinstance(condition, dict) else ())
        for key, expected in (block.items() if isinstance(block, dict) else ())
        if key.lower() == CONTEXT_KEY.lower()
        for text in strings(expected)
    )


def session_role(principal: str) -> tuple[str, str] | None:
    """The account and role name of a session's ARN; None for everything else."""
    arn = arns.Arn.parse(principal)
    kind, _, rest = arn.resource.partition("/") if arn else ("", "", "")
    if arn is None or arn.service != "sts" or kind != "assumed-role":
        return None
    return arn.account, rest.partition("/")[0]
