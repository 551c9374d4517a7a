"""The two forms that S3 gives the KMS encryption context of an object."""

from __future__ import annotations

from enum import Enum


class ContextForm(Enum):
    """What ``aws:s3:arn`` in the encryption context holds.

    OBJECT: the object's ARN, for objects without an S3 Bucket Key. BUCKET: the bucket's ARN, for objects with one.
    Source: S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys".
    """

    OBJECT = "object"
    BUCKET = "bucket"

    def arn(self, bucket_arn: str) -> str:
        """The StringLike pattern that covers a bucket in this form: ``<bucket ARN>/*`` or ``<bucket ARN>``."""
        return f"{bucket_arn}/*" if self is ContextForm.OBJECT else bucket_arn
