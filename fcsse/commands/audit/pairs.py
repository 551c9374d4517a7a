"""Findings about pairs: one for all caches that lack the same thing on the same bucket. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from fcsse.arn import key_arn
from fcsse.commands.audit.finding import Finding, Fix, Severity
from fcsse.commands.audit.fix import LINKING, Fixability, fixability, together
from fcsse.commands.audit.verdicts import READ_ONLY, ROLES, PairAudit, Trouble
from fcsse.encryption_algorithms import SSE_KMS
from fcsse.model import Bucket, Pair
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import listed, sentence

SEVERITIES = {
    "dsse": Severity.MEDIUM,
    "encryption-unsupported": Severity.MEDIUM,
    "access-unknown": Severity.MEDIUM,
    "policy-format": Severity.MEDIUM,
    "unreadable": Severity.MEDIUM,
    READ_ONLY: Severity.INFO,
}
"""Of pairs' troubles; all others are HIGH, since the cache fails."""


def fails(one: PairAudit) -> bool:
    """Is one of the pair's problems of severity HIGH?"""
    return any(SEVERITIES.get(trouble.code, Severity.HIGH) is Severity.HIGH for trouble in one.troubles)


def find(judged: Sequence[PairAudit], words: CommandBuilder, told: Collection[Pair] = ()) -> list[Finding]:
    """Everything there is to say of pairs.

    Missing roles are told once a role, by ``of_fsx``; ``told`` are the pairs of which something that could not be read
    is told already, once a bucket or key.
    """
    groups: dict[tuple[str, str, bool], list[tuple[PairAudit, Trouble]]] = {}
    ways = fixability(judged)
    for one in judged:
        for trouble in one.troubles:
            if trouble.code != "role-missing" and not (trouble.code == "unreadable" and one.pair in told):
                way = ways.get(one.pair)
                hindered = bool(way and way.hinder)
                groups.setdefault((trouble.code, one.pair.bucket, hindered), []).append((one, trouble))
    return [_finding(code, bucket, group, ways, words) for (code, bucket, _), group in groups.items()]


def _finding(
    code: str,
    bucket: str,
    group: Sequence[tuple[PairAudit, Trouble]],
    ways: dict[Pair, Fixability],
    words: CommandBuilder,
) -> Finding:
    pairs = tuple(one.pair for one, _ in group)
    caches = [pair.cache or "" for pair in pairs]
    first, trouble = group[0]
    reasons = dict.fromkeys(trouble.reason for _, trouble in group)
    roles = list(dict.fromkeys(str(one.facts.role.arn) for one, _ in group if one.facts and one.facts.role))
    remedy = trouble.remedy_template.replace(ROLES, listed(roles, 2))
    fix, commands = Fix.NO, _commands(code, first, pairs, words)
    if code in LINKING:
        found = [ways[pair] for pair in pairs if pair in ways]
        fix = together(way.fix for way in found) if len(found) == len(pairs) else Fix.NO
        hinder = next((way.hinder for way in found if way.hinder), "")
        options = tuple(dict.fromkeys(option for way in found for option in way.options))
        remedy = hinder or remedy
        if not hinder or options:
            commands = words.link(pairs, *options)
    return Finding(
        code,
        SEVERITIES.get(code, Severity.HIGH),
        _title(code, first, caches),
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


TITLES = {
    "explicit-deny": "a Deny in the key policy stops {who} from using bucket {bucket}",
    "bucket-policy": "the bucket policy of {bucket} does not let in {who}",
    "bucket-gone": "bucket {bucket}, linked to {who}, does not exist",
    "key-disabled": "the key of bucket {bucket}, linked to {who}, is disabled",
    "key-pending-deletion": "the key of bucket {bucket}, linked to {who}, is pending deletion",
    "key-unusable": "the key of bucket {bucket}, linked to {who}, cannot be used",
    "key-gone": "the key of bucket {bucket}, linked to {who}, does not exist",
    "foreign-alias": "bucket {bucket} of another account, linked to {who}, names its key by alias or id",
    "aws-managed-key": "bucket {bucket}, linked to {who}, uses another account's AWS managed key",
    "dsse": "bucket {bucket}, linked to {who}, uses DSSE-KMS, which File Cache does not document",
    "encryption-unsupported": "bucket {bucket}, linked to {who}, uses encryption that File Cache does not document",
    "policy-format": "the key policy of bucket {bucket}, linked to {who}, cannot be read as a policy",
    "access-missing": "{who} cannot use the key of bucket {bucket}",
    "access-unknown": "whether {who} can use bucket {bucket} is unknown",
    "read-only": "{who} can read bucket {bucket} and not write, as linked",
    "unreadable": "bucket {bucket}, linked to {who}, could not be read",
}


def _title(code: str, one: PairAudit, caches: list[str]) -> str:
    who = listed(caches)
    bucket = one.pair.bucket
    if code == "context-changed":
        now = "on" if one.facts and one.facts.bucket.encryption.bucket_keys else "off"
        return f"{who} cannot use the key of bucket {bucket} since its Bucket Keys are {now}: access is for the other encryption context"
    return TITLES[code].format(who=who, bucket=bucket)


def _commands(code: str, one: PairAudit, pairs: Sequence[Pair], words: CommandBuilder) -> tuple[str, ...]:
    """The AWS CLI's part of a remedy."""
    key = one.facts.key if one.facts else None
    if code == "dsse" and one.facts and one.facts.bucket.encryption.key:
        return (_single_layer(one.facts.bucket, words), *words.link(pairs))
    if code == READ_ONLY:
        return words.link(pairs)
    if key is None:
        return ()
    named, region = ("--key-id", str(key.arn)), key.arn.region
    match code:
        case "key-disabled":
            return (words.aws("kms", "enable-key", *named, region=region),)
        case "key-pending-deletion":
            cancel = words.aws("kms", "cancel-key-deletion", *named, region=region)
            return (cancel, words.aws("kms", "enable-key", *named, region=region))
        case "key-unusable":
            return (words.aws("kms", "describe-key", *named, region=region),)
        case "explicit-deny" | "policy-format":
            return (
                words.aws(
                    "kms", "get-key-policy", *named, "--policy-name", "default", "--output", "text", region=region
                ),
            )
        case "bucket-policy":
            return (words.aws("s3api", "get-bucket-policy", "--bucket", one.pair.bucket, region=region),)
        case _:
            return ()


def _single_layer(bucket: Bucket, words: CommandBuilder) -> str:
    """Sets SSE-KMS in place of DSSE-KMS, with the same key."""
    key = key_arn(bucket.encryption.key or "")
    default = {"SSEAlgorithm": SSE_KMS.code, "KMSMasterKeyID": bucket.encryption.key}
    given = json.dumps({"Rules": [{"ApplyServerSideEncryptionByDefault": default}]})
    named = ("--bucket", bucket.name, "--server-side-encryption-configuration", given)
    return words.aws("s3api", "put-bucket-encryption", *named, region=bucket.region or (key.region if key else None))
