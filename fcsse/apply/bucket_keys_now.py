"""Does a bucket still use the key that a change is about, in the same form, and can that key be used? Asked before a write that
comes long after the plan was made, and after one that took long.

Each change to a policy takes a second or more, so that the last of many is made a minute after the reading. A bucket that got
another key meanwhile, or another setting of Bucket Keys, would be called linked by access to the old one; so would one whose
key was disabled.
"""

from __future__ import annotations

from fcsse.apply.context import ApplyContext
from fcsse.arn import Arn, is_key_id, key_arn
from fcsse.errors import ChangedError, FcsseError
from fcsse.link_options import Operation
from fcsse.model import Bucket, Encryption, Facts
from fcsse.planning.changes import Change, GrantAddition, PolicyChange
from fcsse.planning.plan import Plan, Status
from fcsse.planning.requirements import refuse_unusable
from fcsse.planning.review import STALE_AFTER
from fcsse.policy.encryption_context import ContextForm


def require_same_keys(change: Change, plan: Plan, run: ApplyContext, *, written: bool = False) -> None:
    """Raises ``ChangedError`` where a bucket that a link is for has another key now, or is to be asked for in another form of
    context; why the key cannot be used any more; or what keeps that from being read.

    ``written``: the change was made already.
    """
    if plan.operation is not Operation.LINK or run.clock.monotonic() - run.read_at <= STALE_AFTER:
        return
    meant = [outcome.facts for outcome in plan.outcomes if outcome.facts and outcome.status is Status.TO_DO]
    of_key = {facts.bucket: facts for facts in meant if facts.key and facts.key.arn == change.key}
    try:
        for bucket in of_key:
            if not bucket.given:
                _require_same_bucket(bucket, change, run)
        _require_usable_key(list(of_key.values()), run)
    except FcsseError as error:
        if written:
            error.adding("; the change itself was written")
        raise


def _require_usable_key(meant: list[Facts], run: ApplyContext) -> None:
    """Raises why the key cannot be used, where its state was known when the plan was made."""
    known = next((facts for facts in meant if facts.key and facts.key.state), None)
    if known is not None and known.key is not None:
        refuse_unusable(run.aws.describe_key(known.key.arn, known.account), known.bucket)


def _require_same_bucket(bucket: Bucket, change: Change, run: ApplyContext) -> None:
    now = run.aws.read_encryption(bucket.name)
    same = _is_same(bucket, now)
    if not same or not _leads_to(bucket, change.key, run):
        what = f"the {'alias of' if same else 'default encryption of'} bucket {bucket.name}"
    elif not (bucket.bucket_keys_stated or _covers(change, bucket, now)):
        what = f"the Bucket Keys setting of bucket {bucket.name}"
    else:
        return
    raise ChangedError(
        f"changing key {change.key}: {what} has changed since the plan was made",
        "Make a new plan, for what the bucket has now.",
    )


def _covers(change: Change, bucket: Bucket, now: Encryption) -> bool:
    """Is what the change gives for the form of encryption context in which the bucket is asked for now?"""
    form = ContextForm.BUCKET if now.bucket_keys else ContextForm.OBJECT
    if isinstance(change, PolicyChange):
        return all(form in access.forms for access in change.accesses if access.bucket == bucket.name)
    return not (isinstance(change, GrantAddition) and change.subset) or form is ContextForm.BUCKET


def _leads_to(bucket: Bucket, key: Arn, run: ApplyContext) -> bool:
    """Does the name by which the bucket names its key, if it is an alias, still stand for it?"""
    name = bucket.encryption.key or ""
    if not name or bucket.default is not None or key_arn(name) is not None or is_key_id(name):
        return True
    return run.aws.resolve_key(name, bucket.region or key.region).arn == key


def _is_same(bucket: Bucket, now: Encryption) -> bool:
    """Is it the key that S3 named before, or by another of its names the one that the caller stated?"""
    said = bucket.default or bucket.encryption
    by_id = bool(now.key) and str(said.key).endswith(f":key/{now.key}")
    return now.algorithm == said.algorithm and (now.key == said.key or by_id)
