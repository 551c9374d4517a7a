"""Who may do what: identity policies, resource policies and grants, as AWS puts them together, and AWS's refusals.

The sandbox's own judge decides (``fcsse.sandbox.judge``); this module hands it the request with its context, and words
the answers. Sources for the wording: IAM user guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fcsse.sandbox.caller import Caller
from fcsse.sandbox.judge.grant_rules import JudgedGrant
from fcsse.sandbox.judge.judged_request import JudgedRequest, Principal, Value
from fcsse.sandbox.judge.ruling import Decision, judge
from fcsse.sandbox.key_policy import current
from fcsse.sandbox.policy_text import statements
from fcsse.sandbox.principals import unique_id
from fcsse.sandbox.request_context import key_keys
from fcsse.sandbox.state import Key, State, StoredGrant
from fcsse.sandbox.wire import AwsError

Context = Mapping[str, Value]

ALLOW_ALL: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
"""The identity policy of an administrator."""

_NOBODYS_ACCOUNT = "000000000000"


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a call may be made. ``refusal`` is AWS's sentence where not; ``decided_by`` names what decided."""

    allowed: bool
    refusal: str = ""
    decided_by: str | None = None


def as_grant(state: State, grant: StoredGrant) -> JudgedGrant:
    """A stored grant as it stands now: a grantee that is gone is a bare id."""
    grantee = current_principal(state, grant.grantee, grant.grantee_id)
    return JudgedGrant(grant.name or grant.id, grantee, grant.operations, grant.constraints)


def current_principal(state: State, arn: str, bound: str | None) -> str:
    """A grant's principal: its ARN, or the bare unique id where the role or user is gone.

    Source: KMS API reference, ListGrants, and public issue threads.
    """
    return arn if bound is None or unique_id(state, arn) == bound else bound


def key_ruling(state: State, key: Key, caller: Caller, action: str, context: Context) -> Ruling:
    """May the caller use ``action`` on the key? Its policy, its grants and the caller's own policies decide."""
    document = _with_shared(current(state, key), key)
    full = {**caller.keys, **key_keys(state, key, caller, action), **context}
    grants = [as_grant(state, grant) for grant in key.grants.value.values()]
    decision = _ask(document, caller, action, key.arn, full, caller.policies, key.account, grants)
    if decision.allowed:
        return Ruling(True, decided_by=decision.decided_by)
    if decision.explicit:
        kind = "identity" if decision.by_identity else "resource"
        return Ruling(False, _refusal(caller, action, key.arn, _denied(kind)))
    if decision.undocumented:
        return Ruling(False, _refusal(caller, action, key.arn, _undocumented(decision)))
    if _ask(document, caller, action, key.arn, full, None, key.account).allowed:
        return Ruling(False, _refusal(caller, action, key.arn, _missing("identity", action)))
    if caller.account == key.account:
        return Ruling(False, _refusal(caller, action, key.arn, _missing("resource", action)))
    return Ruling(False, foreign_refusal(caller, action))


def foreign_refusal(caller: Caller, action: str) -> str:
    """AWS's sentence about a key of another account that nothing allows, or that is not there."""
    return (
        f"User: {caller.arn} is not authorized to perform: {action} on this resource because the resource does not "
        "exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies "
        "access"
    )


def _with_shared(document: Mapping[str, Any], key: Key) -> Mapping[str, Any]:
    """The key policy, and the statements of the one that AWS Resource Access Manager keeps beside it."""
    if key.ram_policy is None:
        return document
    more = statements(json.loads(key.ram_policy))
    return {**document, "Statement": [*statements(dict(document)), *more]}


def keeps_control(state: State, key: Key, caller: Caller, document: Mapping[str, Any]) -> bool:
    """Would this policy still let the caller call PutKeyPolicy, by himself or through his account's IAM policies?

    Source: KMS API reference, PutKeyPolicy: "must allow the calling principal to make a subsequent PutKeyPolicy
    request"; the check looks at the policy named default.
    """
    action = "kms:PutKeyPolicy"
    context = {**caller.keys, **key_keys(state, key, caller, action), "kms:PolicyName": "default"}
    return _ask(document, caller, action, key.arn, context, None, key.account).allowed


def require_key(state: State, key: Key, caller: Caller, action: str, context: Context) -> Ruling:
    """As ``key_ruling``; raises AccessDeniedException where the call may not be made."""
    ruling = key_ruling(state, key, caller, action, context)
    if not ruling.allowed:
        raise AwsError("AccessDeniedException", ruling.refusal)
    return ruling


def require_identity(caller: Caller, action: str, resource: str, code: str = "AccessDeniedException") -> None:
    """Raise AwsError(``code``) where the caller's own policies do not allow the action on the resource."""
    refusal = identity_refusal(caller, action, resource)
    if refusal:
        raise AwsError(code, refusal, 400 if code == "AccessDeniedException" else 403)


def identity_refusal(
    caller: Caller, action: str, resource: str, *, quoted: bool = False, context: Context | None = None
) -> str:
    """AWS's sentence where the caller's own policies do not allow it, else nothing. ``quoted``: as S3 writes it."""
    decision = _identity(caller, action, resource, context)
    if decision.allowed:
        return ""
    shown = f'"{resource}"' if quoted else resource
    if decision.undocumented:
        return _refusal(caller, action, shown, _undocumented(decision))
    reason = _denied("identity") if decision.explicit else _missing("identity", action)
    return _refusal(caller, action, shown, reason)


def identity_verdict(caller: Caller, action: str, resource: str, context: Context | None = None) -> bool | None:
    """What the caller's own policies say: True allowed, False explicitly denied, None nothing."""
    return _said(_identity(caller, action, resource, context))


def _identity(caller: Caller, action: str, resource: str, context: Context | None) -> Decision:
    partition = caller.arn.split(":")[1]
    account = {"AWS": f"arn:{partition}:iam::{caller.account}:root"}
    delegation = {"Effect": "Allow", "Principal": account, "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [delegation]}
    full = {**caller.keys, **(context or {})}
    return _ask(document, caller, action, resource, full, caller.policies, caller.account)


def resource_verdict(
    document: Mapping[str, Any], caller: Caller, action: str, resource: str, context: Context | None = None
) -> bool | None:
    """What a bucket policy or a role's trust policy says of the caller, by name, account or wildcard.

    True allowed, False denied (explicitly, or for want of any documented answer), None nothing.
    """
    decision = _ask(document, caller, action, resource, {**caller.keys, **(context or {})}, None, _NOBODYS_ACCOUNT)
    return False if decision.undocumented else _said(decision)


def bucket_refusal(
    document: Mapping[str, Any] | None, caller: Caller, action: str, resource: str, context: Context
) -> str:
    """AWS's sentence where neither the policy of a bucket of the caller's account nor his own allow it, else nothing."""
    full = {**caller.keys, **context}
    decision = _ask(document or {}, caller, action, resource, full, caller.policies, caller.account)
    if decision.allowed:
        return ""
    if decision.undocumented:
        return _refusal(caller, action, f'"{resource}"', _undocumented(decision))
    kind = "identity" if decision.by_identity else "resource"
    reason = _denied(kind) if decision.explicit else _missing("identity", action)
    return _refusal(caller, action, f'"{resource}"', reason)


def _said(decision: Decision) -> bool | None:
    if decision.allowed:
        return True
    return False if decision.explicit else None


def _ask(
    document: Mapping[str, Any],
    caller: Caller,
    action: str,
    resource: str,
    context: Context,
    policies: Sequence[Mapping[str, Any]] | None,
    owner: str,
    grants: Sequence[JudgedGrant] = (),
) -> Decision:
    """Ask the judge. ``policies`` None = everything, to learn what the resource's side says."""
    role = caller.principal_arn if caller.principal_arn != caller.arn else ""
    request = JudgedRequest(Principal(caller.arn, role, caller.unique_id), action, resource, context)
    return judge(request, document, policies, owner, grants)


def _refusal(caller: Caller, action: str, resource: str, reason: str) -> str:
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def _missing(side: str, action: str) -> str:
    return f"because no {side}-based policy allows the {action} action"


def _denied(side: str) -> str:
    return f"with an explicit deny in {'an' if side == 'identity' else 'a'} {side}-based policy"


def _undocumented(decision: Decision) -> str:
    return f"(the sandbox denies, as AWS documents nowhere {'; nor '.join(decision.undocumented)})"
