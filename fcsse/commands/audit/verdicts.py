"""The verdict of ``check`` on every pair, and what troubles each. Pure.

A pair that has its access is judged by the few requests that reading and writing need, and nothing is kept of it but
the answer; only one that lacks something is looked at as closely as ``check`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit.troubles import Trouble, troubles_of
from fcsse.commands.check import check_pair
from fcsse.commands.check_headline import full_access
from fcsse.errors import FcsseError
from fcsse.evaluator.pair_access import FullAccess, full_access_by, judge
from fcsse.evaluator.request import Verdict
from fcsse.model import Bucket, Facts, Obstacle, Pair
from fcsse.planning.requirements import is_linkable
from fcsse.policy.document import parsed

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN


class PairAudit(NamedTuple):
    """A pair with its verdicts. ``headline`` puts them in words, ``why`` only what decides them. ``by`` names the statements
    and grants that give what is allowed, ``by_statement``: is a statement among them?
    """

    pair: Pair
    region: str
    read: Verdict
    write: Verdict
    headline: str
    by: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    facts: Facts | None = None
    by_statement: bool = False
    why: str = ""

    def __repr__(self) -> str:
        """One line: the pair and its verdict in words."""
        return f"<PairAudit {self.pair}: {self.verdict}; {self.headline}>"

    def __str__(self) -> str:
        return self.headline

    @property
    def key(self) -> str | None:
        """The ARN of the bucket's key, where one is involved and known."""
        return str(self.facts.key.arn) if self.facts and self.facts.key else None

    @property
    def allowed(self) -> bool:
        """Is all access there for certain?"""
        return self.read is self.write is ALLOWED

    @property
    def as_linked(self) -> bool:
        """Is all access there for certain that the pair was linked for: without writing, where the link is for reading only?"""
        return self.allowed or any(trouble.kind is kinds.READ_ONLY for trouble in self.troubles)

    @property
    def verdict(self) -> str:
        """In one word: ``allowed``, ``partly`` (one of reading and writing), ``denied``, or ``unknown``."""
        if self.read is self.write:
            return self.read.value
        return (
            "partly"
            if ALLOWED in (self.read, self.write)
            else "denied"
            if DENIED in (self.read, self.write)
            else "unknown"
        )


class Verdicts:
    """Judges pairs, and keeps the verdicts on facts that it has seen, so that judging them again costs nothing."""

    def __init__(self) -> None:
        self._quick: dict[Pair, tuple[Facts, FullAccess | None]] = {}

    def early(self, found: Facts | Obstacle) -> None:
        """Judges facts ahead of ``all``."""
        if isinstance(found, Facts):
            self._quick[found.pair] = (found, _quickly(found))

    def all(
        self,
        pairs: Sequence[Facts | Obstacle],
        regions: Mapping[str, str],
        buckets: Mapping[str, Bucket],
        roleless: Collection[str],
    ) -> tuple[PairAudit, ...]:
        """Every pair judged, in the given order. ``regions`` gives each cache's Region; ``roleless`` have no role."""
        return tuple(
            _judged(found, self._known(found), regions.get(found.pair.cache or "", ""), buckets, roleless)
            for found in pairs
        )

    def _known(self, found: Facts | Obstacle) -> FullAccess | None:
        seen = self._quick.pop(found.pair, None)
        return seen[1] if seen and seen[0] == found else _quickly(found)


def _judged(
    found: Facts | Obstacle,
    quick: FullAccess | None,
    region: str,
    buckets: Mapping[str, Bucket],
    roleless: Collection[str],
) -> PairAudit:
    if quick is not None and isinstance(found, Facts):
        return PairAudit(
            found.pair, region, ALLOWED, ALLOWED, full_access(found), quick.deciders, (), found, quick.by_statement
        )
    checked = check_pair(_without_empty_policy(found), remedy=False)
    decided = checked.judgement.deciders if checked.judgement else ()
    named = checked.judgement is not None and checked.judgement.by_statement
    troubles: tuple[Trouble, ...] = ()
    if not (checked.read is checked.write is ALLOWED):
        troubles = troubles_of(checked, buckets.get(found.pair.bucket), roleless)
    return PairAudit(
        found.pair,
        region,
        checked.read,
        checked.write,
        checked.headline,
        decided,
        troubles,
        found if isinstance(found, Facts) else None,
        named,
        checked.why,
    )


def _without_empty_policy(found: Facts | Obstacle) -> Facts | Obstacle:
    """Facts without a bucket policy that decides nothing: the role's own permissions let it into its account's buckets."""
    if (
        isinstance(found, Facts)
        and found.bucket_policy == ""
        and found.bucket.foreign is False
        and found.key is not None
    ):
        return found._replace(bucket_policy=None)
    return found


def _quickly(found: Facts | Obstacle) -> FullAccess | None:
    """What decides a pair with a key that has all its access; None for every other pair."""
    if isinstance(found, Obstacle) or found.key is None or found.policy is None:
        return None
    try:
        if not is_linkable(found):
            return None
        document = parsed(found.policy)
        if found.bucket_policy == "" and found.bucket.foreign is False and found.bucket.bucket_keys_known:
            return full_access_by(found, document)
        judged = judge(found, document, found.grants, explain=False, briefly=True)
    except FcsseError:
        return None
    if judged is None or not (judged.read is judged.write is ALLOWED):
        return None
    return FullAccess(judged.deciders, judged.by_statement)
