"""The KMS of the sandbox: each operation it answers, and everything else refused.

Source: KMS API reference, the page of each operation: what it checks, whether another account's key will do, and which
permission it takes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fcsse.sandbox import key_policy, kms_crypto, kms_grants, kms_lifecycle, kms_tags
from fcsse.sandbox.authorize import foreign_refusal, key_ruling, require_identity, require_key
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.kms_checks import checked_policy, listed, own_key
from fcsse.sandbox.kms_keys import ForeignKeyError, find_key, metadata, require_state
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError, Call, Reply, json_reply

Given = Mapping[str, Any]
Operation = Callable[[State, Caller, str, Given], dict[str, Any]]


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry a KMS call out. Raises AwsError."""
    operation = _OPERATIONS.get(call.operation)
    if operation is None:
        raise AwsError("UnknownOperationException", f"The sandbox does not simulate kms:{call.operation}.")
    try:
        found = operation(state, caller, call.region, call.parameters)
    except ForeignKeyError as error:
        raise AwsError(error.code, foreign_refusal(caller, f"kms:{call.operation}")) from error
    # An operation that has nothing to answer sends an empty body.
    return json_reply(found) if found else Reply(200, b"", {"Content-Type": "application/x-amz-json-1.1"})


RAM_POLICY = "AWS_RAM"
"""Name of the policy that AWS Resource Access Manager keeps for a key it shares."""


def _get_key_policy(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = own_key(state, caller, region, given, "kms:GetKeyPolicy")
    name = given.get("PolicyName", "default")
    if name == RAM_POLICY and key.ram_policy is not None:
        return {"Policy": key.ram_policy, "PolicyName": RAM_POLICY}
    if name != "default":
        raise AwsError("NotFoundException", f"No such policy exists: {name}")
    return {"Policy": key_policy.shown(state, key, key.policy.read(), with_new=True), "PolicyName": "default"}


def put_key_policy(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """PutKeyPolicy: replaces the whole document after KMS's checks; the last writer wins. Works in every key state."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    if key.manager == "AWS" and key.account == caller.account:
        message = f"{key.arn} is an AWS managed key: its key policy cannot be changed."
        raise AwsError("UnsupportedOperationException", message)
    own_key(state, caller, region, given, "kms:PutKeyPolicy", PolicyName="default")
    name = given.get("PolicyName", "default")
    if name == RAM_POLICY:
        raise AwsError("ValidationException", "The AWS_RAM policy can only be managed by the RAM service")
    if name != "default":
        raise AwsError("NotFoundException", f"No such policy exists: {name}")
    text = str(given.get("Policy") or "")
    checked_policy(state, key, caller, text, bypass=bool(given.get("BypassPolicyLockoutSafetyCheck")))
    key_policy.store(state, key, text)
    return {}


def _list_key_policies(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = own_key(state, caller, region, given, "kms:ListKeyPolicies")
    names = ["default"] if key.ram_policy is None else ["default", RAM_POLICY]
    return {"PolicyNames": names, "Truncated": False}


def _describe_key(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = find_key(state, str(given.get("KeyId")), caller.account, region, aliases=True)
    require_key(state, key, caller, "kms:DescribeKey", {})
    return {"KeyMetadata": metadata(state, key)}


def _list_keys(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    require_identity(caller, "kms:ListKeys", "*")
    keys = [{"KeyId": key.id, "KeyArn": key.arn} for key in state.keys_of(caller.account, region)]
    return listed(state, given, "Keys", keys, 1000)


def _list_aliases(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    require_identity(caller, "kms:ListAliases", "*")
    prefix = f"arn:{state.partition}:kms:{region}:{caller.account}:"
    only = find_key(state, str(given["KeyId"]), caller.account, region).arn if given.get("KeyId") else None
    aliases = [
        {
            "AliasName": arn.removeprefix(prefix),
            "AliasArn": arn,
            "TargetKeyId": target.rpartition("/")[2],
            "CreationDate": state.alias_dates.get(arn, state.keys[target].created),
            "LastUpdatedDate": state.alias_dates.get(arn, state.keys[target].created),
        }
        for arn, target in state.aliases.items()
        if arn.startswith(prefix) and only in (None, target)
    ]
    return listed(state, given, "Aliases", aliases, 100)


def _alias_arn(state: State, caller: Caller, region: str, given: Given) -> str:
    name = str(given.get("AliasName"))
    if not name.startswith("alias/"):
        page = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
        raise AwsError("ValidationException", f'Alias must start with the prefix "alias/". Please see {page}')
    if name.startswith("alias/aws/"):
        raise AwsError("NotAuthorizedException", "")
    return f"arn:{state.partition}:kms:{region}:{caller.account}:{name}"


def _create_alias(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    arn = _alias_arn(state, caller, region, given)
    if arn in state.aliases:
        raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists")
    key = own_key(state, caller, region, {"KeyId": given.get("TargetKeyId")}, "kms:CreateAlias")
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable", "Updating")
    state.aliases[arn], state.alias_dates[arn] = key.arn, time.time()
    return {}


def _last_usage(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """GetKeyLastUsage; its refusal was recorded without names. Uses are not tracked here."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    if not key_ruling(state, key, caller, "kms:GetKeyLastUsage", {}).allowed:
        raise AwsError("AccessDeniedException", "Access Denied")
    return {"KeyId": key.arn, "KeyCreationDate": key.created, "TrackingStartDate": key.created}


def _update_alias(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    arn = _alias_arn(state, caller, region, given)
    if arn not in state.aliases:
        raise AwsError("NotFoundException", f"Alias {arn} is not found.")
    key = own_key(state, caller, region, {"KeyId": given.get("TargetKeyId")}, "kms:UpdateAlias")
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable", "Updating")
    state.aliases[arn] = key.arn
    return {}


def _delete_alias(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    arn = f"arn:{state.partition}:kms:{region}:{caller.account}:{given.get('AliasName')}"
    if state.aliases.pop(arn, None) is None:
        raise AwsError("NotFoundException", f"Alias {arn} is not found.")
    return {}


_OPERATIONS: dict[str, Operation] = {
    "CancelKeyDeletion": kms_lifecycle.cancel_deletion,
    "CreateAlias": _create_alias,
    "CreateGrant": kms_grants.create,
    "CreateKey": kms_lifecycle.create_key,
    "Decrypt": kms_crypto.decrypt,
    "DeleteAlias": _delete_alias,
    "DeleteImportedKeyMaterial": kms_lifecycle.delete_material,
    "DescribeKey": _describe_key,
    "DisableKey": kms_lifecycle.disable,
    "DisableKeyRotation": partial(kms_lifecycle.set_rotation, on=False),
    "EnableKey": kms_lifecycle.enable,
    "EnableKeyRotation": partial(kms_lifecycle.set_rotation, on=True),
    "Encrypt": kms_crypto.encrypt,
    "GenerateDataKey": kms_crypto.data_key,
    "GenerateDataKeyWithoutPlaintext": partial(kms_crypto.data_key, plain=False),
    "GenerateRandom": kms_crypto.random_bytes,
    "GetKeyLastUsage": _last_usage,
    "GetKeyPolicy": _get_key_policy,
    "GetKeyRotationStatus": kms_lifecycle.rotation_status,
    "ImportKeyMaterial": kms_lifecycle.import_material,
    "ListAliases": _list_aliases,
    "ListGrants": kms_grants.list_grants,
    "ListKeyPolicies": _list_key_policies,
    "ListKeys": _list_keys,
    "ListResourceTags": kms_tags.list_tags,
    "ListRetirableGrants": kms_grants.list_retirable,
    "PutKeyPolicy": put_key_policy,
    "ReEncrypt": kms_crypto.reencrypt,
    "ReplicateKey": kms_lifecycle.replicate_key,
    "RetireGrant": kms_grants.retire,
    "RevokeGrant": kms_grants.revoke,
    "RotateKeyOnDemand": kms_lifecycle.rotate,
    "ScheduleKeyDeletion": kms_lifecycle.schedule_deletion,
    "TagResource": kms_tags.tag,
    "UntagResource": kms_tags.untag,
    "UpdateAlias": _update_alias,
    "UpdateKeyDescription": kms_lifecycle.update_description,
    "UpdatePrimaryRegion": kms_lifecycle.update_primary_region,
}
