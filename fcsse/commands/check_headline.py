"""The verdict on a pair in one line, with what decides it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from fcsse.evaluator.judgement import Judgement, decider
from fcsse.evaluator.request import Verdict
from fcsse.link_options import AccessLevel
from fcsse.model import Facts
from fcsse.planning.denials import advice, denied_because, exemption
from fcsse.policy.document import printable
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.step_phrases import other_form_only


class Headline(NamedTuple):
    """A verdict in one line without its end, and what decides it; empty where that needs no saying."""

    answer: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.answer}: {self.why}" if self.why else self.answer


def full_access(facts: Facts) -> str:
    """The headline of a pair that lacks nothing, as far as is known."""
    if hides_key_policy(facts):
        unread = "the key policy" if not _hides_bucket_policy(facts) else "the key policy and bucket policy"
        read = "were not read" if facts.bucket.given and _hides_bucket_policy(facts) else "could not be read"
        bucket = f"s3://{facts.pair.bucket}{_with_stated_key(facts)}"
        return f"the grant allows {facts.pair.cache} to read and write {bucket}; {unread} {read}"
    return f"{facts.pair.cache} can read and write {bucket_phrase(facts)}{beyond_key_policy(facts)}"


def bucket_phrase(facts: Facts) -> str:
    """The bucket, with what is known of access to it where a policy that may refuse it is out of sight."""
    far = ""
    if hides_key_policy(facts):
        far = ", by the grant"
    elif _hides_bucket_policy(facts):
        far = f", by {'its key' if facts.key else 'its encryption'}"
    return f"s3://{facts.pair.bucket}{far}{_with_stated_key(facts)}"


def _with_stated_key(facts: Facts) -> str:
    """That the verdict is on a stated key, where the bucket does not name that one, or by an alias, which is not looked up."""
    other = printable(facts.bucket.other_default)
    return f" where objects use the stated key (its default encryption: {other})" if other else ""


def beyond_key_policy(facts: Facts) -> str:
    """What the verdict leaves open where the bucket policy could not be read; empty where it could."""
    if not _hides_bucket_policy(facts):
        return ""
    how = "was not" if facts.bucket.given else "could not be"
    return f"; its bucket policy {how} read"


def headline_of(facts: Facts, judgement: Judgement) -> Headline:
    """The verdict on reading and writing, with what decides it."""
    cache, bucket, place = facts.pair.cache, bucket_phrase(facts), f"s3://{facts.pair.bucket}"
    read_place = f"all of {place}" if judgement.reads_partly else place
    either = f"all of {place}" if judgement.reads_partly or judgement.writes_partly else place
    match judgement.read, judgement.write:
        case Verdict.ALLOWED, Verdict.ALLOWED:
            return Headline(full_access(facts))
        case read, write if judgement.level is AccessLevel.READ:
            if read is Verdict.ALLOWED:
                other = "it cannot write" if write is Verdict.DENIED else "whether it can write is not known"
                return Headline(
                    f"{cache} can read {bucket}{beyond_key_policy(facts)}; {other}, which was not asked about"
                )
            cannot = f"{cache} cannot read" if read is Verdict.DENIED else f"whether {cache} can read"
            known = "" if read is Verdict.DENIED else " is not known"
            where = read_place if read is Verdict.DENIED else place
            return Headline(f"{cannot} {where}{known}", _first_reason(facts, judgement))
        case Verdict.ALLOWED, Verdict.DENIED:
            cannot = "and not write all of it" if judgement.writes_partly else "not write"
            return Headline(f"{cache} can read {bucket}, {cannot}", _first_reason(facts, judgement))
        case Verdict.DENIED, Verdict.ALLOWED:
            cannot = "and not read all of it" if judgement.reads_partly else "not read"
            return Headline(f"{cache} can write {bucket}, {cannot}", _first_reason(facts, judgement))
        case Verdict.DENIED, Verdict.DENIED:
            return Headline(f"{cache} cannot read or write {either}", _first_reason(facts, judgement))
        case read, write:
            words = {Verdict.ALLOWED: "can", Verdict.DENIED: "cannot", Verdict.UNKNOWN: "may or may not"}
            reads, writes = (
                "cannot fully" if partly and verdict is Verdict.DENIED else words[verdict]
                for verdict, partly in ((read, judgement.reads_partly), (write, judgement.writes_partly))
            )
            said = f"{cache} {reads} read and {writes} write {bucket}"
            if read is write:
                said = f"whether {cache} can read and write {place} is not known"
            return Headline(said, _first_reason(facts, judgement))


def _first_reason(facts: Facts, judgement: Judgement) -> str:
    if judgement.form_changed:
        form = ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT
        return other_form_only(facts.bucket.name, form)
    rows = [row for row in judgement.rows if row.current and judgement.counts(row)]
    for verdict in (Verdict.DENIED, Verdict.UNKNOWN):
        for row in rows:
            if row.verdict is verdict:
                return denied_because(row.decision, row.asked.form)
        for bucket_row in judgement.bucket_rows or ():
            if bucket_row.decision.verdict is verdict and judgement.counts_in_s3(bucket_row):
                return f"the bucket policy: {denied_because(bucket_row.decision)}"
    return ""


def why_denied(judgement: Judgement, facts: Facts) -> str:
    """What to do about the explicit Deny that stops the pair; empty where none does."""
    if not judgement.denials:
        return ""
    row = judgement.denials[0]
    by = decider(row.decision) or "a statement"
    return f"{advice(exemption(row.decision, facts, row.asked.form), by)}."


def hides_key_policy(facts: Facts) -> bool:
    """Was the policy of another account's key not read? A Deny in it would win over the grant."""
    return facts.key is not None and facts.policy is None and facts.key.arn.account != facts.account


def _hides_bucket_policy(facts: Facts) -> bool:
    """Was a bucket policy not judged that may have to allow access? That of a bucket of one's own account need not."""
    return facts.bucket.foreign is not False and (facts.bucket_policy is None or facts.bucket.foreign is None)
