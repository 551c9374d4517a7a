"""May a bucket policy be public, so that S3 Block Public Access keeps other accounts out where it is turned on? Pure.

With RestrictPublicBuckets, a bucket whose policy is public is open to its own account and to AWS services alone: access of
other accounts is blocked, "including non-public delegation to specific accounts". Sources: S3 control API reference,
PublicAccessBlockConfiguration; S3 user guide, "Blocking public access", 'The meaning of "public"' (a policy is public unless
everybody is narrowed to fixed values, without wildcards and variables, of the keys below).
"""

from __future__ import annotations

from fcsse.evaluator import operands
from fcsse.evaluator.conditions import Entry
from fcsse.evaluator.patterns import is_plain
from fcsse.evaluator.rules import Policy, Statement

_NARROWING = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceip",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
_WIDEST = {4: 8, 6: 32}
"""The shortest prefix of an address range that counts as a fixed value, for IPv4 and IPv6."""


def may_be_public(policy: Policy) -> bool:
    """Does a statement allow something to everybody, without a condition that narrows it for certain?"""
    return any(_is_for_everybody(one) for one in policy.allows)


def _is_for_everybody(statement: Statement) -> bool:
    everybody = statement.principals.everyone is not statement.not_principals
    return everybody and not any(map(_narrows, statement.conditions.entries))


def _narrows(entry: Entry) -> bool:
    certain = entry.operator is not None and not entry.operator.negated and not entry.if_exists
    if not certain or entry.quantifier == "all" or entry.key not in _NARROWING:
        return False
    if entry.operator is not None and entry.operator.family == "address":
        nets = [operands.network(one.text) for one in entry.operands]
        return all(net is not None and net.prefixlen >= _WIDEST[net.version] for net in nets)
    return all(one.pattern is not None and is_plain(one.pattern) for one in entry.operands)
