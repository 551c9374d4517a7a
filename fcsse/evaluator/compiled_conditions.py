"""From a Condition element to entries that are quick to judge. Pure.

The set prefixes and ``IfExists`` are taken off here. Source: IAM user guide, "IAM JSON policy elements: Condition".
"""

from __future__ import annotations

from collections.abc import Mapping

from fcsse.evaluator.condition_keys import is_multivalued
from fcsse.evaluator.conditions import Conditions, Entry
from fcsse.evaluator.operators import OPERATORS
from fcsse.evaluator.patterns import is_ordinary
from fcsse.evaluator.slips import of_condition


def compile_conditions(element: object, variables: bool | None) -> Conditions:
    """A Condition element as the policy has it. ``variables``: does the policy's version know policy variables?"""
    if not isinstance(element, Mapping):
        return Conditions(broken="its condition is not a mapping")
    entries: list[Entry] = []
    for name, keys in element.items():
        if not isinstance(keys, Mapping):
            return Conditions(broken=f"its condition {name} is not a mapping")
        for key, values in keys.items():
            texts = _texts(values)
            if texts is None:
                return Conditions(broken=f"its condition {name} on {key} has a value that is not understood")
            entries.append(_entry(str(name), str(key), texts, variables))
    ordered = any(entry.operator is not None and entry.operator.holds is not None for entry in entries)
    return Conditions(tuple(entries), ordered=ordered)


def _texts(values: object) -> list[str] | None:
    """The values as texts; numbers and truth values equal their text."""
    found: list[str] = []
    for value in values if isinstance(values, list | tuple) else [values]:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, bool):
            found.append("true" if value else "false")
        elif isinstance(value, int | float):
            found.append(str(value))
        else:
            return None
    return found if all(is_ordinary(text) for text in found) else None


def _entry(name: str, key: str, texts: list[str], variables: bool | None) -> Entry:
    word = name.lower()
    quantifier = ""
    for prefix, sort in (("forallvalues:", "all"), ("foranyvalue:", "any")):
        if word.startswith(prefix):
            word, quantifier = word.removeprefix(prefix), sort
    lower = key.lower()
    slip = of_condition(name, key)
    if word == "null" and not quantifier:
        return Entry(name, lower, key, None, null=tuple(text.lower() for text in texts), slip=slip)
    if_exists = word.endswith("ifexists")
    operator = OPERATORS.get(word.removesuffix("ifexists"))
    if operator is None:
        return Entry(name, lower, key, None, slip=slip)
    ready = tuple(operator.make(text, variables) for text in texts)
    fixed = all(one.pattern is not None for one in ready)
    simple = bool(ready) and fixed and not quantifier and not is_multivalued(lower)
    return Entry(name, lower, key, operator, ready, quantifier, if_exists, slip=slip, memo={} if simple else None)
