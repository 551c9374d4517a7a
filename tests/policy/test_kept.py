"""What was made of policies is kept while it is of use, and no longer."""

from __future__ import annotations

import pytest

from fcsse.errors import PolicyFormatError
from fcsse.policy import kept as kept_module
from fcsse.policy.document import PolicyDocument, parsed
from fcsse.policy.kept import Kept, forget, kept


@pytest.fixture
def length(monkeypatch: pytest.MonkeyPatch) -> Kept[str, list[str]]:
    """Makes a new list of a text each time; keeps three."""
    monkeypatch.setattr(kept_module, "KEPT_POLICIES", 3)
    monkeypatch.setattr(kept_module, "_ALL", [])
    return kept(lambda text: [text])


def test_a_result_is_made_once(length: Kept[str, list[str]]) -> None:
    assert length("a") is length("a")
    assert length("a") == ["a"]


def test_only_the_latest_are_kept(length: Kept[str, list[str]]) -> None:
    first = length("a")
    others = [length(text) for text in "bcd"]
    assert len(length) == 3
    assert all(length(text) is one for text, one in zip("bcd", others, strict=True))
    assert length("a") is not first


def test_what_is_forgotten_is_made_anew_and_the_rest_is_not(length: Kept[str, list[str]]) -> None:
    first, second = length("a"), length("b")
    forget(["a", "never seen"])
    assert length("a") is not first
    assert length("b") is second


def test_a_policy_is_known_by_its_text_and_by_its_document() -> None:
    text = '{"Statement": []}'
    document = parsed(text)
    of_documents: Kept[PolicyDocument, list[str]] = kept(lambda one: [one.text])
    try:
        found = of_documents(document)
        forget([text])
        assert of_documents(document) is not found
        assert parsed(text) is not document
    finally:
        kept_module._ALL.remove(of_documents)


def test_an_error_is_raised_each_time() -> None:
    for _ in range(2):
        with pytest.raises(PolicyFormatError):
            parsed("no policy")
