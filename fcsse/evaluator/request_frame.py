"""What all requests of a cache to one key have in common, made ready once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.evaluator import cache_context
from fcsse.evaluator.cache_context import (
    account_context,
    add_organization,
    role_context,
    times,
)
from fcsse.evaluator.context import prepare
from fcsse.evaluator.known_values import Bound, Prepared, Values
from fcsse.model import Key, RequestFacts

PAIR_NAMES = "kms:EncryptionContextKeys"
PAIR_NAMES_KEY = PAIR_NAMES.lower()
ABSENT = cache_context.ABSENT | {
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:DataKeyPairSpec",
    "kms:EncryptionContext:*",
    "kms:ExpirationModel",
    "kms:GrantConstraintSourceArn",
    "kms:GrantConstraintType",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:GranteeServicePrincipal",
    "kms:KeyAgreementAlgorithm",
    "kms:MacAlgorithm",
    "kms:MessageType",
    "kms:PrimaryRegion",
    "kms:RecipientAttestation:*",
    "kms:ReplicaRegion",
    "kms:RetiringPrincipal",
    "kms:RetiringServicePrincipal",
    "kms:RotationPeriodInDays",
    "kms:ScheduleKeyDeletionPendingWindowInDays",
    "kms:SigningAlgorithm",
    "kms:ValidTo",
    "kms:WrappingAlgorithm",
    "kms:WrappingKeySpec",
}
"""Condition keys that such a request never carries: those of other operations, of grants and enclaves.

Source: KMS developer guide, "AWS KMS condition keys", API operations of each.
"""

DISPUTED = ("aws:resourcetag/", "kms:resourcealiases")
"""How the names of those keys begin, in lower case, of which AWS's pages leave open whether a key policy can test them.

"ABAC for AWS KMS" lists both for an "IAM policy only", and so does "AWS KMS condition keys" the second; the permissions
table of the same guide lists them for actions that a key policy allows. All: KMS developer guide.
"""


class RequestFrame(NamedTuple):
    """What all requests for a key have in common, whoever asks: as in ``Request``, and made ready."""

    context: dict[str, str | tuple[str, ...]]
    partial: dict[str, str]
    absent: frozenset[str]
    bounds: Mapping[str, Bound]
    disputed: frozenset[str]
    prepared: Prepared
    many_with_pairs: frozenset[str]
    shared_with_pairs: dict[str, Values]


@lru_cache(maxsize=512)
def frame_of(account: str, region: str, described: Key | str, known: RequestFacts) -> RequestFrame:
    """For a key of this account and Region. ``described``: as KMS describes it, or its ARN alone."""
    key = described if not isinstance(described, str) else _bare(described)
    context, partial = account_context(account)
    context |= {
        "aws:RequestedRegion": key.arn.region if key else region,
        "aws:ViaAWSService": "true",
        "kms:CallerAccount": account,
        "kms:ViaService": arns.via_service(region),
    }
    for name, value in (
        ("Spec", (key and key.spec) or "SYMMETRIC_DEFAULT"),
        ("Usage", (key and key.usage) or "ENCRYPT_DECRYPT"),
    ):
        # The deprecated keys "work the same way. Only the names differ."
        context |= {f"kms:Key{name}": value, f"kms:CustomerMasterKey{name}": value}
    absent = ABSENT | add_organization(
        known, context, partial, own_resource=key is not None and key.arn.account == account
    )
    if key:
        context["aws:ResourceAccount"] = key.arn.account
        several = key.arn.resource.startswith("key/mrk-") if key.multi_region is None else key.multi_region
        if key.arn.resource == "key/*":
            partial["kms:MultiRegion"] = "*"
        else:
            context["kms:MultiRegion"] = "true" if several else "false"
            absent |= frozenset() if several else {"kms:MultiRegionKeyType"}
        if key.origin:
            context["kms:KeyOrigin"] = key.origin
        else:
            partial["kms:KeyOrigin"] = "?*"
    if known.aliases is not None:
        context["kms:ResourceAliases"] = known.aliases
    if known.tags is not None and len({name.lower() for name, _ in known.tags}) == len(known.tags):
        # Of tags whose names differ in case alone, AWS does not say which a condition sees.
        # Sources: KMS API reference, TagResource (tags are case-sensitive); IAM user guide, "AWS global condition context
        # keys", aws:ResourceTag (the tag's name in a condition is not).
        context |= {f"aws:ResourceTag/{name}": value for name, value in known.tags}
        absent |= {"aws:ResourceTag/*"}
    disputed = frozenset(name for name in map(str.lower, context) if name.startswith(DISPUTED))
    bounds = times(known.now)
    prepared = prepare(context, partial, bounds, disputed)
    pairs: dict[str, Values] = {**prepared.given, PAIR_NAMES_KEY: ("aws:s3:arn",)}
    return RequestFrame(context, partial, absent, bounds, disputed, prepared, prepared.many | {PAIR_NAMES_KEY}, pairs)


@lru_cache(maxsize=4096)
def cached_role_context(role_arn: str, role_id: str | None) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    """As ``role_context``, made once for a role."""
    return role_context(role_arn, role_id)


@lru_cache(maxsize=4096)
def role_values(role_arn: str, role_id: str | None) -> Mapping[str, Values]:
    """The same, made ready; made once for a role."""
    context, partial = role_context(role_arn, role_id)
    return prepare(context, partial, {}).given


def _bare(key_arn: str) -> Key | None:
    arn = arns.key_arn(key_arn)
    return Key(arn) if arn else None
