"""Findings about what FSx and IAM say: links that failed, roles that are missing or left over, Regions. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.arn import role_name
from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit.facts import AccountFacts, Located
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.link_options import Operation, Options
from fcsse.model import Pair
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import Status
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count, listed, sentence

FAILED = ("FAILED", "MISCONFIGURED")
"""Lifecycles of an association that does not work. Source: FSx API reference, DataRepositoryAssociation."""


def find(facts: AccountFacts, judged: Sequence[PairAudit], words: CommandBuilder) -> list[Finding]:
    """Everything there is to say of associations, roles and Regions."""
    by_pair = {one.pair: one for one in judged}
    failed: dict[tuple[str, str], Located] = {}
    for located in facts.associations:
        one = located.association
        if one.bucket and (one.lifecycle in FAILED or one.failure):
            # An older link has two paths, and is one thing.
            failed.setdefault((one.owner, one.association_id or "older"), located)
    found = [_failed(located, by_pair, words) for located in failed.values()]
    return found + _roles_missing(facts, judged, words) + _roles_unused(facts) + _unheard_of(facts)


def _failed(located: Located, by_pair: dict[Pair, PairAudit], words: CommandBuilder) -> Finding:
    association = located.association
    pair = Pair(association.owner, association.bucket or "")
    judged = by_pair.get(pair)
    said = f"AWS says: {association.failure}" if association.failure else "AWS gives no reason."
    kind = kinds.ASSOCIATION_FAILED
    remedy = kind.remedy
    if judged is not None and not judged.allowed:
        remedy = "Fix the other findings for this cache and bucket first."
    thing, told = (
        f"the association of {association.owner} with",
        f"It is {association.association_id}, for {association.path}.",
    )
    look = ("describe-data-repository-associations", "--association-ids", association.association_id)
    if not association.association_id:
        thing, told = (
            f"the S3 link of {association.owner} to",
            f"The file system was created with it, for {association.path}.",
        )
        look = ("describe-file-systems", "--file-system-ids", association.owner)
    return Finding(
        kind.code,
        kind.severity,
        kind.title.format(thing=thing, bucket=association.bucket, lifecycle=association.lifecycle),
        (said, told),
        remedy,
        (words.aws("fsx", *look, region=located.region),),
        (pair,) if judged else (),
        association.owner,
        association.bucket,
        judged.key if judged else None,
        located.region,
    )


def _roles_missing(facts: AccountFacts, judged: Sequence[PairAudit], words: CommandBuilder) -> list[Finding]:
    by_cache: dict[tuple[str, bool], list[PairAudit]] = {}
    served = _served(facts)
    for one in judged:
        if any(trouble.kind is kinds.ROLE_MISSING for trouble in one.troubles):
            by_cache.setdefault((one.pair.cache or "", one.pair.bucket in served), []).append(one)
    found = []
    for (cache, all_done), pairs in by_cache.items():
        states = {
            one.association.lifecycle
            for one in facts.associations
            if one.association.owner == cache and one.association.bucket
        }
        young = states == {"CREATING"}
        remedy = (
            "Nothing yet: FSx makes the role with the first S3 association. Link the cache once it is there."
            if young
            else "Where the creator of the cache lacked iam:AttachRolePolicy and iam:PutRolePolicy, there is no role: link "
            "with the documented statement for every cache instead. Without a role, nobody can tell whether the cache is "
            "given access."
        )
        commands = words.fcsse("link", [cache] if young else [], [one.pair.bucket for one in pairs])
        severity = Severity.LOW if young else kinds.ROLE_MISSING.severity
        detail = [f"IAM has no role {role_name(cache)}, so nothing can be given to it."]
        if all_done and not young:
            severity, commands = Severity.INFO, ()
            detail += [sentence(f"{bucket}: {served[bucket]}") for bucket in sorted({one.pair.bucket for one in pairs})]
            remedy = (
                "No link can do more: what every cache of the account needs of the key is there. Without a role, nobody "
                "can tell whether the cache is given access."
            )
        found.append(
            Finding(
                kinds.ROLE_MISSING.code,
                severity,
                kinds.ROLE_MISSING.title.format(cache=cache, yet=" yet" if young else ""),
                tuple(detail),
                remedy,
                commands,
                tuple(one.pair for one in pairs),
                cache,
                pairs[0].pair.bucket if len(pairs) == 1 else None,
                region=pairs[0].region,
            )
        )
    return found


def _served(facts: AccountFacts) -> dict[str, str]:
    """The buckets of roleless caches whose key is there for every cache already, with what says so."""
    outcomes = make_plan(facts.for_every, Options(Operation.LINK)).outcomes
    return {one.pair.bucket: one.summary for one in outcomes if one.status is Status.NOTHING}


def _unheard_of(facts: AccountFacts) -> list[Finding]:
    return [
        Finding(
            kinds.REGION_UNHEARD_OF.code,
            kinds.REGION_UNHEARD_OF.severity,
            kinds.REGION_UNHEARD_OF.title.format(region=region),
            ("Nothing was found in it, and botocore's list of endpoints does not have it.",),
            f"Did you mean {' or '.join(meant)}?" if meant else kinds.REGION_UNHEARD_OF.remedy,
            region=region,
        )
        for region, meant in facts.unheard_of
    ]


def _roles_unused(facts: AccountFacts) -> list[Finding]:
    """Roles whose cache has no association left. Only where every Region was read can that be told."""
    if not facts.complete or facts.roles is None:
        return []
    used = {one.association.owner for one in facts.associations if one.association.bucket}
    unused = [cache for cache in facts.roles if cache not in used | facts.newcomers]
    if not unused:
        return []
    named = ", ".join(unused[:20]) + (" …" if len(unused) > 20 else "")
    return [
        Finding(
            kinds.ROLE_UNUSED.code,
            kinds.ROLE_UNUSED.severity,
            kinds.ROLE_UNUSED.title.format(roles=count(len(unused), "role"), caches=listed(unused)),
            (f"No Region has an S3 association of {named}.",),
            kinds.ROLE_UNUSED.remedy,
            cache=unused[0] if len(unused) == 1 else None,
        )
    ]
