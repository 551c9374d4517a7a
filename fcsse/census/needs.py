"""What the caches of a bucket may do with the keys and context forms that its objects really use. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fcsse.access import judge
from fcsse.model import Encryption, Facts
from fcsse.policy.context_form import ContextForm
from fcsse.policy.document import PolicyDocument
from fcsse.policy.request import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fcsse.census.tally import Census, Group
    from fcsse.model import Obstacle


@dataclass(frozen=True, slots=True)
class Reach:
    """May one cache read the objects of one group? ``reason`` says why not, or what is unknown."""

    cache: str
    group: Group
    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """The answers for every cache and group, and the commands that mend what is missing."""

    reaches: tuple[Reach, ...]
    remedies: tuple[str, ...]


def needs_of(census: Census, found: Mapping[str, Sequence[Facts | Obstacle]]) -> Needs:
    """Judges each group for each cache. ``found`` holds, by key ARN, the facts of every cache with that key."""
    reaches: list[Reach] = []
    missing: dict[tuple[str, str], set[ContextForm]] = {}
    for group in census.groups:
        key, form = group.sealed.key, group.sealed.form
        if key is None or form is None:
            continue
        for facts in found.get(key, ()):
            cache = facts.pair.cache or ""
            if not isinstance(facts, Facts):
                reaches.append(Reach(cache, group, Verdict.UNKNOWN, facts.error.message))
                continue
            reach = _reach(cache, facts, group, form)
            reaches.append(reach)
            if reach.verdict is Verdict.DENIED:
                missing.setdefault((cache, key), set()).add(form)
    return Needs(tuple(reaches), tuple(_command(census, *pair, forms) for pair, forms in missing.items()))


def _reach(cache: str, facts: Facts, group: Group, form: ContextForm) -> Reach:
    if facts.key is not None and facts.key.manager == "AWS":
        own = facts.key.arn.account == facts.account
        why = "" if own else "the AWS managed key of another account"
        return Reach(cache, group, Verdict.ALLOWED if own else Verdict.DENIED, why)
    sealed = Encryption("aws:kms", group.sealed.key, form is ContextForm.BUCKET)
    there = replace(facts, bucket=replace(facts.bucket, encryption=sealed))
    document = PolicyDocument.parse(facts.policy) if facts.policy is not None else None
    judged = judge(there, document, facts.grants or (), explain=False)
    if judged is None:
        return Reach(cache, group, Verdict.UNKNOWN, "the key could not be judged")
    reason = "" if judged.read is Verdict.ALLOWED else next(row.decision.reason for row in judged.rows if row.current)
    return Reach(cache, group, judged.read, reason)


def _command(census: Census, cache: str, key: str, forms: set[ContextForm]) -> str:
    words = ["fcsse", "link", "--cache", cache, "--bucket", census.bucket, "--key", key]
    if len(forms) > 1:
        words += ["--context", "both", "--bucket-keys"]
    else:
        words.append("--bucket-keys" if ContextForm.BUCKET in forms else "--no-bucket-keys")
    return shlex.join(words)
