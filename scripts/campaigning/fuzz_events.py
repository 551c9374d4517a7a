"""Events for the fuzzer: what Lambda is called with, and what CloudTrail recorded of a key."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from fcsse.arn import Arn, is_bucket_name, is_cache_id, key_arn
from fcsse.cli.output.history import what
from fcsse.event_history import loss_phrases
from fcsse.event_history.events import KeyMatch, parse_events
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.lost_writes import find_lost_writes
from fcsse.event_history.put_basis import PutBasis
from fcsse.event_history.uses import uses_in
from fcsse.event_history.versions import CacheAccess, history_of
from fcsse.lambda_function.call_events import (
    SERVICES,
    AssociationDeleted,
    CacheCreated,
    CacheDeleted,
    EncryptionChanged,
    Ignored,
    KeyPolicyPut,
    read_event,
)
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import digest_of
from tests.event_history import made

ACCOUNT = "111122223333"
KEY = made.KEY_TEXT


class BrokenError(AssertionError):
    """Something that must hold does not."""


def lambda_event(data: bytes) -> None:
    """A Lambda event: what is read of it has the form that AWS gives such names."""
    match read_event(json.loads(data), ACCOUNT, "function").about:
        case CacheCreated(cache, buckets):
            sound = is_cache_id(cache) and (buckets is None or all(is_bucket_name(one) for one in buckets))
        case CacheDeleted(cache):
            sound = is_cache_id(cache)
        case AssociationDeleted(association):
            sound = association.startswith("dra-") and association.isascii()
        case KeyPolicyPut(key):
            sound = key_arn(key) is not None
        case EncryptionChanged(bucket):
            sound = is_bucket_name(bucket)
        case Ignored():
            sound = True
    if not sound:
        raise BrokenError("reads a name that AWS does not give")


ASKED: list[tuple[str, dict[str, Any]]] = [
    (
        "CreateFileCache",
        {"fileCacheType": "LUSTRE", "dataRepositoryAssociations": [{"dataRepositoryPath": "s3://data"}]},
    ),
    ("CreateDataRepositoryAssociation", {"fileSystemId": "fs-0123", "dataRepositoryPath": "s3://data/prefix/"}),
    ("DeleteFileCache", {"fileCacheId": "fc-0123"}),
    ("DeleteDataRepositoryAssociation", {"associationId": "dra-0123"}),
    ("PutBucketEncryption", {"bucketName": "data"}),
    ("PutKeyPolicy", {"keyId": KEY, "policyName": "default"}),
]
EVENTS = [
    {
        "account": ACCOUNT,
        "detail": {
            "eventSource": SERVICES[name],
            "eventName": name,
            "awsRegion": "eu-west-1",
            "userAgent": "aws-cli/2",
            "requestParameters": asked,
            "responseElements": {"fileCache": {"fileCacheId": "fc-0123"}} if name == "CreateFileCache" else None,
        },
    }
    for name, asked in ASKED
]


def _recorded() -> list[str]:
    """Records of one key, an event a line: a policy, a put of ours upon it, others' puts, grants and uses."""
    texts = [made.policy("a"), made.policy("a", "b"), made.policy("a", "c")]
    mark = PutBasis(digest_of(PolicyDocument.parse(texts[0]), "aws"), 0.5).mark
    puts = [
        made.put(texts[0]),
        made.put(texts[1], 60),
        made.put(texts[2], 60, userAgent=f"Boto3/1.44 fcsse/0.1.0 {mark}", requestID="request-1"),
    ]
    key = {"keyId": made.KEY_TEXT}
    grants = [
        made.raw(
            "CreateGrant", 70, requestParameters={**key, "operations": ["Decrypt"]}, responseElements={"grantId": "g"}
        ),
        made.raw("RevokeGrant", 80, requestParameters={**key, "grantId": "g"}),
    ]
    uses = [made.used(), made.used("GenerateDataKey", 90), made.refused(seconds=100)]
    created = made.raw(
        "CreateKey",
        -60,
        requestParameters={"policy": texts[0]},
        responseElements={"keyMetadata": {"arn": made.KEY_TEXT}},
    )
    return ["\n".join(map(json.dumps, reversed(one))) for one in (puts, [created, *puts], [*puts[1:], *grants], uses)]


RECORDED = _recorded()
REACH = {kind.value: CacheAccess(True) for kind in KeyChange}
NOW = PolicyDocument.parse(made.policy("a", "c"))
LATER = made.NOON + timedelta(days=1)


def event_record(data: bytes) -> None:
    """CloudTrail's record of a key, an event a line, the newest first: its versions, what was lost, and its uses."""
    lines = data.decode("utf-8", "replace").splitlines()
    times = (made.NOON + timedelta(seconds=(len(lines) - at) // 2) for at in range(len(lines)))  # two a second
    events, unreadable = parse_events(zip(times, lines, strict=True))
    if len(events) + unreadable != len(lines):
        raise BrokenError("an event is neither read nor counted as unreadable")
    history = history_of(made.the_key(), events, REACH)
    for change in history.changes:
        what(change, {})
        if change.event.is_about(made.the_key()) is not KeyMatch.YES:
            raise BrokenError("a change of another key")
        if change.version is not None:
            _ = change.version.diff, change.version.same
            if change.version.document is not None and change.version.document.text != change.event.policy:
                raise BrokenError("a version has another text than its event")
    found = find_lost_writes(history, {}, NOW, LATER)
    loss_phrases.notes(found)
    if found.lost and not found.ours:
        raise BrokenError("lost by a put of ours, and there is none")
    for uses in uses_in(events).of_role.values():
        if not all(is_cache_id(Arn.parse(use.role).resource.rpartition("_")[2]) for use in uses):  # type: ignore[union-attr]
            raise BrokenError("a use by no cache's role")
