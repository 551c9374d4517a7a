"""KMS grants: creating, listing, revoking and retiring them.

Sources: KMS API reference, CreateGrant, ListGrants, ListRetirableGrants, RevokeGrant, RetireGrant; KMS developer guide,
"Grants in AWS KMS" and "Testing your permissions" (DryRun); "Resource quotas" (50,000 grants per key).
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from fcsse.arn import root_arn
from fcsse.sandbox.authorize import current_principal, identity_verdict, require_identity, require_key
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.kms_checks import invalid, limit, marker, stop_dry_run
from fcsse.sandbox.kms_keys import find_key, require_state
from fcsse.sandbox.principals import is_new, is_valid_principal, unique_id
from fcsse.sandbox.state import Key, State, StoredGrant, page
from fcsse.sandbox.wire import AwsError

_NAME = re.compile(r"[a-zA-Z0-9:/_-]{1,256}")
_GRANT_ID = re.compile(r"[0-9a-f]{64}")
_COMMON = frozenset({"CreateGrant", "RetireGrant", "DescribeKey"})
_CRYPT = frozenset({"Decrypt", "Encrypt", "ReEncryptFrom", "ReEncryptTo"})
_DATA_KEYS = frozenset(
    {
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
    }
)


def _operations_of(key: Key) -> frozenset[str]:
    """Source: KMS developer guide, "Grant operations": what each kind of key supports."""
    if key.usage == "GENERATE_VERIFY_MAC":
        return _COMMON | {"GenerateMac", "VerifyMac"}
    if key.usage == "SIGN_VERIFY":
        return _COMMON | {"Sign", "Verify", "GetPublicKey"}
    return _COMMON | _CRYPT | (_DATA_KEYS if key.spec == "SYMMETRIC_DEFAULT" else {"GetPublicKey"})


def create(state: State, caller: Caller, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateGrant. A repeated call with the same name and parameters answers the same GrantId."""
    name = str(given.get("Name") or "")
    if name and not _NAME.fullmatch(name):
        raise invalid(
            f"Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            "^[a-zA-Z0-9:/_-]+$"
        )
    grantee = str(given.get("GranteePrincipal") or "")
    operations = tuple(given.get("Operations") or ())
    if not grantee:
        raise invalid("Value null at 'granteePrincipal' failed to satisfy constraint: Member must not be null")
    if not operations:
        raise invalid("Value null at 'operations' failed to satisfy constraint: Member must not be null")
    constraints = _constraints(given.get("Constraints") or {})
    retiring = given.get("RetiringPrincipal")
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    context: dict[str, str | tuple[str, ...]] = {
        "kms:GranteePrincipal": grantee,
        "kms:GrantOperations": operations,
        "kms:GrantIsForAWSResource": "false",
        **({"kms:RetiringPrincipal": str(retiring)} if retiring else {}),
        **({"kms:GrantConstraintType": tuple(constraints)} if constraints else {}),
    }
    require_key(state, key, caller, "kms:CreateGrant", context)
    require_state(key)
    unsupported = sorted(set(operations) - _operations_of(key))
    if unsupported:
        raise AwsError("ValidationException", f"The key does not support the operations {unsupported}")
    for principal in (grantee, retiring):
        if principal and (principal == "*" or not is_valid_principal(state, str(principal))):
            raise AwsError("InvalidArnException", f"ARN does not refer to a valid principal: {principal}")
    grant = StoredGrant(
        id=secrets.token_hex(32),
        key_arn=key.arn,
        name=name,
        grantee=grantee,
        grantee_id=unique_id(state, grantee),
        operations=operations,
        constraints=constraints,
        retiring=retiring,
        retiring_id=unique_id(state, retiring) if retiring else None,
        issuing_account=root_arn(state.partition, caller.account),
        created=float(int(time.time())),
    )
    existing = _same(key, grant)
    if existing is None and len(key.grants.value) >= state.switches.grant_limit:
        raise AwsError(
            "LimitExceededException", f"The key has reached its limit of {state.switches.grant_limit} grants."
        )
    stop_dry_run(given)
    if existing is None:
        _change(state, key, {**key.grants.value, grant.id: grant})
    made = existing or grant
    made.tokens.append(secrets.token_urlsafe(48))
    return {"GrantId": made.id, "GrantToken": made.tokens[-1]}


def _constraints(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("EncryptionContextSubset", "EncryptionContextEquals"):
        pairs = given.get(name) or {}
        if len(pairs) > 8 or any(len(str(value)) > 384 for value in pairs.values()):
            raise AwsError("ValidationException", f"{name} holds at most 8 pairs with values of up to 384 characters")
    return {name: value for name, value in given.items() if value}


def _same(key: Key, grant: StoredGrant) -> StoredGrant | None:
    if not grant.name:
        return None
    return next((other for other in key.grants.value.values() if _identity(other) == _identity(grant)), None)


def _identity(grant: StoredGrant) -> tuple[object, ...]:
    bound = grant.grantee_id or grant.grantee, grant.retiring_id or grant.retiring
    return grant.name, bound, sorted(set(grant.operations)), grant.constraints, grant.issuing_account


def _change(state: State, key: Key, grants: dict[str, StoredGrant]) -> None:
    key.grants.set(grants, state.switches.late_grant_seconds, state.switches.late_grant_reads)


def list_grants(state: State, caller: Caller, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """ListGrants, with its filters and pages."""
    wanted = given.get("GrantId")
    if wanted is not None and not _GRANT_ID.fullmatch(str(wanted)):
        raise AwsError("InvalidGrantIdException", f"Invalid grant ID {wanted}")
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    require_key(state, key, caller, "kms:ListGrants", {})
    grantee = given.get("GranteePrincipal")
    found = [
        grant
        for grant in key.grants.read().values()
        if (wanted is None or grant.id == wanted)
        and (grantee is None or _shown(state, grant.grantee, grant.grantee_id) == grantee)
    ]
    return _page(state, found, given)


def list_retirable(state: State, caller: Caller, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """ListRetirableGrants: the grants of the caller's account and Region that a principal may retire."""
    require_identity(caller, "kms:ListRetirableGrants", "*")
    keys = state.keys_of(caller.account, region)
    principal = given.get("RetiringPrincipal")
    found = [grant for key in keys for grant in key.grants.read().values() if grant.retiring == principal]
    return _page(state, found, given)


def _page(state: State, found: Iterable[StoredGrant], given: Mapping[str, Any]) -> dict[str, Any]:
    shown, following = page(found, marker(given), limit(state, given, 100))
    answer: dict[str, Any] = {"Grants": [_entry(state, grant) for grant in shown], "Truncated": following is not None}
    if following is not None:
        answer["NextMarker"] = f"m{following}"
    return answer


def _shown(state: State, arn: str, bound: str | None) -> str:
    """A principal as ListGrants shows it: by its unique id where it is gone, and for about a minute while it is new.

    Source: public issue threads of an AWS SDK and of Terraform's provider, in which AWS calls it expected.
    """
    return bound if bound and is_new(state, bound) else current_principal(state, arn, bound)


def _entry(state: State, grant: StoredGrant) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "KeyId": grant.key_arn,
        "GrantId": grant.id,
        "Name": grant.name,
        "CreationDate": grant.created,
        "GranteePrincipal": _shown(state, grant.grantee, grant.grantee_id),
        "IssuingAccount": grant.issuing_account,
        "Operations": list(grant.operations),
    }
    if grant.retiring:
        entry["RetiringPrincipal"] = _shown(state, grant.retiring, grant.retiring_id)
    if grant.constraints:
        entry["Constraints"] = grant.constraints
    return entry


def revoke(state: State, caller: Caller, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """RevokeGrant: a permission on the key."""
    key = find_key(state, str(given.get("KeyId")), caller.account, region)
    require_key(state, key, caller, "kms:RevokeGrant", {"kms:GrantIsForAWSResource": "false"})
    grant = _required(key, str(given.get("GrantId")))
    stop_dry_run(given)
    _change(state, key, {name: other for name, other in key.grants.value.items() if name != grant.id})
    return {}


def retire(state: State, caller: Caller, region: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """RetireGrant: for the retiring principal, a grantee with RetireGrant, and the account that issued the grant."""
    token = given.get("GrantToken")
    if token:
        pairs = [(key, grant) for key in state.keys.values() for grant in key.grants.value.values()]
        match = next(((key, grant) for key, grant in pairs if token in grant.tokens), None)
        if match is None:
            raise AwsError("InvalidGrantTokenException", "The grant token is not valid.")
        key, grant = match
    else:
        key = find_key(state, str(given.get("KeyId")), caller.account, region)
        grant = _required(key, str(given.get("GrantId")))
    root = root_arn(state.partition, caller.account)
    issuer = grant.issuing_account == root and identity_verdict(caller, "kms:RetireGrant", key.arn) is True
    retiring = grant.retiring in (caller.principal_arn, caller.arn, root)
    grantee = "RetireGrant" in grant.operations and grant.grantee_id == caller.unique_id
    if not (issuer or retiring or grantee):
        message = (
            f"User: {caller.arn} is not authorized to perform: kms:RetireGrant on resource: {key.arn} because no "
            "identity-based policy allows the kms:RetireGrant action"
        )
        raise AwsError("AccessDeniedException", message)
    stop_dry_run(given)
    _change(state, key, {name: other for name, other in key.grants.value.items() if name != grant.id})
    return {}


def _required(key: Key, grant_id: str) -> StoredGrant:
    if not _GRANT_ID.fullmatch(grant_id):
        raise AwsError("InvalidGrantIdException", f"Invalid grant ID {grant_id}")
    grant = key.grants.value.get(grant_id)
    if grant is None:
        raise AwsError("NotFoundException", f"Grant ID {grant_id} not found")
    return grant
