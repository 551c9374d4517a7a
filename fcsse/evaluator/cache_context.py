"""What is known of every request in a cache's name, and how one object stands for all of them.

FSx works with S3 as its service-linked role, in a session named ``FSx``. Sources: File Cache user guide, "Working with
server-side encrypted Amazon S3 buckets"; IAM user guide, "AWS global condition context keys".

* ``aws:PrincipalArn``, ``aws:PrincipalAccount``, ``aws:PrincipalType``, ``aws:PrincipalIsAWSService`` (false: a
  service-linked role is an IAM principal), no ``aws:username``: from the role.
* ``aws:userid`` is ``<role id>:FSx``; the session's name is inferred from the page's ``*:FSx``.
* ``aws:SecureTransport`` is true.
* Absent: ``aws:SourceAccount``, ``aws:SourceArn`` and the like, which exist only where a service principal calls; keys
  of federated sign-in, of EC2 and Lambda credentials, of MFA's age, of tags in the request.
* There, and not less than what is known: the time (it only goes forward; what a condition says of times that are more
  than a year away is taken as not reached), ``aws:TokenIssueTime`` (no credentials last longer than 36 hours: STS API
  reference, GetSessionToken).
* ``aws:PrincipalOrgID`` and ``aws:PrincipalOrgPaths``, where the organization is known; unknown otherwise.
* Unknown: tags of role and resource, ``aws:SourceIp``, ``aws:SourceVpc``, ``aws:SourceVpce``,
  ``aws:VpcSourceIp``, ``aws:UserAgent``, ``aws:MultiFactorAuthPresent`` and whatever is not named here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from fcsse.evaluator.known_values import Bound
from fcsse.evaluator.request import NOT_FOR_ALL, Cause, Decision, Request, Verdict
from fcsse.model import RequestFacts

SESSION = "FSx"
"""Name of FSx's sessions of the service-linked role, inferred from the documented pattern ``*:FSx``."""

SAMPLE = "any-object-of-the-cache"
"""Name of the object that stands for all: one that no narrower pattern is made for. See ``sample_object``."""

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


YEAR = 365 * 24 * 3600
LONGEST_SESSION = 36 * 3600
"""Seconds."""

_CLOCK_KEYS = ("aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime")


def every_object(bucket_arn: str, prefix: str) -> str:
    """The form of the ARNs of all objects under a prefix. An object's key has at least one character.

    Source: S3 user guide, "Naming Amazon S3 objects".
    """
    return f"{bucket_arn}/{prefix}*" if prefix else f"{bucket_arn}/?*"


def sample_object(bucket_arn: str, prefix: str) -> str:
    """The ARN of an object that is under a prefix for certain.

    FSx shows a path as it was given, and a prefix may lack its slash: then no page says whether ``raw`` takes in ``raw2``, and
    what is in ``raw/`` is all that is certain. Sources: FSx API reference, CreateDataRepositoryAssociation
    (``s3://bucket-name/prefix/``) and CreateFileSystemLustreConfiguration, ImportPath (``s3://import-bucket/optional-prefix``).
    """
    slash = "/" if prefix and not prefix.endswith("/") else ""
    return f"{bucket_arn}/{prefix}{slash}{SAMPLE}"


@lru_cache(maxsize=16)
def times(now: datetime | None) -> Mapping[str, Bound]:
    """The bounds of the keys that hold a time."""
    if now is None:
        return {}
    seconds = Decimal(int(now.timestamp()))
    clock = Bound(seconds, seconds + YEAR)
    issued = Bound(seconds - LONGEST_SESSION, seconds + YEAR)
    return dict(zip(_CLOCK_KEYS, (clock, clock, issued), strict=True))


def add_organization(
    known: RequestFacts,
    context: dict[str, str | tuple[str, ...]],
    partial: dict[str, str],
    *,
    own_resource: bool,
) -> frozenset[str]:
    """Adds what is known of the caller's organization, and of its own resource's; returns the keys that are absent.

    Source: IAM user guide, ``aws:PrincipalOrgID`` ("only if the principal is a member of an organization") and
    ``aws:PrincipalOrgPaths`` (each path begins with the organization's id).
    """
    if known.organization is None:
        return frozenset()
    sides = ("Principal", "Resource") if own_resource else ("Principal",)
    if not known.organization:
        return frozenset(f"aws:{side}Org{what}" for side in sides for what in ("ID", "Paths"))
    for side in sides:
        context[f"aws:{side}OrgID"] = known.organization
        partial[f"aws:{side}OrgPaths"] = f"{known.organization}/*"
    return frozenset()


def account_context(account: str) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    """The keys that follow from the role's account and kind: those whose values are known, and those of which the form is."""
    context: dict[str, str | tuple[str, ...]] = {
        "aws:PrincipalAccount": account,
        "aws:PrincipalIsAWSService": "false",
        "aws:PrincipalType": "AssumedRole",
        "aws:SecureTransport": "true",
    }
    return context, dict.fromkeys(_CLOCK_KEYS, "*")


def role_context(role_arn: str, role_id: str | None) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    """The keys that follow from the role itself. ``role_id`` None = not known."""
    context: dict[str, str | tuple[str, ...]] = {"aws:PrincipalArn": role_arn}
    if role_id:
        context["aws:userid"] = f"{role_id}:{SESSION}"
        return context, {}
    return context, {"aws:userid": f"AROA?*:{SESSION}"}


def caller_context(
    role_arn: str, account: str, role_id: str | None
) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    """The keys whose values are known, and those of which only the form is. ``role_id`` None = not known."""
    (context, partial), (own, of_own) = account_context(account), role_context(role_arn, role_id)
    return context | own, partial | of_own


def decide_for_all(
    judge: Callable[[Request, bool], Decision],
    sample: Request,
    every: Request | None,
    *,
    any_of_them: bool = False,
    explain: bool = False,
) -> Decision:
    """The decision on a sample, held against the same request for whichever object (None: there is but one).

    What the sample may do need not hold for every other: where a statement or grant sets some objects apart, the answer
    is unknown and says so. ``any_of_them``: it is not known which objects count, so that what some may do leaves a denial
    of the sample unknown as well. ``judge`` takes a request, and whether what nearly decided is to be told, as ``explain``
    asks for.
    """
    if every is None:
        return judge(sample, explain)
    for_all = judge(every, False)
    if for_all.verdict is Verdict.ALLOWED or (for_all.verdict is Verdict.DENIED and not explain):
        return for_all
    found = judge(sample, explain)
    if any_of_them and found.verdict is Verdict.DENIED and for_all.verdict is Verdict.UNKNOWN:
        reason = f"not for every object, and which ones count is not known: {for_all.reason}"
        return for_all._replace(reason=reason, cause=Cause.SOME_OBJECTS)
    if found.verdict is Verdict.DENIED and for_all.verdict is not Verdict.DENIED:
        return found._replace(partly=True, reason=found.reason if found.explicit else f"{found.reason}{NOT_FOR_ALL}")
    if found.verdict is not Verdict.ALLOWED:
        return found
    reason = f"not for every object: {for_all.reason}"
    return for_all._replace(verdict=Verdict.UNKNOWN, explicit=False, reason=reason, cause=Cause.SOME_OBJECTS)
