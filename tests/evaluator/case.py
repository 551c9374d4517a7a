"""What a named case is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Decision, Request
from fcsse.model import Grant

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"
    "AWSServiceRoleForFSxS3Access_fc-0123"
)
NAME = "AWSServiceRoleForFSxS3Access_fc-0123"
ROLE_ID = "AROAEXAMPLEEXAMPLE123"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAME}/FSx"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
USER = f"arn:aws:iam::{ACCOUNT}:user/Ann"
FOREIGN_ROLE = f"arn:aws:iam::{OTHER}:role/Reader"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "arn:aws:s3:::data"
OBJECT = f"{BUCKET}/a/b"

OPERATORS = "IAM user guide, Condition operators"
MISSING = "IAM user guide, Condition operators: a key that is not present"
IF_EXISTS = "IAM user guide, Condition operators: ...IfExists"
NULL = "IAM user guide, Condition operators: Null"
SETS = "IAM user guide, Multivalued context keys"
LOGIC = "IAM user guide, Conditions with multiple context keys or values"
ARNS = "IAM user guide, Condition operators: ARN"
VARIABLES = "IAM user guide, Variables and tags"
NO_VALUE = "IAM user guide, Policy variables with no value"
CONDITION = "IAM user guide, JSON policy elements: Condition"
PRINCIPAL = "IAM user guide, JSON policy elements: Principal"
NOT_PRINCIPAL = "IAM user guide, JSON policy elements: NotPrincipal"
ACTION = "IAM user guide, JSON policy elements: Action"
RESOURCE = "IAM user guide, JSON policy elements: Resource"
LOGIC_FLOW = "IAM user guide, Policy evaluation logic"
CROSS = "IAM user guide, Cross-account policy evaluation logic"
KEY_ACCESS = "KMS developer guide, Troubleshooting key access"
KEY_POLICY = "KMS developer guide, Default key policy"
CONTEXT_CASE = "KMS developer guide, Case sensitivity of the encryption context condition"
CONTEXT_KEYS = "KMS developer guide, kms:EncryptionContextKeys"
GRANTS = "KMS developer guide, Grants in AWS KMS"
CONSTRAINTS = "KMS API reference, GrantConstraints"
STATES = "KMS developer guide, Key states"
GLOBAL_KEYS = "IAM user guide, AWS global condition context keys"
PAGE = "File Cache user guide, Working with server-side encrypted Amazon S3 buckets"
REASON = "reasoning: nothing is reported as allowed that was not understood"
SILENT = "reasoning: no AWS page decides, so the answer is unknown"
KLEENE = "reasoning: an unknown part matters only where it can change the verdict"

ALLOWED, DENIED, UNKNOWN = "allowed", "denied", "unknown"


@dataclass(frozen=True)
class Case:
    """A policy, a request, and what must come out."""

    name: str
    source: str
    expected: str
    document: dict[str, Any]
    request: Request
    grants: tuple[Grant, ...] = ()
    key_state: str | None = "Enabled"
    identity_policies: list[dict[str, Any]] | None = None
    resource_account: str | None = None
    decided_by: str | None = None
    words: tuple[str, ...] = field(default=())


def decide(case: Case, policy: Any = None) -> Decision:
    """What is found of it; ``policy``: its document in another form."""
    return evaluate(
        case.document if policy is None else policy,
        case.request,
        case.grants,
        case.key_state,
        identity_policies=case.identity_policies,
        resource_account=case.resource_account,
    )


def statement(**changes: Any) -> dict[str, Any]:
    """An Allow of everything for everyone, changed; None leaves an element out."""
    made: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", **changes}
    return {key: value for key, value in made.items() if value is not None}


def document(*statements: Any, version: str | None = "2012-10-17") -> dict[str, Any]:
    """A policy of these statements."""
    made: dict[str, Any] = {"Statement": list(statements)}
    return {"Version": version, **made} if version else made


def ask(
    principal: str = ROLE,
    action: str = "kms:Decrypt",
    resource: str = KEY,
    context: dict[str, Any] | None = None,
    *,
    complete: bool = True,
    **rest: Any,
) -> Request:
    """A request about which everything is known."""
    return Request(principal, action, resource, context or {}, complete=complete, **rest)


def condition(
    name: str,
    source: str,
    block: dict[str, Any],
    context: dict[str, Any],
    holds: bool | None,
    *,
    version: str | None = "2012-10-17",
    complete: bool = True,
    **rest: Any,
) -> Case:
    """A Condition block alone decides: it holds, does not, or is not known (None)."""
    expected = {True: ALLOWED, False: DENIED, None: UNKNOWN}[holds]
    made = document(statement(Condition=block), version=version)
    return Case(name, source, expected, made, ask(context=context, complete=complete, **rest))
