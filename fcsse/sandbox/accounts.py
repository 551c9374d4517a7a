"""Making the simulated world's accounts, people, roles and caches, without going through AWS's own checks."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from fcsse.arn import ROLE_PATH, partition_of, role_name
from fcsse.sandbox.authorize import ALLOW_ALL
from fcsse.sandbox.cloudtrail_fsx import record_creation
from fcsse.sandbox.iam_layer import mark_user
from fcsse.sandbox.principals import find_role, iam, reveal
from fcsse.sandbox.state import Association, OlderLink, PendingRole, State, StoredCache

NAMES = uuid.UUID("6f6c2d0a-5d0e-4a52-9c51-1f5f0c1d7a11")
"""Namespace of the ids that are the same in every sandbox."""

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


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key of one simulated principal; ``token`` is empty for a user's long-term key."""

    access_key: str
    secret: str
    token: str = ""


class Accounts:
    """Who there is. ``account`` and ``region`` default to the sandbox's own."""

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
        new: bool = False,
    ) -> str:
        """A role; answers its ARN.

        ``trust``: the trust policy, or an account id or ARN that may assume it. ``kms_delay`` and ``kms_calls``: KMS
        sees the role only after so many seconds, and after it looked so many times. ``new``: for a while, KMS shows its
        unique id in place of its ARN (see the switch ``new_id_seconds``).
        """
        owner = account or self.account
        with self.state.lock:
            self._pend(name, owner, path, trust, 0.0, 0, kms_delay, kms_calls, new=new)
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
        *,
        new: bool = False,
    ) -> None:
        if isinstance(trust, str):
            principal = {"AWS": trust or account}
            statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
            trust = {"Version": "2012-10-17", "Statement": [statement]}
        at = time.monotonic() + delay
        role = PendingRole(account, name, path, json.dumps(trust), at, calls, kms_delay, kms_calls, new)
        self.state.pending_roles.append(role)

    def delete_role(self, name: str, *, account: str | None = None) -> None:
        """Delete a role, a service-linked one too. Policies and grants that name it then show its bare id."""
        with self.state.lock:
            owner = account or self.account
            role = find_role(self.state, owner, name)
            if role is None:
                raise KeyError(name)
            del iam(self.state, owner).roles[role.id]

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
        older: OlderLink | None = None,
        new: bool = False,
        kind: str = "LUSTRE",
        deployment: str = "PERSISTENT_2",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """A file cache (``fc-…``) or FSx for Lustre file system (``fs-…``) with its service-linked role.

        ``links``: ``s3://bucket/prefix/`` or ``nfs://…`` URLs, bucket names, or associations. ``role_delay`` and
        ``role_calls``: IAM shows the role after so many seconds and so many IAM calls; ``kms_delay`` and ``kms_calls``
        count from then on, for KMS. ``new``: KMS shows the role by its unique id for a while. ``older``: a file system's link from its creation, which excludes associations.
        ``kind``: of a file system, such as ONTAP, which has neither role nor links; ``deployment``: of one for Lustre,
        such as SCRATCH_1.
        """
        owner = account or self.account
        links = tuple(links)
        if older and (links or not cache.startswith("fs-")):
            text = "an older link is one of a file system without associations"
            raise ValueError(text)
        associations = [
            link if isinstance(link, Association) else _association(cache, number, link)
            for number, link in enumerate(links, 1)
        ]
        with self.state.lock:
            stored = StoredCache(cache, owner, region or self.region, lifecycle, failure, associations, older=older)
            stored.kind, stored.tags = kind, dict(tags or {})
            stored.deployment = "SCRATCH_1" if older else deployment
            self.state.caches[cache] = stored
            record_creation(self.state, stored)
            if role and kind == "LUSTRE" and find_role(self.state, owner, role_name(cache)) is None:
                name = role_name(cache)
                self._pend(name, owner, ROLE_PATH, _FSX_TRUST, role_delay, role_calls, kms_delay, kms_calls, new=new)
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
    identifier = uuid.uuid5(NAMES, f"{cache}/{number}/{path}").hex[:17]
    return Association(f"dra-{identifier}", path, mount=f"/ns{number}")
