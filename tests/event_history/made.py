"""Events as CloudTrail writes them, made for tests."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from fcsse.arn import Arn, key_arn, role_arn
from fcsse.event_history.events import Event, parse_event

ACCOUNT = "111122223333"
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
KEY_TEXT = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY_ID}"
OTHER_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/ffffffff-12ab-34cd-56ef-1234567890ab"
NOON = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def the_key() -> Arn:
    found = key_arn(KEY_TEXT)
    assert found is not None
    return found


def policy(*sids: str) -> str:
    """A policy with a statement for each Sid."""
    statements = [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        for sid in sids
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def raw(name: str, seconds: float = 0, **members: Any) -> dict[str, Any]:
    """An event of KMS, so many seconds after noon; members given as None are left out."""
    event: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:alice",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
            "accountId": ACCOUNT,
            "accessKeyId": "ASIAEXAMPLE",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/team/Admin", "userName": "Admin"}
            },
        },
        "eventTime": (NOON + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "kms.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31.0 md/prompt#off",
        "requestParameters": {"keyId": KEY_ID},
        "responseElements": {"keyId": KEY_TEXT},
        "eventID": f"00000000-0000-4000-8000-{next(_numbers):012d}",
        "resources": [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": KEY_TEXT}],
        "recipientAccountId": ACCOUNT,
    }
    event.update(members)
    return {key: value for key, value in event.items() if value is not None}


def put(text: str, seconds: float = 0, **members: Any) -> dict[str, Any]:
    """A PutKeyPolicy."""
    return raw(
        "PutKeyPolicy", seconds, requestParameters={"keyId": KEY_ID, "policyName": "default", "policy": text}, **members
    )


def used(
    name: str = "Decrypt",
    seconds: float = 0,
    *,
    cache: str = "fc-0123",
    context: str | None = "arn:aws:s3:::data/a.txt",
    key: str = KEY_TEXT,
    session: str = "FSx",
    **members: Any,
) -> dict[str, Any]:
    """A use of a key by a cache's role through S3."""
    role = role_arn("aws", ACCOUNT, cache)
    identity = {
        "type": "AssumedRole",
        "principalId": f"AROACACHE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSServiceRoleForFSxS3Access_{cache}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role}},
        "invokedBy": "fas.s3.amazonaws.com",
    }
    sent = {"encryptionContext": {"aws:s3:arn": context}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    resources = [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": key}]
    made = raw(name, seconds, userIdentity=identity, requestParameters=sent, resources=resources)
    made["responseElements"] = None
    made.update(members)
    return made


def refused(name: str = "Decrypt", seconds: float = 0, *, message: str | None = None, **members: Any) -> dict[str, Any]:
    """The same refused: as a rule without parameters and resources, the key in the sentence at best."""
    sentence = f"User: arn is not authorized to perform: kms:{name} on resource: {KEY_TEXT} because no resource-based policy allows the kms:{name} action"
    found = used(name, seconds, **members)
    found |= {"errorCode": "AccessDenied", "errorMessage": message or sentence, "requestParameters": None}
    del found["resources"]
    return found


def event(raw_event: dict[str, Any], place: int = 0) -> Event:
    """The event of a raw one."""
    found = parse_event(json.dumps(raw_event), place=place)
    assert found is not None
    return found


def events(*raw_events: dict[str, Any]) -> list[Event]:
    """Events, given oldest first, in CloudTrail's places."""
    return [event(one, len(raw_events) - number) for number, one in enumerate(raw_events)]
