"""CloudTrail's event history: what is recorded, in which shape, and how LookupEvents hands it out."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.clients import OPERATIONS, OTHER, OWN, documented, identity, policy, refused, slr

if TYPE_CHECKING:
    from fcsse.sandbox import Sandbox


def recorded(sandbox: Sandbox, name: str, *, account: str = OWN, region: str | None = None) -> list[dict[str, Any]]:
    """The events of one name that the record holds for an account, oldest first."""
    place = region or sandbox.region
    return [
        one.written()
        for one in sandbox.state.trail.events
        if one.event["eventName"] == name and (one.account, one.region) == (account, place)
    ]


def look_up(sandbox: Sandbox, name: str = "", value: str = "", **more: Any) -> dict[str, Any]:
    attributes = {"LookupAttributes": [{"AttributeKey": name, "AttributeValue": value}]} if name else {}
    answer: dict[str, Any] = sandbox.client("cloudtrail").lookup_events(**attributes, **more)
    return answer


@pytest.fixture
def quiet(sandbox: Sandbox) -> Sandbox:
    """A sandbox that never throttles look-ups."""
    sandbox.switches.lookups_per_second = 0
    return sandbox


def some_events(sandbox: Sandbox, number: int, name: str = "Made") -> None:
    for place in range(number):
        event = {"eventID": f"{name}-{place}", "eventName": name, "eventSource": "kms.amazonaws.com"}
        sandbox.add_event(event, ago=number - place)


def test_a_policy_change_is_recorded_whole(sandbox: Sandbox) -> None:
    """Recorded: PutKeyPolicy of 2025 (panther-labs), the text with its white space as it was sent."""
    key = sandbox.add_key("data")
    text = json.dumps(json.loads(policy()), indent=3)
    sandbox.client("kms").put_key_policy(KeyId=key.id, PolicyName="default", Policy=text)
    (event,) = recorded(sandbox, "PutKeyPolicy")
    assert event["requestParameters"] == {
        "keyId": key.id,
        "policyName": "default",
        "policy": text,
        "bypassPolicyLockoutSafetyCheck": False,
    }
    assert event["responseElements"] == {"keyId": key.arn}
    assert event["resources"] == [{"accountId": OWN, "type": "AWS::KMS::Key", "ARN": key.arn}]
    assert event["userIdentity"]["type"] == "IAMUser"
    assert event["userIdentity"]["userName"] == "admin"
    assert "Boto3" in event["userAgent"]
    assert event["readOnly"] is False
    assert abs(datetime.fromisoformat(event["eventTime"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_refusal_has_neither_parameters_nor_resources(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data", policy=policy(root=f"arn:aws:iam::{OWN}:root"))
    nobody = sandbox.client("kms", credentials=sandbox.add_user("nobody", identity("kms:Nothing")))
    refused(nobody.put_key_policy, KeyId=key.id, PolicyName="default", Policy=policy())
    (event,) = recorded(sandbox, "PutKeyPolicy")
    assert event["errorCode"] == "AccessDenied"
    assert "is not authorized to perform: kms:PutKeyPolicy" in event["errorMessage"]
    assert event["requestParameters"] is None
    assert event["responseElements"] is None
    assert "resources" not in event


def test_another_error_keeps_its_parameters(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    refused(sandbox.client("kms").put_key_policy, KeyId=key.id, PolicyName="default", Policy="no JSON")
    (event,) = recorded(sandbox, "PutKeyPolicy")
    assert event["errorCode"] == "MalformedPolicyDocumentException"
    assert event["requestParameters"]["policy"] == "no JSON"
    assert event["resources"]


def test_a_created_key_is_recorded_with_its_policy_only_where_one_was_sent(sandbox: Sandbox) -> None:
    kms = sandbox.client("kms")
    kms.create_key(Policy=policy())
    kms.create_key()
    with_policy, without = recorded(sandbox, "CreateKey")
    assert with_policy["requestParameters"]["policy"] == policy()
    assert "policy" not in without["requestParameters"]
    data = without["responseElements"]["keyMetadata"]
    assert data["aWSAccountId"] == OWN
    assert without["resources"][0]["ARN"] == data["arn"]
    assert data["creationDate"].endswith(("AM", "PM"))


def test_grants_made_and_ended(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    sandbox.add_cache("fc-0aaa", [])
    kms = sandbox.client("kms")
    given = {"KeyId": key.arn, "GranteePrincipal": slr("fc-0aaa"), "Operations": OPERATIONS, "Name": "one"}
    constraint = {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data"}}
    first = kms.create_grant(**given, Constraints=constraint)["GrantId"]
    second = kms.create_grant(**{**given, "Name": "two"})["GrantId"]
    kms.revoke_grant(KeyId=key.arn, GrantId=first)
    kms.retire_grant(KeyId=key.arn, GrantId=second)
    made = recorded(sandbox, "CreateGrant")[0]
    assert made["responseElements"] == {"keyId": key.arn, "grantId": first}
    assert made["requestParameters"]["constraints"] == {"encryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data"}}
    (revoked,) = recorded(sandbox, "RevokeGrant")
    assert revoked["requestParameters"] == {"keyId": key.arn, "grantId": first}
    (retired,) = recorded(sandbox, "RetireGrant")
    assert retired["requestParameters"] is None
    assert retired["additionalEventData"] == {"grantId": second}
    assert retired["resources"][0]["ARN"] == key.arn


def test_the_cache_s_reads_and_writes_are_recorded_in_the_name_of_its_role(sandbox: Sandbox) -> None:
    """Recorded for other service-linked roles: sessionIssuer.arn with the path, arn without, no access key."""
    key = sandbox.add_key("data", policy=policy(documented("fc-0aaa", "data")))
    sandbox.add_bucket("data", algorithm="aws:kms", key=key.arn)
    sandbox.add_cache("fc-0aaa", ["data"])
    assert sandbox.cache("fc-0aaa").write("data", "a/b.txt").allowed
    assert sandbox.cache("fc-0aaa").read("data", "a/b.txt").allowed
    (written,) = recorded(sandbox, "GenerateDataKey")
    (read,) = recorded(sandbox, "Decrypt")
    who = read["userIdentity"]
    assert who["type"] == "AssumedRole"
    assert who["sessionContext"]["sessionIssuer"]["arn"] == slr("fc-0aaa")
    assert who["arn"] == f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0aaa/FSx"
    assert "accessKeyId" not in who
    assert "userName" not in who
    context = {"aws:s3:arn": "arn:aws:s3:::data/a/b.txt"}
    assert read["requestParameters"] == {"encryptionContext": context, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    assert written["requestParameters"]["encryptionContext"] == context
    assert written["requestParameters"]["keyId"] == key.arn
    assert read["resources"][0]["ARN"] == key.arn
    assert read["readOnly"] is True


def test_a_refused_read_names_the_key_in_its_message_only(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    sandbox.add_bucket("data", algorithm="aws:kms", key=key.arn)
    sandbox.add_object("data", "a.txt")
    sandbox.add_cache("fc-0aaa", ["data"])
    outcome = sandbox.cache("fc-0aaa").read("data", "a.txt")
    (event,) = recorded(sandbox, "Decrypt")
    assert event["errorCode"] == "AccessDenied"
    assert event["errorMessage"] == outcome.message
    assert key.arn in event["errorMessage"]
    assert event["requestParameters"] is None
    assert "resources" not in event


def test_across_accounts_a_success_is_in_both_records_and_a_refusal_in_the_caller_s(sandbox: Sandbox) -> None:
    key = sandbox.add_key("far", account=OTHER)
    sandbox.add_bucket("far", account=OTHER, algorithm="aws:kms", key=key.arn)
    sandbox.add_object("far", "a.txt")
    sandbox.add_cache("fc-0aaa", ["far"])
    roles = {"Principal": {"AWS": slr("fc-0aaa")}, "Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    sandbox._bucket("far").policy = json.dumps({"Version": "2012-10-17", "Statement": [roles]}).encode()
    assert not sandbox.cache("fc-0aaa").read("far", "a.txt").allowed
    assert len(recorded(sandbox, "Decrypt")) == 1
    assert not recorded(sandbox, "Decrypt", account=OTHER)
    assert key.arn not in recorded(sandbox, "Decrypt")[0]["errorMessage"]
    owner = sandbox.client("kms", account=OTHER)
    owner.create_grant(KeyId=key.arn, GranteePrincipal=slr("fc-0aaa"), Operations=OPERATIONS)
    assert sandbox.cache("fc-0aaa").read("far", "a.txt").allowed
    mine, theirs = recorded(sandbox, "Decrypt")[-1], recorded(sandbox, "Decrypt", account=OTHER)[-1]
    assert mine["sharedEventID"] == theirs["sharedEventID"]
    assert mine["eventID"] != theirs["eventID"]
    assert (mine["recipientAccountId"], theirs["recipientAccountId"]) == (OWN, OTHER)


def test_a_bucket_s_encryption_change_is_recorded_as_the_xml_in_json(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    sandbox.add_bucket("data")
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key.arn}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
    sandbox.client("s3").put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration=rules)
    sandbox.client("s3").put_object(Bucket="data", Key="a.txt", Body=b"a")
    (event,) = recorded(sandbox, "PutBucketEncryption")
    rule = event["requestParameters"]["ServerSideEncryptionConfiguration"]["Rule"]
    assert rule["ApplyServerSideEncryptionByDefault"] == default
    assert event["requestParameters"]["bucketName"] == "data"
    assert not recorded(sandbox, "PutObject"), "data events are not in the event history"


def test_fsx_calls_are_recorded(sandbox: Sandbox) -> None:
    sandbox.client("fsx").describe_data_repository_associations()
    (event,) = recorded(sandbox, "DescribeDataRepositoryAssociations")
    assert event["eventSource"] == "fsx.amazonaws.com"
    assert event["readOnly"] is True


def test_the_ready_made_world_was_there_before_the_record(world: Sandbox) -> None:
    world.reset()
    assert not recorded(world, "PutKeyPolicy")


def test_other_writers_are_recorded(sandbox: Sandbox) -> None:
    key = sandbox.add_key("data")
    sandbox.second_writer(key)
    sandbox.client("kms").get_key_policy(KeyId=key.id)
    (event,) = recorded(sandbox, "PutKeyPolicy")
    assert "Foreign 1" in event["requestParameters"]["policy"]


def test_pages_of_fifty_newest_first(quiet: Sandbox) -> None:
    some_events(quiet, 120)
    first = look_up(quiet, "EventName", "Made")
    assert [event["EventId"] for event in first["Events"][:2]] == ["Made-119", "Made-118"]
    assert len(first["Events"]) == 50
    ids = [event["EventId"] for event in first["Events"]]
    token = first["NextToken"]
    some_events(quiet, 3)  # what happens meanwhile shifts no page
    while token:
        answer = look_up(quiet, "EventName", "Made", NextToken=token)
        ids += [event["EventId"] for event in answer["Events"]]
        token = answer.get("NextToken")
    assert ids == [f"Made-{place}" for place in reversed(range(120))]


def test_a_token_goes_with_the_same_parameters_only(quiet: Sandbox) -> None:
    some_events(quiet, 60)
    token = look_up(quiet, "EventName", "Made")["NextToken"]
    call = quiet.client("cloudtrail").lookup_events
    other = [{"AttributeKey": "EventName", "AttributeValue": "Other"}]
    assert refused(call, LookupAttributes=other, NextToken=token)[0] == "InvalidNextTokenException"
    assert refused(call, NextToken="invented")[0] == "InvalidNextTokenException"


def test_a_page_holds_at_most_fifty(quiet: Sandbox) -> None:
    call = quiet.client("cloudtrail").lookup_events
    assert refused(call, MaxResults=51)[0] == "InvalidMaxResultsException"
    some_events(quiet, 60)
    assert len(look_up(quiet, MaxResults=7)["Events"]) == 7


def test_one_attribute(quiet: Sandbox) -> None:
    two = [{"AttributeKey": "EventName", "AttributeValue": "a"}, {"AttributeKey": "EventId", "AttributeValue": "b"}]
    call = quiet.client("cloudtrail").lookup_events
    assert refused(call, LookupAttributes=two)[0] == "InvalidLookupAttributesException"


def test_events_are_kept_for_ninety_days(quiet: Sandbox) -> None:
    some_events(quiet, 2)
    quiet.age_events(90 * 86_400 + 10)
    some_events(quiet, 1, "Newer")
    assert [event["EventId"] for event in look_up(quiet)["Events"]][-1] == "Newer-0"
    early = datetime.now(UTC) - timedelta(days=91)
    assert refused(quiet.client("cloudtrail").lookup_events, StartTime=early)[0] == "InvalidTimeRangeException"


def test_a_start_bounds_the_answer(quiet: Sandbox) -> None:
    some_events(quiet, 100)
    since = datetime.now(UTC) - timedelta(seconds=10)
    assert 8 <= len(look_up(quiet, "EventName", "Made", StartTime=since)["Events"]) <= 11


def test_two_requests_a_second_for_each_account_and_region(sandbox: Sandbox) -> None:
    client = sandbox.client("cloudtrail")
    client.lookup_events()
    client.lookup_events()
    assert refused(client.lookup_events) == ("ThrottlingException", "Rate exceeded")
    assert sandbox.client("cloudtrail", region="us-east-1").lookup_events()["Events"] == []
    sandbox.client("cloudtrail", account=OTHER).lookup_events()


def test_events_may_show_late(quiet: Sandbox) -> None:
    quiet.late(event_seconds=0.3)
    quiet.add_key("data")
    quiet.client("kms").list_keys()
    assert not look_up(quiet, "EventName", "ListKeys")["Events"]
    deadline = time.monotonic() + 10
    while not look_up(quiet, "EventName", "ListKeys")["Events"]:
        assert time.monotonic() < deadline


def test_looking_takes_a_permission(quiet: Sandbox) -> None:
    nobody = quiet.client("cloudtrail", credentials=quiet.add_user("nobody", identity("kms:*")))
    code, message = refused(nobody.lookup_events)
    assert code == "AccessDeniedException"
    assert "cloudtrail:LookupEvents" in message


def test_a_key_is_a_resource_by_id_and_arn(quiet: Sandbox) -> None:
    key = quiet.add_key("data")
    quiet.client("kms").disable_key(KeyId=key.id)
    (event,) = look_up(quiet, "ResourceName", key.arn)["Events"]
    assert event["EventName"] == "DisableKey"
    assert event["ReadOnly"] == "false"
    assert {resource["ResourceName"] for resource in event["Resources"]} == {key.id, key.arn}
    assert json.loads(event["CloudTrailEvent"])["eventID"] == event["EventId"]


def test_regions_have_records_of_their_own(quiet: Sandbox) -> None:
    quiet.client("kms", region="us-east-1").list_keys()
    assert not look_up(quiet, "EventName", "ListKeys")["Events"]
