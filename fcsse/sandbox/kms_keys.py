"""KMS keys and aliases: finding them, making them, describing them, and their state.

Sources: KMS API reference (each operation) and KMS developer guide, "Key identifiers", "Key states", "AWS managed keys".
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from typing import Any

from fcsse.arn import Arn, is_key_id, root_arn
from fcsse.sandbox import key_policy
from fcsse.sandbox.state import Key, Lagging, State
from fcsse.sandbox.wire import AwsError

MANAGED_PREFIX = "alias/aws/"


class ForeignKeyError(AwsError):
    """There is no such key in another account; KMS answers as if it were there and forbidden.

    Source: KMS's sentence for it, "because the resource does not exist in this Region, no resource-based policies allow
    access, or a resource-based policy explicitly denies access".
    """

    def __init__(self, arn: str) -> None:
        super().__init__("AccessDeniedException", f"{arn} is not there, or not for this caller.")


def new_key(
    state: State,
    account: str,
    region: str,
    *,
    policy: str | None = None,
    key_id: str | None = None,
    multi_region: bool = False,
    verbatim: bool | None = None,
) -> Key:
    """A new key, its policy stored unchecked; without a policy it gets the default one."""
    identifier = key_id or (f"mrk-{uuid.uuid4().hex}" if multi_region else str(uuid.uuid4()))
    key = Key(identifier, account, region, state.partition, Lagging(""))
    text = policy if policy is not None else json.dumps(key_policy.default_policy(state.partition, account))
    key_policy.store(state, key, text, verbatim=verbatim)
    key.policy.set(key.policy.value)
    state.keys[key.arn] = key
    return key


def managed_key(state: State, account: str, region: str, alias: str = "alias/aws/s3") -> Key:
    """The AWS managed key behind an alias such as ``alias/aws/s3``, made on first use.

    Source: KMS API reference, DescribeKey: naming a predefined AWS alias without a key makes the AWS managed key.
    """
    alias_arn = f"arn:{state.partition}:kms:{region}:{account}:{alias}"
    found = state.aliases.get(alias_arn)
    if found is not None:
        return state.keys[found]
    service = alias.removeprefix(MANAGED_PREFIX)
    via = {"StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"{service}.{region}.amazonaws.com"}}
    use = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    statements = [
        {
            "Sid": f"Allow access through {service.upper()} for all principals in the account that are authorized to "
            f"use {service.upper()}",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": use,
            "Resource": "*",
            "Condition": via,
        },
        {
            "Sid": "Allow direct access to key metadata to the account",
            "Effect": "Allow",
            "Principal": {"AWS": root_arn(state.partition, account)},
            "Action": ["kms:Describe*", "kms:Get*", "kms:List*"],
            "Resource": "*",
        },
    ]
    document = {"Version": "2012-10-17", "Id": f"auto-{service}-2", "Statement": statements}
    key = new_key(state, account, region, policy=json.dumps(document))
    key.manager = "AWS"
    key.description = f"Default key that protects my {service.upper()} objects when no other key is defined"
    state.aliases[alias_arn] = key.arn
    return key


def find_key(state: State, text: str, account: str, region: str, *, aliases: bool = False) -> Key:
    """The key that an identifier names for a caller of ``account`` in ``region``. Raises AwsError.

    Another account's key is found by its ARN only. ``aliases``: the operation takes alias names and alias ARNs too.
    """
    arn = Arn.parse(text)
    if arn is not None:
        if arn.service != "kms" or arn.partition != state.partition:
            raise AwsError("InvalidArnException", f"Invalid arn {text}")
        if arn.region != region:
            raise AwsError("NotFoundException", f"Invalid arn {arn.region}")
    is_alias = (arn.resource if arn else text).startswith("alias/")
    if is_alias:
        if not aliases:
            raise AwsError("InvalidArnException", "Key Aliases are not supported for this operation.")
        return _by_alias(state, text if arn else f"arn:{state.partition}:kms:{region}:{account}:{text}", account)
    if arn is None and not is_key_id(text):
        raise AwsError("NotFoundException", f"Invalid keyId '{text}'")
    full = text if arn else f"arn:{state.partition}:kms:{region}:{account}:key/{text}"
    key = state.keys.get(full)
    if key is None and arn is not None and arn.account != account:
        raise ForeignKeyError(full)
    if key is None:
        raise AwsError("NotFoundException", f"Key '{full}' does not exist")
    return key


def _by_alias(state: State, alias_arn: str, account: str) -> Key:
    arn = Arn.parse(alias_arn)
    target = state.aliases.get(alias_arn)
    if target is None and arn and arn.account == account and arn.resource.startswith(MANAGED_PREFIX):
        return managed_key(state, account, arn.region, arn.resource)
    if target is None or target not in state.keys:
        raise AwsError("NotFoundException", f"Alias {alias_arn} is not found.")
    return state.keys[target]


_WORDS = {
    "Creating": "creating",
    "PendingDeletion": "pending deletion",
    "PendingImport": "pending import",
    "PendingReplicaDeletion": "pending replica deletion",
    "Unavailable": "unavailable",
    "Updating": "updating",
}
WORKING = ("Enabled", "Updating")
"""The states in which a key can be used. Source: KMS developer guide, "Key states of AWS KMS keys"."""


def end_passing_state(key: Key) -> None:
    """End a passing state whose time is over."""
    if key.ready is not None and time.monotonic() >= key.ready:
        key.state, key.ready = "Enabled", None


def require_state(key: Key, *states: str) -> None:
    """Raise AwsError where the key is in none of these states; by default, in none in which it can be used."""
    end_passing_state(key)
    if key.state in (states or WORKING):
        return
    if key.state == "Disabled":
        raise AwsError("DisabledException", f"{key.arn} is disabled.")
    raise AwsError("KMSInvalidStateException", f"{key.arn} is {_WORDS.get(key.state, key.state)}.")


def metadata(state: State, key: Key) -> dict[str, Any]:
    """The ``KeyMetadata`` of DescribeKey and CreateKey."""
    end_passing_state(key)
    described: dict[str, Any] = {
        "AWSAccountId": key.account,
        "KeyId": key.id,
        "Arn": key.arn,
        "CreationDate": key.created,
        "Enabled": key.state == "Enabled",
        "Description": key.description,
        "KeyUsage": key.usage,
        "KeyState": key.state,
        "Origin": key.origin,
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": key.spec,
        "KeySpec": key.spec,
        "MultiRegion": key.multi_region,
    }
    described |= _algorithms(key)
    if key.spec == "SYMMETRIC_DEFAULT" and key.state not in ("Creating", "PendingImport"):
        described["CurrentKeyMaterialId"] = material_id(key)
    if key.deletion_date is not None:
        described["DeletionDate"] = key.deletion_date
    if key.multi_region:
        described["MultiRegionConfiguration"] = _family(state, key)
    return described


_RSA_SIGNING = [f"RSASSA_{kind}_SHA_{size}" for kind in ("PKCS1_V1_5", "PSS") for size in (256, 384, 512)]
_ECC_SIGNING = {"P256": 256, "P256K1": 256, "P384": 384, "P521": 512}


def _algorithms(key: Key) -> dict[str, list[str]]:
    size = key.spec.rpartition("_")[2]
    match key.usage:
        case "ENCRYPT_DECRYPT" if key.spec == "SYMMETRIC_DEFAULT":
            return {"EncryptionAlgorithms": [key.spec]}
        case "ENCRYPT_DECRYPT":
            return {"EncryptionAlgorithms": ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"]}
        case "SIGN_VERIFY" if key.spec.startswith("RSA"):
            return {"SigningAlgorithms": _RSA_SIGNING}
        case "SIGN_VERIFY":
            return {"SigningAlgorithms": [f"ECDSA_SHA_{_ECC_SIGNING.get(size, 256)}"]}
        case "GENERATE_VERIFY_MAC":
            return {"MacAlgorithms": [f"HMAC_SHA_{size}"]}
        case _:
            return {"KeyAgreementAlgorithms": ["ECDH"]}


def _family(state: State, key: Key) -> dict[str, Any]:
    primary = state.keys[key.replica_of] if key.replica_of else key
    replicas = [other for other in state.keys.values() if other.replica_of == primary.arn]
    return {
        "MultiRegionKeyType": "REPLICA" if key.replica_of else "PRIMARY",
        "PrimaryKey": {"Arn": primary.arn, "Region": primary.region},
        "ReplicaKeys": [{"Arn": replica.arn, "Region": replica.region} for replica in replicas],
    }


def set_state(key: Key, state: str, *, days: int = 30) -> None:
    """Change a key's state; PendingDeletion gets its date ``days`` from now."""
    key.state, key.ready = state, None
    key.deletion_date = time.time() + days * 86_400 if state == "PendingDeletion" else None


def material_id(key: Key) -> str:
    """The id of a key's current material, 64 hexadecimal digits. Source: KMS API reference, KeyMetadata."""
    return hashlib.sha256(f"{key.id}/{key.material}".encode()).hexdigest()
