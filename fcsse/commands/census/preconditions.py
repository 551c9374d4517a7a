"""What a census was asked about, before it counts: caches that are there, and a bucket that may be read."""

from __future__ import annotations

from fcsse.aws_calls import AwsCalls
from fcsse.discovery.roles import RoleFinder
from fcsse.discovery.suggestions import closest
from fcsse.errors import DeniedError, FcsseError, NotFoundError
from fcsse.pipeline import Pipeline


def require_caches(pipeline: Pipeline, caches: tuple[str, ...]) -> None:
    """Raises ``NotFoundError`` where there is no sign of a cache that was named. Who may not ask, is not held up."""
    finder = RoleFinder(pipeline.aws, pipeline.clock, pipeline.progress, 0.0)
    for cache in caches:
        try:
            missing = pipeline.aws.find_role(cache) is None and finder.is_unknown(cache)
        except FcsseError:
            continue
        if missing:
            raise finder.why_missing(cache)


def advised(aws: AwsCalls, bucket: str, error: FcsseError) -> FcsseError:
    """The error with what else may help: names that may have been meant, or credentials of the bucket's account."""
    match error:
        case NotFoundError():
            try:
                meant = closest(bucket, aws.list_buckets())
            except FcsseError:
                meant = []
            return NotFoundError(error.message, f"Did you mean {' or '.join(meant)}?") if meant else error
        case DeniedError() if not aws.has_bucket_side and error.action.startswith("s3:"):
            return DeniedError(
                error.message,
                f"{error.hint} For a bucket of another account: name its credentials with --bucket-profile or --bucket-role.",
                action=error.action,
                resource=error.resource,
            )
        case _:
            return error
