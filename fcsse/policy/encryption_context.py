"""The two encryption contexts that S3 gives KMS for an object, and the ARN pattern that covers each."""

from __future__ import annotations

from enum import Enum


class ContextForm(Enum):
    """What S3 puts under ``aws:s3:arn`` in the encryption context.

    The object's ARN without S3 Bucket Keys, the bucket's ARN with them. Objects keep the form they were written with.
    Source: Amazon S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".
    """

    OBJECT = "object"
    BUCKET = "bucket"

    def arn(self, bucket_arn: str) -> str:
        """The value for a condition on the context: the bucket's ARN itself, or with ``/*`` for its objects.

        Never ``<bucket ARN>*``, which would match other buckets whose names begin alike.
        """
        return bucket_arn if self is ContextForm.BUCKET else f"{bucket_arn}/*"
