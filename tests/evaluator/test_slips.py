"""Probable mistakes in a statement, each with its words."""

from __future__ import annotations

from typing import Any

import pytest

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
