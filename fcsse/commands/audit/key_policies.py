"""Findings about key policies, each key's looked at once. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.arn import role_cache
from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit import leftovers
from fcsse.commands.audit.facts import AccountFacts
from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.key_facts import KeyAudit
from fcsse.link_options import AccessLevel
from fcsse.model import Facts, Pair
from fcsse.planning.width import WideStatement, says, wide_statements
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument, Statement
from fcsse.policy.statement import LinkStatement, read_statement
from fcsse.suggested_commands import CommandBuilder, operations
from fcsse.text import count, listed

NEARLY_FULL = 0.9
FILLING = 0.75
"""Shares of the size limit, measured without white space, from which a policy is worth a finding."""

STATEMENT = 600
"""Bytes that one more statement takes, roughly, without white space."""


def find(keys: Sequence[KeyAudit], facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
    """Everything there is to say of key policies."""
    links = leftovers.links_of(facts)
    found: list[Finding] = []
    for key in keys:
        if key.document is not None:
            found += leftovers.find(key, key.document, facts, links, words)
            found += _size(key, key.document, words)
            found += _every_cache(key, facts, words)
            found += _mergeable(key, facts, words)
            found += _wide(key, key.document, words)
    return found


def _size(key: KeyAudit, document: PolicyDocument, words: CommandBuilder) -> list[Finding]:
    size, least = document.size, document.compact().size
    share = least / MAX_POLICY_BYTES
    if share < FILLING:
        return []
    room = max(0, (MAX_POLICY_BYTES - least) // STATEMENT)
    told = f"{least:,} of {MAX_POLICY_BYTES:,} bytes" + (
        f" without white space ({size:,} with it)" if least < size else ""
    )
    more = "no more statement" if not room else f"about {count(room, 'more statement')}"
    return [
        key.finding(
            kinds.POLICY_NEARLY_FULL,
            {"share": f"{share:.0%}"},
            [f"It takes {told}: room for {more}."],
            [key.look(words)],
            severity=Severity.MEDIUM if share >= NEARLY_FULL else None,
        )
    ]


def _every_cache(key: KeyAudit, facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
    found = []
    for statement, ours in key.readings:
        if ours.every_cache and ours.account == facts.account:
            buckets = sorted(arn.rsplit(":", 1)[-1] for arn in ours.buckets)
            pairs = [one.pair for one in key.judged if one.pair.bucket in buckets]
            leave = _why_to_leave(facts, buckets)
            commands = (
                *words.fcsse("unlink", [], buckets, *key.named(buckets)),
                *_links_instead(key, ours.account, pairs, words),
            )
            found.append(
                key.finding(
                    kinds.EVERY_CACHE,
                    {"buckets": listed(buckets)},
                    [
                        f"Statement {statement.label} applies to any role session of account {ours.account} that is named FSx, "
                        "whoever started it."
                    ],
                    () if leave else commands,
                    remedy=leave or None,
                    bucket=buckets[0] if len(buckets) == 1 else None,
                )
            )
    return found


def _links_instead(key: KeyAudit, account: str, pairs: Sequence[Pair], words: CommandBuilder) -> tuple[str, ...]:
    """The links that give caches what unlinking every cache takes: all statements for every cache and a bucket go at once."""
    ways: dict[tuple[str, ...], list[Pair]] = {}
    for pair in pairs:
        taken = [
            one
            for _, one in key.readings
            if one.every_cache
            and one.account == account
            and pair.bucket in {arn.rsplit(":", 1)[-1] for arn in one.buckets}
        ]
        level = AccessLevel.FULL if AccessLevel.FULL in {one.level for one in taken} else AccessLevel.READ
        context = next(filter(None, (_context(key, one) for one in taken)), ())
        ways.setdefault((*context, *operations(level)), []).append(pair)
    return tuple(command for more, group in ways.items() for command in words.link(group, *more))


def _why_to_leave(facts: AccountFacts, buckets: Sequence[str]) -> str:
    """Why a statement for every cache is to be left: caches that need it, or may, and cannot be linked instead; empty where none do."""
    links = [one.association for one in facts.associations if one.association.bucket in buckets]
    roleless = list(dict.fromkeys(one.owner for one in links if one.owner in facts.roleless))
    if roleless:
        return f"Leave it: IAM has no role for {listed(roleless)}, so that nothing else can give access."
    if facts.complete and facts.roles is not None:
        return ""
    seeing = (
        "The other findings say what could not be read" if facts.all_regions else "Audit every Region (--all-regions)"
    )
    return f"Caches that were not seen may rest on it. {seeing}: then it shows what can be linked instead."


def _wide(key: KeyAudit, document: PolicyDocument, words: CommandBuilder) -> list[Finding]:
    """Statements of others that give a cache more than the documented one."""
    by_statement: dict[WideStatement, list[Facts]] = {}
    others = [one for one in document.statements if read_statement(one.value) is None]
    for one in key.judged if others else ():
        if one.facts is not None:
            for wide in wide_statements(one.facts, document):
                by_statement.setdefault(wide, []).append(one.facts)
    return [
        key.finding(
            kinds.WIDE_STATEMENT,
            {"caches": listed(list(dict.fromkeys(str(one.pair.cache) for one in group)), 2)},
            [f"Statement {wide.label} allows {says(wide, group[0].bucket.name)}."],
            [key.look(words)],
            bucket=group[0].bucket.name if len({one.bucket.name for one in group}) == 1 else None,
        )
        for wide, group in by_statement.items()
    ]


def _mergeable(key: KeyAudit, facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
    """Statements of ours that differ in nothing but the roles. Those that should rather go are reported by ``leftovers``."""
    alike: dict[tuple[object, ...], list[tuple[Statement, LinkStatement]]] = {}
    readings = key.readings
    for statement, ours in readings:
        alive = all((cache := role_cache(one)) and (facts.roles is None or cache in facts.roles) for one in ours.roles)
        here = not key.named([arn.rsplit(":", 1)[-1] for arn in ours.buckets])
        if not ours.every_cache and alive and here and not _has_more(key, ours, readings):
            alike.setdefault(_apart_from_roles(ours), []).append((statement, ours))
    found = []
    for group in alike.values():
        if len(group) < 2:
            continue
        buckets = sorted(arn.rsplit(":", 1)[-1] for arn in group[0][1].buckets)
        saved = sum(statement.node.end - statement.node.start for statement, _ in group[1:])
        moved = list(dict.fromkeys(cache for _, ours in group[1:] for one in ours.roles if (cache := role_cache(one))))
        found.append(
            key.finding(
                kinds.MERGEABLE,
                {
                    "caches": count(sum(len(ours.roles) for _, ours in group), "cache"),
                    "buckets": listed(buckets),
                },
                [
                    f"statements {listed([statement.label for statement, _ in group])} say the same of different roles; one with all of "
                    f"them saves about {max(0, saved - 140 * len(moved)):,} bytes."
                ],
                [
                    *words.fcsse("unlink", moved, buckets),
                    *words.fcsse("link", moved, buckets, *_context(key, group[0][1]), *operations(group[0][1].level)),
                ]
                if key.own
                else [],
                remedy=kinds.MERGEABLE.remedy.format(moved=f"{listed(moved)} {'has' if len(moved) == 1 else 'have'}"),
                bucket=buckets[0] if len(buckets) == 1 else None,
            )
        )
    return found


def _apart_from_roles(ours: LinkStatement) -> tuple[object, ...]:
    return ours.account, ours.region, ours.patterns, ours.exact, ours.level


def _has_more(key: KeyAudit, ours: LinkStatement, readings: Sequence[tuple[Statement, LinkStatement]]) -> bool:
    """Has one of its roles something else for its buckets? Unlinking takes that back, too, and no one link gives it again."""
    return any(grant.grantee in ours.roles for grant in key.grants) or any(
        _apart_from_roles(other) != _apart_from_roles(ours)
        and set(other.roles) & set(ours.roles)
        and other.buckets & ours.buckets
        for _, other in readings
    )


def _context(key: KeyAudit, ours: LinkStatement) -> tuple[str, ...]:
    """The option with which a link gives what a statement gave, where the form in use alone would be less."""
    buckets = {one.facts.bucket.name: one.facts.bucket for one in key.judged if one.facts}
    for pattern in ours.patterns:
        found = buckets.get(pattern.removesuffix("/*").rsplit(":", 1)[-1])
        in_use = found is not None and found.bucket_keys_known and found.encryption.bucket_keys
        if found is None or in_use is pattern.endswith("/*"):
            return ("--context", "both")
    return ()
