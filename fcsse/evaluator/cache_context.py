"""What is known of every request in a cache's name, and how one object stands for all of them.

FSx works with S3 as its service-linked role, in a session named ``FSx``. Sources: File Cache user guide, "Working with
server-side encrypted Amazon S3 buckets"; IAM user guide, "AWS global condition context keys".

* ``aws:PrincipalArn``, ``aws:PrincipalAccount``, ``aws:PrincipalType``, ``aws:PrincipalIsAWSService`` (false: a
  service-linked role is an IAM principal), no ``aws:username``: from the role.
* ``aws:userid`` is ``<role id>:FSx``; the session's name is inferred from the page's ``*:FSx``.
* ``aws:SecureTransport`` is true.
* Absent: ``aws:SourceAccount``, ``aws:SourceArn`` and the like, which exist only where a service principal calls; keys
  of federated sign-in, of EC2 and Lambda credentials, of MFA's age, of tags in the request.
* There with an unknown value: the time, ``aws:TokenIssueTime``.
* Unknown: organisation ids, tags of role and resource, ``aws:SourceIp``, ``aws:SourceVpc``, ``aws:SourceVpce``,
  ``aws:VpcSourceIp``, ``aws:UserAgent``, ``aws:MultiFactorAuthPresent`` and whatever is not named here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fcsse.evaluator.request import Decision, Request, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SESSION = "FSx"
"""Name of FSx's sessions of the service-linked role, inferred from the documented pattern ``*:FSx``."""

SAMPLE = "any-object-of-the-cache"
"""Name of the object that stands for all: one that no narrower pattern is made for."""

ABSENT = frozenset(
    {
        "aws:AssumedRoot",
        "aws:Ec2InstanceSource*",
        "aws:FederatedProvider",
        "aws:MultiFactorAuthAge",
        "aws:PrincipalServiceName",
        "aws:PrincipalServiceNamesList",
        "aws:Referer",
        "aws:RequestTag/*",
        "aws:SourceAccount",
        "aws:SourceArn",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:TagKeys",
        "aws:username",
        "lambda:SourceFunctionArn",
        "saml:*",
    }
)
"""Condition keys that no such request carries."""


def caller_context(
    role_arn: str, account: str, role_id: str | None
) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    """The keys whose values are known, and those of which only the form is. ``role_id`` None = not known."""
    context: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": role_arn,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "AssumedRole",
        "aws:SecureTransport": "true",
    }
    partial = {"aws:CurrentTime": "*", "aws:EpochTime": "*", "aws:TokenIssueTime": "*"}
    if role_id:
        context["aws:userid"] = f"{role_id}:{SESSION}"
    else:
        partial["aws:userid"] = f"AROA?*:{SESSION}"
    return context, partial


def decide_for_all(
    judge: Callable[[Request], Decision], sample: Request, every: Request | None, *, any_of_them: bool = False
) -> Decision:
    """The decision on a sample, held against the same request for whichever object (None: there is but one).

    What the sample may do need not hold for every other: where a statement or grant sets some objects apart, the answer
    is unknown and says so. ``any_of_them``: it is not known which objects count, so that what some may do leaves a denial
    of the sample unknown as well.
    """
    found = judge(sample)
    if every is not None and any_of_them and found.verdict is Verdict.DENIED:
        for_all = judge(every)
        if for_all.verdict is Verdict.UNKNOWN:
            return replace(for_all, reason=f"not for every object, and which ones count is not known: {for_all.reason}")
    if found.verdict is not Verdict.ALLOWED or every is None:
        return found
    for_all = judge(every)
    if for_all.verdict is Verdict.ALLOWED:
        return found
    return replace(for_all, verdict=Verdict.UNKNOWN, explicit=False, reason=f"not for every object: {for_all.reason}")
