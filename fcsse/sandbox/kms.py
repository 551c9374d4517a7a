"""The KMS of the sandbox: each operation it answers, and everything else refused.

Source: KMS API reference, the page of each operation: what it checks, whether another account's key will do, and which
permission it takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fcsse.sandbox import key_policy, kms_grants, policy_text
from fcsse.sandbox.authorize import keeps_control, require_identity, require_key
from fcsse.sandbox.kms_keys import find_key, metadata, new_key, set_state
from fcsse.sandbox.state import page
from fcsse.sandbox.wire import AwsError, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fcsse.sandbox.principals import Caller
    from fcsse.sandbox.state import Key, State
    from fcsse.sandbox.wire import Call, Reply

    Given = Mapping[str, Any]
    Operation = Callable[[State, Caller, str, Given], dict[str, Any]]

LOCKOUT = "The new key policy will not allow you to update the key policy in the future."


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry a KMS call out. Raises AwsError."""
    operation = _OPERATIONS.get(call.operation)
    if operation is None:
        raise AwsError("UnknownOperationException", f"The sandbox does not simulate kms:{call.operation}.")
    return json_reply(operation(state, caller, call.region, call.parameters))


def _own_key(state: State, caller: Caller, region: str, given: Given, action: str, **context: str) -> Key:
    """The key, for an operation that works within one account only; another account's is refused."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    if key.account != caller.account:
        message = f"User: {caller.arn} is not authorized to perform: {action} on resource: {key.arn}"
        raise AwsError("AccessDeniedException", message)
    require_key(state, key, caller, action, {f"kms:{name}": value for name, value in context.items()})
    return key


def _policy_name(given: Given) -> None:
    name = given.get("PolicyName", "default")
    if name == "AWS_RAM":
        raise AwsError("ValidationException", "The AWS_RAM policy can only be managed by the RAM service")
    if name != "default":
        raise AwsError("NotFoundException", f"No such policy exists: {name}")


def _get_key_policy(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:GetKeyPolicy")
    _policy_name(given)
    return {"Policy": key_policy.shown(state, key, key.policy.read()), "PolicyName": "default"}


def put_key_policy(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """PutKeyPolicy: replaces the whole document after KMS's checks; the last writer wins. Works in every key state."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    if key.manager == "AWS" and key.account == caller.account:
        message = f"{key.arn} is an AWS managed key: its key policy cannot be changed."
        raise AwsError("UnsupportedOperationException", message)
    _own_key(state, caller, region, given, "kms:PutKeyPolicy", PolicyName="default")
    _policy_name(given)
    text = str(given.get("Policy") or "")
    checked_policy(state, key, caller, text, bypass=bool(given.get("BypassPolicyLockoutSafetyCheck")))
    key_policy.store(state, key, text)
    return {}


def checked_policy(state: State, key: Key, caller: Caller, text: str, *, bypass: bool = False) -> None:
    """Raise AwsError where KMS would refuse the document for this key; ``bypass`` leaves the lockout check out."""
    switches = state.switches
    document = policy_text.parse(text, limit=switches.policy_limit, elements_required=switches.elements_required)
    key_policy.check_principals(state, document)
    if not bypass and not keeps_control(key, caller, document):
        raise AwsError(policy_text.MALFORMED, LOCKOUT)


def _list_key_policies(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    _own_key(state, caller, region, given, "kms:ListKeyPolicies")
    return {"PolicyNames": ["default"], "Truncated": False}


def _describe_key(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = find_key(state, str(given.get("KeyId")), caller.account, region, aliases=True)
    require_key(state, key, caller, "kms:DescribeKey", {})
    return {"KeyMetadata": metadata(state, key)}


def _create_key(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    require_identity(caller, "kms:CreateKey", "*")
    text = given.get("Policy")
    key = new_key(state, caller.account, region, multi_region=bool(given.get("MultiRegion")))
    key.spec = str(given.get("KeySpec") or given.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT")
    key.usage = str(given.get("KeyUsage") or "ENCRYPT_DECRYPT")
    key.description = str(given.get("Description") or "")
    key.tags = {tag["TagKey"]: tag["TagValue"] for tag in given.get("Tags") or ()}
    if text is not None:
        try:
            checked_policy(state, key, caller, str(text), bypass=bool(given.get("BypassPolicyLockoutSafetyCheck")))
        except AwsError:
            del state.keys[key.arn]
            raise
        key_policy.store(state, key, str(text))
        key.policy.set(key.policy.value)
    return {"KeyMetadata": metadata(state, key)}


def _list_keys(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    require_identity(caller, "kms:ListKeys", "*")
    keys = [{"KeyId": key.id, "KeyArn": key.arn} for key in state.keys_of(caller.account, region)]
    return _listed(state, given, "Keys", keys, 1000)


def _list_aliases(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    require_identity(caller, "kms:ListAliases", "*")
    prefix = f"arn:{state.partition}:kms:{region}:{caller.account}:"
    only = find_key(state, str(given["KeyId"]), caller.account, region).arn if given.get("KeyId") else None
    aliases = [
        {"AliasName": arn.removeprefix(prefix), "AliasArn": arn, "TargetKeyId": target.rpartition("/")[2]}
        for arn, target in state.aliases.items()
        if arn.startswith(prefix) and only in (None, target)
    ]
    return _listed(state, given, "Aliases", aliases, 100)


def _listed(state: State, given: Given, name: str, items: list[dict[str, str]], most: int) -> dict[str, Any]:
    shown, following = page(items, kms_grants.marker(given), kms_grants.limit(state, given, most))
    more = {"NextMarker": f"m{following}"} if following is not None else {}
    return {name: shown, "Truncated": following is not None, **more}


def _create_alias(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    name = str(given.get("AliasName"))
    if not name.startswith("alias/") or name.startswith("alias/aws/"):
        raise AwsError(
            "ValidationException" if not name.startswith("alias/") else "NotAuthorizedException", "Bad alias"
        )
    arn = f"arn:{state.partition}:kms:{region}:{caller.account}:{name}"
    if arn in state.aliases:
        raise AwsError("AlreadyExistsException", f"An alias with the name {arn} already exists")
    target = {"KeyId": given.get("TargetKeyId")}
    state.aliases[arn] = _own_key(state, caller, region, target, "kms:CreateAlias").arn
    return {}


def _delete_alias(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    arn = f"arn:{state.partition}:kms:{region}:{caller.account}:{given.get('AliasName')}"
    if state.aliases.pop(arn, None) is None:
        raise AwsError("NotFoundException", f"Alias {arn} is not found.")
    return {}


def _enable(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    set_state(_own_key(state, caller, region, given, "kms:EnableKey"), "Enabled")
    return {}


def _disable(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    set_state(_own_key(state, caller, region, given, "kms:DisableKey"), "Disabled")
    return {}


def _schedule_deletion(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:ScheduleKeyDeletion")
    days = int(given.get("PendingWindowInDays") or 30)
    set_state(key, "PendingDeletion", days=days)
    return {
        "KeyId": key.arn,
        "DeletionDate": key.deletion_date,
        "KeyState": key.state,
        "PendingWindowInDays": days,
    }


def _cancel_deletion(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:CancelKeyDeletion")
    set_state(key, "Disabled")
    return {"KeyId": key.arn}


def _list_tags(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:ListResourceTags")
    return _listed(state, given, "Tags", [{"TagKey": k, "TagValue": v} for k, v in key.tags.items()], 50)


def _tag(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:TagResource")
    key.tags.update({tag["TagKey"]: tag["TagValue"] for tag in given.get("Tags") or ()})
    return {}


def _untag(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    key = _own_key(state, caller, region, given, "kms:UntagResource")
    for name in given.get("TagKeys") or ():
        key.tags.pop(name, None)
    return {}


_OPERATIONS: dict[str, Operation] = {
    "CancelKeyDeletion": _cancel_deletion,
    "CreateAlias": _create_alias,
    "CreateGrant": kms_grants.create,
    "CreateKey": _create_key,
    "DeleteAlias": _delete_alias,
    "DescribeKey": _describe_key,
    "DisableKey": _disable,
    "EnableKey": _enable,
    "GetKeyPolicy": _get_key_policy,
    "ListAliases": _list_aliases,
    "ListGrants": kms_grants.list_grants,
    "ListKeyPolicies": _list_key_policies,
    "ListKeys": _list_keys,
    "ListResourceTags": _list_tags,
    "ListRetirableGrants": kms_grants.list_retirable,
    "PutKeyPolicy": put_key_policy,
    "RetireGrant": kms_grants.retire,
    "RevokeGrant": kms_grants.revoke,
    "ScheduleKeyDeletion": _schedule_deletion,
    "TagResource": _tag,
    "UntagResource": _untag,
}
