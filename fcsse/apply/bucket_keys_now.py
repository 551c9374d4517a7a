"""Does a bucket still use the key that a change is about? Asked before a write that comes long after the plan was made, and after
one that took long.

Each change to a policy takes a second or more, so that the last of many is made a minute after the reading. A bucket that got
another key meanwhile would be called linked by access to the old one.
"""

from __future__ import annotations

from fcsse.apply.context import ApplyContext
from fcsse.arn import Arn, is_key_id, key_arn
from fcsse.errors import ChangedError, FcsseError
from fcsse.link_options import Operation
from fcsse.model import Bucket, Encryption
from fcsse.planning.changes import Change
from fcsse.planning.plan import Plan, Status
from fcsse.planning.review import STALE_AFTER


def require_same_keys(change: Change, plan: Plan, run: ApplyContext, *, written: bool = False) -> None:
    """Raises ``ChangedError`` where a bucket that a link is for has another key now, or what keeps that from being read.

    ``written``: the change was made already.
    """
    if plan.operation is not Operation.LINK or run.clock.monotonic() - run.read_at <= STALE_AFTER:
        return
    meant = [outcome.facts for outcome in plan.outcomes if outcome.facts and outcome.status is Status.TO_DO]
    buckets = [facts.bucket for facts in meant if facts.key and facts.key.arn == change.key]
    for bucket in dict.fromkeys(buckets):
        if bucket.given:
            continue
        try:
            _require_same_key(bucket, change.key, run)
        except FcsseError as error:
            if written:
                error.adding("; the change itself was written")
            raise


def _require_same_key(bucket: Bucket, key: Arn, run: ApplyContext) -> None:
    same = _is_same(bucket, run.aws.read_encryption(bucket.name))
    if not same or not _leads_to(bucket, key, run):
        what = f"the {'alias of' if same else 'default encryption of'} bucket {bucket.name}"
        raise ChangedError(
            f"changing key {key}: {what} has changed since the plan was made", "Make a new plan, for the key of now."
        )


def _leads_to(bucket: Bucket, key: Arn, run: ApplyContext) -> bool:
    """Does the name by which the bucket names its key, if it is an alias, still stand for it?"""
    name = bucket.encryption.key or ""
    if not name or bucket.default is not None or key_arn(name) is not None or is_key_id(name):
        return True
    return run.aws.resolve_key(name, bucket.region or key.region).arn == key


def _is_same(bucket: Bucket, now: Encryption) -> bool:
    """Is it the key that S3 named before, or by another of its names the one that the caller stated?"""
    said = bucket.default or bucket.encryption
    by_id = bool(now.key and said.key) and str(said.key).endswith(f":key/{now.key}")
    return now.algorithm == said.algorithm and (now.key == said.key or by_id)
