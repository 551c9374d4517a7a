"""Making and changing the simulated world from Python, without going through AWS's own checks."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fcsse.arn import ROLE_PATH, partition_of, role_name
from fcsse.sandbox import key_policy
from fcsse.sandbox.authorize import ALLOW_ALL
from fcsse.sandbox.iam_layer import mark_user
from fcsse.sandbox.kms_keys import new_key, set_state
from fcsse.sandbox.principals import find_role, iam, reveal
from fcsse.sandbox.s3_encryption import asked_encryption, bucket_encryption, key_of
from fcsse.sandbox.s3_layer import find_bucket
from fcsse.sandbox.state import Association, PendingRole, State, StoredCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fcsse.sandbox.state import Key

_FSX_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.data-source.lustre.fsx.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
_NAMES = uuid.UUID("6f6c2d0a-5d0e-4a52-9c51-1f5f0c1d7a11")


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key of one simulated principal; ``token`` is empty for a user's long-term key."""

    access_key: str
    secret: str
    token: str = ""


class Builder:
    """Methods that add to the world and change it. ``account`` and ``region`` default to the sandbox's own."""

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.state = State(region, partition_of(region))

    # accounts and principals

    def add_account(self, account: str) -> Credentials:
        """An account with a user ``admin`` who may do everything; answers that user's credentials."""
        with self.state.lock:
            self.state.accounts.add(account)
            access_key = administrator_key(account)
            if access_key not in self.state.administrators:
                self._make_user("admin", account, ALLOW_ALL)
                self.state.administrators[access_key] = f"{account}/admin"
        return Credentials(access_key, "simulated")

    def add_user(
        self, name: str, policy: Mapping[str, Any] | None = None, *, account: str | None = None
    ) -> Credentials:
        """A user with this identity policy (None = may do nothing); answers the user's credentials."""
        owner = account or self.account
        with self.state.lock:
            self._make_user(name, owner, policy)
            key = iam(self.state, owner).create_access_key(name, prefix="AKIA")
        return Credentials(key.access_key_id, key.secret_access_key)

    def _make_user(self, name: str, account: str, policy: Mapping[str, Any] | None) -> None:
        backend = iam(self.state, account)
        backend.create_user(self.region, name)
        mark_user(self.state, account, name)
        if policy is not None:
            backend.put_user_policy(name, "policy", json.dumps(policy))

    def add_role(
        self,
        name: str,
        *,
        account: str | None = None,
        path: str = "/",
        trust: Mapping[str, Any] | str = "",
        policy: Mapping[str, Any] | None = None,
        kms_delay: float = 0.0,
        kms_calls: int = 0,
    ) -> str:
        """A role; answers its ARN.

        ``trust``: the trust policy, or an account id or ARN that may assume it. ``kms_delay`` and ``kms_calls``: KMS
        sees the role only after so many seconds, and after it looked so many times.
        """
        owner = account or self.account
        with self.state.lock:
            self._pend(name, owner, path, trust, 0.0, 0, kms_delay, kms_calls)
            reveal(self.state, count=False)
            role = find_role(self.state, owner, name)
            assert role is not None  # noqa: S101  (revealed just now)
            if policy is not None:
                role.policies["policy"] = json.dumps(policy)
            return str(role.arn)

    def _pend(
        self,
        name: str,
        account: str,
        path: str,
        trust: Mapping[str, Any] | str,
        delay: float,
        calls: int,
        kms_delay: float,
        kms_calls: int,
    ) -> None:
        if isinstance(trust, str):
            principal = {"AWS": trust or account}
            statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
            trust = {"Version": "2012-10-17", "Statement": [statement]}
        at = time.monotonic() + delay
        role = PendingRole(account, name, path, json.dumps(trust), at, calls, kms_delay, kms_calls)
        self.state.pending_roles.append(role)

    def delete_role(self, name: str, *, account: str | None = None) -> None:
        """Delete a role, a service-linked one too. Policies and grants that name it then show its bare id."""
        with self.state.lock:
            owner = account or self.account
            role = find_role(self.state, owner, name)
            if role is None:
                raise KeyError(name)
            del iam(self.state, owner).roles[role.id]

    # keys

    def add_key(
        self,
        alias: str | None = None,
        *,
        account: str | None = None,
        region: str | None = None,
        policy: Mapping[str, Any] | str | None = None,
        verbatim: bool = False,
        state: str = "Enabled",
        key_id: str | None = None,
        multi_region: bool = False,
        spec: str = "SYMMETRIC_DEFAULT",
        usage: str = "ENCRYPT_DECRYPT",
        tags: Mapping[str, str] | None = None,
    ) -> Key:
        """A customer managed key, its policy stored unchecked (None = KMS's default policy).

        ``alias``: a name without ``alias/``; a key with one has the same id in every sandbox. ``verbatim``: keep the
        policy's text as given instead of as KMS rewrites it.
        """
        owner, place = account or self.account, region or self.region
        if key_id is None and alias and not multi_region:
            key_id = str(uuid.uuid5(_NAMES, f"{owner}/{place}/{alias}"))
        text = policy if isinstance(policy, str) or policy is None else json.dumps(policy)
        with self.state.lock:
            key = new_key(
                self.state, owner, place, policy=text, key_id=key_id, multi_region=multi_region, verbatim=verbatim
            )
            key.spec, key.usage, key.tags = spec, usage, dict(tags or {})
            set_state(key, state)
            if alias:
                self.add_alias(alias, key)
        return key

    def add_replica(self, primary: Key, region: str) -> Key:
        """A replica of a multi-Region key: same key id, a policy and grants of its own."""
        with self.state.lock:
            key = new_key(self.state, primary.account, region, key_id=primary.id)
            key.replica_of = primary.arn
        return key

    def add_alias(self, name: str, key: Key) -> str:
        """An alias (without ``alias/``) for a key, in the key's account and Region; answers its ARN."""
        arn = f"arn:{key.partition}:kms:{key.region}:{key.account}:alias/{name}"
        self.state.aliases[arn] = key.arn
        return arn

    def set_key_state(self, key: Key | str, state: str) -> None:
        """Such as ``Disabled`` or ``PendingDeletion``."""
        with self.state.lock:
            set_state(self.key(key), state)

    def key(self, key: Key | str) -> Key:
        """The key by itself, its ARN, its id, or an alias without ``alias/``. Raises KeyError."""
        if not isinstance(key, str):
            return key
        for arn, found in self.state.keys.items():
            if key in (arn, found.id):
                return found
        return self.state.keys[next(t for a, t in self.state.aliases.items() if a.endswith(f":alias/{key}"))]

    def policy_text(self, key: Key | str) -> str:
        """The text of a key's policy as it is now, however late readers see changes."""
        with self.state.lock:
            found = self.key(key)
            return key_policy.shown(self.state, found, found.policy.value)

    def policy(self, key: Key | str) -> dict[str, Any]:
        """The document of a key's policy as it is now."""
        document: dict[str, Any] = json.loads(self.policy_text(key))
        return document

    def put_policy(self, key: Key | str, policy: Mapping[str, Any] | str, *, verbatim: bool = False) -> None:
        """Store a policy unchecked, seen by all at once; ``verbatim``: keep the text as given."""
        text = policy if isinstance(policy, str) else json.dumps(policy)
        with self.state.lock:
            found = self.key(key)
            key_policy.store(self.state, found, text, verbatim=verbatim)
            found.policy.set(found.policy.value)

    def put_policy_verbatim(self, key: Key | str, text: str) -> None:
        """Store a policy's text unchecked, exactly as given."""
        self.put_policy(key, text, verbatim=True)

    # buckets and objects

    def add_bucket(
        self,
        name: str,
        *,
        account: str | None = None,
        region: str | None = None,
        algorithm: str = "AES256",
        key: str | None = None,
        bucket_keys: bool = False,
        configured: bool = True,
        readers: Iterable[str] = (),
        policy: Mapping[str, Any] | None = None,
    ) -> None:
        """A bucket. ``key`` is what its configuration holds: a key ARN or id, an alias name or ARN, or None.

        ``configured`` False: it has no encryption configuration, as before January 2023. ``readers``: accounts that may
        read it although it is not theirs. ``policy``: its bucket policy.
        """
        from moto.s3.models import s3_backends

        owner = account or self.account
        with self.state.lock:
            self.state.accounts.add(owner)
            s3_backends[owner][self.state.partition].create_bucket(name, region or self.region)
            self.state.traits(name).readers = set(readers)
            self.state.traits(name).no_configuration = not configured
            if algorithm != "AES256" or bucket_keys:
                self.set_bucket_encryption(name, algorithm=algorithm, key=key, bucket_keys=bucket_keys)
            if policy is not None:
                self._bucket(name).policy = json.dumps(policy).encode()

    def set_bucket_encryption(
        self, name: str, *, algorithm: str = "aws:kms", key: str | None = None, bucket_keys: bool = False
    ) -> None:
        """Change a bucket's default encryption. Objects already there keep theirs."""
        apply = {"SSEAlgorithm": algorithm, **({"KMSMasterKeyID": key} if key else {})}
        rule = {"ApplyServerSideEncryptionByDefault": apply, "BucketKeyEnabled": str(bucket_keys).lower()}
        with self.state.lock:
            self._bucket(name).encryption = {"Rule": rule}

    def _bucket(self, name: str) -> Any:
        bucket = find_bucket(self.state, name)
        if bucket is None:
            raise KeyError(name)
        return bucket

    def add_object(
        self,
        bucket: str,
        name: str,
        data: bytes = b"simulated\n",
        *,
        algorithm: str | None = None,
        key: str | None = None,
        bucket_key: bool | None = None,
    ) -> None:
        """An object written by the bucket's owner, nothing asked of KMS; the encryption is the bucket's unless told."""
        from moto.s3.models import s3_backends

        asked: dict[str, object] = {}
        if algorithm is not None:
            asked["server-side-encryption"] = algorithm
            asked["server-side-encryption-aws-kms-key-id"] = key
        if bucket_key is not None:
            asked["server-side-encryption-bucket-key-enabled"] = bucket_key
        with self.state.lock:
            home = self._bucket(bucket)
            encryption = asked_encryption(asked, bucket_encryption(home))
            stored = s3_backends[home.account_id][self.state.partition].put_object(bucket, name, data)
            stored.encryption = encryption.algorithm
            stored.bucket_key_enabled = encryption.bucket_key
            stored.kms_key_id = None
            if encryption.uses_kms:
                stored.kms_key_id = key_of(self.state, encryption, home, home.account_id).arn

    # caches

    def add_cache(
        self,
        cache: str,
        links: Iterable[str | Association] = (),
        *,
        account: str | None = None,
        region: str | None = None,
        lifecycle: str = "AVAILABLE",
        failure: str | None = None,
        role: bool = True,
        role_delay: float = 0.0,
        role_calls: int = 0,
        kms_delay: float = 0.0,
        kms_calls: int = 0,
    ) -> None:
        """A file cache (``fc-…``) or FSx for Lustre file system (``fs-…``) with its service-linked role.

        ``links``: ``s3://bucket/prefix/`` or ``nfs://…`` URLs, bucket names, or associations. ``role_delay`` and
        ``role_calls``: IAM shows the role after so many seconds and so many IAM calls; ``kms_delay`` and ``kms_calls``
        count from then on, for KMS.
        """
        owner = account or self.account
        associations = [
            link if isinstance(link, Association) else _association(cache, number, link)
            for number, link in enumerate(links, 1)
        ]
        with self.state.lock:
            stored = StoredCache(cache, owner, region or self.region, lifecycle, failure, associations)
            self.state.caches[cache] = stored
            if role and find_role(self.state, owner, role_name(cache)) is None:
                name = role_name(cache)
                self._pend(name, owner, ROLE_PATH, _FSX_TRUST, role_delay, role_calls, kms_delay, kms_calls)
                reveal(self.state, count=False)

    def delete_cache(self, cache: str, *, role: bool = True) -> None:
        """Delete a cache; ``role``: and its service-linked role, as FSx does."""
        with self.state.lock:
            gone = self.state.caches.pop(cache)
            if role:
                with suppress(KeyError):
                    self.delete_role(role_name(cache), account=gone.account)


def administrator_key(account: str) -> str:
    """The access key id of an account's simulated administrator."""
    return f"AKIA{account}ADMN"


def _association(cache: str, number: int, link: str) -> Association:
    path = link if "://" in link else f"s3://{link}/"
    identifier = uuid.uuid5(_NAMES, f"{cache}/{number}/{path}").hex[:17]
    return Association(f"dra-{identifier}", path, mount=f"/ns{number}")
