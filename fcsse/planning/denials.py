"""An explicit Deny that stops a cache: which of its conditions hit, and what would except the cache from it. Pure.

Source of the encryption contexts: S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys"; of the
exception for one role: IAM user guide, "aws:PrincipalArn".
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fcsse.arn import bucket_arn, role_arn
from fcsse.evaluator.request import Comparison, Decision
from fcsse.model import Facts
from fcsse.policy.document import printable
from fcsse.policy.encryption_context import ContextForm
from fcsse.text import alternatives

CONTEXT_KEY = "kms:encryptioncontext:aws:s3:arn"


class Way(Enum):
    """How a Deny can be made to pass a cache by."""

    ADD_VALUE = "add-value"
    EXCEPT_ROLE = "except-role"


class Exemption(NamedTuple):
    """What would except a cache from a Deny: ``value`` added to those of ``key``, or its role left out of it.

    ``form`` is the form of encryption context that the value stands for.
    """

    way: Way
    key: str
    value: str
    form: ContextForm | None = None


def exemption(decision: Decision, facts: Facts, form: ContextForm | None) -> Exemption:
    """What would except the pair's cache from the Deny of a decision, and nobody else's use of other buckets.

    ``form``: of the request's encryption context, None where it has none.
    """
    role = str(facts.role.arn) if facts.role else role_arn(facts.partition, facts.account, "*")
    missed = [one for one in decision.conditions if one.negated and one.given is not None and one.wanted]
    for one in missed:
        if one.key.lower() == CONTEXT_KEY and (form is ContextForm.BUCKET or (form and _takes_patterns(one.operator))):
            return Exemption(Way.ADD_VALUE, one.key, form.arn(bucket_arn(facts.partition, facts.bucket.name)), form)
    for one in missed:
        if one.key.lower() == "aws:principalarn":
            return Exemption(Way.ADD_VALUE, one.key, role)
    return Exemption(Way.EXCEPT_ROLE, "aws:PrincipalArn", role)


def _takes_patterns(operator: str) -> bool:
    """Do asterisks in an operator's values stand for anything? Source: IAM user guide, "Condition operators"."""
    name = operator.lower().rpartition(":")[2]
    return name.startswith("arn") or "like" in name


def why(decision: Decision, form: ContextForm | None = None) -> str:
    """Why a Deny hits, as a clause; empty where it has no conditions. What does not print is escaped."""
    return printable(" and ".join(_clause(one, form) for one in decision.conditions))


def denied_because(decision: Decision, form: ContextForm | None = None) -> str:
    """The decision's reason, for an explicit Deny with the conditions that hit."""
    because = why(decision, form) if decision.explicit else ""
    return f"{decision.reason}: {because}" if because else decision.reason


def advice(found: Exemption, statement: str) -> str:
    """What to do about a Deny, as a sentence without its full stop. ``statement`` is its label."""
    match found.way:
        case Way.ADD_VALUE if found.form is not None:
            sends = "with Bucket Keys on, S3 sends the bucket's ARN for all of its users"
            if found.form is ContextForm.OBJECT:
                sends = "without Bucket Keys, S3 sends the ARN of each object for all of its users"
            return f"Have the owner of {statement} add {found.value} to its values of {found.key}: {sends}"
        case Way.ADD_VALUE:
            return f"Have the owner of {statement} add {found.value} to its values of {found.key}"
        case Way.EXCEPT_ROLE:
            return (
                f"Have the owner of {statement} except the role {found.value} from it, by a condition ArnNotEquals on "
                f"{found.key}"
            )


def _clause(one: Comparison, form: ContextForm | None) -> str:
    listed = alternatives(one.wanted)
    has = f"has {one.given}" if one.given is not None else "has none"
    if not one.wanted:
        return f"it is for requests with {one.key} {one.phrase}; this one {has}"
    if one.negated and one.given is not None and one.key.lower() == CONTEXT_KEY and form is not None:
        has += ", since Bucket Keys are on" if form is ContextForm.BUCKET else ", since Bucket Keys are off"
    return f"it is for requests with {one.key} {one.phrase} {listed}; this one {has}"
