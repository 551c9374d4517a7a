"""Versions of a key policy, each against the version before; what is not in the record is said to be unknown."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.versions import Before, CacheAccess, KeyHistory, history_of
from tests.event_history import made

KEY = made.the_key()
READ = {kind.value: CacheAccess(True) for kind in KeyChange}


def history(*raw: dict[str, Any], reach: dict[str, CacheAccess] | None = None) -> KeyHistory:
    return history_of(KEY, made.events(*raw), READ if reach is None else reach)


def versions(found: KeyHistory) -> list[Any]:
    return [change.version for change in found.changes if change.version]


def test_each_version_is_compared_with_the_one_before() -> None:
    found = history(made.put(made.policy("a")), made.put(made.policy("a", "b"), 10), made.put(made.policy("b"), 20))
    first, second, third = versions(found)
    assert first.before is Before.NOT_RECORDED
    assert first.diff == ()
    assert second.before is third.before is Before.KNOWN
    assert any(row.startswith("+") and '"b"' in row for row in second.diff)
    assert any(row.startswith("-") and '"a"' in row for row in third.diff)
    assert third.before_id == found.changes[1].event.id


def test_other_white_space_and_order_are_no_difference() -> None:
    shuffled = '{"Statement": [{"Resource": ["*"], "Action": "KMS:*", "Principal": {"AWS": "111122223333"}, "Effect": "Allow", "Sid": "a"}], "Version": "2012-10-17"}'
    _, second = versions(history(made.put(made.policy("a")), made.put(shuffled, 10)))
    assert second.same is True
    assert second.diff == ()


def test_the_policy_a_key_was_created_with_is_the_first_version() -> None:
    created = made.raw(
        "CreateKey",
        requestParameters={"policy": made.policy("a"), "description": ""},
        responseElements={"keyMetadata": {"aWSAccountId": made.ACCOUNT, "arn": made.KEY_TEXT}},
        resources=None,
    )
    first, second = versions(history(created, made.put(made.policy("b"), 10)))
    assert first.before is Before.NONE
    assert second.before is Before.KNOWN
    assert second.diff


def test_a_key_created_without_a_policy_had_the_default_one_whose_text_is_not_recorded() -> None:
    created = made.raw("CreateKey", requestParameters={"description": ""})
    _, second = versions(history(created, made.put(made.policy("b"), 10)))
    assert second.before is Before.DEFAULT
    assert second.diff == ()


def test_a_created_key_whose_parameters_were_cut_says_nothing_of_its_policy() -> None:
    created = made.raw("CreateKey", requestParameters=None)
    _, second = versions(history(created, made.put(made.policy("b"), 10)))
    assert second.before is Before.NOT_RECORDED


@pytest.mark.parametrize("text", ["no JSON", "[]", '{"Version": "2012-10-17"}', ""])
def test_a_policy_that_is_none_is_a_version_without_difference(text: str) -> None:
    first, broken, after = versions(
        history(made.put(made.policy("a")), made.put(text, 10), made.put(made.policy("b"), 20))
    )
    assert broken.document is None
    assert broken.text == text
    assert broken.problem
    assert broken.diff == after.diff == ()
    assert after.before is Before.NOT_RECORDED, "what it was compared with is no policy: nothing is guessed"
    assert first.document is not None


def test_two_of_one_second_have_no_certain_order() -> None:
    found = versions(
        history(
            made.put(made.policy("a")),
            made.put(made.policy("b"), 10),
            made.put(made.policy("c"), 10),
            made.put(made.policy("d"), 20),
            made.put(made.policy("e"), 30),
        )
    )
    assert [version.before for version in found] == [
        Before.NOT_RECORDED,
        Before.SAME_SECOND,
        Before.SAME_SECOND,
        Before.SAME_SECOND,
        Before.KNOWN,
    ]


def test_a_failed_try_is_no_version() -> None:
    tried = made.put(made.policy("x"), 10, errorCode="MalformedPolicyDocumentException", errorMessage="no")
    found = history(made.put(made.policy("a")), tried, made.put(made.policy("b"), 20))
    assert versions(found)[2].before_id == found.changes[0].event.id
    assert [change.failed for change in found.shown(failed=True)] == [False, True, False]
    assert len(found.shown(failed=False)) == 2


def test_what_lies_outside_the_pages_is_not_read() -> None:
    cut = {**READ, "PutKeyPolicy": CacheAccess(False, made.NOON)}
    found = history(made.put(made.policy("a")), made.put(made.policy("b"), 10), reach=cut)
    assert [version.before for version in versions(found)] == [Before.NOT_READ, Before.KNOWN]
    assert not found.complete


def test_between_creation_and_the_oldest_page_others_may_lie() -> None:
    created = made.raw("CreateKey", -100, requestParameters={"policy": made.policy("a")})
    cut = {**READ, "PutKeyPolicy": CacheAccess(False, made.NOON)}
    second = versions(history(created, made.put(made.policy("b")), reach=cut))[1]
    assert second.before is Before.NOT_READ
    assert second.diff == ()


def test_other_keys_and_services_are_left_out_and_nameless_events_counted() -> None:
    other = made.put(made.policy("a"), resources=[{"ARN": made.OTHER_KEY}], responseElements=None)
    service = made.put(made.policy("a"), eventSource="s3files.amazonaws.com")
    nameless = made.raw(
        "PutKeyPolicy",
        requestParameters=None,
        responseElements=None,
        resources=None,
        errorCode="AccessDenied",
        errorMessage="not authorized",
    )
    found = history(other, service, nameless)
    assert found.changes == ()
    assert found.unattributed == {"PutKeyPolicy": 1}


def test_since_keeps_what_a_version_was_compared_with() -> None:
    found = history(made.put(made.policy("a")), made.put(made.policy("b"), 10)).since(made.NOON.replace(second=5))
    (second,) = versions(found)
    assert second.diff


@pytest.mark.nightly
def test_ten_thousand_events_in_any_order() -> None:
    raw = [made.put(made.policy(f"s{number}"), 2 * number) for number in range(300)]
    raw += [made.used(seconds=number) for number in range(9_700)]
    random.Random(7).shuffle(raw)
    found = versions(history(*raw))
    assert len(found) == 300
    assert [version.before for version in found[1:]] == [Before.KNOWN] * 299
    assert all(f'"s{number}"' in version.text for number, version in enumerate(found))
