"""Findings about pairs: one for all caches that lack the same thing on the same bucket. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import assert_never

from fcsse.arn import key_arn
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import ROLE_MISSING, UNREADABLE, Command, FindingKind, Severity
from fcsse.commands.audit.fix import Fixability, fixability, together
from fcsse.commands.audit.troubles import ROLES, Trouble
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.encryption_algorithms import SSE_KMS
from fcsse.model import Bucket, Pair
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import listed, sentence


def fails(one: PairAudit) -> bool:
    """Is one of the pair's problems of severity HIGH?"""
    return any(trouble.kind.severity is Severity.HIGH for trouble in one.troubles)


def find(judged: Sequence[PairAudit], words: CommandBuilder, told: Collection[Pair] = ()) -> list[Finding]:
    """Everything there is to say of pairs.

    Missing roles are told once a role, by ``fsx.find``; ``told`` are the pairs of which something that could not be read
    is told already, once a bucket or key.
    """
    groups: dict[tuple[str, str, str, str], list[tuple[PairAudit, Trouble]]] = {}
    ways = fixability(judged)
    for one in judged:
        for trouble in one.troubles:
            if trouble.kind is not ROLE_MISSING and not (trouble.kind is UNREADABLE and one.pair in told):
                way = ways.get(one.pair)
                hinder = way.hinder if way else ""
                alike = (trouble.kind.code, one.pair.bucket, hinder, trouble.kind.remedy)
                groups.setdefault(alike, []).append((one, trouble))
    return [_finding(bucket, group, ways, words) for (_, bucket, *_), group in groups.items()]


def _finding(
    bucket: str,
    group: Sequence[tuple[PairAudit, Trouble]],
    ways: dict[Pair, Fixability],
    words: CommandBuilder,
) -> Finding:
    pairs = tuple(one.pair for one, _ in group)
    caches = [pair.cache or "" for pair in pairs]
    first, trouble = group[0]
    kind = trouble.kind
    reasons = dict.fromkeys(trouble.reason for _, trouble in group)
    roles = list(dict.fromkeys(str(one.facts.role.arn) for one, _ in group if one.facts and one.facts.role))
    remedy = (trouble.remedy_template or kind.remedy).replace(ROLES, listed(roles, 2))
    fix, commands = Fix.NO, _commands(kind, first, pairs, words)
    if kind.fixed_by_link:
        found = [ways[pair] for pair in pairs if pair in ways]
        fix = together(way.fix for way in found) if len(found) == len(pairs) else Fix.NO
        hinder = next((way.hinder for way in found if way.hinder), "")
        options = tuple(dict.fromkeys(option for way in found for option in way.options))
        remedy = hinder or remedy
        if not hinder or options:
            commands = words.link(pairs, *options)
    return Finding(
        kind.code,
        kind.severity,
        _title(kind, first, caches),
        tuple(sentence(reason) for reason in list(reasons)[:4]),
        remedy,
        commands,
        pairs,
        caches[0] if len(caches) == 1 else None,
        bucket,
        first.key,
        first.facts.key.arn.region if first.facts and first.facts.key else first.region,
        fix,
    )


def _title(kind: FindingKind, one: PairAudit, caches: list[str]) -> str:
    now = "on" if one.facts and one.facts.bucket.encryption.bucket_keys else "off"
    return kind.title.format(who=listed(caches), bucket=one.pair.bucket, now=now)


def _commands(kind: FindingKind, one: PairAudit, pairs: Sequence[Pair], words: CommandBuilder) -> tuple[str, ...]:
    """The commands of a remedy. Those of a link that fixes the finding are made with its options, by the caller."""
    key = one.facts.key if one.facts else None
    if kind.command is Command.SINGLE_LAYER and one.facts and one.facts.bucket.encryption.key:
        return (_single_layer(one.facts.bucket, words), *words.link(pairs))
    if kind.command is Command.LINK_FOR_WRITING:
        return words.link(pairs)
    if key is None:
        return ()
    named, region = ("--key-id", str(key.arn)), key.arn.region
    match kind.command:
        case Command.ENABLE_KEY:
            return (words.aws("kms", "enable-key", *named, region=region),)
        case Command.CANCEL_DELETION:
            cancel = words.aws("kms", "cancel-key-deletion", *named, region=region)
            return (cancel, words.aws("kms", "enable-key", *named, region=region))
        case Command.DESCRIBE_KEY:
            return (words.aws("kms", "describe-key", *named, region=region),)
        case Command.SHOW_KEY_POLICY:
            shown = ("--policy-name", "default", "--output", "text")
            return (words.aws("kms", "get-key-policy", *named, *shown, region=region),)
        case Command.SHOW_BUCKET_POLICY:
            return (words.aws("s3api", "get-bucket-policy", "--bucket", one.pair.bucket, region=region),)
        case Command.NONE | Command.LINK | Command.SINGLE_LAYER:
            return ()
        case _:
            assert_never(kind.command)


def _single_layer(bucket: Bucket, words: CommandBuilder) -> str:
    """Sets SSE-KMS in place of DSSE-KMS, with the same key."""
    key = key_arn(bucket.encryption.key or "")
    default = {"SSEAlgorithm": SSE_KMS.code, "KMSMasterKeyID": bucket.encryption.key}
    given = json.dumps({"Rules": [{"ApplyServerSideEncryptionByDefault": default}]})
    named = ("--bucket", bucket.name, "--server-side-encryption-configuration", given)
    return words.aws("s3api", "put-bucket-encryption", *named, region=bucket.region or (key.region if key else None))
