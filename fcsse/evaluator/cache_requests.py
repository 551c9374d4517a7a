"""The requests that a cache makes to the KMS key of a bucket, and the verdict on each.

S3 asks KMS in the name of FSx's session of the role (a forward access session). Sources: S3 user guide, "Using SSE-KMS"
(read: Decrypt; write: GenerateDataKey; multipart upload: Decrypt, too) and "S3 Bucket Keys" (encryption context); IAM
user guide, "Forward access sessions" (its example is S3 calling KMS).

What is known of the context is in ``cache_context``, and besides:

* ``kms:ViaService``, ``aws:ViaAWSService`` (true), ``aws:RequestedRegion``, ``aws:ResourceAccount``: from S3 asking for
  this key; ``kms:CallerAccount`` from the role. ``aws:SecureTransport``: the key is always there, and KMS takes nothing
  but TLS.
* ``kms:KeySpec``, ``kms:KeyUsage``, ``kms:KeyOrigin``, ``kms:MultiRegion``: as KMS describes the key; otherwise S3 takes
  no other keys than symmetric ones for encryption, and the id tells a multi-Region key.
* ``kms:ResourceAliases``, ``aws:ResourceTag/…``: where the key's aliases and tags are known, these or none: whether a key
  policy can test them at all is open.
* Absent: keys of other operations, of grants and enclaves; ``kms:MultiRegionKeyType`` of a single-Region key.
* Unknown: ``aws:SourceIp`` and the like (the KMS guide warns that they are not the original caller's), ``aws:CalledVia``
  (one page fills it for every forward access session, another does not list S3), ``kms:RequestAlias``,
  and whatever is not named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.evaluator.cache_context import (
    decide_for_all,
    every_object,
    sample_object,
)
from fcsse.evaluator.context import prepare
from fcsse.evaluator.evaluate import Policy, compile_policy, evaluate
from fcsse.evaluator.known_values import Prepared, Values, form_of
from fcsse.evaluator.request import Decision, Request
from fcsse.evaluator.request_frame import PAIR_NAMES, PAIR_NAMES_KEY, cached_role_context, frame_of, role_values
from fcsse.model import NOTHING_KNOWN, Grant, Key, RequestFacts
from fcsse.policy.encryption_context import ContextForm

CONTEXT_KEY = "kms:EncryptionContext:aws:s3:arn"
_PAIR = CONTEXT_KEY.lower()


class Purpose(Enum):
    """What a request is for. DOCUMENTED: the page lists the action, but reading and writing do without it."""

    READ = "read"
    WRITE = "write"
    MULTIPART = "multipart"
    DOCUMENTED = "documented"


class CacheRequest(NamedTuple):
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
_ALL = (*_NEEDED, *((Purpose.DOCUMENTED, action) for action in _REST))
_ALGORITHM: dict[str, Values] = {"kms:encryptionalgorithm": ("SYMMETRIC_DEFAULT",)}
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
    key: Key | None = None,
    known: RequestFacts = NOTHING_KNOWN,
    only_needed: bool = False,
) -> tuple[CacheRequest, ...]:
    """What a cache asks of the key, in each of the given forms, the needed requests first.

    ``role_arn`` is the service-linked role's, ``account`` the cache's, ``region`` and ``bucket`` the bucket's.
    ``role_id`` is the role's unique id; unknown, only patterns such as ``*:FSx`` match ``aws:userid`` for certain.
    ``prefixes`` are those of the cache's data repository associations in this bucket (no leading slash; empty = whole
    bucket): the object form asks for one sample object under each. ``key`` is as KMS describes it. A key ARN that ends
    with ``key/*`` stands for any key of that account and Region. ``only_needed``: without those that reading and writing
    can do without.
    """
    role = arns.Arn.parse(role_arn)
    bucket_arn = arns.bucket_arn(role.partition if role else arns.partition_of(region), bucket)
    frame = frame_of(account, region, key or key_arn, known)
    own, of_own = cached_role_context(role_arn, role_id)
    context, partial = {**frame.context, **own}, {**frame.partial, **of_own}
    any_key = key_arn if key_arn.endswith(":key/*") else None
    ids = frozenset({role_id}) if role_id else frozenset[str]()
    ready = frame.prepared.beneath(prepare(own, of_own, {}).given, frozenset({PAIR_NAMES_KEY}))

    describing = Request(
        role_arn,
        "kms:DescribeKey",
        key_arn,
        context,
        frame.absent,
        unique_ids=ids,
        partial=partial,
        resource_form=any_key,
        at_least=frame.bounds,
        disputed=frame.disputed,
    )
    found: list[CacheRequest] = []
    for form, prefix, text in _contexts(bucket_arn, forms, prefixes):
        every = every_object(bucket_arn, prefix) if form is ContextForm.OBJECT else None
        found += _in_form(describing, ready, _NEEDED if only_needed else _ALL, (form, prefix, text), every)
    if only_needed:
        return tuple(found)
    found.append(CacheRequest(Purpose.DOCUMENTED, None, _without_context(describing)))
    return tuple(sorted(found, key=lambda one: not one.needed))


def _in_form(
    base: Request,
    ready: Prepared,
    asked: Iterable[tuple[Purpose, str]],
    context: tuple[ContextForm, str, str],
    every: str | None,
) -> Iterator[CacheRequest]:
    """The requests with one encryption context. ``every``: what all objects' contexts have in common, as a pattern."""
    form, prefix, text = context
    made: dict[str, CacheRequest] = {}
    for purpose, action in asked:
        if action in made:
            yield made[action]._replace(purpose=purpose)
            continue
        of_all = None if every is None else _request(base, ready, action, {}, {CONTEXT_KEY: every})
        made[action] = CacheRequest(
            purpose, form, _request(base, ready, action, {CONTEXT_KEY: text}, {}), prefix, of_all
        )
        yield made[action]


def _request(
    base: Request, ready: Prepared, action: str, pair: Mapping[str, str], of_form: Mapping[str, str]
) -> Request:
    """``pair`` is the encryption context, ``of_form`` one of which only the form is known."""
    more: dict[str, str | tuple[str, ...]] = {**pair, PAIR_NAMES: ("aws:s3:arn",)}
    if action in _WITH_ALGORITHM:
        more["kms:EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT"
    return Request(
        base.principal,
        action,
        base.resource,
        {**base.context, **more},
        base.absent,
        unique_ids=base.unique_ids,
        partial={**base.partial, **of_form} if of_form else base.partial,
        resource_form=base.resource_form,
        at_least=base.at_least,
        prepared=ready.with_keys(prepare(more, of_form, {}).given),
        disputed=base.disputed,
    )


def _without_context(request: Request) -> Request:
    """DescribeKey: it never carries an encryption context, and whether S3 or FSx itself asks is not documented."""
    known = {key: value for key, value in request.context.items() if key not in ("kms:ViaService", "aws:ViaAWSService")}
    absent = request.absent | {"kms:EncryptionContextKeys", "kms:EncryptionAlgorithm"}
    return request._replace(context=known, absent=absent)


def _contexts(
    bucket_arn: str, forms: Iterable[ContextForm], prefixes: Sequence[str]
) -> list[tuple[ContextForm, str, str]]:
    found: list[tuple[ContextForm, str, str]] = []
    for form in sorted(set(forms), key=lambda one: one is ContextForm.BUCKET):
        if form is ContextForm.BUCKET:
            found.append((form, "", bucket_arn))
        else:
            found.extend(
                (form, prefix, sample_object(bucket_arn, prefix)) for prefix in dict.fromkeys(prefixes or ("",))
            )
    return found


def quick_requests(
    role_arn: str,
    account: str,
    region: str,
    key: Key,
    bucket: str,
    form: ContextForm,
    role_id: str | None,
    *,
    prefixes: Sequence[str] = ("",),
    known: RequestFacts = NOTHING_KNOWN,
) -> list[Request]:
    """The requests that reading and writing need, in one form and for whichever object: where all are allowed, that is all.

    As ``cache_requests``. The requests are for judging only: their ``context`` has the encryption context alone.
    """
    frame = frame_of(account, region, key, known)
    role, many, shared = role_values(role_arn, role_id), frame.many_with_pairs, frame.shared_with_pairs
    bucket_arn = arns.bucket_arn(key.arn.partition, bucket)
    ids = frozenset({role_id}) if role_id else frozenset[str]()
    key_arn, absent = str(key.arn), frame.absent
    found = []
    for prefix in dict.fromkeys(prefixes or ("",)) if form is ContextForm.OBJECT else ("",):
        context: dict[str, str | tuple[str, ...]] = {}
        partial: dict[str, str] = {}
        if form is ContextForm.OBJECT:
            partial[CONTEXT_KEY] = every_object(bucket_arn, prefix)
            value: Values = form_of(partial[CONTEXT_KEY])
        else:
            context[CONTEXT_KEY] = bucket_arn
            value = (bucket_arn,)
        for action, given in (
            ("kms:Decrypt", {**role, _PAIR: value, **_ALGORITHM}),
            ("kms:GenerateDataKey", {**role, _PAIR: value}),
        ):
            ready = Prepared(given, many, shared)
            found.append(Request(role_arn, action, key_arn, context, absent, False, ids, partial, prepared=ready))
    return found


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

    def judge(request: Request, explain: bool) -> Decision:
        return evaluate(policy, request, grants, key_state, explain=explain)

    return decide_for_all(judge, asked.request, asked.every_object, any_of_them=any_of_them, explain=explain)
