"""The keys of an audit, each with its pairs, its policy and its grants. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fcsse.arn import Arn
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import FindingKind, Severity
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.errors import FcsseError
from fcsse.model import Grant
from fcsse.policy.document import PolicyDocument, Statement, parsed
from fcsse.policy.statement import LinkStatement, read_statement
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import listed


class KeyAudit(NamedTuple):
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
        kind: FindingKind,
        title: Mapping[str, str],
        detail: Iterable[str],
        commands: Iterable[str] = (),
        *,
        severity: Severity | None = None,
        remedy: str | None = None,
        fix: Fix = Fix.NO,
        cache: str | None = None,
        bucket: str | None = None,
    ) -> Finding:
        """A finding about this key, and with it about all its pairs.

        ``title`` fills the kind's title; ``severity`` and ``remedy`` are the kind's unless others are given.
        """
        pairs = [one.pair for one in self.judged]
        if bucket or cache:
            pairs = [pair for pair in pairs if bucket in (None, pair.bucket) and cache in (None, pair.cache)]
        details, made = tuple(detail), tuple(commands)
        return Finding(
            kind.code,
            severity or kind.severity,
            kind.title.format(**{"key": self.name, **title}),
            details,
            kind.remedy if remedy is None else remedy,
            made,
            tuple(pairs),
            cache,
            bucket,
            str(self.arn),
            self.arn.region,
            fix,
        )


def keys_of(judged: Sequence[PairAudit], account: str) -> list[KeyAudit]:
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
            found.append(KeyAudit(key.arn, tuple(group), _document(policy), grants, account, dead))
    return found


def _document(policy: str | None) -> PolicyDocument | None:
    try:
        return parsed(policy) if policy is not None else None
    except FcsseError:
        return None
