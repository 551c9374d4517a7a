"""The Condition element: true, false, or not known for a request.

All entries must hold. A key that is absent matches no plain operator, matches every negated one, and satisfies
``…IfExists`` and ``ForAllValues``; ``ForAnyValue`` fails without a value, and what ``IfExists`` makes of that, the pages
answer differently. The values of one entry are alternatives (for negated operators: none of them may match; where there
is none, nothing says what holds). Sources: IAM user guide, "Condition operators", "Multivalued context
keys", "Conditions with multiple context keys or values", "The request context" (a key with an empty text is null).
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from fcsse.evaluator.assumptions import AnyOf, Compares, IsThere, Matches, Presence
from fcsse.evaluator.condition_keys import KeyType, is_never_empty, key_type
from fcsse.evaluator.context import Context
from fcsse.evaluator.known_values import FILLED, PRESENT, UNKNOWN, AtLeast, Disputed, Form, Values
from fcsse.evaluator.operators import Operand, Operator
from fcsse.evaluator.request import Comparison
from fcsse.text import alternatives

MOST_ANSWERS = 512
"""How many answers of one entry are kept."""


class Entry(NamedTuple):
    """One operator with one key and its values.

    ``operator`` is None for an operator that IAM does not know, whose outcome is not known. ``slip`` says why the entry
    is probably a mistake. ``memo``: for a usual operator without a quantifier and policy variables, on a key that AWS does
    not list with several values, the answers that hold for a value or form in every request.
    """

    name: str
    key: str
    label: str
    operator: Operator | None
    operands: tuple[Operand, ...] = ()
    quantifier: str = ""
    if_exists: bool = False
    null: tuple[str, ...] | None = None
    slip: str = ""
    memo: dict[Values, bool | None] | None = None

    def holds(self, context: Context) -> bool | None:
        """Is this entry true for the request?"""
        values = context.values(self.key)
        if self.memo is not None and values is not None and self.key not in context.many:
            found = self.memo[values] if values in self.memo else self._always(values, context)
            if found is not None:
                return found
        if isinstance(values, Disputed):
            return self._unknown(context, values.values)
        if values is UNKNOWN:
            return self._unknown(context)
        if self.null is not None:
            return self._null(values)
        if self.operator is None or (self.operator.negated and not self.operands):
            return None
        if isinstance(values, Form):
            return self._of_form(self.operator, values, context)
        if not values:
            return self._missing(self.operator)
        return self._known(self.operator, values, context)

    def _always(self, values: Values, context: Context) -> bool | None:
        """The answer for one value, or a form, in every request; None where there is none."""
        answers: set[bool | None] = {None}
        if type(values) is tuple and len(values) == 1:
            answers = {operand.test(values[0], context) for operand in self.operands}
        elif type(values) is Form and values is not UNKNOWN:
            answers = {operand.form(values, context) for operand in self.operands}
        found = None
        if self.operator is not None and (True in answers or None not in answers):
            found = (True in answers) is not self.operator.negated
        if self.memo is not None:
            if len(self.memo) > MOST_ANSWERS:
                self.memo.clear()
            self.memo[values] = found
        return found

    def _unknown(self, context: Context, known: tuple[str, ...] = ()) -> bool | None:
        """The answer where it is not even known whether the key is there: what is assumed of it, or what all ways share.

        ``known``: its values where it is there; empty: not known.
        """
        if self.operator is None and self.null is None:
            return None
        filled: Values = known or (PRESENT if context.is_many(self.key) else FILLED)
        typed = bool(known) or is_never_empty(self.key)
        match context.assumed.presence(IsThere(self.key, typed)):
            case Presence.ABSENT:
                ways: list[Values] = [None]
            case Presence.EMPTY:
                ways = [("",)]
            case Presence.VALUE:
                ways = [filled]
            case _:
                ways = [None, filled] if typed else [None, ("",), filled]
        answers = {self._way(way, context) for way in ways}
        return answers.pop() if len(answers) == 1 else None

    def _way(self, values: Values, context: Context) -> bool | None:
        if self.null is not None:
            return self._null(values)
        if self.operator is None or (self.operator.negated and not self.operands):
            return None
        if isinstance(values, Form):
            return self._of_form(self.operator, values, context)
        return self._known(self.operator, values, context) if values else self._missing(self.operator)

    def _null(self, values: Values) -> bool | None:
        """Values other than true and false, or none at all: what they do is not written down."""
        absent = not isinstance(values, Form) and (not values or not any(values))
        if ("true" if absent else "false") in (self.null or ()):
            return True
        return False if self.null and set(self.null) <= {"true", "false"} else None

    def _missing(self, operator: Operator) -> bool | None:
        if self.if_exists and self.quantifier == "any":
            return None
        if self.if_exists or self.quantifier == "all":
            return True
        return operator.negated and self.quantifier != "any"

    @property
    def missing(self) -> bool | None:
        """What it comes to in a request without the key."""
        return None if self.operator is None else self._missing(self.operator)

    def _known(self, operator: Operator, values: tuple[str, ...], context: Context) -> bool | None:
        if self.quantifier and not any(values):
            return self._missing(operator)
        if not self.quantifier and context.is_many(self.key):
            # "Require a condition set operator": what a plain one makes of a list is not written down.
            return None
        if len(values) == 1:
            return self._one(operator, values[0], context)
        answers = {self._one(operator, value, context) for value in values}
        if self.quantifier == "all":
            return False if False in answers else None if None in answers else True
        return True if True in answers else None if None in answers else False

    def _one(self, operator: Operator, value: str, context: Context) -> bool | None:
        unknown = False
        for operand in self.operands:
            found = operand.test(value, context)
            if found is None and operand.pattern is None and operand.usable and operator.relation is not None:
                question = Matches(self.key, operator.family, operand.text, value=value)
                found = context.assumed.matches(question, None)
            found = _sure(found, operator, operand, context)
            if found:
                return not operator.negated
            unknown = unknown or found is None
        return None if unknown else operator.negated

    def _of_form(self, operator: Operator, form: Form, context: Context) -> bool | None:
        if isinstance(form, AtLeast) and not self._fits(operator):
            return None
        if context.is_many(self.key) or (self.quantifier and key_type(self.key) is None):
            return self._of_many(operator, form, context)
        unknown = False
        for operand in self.operands:
            found = operand.form(form, context)
            if found is None and operand.usable:
                found = self._assumed(operator, operand, context)
            found = _sure(found, operator, operand, context)
            if found:
                return not operator.negated
            unknown = unknown or found is None
        return None if unknown else operator.negated

    def _fits(self, operator: Operator) -> bool:
        """Is the operator for keys of this type? What another one makes of a number or time is not written down.

        Source: IAM user guide, "AWS global condition context keys" (``aws:EpochTime`` takes both).
        """
        if operator.holds is None:
            return True
        kind = KeyType.NUMBER if operator.family == "numeric" else KeyType.DATE
        return self.key == "aws:epochtime" or key_type(self.key) is kind

    def _assumed(self, operator: Operator, operand: Operand, context: Context) -> bool | None:
        if operator.holds is not None:
            if operand.number is None:
                return None
            sign = context.assumed.compares(Compares(self.key, operand.number))
            return None if sign is None else operator.holds(Decimal(sign), Decimal(0))
        if operator.family == "bool":
            if key_type(self.key) is not KeyType.BOOL:
                return None
            found = context.assumed.matches(Matches(self.key, "bool", "true"), None)
            return None if found is None else found is (operand.text.lower() == "true")
        question = Matches(self.key, operator.family, operand.text, operand.pattern)
        return context.assumed.matches(question, operator.relation)

    def _of_many(self, operator: Operator, form: Form, context: Context) -> bool | None:
        """Of a list of values that have a form, or are not known at all, but are not all empty."""
        if not self.quantifier:
            return None
        answers = [operand.form(form, context) for operand in self.operands]
        if True in answers:
            return not operator.negated
        if any(_sure(False, operator, operand, context) is None for operand in self.operands):
            return None
        if None not in answers:
            return operator.negated
        if not all(operand.usable for operand in self.operands):
            return None
        # "All match" is "none is other", and "all are other" is "none matches".
        other = operator.negated is (self.quantifier == "any")
        question = AnyOf(self.key, operator.family, frozenset(one.text for one in self.operands), other)
        found = context.assumed.any_of(question)
        return None if found is None else found is (self.quantifier == "any")

    def compared(self, context: Context) -> Comparison:
        """The entry beside what the request has, for people."""
        values = context.values(self.key)
        given = context.text(self.key) if values else None
        if self.null is not None:
            absent = "true" in self.null
            return Comparison(self.label, self.name, "absent" if absent else "present", (), given, absent, self.slip)
        phrase, negated = (self.operator.phrase, self.operator.negated) if self.operator else (self.name, False)
        wanted = tuple(operand.text for operand in self.operands)
        return Comparison(self.label, self.name, phrase, wanted, given, negated, self.slip)

    def says(self) -> str:
        """The entry in words, e.g. ``kms:ViaService equal to s3.eu-west-1.amazonaws.com``."""
        if self.null is not None and not (self.null and set(self.null) <= {"true", "false"}):
            return f"{self.name} of {' or '.join(self.null) or 'nothing'}, which is neither true nor false"
        if self.null is not None:
            return f"{self.label} {'absent' if 'true' in self.null else 'present'}"
        phrase = self.operator.phrase if self.operator else self.name
        listed = alternatives([operand.text for operand in self.operands])
        each = {"all": "every value of ", "any": "a value of "}.get(self.quantifier, "")
        return f"{each}{self.label} {phrase} {listed or 'nothing'}"


def _sure(found: bool | None, operator: Operator, operand: Operand, context: Context) -> bool | None:
    """What is found of one operand, unless a variable in it may have no value: whether a negated operator holds then, nobody
    knows (see ``operators``).
    """
    open_ended = found is False and operator.negated and operand.pattern is None
    return None if open_ended and context.may_lack(operand.text) else found


class Conditions(NamedTuple):
    """A Condition element, made ready. ``broken`` says why it cannot be understood, empty where it can.

    ``ordered``: has it comparisons of numbers or times?
    """

    entries: tuple[Entry, ...] = ()
    broken: str = ""
    ordered: bool = False

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
