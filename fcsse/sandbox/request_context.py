"""The request context: the condition keys that AWS sends along with each request, and those of which it leaves open
whether it does.

Sources: IAM user guide, "AWS global condition context keys" (the availability of each key) and "Variables and tags"
(principal key values); KMS developer guide, "AWS KMS condition keys"; Service Authorization Reference, "Amazon S3" and
"AWS Key Management Service"; IAM user guide, "Forward access sessions" (a service asks another in the caller's name).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from fcsse.sandbox.caller import Caller
from fcsse.sandbox.judge.judged_request import UNDOCUMENTED, Value
from fcsse.sandbox.moto_buckets import moto_s3
from fcsse.sandbox.state import Key, State

CRYPTOGRAPHIC = ("encrypt", "decrypt", "reencrypt", "generatedatakey")
_SENDER = ("aws:SourceIp", "aws:SourceVpc", "aws:SourceVpce", "aws:UserAgent", "aws:VpcSourceIp")
_CALLED_VIA = ("aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast")


def moment(seconds: float) -> str:
    """A time as ``aws:CurrentTime`` has it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def caller_keys(state: State, caller: Caller, region: str) -> dict[str, Value]:
    """What every request of this caller in this Region carries, whoever it is sent to."""
    now = time.time()
    organization = state.organization
    member = organization.members.get(caller.account) if organization else None
    found: dict[str, Value] = {
        "aws:CurrentTime": moment(now),
        "aws:EpochTime": str(int(now)),
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalArn": caller.principal_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": _kind(caller),
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        "aws:ViaAWSService": "false",
        "aws:userid": caller.userid,
        **{f"aws:PrincipalTag/{name}": value for name, value in caller.tags.items()},
    }
    if _kind(caller) == "User":
        found["aws:username"] = caller.arn.rpartition("/")[2]
    if caller.issued is not None:
        found["aws:TokenIssueTime"] = moment(caller.issued)
        found["aws:MultiFactorAuthPresent"] = "false"
    if organization and member:
        found["aws:PrincipalOrgID"] = organization.id
        found["aws:PrincipalOrgPaths"] = (organization.path_of(caller.account),)
    return found


def _kind(caller: Caller) -> str:
    if caller.arn.endswith(":root"):
        return "Account"
    return "User" if ":user/" in caller.arn else "AssumedRole"


def sender_keys(address: str, agent: str) -> dict[str, Value]:
    """What tells from where, and with what program, a caller asks by himself."""
    return {"aws:SourceIp": address, **({"aws:UserAgent": agent} if agent else {})}


def resource_keys(state: State, account: str) -> dict[str, Value]:
    """What a request for a resource of this account carries."""
    organization = state.organization
    found: dict[str, Value] = {"aws:ResourceAccount": account}
    if organization and account in organization.members:
        found["aws:ResourceOrgID"] = organization.id
        found["aws:ResourceOrgPaths"] = (organization.path_of(account),)
    return found


def key_keys(state: State, key: Key, caller: Caller, action: str) -> dict[str, Value]:
    """What a request for a KMS key carries: its owner, its tags and aliases, and what it is."""
    aliases = tuple(
        arn.partition(":alias/")[2] and f"alias/{arn.partition(':alias/')[2]}"
        for arn, target in state.aliases.items()
        if target == key.arn
    )
    found: dict[str, Value] = {
        **resource_keys(state, key.account),
        **{f"aws:ResourceTag/{name}": value for name, value in key.tags.items()},
        "kms:CallerAccount": caller.account,
        "kms:KeyOrigin": key.origin,
        "kms:KeySpec": key.spec,
        "kms:CustomerMasterKeySpec": key.spec,
        "kms:KeyUsage": key.usage,
        "kms:CustomerMasterKeyUsage": key.usage,
        "kms:MultiRegion": str(key.multi_region).lower(),
        **({"kms:ResourceAliases": aliases} if aliases else {}),
    }
    if key.multi_region:
        primary = state.keys[key.replica_of] if key.replica_of else key
        found["kms:MultiRegionKeyType"] = "REPLICA" if key.replica_of else "PRIMARY"
        found["kms:PrimaryRegion"] = primary.region
    if action.partition(":")[2].lower().startswith(CRYPTOGRAPHIC) and key.spec == "SYMMETRIC_DEFAULT":
        found["kms:EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
    return found


def encryption_context_keys(pairs: Mapping[str, str]) -> dict[str, Value]:
    """What a cryptographic request carries of its encryption context."""
    if not pairs:
        return {}
    named = {f"kms:EncryptionContext:{name}": value for name, value in pairs.items()}
    return {**named, "kms:EncryptionContextKeys": tuple(pairs)}


def through_s3(region: str, pairs: Mapping[str, str], *, by_alias: bool) -> dict[str, Value]:
    """What changes where S3 asks KMS in the caller's name.

    Whether aws:CalledVia names S3: one page says that every such request has the key, another does not list S3.
    ``by_alias``: the bucket names its key by an alias; whether S3 hands that on is written nowhere.
    """
    return {
        **encryption_context_keys(pairs),
        "aws:RequestedRegion": region,
        "aws:ViaAWSService": "true",
        "kms:ViaService": f"s3.{region}.amazonaws.com",
        **({"kms:RequestAlias": UNDOCUMENTED} if by_alias else {}),
        **sender_of_a_service(),
        **dict.fromkeys(_CALLED_VIA, UNDOCUMENTED),
    }


def sender_of_a_service() -> dict[str, Value]:
    """What AWS leaves open of requests that a service makes itself, by a service-linked role or in a caller's name.

    Where they come from is the service's own affair ("aws:SourceIp": the address is not the original caller's). By a
    service-linked role, aws:ViaAWSService is false and aws:CalledVia absent.
    """
    return dict.fromkeys(_SENDER, UNDOCUMENTED)


def _bucket_tags(bucket: Any) -> dict[str, str]:
    tagger = moto_s3(bucket.account_id, bucket.partition).tagger
    tags: dict[str, str] = tagger.get_tag_dict_for_resource(bucket.arn)
    return tags


def bucket_keys(state: State, bucket: Any, parameters: Mapping[str, Any] | None = None) -> dict[str, Value]:
    """What a request for a bucket or an object carries; ``parameters``: query and headers, these without ``x-amz-``."""
    found: dict[str, Value] = {
        **resource_keys(state, bucket.account_id),
        **{f"aws:ResourceTag/{name}": value for name, value in _bucket_tags(bucket).items()},
        "s3:ResourceAccount": bucket.account_id,
        "s3:TlsVersion": "1.3",
        "s3:authType": "REST-HEADER",
        "s3:signatureversion": "AWS4-HMAC-SHA256",
    }
    for name, value in (parameters or {}).items():
        if name in ("prefix", "delimiter", "max-keys"):
            found[f"s3:{name}"] = str(value)
        elif name.startswith(("server-side-encryption", "acl", "copy-source", "storage-class", "content-sha256")):
            found[f"s3:x-amz-{name}"] = str(value)
    return found


def object_keys(bucket: Any, key: str) -> dict[str, Value]:
    """What a request for an existing object carries of its tags."""
    stored = bucket.keys.get(key)
    if stored is None:
        return {}
    tags = moto_s3(bucket.account_id, bucket.partition).tagger.get_tag_dict_for_resource(stored.arn)
    return {f"s3:ExistingObjectTag/{name}": value for name, value in tags.items()}
