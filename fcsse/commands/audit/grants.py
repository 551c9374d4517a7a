"""Findings about grants to service-linked roles, each key's looked at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.arn import Arn, role_cache
from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.key_facts import KeyAudit
from fcsse.link_options import AccessLevel, Context, Options, Via
from fcsse.model import READ_OPERATIONS, Grant
from fcsse.planning.make_plan import make_plan
from fcsse.planning.wanted_grant import GRANT_PREFIX, grant_name, grant_names
from fcsse.suggested_commands import CommandBuilder, operations
from fcsse.text import count, listed

MOST = 20
"""Grants of a finding for which there is a command."""


def find(keys: Sequence[KeyAudit], words: CommandBuilder) -> list[Finding]:
    """Everything there is to say of grants."""
    found: list[Finding] = []
    for key in keys:
        found += _dead(key, words)
        duplicates = _duplicates(key, words)
        found += duplicates
        # Each grant is ended by one command: by the second, KMS would not find it.
        told = {command for finding in duplicates for command in finding.commands}
        found += [
            one._replace(commands=tuple(command for command in one.commands if command not in told))
            for one in _unconstrained(key, words)
        ]
    return found


def _ended_here(key: KeyAudit, grant: Grant) -> bool:
    """Can the account end it? Those of its keys and those that it made. Source: KMS API reference, RetireGrant."""
    return key.own or grant.issuing_account in (None, key.account)


def _end(key: KeyAudit, grant: Grant, words: CommandBuilder) -> str:
    named = ("--key-id", str(key.arn), "--grant-id", grant.grant_id)
    return words.aws("kms", "revoke-grant" if key.own else "retire-grant", *named, region=key.arn.region)


def _dead(key: KeyAudit, words: CommandBuilder) -> list[Finding]:
    """Grants of ours whose role was deleted: KMS shows its bare id in place of the ARN, and IAM knows no such id."""
    dead = [
        grant
        for grant in key.grants
        if grant.grantee in key.dead and grant.name.startswith(GRANT_PREFIX) and _ended_here(key, grant)
    ]
    if not dead:
        return []
    return [
        key.finding(
            kinds.DEAD_GRANT,
            {"grants": count(len(dead), "grant")},
            [f"Grant {grant.name} is for {grant.grantee}, a role that was deleted." for grant in dead[:8]],
            [_end(key, grant, words) for grant in dead[:MOST]],
        )
    ]


def _duplicates(key: KeyAudit, words: CommandBuilder) -> list[Finding]:
    """Grants that say the same. Of constraints that this version does not know, nobody knows whether they do."""
    alike: dict[tuple[object, ...], list[Grant]] = {}
    for grant in key.grants:
        if grant.grantee and role_cache(grant.grantee) and not grant.other_constraints and _ended_here(key, grant):
            says = (grant.grantee, grant.operations, _pairs(grant.constraint_equals), _pairs(grant.constraint_subset))
            alike.setdefault(says, []).append(grant)
    found = []
    for group in alike.values():
        # Grants that fcsse made for several buckets say the same and are no duplicates: unlinking a bucket ends its own.
        mine = [grant for grant in group if grant.name.startswith(GRANT_PREFIX)]
        rest = [grant for grant in group if not grant.name.startswith(GRANT_PREFIX)]
        cache = role_cache(group[0].grantee or "") or ""
        spare = rest if mine and (mine[0].constrained or _serve_all(key, cache, mine)) else rest[1:]
        if spare:
            found.append(
                key.finding(
                    kinds.DUPLICATE_GRANT,
                    {"grants": count(len(spare), "duplicate grant"), "cache": cache},
                    [
                        f"{count(len(group), 'grant')} say the same; {listed([grant.grant_id for grant in spare])} can go."
                    ],
                    [_end(key, grant, words) for grant in spare[:MOST]],
                    cache=cache,
                )
            )
    return found


def _serve_all(key: KeyAudit, cache: str, mine: Sequence[Grant]) -> bool:
    """Has each bucket of a cache a grant of its own? One made for another bucket ends when that is unlinked."""
    names = {grant.name for grant in mine}
    return all(
        grant_names(cache, one.pair.bucket) & names
        for one in key.judged
        if one.pair.cache == cache and not one.by_statement
    )


def _unconstrained(key: KeyAudit, words: CommandBuilder) -> list[Finding]:
    """Grants to the account's caches that are good for every bucket and outside S3.

    Those of other accounts' caches are left out: across accounts there is nothing narrower in general.
    """
    of_caches = [(grant, role_cache(grant.grantee or "") or "") for grant in key.grants if not grant.constrained]
    wide = [(grant, cache) for grant, cache in of_caches if cache and _account(grant) == key.account]
    pairs = {
        (one.pair.cache, grant_name(one.pair.cache or "", one.pair.bucket, level=level))
        for one in key.judged
        for level in AccessLevel
    }
    caches = {cache for cache, _ in pairs}
    spare = [
        (grant, cache)
        for grant, cache in wide
        if cache in caches and (not grant.name.startswith(GRANT_PREFIX) or (cache, grant.name) in pairs)
    ]
    rest = [one for one in wide if one not in spare]
    return [_wide(key, spare, words)] * bool(spare) + [_unseen(key, rest, words)] * bool(rest)


def _account(grant: Grant) -> str | None:
    arn = Arn.parse(grant.grantee or "")
    return arn.account if arn else None


def _wide(key: KeyAudit, grants: Sequence[tuple[Grant, str]], words: CommandBuilder) -> Finding:
    """Of pairs that are known, so that something narrower may do."""
    caches = list(dict.fromkeys(cache for _, cache in grants))
    pairs = [one for one in key.judged if one.pair.cache in caches]
    flagged = all(one.facts and one.facts.bucket.encryption.bucket_keys for one in pairs)
    writers = {cache for grant, cache in grants if not grant.operations <= frozenset(READ_OPERATIONS)}

    def linked(*more: str) -> list[str]:
        writing, reading = (
            [one.pair for one in pairs if (one.pair.cache in writers) is writes] for writes in (True, False)
        )
        return [*words.link(writing, *more), *words.link(reading, *more, *operations(AccessLevel.READ))]

    links: list[str] = []
    remedy = "Nothing narrower works: without Bucket Keys a grant cannot be limited to a bucket."
    options = Options(via=Via.POLICY, context=Context.BOTH)
    outcomes = make_plan([one.facts for one in pairs if one.facts], options).outcomes if key.own else ()
    blocked = next((one.error for one in outcomes if one.error), None)
    if blocked is not None:
        remedy = (
            f"A statement in the key policy would be narrower, but cannot be added as it stands: {blocked.message}."
        )
    elif key.own:
        remedy = (
            "A statement in the key policy is narrower: link by policy, for both forms of context as the grant is, then end it. "
            "Older objects of other buckets may use the key, too: see with fcsse census before that."
        )
        links = linked("--via", "policy", "--context", "both")
    elif flagged:
        remedy = (
            "All these buckets use Bucket Keys: link with --narrow-grant, then end the wide grants. Objects from before "
            "Bucket Keys were turned on need a wide one; fcsse census lists them."
        )
        links = linked("--narrow-grant")
    ends = [_end(key, grant, words) for grant, _ in grants[:MOST] if _ended_here(key, grant)] if links else []
    return _told(key, caches, Severity.LOW if links else Severity.INFO, remedy, [*links, *ends])


def _unseen(key: KeyAudit, grants: Sequence[tuple[Grant, str]], words: CommandBuilder) -> Finding:
    """Of caches or buckets that no known pair joins with the key: their older objects may still use it."""
    look = words.aws("kms", "list-grants", "--key-id", str(key.arn), region=key.arn.region)
    remedy = (
        "No bucket that they are linked to here has this default key, but older objects may use it: see with fcsse census "
        "what does before ending a grant."
    )
    return _told(key, list(dict.fromkeys(cache for _, cache in grants)), Severity.INFO, remedy, [look])


def _told(key: KeyAudit, caches: list[str], severity: Severity, remedy: str, commands: Sequence[str]) -> Finding:
    return key.finding(
        kinds.UNCONSTRAINED_GRANT,
        _title(key, caches),
        [f"The grants of {listed(caches)} have no constraint, so they hold for every bucket, and outside S3."],
        commands,
        severity=severity,
        remedy=remedy,
        cache=caches[0] if len(caches) == 1 else None,
    )


def _title(key: KeyAudit, caches: list[str]) -> dict[str, str]:
    grants = f"{caches[0]}'s grant" if len(caches) == 1 else f"the grants of {listed(caches)}"
    buckets = key.buckets
    return {
        "grants": grants,
        "buckets": listed(buckets, 2),
        "are": "is" if len(caches) == 1 else "are",
        "them": "that bucket" if len(buckets) == 1 else "those buckets",
    }


def _pairs(constraint: object) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(constraint.items())) if isinstance(constraint, dict) else ()
