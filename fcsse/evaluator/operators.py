"""The condition operators: what each compares, and what becomes of a key that is not there.

Source: IAM user guide, "Condition operators", "Multivalued context keys", "Conditions with multiple context keys or
values". Operator names ignore case, as AWS's own tools do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from fcsse.evaluator import operands
from fcsse.evaluator.context import Context, Form
from fcsse.evaluator.patterns import arn_covers, arn_matches, covers, has_variables, matches, substitute, wild

Test = Callable[[str, Context], bool | None]
"""Does one value of the request match? None = not known."""
FormTest = Callable[[Form, Context], bool | None]


@dataclass(frozen=True, slots=True)
class Operand:
    """One value of the policy, ready to compare: with a value of the request, or with the form of one."""

    text: str
    test: Test
    form: FormTest


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator. ``phrase`` reads between key and values."""

    make: Callable[[str, bool | None], Operand]
    negated: bool = False
    phrase: str = "equal to"


def _undecided(_form: Form, _context: Context) -> bool | None:
    return None


def _pattern_operand(
    text: str,
    variables: bool | None,
    *,
    wildcards: bool,
    fold: bool = False,
    compare: Callable[[str, str], bool | None] = matches,
    compare_form: Callable[[str, str], bool | None] = covers,
) -> Operand:
    """String and ARN operators. ``variables`` None: the policy's version is not one that IAM knows."""
    if not has_variables(text):
        fixed = wild(text) if wildcards else text
        if fold:
            fixed = fixed.lower()
            return Operand(
                text,
                lambda given, _: compare(fixed, given.lower()),
                lambda form, _: compare_form(fixed, form.pattern.lower()),
            )
        return Operand(text, lambda given, _: compare(fixed, given), lambda form, _: compare_form(fixed, form.pattern))
    if variables is None:
        return Operand(text, lambda _, __: None, _undecided)
    if variables is False:
        literal = wild(text) if wildcards else text
        literal = literal.lower() if fold else literal
        return Operand(
            text,
            lambda given, _: compare(literal, given.lower() if fold else given),
            lambda form, _: compare_form(literal, form.pattern.lower() if fold else form.pattern),
        )

    def resolve(context: Context) -> str | None:
        found = substitute(text, wildcards, context.value_of)
        return found.lower() if fold and found is not None else found

    def test(given: str, context: Context) -> bool | None:
        found = resolve(context)
        return False if found is None else compare(found, given.lower() if fold else given)

    def form_test(form: Form, context: Context) -> bool | None:
        found = resolve(context)
        return False if found is None else compare_form(found, form.pattern.lower() if fold else form.pattern)

    return Operand(text, test, form_test)


def _ordered(
    text: str,
    _variables: bool | None,
    *,
    parse: Callable[[str], Decimal | None],
    holds: Callable[[Decimal, Decimal], bool],
) -> Operand:
    """Numbers and dates. What becomes of a value that is neither is not written down, here and below."""
    wanted = parse(text)

    def test(given: str, _context: Context) -> bool | None:
        own = parse(given)
        return None if own is None or wanted is None else holds(own, wanted)

    return Operand(text, test, _undecided)


def _address(text: str, _variables: bool | None) -> Operand:
    return Operand(text, lambda given, _: operands.within(text, given), _undecided)


def _bool(text: str, variables: bool | None) -> Operand:
    """Truth values ignore case. Whether variables work here, two AWS pages answer differently."""
    wanted = text.lower()
    if has_variables(text) and variables is not False:
        return Operand(text, lambda _, __: None, _undecided)

    def test(given: str, _context: Context) -> bool | None:
        both = {wanted, given.lower()}
        return len(both) == 1 if both <= {"true", "false"} else None

    return Operand(text, test, _undecided)


def _binary(text: str, _variables: bool | None) -> Operand:
    """Byte for byte; the request's value may be given raw or in base64."""
    wanted = operands.binary(text)

    def test(given: str, _context: Context) -> bool | None:
        own = operands.binary(given)
        if wanted is not None and wanted in (own, given.encode()):
            return True
        return None if wanted is None or own is None else False

    return Operand(text, test, _undecided)


def _comparisons(
    parse: Callable[[str], Decimal | None], words: tuple[str, str]
) -> dict[str, tuple[Callable[[str, bool | None], Operand], bool, str]]:
    less, more = words
    equal = partial(_ordered, parse=parse, holds=Decimal.__eq__)
    return {
        "equals": (equal, False, "equal to"),
        "notequals": (equal, True, "other than"),
        "lessthan": (partial(_ordered, parse=parse, holds=Decimal.__lt__), False, less),
        "lessthanequals": (partial(_ordered, parse=parse, holds=Decimal.__le__), False, f"{less} or equal to"),
        "greaterthan": (partial(_ordered, parse=parse, holds=Decimal.__gt__), False, more),
        "greaterthanequals": (partial(_ordered, parse=parse, holds=Decimal.__ge__), False, f"{more} or equal to"),
    }


def _all() -> dict[str, Operator]:
    exact = partial(_pattern_operand, wildcards=False)
    folded = partial(_pattern_operand, wildcards=False, fold=True)
    like = partial(_pattern_operand, wildcards=True)
    arn = partial(_pattern_operand, wildcards=True, compare=arn_matches, compare_form=arn_covers)
    found = {
        "stringequals": Operator(exact),
        "stringnotequals": Operator(exact, True, "other than"),
        "stringequalsignorecase": Operator(folded),
        "stringnotequalsignorecase": Operator(folded, True, "other than"),
        "stringlike": Operator(like, phrase="like"),
        "stringnotlike": Operator(like, True, "not like"),
        "arnequals": Operator(arn, phrase="like"),
        "arnlike": Operator(arn, phrase="like"),
        "arnnotequals": Operator(arn, True, "not like"),
        "arnnotlike": Operator(arn, True, "not like"),
        "bool": Operator(_bool),
        "binaryequals": Operator(_binary),
        "ipaddress": Operator(_address, phrase="in"),
        "notipaddress": Operator(_address, True, "not in"),
    }
    for name, parse, words in (
        ("numeric", operands.number, ("less than", "more than")),
        ("date", operands.date, ("before", "after")),
    ):
        for suffix, (make, negated, phrase) in _comparisons(parse, words).items():
            found[name + suffix] = Operator(make, negated, phrase)
    return found


OPERATORS = _all()
"""The operators by their names in lower case, without prefixes and without ``IfExists``."""
