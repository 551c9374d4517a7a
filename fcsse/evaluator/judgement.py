"""What was judged of a pair: each request with its decision, and what they come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fcsse.evaluator.bucket_requests import ON_BUCKET, S3_READ, S3_WRITE
from fcsse.evaluator.cache_requests import CacheRequest, Purpose
from fcsse.evaluator.request import Decision, Verdict
from fcsse.link_options import AccessLevel
from fcsse.policy.document import printable
from fcsse.policy.encryption_context import ContextForm

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN


class Row(NamedTuple):
    """One request and its decision. ``current``: in the form that the bucket's setting calls for now."""

    asked: CacheRequest
    decision: Decision
    current: bool

    @property
    def verdict(self) -> Verdict:
        """The decision's verdict."""
        return self.decision.verdict


class BucketRow(NamedTuple):
    """One S3 action of the role on the objects under a prefix, and what the bucket policy says of it."""

    action: str
    decision: Decision
    prefix: str = ""

    @property
    def allowed(self) -> bool:
        """Is it allowed for certain?"""
        return self.decision.verdict is ALLOWED


class Judgement(NamedTuple):
    """The verdicts on a pair.

    ``bucket_rows`` is None where the bucket policy is not known. Where the bucket's setting is not (``form_known``), both
    forms count as current, and what differs between them is unknown. ``level`` is what was asked about: for READ, what only
    writing needs does not count as lacking.
    """

    rows: tuple[Row, ...]
    bucket_rows: tuple[BucketRow, ...] | None = None
    form_known: bool = True
    level: AccessLevel = AccessLevel.FULL

    def counts(self, row: Row) -> bool:
        """Is it a request that what was asked about needs?"""
        return row.asked.needed and (self.level is AccessLevel.FULL or row.asked.purpose is Purpose.READ)

    def counts_in_s3(self, row: BucketRow) -> bool:
        """The same for a request to S3."""
        return row.action in (S3_READ if self.level is AccessLevel.READ else (*S3_READ, *S3_WRITE))

    @property
    def verdict(self) -> Verdict:
        """Is everything there that was asked about?"""
        return self.read if self.level is AccessLevel.READ else worst((self.read, self.write))

    def of(self, purpose: Purpose) -> Verdict:
        """May the cache do this, in the form that the bucket's setting calls for?"""
        by_form: dict[ContextForm | None, list[Verdict]] = {}
        for row in self.rows:
            if row.current and row.asked.purpose is purpose:
                by_form.setdefault(row.asked.form, []).append(row.verdict)
        found = {worst(verdicts) for verdicts in by_form.values()}
        return UNKNOWN if len(found) > 1 and not self.form_known else worst(found)

    @property
    def read(self) -> Verdict:
        """May it read, as far as key and known bucket policy go?"""
        return worst((self.of(Purpose.READ), self._bucket(S3_READ)))

    @property
    def write(self) -> Verdict:
        """May it write, multipart uploads included?"""
        return worst((self.of(Purpose.WRITE), self.of(Purpose.MULTIPART), self._bucket(S3_WRITE)))

    @property
    def reads_partly(self) -> bool:
        """Where it may not read: is that not so for everything, or perhaps not so, as with one of two prefixes?"""
        return self._partly((Purpose.READ,), S3_READ)

    @property
    def writes_partly(self) -> bool:
        """The same for writing."""
        return self._partly((Purpose.WRITE, Purpose.MULTIPART), S3_WRITE)

    def _partly(self, purposes: Sequence[Purpose], actions: Sequence[str]) -> bool:
        keys = [row for row in self.rows if row.current and row.asked.purpose in purposes]
        buckets = [row for row in self.bucket_rows or () if row.action in actions]
        prefixes = {row.asked.prefix for row in keys if row.asked.form is ContextForm.OBJECT}
        return any(
            all(
                decision.verdict is not DENIED or decision.partly
                for decision in (
                    *(
                        row.decision
                        for row in keys
                        if row.asked.form is ContextForm.BUCKET or row.asked.prefix == prefix
                    ),
                    *(row.decision for row in buckets if row.action in ON_BUCKET or row.prefix == prefix),
                )
            )
            for prefix in prefixes | {row.prefix for row in buckets if row.action not in ON_BUCKET}
        )

    def _bucket(self, actions: Sequence[str]) -> Verdict:
        return worst(row.decision.verdict for row in self.bucket_rows or () if row.action in actions)

    @property
    def complete(self) -> bool:
        """Is everything allowed that the page documents, in the current form? DescribeKey apart: the page's own
        statement gives it under a condition that DescribeKey never meets.
        """
        rows = (row for row in self.rows if row.current and row.asked.form is not None)
        return all(row.verdict is ALLOWED for row in rows if self.level is AccessLevel.FULL or self.counts(row))

    @property
    def denials(self) -> tuple[Row, ...]:
        """Needed requests, in the current form, that an explicit Deny stops."""
        return tuple(row for row in self.rows if row.current and self.counts(row) and row.decision.explicit)

    @property
    def doubts(self) -> tuple[Row, ...]:
        """Needed requests, in the current form, whose answer is not known."""
        return tuple(row for row in self.rows if row.current and self.counts(row) and row.verdict is UNKNOWN)

    @property
    def form_changed(self) -> bool:
        """Is what reading and writing need given for the other form only? A change of the Bucket Key setting leaves that
        behind, and a statement that never was for the form in use.
        """
        other = [row for row in self.rows if not row.current and self.counts(row) and row.asked.form]
        if not other or any(row.verdict is not ALLOWED for row in other):
            return False
        return any(
            row.verdict is DENIED and not row.decision.explicit and self.counts(row) for row in self.rows if row.current
        )

    @property
    def other_form_missing(self) -> bool:
        """Would objects of the other form, from before a change of the setting, be out of reach?"""
        other = [row for row in self.rows if not row.current and self.counts(row) and row.asked.form]
        return bool(other) and any(row.verdict is not ALLOWED for row in other)

    @property
    def by_grant(self) -> bool:
        """Is it a grant that allows anything which depends on the form?"""
        given = [row for row in self.rows if row.current and row.asked.form and row.verdict is ALLOWED]
        return any(row.decision.grant is not None for row in given)

    @property
    def by_statement(self) -> bool:
        """Is it a statement that allows anything?"""
        return any(row.decision.statement is not None for row in self.rows if row.current and row.verdict is ALLOWED)

    @property
    def deciders(self) -> tuple[str, ...]:
        """The statements and grants that give what is allowed, as people name them."""
        found = (row.decision for row in self.rows if row.current and row.verdict is ALLOWED)
        return tuple(dict.fromkeys(decider(one) for one in found if one.decided_by))


def decider(decision: Decision) -> str:
    """What decided, for people: a statement by its Sid in quotes or by its number, a grant by its name or id.

    Empty where nothing did. What does not print is escaped.
    """
    text = printable(decision.decided_by or "")
    if decision.statement is None or text == f"statement {decision.statement + 1}":
        return text
    return f"statement '{text}'"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Denied if any is, else unknown if any is, else allowed."""
    found = ALLOWED
    for verdict in verdicts:
        if verdict is DENIED:
            return DENIED
        if verdict is UNKNOWN:
            found = UNKNOWN
    return found
