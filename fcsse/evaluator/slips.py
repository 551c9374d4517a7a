"""Probable mistakes in a statement: what AWS takes without a word, and what then does not mean what was meant.

Sources: IAM user guide, "AWS global condition context keys", "Condition operators", "Variables and tags" (every policy
variable is a condition key, so its name has one colon; variables need Version 2012-10-17).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fcsse.evaluator.condition_keys import does_not_exist, needs_name
from fcsse.evaluator.operators import OPERATORS

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}|\{\{([^}]*)\}\}")
_VARIABLE = re.compile(r"\s*[A-Za-z0-9_-]+:[^:,{}][^,{}]*(?:,.*)?", re.DOTALL)


def of_condition(operator: str, key: str) -> str:
    """Why a condition's operator or key is probably a mistake; empty where it is none."""
    if not _is_operator(operator):
        return f"AWS has no condition operator {operator}"
    if needs_name(key):
        return f"the condition key {key} lacks the name that belongs behind it"
    if does_not_exist(key):
        return f"AWS lists no condition key {key}"
    return ""


def _is_operator(name: str) -> bool:
    word = name.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:")
    return name.lower() == "null" or word.removesuffix("ifexists") in OPERATORS


def of_statement(statement: Mapping[str, object], version: object) -> tuple[str, ...]:
    """Every probable mistake in a statement of a policy of this version, in the order of its elements."""
    found: dict[str, None] = {}
    for name, element in statement.items():
        if name == "Condition" and isinstance(element, dict):
            for operator, keys in element.items():
                for key in keys if isinstance(keys, dict) else ():
                    if slip := of_condition(str(operator), str(key)):
                        found[slip] = None
        if name != "Sid":
            for text in _texts(element):
                found.update(dict.fromkeys(_of_text(text, version)))
    return tuple(found)


def _texts(element: object) -> Iterable[str]:
    if isinstance(element, str):
        yield element
    elif isinstance(element, dict):
        for key, value in element.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(element, list | tuple):
        for value in element:
            yield from _texts(value)


def _of_text(text: str, version: object) -> Iterable[str]:
    for match in _PLACEHOLDER.finditer(text):
        name = match[1] if match[1] is not None else match[2]
        if match[1] in ("*", "?", "$"):
            continue
        if match[1] is None or not _VARIABLE.fullmatch(name):
            yield f"{match[0]} looks like a placeholder that a template should have filled"
        elif version != "2012-10-17":
            yield f"{match[0]} is plain text: policy variables need Version 2012-10-17"
