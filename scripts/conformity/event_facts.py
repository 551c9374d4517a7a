"""Recorded facts on the events that CloudTrail keeps: who, what was asked, what was answered."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from fcsse.sandbox.cloudtrail_events import MESSAGE_LIMIT
from scripts.conformity.fact_bench import OTHER, OWN, REGION, ROOT, delegation, document, holds, same, statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.conformity.fact_bench import Bench
    from scripts.conformity.recorded_facts import Fact

Event = dict[str, Any]

_ISSUER = f"arn:aws:iam::{OWN}:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com"
_LINKED = "AWSServiceRoleForFSxS3Access_fc-0123"
_OPEN = document(statement("*", "kms:*"))
_TRUST = {"Version": "2012-10-17", "Statement": [statement({"AWS": OWN}, "sts:AssumeRole", resource=None)]}
_DATE = re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d [AP]M")
_GRANT = {"Operations": ["Decrypt", "DescribeKey"], "GranteePrincipal": ROOT}


def recorded(bench: Bench, name: str, account: str = OWN, region: str = REGION) -> list[Event]:
    """The events of a name in the record of an account, newest first."""
    bench.sandbox.switches.lookups_per_second = 0
    client = bench.client("cloudtrail", account=account, region=region)
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    return [json.loads(one["CloudTrailEvent"]) for one in client.lookup_events(LookupAttributes=asked)["Events"]]


def _the(bench: Bench, name: str) -> Event:
    found = recorded(bench, name)
    holds(len(found) == 1, f"{len(found)} events {name}")
    return found[0]


def _key(bench: Bench, policy: str = _OPEN) -> str:
    return bench.key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)


def _bucket(bench: Bench, key: str, *, keys: bool = False, alias: bool = False) -> str:
    name = bench.bucket()
    if alias:
        bench.kms.create_alias(AliasName="alias/recorded", TargetKeyId=key)
    bench.sse(name, "aws:kms", key, keys=keys)
    return name


def _session(bench: Bench) -> Any:
    """An S3 client of an assumed role that may do everything."""
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    role = bench.sandbox.add_role("Writer", policy=allowed, trust=_TRUST)
    return bench.client("s3", credentials=bench.sandbox.assume_role(role, "recorded"))


def _fails(call: Callable[..., Any], **given: Any) -> str:
    """The error's code."""
    try:
        call(**given)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise AssertionError("it succeeded")


def _used(bench: Bench, *, policy: str = _OPEN, keys: bool = False) -> str:
    """A cache writes a file to a bucket and reads it; the key's ARN."""
    key = _key(bench, policy)
    bucket = _bucket(bench, key, keys=keys)
    bench.sandbox.add_cache("fc-0123", [bucket])
    bench.sandbox.add_object(bucket, "a.txt")
    cache = bench.sandbox.cache("fc-0123")
    cache.write(bucket, "b.txt")
    cache.read(bucket, "a.txt")
    return key


def z01(bench: Bench, fact: Fact) -> None:
    """Each member that was recorded is there, with the same kind of value."""
    key = _key(bench)
    bucket = _bucket(bench, key, keys=True)
    _session(bench).put_object(Bucket=bucket, Key="a.txt", Body=b"a")
    event = _the(bench, "GenerateDataKey")
    service = event["userIdentity"]["invokedBy"]
    names = {"KEY ARN": key, "BUCKET": bucket, "ACCOUNT": OWN, "SESSION": "recorded", "ROLE": "Writer"}
    _like(event, fact.expected, {**names, "AWS Internal": service})
    holds(set(event["userIdentity"]["sessionContext"]) == {"sessionIssuer", "attributes"}, "members of the session")


def _like(found: Any, wanted: Any, names: dict[str, str], path: str = "") -> None:
    if isinstance(wanted, dict):
        for name, one in wanted.items():
            holds(name in found, f"no {path}{name}")
            _like(found[name], one, names, f"{path}{name}.")
    elif isinstance(wanted, list):
        same(len(found), len(wanted), path)
        for one, other in zip(found, wanted, strict=True):
            _like(one, other, names, path)
    elif isinstance(wanted, str):
        if wanted == "64 hex":
            holds(re.fullmatch("[0-9a-f]{64}", found), f"{path} {found!r}")
            return
        for name, text in names.items():
            wanted = wanted.replace(name, text)
        pattern = re.escape(wanted).replace("…", ".+")
        holds(re.fullmatch(pattern, str(found)), f"{path} {found!r}, recorded {wanted!r}")
    else:
        same(found, wanted, path)


def z03(bench: Bench, _: Fact) -> None:
    key = _used(bench, keys=True)
    read, written = _the(bench, "Decrypt"), _the(bench, "GenerateDataKey")
    for event in (read, written):
        same((event["userIdentity"]["invokedBy"], event["sourceIPAddress"]), ("fas.s3.amazonaws.com",) * 2)
        same(event["requestParameters"]["encryptionContext"], {"aws:s3:arn": "arn:aws:s3:::recorded-bucket"})
        same(event["resources"][0]["ARN"], key)
    holds("keyId" not in read["requestParameters"], "Decrypt has a keyId")
    same(read["requestParameters"]["encryptionAlgorithm"], "SYMMETRIC_DEFAULT")


def z06(bench: Bench, _: Fact) -> None:
    key = _used(bench)
    event = _the(bench, "Decrypt")
    same(sorted(event["requestParameters"]), ["encryptionAlgorithm", "encryptionContext"])
    same((event["responseElements"], event["resources"][0]["ARN"]), (None, key))


def z07(bench: Bench, _: Fact) -> None:
    _used(bench)
    who = _the(bench, "Decrypt")["userIdentity"]
    same((who["type"], who["arn"]), ("AssumedRole", f"arn:aws:sts::{OWN}:assumed-role/{_LINKED}/FSx"))
    issuer = who["sessionContext"]["sessionIssuer"]
    same((issuer["type"], issuer["arn"], issuer["userName"]), ("Role", f"{_ISSUER}/{_LINKED}", _LINKED))
    holds(not {"userName", "accessKeyId"} & set(who) and "invokedBy" in who, f"members {sorted(who)}")


def z08(bench: Bench, _: Fact) -> None:
    _used(bench)
    holds(_the(bench, "Decrypt")["userIdentity"]["arn"].rpartition("/")[2], "no session name")


def z10(bench: Bench, fact: Fact) -> None:
    key = _used(bench, policy=document(statement({"AWS": f"arn:aws:iam::{OWN}:user/admin"}, "kms:*")))
    event = _the(bench, "Decrypt")
    arn = event["userIdentity"]["arn"]
    names = {"arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION": arn, "KEY ARN": key}
    _like({name: event[name] for name in ("errorCode", "errorMessage")}, fact.expected, names)


def z12(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fc-0123", ["far"])
    key = bench.client("kms", account=OTHER).create_key()["KeyMetadata"]["Arn"]
    bench.sandbox.add_bucket("far", account=OTHER, algorithm="aws:kms", key=key, policy=json.loads(_S3_OPEN))
    holds(not bench.sandbox.cache("fc-0123").write("far", "a.txt").allowed, "it was allowed")
    event = _the(bench, "GenerateDataKey")
    holds("because the resource does not exist in this Region" in event["errorMessage"], event["errorMessage"])
    holds(key not in json.dumps(event), "the key's ARN is in it")
    same(recorded(bench, "GenerateDataKey", OTHER), [], "in the key's account")


_S3_OPEN = document(statement("*", "s3:*"))


def z14(bench: Bench, _: Fact) -> None:
    _used(bench, policy=document(delegation()))
    event = _the(bench, "Decrypt")
    same((event["requestParameters"], event["responseElements"]), (None, None))
    holds("resources" not in event, "resources")


def z15(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    bench.kms.disable_key(KeyId=key)
    same(_fails(bench.kms.create_grant, KeyId=key, **_GRANT), "DisabledException")
    event = _the(bench, "CreateGrant")
    same((event["errorCode"], event["responseElements"]), ("DisabledException", None))
    same((event["requestParameters"]["keyId"], event["resources"][0]["ARN"]), (key, key))


def z17(bench: Bench, _: Fact) -> None:
    name = "x" * 64
    key = _key(bench)
    wrong = document(*[statement({"AWS": f"arn:aws:iam::{OWN}:role/{name}{n}"}, "kms:*") for n in range(9)])
    _fails(bench.kms.put_key_policy, KeyId=key, PolicyName="default", Policy=wrong)
    long = document(*[statement({"AWS": ROOT}, "kms:*", Sid=f"s{n}{name}") for n in range(150)])
    bench.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=long)
    kept, failed = recorded(bench, "PutKeyPolicy")
    holds(len(failed["errorMessage"]) <= MESSAGE_LIMIT, "a message longer than 1 KB")
    same(kept["requestParameters"]["policy"], long, "a policy of over 20 KB")


def z18(bench: Bench, fact: Fact) -> None:
    key = _key(bench)
    text = json.dumps(json.loads(_OPEN), indent=3)
    bench.kms.put_key_policy(KeyId=key.rpartition("/")[2], PolicyName="default", Policy=text)
    event = _the(bench, "PutKeyPolicy")
    names = {"bare key id": key.rpartition("/")[2], "whole text, white space as sent": text, "KEY ARN": key}
    _like(event, fact.expected, names)
    same(sorted(event["requestParameters"]), ["bypassPolicyLockoutSafetyCheck", "keyId", "policy", "policyName"])


def z21(bench: Bench, fact: Fact) -> None:
    _fails(bench.kms.create_key, Policy=document(statement({"AWS": ROOT}, "kms:Decrypt")))
    _like(_the(bench, "CreateKey"), fact.expected, {})


def z22(bench: Bench, fact: Fact) -> None:
    text = document(delegation())
    key = bench.key(Policy=text, Description="recorded")
    event = _the(bench, "CreateKey")
    names = {"whole text": text, "KEY ARN": key, "ACCOUNT": OWN, "Feb 26, 2024, 5:32:56 AM": "…"}
    expected = json.loads(json.dumps(fact.expected))
    expected["responseElements"]["keyMetadata"]["keyId"] = key.rpartition("/")[2]
    _like(event, expected, names)
    holds(_DATE.fullmatch(event["responseElements"]["keyMetadata"]["creationDate"]), "the date's spelling")


def z23(bench: Bench, _: Fact) -> None:
    bench.key()
    event = _the(bench, "CreateKey")
    holds("policy" not in event["requestParameters"], "a policy that nobody sent")
    same(event["responseElements"]["keyMetadata"]["aWSAccountId"], OWN)


def z24(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    more = {"Constraints": {"EncryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data"}}, "Name": "recorded"}
    grant = bench.kms.create_grant(KeyId=key, **_GRANT, **more)["GrantId"]
    event = _the(bench, "CreateGrant")
    wanted = ["constraints", "granteePrincipal", "keyId", "name", "operations"]
    same(sorted(event["requestParameters"]), wanted)
    same(event["requestParameters"]["constraints"], {"encryptionContextSubset": {"aws:s3:arn": "arn:aws:s3:::data"}})
    same(event["responseElements"], {"keyId": key, "grantId": grant})
    holds(re.fullmatch("[0-9a-f]{64}", grant), f"grant {grant}")


def z25(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    grant = bench.kms.create_grant(KeyId=key, **_GRANT)["GrantId"]
    bench.kms.revoke_grant(KeyId=key, GrantId=grant)
    event = _the(bench, "RevokeGrant")
    same((event["requestParameters"], event["responseElements"]), ({"keyId": key, "grantId": grant}, {"keyId": key}))


def z26(bench: Bench, fact: Fact) -> None:
    key = _key(bench)
    grant = bench.kms.create_grant(KeyId=key, **_GRANT)["GrantId"]
    bench.kms.retire_grant(KeyId=key, GrantId=grant)
    _like(_the(bench, "RetireGrant"), fact.expected, {"KEY ARN": key})


def z27(bench: Bench, _: Fact) -> None:
    bench.kms.create_grant(KeyId=_key(bench), **_GRANT)
    (resource,) = _the(bench, "CreateGrant")["resources"]
    same((resource["accountId"], resource["type"]), (OWN, "AWS::KMS::Key"))


def z28(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    bench.kms.disable_key(KeyId=key)
    event = _the(bench, "DisableKey")
    same((event["requestParameters"], event["responseElements"]), ({"keyId": key}, {"keyId": key}))


def z29(bench: Bench, _: Fact) -> None:
    key = _key(bench)
    bench.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    event = _the(bench, "ScheduleKeyDeletion")
    same(event["requestParameters"], {"keyId": key, "pendingWindowInDays": 7})
    wanted = ["deletionDate", "keyId", "keyState", "pendingWindowInDays"]
    same(sorted(event["responseElements"]), wanted)


def z30(bench: Bench, _: Fact) -> None:
    bench.kms.schedule_key_deletion(KeyId=_key(bench), PendingWindowInDays=7)
    holds(
        _DATE.fullmatch(_the(bench, "ScheduleKeyDeletion")["responseElements"]["deletionDate"]), "the date's spelling"
    )


def z48(bench: Bench, _: Fact) -> None:
    _key(bench)
    holds("sessionContext" not in _the(bench, "CreateKey")["userIdentity"], "a sessionContext with long-term keys")


def z49(bench: Bench, _: Fact) -> None:
    far = bench.client("kms", account=OTHER)
    key = far.create_key(Policy=_OPEN, BypassPolicyLockoutSafetyCheck=True)["KeyMetadata"]["Arn"]
    bench.kms.describe_key(KeyId=key)
    mine, theirs = _the(bench, "DescribeKey"), recorded(bench, "DescribeKey", OTHER)[0]
    same(mine["sharedEventID"], theirs["sharedEventID"])
    holds(mine["eventID"] != theirs["eventID"], "one eventID for both")
    same((mine["recipientAccountId"], theirs["recipientAccountId"]), (OWN, OTHER))


def z51(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fc-0123", ["data"])
    event = _the(bench, "CreateFileCache")
    cache = event["responseElements"]["fileCache"]
    same(cache["fileCacheId"], "fc-0123")
    holds(cache["resourceARN"].startswith("arn:aws:fsx:") and cache["dataRepositoryAssociationIds"], sorted(cache))
    (association,) = event["requestParameters"]["dataRepositoryAssociations"]
    same(sorted(association), ["dataRepositoryPath", "fileCachePath"])


def c01(bench: Bench, _: Fact) -> None:
    bench.sandbox.add_cache("fs-0123456789abcdef0")
    system = _the(bench, "CreateFileSystem")["responseElements"]["fileSystem"]
    same(system["fileSystemId"], "fs-0123456789abcdef0")
    holds(system["resourceARN"].startswith("arn:aws:fsx:"), system["resourceARN"])


def z53(bench: Bench, fact: Fact) -> None:
    key = _key(bench)
    bucket = _bucket(bench, key, keys=True)
    (event,) = recorded(bench, "PutBucketEncryption")
    expected = json.loads(json.dumps(fact.expected).replace('"BucketKeyEnabled": true', '"BucketKeyEnabled": "…"'))
    _like(event, expected, {"BUCKET": bucket, "REGION": REGION})
    rule = event["requestParameters"]["ServerSideEncryptionConfiguration"]["Rule"]
    same(str(rule["BucketKeyEnabled"]).lower(), "true")


def z54(bench: Bench, fact: Fact) -> None:
    bucket = _bucket(bench, _key(bench))
    bench.s3.delete_bucket_encryption(Bucket=bucket)
    _like(_the(bench, "DeleteBucketEncryption"), fact.expected, {"BUCKET": bucket})


def z55(bench: Bench, _: Fact) -> None:
    bucket = _bucket(bench, _key(bench))
    wanted = [{"accountId": OWN, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
    same(_the(bench, "PutBucketEncryption")["resources"], wanted)


def z56(bench: Bench, fact: Fact) -> None:
    none = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    nobody = bench.sandbox.add_user("nobody", none)
    _fails(bench.client("organizations", credentials=nobody).list_accounts)
    (event,) = recorded(bench, "ListAccounts", region="us-east-1")
    arn = event["userIdentity"]["arn"]
    expected = json.loads(json.dumps(fact.expected))
    because = expected["errorMessage"].partition(" because")[0]
    holds(event["errorMessage"].startswith(because.replace("{arn}", arn)), event["errorMessage"])
    del expected["errorMessage"]
    _like(event, expected, {})


def c03(bench: Bench, fact: Fact) -> None:
    z24(bench, fact)


def c05(bench: Bench, _: Fact) -> None:
    bucket = bench.bucket()
    bench.s3.put_bucket_policy(Bucket=bucket, Policy=document(statement("*", "s3:*", f"arn:aws:s3:::{bucket}")))
    same(_the(bench, "PutBucketPolicy")["responseElements"], None)


FACTS = {name: check for name, check in globals().items() if re.fullmatch(r"[a-z]\d\d", name)}
