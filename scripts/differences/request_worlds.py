"""The worlds in which a request may be made: what the product does not know takes each value that a policy sets apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from itertools import product
from random import Random
from typing import Any

from fcsse.evaluator.condition_keys import KeyType, is_multivalued, key_type
from fcsse.evaluator.context import Context
from fcsse.evaluator.known_values import UNKNOWN, Form
from fcsse.evaluator.request import Request
from scripts.differences.domain_policies import NOW_TEXT

World = dict[str, str | list[str]]
MOST = 48
"""So many worlds of one question are asked about at most."""

_ADDRESSES = ["10.1.2.3", "203.0.113.7", "2001:db8::1"]


def worlds(policy: dict[str, Any], request: Request, seed: int) -> tuple[list[World], bool]:
    """The contexts, and whether they are all that the policy sets apart."""
    operands = _operands(policy)
    context = Context(request)
    fixed: World = {}
    for name, value in request.context.items():
        fixed[name] = value if isinstance(value, str) else list(value)
    open_keys: dict[str, list[str | list[str] | None]] = {}
    for key, values in operands.items():
        known = context.values(key)
        if known is None:
            _drop(fixed, key)
        elif isinstance(known, tuple):
            if known:
                _put(fixed, key, list(known) if is_multivalued(key) or len(known) > 1 else known[0])
        elif key in NOW_TEXT:
            fixed[key] = NOW_TEXT[key]
        else:
            open_keys[key] = _candidates(key, known, values)
    for key in request.partial:  # there, whatever the policy says of it
        lower = key.lower()
        if lower not in open_keys and lower not in NOW_TEXT:
            found = context.values(lower)
            if isinstance(found, Form):
                open_keys[lower] = _candidates(lower, found, [])[:1]
    count = 1
    for options in open_keys.values():
        count *= len(options)
    names = list(open_keys)
    chosen: Iterable[tuple[str | list[str] | None, ...]] = product(*open_keys.values())
    if count > MOST:
        random = Random(seed)
        chosen = [tuple(random.choice(open_keys[name]) for name in names) for _ in range(MOST)]
    return [_world(fixed, names, values) for values in chosen], count <= MOST


def _world(fixed: World, names: list[str], values: tuple[str | list[str] | None, ...]) -> World:
    return fixed | {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _drop(fixed: World, key: str) -> None:
    for name in [one for one in fixed if one.lower() == key]:
        del fixed[name]


def _put(fixed: World, key: str, value: str | list[str]) -> None:
    _drop(fixed, key)
    fixed[key] = value


def _candidates(key: str, known: Form, values: list[str]) -> list[str | list[str] | None]:
    """Values of a key: absent where it may be, what the policy names, and something else."""
    found: list[str | list[str] | None] = [None] if known is UNKNOWN else []
    match key_type(key):
        case KeyType.BOOL:
            return [*found, "true", "false"]
        case KeyType.ADDRESS:
            return [*found, *_ADDRESSES]
    texts = [*values, *_forms(known)]
    made = list(dict.fromkeys(text for one in texts for text in _instances(one)))
    fitting = [one for one in made if known is UNKNOWN or fnmatchcase(one, known.text)]
    if is_multivalued(key):
        pairs = [[one, "another-value"] for one in fitting] if known is UNKNOWN else []
        return [*found, *([one] for one in fitting), *pairs]
    return [*found, *fitting]


def _forms(known: Form) -> list[str]:
    return (
        [known.text.replace("?*", "zz"), known.text.replace("?*", "q1").replace("*", "")]
        if known is not UNKNOWN
        else ["zz-other"]
    )


def _instances(pattern: str) -> Iterator[str]:
    if "${" in pattern:
        return
    yield pattern.replace("*", "w1").replace("?", "w")
    yield pattern  # StringEquals knows no wildcards
    if pattern.endswith(":*"):
        yield pattern[:-1] + "FSx"
    if pattern.startswith("*:"):
        yield "AROAEXAMPLEEXAMPLE123" + pattern[1:]


def _operands(policy: dict[str, Any]) -> dict[str, list[str]]:
    """Condition keys in lower case with the texts that the policy holds against them; variables' keys, too."""
    found: dict[str, list[str]] = {}
    for statement in policy["Statement"]:
        for operator, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                listed = found.setdefault(key.lower(), [])
                for text in value if isinstance(value, list) else [value]:
                    if operator != "Null":
                        listed.append(str(text))
                    for name in re.findall(r"\$\{([^},]+)", str(text)):
                        found.setdefault(name.strip().lower(), [])
    names = [name for name, texts in found.items() if all("${" in text for text in texts)]
    pool = [text for texts in found.values() for text in texts]
    for name in names:  # a variable's value is set apart by what it is compared to
        found[name] += [text for text in pool if "${" not in text][:4]
    return found
