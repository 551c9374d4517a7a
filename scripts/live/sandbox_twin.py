"""The same world in the sandbox: what it would have answered is what the real answers are compared with."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import boto3

import fcsse
from fcsse.arn import Arn
from fcsse.model import Facts
from fcsse.sandbox import Sandbox
from fcsse.sandbox.policies import grants_for
from live.recording import Recording

_ROLE = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(role|user)((?:/[\w+=,.@-]+)*/)([\w+=,.@-]+)")


def world_of(facts: Facts, region: str) -> Callable[[Sandbox], None]:
    """Fills a sandbox with one cache, its bucket and key, like those that the facts are of."""

    def fill(sandbox: Sandbox) -> None:
        bucket, cache = facts.bucket, facts.pair.cache or "fc-0123456789abcdef0"
        place = bucket.region or region
        owner = facts.key.arn.account if facts.key else facts.account
        foreign = bucket.foreign or owner != facts.account
        sandbox.add_cache(cache, [bucket.name], role=facts.role is not None and facts.role.exists, region=region)
        if facts.key and facts.key.manager != "AWS":
            if facts.policy is not None:
                _principals(sandbox, facts.policy)
            policy = facts.policy or (json.dumps(grants_for(owner, facts.account)) if foreign else None)
            key = sandbox.add_key(account=owner, region=place, policy=policy, key_id=facts.key.id)
            sandbox.set_key_state(key, facts.key.state or "Enabled")
            named = bucket.encryption.key
            if named and "alias/" in named:
                sandbox.add_alias(named.split("alias/", 1)[1], key)
        readers = [facts.account] if foreign else []
        sandbox.add_bucket(
            bucket.name,
            account=owner if foreign else facts.account,
            region=place,
            algorithm=bucket.encryption.algorithm,
            key=bucket.encryption.key,
            bucket_keys=bucket.encryption.bucket_keys,
            readers=readers,
        )

    return fill


def _principals(sandbox: Sandbox, policy: str) -> None:
    """Makes the roles and users that the policy names, since KMS wants them to exist."""
    for account, kind, path, name in set(_ROLE.findall(policy)):
        if "AWSServiceRoleForFSxS3Access_" in name or Arn.parse(f"arn:aws:iam::{account}:{kind}{path}{name}") is None:
            continue
        sandbox.add_account(account)
        if kind == "user":
            sandbox.add_user(name, account=account)
        else:
            sandbox.add_role(name, account=account, path=path)


def mirrored(facts: Facts, region: str, steps: Callable[[Recording, fcsse.Settings], object]) -> Recording:
    """Takes the same steps in the sandbox and answers what was recorded there."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Sandbox(world_of(facts, region), account=facts.account, region=region) as sandbox,
    ):
        who = sandbox.credentials()
        session = boto3.Session(who.access_key, who.secret, region_name=region)
        recording = Recording(session)
        settings = fcsse.Settings(
            session=session, region=region, endpoint_url=sandbox.url, wait=30.0, backup_dir=Path(folder)
        )
        steps(recording, settings)
        return recording
