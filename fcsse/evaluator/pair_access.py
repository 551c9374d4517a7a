"""Can the cache read and write the bucket? The verdicts on its requests, summed up for one pair. Pure.

In: the facts of a pair and the documents to judge by. Out: a ``Judgement``: every request with its decision, and what
they come to. Nobody can ask AWS: the IAM policy simulator takes resource policies for users only, DryRun tests the
caller only, and nobody can assume a service-linked role. So this project decides by the documented rules.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from fcsse.evaluator.bucket_requests import bucket_requests, decide_bucket
from fcsse.evaluator.cache_requests import CacheRequest, cache_requests, decide, quick_requests
from fcsse.evaluator.compiled import compile_parsed, policy_not_understood
from fcsse.evaluator.evaluate import Policy, compile_policy, evaluate_alike
from fcsse.evaluator.grants import role_of
from fcsse.evaluator.judgement import BucketRow, Judgement, Row, decider
from fcsse.evaluator.request import NOT_FOR_ALL, Cause, Decision, Verdict
from fcsse.link_options import AccessLevel
from fcsse.model import Facts, Grant
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.kept import kept

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN


class FullAccess(NamedTuple):
    """What gives a pair all its access, as ``Judgement.deciders``, and whether any of it is a statement."""

    deciders: tuple[str, ...]
    by_statement: bool


def full_access_by(facts: Facts, policy: PolicyDocument) -> FullAccess | None:
    """What gives the pair all access to read and write; None where some is missing or unknown.

    It asks no more than that takes. The bucket policy is to be none, or judged by itself.
    """
    if facts.key is None or facts.role is None or not facts.bucket.bucket_keys_known:
        return None
    form = ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT
    requests = quick_requests(
        str(facts.role.arn),
        facts.account,
        facts.bucket.region or facts.key.arn.region,
        facts.key,
        facts.bucket.name,
        form,
        facts.role.role_id,
        prefixes=facts.prefixes,
        known=facts.request,
    )
    compiled = compiled_policy(policy)
    found: dict[str, None] = {}
    by_statement = False
    for decision in evaluate_alike(compiled, requests, facts.grants or (), facts.key.state):
        if decision.verdict is not ALLOWED:
            return None
        if decision.decided_by:
            found[decider(decision)] = None
        by_statement = by_statement or decision.statement is not None
    return FullAccess(tuple(found), by_statement)


def judge(
    facts: Facts,
    policy: PolicyDocument | None,
    grants: Sequence[Grant] | None = (),
    forms: frozenset[ContextForm] | None = None,
    *,
    explain: bool = True,
    briefly: bool = False,
    only_needed: bool = False,
    level: AccessLevel = AccessLevel.FULL,
) -> Judgement | None:
    """The verdicts on a pair with a key, by this key policy and these grants.

    ``policy`` None: it could not be read, so that grants alone can allow. ``grants`` None: they could not be read, so
    that what the policy does not allow is not known. ``forms`` are the forms that count as current; default: what the
    bucket's setting calls for. ``only_needed``: only the requests that reading and writing need; ``briefly``: those in
    these forms. ``level`` is what is asked about. None where the pair has no key or role.
    """
    rows = key_rows(facts, policy, grants, forms, explain=explain, briefly=briefly, only_needed=only_needed)
    return Judgement(rows, bucket_rows(facts), facts.bucket.bucket_keys_known, level) if rows is not None else None


def key_rows(
    facts: Facts,
    policy: PolicyDocument | None,
    grants: Sequence[Grant] | None = (),
    forms: frozenset[ContextForm] | None = None,
    *,
    explain: bool = True,
    briefly: bool = False,
    only_needed: bool = False,
    any_object: bool = False,
) -> tuple[Row, ...] | None:
    """The requests to KMS of ``judge`` alone, those that count first.

    ``any_object``: what holds for some objects only leaves a denial unknown.
    """
    current = current_forms(facts, forms)
    asked = requests_of(facts, current if briefly else frozenset(ContextForm), only_needed=briefly or only_needed)
    if asked is None:
        return None
    explained = current if explain else frozenset[ContextForm]()
    return _rows(asked, _decisions(facts, policy, grants, asked, explained, any_object=any_object), current)


def current_forms(facts: Facts, forms: frozenset[ContextForm] | None = None) -> frozenset[ContextForm]:
    """The forms that count as current, where none are given: what the bucket's setting calls for, both where that is not
    known.
    """
    in_use = frozenset({ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT})
    return forms or (in_use if facts.bucket.bucket_keys_known else frozenset(ContextForm))


def requests_of(
    facts: Facts, forms: frozenset[ContextForm] = frozenset(ContextForm), *, only_needed: bool = False
) -> tuple[CacheRequest, ...] | None:
    """What the pair's cache asks of the key in these forms; None where the pair has no key or role. Every cache of the account
    asks as one that no policy names.
    """
    every_cache = facts.role is None and facts.pair.cache is None
    if facts.key is None or (facts.role is None and not every_cache):
        return None
    return cache_requests(
        role_of(facts),
        facts.account,
        facts.bucket.region or facts.key.arn.region,
        str(facts.key.arn),
        facts.bucket.name,
        forms,
        facts.role.role_id if facts.role else None,
        prefixes=facts.prefixes or ("",),
        key=facts.key,
        known=facts.request,
        only_needed=only_needed,
    )


class PairDecisions(NamedTuple):
    """The decision on each request of a pair by one key policy, whichever form of context counts as current."""

    facts: Facts
    asked: tuple[CacheRequest, ...]
    decisions: tuple[Decision, ...]

    def judgement(self, level: AccessLevel, forms: frozenset[ContextForm] | None = None) -> Judgement:
        """What they come to; ``level`` and ``forms`` as in ``judge``."""
        rows = _rows(self.asked, self.decisions, current_forms(self.facts, forms))
        return Judgement(rows, bucket_rows(self.facts), self.facts.bucket.bucket_keys_known, level)


def decide_pair(
    facts: Facts, policy: PolicyDocument, grants: Sequence[Grant], asked: tuple[CacheRequest, ...]
) -> PairDecisions:
    """The decisions on these requests of a pair (``requests_of``), without what nearly decided."""
    return PairDecisions(facts, asked, _decisions(facts, policy, grants, asked, frozenset()))


def _decisions(
    facts: Facts,
    policy: PolicyDocument | None,
    grants: Sequence[Grant] | None,
    asked: Sequence[CacheRequest],
    explained: frozenset[ContextForm],
    *,
    any_object: bool = False,
) -> tuple[Decision, ...]:
    """A decision for each request. ``explained``: the forms in which it is told what nearly decided."""
    state = facts.key.state if facts.key else None
    compiled = compiled_policy(policy) if policy else compile_policy({"Version": "2012-10-17", "Statement": []})
    decisions: dict[int, Decision] = {}
    for one in asked:
        # A multipart upload asks just what reading asks.
        if id(one.request) in decisions:
            continue
        decision = decide(
            compiled,
            one,
            grants or (),
            state,
            explain=one.needed and one.form in explained,
            any_of_them=any_object or bool(facts.prefixes_unknown),
        )
        if policy is None:
            decision = _without_policy(decision, facts)
        elif grants is None:
            decision = _without_grants(decision)
        decisions[id(one.request)] = decision
    return tuple(decisions[id(one.request)] for one in asked)


def _rows(
    asked: Sequence[CacheRequest], decisions: Sequence[Decision], current: frozenset[ContextForm]
) -> tuple[Row, ...]:
    """The requests with their decisions, those that count first."""
    rows = [
        Row(one, decision, one.form is None or one.form in current)
        for one, decision in zip(asked, decisions, strict=True)
    ]
    rows.sort(key=lambda row: (not row.current, not row.asked.needed))
    return tuple(rows)


@kept
def slips(policy: PolicyDocument) -> tuple[tuple[str, str], ...]:
    """Label and sentence of each probable mistake in a key policy: see ``fcsse.evaluator.slips``."""
    compiled = compiled_policy(policy)
    ready = {one.index: one.slips for one in (*compiled.allows, *compiled.denies)}
    return tuple((one.label, slip) for one in policy.statements for slip in ready.get(one.index, ()))


@kept
def compiled_policy(policy: PolicyDocument) -> Policy:
    """A key policy ready for judging; kept, since many pairs share a key."""
    return compile_parsed(policy.value)


def _without_policy(decision: Decision, facts: Facts) -> Decision:
    """What is left of a decision where the key policy could not be read.

    Across accounts it can only deny: an Allow in it would need an IAM permission too, which nobody can give the role.
    """
    foreign = facts.key is not None and facts.key.arn.account != facts.account
    if decision.cause is Cause.KEY_STATE:
        return decision
    if decision.verdict is ALLOWED:
        if foreign:
            return decision
        reason = f"{decision.reason}, unless the key policy, which could not be read, denies it"
        return decision._replace(verdict=UNKNOWN, reason=reason, cause=Cause.POLICY_UNREAD)
    if facts.grants is None:
        reason = "neither the key policy nor the grants could be read"
        return decision._replace(verdict=UNKNOWN, reason=reason, cause=Cause.POLICY_UNREAD)
    if decision.verdict is UNKNOWN:
        # By a grant alone, of which it is not known whether it helps: its own reason says why.
        if foreign:
            return decision
        reason = f"the key policy could not be read, and {decision.reason}"
        return decision._replace(reason=reason, cause=Cause.POLICY_UNREAD)
    if foreign:
        some = NOT_FOR_ALL if decision.partly else ""
        return decision._replace(reason=f"no grant allows {facts.pair.cache} to use the key{some}")
    reason = "the key policy could not be read, and no grant allows it"
    return decision._replace(verdict=UNKNOWN, reason=reason, cause=Cause.POLICY_UNREAD)


def _without_grants(decision: Decision) -> Decision:
    """What is left of a decision where the key's grants could not be read: one of them may allow what nothing denies."""
    if decision.verdict is not Verdict.DENIED or decision.explicit or decision.cause is Cause.KEY_STATE:
        return decision
    reason = "no statement of the key policy allows it, and the key's grants could not be read"
    return decision._replace(verdict=UNKNOWN, reason=reason, cause=Cause.GRANTS_UNREAD)


def bucket_rows(facts: Facts) -> tuple[BucketRow, ...] | None:
    """The role's requests to S3, judged by the bucket policy; None where that, or whose the bucket is, is not known."""
    if facts.bucket_policy is None or facts.role is None or facts.bucket.foreign is None:
        return None
    policy = _ready_bucket(facts.bucket_policy)
    asked = bucket_requests(
        str(facts.role.arn),
        facts.account,
        facts.bucket.name,
        facts.role.role_id,
        foreign=facts.bucket.foreign,
        prefixes=facts.prefixes,
        known=facts.request,
    )
    return tuple(
        BucketRow(one.action, decide_bucket(policy, one, any_of_them=bool(facts.prefixes_unknown)), one.prefix)
        for one in asked
    )


@lru_cache(maxsize=2048)
def _ready_bucket(text: str) -> Policy:
    """A bucket policy ready for judging, empty where the bucket has none. Of a text that is no policy, or that has a member
    twice, of which each reader takes another one, nothing is known.
    """
    try:
        document = json.loads(text, object_pairs_hook=_members) if text else {}
    except (ValueError, RecursionError) as error:
        return policy_not_understood(str(error) if isinstance(error, _TwiceError) else "it is not JSON")
    return compile_policy(document) if isinstance(document, dict) else policy_not_understood("it is not an object")


class _TwiceError(ValueError):
    """A member stands twice in one object."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        name = next(one for at, (one, _) in enumerate(pairs) if one in dict(pairs[:at]))
        text = f"it has {name} twice in one object"
        raise _TwiceError(text)
    return found
