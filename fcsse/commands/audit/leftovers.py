"""Findings about what is left of roles that are gone: dead principals, and statements of ours nobody needs. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from fcsse.arn import role_cache
from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit.facts import AccountFacts
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.fix import pruning
from fcsse.commands.audit.key_facts import KeyAudit
from fcsse.planning.wanted_grant import may_serve_others
from fcsse.policy.document import PolicyDocument, Statement
from fcsse.policy.unique_ids import dead_principals
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count, listed

Links = Mapping[str, set[str] | None]
"""The buckets that each cache is linked to; None where not all of them are known."""


def links_of(facts: AccountFacts) -> Links:
    """What FSx says of every cache. Of a Region that could not be read to its end, some associations may be known; of a cache
    that is newer than the listing, or has a link that is, not all.
    """
    partly = {region for region, _ in facts.unread}
    found: dict[str, set[str]] = {}
    unsure: dict[str, None] = {}
    for one in facts.associations:
        if one.association.bucket:
            found.setdefault(one.association.owner, set()).add(one.association.bucket)
            if one.region in partly:
                unsure[one.association.owner] = None
    return {**found, **unsure, **dict.fromkeys(facts.newcomers)}


def find(
    key: KeyAudit, document: PolicyDocument, facts: AccountFacts, links: Links, words: CommandBuilder
) -> list[Finding]:
    """Everything there is to say of that in a key's policy."""
    return _dead(key, document, words) + _gone(key, facts, links, words)


def _dead(key: KeyAudit, document: PolicyDocument, words: CommandBuilder) -> list[Finding]:
    dead = dead_principals(document, key.dead)
    if not dead:
        return []
    ours = {statement.index for statement, _ in key.readings}
    fix, way = _pruned(key, words)
    waiting = [one for one in key.judged if not one.allowed]
    ids = list(dict.fromkeys(one.id for one in dead))
    detail = [
        f"KMS refuses every new version of this policy, whoever writes it, until {'it is' if len(ids) == 1 else 'they are'} out.",
        *(
            f"{one.id} in {one.element} of statement {one.label}"
            + (", a statement of fcsse's." if one.index in ours else ".")
            for one in dead[:8]
        ),
    ]
    return [
        key.finding(
            kinds.DEAD_PRINCIPALS,
            {
                "principals": count(len(ids), "principal"),
                "exist": "exists" if len(ids) == 1 else "exist",
                "block": "blocks" if len(ids) == 1 else "block",
            },
            detail,
            way or ([key.look(words)] if key.own else []),
            severity=Severity.HIGH if waiting else None,
            remedy=None
            if way
            else "No link takes them out as things stand: edit the policy by hand."
            if key.own
            else "Have the key's owner take them out.",
            fix=fix,
        )
    ]


def _pruned(key: KeyAudit, words: CommandBuilder) -> tuple[Fix, tuple[str, ...]]:
    """What takes dead principals out of a key's policy; none of a key of another account can be linked by its policy."""
    fix, one = pruning(key.judged) if key.own else (Fix.NO, None)
    return fix, words.link([one.pair], *["--prune-orphans"] * (fix is Fix.PRUNE)) if one else ()


def _gone(key: KeyAudit, facts: AccountFacts, links: Links, words: CommandBuilder) -> list[Finding]:
    """Statements of ours for caches that are gone, or not linked to the bucket (any more)."""
    found = []
    readings = key.readings
    poisoned = any(one in key.dead for _, ours in readings for one in ours.roles)
    fix, way = _pruned(key, words) if poisoned else (Fix.NO, ())
    for statement, ours in readings:
        buckets = sorted(arn.rsplit(":", 1)[-1] for arn in ours.buckets)
        for principal in ours.roles:
            cache = role_cache(principal)
            if principal in key.dead:
                found.append(
                    key.finding(
                        kinds.CACHE_GONE,
                        {"statement": statement.label, "cache": "a cache that is gone"},
                        [f"{principal} was the role of a cache, for {listed(buckets)}."],
                        way,
                        remedy="The next link or unlink on this key takes it out without asking.",
                        fix=fix,
                    )
                )
            elif cache and facts.roles is not None and ours.account == facts.account:
                found += _leftover(key, statement, cache, buckets, facts, links, words)
    return found


def _leftover(
    key: KeyAudit,
    statement: Statement,
    cache: str,
    buckets: list[str],
    facts: AccountFacts,
    links: Links,
    words: CommandBuilder,
) -> list[Finding]:
    linked = links.get(cache, set())
    if linked is None:
        return []
    gone = facts.roles is not None and cache not in facts.roles
    known = bool(linked) or facts.complete
    left = [bucket for bucket in buckets if bucket not in linked]
    if not left or not (gone or known):
        return []
    commands = words.fcsse("unlink", [cache], left, *key.named(left))
    if gone or not linked:
        why = "IAM has no role for it" if gone else "no Region has an S3 association of it"
        about = {"statement": statement.label, "cache": f"{cache}, which is gone"}
        return [key.finding(kinds.CACHE_GONE, about, [f"{why}."], commands, cache=cache)]
    about = {"cache": cache, "buckets": listed(left)}
    detail = [f"Statement {statement.label} gives it, and no association of the cache is for that bucket."]
    shared = _shared_grants(key, cache)
    if shared:
        remedy = (
            f"Its unlink would also end {listed([f'grant {one}' for one in shared])}, made by hand for no bucket in particular, on "
            f"which other buckets of {cache} may rest. Link those by policy first, then end the grant."
        )
        return [key.finding(kinds.UNUSED_ACCESS, about, detail, remedy=remedy, cache=cache)]
    return [key.finding(kinds.UNUSED_ACCESS, about, detail, commands, cache=cache)]


def _shared_grants(key: KeyAudit, cache: str) -> list[str]:
    """The grants that unlinking any bucket of a cache ends, and that may serve those buckets of it which use the key."""
    mine = (one.facts for one in key.judged if one.pair.cache == cache and one.facts)
    return list(dict.fromkeys(one.grant_id for facts in mine for one in key.grants if may_serve_others(one, facts)))
