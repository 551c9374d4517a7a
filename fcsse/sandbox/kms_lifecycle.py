"""Making and retiring KMS keys: CreateKey, ReplicateKey, enabling, deleting, imported material and rotation.

Sources: KMS API reference, the page of each operation; KMS developer guide, "Key states of AWS KMS keys"; the messages are
those that AWS's answers were recorded with.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from fcsse.sandbox import key_policy
from fcsse.sandbox.authorize import require_identity, require_key
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.kms_checks import checked_policy, one_of, own_key
from fcsse.sandbox.kms_keys import find_key, metadata, new_key, require_state, set_state
from fcsse.sandbox.kms_tags import checked_tags
from fcsse.sandbox.state import Key, State
from fcsse.sandbox.wire import AwsError

Given = Mapping[str, Any]

_SPECS = (
    "RSA_2048",
    "ECC_NIST_P384",
    "ECC_NIST_P256",
    "ECC_NIST_P521",
    "HMAC_384",
    "RSA_3072",
    "ECC_SECG_P256K1",
    "RSA_4096",
    "SYMMETRIC_DEFAULT",
    "HMAC_256",
    "HMAC_224",
    "HMAC_512",
)
_USAGES = ("ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")
_USABLE = {
    "RSA": ("ENCRYPT_DECRYPT", "SIGN_VERIFY"),
    "ECC": ("SIGN_VERIFY", "KEY_AGREEMENT"),
    "HMAC": ("GENERATE_VERIFY_MAC",),
    "SYMMETRIC": ("ENCRYPT_DECRYPT",),
}
_CREATING_SECONDS = 1.0
"""How long a replica stays in the state Creating here; AWS says that it takes a few minutes at most."""


def create_key(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """CreateKey. A key with the origin EXTERNAL waits for its material."""
    require_identity(caller, "kms:CreateKey", "*")
    spec = str(given.get("KeySpec") or given.get("CustomerMasterKeySpec") or "SYMMETRIC_DEFAULT")
    one_of(spec, "keySpec", _SPECS)
    usage = given.get("KeyUsage")
    if usage is not None:
        one_of(str(usage), "keyUsage", _USAGES)
    elif spec != "SYMMETRIC_DEFAULT":
        message = "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys."
        raise AwsError("ValidationException", message)
    usage = str(usage or "ENCRYPT_DECRYPT")
    if usage not in _USABLE[spec.partition("_")[0]]:
        raise AwsError("ValidationException", f"KeyUsage {usage} is not compatible with KeySpec {spec}")
    tags = checked_tags(given.get("Tags") or ())
    key = new_key(state, caller.account, region, multi_region=bool(given.get("MultiRegion")))
    key.spec, key.usage, key.tags = spec, usage, tags
    key.description = str(given.get("Description") or "")
    key.origin = str(given.get("Origin") or "AWS_KMS")
    if key.origin == "EXTERNAL":
        key.state = "PendingImport"
    text = given.get("Policy")
    if text is not None:
        try:
            checked_policy(state, key, caller, str(text), bypass=bool(given.get("BypassPolicyLockoutSafetyCheck")))
        except AwsError:
            del state.keys[key.arn]
            raise
        key_policy.store(state, key, str(text))
        key.policy.set(key.policy.value)
    return {"KeyMetadata": metadata(state, key)}


def replicate_key(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """ReplicateKey: the replica is Creating at first; its policy and tags are its own."""
    key = own_key(state, caller, region, given, "kms:ReplicateKey")
    place = str(given.get("ReplicaRegion"))
    if not key.multi_region or key.replica_of:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is not a multi-region primary key.")
    require_state(key)
    twin = f"arn:{state.partition}:kms:{place}:{key.account}:key/{key.id}"
    if twin in state.keys or place == key.region:
        raise AwsError("AlreadyExistsException", f"The key {twin} already exists.")
    tags = checked_tags(given.get("Tags") or ())
    replica = new_key(state, key.account, place, key_id=key.id)
    replica.replica_of, replica.tags, replica.spec, replica.usage = key.arn, tags, key.spec, key.usage
    replica.description = str(given.get("Description") or "")
    if given.get("Policy") is not None:
        try:
            checked_policy(state, replica, caller, str(given["Policy"]))
        except AwsError:
            del state.keys[replica.arn]
            raise
        key_policy.store(state, replica, str(given["Policy"]))
    replica.policy.set(replica.policy.value)
    replica.state, replica.ready = "Creating", time.monotonic() + _CREATING_SECONDS
    return {
        "ReplicaKeyMetadata": metadata(state, replica),
        "ReplicaPolicy": key_policy.shown(state, replica, replica.policy.value),
        "ReplicaTags": [{"TagKey": name, "TagValue": value} for name, value in replica.tags.items()],
    }


def enable(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """EnableKey."""
    key = own_key(state, caller, region, given, "kms:EnableKey")
    require_state(key, "Enabled", "Disabled")
    set_state(key, "Enabled")
    return {}


def disable(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """DisableKey."""
    key = own_key(state, caller, region, given, "kms:DisableKey")
    require_state(key, "Enabled", "Disabled")
    set_state(key, "Disabled")
    return {}


def schedule_deletion(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """ScheduleKeyDeletion; a primary key with replicas waits for them first."""
    key = own_key(state, caller, region, given, "kms:ScheduleKeyDeletion")
    days = int(given.get("PendingWindowInDays") or 30)
    if not 7 <= days <= 30:
        bound = "greater than or equal to 7" if days < 7 else "less than or equal to 30"
        message = (
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: Member "
            f"must have value {bound}"
        )
        raise AwsError("ValidationException", message)
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable")
    waits = any(other.replica_of == key.arn for other in state.keys.values())
    set_state(key, "PendingReplicaDeletion" if waits else "PendingDeletion", days=days)
    date = {} if waits else {"DeletionDate": key.deletion_date}
    return {"KeyId": key.arn, **date, "KeyState": key.state, "PendingWindowInDays": days}


def cancel_deletion(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """CancelKeyDeletion: the key is then disabled."""
    key = own_key(state, caller, region, given, "kms:CancelKeyDeletion")
    if key.state not in ("PendingDeletion", "PendingReplicaDeletion"):
        raise AwsError("KMSInvalidStateException", f"{key.arn} is not pending deletion.")
    set_state(key, "Disabled")
    return {"KeyId": key.arn}


def update_description(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """UpdateKeyDescription."""
    key = own_key(state, caller, region, given, "kms:UpdateKeyDescription")
    require_state(key, "Enabled", "Disabled", "PendingImport", "Unavailable")
    key.description = str(given.get("Description") or "")
    return {}


def _of_own_material(key: Key) -> None:
    """Rotation is for symmetric keys whose material KMS made."""
    if key.spec != "SYMMETRIC_DEFAULT":
        raise AwsError("UnsupportedOperationException", "")
    if key.origin != "AWS_KMS":
        message = f"{key.arn} origin is {key.origin} which is not valid for this operation."
        raise AwsError("UnsupportedOperationException", message)


def rotation_status(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """GetKeyRotationStatus: off as long as the key is disabled or pending deletion."""
    key = _of_any_account(state, caller, region, given, "kms:GetKeyRotationStatus")
    _of_own_material(key)
    on = key.rotation and key.state not in ("PendingDeletion", "Disabled")
    return {"KeyRotationEnabled": on, "KeyId": key.arn, **({"RotationPeriodInDays": 365} if on else {})}


def _of_any_account(state: State, caller: Caller, region: str, given: Given, action: str) -> Key:
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    require_key(state, key, caller, action, {})
    return key


def rotate(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """RotateKeyOnDemand."""
    key = own_key(state, caller, region, given, "kms:RotateKeyOnDemand")
    require_state(key)
    _of_own_material(key)
    key.material += 1
    return {"KeyId": key.arn}


def set_rotation(state: State, caller: Caller, region: str, given: Given, *, on: bool) -> dict[str, Any]:
    """EnableKeyRotation and DisableKeyRotation."""
    key = own_key(state, caller, region, given, f"kms:{'Enable' if on else 'Disable'}KeyRotation")
    require_state(key)
    _of_own_material(key)
    key.rotation = on
    return {}


def _of_imported_material(key: Key) -> None:
    if key.origin != "EXTERNAL":
        message = f"{key.arn} origin is {key.origin} which is not valid for this operation."
        raise AwsError("UnsupportedOperationException", message)


def import_material(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """ImportKeyMaterial: whatever is given counts as the material."""
    key = own_key(state, caller, region, given, "kms:ImportKeyMaterial")
    _of_imported_material(key)
    require_state(key, "Enabled", "PendingImport", "Disabled")
    if given.get("ExpirationModel", "KEY_MATERIAL_EXPIRES") == "KEY_MATERIAL_EXPIRES" and not given.get("ValidTo"):
        message = "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES"
        raise AwsError("ValidationException", message)
    set_state(key, "Enabled")
    return {"KeyId": key.arn}


def delete_material(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """DeleteImportedKeyMaterial: the key waits for its material again."""
    key = own_key(state, caller, region, given, "kms:DeleteImportedKeyMaterial")
    _of_imported_material(key)
    set_state(key, "PendingImport")
    return {"KeyId": key.arn}


def update_primary_region(state: State, caller: Caller, region: str, given: Given) -> dict[str, Any]:
    """UpdatePrimaryRegion: both keys are Updating for a while, in which they go on working."""
    key = own_key(state, caller, region, given, "kms:UpdatePrimaryRegion")
    place = str(given.get("PrimaryRegion"))
    twin = state.keys.get(f"arn:{state.partition}:kms:{place}:{key.account}:key/{key.id}")
    if not key.multi_region or key.replica_of:
        raise AwsError("UnsupportedOperationException", f"{key.arn} is not a multi-region primary key.")
    require_state(key)
    if twin is None:
        raise AwsError("NotFoundException", f"The key {key.arn} has no replica in {place}.")
    for other in state.keys.values():
        if other.replica_of == key.arn:
            other.replica_of = twin.arn
    key.replica_of, twin.replica_of = twin.arn, None
    for one in (key, twin):
        one.state, one.ready = "Updating", time.monotonic() + _CREATING_SECONDS
    return {}
