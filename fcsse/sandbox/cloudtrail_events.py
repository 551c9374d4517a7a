"""What CloudTrail records of a call: the shapes of its events, and the record that holds them.

Management calls of KMS, FSx, S3 and Organizations are recorded, and each use of a key through S3 (Decrypt, GenerateDataKey) in the name
of whoever S3 works for. Data events (GetObject, PutObject, listing objects) are not: the event history has none.

Sources, of which samples and recorded events are the larger part: CloudTrail user guide, "Record contents" (members,
sizes) and "sharedEventID"; KMS developer guide, "Logging AWS KMS API calls with CloudTrail" and its examples per
operation as they were in awsdocs/aws-kms-developer-guide (RetireGrant: no request parameters, the grant in
``additionalEventData``; since December 2022 ``responseElements.keyId`` for calls that change a key); events of other
service-linked roles in invictus-ir/aws_dataset (no access key, ``sessionIssuer.arn`` with its path, ``arn`` without);
refusals there and in public issues (code AccessDenied, no request parameters, no resources). That S3 names itself
``fas.s3.amazonaws.com`` for the FSx role is inferred from what it does for other roles.
"""

from __future__ import annotations

import json
import time
import uuid

from fcsse.arn import ROLE_PREFIX, Arn, bucket_arn
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.cloudtrail_record import Event
from fcsse.sandbox.cloudtrail_spelling import lowered, text_date, with_text_dates
from fcsse.sandbox.kms_keys import find_key, material_id
from fcsse.sandbox.moto_buckets import find_bucket
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import REQUEST_ID, AwsError, Call, Reply

MESSAGE_LIMIT = 1024
"""Characters of an error message that are kept. Source: CloudTrail user guide, "Record contents"."""

THROUGH_S3 = "fas.s3.amazonaws.com"
_VERSION = "1.11"
_REFUSED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
_SERVICES = ("kms", "fsx", "s3", "cloudtrail", "organizations")
_GLOBAL = {"organizations": "us-east-1"}
"""Where the events of a service are that has no Regions."""

_READ_ONLY = ("Describe", "Get", "List", "Head", "Lookup")
_USES = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt")
_S3_DATA = ("ListObjects", "ListObjectsV2", "ListObjectVersions", "DeleteObjects", "Unknown")
_CHANGES_KEY = [
    "CancelKeyDeletion",
    "CreateGrant",
    "CreateKey",
    "DisableKey",
    "EnableKey",
    "PutKeyPolicy",
    "RetireGrant",
    "RevokeGrant",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
]


def record_call(
    state: State, call: Call, caller: Caller, reply: Reply | None = None, error: AwsError | None = None
) -> None:
    """Write a call down, if it is one that the event history has."""
    if call.service not in _SERVICES or (call.service == "s3" and (call.key or call.operation in _S3_DATA)):
        return
    key = _key_of(state, call, caller) if call.service == "kms" else None
    region = _GLOBAL.get(call.service, call.region)
    event = _base(state, caller, call.service, call.operation, region)
    event |= {
        "sourceIPAddress": str(call.environ.get("REMOTE_ADDR") or "127.0.0.1"),
        "userAgent": f"[{call.header('user-agent') or ''}]"
        if call.service == "s3"
        else call.header("user-agent") or "",
    }
    event["requestID"] = str(call.environ.get(REQUEST_ID) or event["requestID"])
    if error is not None and error.code in _REFUSED:
        event |= _error("AccessDenied", error.message)
        keep(state, event, caller.account, region)
        return
    event |= {"requestParameters": _parameters(state, call), "responseElements": None}
    if key is not None:
        event["resources"] = [_resource(key)]
    elif call.service == "s3" and call.bucket:
        arn = bucket_arn(state.partition, call.bucket)
        event["resources"] = [{"accountId": caller.account, "type": "AWS::S3::Bucket", "ARN": arn}]
    if error is not None:
        event |= {"errorCode": error.code, "errorMessage": error.message[:MESSAGE_LIMIT]}
    elif call.service == "kms":
        _answer(state, event, call, key, reply)
    elif call.service == "fsx" and not event["readOnly"] and reply is not None:
        event["responseElements"] = with_text_dates(lowered(json.loads(reply.body)))
    keep(state, event, caller.account, region, key)


def record_use(
    state: State, caller: Caller, key: Key, action: str, context: str, refused: str = "", code: str = "AccessDenied"
) -> None:
    """Write down that S3 used a key for somebody, or was ``refused``. ``context`` is the value of ``aws:s3:arn``."""
    operation = action.removeprefix("kms:")
    event = _base(state, caller, "kms", operation, key.region)
    event["userIdentity"]["invokedBy"] = THROUGH_S3
    event |= {"sourceIPAddress": THROUGH_S3, "userAgent": THROUGH_S3}
    if refused and code == "AccessDenied":
        event |= _error(code, refused)
        keep(state, event, caller.account, key.region)
        return
    algorithm = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    own = {"keyId": key.arn, "keySpec": "AES_256"} if operation == "GenerateDataKey" else algorithm
    event |= {
        "requestParameters": {"encryptionContext": {"aws:s3:arn": context}, **own},
        "responseElements": None,
        "resources": [_resource(key)],
    }
    if operation == "GenerateDataKey" and not refused:
        event["additionalEventData"] = {"keyMaterialId": material_id(key)}
    if refused:
        event |= {"errorCode": code, "errorMessage": refused[:MESSAGE_LIMIT]}
    keep(state, event, caller.account, key.region, key)


def record_policy(state: State, key: Key, text: str, who: str = "colleague") -> None:
    """Write down a PutKeyPolicy that somebody made past the sandbox's front door."""
    principal = f"arn:{state.partition}:iam::{key.account}:user/{who}"
    identity = {"type": "IAMUser", "principalId": "AIDASANDBOXCOLLEAGUE", "arn": principal, "accountId": key.account}
    event = {
        **frame("kms", "PutKeyPolicy", key.region),
        "userIdentity": {**identity, "accessKeyId": "AKIASANDBOXCOLLEAGUE", "userName": who},
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.31.0 md/prompt#off",
        "requestParameters": {
            "keyId": key.id,
            "policyName": "default",
            "policy": text,
            "bypassPolicyLockoutSafetyCheck": False,
        },
        "responseElements": {"keyId": key.arn},
        "resources": [_resource(key)],
    }
    keep(state, event, key.account, key.region)


def keep(state: State, event: Event, account: str, region: str, key: Key | None = None) -> None:
    """Into the caller's record and, where it succeeded on a key of another account, into that account's as well."""
    trail, late = state.trail, state.switches.late_event_seconds
    if trail.paused:
        return
    shared = {}
    if key is not None and key.account != account and "errorCode" not in event:
        shared = {"sharedEventID": str(uuid.uuid4())}
        copy = {**event, "eventID": str(uuid.uuid4()), "recipientAccountId": key.account, **shared}
        trail.add(copy, key.account, region, late=late)
    trail.add({**event, "recipientAccountId": account, **shared}, account, region, late=late)


def frame(service: str, operation: str, region: str) -> Event:
    """The members that every event has."""
    return {
        "eventVersion": _VERSION,
        "eventSource": f"{service}.amazonaws.com",
        "eventName": operation,
        "awsRegion": region,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": operation.startswith((*_READ_ONLY, *_USES)),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
    }


def _base(state: State, caller: Caller, service: str, operation: str, region: str) -> Event:
    return {**frame(service, operation, region), "userIdentity": _identity(caller)}


def _identity(caller: Caller) -> Event:
    arn = Arn.parse(caller.arn)
    name = arn.resource.rpartition("/")[2] if arn else ""
    shared = {"principalId": caller.userid, "arn": caller.arn, "accountId": caller.account}
    signed = {"accessKeyId": caller.access_key} if caller.access_key else {}
    if arn is None or arn.service != "sts":
        kind = "Root" if arn and arn.resource == "root" else "IAMUser"
        return {"type": kind, **shared, **signed, **({"userName": name} if kind == "IAMUser" else {})}
    role = caller.principal_arn.rpartition("/")[2]
    issuer = {
        "type": "Role",
        "principalId": caller.unique_id,
        "arn": caller.principal_arn,
        "accountId": caller.account,
        "userName": role,
    }
    attributes = {"creationDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "mfaAuthenticated": "false"}
    session: Event = {"sessionIssuer": issuer}
    if not role.startswith(ROLE_PREFIX):
        session["attributes"] = attributes
    return {"type": "AssumedRole", **shared, **signed, "sessionContext": session}


def _error(code: str, message: str) -> Event:
    return {
        "errorCode": code,
        "errorMessage": message[:MESSAGE_LIMIT],
        "requestParameters": None,
        "responseElements": None,
    }


def _resource(key: Key) -> Event:
    return {"accountId": key.account, "type": "AWS::KMS::Key", "ARN": key.arn}


def _key_of(state: State, call: Call, caller: Caller) -> Key | None:
    try:
        return find_key(state, str(call.parameters["KeyId"]), caller.account, call.region, aliases=True)
    except (KeyError, AwsError):
        return None


def _parameters(state: State, call: Call) -> Event | None:
    if call.service == "s3":
        return _s3_parameters(state, call)
    given = lowered(
        {name: value for name, value in call.parameters.items() if name not in ("GrantTokens", "GrantToken")}
    )
    match call.operation:
        case "RetireGrant":
            return None
        case "PutKeyPolicy":
            given = {"policyName": "default", "bypassPolicyLockoutSafetyCheck": False, **given}
        case "CreateKey":
            spec = {"keySpec": "SYMMETRIC_DEFAULT", "customerMasterKeySpec": "SYMMETRIC_DEFAULT"}
            fixed = {"description": "", "origin": "AWS_KMS", "keyUsage": "ENCRYPT_DECRYPT", "multiRegion": False}
            given = {**fixed, **spec, "bypassPolicyLockoutSafetyCheck": False, **given}
        case "ScheduleKeyDeletion":
            given = {"pendingWindowInDays": 30, **given}
        case _:
            pass
    return given or None


def _s3_parameters(state: State, call: Call) -> Event:
    """Source: bucket calls recorded in invictus-ir/aws_dataset: the XML as JSON, a single Rule as an object."""
    host = f"{call.bucket}.s3.{call.region}.amazonaws.com"
    found: Event = (
        {"bucketName": call.bucket, "Host": host} if call.bucket else {"Host": f"s3.{call.region}.amazonaws.com"}
    )
    if call.operation.endswith("BucketEncryption"):
        found["encryption"] = ""
    if call.operation == "PutBucketEncryption":
        bucket = find_bucket(state, call.bucket)
        rule = (bucket.encryption or {}).get("Rule") if bucket is not None else None
        namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        found["ServerSideEncryptionConfiguration"] = {"xmlns": namespace, "Rule": rule}
    return found


def _answer(state: State, event: Event, call: Call, key: Key | None, reply: Reply | None) -> None:
    """What a call that succeeded on a key is recorded with besides."""
    if call.operation not in _CHANGES_KEY:
        return
    answer: Event = json.loads(reply.body) if reply is not None and reply.body else {}
    event["responseElements"] = {"keyId": key.arn} if key is not None else None
    match call.operation:
        case "CreateKey":
            data = lowered(answer["KeyMetadata"])
            data["aWSAccountId"] = data.pop("aWSAccountId", event["userIdentity"]["accountId"])
            data["creationDate"] = text_date(data["creationDate"])
            event["responseElements"] = {"keyMetadata": data}
            event["resources"] = [_resource(state.keys[data["arn"]])]
        case "CreateGrant":
            event["responseElements"] |= {"grantId": answer["GrantId"]}
        case "RetireGrant":
            event["additionalEventData"] = {"grantId": call.parameters.get("GrantId")}
        case "ScheduleKeyDeletion":
            window = {"keyState": answer["KeyState"], "pendingWindowInDays": answer["PendingWindowInDays"]}
            event["responseElements"] |= {**window, "deletionDate": text_date(answer["DeletionDate"])}
        case _:
            pass
