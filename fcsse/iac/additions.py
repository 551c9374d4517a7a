"""What linking adds, as values: statements for key policies, and grants. Pure; the same code as ``link`` decides.

In: facts of pairs, read from AWS or stated by the caller. Out: ``Additions``, to be written in any notation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.encryption_algorithms import SSE_KMS
from fcsse.errors import UsageError
from fcsse.iac.notation import Notation, NotationWord, write
from fcsse.iac.parts import Addition, NewGrant, NewStatements
from fcsse.link_options import Context, Options, Via
from fcsse.model import Bucket, Encryption, Facts, Key, Obstacle, Pair, Role
from fcsse.named_by_arn import refuse_elsewhere
from fcsse.planning.requirements import NotNeeded, Requirement, requirement_of
from fcsse.policy import edit
from fcsse.policy.document import PolicyDocument
from fcsse.policy.statement import Access

EMPTY = '{"Version": "2012-10-17", "Statement": []}'
UNKNOWN_KEY = "key/unknown"


class Additions(NamedTuple):
    """Everything to add. ``nothing`` are sentences on pairs that need nothing, ``warnings`` what link would warn of."""

    parts: tuple[Addition, ...]
    nothing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """One line: how many parts there are to add."""
        return f"<Additions: {len(self.parts)} to add, {len(self.nothing)} with nothing to do>"

    def __str__(self) -> str:
        """All parts as JSON."""
        return self.text("json")

    def text(self, notation: Notation | NotationWord) -> str:
        """All parts in a notation, ending in a newline; empty where there is nothing to add. Raises ``UsageError``."""
        try:
            wanted = Notation(notation)
        except ValueError:
            message = f"{notation!r} is not one of {', '.join(Notation)}"
            raise UsageError(message) from None
        if not wanted.writer.refers and any(isinstance(one, NewStatements) and one.resource for one in self.parts):
            message = "a cache of the same template can be named in CloudFormation only"
            raise UsageError(message, "Write it as cloudformation.")
        return write(self.parts, wanted)


def additions(found: Sequence[Facts | Obstacle], options: Options) -> Additions:
    """What linking these pairs adds to policies that have none of it yet; one entry a key, or a grant.

    Caches with the same needs share a statement, as they do in ``link``. Raises the first pair's error where one cannot
    be linked or was not readable: half of a text to paste would be taken for all of it.
    """
    accesses: dict[str, list[tuple[Facts, Requirement, Access]]] = {}
    grants: list[NewGrant] = []
    nothing: list[str] = []
    warnings: list[str] = []
    for facts in found:
        if isinstance(facts, Obstacle):
            raise facts.error
        need = requirement_of(facts, options)
        if isinstance(need, NotNeeded):
            nothing.append(f"Nothing to add for {facts.pair}: {need.reason}.")
            continue
        warnings += need.warnings
        if need.access is not None:
            owner = facts.bucket.name if need.key.arn.resource == UNKNOWN_KEY else str(need.key.arn)
            accesses.setdefault(owner, []).append((facts, need, need.access))
        elif need.grant is not None and facts.pair.cache is not None:
            grants.append(NewGrant(need.grant, facts.pair.cache, facts.bucket.name))
    parts = [_statements(group) for group in accesses.values()]
    return Additions((*parts, *dict.fromkeys(grants)), tuple(nothing), tuple(dict.fromkeys(warnings)))


def _statements(group: Sequence[tuple[Facts, Requirement, Access]]) -> NewStatements:
    edited = edit.link(PolicyDocument.parse(EMPTY), [access for _, _, access in group])
    _, need, access = group[0]
    key = None if need.key.arn.resource == UNKNOWN_KEY else need.key.arn
    buckets = tuple(dict.fromkeys(one.bucket.name for one, _, _ in group))
    return NewStatements(key, access.region, buckets, tuple(one.value for one in edited.document.statements))


class Stated(NamedTuple):
    """Facts that the caller states instead of having them read. ``region`` is the bucket's."""

    account: str
    region: str | None = None
    partition: str | None = None


def stated_facts(pairs: Sequence[Pair], stated: Stated, options: Options) -> tuple[Facts, ...]:
    """The facts of pairs without asking AWS. The role's name follows from the cache's id.

    Raises ``UsageError`` where something is missing or does not fit.
    """
    named = options.key
    region = options.bucket_region or (named.region if named else "") or stated.region
    partition = stated.partition or (named.partition if named else "") or arns.partition_of(region or "")
    key = named and arns.own_key(named, partition, region or "", stated.account)
    if named is not None and key is None:
        message = f"working offline (--account): nothing is asked of AWS, so {named.resource} cannot be resolved"
        raise UsageError(message, "Name the key by its ARN or id with --key; or leave --account out, and AWS is asked.")
    by_grant = options.via is Via.GRANT or (
        options.via is Via.AUTO and key is not None and key.account != stated.account
    )
    if region is None:
        raise _missing("the bucket's Region", "--region")
    if by_grant and key is None:
        raise _missing("the key that the grant is for", "--key ARN")
    matters = options.narrow_grant if by_grant else options.context is Context.DOCUMENTED
    if matters and options.bucket_keys is None:
        raise _missing("whether the bucket uses Bucket Keys", "--bucket-keys or --no-bucket-keys (or --context both)")
    if key is not None and (key.region, key.partition) != (region, partition):
        message = f"--key {key} is not of Region {region} in partition {partition}"
        raise UsageError(message, "S3 takes only keys of the bucket's own Region.")
    for pair in pairs:
        refuse_elsewhere(pair.bucket, partition)
    arn = key or arns.Arn(partition, "kms", region, stated.account, UNKNOWN_KEY)
    encryption = Encryption(SSE_KMS.code, str(arn), bool(options.bucket_keys))
    return tuple(
        Facts(
            pair,
            stated.account,
            partition,
            Role.computed(partition, stated.account, pair.cache) if pair.cache else None,
            Bucket(pair.bucket, encryption, region, given=True),
            Key(arn),
        )
        for pair in pairs
    )


def _missing(what: str, option: str) -> UsageError:
    return UsageError(
        f"working offline (--account): {what} is not stated", f"Add {option}; or leave --account out, and AWS is asked."
    )
