"""The Condition element: true, false, or not known for a request.

All entries must hold. A key that is absent matches no plain operator, matches every negated one, and satisfies
``…IfExists`` and ``ForAllValues``; ``ForAnyValue`` fails without a value, and what ``IfExists`` makes of that, the pages
answer differently. The values of one entry are alternatives (for negated operators: none of them may match; where there
is none, nothing says what holds). Sources: IAM user guide, "Condition operators", "Multivalued context
keys", "Conditions with multiple context keys or values", "The request context" (a key with an empty text is null).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fcsse.evaluator.context import PRESENT, UNKNOWN, Context, Form, Values
from fcsse.evaluator.operators import OPERATORS, Operand, Operator
from fcsse.evaluator.patterns import is_ordinary


@dataclass(frozen=True, slots=True)
class Entry:
    """One operator with one key and its values.

    ``operator`` is None for an operator that IAM does not know, whose outcome is not known.
    """

    name: str
    key: str
    label: str
    operator: Operator | None
    operands: tuple[Operand, ...] = ()
    quantifier: str = ""
    if_exists: bool = False
    null: tuple[str, ...] | None = None

    def holds(self, context: Context) -> bool | None:
        """Is this entry true for the request?"""
        values = context.values(self.key)
        if self.null is not None:
            return self._null(values)
        if self.operator is None or (self.operator.negated and not self.operands):
            return None
        if values is UNKNOWN:
            there, missing = self._form(self.operator, PRESENT, context), self._missing(self.operator)
            return there if there is missing else None
        if isinstance(values, Form):
            return self._form(self.operator, values, context)
        if not values:
            return self._missing(self.operator)
        return self._known(self.operator, values, context)

    def _null(self, values: Values) -> bool | None:
        wanted = self.null or ()
        if values is UNKNOWN:
            return None if wanted else False
        absent = not isinstance(values, Form) and (not values or not any(values))
        return ("true" if absent else "false") in wanted

    def _missing(self, operator: Operator) -> bool | None:
        if self.if_exists and self.quantifier == "any":
            return None
        if self.if_exists or self.quantifier == "all":
            return True
        return operator.negated and self.quantifier != "any"

    def _known(self, operator: Operator, values: tuple[str, ...], context: Context) -> bool | None:
        if self.quantifier and not any(values):
            return self._missing(operator)
        if len(values) == 1:
            return self._one(operator, values[0], context)
        answers = {self._one(operator, value, context) for value in values}
        if self.quantifier == "any":
            return True if True in answers else None if None in answers else False
        if self.quantifier == "all":
            return False if False in answers else None if None in answers else True
        # A plain operator on several values is not defined ("require a condition set operator").
        return answers.pop() if len(answers) == 1 else None

    def _one(self, operator: Operator, value: str, context: Context) -> bool | None:
        answer: bool | None = False
        for operand in self.operands:
            found = operand.test(value, context)
            if found:
                return not operator.negated
            if found is None:
                answer = None
        return None if answer is None else operator.negated

    def _form(self, operator: Operator, form: Form, context: Context) -> bool | None:
        answers = [operand.form(form, context) for operand in self.operands]
        if True in answers:
            return not operator.negated
        return None if None in answers else operator.negated

    def says(self) -> str:
        """The entry in words, e.g. ``kms:ViaService equal to s3.eu-west-1.amazonaws.com``."""
        if self.null is not None:
            return f"{self.label} {'absent' if 'true' in self.null else 'present'}"
        if self.operator is None:
            return f"{self.name} on {self.label}"
        texts = [operand.text for operand in self.operands]
        listed = " or ".join(texts[:3]) + (f" or {len(texts) - 3} others" if len(texts) > 3 else "")
        each = {"all": "every value of ", "any": "a value of "}.get(self.quantifier, "")
        return f"{each}{self.label} {self.operator.phrase} {listed or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """A Condition element, made ready. ``broken`` says why it cannot be understood, empty where it can."""

    entries: tuple[Entry, ...] = ()
    broken: str = ""

    def hold(self, context: Context) -> bool | None:
        """Do all entries hold? One that certainly does not decides, whatever else is unknown."""
        answer: bool | None = True
        for entry in self.entries:
            found = entry.holds(context)
            if found is False:
                return False
            if found is None:
                answer = None
        return answer


NONE = Conditions()


def conditions(element: object, variables: bool | None) -> Conditions:
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
    return Conditions(tuple(entries))


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
    if word == "null" and not quantifier:
        return Entry(name, lower, key, None, null=tuple(text.lower() for text in texts))
    if_exists = word.endswith("ifexists")
    operator = OPERATORS.get(word.removesuffix("ifexists"))
    if operator is None:
        return Entry(name, lower, key, None)
    ready = tuple(operator.make(text, variables) for text in texts)
    return Entry(name, lower, key, operator, ready, quantifier, if_exists)
