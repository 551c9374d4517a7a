"""What a write of ours overwrote, by four readings of the policy, and the document that gives it back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.apply.lost_updates import LostUpdate, find_lost_update, has_change, merged, with_additions
from fcsse.policy.document import PolicyDocument

ROOT = {"Sid": "Root", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*"}


def statement(sid: str) -> dict[str, Any]:
    return {**ROOT, "Sid": sid, "Action": f"kms:{sid}", "Resource": "*"}


A, B, C, OURS = (statement(sid) for sid in ("Decrypt", "Encrypt", "Sign", "Verify"))


def policy(*statements: dict[str, Any]) -> PolicyDocument:
    return PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def found(base: Any, theirs: Any, put: Any, now: Any) -> tuple[LostUpdate, PolicyDocument | None]:
    answer = find_lost_update(policy(*base), policy(*theirs), policy(*put), policy(*now), "aws")
    assert answer is not None
    return answer


def sids(document: PolicyDocument | None) -> list[Any]:
    assert document is not None
    return [one["Sid"] for one in json.loads(document.text)["Statement"]]


def test_nothing_is_owed_where_theirs_is_there() -> None:
    assert find_lost_update(policy(A), policy(A, B), policy(A, OURS), policy(A, B, OURS), "aws") is None
    assert find_lost_update(policy(A), policy(A), policy(A, OURS), policy(A, OURS), "aws") is None


def test_where_nobody_wrote_since_theirs_is_planned_on() -> None:
    owed, document = found([A], [A, B], [A, OURS], [A, OURS])
    assert [one.label for one in owed.missing] == ["'Encrypt'"]
    assert sids(document) == ["Decrypt", "Encrypt"]


def test_where_somebody_wrote_since_what_is_missing_is_added_to_that() -> None:
    owed, document = found([A], [A, B], [A, OURS], [A, OURS, C])
    assert (owed.labels, owed.back) == ("statement 'Encrypt'", ())
    assert sids(document) == ["Decrypt", "Verify", "Sign", "Encrypt"]
    assert sids(owed.reapplied_to(policy(A, B, C))) == ["Decrypt", "Encrypt", "Sign"]


def test_a_statement_that_stood_there_twice_is_given_back_twice() -> None:
    _, document = found([A], [A, B, B], [A, OURS], [A, OURS, C])
    assert sids(document) == ["Decrypt", "Verify", "Sign", "Encrypt", "Encrypt"]


def of_version(version: str, *statements: dict[str, Any]) -> PolicyDocument:
    return PolicyDocument.parse(json.dumps({"Version": version, "Statement": list(statements)}))


def test_a_version_that_they_had_set_is_owed_too() -> None:
    """By it, variables in statements are read as such."""
    old, new = "2008-10-17", "2012-10-17"
    base, theirs, put = of_version(old, A), of_version(new, A), of_version(old, A, OURS)
    answer = find_lost_update(base, theirs, put, put, "aws")
    assert answer is not None
    assert (answer[0].labels, answer[1]) == ("Version 2012-10-17", theirs)
    answer = find_lost_update(base, of_version(new, A, B), put, of_version(old, A, OURS, C), "aws")
    assert answer is not None
    assert (answer[0].labels, answer[1]) == ("statement 'Encrypt', Version 2012-10-17", None)
    assert find_lost_update(base, theirs, put, of_version(new, A, OURS), "aws") is None


def test_what_they_had_taken_out_is_theirs_to_take_out_again() -> None:
    owed, document = found([A, B], [A], [A, B, OURS], [A, B, OURS, C])
    assert [one.label for one in owed.back] == ["'Encrypt'"]
    assert document is None
    assert sids(owed.reapplied_to(policy(A, C))) == ["Decrypt", "Sign"]


def test_a_policy_without_a_list_of_statements_is_left_to_its_owner() -> None:
    owed, _ = found([A], [A, B], [A, OURS], [A, OURS])
    single = PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": C}))
    assert owed.reapplied_to(single) is None


def test_what_was_owed_before_is_given_back_as_well() -> None:
    earlier, _ = found([A], [A, B], [A, OURS], [A, OURS])
    for now, rest in (([A, OURS], ["Decrypt", "Sign"]), ([A, OURS, A], ["Decrypt", "Verify", "Decrypt"])):
        answer = find_lost_update(policy(A), policy(A, C), policy(A, OURS), policy(*now), "aws", earlier)
        assert answer is not None
        assert set(sids(answer[1])) == {*rest, "Sign", "Encrypt"}


def test_what_its_owner_took_out_since_is_owed_no_more() -> None:
    earlier, _ = found([A], [A, B], [A, OURS], [A, OURS])
    answer = find_lost_update(policy(A, B), policy(A), policy(A, B, OURS), policy(A, B, OURS), "aws", earlier)
    assert answer is not None
    assert (answer[0].missing, sids(answer[1])) == ((), ["Decrypt"])


@pytest.mark.parametrize(
    ("text", "has"),
    [([A, OURS], True), ([A, C, OURS], True), ([A], False), ([A, B, OURS], False), ([A, C], False)],
)
def test_a_text_has_a_change_where_it_has_what_came_and_lacks_what_went(text: Any, has: bool) -> None:
    assert has_change(policy(A, B), policy(A, OURS), policy(*text), "aws") is has


def test_a_text_that_is_the_change_alone_has_it() -> None:
    assert has_change(policy(A), policy(OURS), policy(OURS), "aws")


def test_what_others_changed_of_the_text_from_before_is_changed_in_what_was_put() -> None:
    assert sids(merged(policy(A, B), policy(A, C), policy(B, OURS), "aws")) == ["Verify", "Sign"]
    assert sids(merged(policy(A, B), policy(A, B, C), policy(OURS, C), "aws")) == ["Verify", "Sign"]


def test_of_two_texts_of_which_either_may_be_newer_what_both_added_counts() -> None:
    assert sids(with_additions(policy(A, B), policy(A, C), policy(A), "aws")) == ["Decrypt", "Encrypt", "Sign"]


def test_what_was_there_before_or_is_in_both_is_not_added_again() -> None:
    theirs = policy(A, B)
    assert with_additions(theirs, policy(A, B, C), policy(A, C), "aws") is theirs
    assert with_additions(theirs, policy(B), policy(A), "aws") is theirs
