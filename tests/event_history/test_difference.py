"""The difference by meaning: nothing where two versions say the same, however they are laid out."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fcsse.event_history.difference import difference
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent
from tests.policy import documents


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same in another order: of members and of lists."""
    if isinstance(value, dict):
        items = [(name, shuffled(item, chance)) for name, item in value.items()]
        chance.shuffle(items)
        return dict(items)
    if isinstance(value, list):
        items_of_list = [shuffled(one, chance) for one in value]
        chance.shuffle(items_of_list)
        return items_of_list
    return value


def parse(value: Any, indent: int | None = None) -> PolicyDocument:
    return PolicyDocument.parse(json.dumps(value, indent=indent))


@given(documents.documents(), documents.documents())
def test_there_is_a_difference_exactly_where_the_meaning_differs(a: PolicyDocument, b: PolicyDocument) -> None:
    assert (difference(a, b) == ()) is equivalent(a, b)
    assert difference(a, a) == ()


@given(documents.documents(), st.integers(0, 99))
def test_another_order_and_layout_are_no_difference(document: PolicyDocument, seed: int) -> None:
    other = parse(shuffled(document.value, random.Random(seed)), indent=seed % 5)
    assert difference(document, other) == ()


def test_one_added_statement_is_all_that_shows_whatever_the_layout() -> None:
    before: Any = {"Version": "2012-10-17", "Statement": [documents.ROOT, documents.ours("fc-0123")]}
    added = documents.ours("fc-0456", sid="added")
    after = {"Statement": [added, documents.ours("fc-0123"), documents.ROOT], "Version": "2012-10-17"}
    rows = difference(parse(before, indent=3), parse(after))
    changed = [row for row in rows if row.startswith(("+", "-"))]
    assert all(row.startswith("+") for row in changed)
    assert any('"added"' in row for row in changed)
    assert not any("Enable IAM" in row for row in changed)


def test_one_principal_more_is_one_line_more() -> None:
    before = parse({"Version": "2012-10-17", "Statement": [documents.ours("fc-0123", "fc-0456")]})
    after = parse({"Version": "2012-10-17", "Statement": [documents.ours("fc-0456", "fc-0789", "fc-0123")]})
    changed = [row for row in difference(before, after) if row.startswith(("+", "-"))]
    assert len(changed) == 1
    assert "fc-0789" in changed[0]


def test_letter_case_that_says_nothing_does_not_show() -> None:
    one = {"Sid": "a", "Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt"], "Resource": "*"}
    two = {**one, "Action": ["KMS:decrypt", "kms:Encrypt"], "Principal": {"AWS": "*"}}
    rows = difference(parse({"Statement": [one]}), parse({"Statement": [two]}))
    removed = [row for row in rows if row.startswith("-")]
    assert removed == ['-      "Action": "kms:Decrypt",']


def test_what_does_not_print_is_escaped() -> None:
    one = {"Sid": "a\u202e\u0007", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    rows = difference(parse({"Statement": []}), parse({"Statement": [one]}))
    assert all(row.isprintable() for row in rows)
