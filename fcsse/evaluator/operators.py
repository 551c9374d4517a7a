"""The condition operators: what each compares, and what becomes of a key that is not there.

Source: IAM user guide, "Condition operators", "Multivalued context keys", "Conditions with multiple context keys or
values". Operator names ignore case, as AWS's own tools do.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from fcsse.evaluator import operands
from fcsse.evaluator.assumptions import Relation
from fcsse.evaluator.context import Context
from fcsse.evaluator.known_values import AtLeast, Form
from fcsse.evaluator.patterns import (
    arn_covers,
    arn_matches,
    arn_unlike,
    covers,
    has_variables,
    is_misplaced,
    matches,
    substitute,
    tester,
    wild,
)

Test = Callable[[str, Context], bool | None]
"""Does one value of the request match? None = not known."""
FormTest = Callable[[Form, Context], bool | None]


class Operand(NamedTuple):
    """One value of the policy, ready to compare: with a value of the request, or with the form of one.

    ``pattern`` is it as a pattern where it has no variables, ``number`` as what is ordered. ``usable``: the pages say
    what it matches, so that something can be assumed of values that are not known.
    """

    text: str
    test: Test
    form: FormTest
    pattern: str | None = None
    number: Decimal | None = None
    usable: bool = True


class Operator(NamedTuple):
    """A condition operator. ``phrase`` reads between key and values.

    Operators of one ``family`` ask the same of a value and a text, so that answers can be carried over between them;
    ``relation`` then says what one pattern says of another. ``holds`` compares two numbers, for what is ordered.
    """

    make: Callable[[str, bool | None], Operand]
    negated: bool = False
    phrase: str = "equal to"
    family: str = ""
    relation: Relation | None = None
    holds: Callable[[Decimal, Decimal], bool] | None = None


def _undecided(_form: Form, _context: Context) -> bool | None:
    return None


def _pattern_operand(
    text: str,
    variables: bool | None,
    *,
    wildcards: bool,
    fold: bool = False,
    arn: bool = False,
    null: bool | None = False,
) -> Operand:
    """String and ARN operators. ``variables`` None: the policy's version is not one that IAM knows.

    ``null``: the answer where a variable has no value. Nothing is equal to it; but where that would make a negated operator
    hold, the page also says that the whole statement may be invalid. Source: IAM user guide, "Variables and tags".
    """
    alike, alike_form = (arn_matches, arn_covers) if arn else (matches, covers)
    in_doubt = arn and null is None
    compare, compare_form = (arn_unlike(alike), arn_unlike(alike_form)) if in_doubt else (alike, alike_form)
    usable = not arn or text.count(":") >= 5
    if not has_variables(text) or variables is False:
        fixed = wild(text) if wildcards else text
        if not (fold or arn):
            test_fixed = tester(fixed)
            return Operand(text, lambda given, _: test_fixed(given), lambda form, _: covers(fixed, form.pattern), fixed)
        if fold:
            fixed = fixed.lower()
            return Operand(
                text,
                lambda given, _: compare(fixed, given.lower()),
                lambda form, _: compare_form(fixed, form.pattern.lower()),
                fixed,
            )
        return Operand(
            text,
            lambda given, _: compare(fixed, given),
            lambda form, _: compare_form(fixed, form.pattern),
            fixed,
            usable=usable,
        )
    if variables is None:
        return Operand(text, lambda _, __: None, _undecided, usable=False)

    def resolve(context: Context) -> str | None:
        found = substitute(text, wildcards, context.value_of, arn=arn)
        return found.lower() if fold and found is not None else found

    def test(given: str, context: Context) -> bool | None:
        found = resolve(context)
        return null if found is None else compare(found, given.lower() if fold else given)

    def form_test(form: Form, context: Context) -> bool | None:
        found = resolve(context)
        return null if found is None else compare_form(found, form.pattern.lower() if fold else form.pattern)

    return Operand(text, test, form_test, usable=not (arn and is_misplaced(text)))


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

    def form_test(form: Form, _context: Context) -> bool | None:
        if wanted is None or not isinstance(form, AtLeast):
            return None
        least, most = form.bound
        at_first = holds(least, wanted)
        inside = least <= wanted <= most and holds(wanted, wanted) != at_first
        return at_first if at_first == holds(most, wanted) and not inside else None

    return Operand(text, test, form_test, number=wanted, usable=wanted is not None)


def _address(text: str, _variables: bool | None) -> Operand:
    net = operands.network(text)
    usable = net is not None and (net.version == 4 or "/" in text)
    return Operand(text, lambda given, _: operands.within(text, given), _undecided, text, usable=usable)


def _bool(text: str, _variables: bool | None) -> Operand:
    """Truth values ignore case. Whether variables work here, two AWS pages answer differently: they are no truth values."""
    wanted = text.lower()

    def test(given: str, _context: Context) -> bool | None:
        both = {wanted, given.lower()}
        return len(both) == 1 if both <= {"true", "false"} else None

    return Operand(text, test, _undecided, wanted, usable=wanted in ("true", "false"))


def _binary(text: str, _variables: bool | None) -> Operand:
    """Byte for byte; the request's value may be given raw or in base64."""
    wanted = operands.binary(text)

    def test(given: str, _context: Context) -> bool | None:
        own = operands.binary(given)
        if wanted is not None and wanted in (own, given.encode()):
            return True
        return None if wanted is None or own is None else False

    return Operand(text, test, _undecided, usable=False)


def _comparisons(parse: Callable[[str], Decimal | None], family: str, words: tuple[str, str]) -> dict[str, Operator]:
    less, more = words
    found = {}
    for suffix, holds, negated, phrase in (
        ("equals", Decimal.__eq__, False, "equal to"),
        ("notequals", Decimal.__eq__, True, "other than"),
        ("lessthan", Decimal.__lt__, False, less),
        ("lessthanequals", Decimal.__le__, False, f"{less} or equal to"),
        ("greaterthan", Decimal.__gt__, False, more),
        ("greaterthanequals", Decimal.__ge__, False, f"{more} or equal to"),
    ):
        make = partial(_ordered, parse=parse, holds=holds)
        found[family + suffix] = Operator(make, negated, phrase, family, holds=holds)
    return found


def _in_range(wider: str, narrower: str) -> bool | None:
    """Of two address ranges: does the second lie in the first (True) or apart from it (False)?"""
    one, other = operands.network(wider), operands.network(narrower)
    if one is None or other is None or ":" in wider + narrower:
        return None  # of IPv6 addresses without a prefix, the range is not written down
    if not one.overlaps(other):
        return False
    return True if one.prefixlen <= other.prefixlen else None


def _arn_relation(wider: str, narrower: str) -> bool | None:
    return True if wider == narrower else arn_covers(wider, narrower)


def all_operators() -> dict[str, Operator]:
    """The operators by their names in lower case, without prefixes and without ``IfExists``."""
    exact = partial(_pattern_operand, wildcards=False)
    folded = partial(_pattern_operand, wildcards=False, fold=True)
    like = partial(_pattern_operand, wildcards=True)
    arn = partial(_pattern_operand, wildcards=True, arn=True)
    found = {}
    for name, make, phrase, negated_phrase, family, relation in (
        ("stringequals", exact, "equal to", "other than", "text", covers),
        ("stringequalsignorecase", folded, "equal to", "other than", "folded", covers),
        ("stringlike", like, "like", "not like", "text", covers),
        ("arnequals", arn, "like", "not like", "arn", _arn_relation),
        ("arnlike", arn, "like", "not like", "arn", _arn_relation),
    ):
        kind = "arn" if name.startswith("arn") else "string"
        found[name] = Operator(make, False, phrase, family, relation)
        other = partial(make, null=None)
        found[f"{kind}not{name.removeprefix(kind)}"] = Operator(other, True, negated_phrase, family, relation)
    found |= {
        "bool": Operator(_bool, family="bool"),
        "binaryequals": Operator(_binary, family="binary"),
        "ipaddress": Operator(_address, False, "in", "address", _in_range),
        "notipaddress": Operator(_address, True, "not in", "address", _in_range),
    }
    found |= _comparisons(operands.number, "numeric", ("less than", "more than"))
    found |= _comparisons(operands.date, "date", ("before", "after"))
    return found


OPERATORS = all_operators()
