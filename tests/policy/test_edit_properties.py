"""What holds for every edit of every policy."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fcsse.policy.document import JsonValue, PolicyDocument
from fcsse.policy.edit import link, prune_dead, unlink
from fcsse.policy.equivalence import canonical_document, canonical_statement, equivalent
from fcsse.policy.statement import Access, read_statement
from fcsse.policy.statement_edits import with_statements
from tests.policy import reading
from tests.policy.documents import (
    CACHES_IN_DOCUMENTS,
    CACHES_WISHED,
    DEAD,
    NAMED,
    access,
    accesses,
    documents,
    role,
    stored_documents,
)
from tests.thorough import examples

COMMON = settings(max_examples=examples(80), deadline=None, suppress_health_check=[HealthCheck.too_slow])
ALL_CACHES = CACHES_WISHED[:2] + CACHES_IN_DOCUMENTS[:2]
EVERYONES = accesses(ALL_CACHES, every_cache=True)


def wanted(wishes: list[Access]) -> set[reading.Given]:
    return set().union(*(reading.wanted(operation) for operation in wishes))


@COMMON
@given(documents(), EVERYONES)
def test_linking_gives_what_was_wished_and_nothing_else(document: PolicyDocument, wishes: list[Access]) -> None:
    before, after = reading.given(document), reading.given(link(document, wishes).document)

    assert before <= after
    assert after - before <= wanted(wishes)
    every_cache = {one._replace(principal="*") for one in wanted(wishes)}
    for one, anybody in ((one, one._replace(principal="*")) for one in wanted(wishes)):
        assert one in after or anybody in after & every_cache


@COMMON
@given(documents(), EVERYONES)
def test_linking_twice_is_linking_once(document: PolicyDocument, wishes: list[Access]) -> None:
    once = link(document, wishes)
    twice = link(once.document, wishes)

    assert twice.document is once.document
    assert not twice.changed
    assert once.changed == (once.document.text != document.text)


@COMMON
@given(documents(), EVERYONES, st.randoms(use_true_random=False))
def test_the_order_of_wishes_does_not_matter(
    document: PolicyDocument, wishes: list[Access], shuffler: random.Random
) -> None:
    other = list(wishes)
    shuffler.shuffle(other)

    assert link(document, wishes) == link(document, other)
    assert unlink(document, wishes) == unlink(document, other)


@COMMON
@given(documents(), EVERYONES)
def test_what_is_not_ours_keeps_every_byte(document: PolicyDocument, wishes: list[Access]) -> None:
    foreign = [index for index, one in enumerate(document.statements) if read_statement(one.value) is None]
    before = reading.raw_statements(document)
    linked, unlinked = link(document, wishes).document, unlink(document, wishes).document
    after = reading.raw_statements(linked)

    assert [after[index] for index in foreign] == [before[index] for index in foreign]
    assert [one for one in reading.raw_statements(unlinked) if one in [before[index] for index in foreign]] == [
        before[index] for index in foreign
    ]
    place, new_place = document.tree.member("Statement"), linked.tree.member("Statement")
    assert place is not None
    assert new_place is not None
    assert linked.text[: new_place.start] == document.text[: place.start]
    assert linked.text[new_place.end :] == document.text[place.end :]
    assert {**linked.value, "Statement": []} == {**document.value, "Statement": []}
    assert list(linked.value) == list(document.value)


@COMMON
@given(documents(), EVERYONES)
def test_linking_changes_no_byte_of_a_statement_that_gives_no_more_than_before(
    document: PolicyDocument, wishes: list[Access]
) -> None:
    after = link(document, wishes).document
    pairs = zip(document.statements, after.statements[: len(document.statements)], strict=True)
    for index, (old, new) in enumerate(pairs):
        if canonical_statement(old.value) == canonical_statement(new.value):
            assert reading.raw_statements(document)[index] == reading.raw_statements(after)[index]
        else:
            was, now = read_statement(old.value), read_statement(new.value)
            assert was is not None
            assert now is not None
            assert list(old.value) == list(new.value)
            assert now.principals[: len(was.principals)] == was.principals
            assert was.patterns <= now.patterns


@COMMON
@given(stored_documents(), accesses())
def test_unlinking_restores_what_kms_stores_to_the_byte(document: PolicyDocument, wishes: list[Access]) -> None:
    linked = link(document, wishes).document

    assert unlink(linked, wishes).document.text == document.text


@COMMON
@given(documents(), accesses())
def test_unlinking_restores_any_layout_to_the_byte(document: PolicyDocument, wishes: list[Access]) -> None:
    """No list of one, which cannot be told from a string that had company, is among these documents."""
    linked = link(document, wishes).document

    assert unlink(linked, wishes).document.text == document.text


@pytest.mark.parametrize("name", NAMED)
def test_unlinking_restores_named_documents_to_the_byte(name: str) -> None:
    document = PolicyDocument.parse(NAMED[name])
    wishes = [access("fc-a1"), access("fc-a2"), access(None, "logs.example"), access("fc-a1", "x-1")]
    linked = link(document, wishes)

    assert linked.changed
    assert wanted(wishes) <= reading.given(linked.document)
    assert unlink(linked.document, wishes).document.text == NAMED[name]


@pytest.mark.parametrize("name", NAMED)
def test_unlinking_one_after_the_other_restores_named_documents(name: str) -> None:
    document = PolicyDocument.parse(NAMED[name])
    first, second = access("fc-a1"), access("fc-a2")
    once = link(document, [first]).document
    twice = link(once, [second]).document

    assert unlink(twice, [second]).document.text == once.text
    assert unlink(unlink(twice, [first]).document, [second]).document.text == document.text


@COMMON
@given(documents(), EVERYONES)
def test_unlinking_takes_just_that_access(document: PolicyDocument, wishes: list[Access]) -> None:
    edit = unlink(document, wishes)
    gone = {(one.principal, f"arn:aws:s3:::{one.bucket}") for one in wishes}
    left = {one for one in reading.given(document) if (one.principal, one.pattern.removesuffix("/*")) not in gone}

    assert reading.given(edit.document) == left
    assert unlink(edit.document, wishes).document is edit.document


@COMMON
@given(documents(least=1), accesses(), st.randoms(use_true_random=False))
def test_a_known_text_that_says_the_same_comes_back(
    document: PolicyDocument, wishes: list[Access], shuffler: random.Random
) -> None:
    compact = link(document, wishes).document.compact()
    assume(compact.text != document.compact().text)
    other = link(document, [access("fc-ffff", "elsewhere")]).document.text
    known = ["not a policy", other, document.text]
    shuffler.shuffle(known)

    assert unlink(compact, wishes, known).document.text == document.text
    restored = unlink(compact, wishes, [other]).document
    assert restored.text != other
    assert equivalent(restored, document)


@COMMON
@given(documents((*CACHES_IN_DOCUMENTS, *DEAD)), accesses())
def test_dead_principals_leave_statements_of_ours(document: PolicyDocument, wishes: list[Access]) -> None:
    text = document.text
    for name in DEAD:
        text = text.replace(role(name), name)
    document = PolicyDocument.parse(text)
    before = reading.given(document)
    living = {one for one in before if one.principal not in DEAD}

    assert reading.given(prune_dead(document, DEAD, ours_only=True).document) == living
    after = link(document, wishes, dead=DEAD)
    assert living <= reading.given(after.document) <= living | wanted(wishes)
    assert link(after.document, wishes, dead=DEAD).document is after.document


@COMMON
@given(documents(), EVERYONES)
def test_compact_documents_are_edited_alike(document: PolicyDocument, wishes: list[Access]) -> None:
    """The layout decides nothing: edits of the same policy on one line come to the same meaning."""
    for edit in (link, unlink):
        one, other = edit(document, wishes), edit(document.compact(), wishes)
        assert canonical_document(one.document) == canonical_document(other.document)
        assert one.steps == other.steps


@given(documents(), documents())
def test_statements_of_others_are_written_as_they_are(document: PolicyDocument, other: PolicyDocument) -> None:
    """Lost ones are given back: a number, a boolean or null is not to become a text."""
    values = [one.value for one in other.statements]
    before = [one.value for one in document.statements]
    assert [one.value for one in with_statements(document, (), values).statements] == before + values


def test_a_boolean_of_a_condition_stays_one() -> None:
    value: dict[str, JsonValue] = {
        "Effect": "Deny",
        "Condition": {"Bool": {"aws:SecureTransport": False}},
        "Odd": [1.5, None, 3],
    }
    made = with_statements(PolicyDocument.parse('{"Version": "2012-10-17", "Statement": []}'), (), [value])
    assert [one.value for one in made.statements] == [value]
    assert "false" in made.text
