from __future__ import annotations

import pytest

from fcsse.errors import PolicyFullError
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument
from fcsse.policy.edit import fit, link
from fcsse.policy.equivalence import equivalent
from tests.policy.documents import NAMED, ROOT, access, document
from tests.policy.layouts import STYLES, Style

DEFAULT = PolicyDocument.parse(NAMED["default"])


def sized(size: int, style: Style) -> PolicyDocument:
    """A policy of just this many bytes without white space."""
    empty = document({**ROOT, "Sid": ""}, style=style).compact().size
    return document({**ROOT, "Sid": "é" * ((size - empty) // 2) + "x" * ((size - empty) % 2)}, style=style)


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_two_hundred_caches_fit_on_top_of_the_default_policy(style: Style) -> None:
    before = document(ROOT, style=style)
    edit = link(before, [access(f"fc-{number:017x}") for number in range(200)])
    after = fit(edit.document, before)

    assert after.size <= MAX_POLICY_BYTES
    assert equivalent(after, edit.document)
    assert len(after.statements) == 2


def test_the_layout_stays_while_it_fits() -> None:
    after = link(DEFAULT, [access("fc-1")]).document

    assert fit(after, DEFAULT) is after


def test_the_layout_stays_up_to_the_last_byte() -> None:
    full = PolicyDocument.parse(DEFAULT.text + " " * (MAX_POLICY_BYTES - DEFAULT.size))

    assert fit(full, DEFAULT) is full
    assert fit(PolicyDocument.parse(full.text + " "), DEFAULT) == DEFAULT.compact()


def test_white_space_goes_when_that_makes_it_fit() -> None:
    full = sized(MAX_POLICY_BYTES, Style(""))
    assert full.size > MAX_POLICY_BYTES
    assert full.compact().size == MAX_POLICY_BYTES

    assert fit(full, DEFAULT) == full.compact()


def test_too_much_is_refused_with_the_sizes_and_the_way_out() -> None:
    full = sized(MAX_POLICY_BYTES + 1, Style(""))
    with pytest.raises(PolicyFullError) as caught:
        fit(full, DEFAULT)

    for size in (MAX_POLICY_BYTES + 1, full.size, MAX_POLICY_BYTES, DEFAULT.size):
        assert f"{size:,}" in caught.value.message
    assert "--via grant" in caught.value.hint
