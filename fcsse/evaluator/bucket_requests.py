"""The requests that a cache makes to S3, and the verdict on each by the bucket's policy and the role's own permissions.

What is known of the context is in ``cache_context``; besides, ``aws:ResourceAccount`` of a bucket of the cache's account.
``s3:TlsVersion`` is 1.2 or more.
Not known: ``s3:prefix``, ``s3:delimiter`` and ``s3:max-keys`` (how FSx lists a bucket is not documented, so a condition on
them is never met for certain), the encryption headers and tags of what FSx writes, ``aws:ViaAWSService``,
``aws:RequestedRegion``. Source: S3 user guide, "Bucket policy examples using condition keys".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.evaluator.cache_context import (
    ABSENT,
    add_organization,
    caller_context,
    decide_for_all,
    every_object,
    sample_object,
    times,
)
from fcsse.evaluator.evaluate import Policy, compile_policy, evaluate
from fcsse.evaluator.known_values import Bound
from fcsse.evaluator.public_policy import may_be_public
from fcsse.evaluator.request import Cause, Decision, Request, Verdict
from fcsse.model import NOTHING_KNOWN, RequestFacts

S3_READ = ("s3:ListBucket", "s3:GetObject")
S3_WRITE = ("s3:PutObject",)
ON_BUCKET = ("s3:ListBucket",)
"""Those that are about the bucket, not its objects."""
S3_REST = ("s3:DeleteObject", "s3:AbortMultipartUpload")
"""What exporting deletions and tidying up after broken uploads takes; reading and writing do without."""

ROLE_POLICY: dict[str, object] = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": [
            "s3:AbortMultipartUpload",
            "s3:DeleteObject",
            "s3:Get*",
            "s3:List*",
            "s3:PutBucketNotification",
            "s3:PutObject",
        ],
        "Resource": "*",
    },
}
"""What the service-linked role may do by itself, on its buckets.

Source: FSx for Lustre user guide, "Using service-linked roles for Amazon FSx", AWSServiceRoleForFSxS3Access.
"""

OLDEST_TLS = Bound(Decimal("1.2"))
"""What every AWS endpoint takes at least, since 2024-02-27.

Source: AWS Storage Blog, "Enforcing encryption in transit with TLS1.2 or higher with Amazon S3" (update of 2024-04-08).
"""

SOMEBODY = "000000000000"
"""Stands for the account of a bucket that is not the cache's account's."""


class BucketRequest(NamedTuple):
    """One request of a cache to S3. ``request`` asks for the bucket or one sample object; for objects, ``every_object``
    asks the same for whichever object under ``prefix``.
    """

    request: Request
    owner: str
    prefix: str = ""
    every_object: Request | None = None

    @property
    def action(self) -> str:
        """The S3 action, e.g. ``s3:GetObject``."""
        return self.request.action


def bucket_requests(
    role_arn: str,
    account: str,
    bucket: str,
    role_id: str | None = None,
    *,
    foreign: bool = False,
    prefixes: Sequence[str] = ("",),
    known: RequestFacts = NOTHING_KNOWN,
) -> tuple[BucketRequest, ...]:
    """What a cache asks of its bucket. As ``cache_requests``; ``foreign``: the bucket is another account's."""
    role = arns.Arn.parse(role_arn)
    bucket_arn = arns.bucket_arn(role.partition if role else "aws", bucket)
    owner = SOMEBODY if foreign else account
    context, partial = caller_context(role_arn, account, role_id)
    if foreign:
        partial["aws:ResourceAccount"] = "*"
    else:
        context["aws:ResourceAccount"] = account
    absent = ABSENT | add_organization(known, context, partial, own_resource=not foreign)
    bounds = {**times(known.now), "s3:TlsVersion": OLDEST_TLS}
    ids = frozenset({role_id}) if role_id else frozenset[str]()
    found: list[BucketRequest] = []
    for action in (*S3_READ, *S3_WRITE, *S3_REST):
        on_bucket = Request(
            role_arn, action, bucket_arn, context, absent, unique_ids=ids, partial=partial, at_least=bounds
        )
        if action in ON_BUCKET:
            found.append(BucketRequest(on_bucket, owner))
            continue
        for prefix in dict.fromkeys(prefixes or ("",)):
            sample = on_bucket._replace(resource=sample_object(bucket_arn, prefix))
            every = sample._replace(resource_form=every_object(bucket_arn, prefix))
            found.append(BucketRequest(sample, owner, prefix, every))
    return tuple(found)


_OWN = compile_policy(ROLE_POLICY, identity=True)


def decide_bucket(
    document: Mapping[str, object] | Policy, asked: BucketRequest, *, any_of_them: bool = False
) -> Decision:
    """The verdict on one request: in its own account the role's permissions suffice, across accounts both must allow, and
    what a policy allows that may be public is not known (see ``public_policy``).

    ``any_of_them`` as in ``decide_for_all``.
    """
    policy = compile_policy(document)

    def judge(request: Request, explain: bool) -> Decision:
        return evaluate(policy, request, identity_policies=[_OWN], resource_account=asked.owner, explain=explain)

    found = decide_for_all(judge, asked.request, asked.every_object, any_of_them=any_of_them)
    if found.verdict is not Verdict.ALLOWED or asked.owner != SOMEBODY or not may_be_public(policy):
        return found
    return found._replace(verdict=Verdict.UNKNOWN, reason=_PUBLIC, cause=Cause.PUBLIC_POLICY)


_PUBLIC = (
    "it allows something to everybody, and whether S3 Block Public Access keeps other accounts out of a bucket with such a "
    "policy (RestrictPublicBuckets) is not known"
)
