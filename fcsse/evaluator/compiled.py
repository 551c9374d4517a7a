"""From a policy document to rules that are quick to apply, compiled once for each text. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from fcsse.evaluator.compiled_conditions import compile_conditions
from fcsse.evaluator.conditions import NONE
from fcsse.evaluator.patterns import (
    ANY,
    has_variables,
    is_ordinary,
    is_plain,
    wild,
)
from fcsse.evaluator.principals import PRINCIPAL_TYPES, Principals, principals
from fcsse.evaluator.rules import Actions, Policy, Resources, Statement, _Index
from fcsse.evaluator.slips import of_statement

_ELEMENTS = {
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
}  # fmt: skip
_DOCUMENTED = {name.lower(): name for name in (*_ELEMENTS, "Version", "Id", "Statement", *PRINCIPAL_TYPES)}


def compile_policy(document: Mapping[str, object] | Policy, identity: bool = False) -> Policy:
    """A policy document ready for judging many requests; a ready one comes back as it is.

    ``identity``: it is an identity policy, whose statements have no Principal. The result for a document is kept, so
    that judging the same document again costs little.
    """
    if isinstance(document, Policy):
        return document
    try:
        text = json.dumps(document)
    except (TypeError, ValueError, RecursionError):
        return _compile(document, identity)
    return _compiled(text, identity)


def compile_parsed(document: Mapping[str, object]) -> Policy:
    """As ``compile_policy`` for what a JSON text says; only its statements are kept."""
    return _compile(document, False, _statements_kept)


@lru_cache(maxsize=512)
def _compiled(text: str, identity: bool) -> Policy:
    return _compile(json.loads(text), identity, _statements_kept)


def _compile(
    document: Mapping[str, object], identity: bool, statements: Callable[..., Iterable[Statement]] | None = None
) -> Policy:
    """The document made ready, each statement by ``statements``."""
    make = statements or _statements
    version = document.get("Version", "2008-10-17")
    variables = version == "2012-10-17" if version in ("2012-10-17", "2008-10-17") else None
    listed = document.get("Statement", [])
    entries: Iterable[object] = listed if isinstance(listed, list | tuple) else [listed]
    if _misspelt(document, "Version"):
        variables = None
    ready = [
        statement
        for index, entry in enumerate(entries)
        for statement in make(index, entry, variables, identity, version)
    ]
    others = _misspelt(document, "Statement")
    if others:
        ready += _not_understood(f"the document has {_named(others)}", len(ready))
    return _policy(ready)


def policy_not_understood(reason: str) -> Policy:
    """What stands for a document of which nobody knows what it says: it may allow and deny anything."""
    return _policy(_not_understood(reason, 0))


def _policy(ready: Iterable[Statement]) -> Policy:
    statements = tuple(ready)
    allows, denies = tuple(s for s in statements if not s.deny), tuple(s for s in statements if s.deny)
    return Policy(allows, denies, allow_index=_Index(allows), deny_index=_Index(denies))


def _not_understood(broken: str, index: int) -> list[Statement]:
    nobody = Principals(broken=broken)
    return [
        Statement(index, "the document", deny, nobody, False, None, None, NONE, broken, misspelt=True)
        for deny in (False, True)
    ]


def _misspelt(entry: Mapping[str, object], *names: str) -> list[str]:
    """The members of these names that stand in another letter case. Source: IAM user guide, "Grammar of the IAM JSON policy
    language", which has one spelling of each.
    """
    return [one for one in entry if one not in names and _DOCUMENTED.get(one.lower()) in names]


def _named(misspelt: list[str]) -> str:
    return " and ".join(f"{one}, which AWS documents as {_DOCUMENTED[one.lower()]}" for one in misspelt)


def _statements_kept(
    index: int, entry: object, variables: bool | None, identity: bool, version: object
) -> Iterable[Statement]:
    """As ``_statements``; kept, since the policies that edits come to differ in a statement or two. The entry is JSON."""
    if not isinstance(version, str):
        return _statements(index, entry, variables, identity, version)
    return _statements_of(index, json.dumps(entry), variables, identity, version)


@lru_cache(maxsize=2048)
def _statements_of(
    index: int, text: str, variables: bool | None, identity: bool, version: str
) -> tuple[Statement, ...]:
    return tuple(_statements(index, json.loads(text), variables, identity, version))


def _statements(
    index: int, entry: object, variables: bool | None, identity: bool, version: object
) -> Iterator[Statement]:
    """A statement; twice where nobody knows whether it allows or denies."""
    if not isinstance(entry, Mapping):
        broken = "it is not a mapping"
        yield Statement(index, f"statement {index + 1}", True, Principals(True), False, None, None, NONE, broken)
        return
    effects = {str(entry[one]).lower() for one in (*_misspelt(entry, "Effect"), "Effect") if one in entry}
    if not _misspelt(entry, "Effect") or not effects <= {"allow", "deny"}:
        yield _statement(index, entry, variables, identity, version)
        return
    for effect in sorted(effects):
        yield _statement(index, {**entry, "Effect": effect.capitalize()}, variables, identity, version)


def _statement(
    index: int, entry: Mapping[str, object], variables: bool | None, identity: bool, version: object
) -> Statement:
    sid = entry.get("Sid")
    where = sid if isinstance(sid, str) and sid else f"statement {index + 1}"
    effect = entry.get("Effect")
    misspelt = _misspelt(entry, *_ELEMENTS)
    problems = [f"it has {_named(misspelt)}"] if misspelt else []
    problems += [
        f"it has the unknown element {name}" for name in entry if name not in _ELEMENTS and name not in misspelt
    ]
    if effect not in ("Allow", "Deny"):
        problems.append(f"its effect is {effect!r}")
    deny = effect != "Allow" and not (isinstance(effect, str) and effect.lower() == "allow")
    who, not_principals = _principals(entry, identity, problems)
    types = [
        one
        for name in ("Principal", "NotPrincipal")
        if isinstance(value := entry.get(name), Mapping)
        for one in _misspelt(value, *PRINCIPAL_TYPES)
    ]
    if types:
        problems.append(f"its principal has {_named(types)}")
    actions = _actions(entry, problems)
    resources = _resources(entry, variables, problems)
    held = compile_conditions(entry["Condition"], variables) if "Condition" in entry else NONE
    if held.broken:
        problems.append(held.broken)
    missing = [name for name in ("Action", "Resource") if name not in entry and f"Not{name}" not in entry]
    inert = f"it has no {missing[0]}" if missing else ""
    broken = "; ".join(problems)
    slips = of_statement(entry, version)
    return Statement(
        index, where, deny, who, not_principals, actions, resources, held, broken, inert, slips, bool(misspelt or types)
    )


def _principals(entry: Mapping[str, object], identity: bool, problems: list[str]) -> tuple[Principals, bool]:
    given = [name for name in ("Principal", "NotPrincipal") if name in entry]
    if identity:
        if given:
            problems.append("an identity policy has no principals")
        return Principals(True), False
    if len(given) != 1:
        problems.append("it has no principal" if not given else "it has both Principal and NotPrincipal")
        return Principals(broken=problems[-1]), False
    found = principals(entry[given[0]])
    excepting = given[0] == "NotPrincipal"
    if excepting and not found.broken and found == Principals():
        found.broken = "its NotPrincipal names nobody"
    if found.broken:
        problems.append(found.broken)
    return found, excepting


def _list(entry: Mapping[str, object], name: str, problems: list[str]) -> tuple[list[str], bool] | None:
    """The texts of ``name`` or of its Not… form, and whether it is the latter; None where nothing can be read."""
    given = [key for key in (name, f"Not{name}") if key in entry]
    if not given:
        return None
    value = entry[given[0]]
    texts = [value] if isinstance(value, str) else value
    if len(given) == 2:
        problems.append(f"it has both {name} and Not{name}")
    elif not isinstance(texts, list | tuple) or not all(isinstance(text, str) and is_ordinary(text) for text in texts):
        problems.append(f"its {given[0]} is not a list of texts")
    elif not texts and given[0] != name:
        problems.append(f"its {given[0]} is empty")
    else:
        return list(texts), given[0] != name
    return None


def _actions(entry: Mapping[str, object], problems: list[str]) -> Actions | None:
    found = _list(entry, "Action", problems)
    if found is None:
        return None
    patterns = [wild(text.lower()) for text in found[0]]
    plain = frozenset(pattern for pattern in patterns if is_plain(pattern))
    return Actions(plain, tuple(pattern for pattern in patterns if pattern not in plain), found[1])


def _resources(entry: Mapping[str, object], variables: bool | None, problems: list[str]) -> Resources | None:
    found = _list(entry, "Resource", problems)
    if found is None:
        return None
    varying = tuple(text for text in found[0] if has_variables(text) and variables is not False)
    plain = tuple(wild(text) for text in found[0] if text not in varying)
    if ANY in plain and not found[1]:
        return None  # every resource
    return Resources(plain, varying, found[1], variables)
