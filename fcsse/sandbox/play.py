"""Playing the cache: reads and writes objects as its service-linked role, through S3 and KMS, and tells what AWS would.

Sources: File Cache user guide, "Working with server-side encrypted Amazon S3 buckets" (the role, the session named
``FSx`` in ``aws:userid``, ``kms:ViaService``, the encryption context); File Cache user guide, "Using service-linked
roles" (the role's own permissions are S3 actions only); S3 API reference, GetObject and PutObject (the KMS permissions
they need). A bucket of another account must also let the role in by its bucket policy.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fcsse.arn import bucket_arn, role_name
from fcsse.sandbox.authorize import resource_verdict
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.moto_buckets import find_bucket, moto_s3
from fcsse.sandbox.principals import find_role, service_session, session_of
from fcsse.sandbox.request_context import bucket_keys
from fcsse.sandbox.s3_encryption import bucket_encryption, key_of, object_encryption, use
from fcsse.sandbox.state import State
from fcsse.sandbox.wire import AwsError

SESSION = "FSx"
"""Name of the role session in which FSx works: the every-cache statement matches ``aws:userid`` ``*:FSx``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. ``code`` and ``message`` are AWS's where it was refused; ``data`` is what was read.

    ``decided_by`` names the statement or grant that let KMS be used.
    """

    allowed: bool
    code: str = ""
    message: str = ""
    data: bytes = b""
    decided_by: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The outcome as JSON members, the data as text."""
        members = {"allowed": self.allowed, "code": self.code, "message": self.message, "decidedBy": self.decided_by}
        return {**members, "data": self.data.decode("utf-8", "replace")}


class Cache:
    """A cache at work."""

    def __init__(self, state: State, cache: str) -> None:
        self._state = state
        self._cache = cache

    def read(self, bucket: str, name: str) -> Outcome:
        """Load an object from the bucket, as a first read of the file would."""
        with self._state.lock:
            try:
                caller, home = self._enter(bucket, name, "s3:GetObject")
                stored = home.keys.get(name)
                if stored is None:
                    raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
                encryption = object_encryption(stored)
                decided = None
                if encryption.uses_kms:
                    key = key_of(self._state, encryption, home, caller.account)
                    flag = encryption.bucket_key
                    action = "kms:Decrypt"
                    decided = use(self._state, caller, key, action, home, name, bucket_key=flag)
                return Outcome(True, data=stored.value, decided_by=decided)
            except AwsError as error:
                return Outcome(False, error.code, error.message)

    def write(self, bucket: str, name: str, data: bytes = b"written by the cache\n") -> Outcome:
        """Export a file to the bucket, under the bucket's default encryption."""
        with self._state.lock:
            try:
                caller, home = self._enter(bucket, name, "s3:PutObject")
                encryption = bucket_encryption(home)
                key_arn = decided = None
                if encryption.uses_kms:
                    key = key_of(self._state, encryption, home, caller.account)
                    key_arn, flag = key.arn, encryption.bucket_key
                    action, alias = "kms:GenerateDataKey", encryption.by_alias
                    decided = use(self._state, caller, key, action, home, name, bucket_key=flag, by_alias=alias)
                stored = moto_s3(home.account_id, self._state.partition).put_object(bucket, name, data)
                stored.encryption, stored.kms_key_id = encryption.algorithm, key_arn
                stored.bucket_key_enabled = encryption.bucket_key
                return Outcome(True, decided_by=decided)
            except AwsError as error:
                return Outcome(False, error.code, error.message)

    def _enter(self, bucket: str, name: str, action: str) -> tuple[Caller, Any]:
        """The role's session, and the bucket, once S3 itself lets the role in."""
        cache = self._state.caches.get(self._cache)
        if cache is None:
            raise AwsError("FileCacheNotFound", f"File cache '{self._cache}' does not exist.")
        role = find_role(self._state, cache.account, role_name(self._cache))
        if role is None:
            raise AwsError("NoSuchEntity", f"The role with name {role_name(self._cache)} cannot be found.", 404)
        home = find_bucket(self._state, bucket)
        if home is None:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        caller = service_session(self._state, session_of(self._state, role, SESSION), home.region_name)
        arn = f"{bucket_arn(self._state.partition, bucket)}/{name}"
        context = bucket_keys(self._state, home)
        said = resource_verdict(json.loads(home.policy), caller, action, arn, context) if home.policy else None
        if said is False or (said is None and home.account_id != cache.account):
            raise AwsError("AccessDenied", "Access Denied", 403)
        return caller, home
