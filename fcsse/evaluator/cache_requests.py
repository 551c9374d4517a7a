"""The requests that a cache makes to the KMS key of a bucket, and the verdict on each.

S3 asks KMS in the name of FSx's session of the role (a forward access session). Sources: S3 user guide, "Using SSE-KMS"
(read: Decrypt; write: GenerateDataKey; multipart upload: Decrypt, too) and "S3 Bucket Keys" (encryption context); IAM
user guide, "Forward access sessions" (its example is S3 calling KMS).

What is known of the context is in ``cache_context``, and besides:

* ``kms:ViaService``, ``aws:ViaAWSService`` (true), ``aws:RequestedRegion``, ``aws:ResourceAccount``: from S3 asking for
  this key; ``kms:CallerAccount`` from the role. ``aws:SecureTransport``: the key is always there, and KMS takes nothing
  but TLS.
* ``kms:KeySpec``, ``kms:KeyUsage``: S3 takes no other keys. ``kms:MultiRegion``: from the key's id.
* Absent: keys of grants and enclaves.
* Unknown: ``aws:SourceIp`` and the like (the KMS guide warns that they are not the original caller's), ``aws:CalledVia``
  (one page fills it for every forward access session, another does not list S3), ``kms:RequestAlias``,
  ``kms:ResourceAliases``, ``kms:KeyOrigin`` and whatever is not named here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from fcsse import arn as arns
from fcsse.evaluator import cache_context
from fcsse.evaluator.cache_context import SAMPLE, caller_context, decide_for_all
from fcsse.evaluator.evaluate import compile_policy, evaluate
from fcsse.evaluator.request import Request
from fcsse.policy.encryption_context import ContextForm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fcsse.evaluator.evaluate import Policy
    from fcsse.evaluator.request import Decision
    from fcsse.model import Grant

CONTEXT_KEY = "kms:EncryptionContext:aws:s3:arn"
ABSENT = cache_context.ABSENT | {
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:DataKeyPairSpec",
    "kms:EncryptionContext:*",
    "kms:GrantConstraintType",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:RecipientAttestation:*",
    "kms:RetiringPrincipal",
}
"""Condition keys that such a request never carries."""


class Purpose(Enum):
    """What a request is for. DOCUMENTED: the page lists the action, but reading and writing do without it."""

    READ = "read"
    WRITE = "write"
    MULTIPART = "multipart"
    DOCUMENTED = "documented"


@dataclass(frozen=True, slots=True)
class CacheRequest:
    """One request of a cache. ``form`` is None where it carries no encryption context (DescribeKey).

    ``request`` asks for one sample object; in the object form, ``every_object`` asks the same for whichever object
    under ``prefix``.
    """

    purpose: Purpose
    form: ContextForm | None
    request: Request
    prefix: str = ""
    every_object: Request | None = None

    @property
    def action(self) -> str:
        """The KMS action, e.g. ``kms:Decrypt``."""
        return self.request.action

    @property
    def needed(self) -> bool:
        """Does the cache fail without it?"""
        return self.purpose is not Purpose.DOCUMENTED


_NEEDED = (
    (Purpose.READ, "kms:Decrypt"),
    (Purpose.WRITE, "kms:GenerateDataKey"),
    (Purpose.MULTIPART, "kms:Decrypt"),
)
_REST = ("kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKeyWithoutPlaintext")
_WITH_ALGORITHM = frozenset({"kms:Decrypt", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"})


def cache_requests(
    role_arn: str,
    account: str,
    region: str,
    key_arn: str,
    bucket: str,
    forms: Iterable[ContextForm],
    role_id: str | None = None,
    *,
    prefixes: Sequence[str] = ("",),
) -> tuple[CacheRequest, ...]:
    """What a cache asks of the key, in each of the given forms, the needed requests first.

    ``role_arn`` is the service-linked role's, ``account`` the cache's, ``region`` and ``bucket`` the bucket's.
    ``role_id`` is the role's unique id; unknown, only patterns such as ``*:FSx`` match ``aws:userid`` for certain.
    ``prefixes`` are those of the cache's data repository associations in this bucket (no leading slash; empty = whole
    bucket): the object form asks for one sample object under each.
    """
    role = arns.Arn.parse(role_arn)
    bucket_arn = arns.bucket_arn(role.partition if role else arns.partition_of(region), bucket)
    context, partial = _shared(role_arn, account, region, key_arn, role_id)
    ids = frozenset({role_id}) if role_id else frozenset[str]()
    found: list[CacheRequest] = []
    for form, prefix, text in _contexts(bucket_arn, forms, prefixes):
        made: dict[str, CacheRequest] = {}
        for purpose, action in (*_NEEDED, *((Purpose.DOCUMENTED, action) for action in _REST)):
            if action not in made:
                known = {**context, "kms:EncryptionContextKeys": ("aws:s3:arn",)}
                if action in _WITH_ALGORITHM:
                    known["kms:EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
                sample = {**known, CONTEXT_KEY: text}
                request = Request(role_arn, action, key_arn, sample, ABSENT, unique_ids=ids, partial=partial)
                every = None
                if form is ContextForm.OBJECT:
                    forms_of = {**partial, CONTEXT_KEY: f"{bucket_arn}/{prefix}*"}
                    every = replace(request, context=known, partial=forms_of)
                made[action] = CacheRequest(purpose, form, request, prefix, every)
            found.append(replace(made[action], purpose=purpose))
    found.append(CacheRequest(Purpose.DOCUMENTED, None, _describe(role_arn, key_arn, context, partial, ids)))
    return tuple(sorted(found, key=lambda one: not one.needed))


def _describe(
    role_arn: str,
    key_arn: str,
    context: Mapping[str, str | tuple[str, ...]],
    partial: Mapping[str, str],
    ids: frozenset[str],
) -> Request:
    """DescribeKey: it never carries an encryption context, and whether S3 or FSx itself asks is not documented."""
    known = {key: value for key, value in context.items() if key not in ("kms:ViaService", "aws:ViaAWSService")}
    absent = ABSENT | {"kms:EncryptionContextKeys", "kms:EncryptionAlgorithm"}
    return Request(role_arn, "kms:DescribeKey", key_arn, known, absent, unique_ids=ids, partial=partial)


def _contexts(
    bucket_arn: str, forms: Iterable[ContextForm], prefixes: Sequence[str]
) -> list[tuple[ContextForm, str, str]]:
    found: list[tuple[ContextForm, str, str]] = []
    for form in sorted(set(forms), key=lambda one: one is ContextForm.BUCKET):
        if form is ContextForm.BUCKET:
            found.append((form, "", bucket_arn))
        else:
            found.extend(
                (form, prefix, f"{bucket_arn}/{prefix}{SAMPLE}") for prefix in dict.fromkeys(prefixes or ("",))
            )
    return found


def _shared(
    role_arn: str, account: str, region: str, key_arn: str, role_id: str | None
) -> tuple[dict[str, str | tuple[str, ...]], dict[str, str]]:
    key = arns.key_arn(key_arn)
    context, partial = caller_context(role_arn, account, role_id)
    context |= {
        "aws:RequestedRegion": key.region if key else region,
        "aws:ViaAWSService": "true",
        "kms:CallerAccount": account,
        "kms:KeySpec": "SYMMETRIC_DEFAULT",
        "kms:KeyUsage": "ENCRYPT_DECRYPT",
        "kms:ViaService": arns.via_service(region),
    }
    if key:
        context["aws:ResourceAccount"] = key.account
        context["kms:MultiRegion"] = "true" if key.resource.startswith("key/mrk-") else "false"
    return context, partial


def decide(
    document: Mapping[str, object] | Policy,
    asked: CacheRequest,
    grants: Sequence[Grant] = (),
    key_state: str | None = "Enabled",
    *,
    explain: bool = True,
    any_of_them: bool = False,
) -> Decision:
    """The verdict on one request of a cache, as ``evaluate`` for a caller without identity policies, and for every object
    of its prefix, or ``any_of_them`` (see ``decide_for_all``).
    """
    policy = compile_policy(document)

    def judge(request: Request) -> Decision:
        return evaluate(policy, request, grants, key_state, explain=explain)

    return decide_for_all(judge, asked.request, asked.every_object, any_of_them=any_of_them)
