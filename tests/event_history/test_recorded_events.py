"""Forms of events that AWS was recorded to write, or wrote in older years, and that the sandbox does not: fcsse reads them all.

Each test names the facts of ``tests/data/recorded-aws.jsonl`` that it is about.
"""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.arn import role_arn
from fcsse.event_history.events import KeyMatch, oldest_first
from fcsse.event_history.uses import use_of
from fcsse.event_history.versions import Before, CacheAccess, history_of
from tests.event_history.made import ACCOUNT, KEY_ID, KEY_TEXT, event, policy, put, raw, refused, the_key, used

OBJECT = "arn:aws:s3:::data/a.txt"
RESOURCE = {"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY_TEXT}
REACH = {name: CacheAccess(True, None) for name in ("PutKeyPolicy", "CreateKey")}


@pytest.mark.parametrize(
    "service",
    [
        "firehose.amazonaws.com",
        "internal.amazonaws.com",
        "AWS Internal",
        "fas.s3.amazonaws.com",
        "s3.amazonaws.com",
        None,
    ],
)
def test_a_use_is_the_role_s_whatever_service_is_in_front(service: str | None) -> None:
    """z02, z04, z05."""
    made = used(sourceIPAddress=service, userAgent=service)
    made["userIdentity"].pop("invokedBy")
    if service:
        made["userIdentity"]["invokedBy"] = service
    use = use_of(event(made))
    assert use is not None
    assert (use.role, use.context, use.is_on(the_key())) == (role_arn("aws", ACCOUNT, "fc-0123"), OBJECT, KeyMatch.YES)


def test_the_key_of_a_use_is_the_one_in_resources_whatever_name_was_asked() -> None:
    """z02, z03: the request names an alias; z06: a Decrypt names none."""
    alias = f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/aws/s3"
    sent = {"encryptionContext": {"aws:s3:arn": OBJECT}, "keyId": alias, "keySpec": "AES_256"}
    use = use_of(event(used("GenerateDataKey", requestParameters=sent)))
    assert use is not None
    assert use.is_on(the_key()) is KeyMatch.YES


def test_the_oldest_form_has_resources_without_a_type() -> None:
    """z04, z27."""
    resource = {"accountId": "AWS Internal", "ARN": KEY_TEXT}
    use = use_of(event(used(eventVersion="1.02", resources=[resource])))
    assert use is not None
    assert use.is_on(the_key()) is KeyMatch.YES


@pytest.mark.parametrize(
    ("sentence", "match"),
    [
        (f"User: arn is not authorized to perform: kms:GenerateDataKey on resource: {KEY_TEXT}", KeyMatch.YES),
        (
            "User: arn is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because "
            "the resource does not exist in this Region, no resource-based policies allow access, or a resource-based "
            "policy explicitly denies access",
            KeyMatch.UNKNOWN,
        ),
    ],
)
def test_refusals_with_and_without_the_key(sentence: str, match: KeyMatch) -> None:
    """z11, z13."""
    use = use_of(event(refused(message=sentence)))
    assert use is not None
    assert (use.allowed, use.is_on(the_key())) == (False, match)


@pytest.mark.parametrize("answer", [None, {"keyId": KEY_TEXT}])
@pytest.mark.parametrize("resource", [RESOURCE, {"accountId": ACCOUNT, "type": "AWS::KMS::Key", "arn": KEY_TEXT}])
def test_a_policy_change_of_any_year_is_read_whole(answer: Any, resource: dict[str, str]) -> None:
    """z18, z19."""
    made = put(policy("one"), responseElements=None, resources=[resource])
    made["responseElements"] = answer
    found = event(made)
    assert found.policy == policy("one")
    assert found.is_about(the_key()) is KeyMatch.YES


@pytest.mark.parametrize("name", ["awsAccountId", "aWSAccountId", "AWSAccountId"])
def test_a_created_key_is_known_by_its_answer(name: str) -> None:
    """z22, z23."""
    metadata = {name: ACCOUNT, "keyId": KEY_ID, "arn": KEY_TEXT, "creationDate": "Feb 26, 2024, 5:32:56 AM"}
    made = raw("CreateKey", requestParameters={"description": ""}, responseElements={"keyMetadata": metadata})
    made.pop("resources")
    assert event(made).is_about(the_key()) is KeyMatch.YES
    assert event(made).policy is None


@pytest.mark.parametrize("answer", [None, {"keyId": KEY_TEXT}])
@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("RevokeGrant", {"requestParameters": {"keyId": KEY_ID, "grantId": "ab" * 32}}),
        ("RetireGrant", {"requestParameters": None, "additionalEventData": {"grantId": "ab" * 32}}),
    ],
)
def test_the_end_of_a_grant_in_either_form(name: str, members: dict[str, Any], answer: Any) -> None:
    """z25, z26: without an answer before December 2022; an AWS service may be who retired it."""
    made = raw(name, userIdentity={"type": "AWSService", "invokedBy": "AWS Internal"})
    made |= {**members, "responseElements": answer}
    found = event(made)
    assert found.grant_id == "ab" * 32
    assert found.is_about(the_key()) is KeyMatch.YES
    assert found.actor.name == "AWS Internal"


def test_what_kms_does_by_itself_is_no_use_and_no_version() -> None:
    """z31."""
    for name in ("DeleteKey", "RotateKey", "SynchronizeMultiRegionKey"):
        made = event(raw(name, eventType="AwsServiceEvent", requestParameters=None))
        assert use_of(made) is None
        assert not history_of(the_key(), [made], REACH).changes


def test_a_corrected_event_counts_once() -> None:
    """z46: an addendum names the event that it replaces, which may come, too, and late."""
    first = put(policy("one"))
    addendum = {"reason": "UPDATED_DATA", "originalEventID": first["eventID"], "updatedFields": "eventTime"}
    second = put(policy("two"), 1, addendum=addendum)
    for order in ((first, second), (second, first)):
        found = oldest_first(event(one, place) for place, one in enumerate(order))
        assert [one.policy for one in found] == [policy("two")]


def test_an_identity_without_a_type_is_named_by_what_it_has() -> None:
    """z47."""
    made = event(raw("RotateKey", userIdentity={"accountId": ACCOUNT, "invokedBy": "AWS Internal"}))
    assert made.actor.name == "AWS Internal"
    assert use_of(made) is None


def test_events_of_other_services_are_none_of_kms() -> None:
    """z52, z57: names of calls are not unique among services."""
    other = event(used("Decrypt", eventSource="payment-cryptography.amazonaws.com"))
    assert use_of(other) is None
    foreign = event(put(policy("one"), eventSource="elsewhere.amazonaws.com"))
    assert not history_of(the_key(), [foreign], REACH).changes


def test_a_first_version_without_a_recorded_text() -> None:
    """z23: KMS's default policy applied."""
    metadata = {"aWSAccountId": ACCOUNT, "keyId": KEY_ID, "arn": KEY_TEXT}
    made = event(raw("CreateKey", requestParameters={"origin": "AWS_KMS"}, responseElements={"keyMetadata": metadata}))
    changed = event(put(policy("one"), 5))
    found = history_of(the_key(), [made, changed], REACH)
    assert [one.version.before for one in found.changes if one.version][-1] is Before.DEFAULT
