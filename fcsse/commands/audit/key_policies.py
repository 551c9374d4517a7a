"""Findings about key policies, each key's looked at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fcsse.arn import Arn, role_cache
from fcsse.commands.audit import leftovers
from fcsse.commands.audit.facts import AccountFacts
from fcsse.commands.audit.finding import Finding, Fix, Severity
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.errors import FcsseError
from fcsse.model import Facts, Grant
from fcsse.planning.width import WideStatement, says, wide_statements
from fcsse.policy.document import MAX_POLICY_BYTES, PolicyDocument, Statement, parsed
from fcsse.policy.statement import LinkStatement, read_statement
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count, listed

NEARLY_FULL = 0.9
FILLING = 0.75
"""Shares of the size limit, measured without white space, from which a policy is worth a finding."""

STATEMENT = 600
"""Bytes that one more statement takes, roughly, without white space."""


class OfKey(NamedTuple):
    """A key with the pairs whose buckets use it. ``document`` is None where the policy is not known.

    ``dead`` are the unique ids in its policy and grants that belong to nobody.
    """

    arn: Arn
    judged: tuple[PairAudit, ...]
    document: PolicyDocument | None
    grants: tuple[Grant, ...]
    account: str
    dead: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The bare key id, and the buckets that people know it by."""
        return f"{self.arn.resource.removeprefix('key/')} of {listed(self.buckets, 2)}"

    @property
    def buckets(self) -> list[str]:
        """The buckets whose default key it is, of the known pairs."""
        return list(dict.fromkeys(one.pair.bucket for one in self.judged))

    @property
    def readings(self) -> list[tuple[Statement, LinkStatement]]:
        """The statements that are ours by what they say, with what that is."""
        found = (
            ((statement, read_statement(statement.value)) for statement in self.document.statements)
            if self.document
            else ()
        )
        return [(statement, ours) for statement, ours in found if ours]

    @property
    def own(self) -> bool:
        """Is it a key of the caches' own account?"""
        return self.arn.account == self.account

    def named(self, buckets: Sequence[str]) -> tuple[str, ...]:
        """The option that names the key, where these buckets do not all lead to it (any more)."""
        return () if set(buckets) <= {one.pair.bucket for one in self.judged} else ("--key", str(self.arn))

    def look(self, words: CommandBuilder) -> str:
        """The command that shows the policy as it is."""
        named = ("--key-id", str(self.arn), "--policy-name", "default", "--output", "text")
        return words.aws("kms", "get-key-policy", *named, region=self.arn.region)

    def finding(
        self,
        code: str,
        severity: Severity,
        title: str,
        detail: Iterable[str],
        remedy: str,
        commands: Iterable[str] = (),
        *,
        fix: Fix = Fix.NO,
        cache: str | None = None,
        bucket: str | None = None,
    ) -> Finding:
        """A finding about this key, and with it about all its pairs."""
        pairs = [one.pair for one in self.judged]
        if bucket or cache:
            pairs = [pair for pair in pairs if bucket in (None, pair.bucket) and cache in (None, pair.cache)]
        details, made = tuple(detail), tuple(commands)
        key, region = str(self.arn), self.arn.region
        return Finding(code, severity, title, details, remedy, made, tuple(pairs), cache, bucket, key, region, fix)


def keys_of(judged: Sequence[PairAudit], account: str) -> list[OfKey]:
    """Every key that was read, in the order of its ARN."""
    groups: dict[str, list[PairAudit]] = {}
    for one in judged:
        if one.key:
            groups.setdefault(one.key, []).append(one)
    found = []
    for group in (groups[arn] for arn in sorted(groups)):
        facts = [one.facts for one in group if one.facts and one.facts.key]
        key, policy = facts[0].key, next((one.policy for one in facts if one.policy is not None), None)
        if key is not None and key.manager != "AWS":
            grants = next((one.grants for one in facts if one.grants is not None), ())
            dead = frozenset(found_dead for one in facts for found_dead in one.dead_ids)
            found.append(OfKey(key.arn, tuple(group), _document(policy), grants, account, dead))
    return found


def _document(policy: str | None) -> PolicyDocument | None:
    try:
        return parsed(policy) if policy is not None else None
    except FcsseError:
        return None


def find(keys: Sequence[OfKey], facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
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


def _size(key: OfKey, document: PolicyDocument, words: CommandBuilder) -> list[Finding]:
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
            "policy-nearly-full",
            Severity.MEDIUM if share >= NEARLY_FULL else Severity.LOW,
            f"policy {share:.0%} full: key {key.name}",
            [f"It takes {told}: room for {more}."],
            "Take out what nobody needs, or give further caches their access by grants (--via grant).",
            [key.look(words)],
        )
    ]


def _every_cache(key: OfKey, facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
    found = []
    for statement, ours in key.readings:
        if ours.every_cache and ours.account == facts.account:
            buckets = sorted(arn.rsplit(":", 1)[-1] for arn in ours.buckets)
            pairs = [one.pair for one in key.judged if one.pair.bucket in buckets]
            commands = (*words.fcsse("unlink", [], buckets, *key.named(buckets)), *words.link(pairs))
            found.append(
                key.finding(
                    "every-cache",
                    Severity.LOW,
                    f"every cache of the account may use {listed(buckets)}: key {key.name}",
                    [
                        f"Statement {statement.label} applies to any role session of account {ours.account} that is named FSx, "
                        "whoever started it."
                    ],
                    "Name the caches instead, where each has its role. Between the commands they have no access.",
                    commands,
                    bucket=buckets[0] if len(buckets) == 1 else None,
                )
            )
    return found


def _wide(key: OfKey, document: PolicyDocument, words: CommandBuilder) -> list[Finding]:
    """Statements of others that give a cache more than the documented one."""
    by_statement: dict[WideStatement, list[Facts]] = {}
    others = [one for one in document.statements if read_statement(one.value) is None]
    for one in key.judged if others else ():
        if one.facts is not None:
            for wide in wide_statements(one.facts, document):
                by_statement.setdefault(wide, []).append(one.facts)
    return [
        key.finding(
            "wide-statement",
            Severity.LOW,
            f"a statement gives {listed(list(dict.fromkeys(str(one.pair.cache) for one in group)), 2)} more than needed: "
            f"key {key.name}",
            [f"Statement {wide.label} allows {says(wide, group[0].bucket.name)}."],
            "Link the caches, which adds the documented statement, then narrow this one or take the roles out of it.",
            [key.look(words)],
            bucket=group[0].bucket.name if len({one.bucket.name for one in group}) == 1 else None,
        )
        for wide, group in by_statement.items()
    ]


def _mergeable(key: OfKey, facts: AccountFacts, words: CommandBuilder) -> list[Finding]:
    """Statements of ours that differ in nothing but the roles. Those that should rather go are told of by ``_gone``."""
    alike: dict[tuple[object, ...], list[tuple[Statement, LinkStatement]]] = {}
    for statement, ours in key.readings:
        alive = all((cache := role_cache(one)) and (facts.roles is None or cache in facts.roles) for one in ours.roles)
        here = not key.named([arn.rsplit(":", 1)[-1] for arn in ours.buckets])
        if not ours.every_cache and alive and here:
            alike.setdefault((ours.account, ours.region, ours.patterns, ours.exact), []).append((statement, ours))
    found = []
    for group in alike.values():
        if len(group) < 2:
            continue
        buckets = sorted(arn.rsplit(":", 1)[-1] for arn in group[0][1].buckets)
        saved = sum(statement.node.end - statement.node.start for statement, _ in group[1:])
        moved = list(dict.fromkeys(cache for _, ours in group[1:] for one in ours.roles if (cache := role_cache(one))))
        found.append(
            key.finding(
                "mergeable",
                Severity.INFO,
                f"one statement could serve {count(sum(len(ours.roles) for _, ours in group), 'cache')} on {listed(buckets)}: "
                f"key {key.name}",
                [
                    f"statements {listed([statement.label for statement, _ in group])} say the same of different roles; one with all of "
                    f"them saves about {max(0, saved - 140 * len(moved)):,} bytes."
                ],
                f"Worth it when the policy gets full. Between the commands {listed(moved)} "
                f"{'has' if len(moved) == 1 else 'have'} no access.",
                [*words.fcsse("unlink", moved, buckets), *words.fcsse("link", moved, buckets)] if key.own else [],
                bucket=buckets[0] if len(buckets) == 1 else None,
            )
        )
    return found
