"""Findings about what FSx and IAM say: associations that failed, roles that are missing or left over. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.arn import role_name
from fcsse.findings.findings import Finding, Severity
from fcsse.grammar import count, listed
from fcsse.model import Pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fcsse.commands import Words
    from fcsse.findings.facts import AccountFacts, Located
    from fcsse.findings.judging import Judged

FAILED = ("FAILED", "MISCONFIGURED")
"""Lifecycles of an association that does not work. Source: FSx API reference, DataRepositoryAssociation."""


def find(facts: AccountFacts, judged: Sequence[Judged], words: Words) -> list[Finding]:
    """Everything there is to say of associations and roles."""
    by_pair = {one.pair: one for one in judged}
    found = [
        _failed(located, by_pair, words)
        for located in facts.associations
        if located.association.bucket and (located.association.lifecycle in FAILED or located.association.failure)
    ]
    return found + _roles_missing(facts, judged, words) + _roles_unused(facts)


def _failed(located: Located, by_pair: dict[Pair, Judged], words: Words) -> Finding:
    association = located.association
    pair = Pair(association.owner, association.bucket or "")
    judged = by_pair.get(pair)
    said = f"AWS says: {association.failure}" if association.failure else "AWS gives no reason."
    remedy = "See what AWS says, and mend that."
    if judged is not None and not judged.allowed:
        remedy = "First mend what the other findings about this cache and bucket tell of."
    return Finding(
        "association-failed",
        Severity.HIGH,
        f"association is {association.lifecycle}: {association.owner} and bucket {association.bucket}",
        (said, f"It is {association.association_id}, for {association.path}."),
        remedy,
        (
            words.aws(
                "fsx",
                "describe-data-repository-associations",
                "--association-ids",
                association.association_id,
                region=located.region,
            ),
        ),
        (pair,) if judged else (),
        association.owner,
        association.bucket,
        judged.key if judged else None,
        located.region,
    )


def _roles_missing(facts: AccountFacts, judged: Sequence[Judged], words: Words) -> list[Finding]:
    by_cache: dict[str, list[Judged]] = {}
    for one in judged:
        if any(trouble.code == "role-missing" for trouble in one.troubles):
            by_cache.setdefault(one.pair.cache or "", []).append(one)
    found = []
    for cache, pairs in by_cache.items():
        states = {
            one.association.lifecycle
            for one in facts.associations
            if one.association.owner == cache and one.association.bucket
        }
        young = states == {"CREATING"}
        remedy = (
            "Nothing yet: FSx makes the role with the first S3 association. Link the cache once it is there."
            if young
            else "Where the creator of the cache lacked iam:AttachRolePolicy and iam:PutRolePolicy, there is no role: link "
            "with the documented statement for every cache instead. Without a role, nobody can tell whether the cache is "
            "given access."
        )
        commands = words.fcsse("link", [cache] if young else [], [one.pair.bucket for one in pairs])
        found.append(
            Finding(
                "role-missing",
                Severity.LOW if young else Severity.HIGH,
                f"no service-linked role{' yet' if young else ''}: {cache}",
                (f"IAM has no role {role_name(cache)}, so nothing can be given to it.",),
                remedy,
                commands,
                tuple(one.pair for one in pairs),
                cache,
                pairs[0].pair.bucket if len(pairs) == 1 else None,
                region=pairs[0].region,
            )
        )
    return found


def _roles_unused(facts: AccountFacts) -> list[Finding]:
    """Roles whose cache has no association left. Only where every Region was read can that be told."""
    if not facts.complete or facts.roles is None:
        return []
    used = {one.association.owner for one in facts.associations if one.association.bucket}
    unused = [cache for cache in facts.roles if cache not in used]
    if not unused:
        return []
    named = ", ".join(unused[:20]) + (" …" if len(unused) > 20 else "")
    return [
        Finding(
            "role-unused",
            Severity.INFO,
            f"{count(len(unused), 'role')} without any S3 association: {listed(unused)}",
            (f"No Region has an S3 association of {named}.",),
            "Where the cache is gone, what key policies still give its role can go: fcsse unlink, for each bucket that it had.",
            cache=unused[0] if len(unused) == 1 else None,
        )
    ]
