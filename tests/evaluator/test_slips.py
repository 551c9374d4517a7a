"""Probable mistakes in a statement, each with its words."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.evaluator.operators import all_operators
from fcsse.evaluator.slips import of_statement


@pytest.mark.parametrize(
    ("statement", "version", "found"),
    [
        ({"Resource": "${aws:username}"}, "2012-10-17", ()),
        ({"Resource": "${aws:username}"}, None, ("${aws:username} is plain text: policy variables need Version 2012-10-17",)),
        ({"Resource": ["${*}", "a${?}", {"a": "${$}"}]}, None, ()),
        ({"Resource": "${Name}"}, "2012-10-17", ("${Name} looks like a placeholder that a template should have filled",)),
        ({"Principal": {"AWS": ["{{ role }}"]}}, "2012-10-17", ("{{ role }} looks like a placeholder that a template should have filled",)),
        ({"Principal": {"${Kind}": "x"}}, "2012-10-17", ("${Kind} looks like a placeholder that a template should have filled",)),
        ({"Sid": "${Name}"}, None, ()),
        ({"Condition": {"StringEqual": {"aws:userid": "x"}}}, None, ("AWS has no condition operator StringEqual",)),
        ({"Condition": {"ForAnyValue:StringEqualsIfExists": {"aws:userid": "x"}, "Null": {"aws:userid": "true"}}}, None, ()),
        ({"Condition": {"StringEquals": {"aws:PrincipalTag/": "x"}}}, None, ("the condition key aws:PrincipalTag/ lacks the name that belongs behind it",)),
        ({"Condition": {"StringEquals": {"aws:Service": "x"}}}, None, ("AWS lists no condition key aws:Service",)),
        ({"Condition": "StringEqual"}, None, ()),
        ({"Condition": {"StringEqual": "x"}}, None, ()),
    ],
)  # fmt: skip
def test_each_has_its_words(statement: dict[str, Any], version: str | None, found: tuple[str, ...]) -> None:
    assert of_statement(statement, version) == found


def test_every_operator_has_its_words_and_its_way_to_compare() -> None:
    """IAM user guide, "Condition operators"; the negated ones leave open what a variable without a value does."""
    found = {name: (one.negated, one.phrase, one.family) for name, one in all_operators().items()}
    text = {"equals": "equal to", "like": "like", "equalsignorecase": "equal to"}
    family = {"equals": "text", "like": "text", "equalsignorecase": "folded"}
    expected = {f"string{name}": (False, phrase, family[name]) for name, phrase in text.items()}
    not_text = {"equals": "other than", "like": "not like", "equalsignorecase": "other than"}
    expected |= {f"stringnot{name}": (True, phrase, family[name]) for name, phrase in not_text.items()}
    for name in ("equals", "like"):
        expected |= {f"arn{name}": (False, "like", "arn"), f"arnnot{name}": (True, "not like", "arn")}
    for kind, less, more in (("numeric", "less than", "more than"), ("date", "before", "after")):
        expected |= {
            f"{kind}equals": (False, "equal to", kind),
            f"{kind}notequals": (True, "other than", kind),
            f"{kind}lessthan": (False, less, kind),
            f"{kind}lessthanequals": (False, f"{less} or equal to", kind),
            f"{kind}greaterthan": (False, more, kind),
            f"{kind}greaterthanequals": (False, f"{more} or equal to", kind),
        }
    expected |= {
        "bool": (False, "equal to", "bool"),
        "binaryequals": (False, "equal to", "binary"),
        "ipaddress": (False, "in", "address"),
        "notipaddress": (True, "not in", "address"),
    }
    assert found == expected


@pytest.mark.parametrize(
    ("name", "text", "pattern", "number"),
    [
        ("stringequals", "A*", "A*", None),
        ("stringlike", "A*", "A\ufdd0", None),
        ("stringequalsignorecase", "A*", "a*", None),
        ("arnequals", "A:*", "A:\ufdd0", None),
        ("arnlike", "A:*", "A:\ufdd0", None),
        ("numericequals", "1", None, 1),
        ("dateequals", "1970-01-02", None, 86400),
    ],
)
def test_what_an_operator_makes_of_a_text(name: str, text: str, pattern: str | None, number: int | None) -> None:
    for negated in (name, name.replace("equals", "notequals").replace("like", "notlike")):
        found = all_operators()[negated].make(text, False)
        assert (found.pattern, found.number, found.usable) == (pattern, number, not name.startswith("arn"))
