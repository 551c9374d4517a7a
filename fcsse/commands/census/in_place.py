"""Which objects S3 Batch Operations re-encrypts in place, and with what. Pure.

Source: S3 user guide, "Updating server-side encryption for existing data"."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.encryption_algorithms import DSSE_KMS, NOT_ENCRYPTED, SSE_C, SSE_KMS, algorithm_of
from fcsse.objects import ObjectEncryption


class RekeyTarget(NamedTuple):
    """What objects are to be encrypted with. ``owner`` is the bucket's account, None where it could not be found out.

    ``stated``: the key or the Bucket Key setting is not the bucket's own. ``region`` is the bucket's and the key's.
    """

    key: Arn
    bucket_keys: bool
    owner: str | None = None
    stated: bool = False

    @property
    def region(self) -> str:
        """S3 takes only keys of the bucket's own Region. Source: S3 user guide, "Using SSE-KMS"."""
        return self.key.region

    @property
    def encryption(self) -> ObjectEncryption:
        """How an object is encrypted that needs no change."""
        return ObjectEncryption(SSE_KMS.code, str(self.key), self.bucket_keys)


class Refusal(Enum):
    """Why S3 does not change an object's encryption in place."""

    NOT_ENCRYPTED = "not-encrypted"
    DUAL_LAYER = "dsse-kms"
    CUSTOMER_KEY = "sse-c"
    KEY_UNKNOWN = "key-unknown"
    """SSE-KMS with a key that S3 did not name, so that no filter can tell these objects."""
    OTHER = "other"


def refusal_of(sealed: ObjectEncryption) -> Refusal | None:
    """Why S3 does not change objects of this encryption in place; None: it does."""
    algorithm = algorithm_of(sealed.algorithm)
    if not algorithm.in_place:
        return _REFUSALS.get(algorithm, Refusal.OTHER)
    return Refusal.KEY_UNKNOWN if algorithm.needs_key and not sealed.key else None


_REFUSALS = {
    NOT_ENCRYPTED: Refusal.NOT_ENCRYPTED,
    DSSE_KMS: Refusal.DUAL_LAYER,
    SSE_C: Refusal.CUSTOMER_KEY,
}


def is_movable(sealed: ObjectEncryption, target: RekeyTarget) -> bool:
    """Would the job change an object of this encryption?"""
    return sealed != target.encryption and refusal_of(sealed) is None
