"""Account facts made up in memory, as reading would find them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from fcsse.arn import Arn, bucket_arn, key_arn, role_arn
from fcsse.commands.audit.facts import AccountFacts, Located, Refusal
from fcsse.errors import DeniedError, FcsseError, NeededPermission
from fcsse.model import Association, Bucket, Encryption, Facts, Grant, Key, Obstacle, Pair, Role

ACCOUNT = "111122223333"
OTHER = "444455556666"
REGION = "eu-west-1"
ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]

ROOT: dict[str, Any] = {
    "Sid": "Enable IAM User Permissions",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def slr(cache: str) -> str:
    return role_arn("aws", ACCOUNT, cache)


def key_name(number: int, account: str = ACCOUNT) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/00000000-0000-0000-0000-{number:012x}"


def documented(bucket: str, *principals: str, form: str = "/*", sid: str = "") -> dict[str, Any]:
    """The documented statement for these principals (role ARNs, ids, or ``*`` for every cache)."""
    who: object = list(principals) if len(principals) > 1 else principals[0]
    like: dict[str, Any] = {"kms:EncryptionContext:aws:s3:arn": bucket_arn("aws", bucket) + form}
    if who == "*":
        like["aws:userid"] = "*:FSx"
    return {
        "Sid": sid or f"Allow FSx to use the key through S3 for bucket {bucket}",
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": ACTIONS,
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": ACCOUNT, "kms:ViaService": f"s3.{REGION}.amazonaws.com"},
            "StringLike": like,
        },
    }


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [ROOT, *statements]}, indent=1)


def refused(action: str, resource: str) -> DeniedError:
    """As a refused call raises it."""
    needed = NeededPermission((action,), resource, "the caller's IAM policy")
    return DeniedError("no", needed.remedy, action=action, resource=resource, needed=needed)


def grant(cache: str, name: str = "", grant_id: str = "g1", **constraint: Any) -> Grant:
    operations = "Decrypt Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext CreateGrant DescribeKey ReEncryptFrom ReEncryptTo"
    return Grant(grant_id, slr(cache), frozenset(operations.split()), name, **constraint)


@dataclass
class Made:
    """Gathers facts; ``done`` gives them as reading would."""

    roles: dict[str, Role] = field(default_factory=dict)
    pairs: list[Facts | Obstacle] = field(default_factory=list)
    associations: list[Located] = field(default_factory=list)
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def link(
        self,
        cache: str,
        bucket: str,
        text: str | None,
        *,
        key: int = 1,
        account: str = ACCOUNT,
        grants: tuple[Grant, ...] = (),
        state: str = "Enabled",
        bucket_keys: bool = False,
        algorithm: str = "aws:kms",
        role: bool = True,
        lifecycle: str = "AVAILABLE",
        failure: str = "",
        bucket_policy: str | None = "",
        foreign: bool = False,
        manager: str = "CUSTOMER",
    ) -> Facts:
        """A pair whose bucket uses that key with this policy."""
        arn = key_arn(key_name(key, account))
        assert arn is not None
        found = Bucket(bucket, Encryption(algorithm, str(arn), bucket_keys), REGION, foreign)
        made = Key(arn, state, manager, "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") if algorithm == "aws:kms" else None
        self.associate(cache, bucket, lifecycle, failure)
        if role:
            self.add_role(cache)
        pair = Pair(cache, bucket)
        facts = Facts(
            pair,
            ACCOUNT,
            "aws",
            self.roles.get(cache),
            found,
            made,
            text,
            grants,
            bucket_policy=bucket_policy,
            dead_ids=self._dead_ids(text, grants),
        )
        self.buckets[bucket] = found
        self.pairs.append(facts)
        return facts

    def _dead_ids(self, text: str | None, grants: tuple[Grant, ...] | None) -> frozenset[str]:
        """The unique ids that no role has, as IAM would say."""
        shown = (text or "") + " ".join(grant.grantee or "" for grant in grants or ())
        alive = {role.role_id for role in self.roles.values()}
        return frozenset(re.findall(r"\bA(?:ROA|IDA)[A-Z0-9]{8,}\b", shown)) - alive

    def add_role(self, cache: str) -> None:
        arn = Arn.parse(slr(cache))
        assert arn is not None
        self.roles[cache] = Role(arn, cache, f"AROA{cache[3:].upper():0>17}")

    def associate(self, cache: str, bucket: str, lifecycle: str = "AVAILABLE", failure: str = "") -> None:
        number = len(self.associations)
        one = Association(f"dra-{number:017x}", cache, f"s3://{bucket}/", lifecycle, failure)
        self.associations.append(Located(one, REGION))

    def hinder(self, cache: str, bucket: str, error: FcsseError) -> None:
        """A pair about which too little could be found out."""
        self.associate(cache, bucket)
        self.pairs.append(Obstacle(Pair(cache, bucket), error))

    def done(
        self,
        *refusals: Refusal,
        unread: tuple[tuple[str, FcsseError], ...] = (),
        off: tuple[str, ...] = (),
        all_regions: bool = False,
        roles_known: bool = True,
    ) -> AccountFacts:
        pairs = sorted(self.pairs, key=lambda one: (one.pair.cache or "", one.pair.bucket))
        return AccountFacts(
            ACCOUNT,
            "aws",
            (REGION,),
            self.roles if roles_known else None,
            tuple(self.associations),
            tuple(pairs),
            self.buckets,
            refusals,
            unread,
            off,
            all_regions,
            frozenset(one.pair.cache or "" for one in pairs if one.pair.cache not in self.roles),
        )
