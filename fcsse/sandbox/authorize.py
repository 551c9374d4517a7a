"""Who may do what: identity policies, resource policies and grants, as AWS puts them together, and AWS's refusals.

The deciding is the project's own evaluator's; this module asks it and words the answers.
Sources: IAM user guide, "Policy evaluation logic"; KMS developer guide, "Default key policy" and "Allowing users in
other accounts to use a KMS key"; for the wording, IAM user guide, "Troubleshoot access denied error messages".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fcsse.arn import root_arn
from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Request, Verdict
from fcsse.model import Grant
from fcsse.sandbox.key_policy import current
from fcsse.sandbox.principals import unique_id
from fcsse.sandbox.wire import AwsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fcsse.evaluator.request import Decision
    from fcsse.sandbox.principals import Caller
    from fcsse.sandbox.state import Key, State, StoredGrant

    Context = Mapping[str, str | tuple[str, ...]]

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


def as_grant(state: State, grant: StoredGrant) -> Grant:
    """A stored grant as ListGrants shows it: a grantee that is gone is a bare id."""
    constraints = grant.constraints
    return Grant(
        grant_id=grant.id,
        grantee=shown_principal(state, grant.grantee, grant.grantee_id),
        operations=frozenset(grant.operations),
        name=grant.name,
        constraint_equals=constraints.get("EncryptionContextEquals"),
        constraint_subset=constraints.get("EncryptionContextSubset"),
        other_constraints=tuple(sorted(set(constraints) - {"EncryptionContextEquals", "EncryptionContextSubset"})),
        retiring=grant.retiring,
        issuing_account=grant.issuing_account,
    )


def shown_principal(state: State, arn: str, bound: str | None) -> str:
    """A grant's principal as it reads now. Source: KMS API reference, ListGrants, and public issue threads."""
    return arn if bound is None or unique_id(state, arn) == bound else bound


def key_ruling(state: State, key: Key, caller: Caller, action: str, context: Context) -> Ruling:
    """May the caller use ``action`` on the key? Its policy, its grants and the caller's own policies decide."""
    document = current(state, key)
    grants = [as_grant(state, grant) for grant in key.grants.value.values()]
    decision = _ask(document, caller, action, key.arn, context, caller.policies, grants=grants)
    if decision.verdict is Verdict.ALLOWED:
        return Ruling(True, decided_by=decision.decided_by)
    if decision.explicit:
        own = decision.statement is None
        return Ruling(False, _refusal(caller, action, key.arn, _denied("identity" if own else "resource")))
    if _ask(document, caller, action, key.arn, context, None).verdict is Verdict.ALLOWED:
        return Ruling(False, _refusal(caller, action, key.arn, _missing("identity", action)))
    if caller.account == key.account:
        return Ruling(False, _refusal(caller, action, key.arn, _missing("resource", action)))
    reason = (
        f"User: {caller.arn} is not authorized to perform: {action} on this resource because the resource does not "
        "exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies "
        "access"
    )
    return Ruling(False, reason)


def keeps_control(key: Key, caller: Caller, document: Mapping[str, Any]) -> bool:
    """Would this policy still let the caller call PutKeyPolicy, by himself or through his account's IAM policies?

    Source: KMS API reference, PutKeyPolicy: "must allow the calling principal to make a subsequent PutKeyPolicy
    request".
    """
    return _ask(document, caller, "kms:PutKeyPolicy", key.arn, {}, None).verdict is Verdict.ALLOWED


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


def identity_refusal(caller: Caller, action: str, resource: str, *, quoted: bool = False) -> str:
    """AWS's sentence where the caller's own policies do not allow it, else nothing. ``quoted``: as S3 writes it."""
    verdict = identity_verdict(caller, action, resource)
    if verdict is True:
        return ""
    shown = f'"{resource}"' if quoted else resource
    return _refusal(caller, action, shown, _missing("identity", action) if verdict is None else _denied("identity"))


def identity_verdict(caller: Caller, action: str, resource: str) -> bool | None:
    """What the caller's own policies say: True allowed, False explicitly denied, None nothing."""
    partition = caller.arn.split(":")[1]
    delegation = {
        "Effect": "Allow",
        "Principal": {"AWS": root_arn(partition, caller.account)},
        "Action": "*",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [delegation]}
    return _said(_ask(document, caller, action, resource, {}, caller.policies, account=caller.account))


def resource_verdict(document: Mapping[str, Any], caller: Caller, action: str, resource: str) -> bool | None:
    """What a bucket policy or a role's trust policy says of the caller, by name, account or wildcard.

    True allowed, False explicitly denied, None nothing.
    """
    return _said(_ask(document, caller, action, resource, {}, None, account=_NOBODYS_ACCOUNT))


def _said(decision: Decision) -> bool | None:
    if decision.verdict is Verdict.ALLOWED:
        return True
    return False if decision.explicit else None


def _ask(
    document: Mapping[str, Any],
    caller: Caller,
    action: str,
    resource: str,
    context: Context,
    policies: Sequence[Mapping[str, Any]] | None,
    *,
    grants: Sequence[Grant] = (),
    account: str | None = None,
) -> Decision:
    """Ask the evaluator. ``policies`` None = everything, to learn what the resource's side says."""
    full: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalArn": caller.principal_arn,
        "aws:userid": caller.userid,
        "aws:ViaAWSService": "false",
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        **context,
    }
    request = Request(caller.arn, action, resource, full, complete=True, unique_ids=frozenset({caller.unique_id}))
    identity = [ALLOW_ALL] if policies is None else policies
    return evaluate(
        document, request, grants, "Enabled", identity_policies=identity, resource_account=account, explain=False
    )


def _refusal(caller: Caller, action: str, resource: str, reason: str) -> str:
    return f"User: {caller.arn} is not authorized to perform: {action} on resource: {resource} {reason}"


def _missing(side: str, action: str) -> str:
    return f"because no {side}-based policy allows the {action} action"


def _denied(side: str) -> str:
    return f"with an explicit deny in {'an' if side == 'identity' else 'a'} {side}-based policy"
