"""Findings about grants to service-linked roles, each key's looked at once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.arn import is_dead_principal, role_cache
from fcsse.findings.findings import Finding, Severity
from fcsse.grammar import count, listed
from fcsse.planning.routes import GRANT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcsse.commands import Words
    from fcsse.findings.of_keys import OfKey
    from fcsse.model import Grant


MOST = 20
"""Grants of a finding for which there is a command."""


def find(keys: Sequence[OfKey], words: Words) -> list[Finding]:
    """Everything there is to say of grants."""
    found: list[Finding] = []
    for key in keys:
        found += _dead(key, words)
        found += _duplicates(key, words)
        found += _unconstrained(key, words)
    return found


def _end(key: OfKey, grant: Grant, words: Words) -> str:
    named = ("--key-id", str(key.arn), "--grant-id", grant.grant_id)
    return words.aws("kms", "revoke-grant" if key.own else "retire-grant", *named, region=key.arn.region)


def _dead(key: OfKey, words: Words) -> list[Finding]:
    """Grants of ours whose role was deleted: KMS shows its bare id in place of the ARN."""
    dead = [
        grant
        for grant in key.grants
        if grant.grantee and is_dead_principal(grant.grantee) and grant.name.startswith(GRANT_PREFIX)
    ]
    if not dead:
        return []
    return [
        key.finding(
            "dead-grant",
            Severity.LOW,
            f"{count(len(dead), 'grant')} for caches that are gone: key {key.name}",
            [f"Grant {grant.name} is for {grant.grantee}, a role that was deleted." for grant in dead[:8]],
            "End them: they serve nobody, and count against the 50,000 that a key may have.",
            [_end(key, grant, words) for grant in dead[:MOST]],
        )
    ]


def _duplicates(key: OfKey, words: Words) -> list[Finding]:
    alike: dict[tuple[object, ...], list[Grant]] = {}
    for grant in key.grants:
        if grant.grantee and role_cache(grant.grantee):
            says = (grant.grantee, grant.operations, _pairs(grant.constraint_equals), _pairs(grant.constraint_subset))
            alike.setdefault((*says, grant.other_constraints), []).append(grant)
    found = []
    for group in alike.values():
        # Grants that fcsse made for several buckets say the same and are no duplicates: unlinking a bucket ends its own.
        mine = [grant for grant in group if grant.name.startswith(GRANT_PREFIX)]
        rest = [grant for grant in group if not grant.name.startswith(GRANT_PREFIX)]
        spare = rest if mine else rest[1:]
        if spare:
            cache = role_cache(spare[0].grantee or "") or ""
            found.append(
                key.finding(
                    "duplicate-grant",
                    Severity.LOW,
                    f"{count(len(spare), 'duplicate grant')} for {cache}: key {key.name}",
                    [
                        f"{count(len(group), 'grant')} say the same; {listed([grant.grant_id for grant in spare])} can go."
                    ],
                    "End the spare ones.",
                    [_end(key, grant, words) for grant in spare[:MOST]],
                    cache=cache,
                )
            )
    return found


def _unconstrained(key: OfKey, words: Words) -> list[Finding]:
    """Grants that are good for every bucket and outside S3, where something narrower would do."""
    wide = [grant for grant in key.grants if role_cache(grant.grantee or "") and not grant.constrained]
    if not wide:
        return []
    caches = list(dict.fromkeys(role_cache(grant.grantee or "") or "" for grant in wide))
    pairs = [one for one in key.judged if one.pair.cache in caches]
    flagged = [one for one in pairs if one.facts and one.facts.bucket.encryption.bucket_keys]
    narrower = key.own or (bool(pairs) and len(flagged) == len(pairs))
    remedy = "Nothing narrower works: without Bucket Keys a grant cannot be limited to a bucket."
    commands: tuple[str, ...] = ()
    if narrower:
        remedy = "A statement in the key policy is narrower: link by policy, then end the grants."
        if not key.own:
            remedy = "All these buckets use Bucket Keys: link with --narrow-grant, then end the wide grants."
        links = words.link([one.pair for one in pairs], *(("--via", "policy") if key.own else ("--narrow-grant",)))
        commands = (*links, *(_end(key, grant, words) for grant in wide[:MOST]))
    return [
        key.finding(
            "unconstrained-grant",
            Severity.LOW if narrower else Severity.INFO,
            f"{count(len(caches), 'cache')} may use the key for any bucket: key {key.name}",
            [f"The grants of {listed(caches)} have no constraint, so they hold for every bucket, and outside S3."],
            remedy,
            commands,
            cache=caches[0] if len(caches) == 1 else None,
        )
    ]


def _pairs(constraint: object) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(constraint.items())) if isinstance(constraint, dict) else ()
