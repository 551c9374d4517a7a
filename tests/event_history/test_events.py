"""Events of every age and shape: read as they are, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.event_history.events import KeyMatch, oldest_first, parse_event, parse_events, parse_time
from fcsse.event_history.uses import use_of
from tests.event_history import made

KEY = made.the_key()


@pytest.mark.parametrize("version", ["1.02", "1.05", "1.08", "1.11", "2.0", "", None])
def test_every_event_version_reads_the_same(version: str | None) -> None:
    found = made.event(made.put(made.policy("a"), eventVersion=version))
    assert found.policy == made.policy("a")
    assert found.is_about(KEY) is KeyMatch.YES


@pytest.mark.parametrize("parameters", [None, "cut off", [], 7, {}, {"omitted": True, "reason": "too large"}])
def test_parameters_that_are_missing_or_cut_read_as_no_policy(parameters: Any) -> None:
    raw = made.put("x")
    raw["requestParameters"] = parameters
    found = made.event(raw)
    assert found.policy is None
    assert found.is_about(KEY) is KeyMatch.YES, "the resources still name the key"


@pytest.mark.parametrize(
    ("reference", "match"),
    [
        (made.KEY_ID, KeyMatch.YES),
        (made.KEY_TEXT, KeyMatch.YES),
        ("alias/data", KeyMatch.UNKNOWN),
        (f"arn:aws:kms:eu-west-1:{made.ACCOUNT}:alias/data", KeyMatch.UNKNOWN),
        ("", KeyMatch.UNKNOWN),
        (made.OTHER_KEY, KeyMatch.NO),
        ("ffffffff-12ab-34cd-56ef-1234567890ab", KeyMatch.NO),
    ],
)
def test_the_key_as_the_caller_gave_it(reference: str, match: KeyMatch) -> None:
    """Where neither resources nor the answer name it. An alias may have pointed to another key then: never a guess."""
    raw = made.raw("CreateGrant", requestParameters={"keyId": reference}, responseElements=None, resources=None)
    assert made.event(raw).is_about(KEY) is match


def test_a_bare_id_counts_in_its_own_region_and_account() -> None:
    """Replicas of a multi-Region key share the id."""
    given_id: dict[str, Any] = {
        "requestParameters": {"keyId": made.KEY_ID},
        "responseElements": None,
        "resources": None,
    }
    assert made.event(made.raw("DisableKey", awsRegion="us-east-1", **given_id)).is_about(KEY) is KeyMatch.NO
    other = made.raw("DisableKey", recipientAccountId="444455556666", **given_id)
    assert made.event(other).is_about(KEY) is KeyMatch.NO


def test_resources_win_over_the_reference() -> None:
    raw = made.raw("Decrypt", requestParameters={"keyId": "alias/data"}, responseElements=None)
    assert made.event(raw).is_about(KEY) is KeyMatch.YES


@pytest.mark.parametrize("name", ["ARN", "arn", "Arn"])
def test_members_in_either_letter_case(name: str) -> None:
    raw = made.raw("DisableKey", responseElements=None, resources=[{name: made.KEY_TEXT, "accountId": "AWS Internal"}])
    assert made.event(raw).key_arns == (made.KEY_TEXT,)


def test_a_refusal_names_its_key_in_the_message_at_best() -> None:
    assert made.event(made.refused()).is_about(KEY) is KeyMatch.YES
    other = made.refused(message=f"not authorized to perform: kms:Decrypt on resource: {made.OTHER_KEY}")
    assert made.event(other).is_about(KEY) is KeyMatch.NO
    nameless = made.refused(message="not authorized … on the resource associated with this ciphertext because …")
    assert made.event(nameless).is_about(KEY) is KeyMatch.UNKNOWN


def test_a_retired_grant_s_id_is_in_the_additional_data() -> None:
    raw = made.raw("RetireGrant", requestParameters=None, additionalEventData={"grantId": "ab" * 32})
    assert made.event(raw).grant_id == "ab" * 32


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ({"accountId": made.ACCOUNT, "invokedBy": "AWS Internal"}, "AWS Internal"),
        ({"type": "IAMUser", "userName": "bob", "sessionContext": {"sessionIssuer": {}}}, "user bob"),
        (
            {"type": "Root", "accountId": made.ACCOUNT, "arn": "arn:aws:iam::111122223333:root"},
            "root user of account 111122223333",
        ),
        ({}, "not recorded"),
        (None, "not recorded"),
    ],
)
def test_who_it_was(identity: Any, name: str) -> None:
    raw = made.raw("DisableKey")
    raw["userIdentity"] = identity
    assert made.event(raw).actor.name == name


def test_a_session_is_known_by_its_issuer() -> None:
    actor = made.event(made.raw("DisableKey")).actor
    assert actor.role == f"arn:aws:iam::{made.ACCOUNT}:role/team/Admin"
    assert actor.name == "role Admin, session alice"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00Z",
        "2026-11-28T13:00:00+01:00",
        "2026-11-28 12:00:00.000000000",
        "Nov 28, 2026, 12:00:00 PM",
        "Nov 28, 2026 12:00:00 PM",
    ],
)
def test_times_in_several_spellings(text: str) -> None:
    assert parse_time(text) == made.NOON


@pytest.mark.parametrize(
    "text", ["", "not JSON", "[]", "null", "7", "{}", '{"eventName": "PutKeyPolicy"}', "[" * 100_000]
)
def test_what_is_no_event_is_none(text: str) -> None:
    assert parse_event(text) is None


def test_unreadable_entries_are_counted() -> None:
    texts = [(made.NOON, json.dumps(made.raw("DisableKey"))), (made.NOON, "cut off {")]
    found, unreadable = parse_events(texts)
    assert (len(found), unreadable) == (1, 1)


def test_an_event_comes_once_and_a_correction_takes_its_place() -> None:
    first = made.put(made.policy("a"), eventID="one")
    again = made.put(made.policy("a"), eventID="one")
    corrected = made.put(made.policy("b"), eventID="two", addendum={"reason": "UPDATED_DATA", "originalEventID": "one"})
    late = made.put(made.policy("c"), 5, eventID="three", addendum={"reason": "DELIVERY_DELAY"})
    found = oldest_first(made.events(first, again, corrected, late))
    assert [event.id for event in found] == ["two", "three"]


@pytest.mark.parametrize("reason", ["DELIVERY_DELAY", "UPDATED_DATA"])
def test_an_event_that_names_itself_as_the_original_is_not_lost(reason: str) -> None:
    first = made.put(made.policy("a"), eventID="one")
    late = made.put(made.policy("b"), eventID="one", addendum={"reason": reason, "originalEventID": "one"})
    for order in ((late,), (first, late), (late, first)):
        assert [event.policy for event in oldest_first(made.events(*order))] == [made.policy("b")]


def test_order_is_by_time_whatever_the_order_they_came_in() -> None:
    found = made.events(*(made.raw("DisableKey", seconds) for seconds in (5, 1, 9, 3)))
    assert [event.time.second for event in oldest_first(found)] == [1, 3, 5, 9]


_TEXTS = st.sampled_from(["", "keyId", "arn", "policy", made.KEY_TEXT, made.KEY_ID, "alias/a", "aws:s3:arn", "\ud800"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(sorted(made.raw("Decrypt"))), _JSON), st.sampled_from(["Decrypt", "PutKeyPolicy"])
)
def test_no_member_of_any_type_breaks_reading(members: dict[str, Any], name: str) -> None:
    text = json.dumps({**made.used(name), **members})
    found = parse_event(text, datetime(2026, 1, 1, tzinfo=UTC))
    if found is not None:
        assert isinstance(found.is_about(KEY), KeyMatch)
        assert found.policy is None or isinstance(found.policy, str)
        assert isinstance(found.actor.name, str)
        use_of(found)
