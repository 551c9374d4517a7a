"""What the caches of a bucket may do with the keys and context forms that its objects really use. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from fcsse.commands.census.tally import Census
from fcsse.encryption_algorithms import ALGORITHMS, DOCUMENTED, SSE_C, SSE_KMS, algorithm_of
from fcsse.evaluator.pair_access import judge
from fcsse.evaluator.request import Cause, Verdict
from fcsse.link_options import AccessLevel
from fcsse.model import Encryption, Facts, Key, Obstacle, Pair
from fcsse.objects import Group, ObjectEncryption
from fcsse.planning.linked_level import level_of
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.suggested_commands import CommandBuilder, operations


class Hindrance(Enum):
    """What keeps a cache from objects, where there is advice for it."""

    CUSTOMER_KEY = "customer-key"
    MANAGED_KEY = "managed-key"
    """The AWS managed key of another account."""
    NOT_READ = "not-read"
    """The key's policy and grants could not all be read."""
    DENY = "deny"


class CacheAccess(NamedTuple):
    """May one cache decrypt the objects of one group? ``reason`` says why not, or what is unknown; ``hindrance`` as a value.

    ``linkable``: linking the cache to the group's key would give it what it lacks.
    """

    cache: str
    group: Group
    verdict: Verdict
    reason: str = ""
    linkable: bool = False
    hindrance: Hindrance | None = None


class AccessReport(NamedTuple):
    """The answers for every cache and group; commands that fix what is missing, in their order; and what none fixes.

    ``caches_known``: could it be found out which caches are linked to the bucket? ``unknown``: why not.
    """

    reaches: tuple[CacheAccess, ...] = ()
    remedies: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    caches_known: bool = True
    unknown: str = ""

    @property
    def fine(self) -> bool:
        """Is all access there that was asked about?"""
        return self.caches_known and all(reach.verdict is Verdict.ALLOWED for reach in self.reaches)


def needs_of(
    census: Census,
    caches: Sequence[str],
    found: Mapping[str, Sequence[Facts | Obstacle]],
    words: CommandBuilder | None = None,
    unknown: str = "",
) -> AccessReport:
    """Judges each group for each cache. ``found`` holds, by key ARN, the facts of every cache with that key.

    ``unknown``: why not all caches of the bucket are known.
    """
    reaches: list[CacheAccess] = []
    keys: dict[str, Key] = {}
    for group in census.groups:
        if not algorithm_of(group.sealed.algorithm).needs_key:
            continue
        facts_by_cache = {facts.pair.cache: facts for facts in found.get(group.sealed.key or "", ())}
        for cache in caches:
            facts = facts_by_cache.get(cache)
            reaches.append(_reach(cache, group, facts))
            if isinstance(facts, Facts) and facts.key is not None:
                keys[str(facts.key.arn)] = facts.key
    remedies = _remedies(census, reaches, keys, levels_of(caches, found), words or CommandBuilder())
    return AccessReport(tuple(reaches), remedies, _advice(reaches), not unknown, unknown)


def levels_of(caches: Sequence[str], found: Mapping[str, Sequence[Facts | Obstacle]]) -> dict[str, AccessLevel]:
    """READ for the caches whose links to the keys are all for reading only; FULL for others. ``found``: as in ``needs_of``."""
    all_facts = [one for facts in found.values() for one in facts if isinstance(one, Facts)]
    return {cache: level_of(*(one for one in all_facts if one.pair.cache == cache)) for cache in caches}


def _reach(cache: str, group: Group, facts: Facts | Obstacle | None) -> CacheAccess:
    sealed = group.sealed
    if sealed.algorithm == SSE_C.code:
        why = "only who has the customer-provided key can read them"
        return CacheAccess(cache, group, Verdict.DENIED, why, hindrance=Hindrance.CUSTOMER_KEY)
    if facts is None:
        return CacheAccess(cache, group, Verdict.UNKNOWN, f"encryption {sealed.algorithm} without a key that S3 tells")
    if not isinstance(facts, Facts):
        return CacheAccess(cache, group, Verdict.UNKNOWN, facts.error.message)
    if facts.key is not None and facts.key.manager == "AWS":
        if facts.key.arn.account == facts.account:
            return _documented(CacheAccess(cache, group, Verdict.ALLOWED))
        why = "the AWS managed key of another account serves nobody else"
        return _documented(CacheAccess(cache, group, Verdict.DENIED, why, hindrance=Hindrance.MANAGED_KEY))
    reach = _judged(cache, facts, group, sealed)
    if reach.verdict is Verdict.DENIED and facts.key is not None and facts.key.state not in (None, "Enabled"):
        working = facts._replace(key=facts.key._replace(state="Enabled"))
        enabled = _judged(cache, working, group, sealed)
        state = f"the key is {_STATES.get(facts.key.state, f'in state {facts.key.state}')}"
        also = f", and {enabled.reason}" if enabled.reason else ""
        return _documented(enabled._replace(verdict=Verdict.DENIED, reason=state + also))
    return _documented(reach)


NOT_READ = (Cause.POLICY_UNREAD, Cause.GRANTS_UNREAD, Cause.OWNER_UNKNOWN)

_STATES = {"Disabled": "disabled", "PendingDeletion": "pending deletion", "NotFound": "gone"}


def _judged(cache: str, facts: Facts, group: Group, sealed: ObjectEncryption) -> CacheAccess:
    encryption = Encryption(SSE_KMS.code, sealed.key, sealed.form is ContextForm.BUCKET)
    there = facts._replace(bucket=facts.bucket._replace(encryption=encryption))
    document = PolicyDocument.parse(facts.policy) if facts.policy is not None else None
    judged = judge(there, document, facts.grants, explain=False)
    if judged is None:
        return CacheAccess(cache, group, Verdict.UNKNOWN, "the cache has no role, or the key could not be read")
    verdict = judged.read
    if verdict is Verdict.ALLOWED:
        return CacheAccess(cache, group, verdict)
    decisive = [row.decision for row in judged.rows if row.current and row.decision.verdict is verdict]
    stopped = any(decision.explicit for decision in decisive)
    reason = decisive[0].reason if decisive else "the bucket policy does not allow it"
    unread = verdict is Verdict.UNKNOWN and any(decision.cause in NOT_READ for decision in decisive)
    hindrance = Hindrance.DENY if stopped else Hindrance.NOT_READ if unread else None
    linkable = verdict is Verdict.DENIED and not stopped
    return CacheAccess(cache, group, verdict, reason, linkable, hindrance)


def _documented(reach: CacheAccess) -> CacheAccess:
    """The same, unless it is of an encryption that File Cache does not document. Then nobody can be sure of access."""
    algorithm = algorithm_of(reach.group.sealed.algorithm)
    if algorithm.documented:
        return reach
    why = f"File Cache documents {DOCUMENTED} only, not {algorithm.name}"
    worse = reach.verdict if reach.verdict is Verdict.DENIED else Verdict.UNKNOWN
    return reach._replace(verdict=worse, reason=f"{reach.reason}; {why}" if reach.reason else why, linkable=False)


def _remedies(
    census: Census,
    reaches: Sequence[CacheAccess],
    keys: Mapping[str, Key],
    levels: Mapping[str, AccessLevel],
    words: CommandBuilder,
) -> tuple[str, ...]:
    """First what makes keys work, then a link for each key and set of caches that lack the same."""
    wanting: dict[str, set[str]] = {}
    for reach in reaches:
        if reach.verdict is Verdict.DENIED and reach.group.sealed.key in keys and not _beyond(reach, keys):
            lacking = wanting.setdefault(reach.group.sealed.key or "", set())
            if reach.linkable:
                lacking.add(reach.cache)
    out: list[str] = []
    for text in wanting:
        out += _awaken(keys[text], words)
    for text, lacking in wanting.items():
        forms = {group.sealed.form for group in census.groups if group.sealed.key == text}
        flags = (
            ["--context", "both", "--bucket-keys"]
            if len(forms) > 1
            else ["--bucket-keys" if ContextForm.BUCKET in forms else "--no-bucket-keys"]
        )
        out += link_commands(sorted(lacking), census.bucket, levels, words, "--key", text, *flags)
    return tuple(out)


def link_commands(
    caches: Sequence[str], bucket: str, levels: Mapping[str, AccessLevel], words: CommandBuilder, *flags: str
) -> list[str]:
    """The commands that link the caches to the bucket, each for what its ``levels`` says; ``flags`` are those of all."""
    out: list[str] = []
    for level in AccessLevel:
        pairs = [Pair(cache, bucket) for cache in caches if levels.get(cache, AccessLevel.FULL) is level]
        out += words.link(pairs, *flags, *operations(level))
    return out


def _beyond(reach: CacheAccess, keys: Mapping[str, Key]) -> bool:
    """Does no command help, short of writing the objects anew?"""
    key = keys[reach.group.sealed.key or ""]
    return not algorithm_of(reach.group.sealed.algorithm).documented or key.manager == "AWS" or key.state == "NotFound"


def _awaken(key: Key, words: CommandBuilder) -> list[str]:
    arn = key.arn
    cancel = words.aws("kms", "cancel-key-deletion", "--key-id", str(arn), region=arn.region)
    enable = words.aws("kms", "enable-key", "--key-id", str(arn), region=arn.region)
    return {"Disabled": [enable], "PendingDeletion": [cancel, enable]}.get(key.state or "", [])


def _advice(reaches: Sequence[CacheAccess]) -> tuple[str, ...]:
    out: list[str] = []
    lacking = [reach for reach in reaches if reach.verdict is not Verdict.ALLOWED]
    hindrances = {reach.hindrance for reach in lacking}
    if hindrances & {Hindrance.CUSTOMER_KEY, Hindrance.MANAGED_KEY}:
        out.append(
            "No permission helps with customer-provided keys and another account's AWS managed key: the objects' owner must "
            "write them anew, with a customer managed KMS key."
        )
    undocumented = {reach.group.sealed.algorithm for reach in lacking if reach.group.sealed.algorithm != SSE_C.code}
    out += [
        f"Write {one.name} objects anew with {SSE_KMS.name} to be sure that a cache can read them."
        for one in ALGORITHMS
        if one.code in undocumented and not one.documented
    ]
    if Hindrance.NOT_READ in hindrances:
        out.append("Credentials of the key's account tell more: --bucket-profile or --bucket-role.")
    if Hindrance.DENY in hindrances:
        out.append("An explicit Deny wins over every permission: see which statement it is with fcsse check.")
    return tuple(out)
