"""The statement for a file cache that the same CloudFormation template makes: its role by reference. Pure.

The role's name follows from the cache's id, which a template has as the attribute ``FileCacheId``; account, Region and
partition are the stack's, since the template that makes the key and the cache is of one account and Region. Sources:
CloudFormation template reference, ``AWS::FSx::FileCache`` (return values) and ``Fn::Sub``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from fcsse import arn as arns
from fcsse.errors import UsageError
from fcsse.iac.additions import Additions
from fcsse.iac.parts import NewStatements
from fcsse.link_options import Context, Options
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access, documented_statement, sid_for

_LOGICAL_ID = re.compile(r"[A-Za-z0-9]{1,255}")
PARTITION, ACCOUNT, REGION = "${AWS::Partition}", "${AWS::AccountId}", "${AWS::Region}"


def is_logical_id(text: str) -> bool:
    """Can it be the name of a resource in a template? Source: CloudFormation user guide, "Resources" (alphanumeric)."""
    return _LOGICAL_ID.fullmatch(text) is not None


def additions_for_resource(logical_id: str, buckets: Sequence[str], options: Options) -> Additions:
    """The statements, a bucket each, for the cache of this logical id. Asks nothing.

    Raises ``UsageError`` where it is no logical id, and where the form of the encryption context is not known.
    """
    if not is_logical_id(logical_id):
        message = f"{logical_id!r} is not a logical id: letters and digits only"
        raise UsageError(message, "Name the resource of type AWS::FSx::FileCache as the template does.")
    both = options.context is Context.BOTH
    if options.bucket_keys is None and not both:
        message = "writing for a resource of a template: whether the bucket uses Bucket Keys is not stated"
        raise UsageError(message, "Add --bucket-keys or --no-bucket-keys (or --context both).")
    one = ContextForm.BUCKET if options.bucket_keys else ContextForm.OBJECT
    forms = frozenset(ContextForm) if both else frozenset({one})
    role = arns.role_arn(PARTITION, ACCOUNT, f"${{{logical_id}.FileCacheId}}")
    statements = tuple(
        documented_statement(
            Access(role, ACCOUNT, PARTITION, REGION, bucket, forms, options.level), sid_for(bucket, every_cache=False)
        )
        for bucket in buckets
    )
    return Additions((NewStatements(None, REGION, tuple(buckets), statements, logical_id),))
