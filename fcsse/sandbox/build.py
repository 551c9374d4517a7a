"""Making and changing the simulated world's keys, buckets and objects, without going through AWS's own checks."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from fcsse.sandbox import key_policy
from fcsse.sandbox.accounts import NAMES, Accounts, Credentials
from fcsse.sandbox.cloudtrail_events import record_policy
from fcsse.sandbox.kms_keys import new_key, set_state
from fcsse.sandbox.moto_buckets import find_bucket, moto_s3
from fcsse.sandbox.organization_tree import Organization, Unit
from fcsse.sandbox.s3_encryption import asked_encryption, bucket_encryption, key_of
from fcsse.sandbox.state import Key, StoredGrant

__all__ = ["Builder", "Credentials"]


class Builder(Accounts):
    """Methods that add to the world and change it. ``account`` and ``region`` default to the sandbox's own."""

    # organization

    def add_organization(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        identifier: str = "o-exampleorgid",
        unit: str | None = "ou-ab12-11111111",
    ) -> Organization:
        """An organization with the sandbox's own account as its management account.

        ``accounts``: names of the other members by account id; ``unit``: the organizational unit that they are in, None
        for the root. The accounts are made where they are not there.
        """
        with self.state.lock:
            made = Organization(identifier, "r-ab12", self.account)
            made.add(self.account, "Management")
            if unit:
                made.units[unit] = Unit(unit, "Workloads", made.root)
            for account, name in (accounts or {}).items():
                self.add_account(account)
                made.add(account, name, unit)
            self.state.organization = made
        return made

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
        origin: str = "AWS_KMS",
    ) -> Key:
        """A customer managed key, its policy stored unchecked (None = KMS's default policy).

        ``alias``: a name without ``alias/``; a key with one has the same id in every sandbox. ``verbatim``: keep the
        policy's text as given instead of as KMS rewrites it.
        """
        owner, place = account or self.account, region or self.region
        if key_id is None and alias and not multi_region:
            key_id = str(uuid.uuid5(NAMES, f"{owner}/{place}/{alias}"))
        text = policy if isinstance(policy, str) or policy is None else json.dumps(policy)
        with self.state.lock:
            key = new_key(
                self.state, owner, place, policy=text, key_id=key_id, multi_region=multi_region, verbatim=verbatim
            )
            key.spec, key.usage, key.tags, key.origin = spec, usage, dict(tags or {}), origin
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

    def share_key(self, key: Key | str, policy: Mapping[str, Any] | None) -> None:
        """The policy AWS_RAM of a key that is shared through AWS Resource Access Manager; None: no longer."""
        with self.state.lock:
            self.key(key).ram_policy = None if policy is None else json.dumps(policy)

    def add_service_grant(self, key: Key | str, grantee: str, operations: Iterable[str] = ("Decrypt",)) -> str:
        """A grant that an AWS service made, to a service or another principal of its own kind; answers its id."""
        found = self.key(key)
        root = f"arn:{found.partition}:iam::{found.account}:root"
        name = secrets.token_hex(32)
        made = StoredGrant(
            name, found.arn, "", grantee, None, tuple(operations), {}, None, None, root, float(int(time.time()))
        )
        with self.state.lock:
            found.grants.set({**found.grants.value, name: made})
        return name

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
            record_policy(self.state, found, text)

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
        owner = account or self.account
        with self.state.lock:
            self.state.accounts.add(owner)
            moto_s3(owner, self.state.partition).create_bucket(name, region or self.region)
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
        asked: dict[str, object] = {}
        if algorithm is not None:
            asked["server-side-encryption"] = algorithm
            asked["server-side-encryption-aws-kms-key-id"] = key
        if bucket_key is not None:
            asked["server-side-encryption-bucket-key-enabled"] = bucket_key
        with self.state.lock:
            home = self._bucket(bucket)
            encryption = asked_encryption(asked, bucket_encryption(home))
            stored = moto_s3(home.account_id, self.state.partition).put_object(bucket, name, data)
            stored.encryption = encryption.algorithm
            stored.bucket_key_enabled = encryption.bucket_key
            stored.kms_key_id = None
            if encryption.uses_kms:
                stored.kms_key_id = key_of(self.state, encryption, home, home.account_id).arn
