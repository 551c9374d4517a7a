"""What ``check`` adds to its verdict on a pair: which objects it is about, what is close to it, when it changes. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from fcsse.commands.check_remedies import actions_of
from fcsse.evaluator.bucket_requests import S3_REST
from fcsse.evaluator.judgement import Judgement
from fcsse.evaluator.pair_access import slips
from fcsse.link_options import AccessLevel
from fcsse.model import Facts
from fcsse.planning.outlook import read_only_by
from fcsse.policy.document import PolicyDocument
from fcsse.suggested_commands import CommandBuilder, operations
from fcsse.text import capitalized

LAST_DATE = Decimal(253_402_300_800)
"""The year 10000, in seconds since 1970: later moments are nobody's concern."""


def which_objects(facts: Facts, words: CommandBuilder) -> str:
    """Which objects a verdict is about, as a sentence."""
    if facts.key is None or not (facts.bucket.given or facts.bucket.default):
        return older_objects(facts.bucket.name, words)
    return (
        f"This is about objects that are encrypted with key {facts.key.arn}, as stated. Which keys the bucket's objects use: "
        f"{words.census(facts.bucket.name)}"
    )


def older_objects(bucket: str, words: CommandBuilder) -> str:
    """What a verdict by the default encryption of this bucket leaves out, as a sentence.

    Source: S3 user guide, "Setting default server-side encryption behavior for Amazon S3 buckets".
    """
    return (
        "This is about objects that are written with the bucket's default encryption as it is now. A change of it does not "
        f"change older objects, which may need another key: {words.census(bucket)}"
    )


def decision_notes(judgement: Judgement, document: PolicyDocument | None) -> list[str]:
    """When an answer turns over by itself, and probable mistakes in statements that are about the cache."""
    rows = [row.decision for row in judgement.rows if row.current and judgement.counts(row)]
    rows += [row.decision for row in judgement.bucket_rows or ()]
    moments = sorted({moment for decision in rows for moment in decision.until})
    found = [
        f"This changes by itself on {datetime.fromtimestamp(int(moment), UTC):%Y-%m-%d %H:%M} UTC, by a condition on the time."
        for moment in moments
        if moment < LAST_DATE
    ]
    if document is not None:
        found += [f"Probable mistake in {where}: {slip}." for where, slip in slips(document)]
    return found


def form_notes(facts: Facts, judgement: Judgement, words: CommandBuilder) -> list[str]:
    """That objects of the other form of the encryption context are not covered, and what would cover them."""
    if judgement.form_changed or not judgement.other_form_missing or not judgement.deciders:
        return []
    kind = "without" if facts.bucket.encryption.bucket_keys else "with"
    reading = operations(judgement.level)
    advice = f"link with {' '.join(('--context', 'both', *reading))} covers both kinds."
    if judgement.by_grant:
        # A grant's constraint takes no wildcards, so that no context covers both kinds: only a grant without one does.
        command = words.link([facts.pair], "--via", "grant", *reading)[0]
        advice = f"a grant without --narrow-grant covers both kinds: {command}"
    return [f"Objects that were written {kind} Bucket Keys, if the bucket holds any, are not covered: {advice}"]


def read_only_notes(facts: Facts, judgement: Judgement, document: PolicyDocument | None) -> list[str]:
    """Where a link for reading only explains why writing is missing."""
    by = read_only_by(judgement, document, facts.grants or ()) if judgement.level is AccessLevel.FULL else ""
    if not by:
        return []
    return [
        f"{capitalized(by)} is for reading only, as link with --operations read makes it. If the cache never writes "
        "back, nothing is missing: check with --operations read."
    ]


def s3_notes(judgement: Judgement) -> list[str]:
    """What of S3 is missing although all that counts for the verdict is there."""
    if judgement.level is AccessLevel.READ:
        return []
    missing = actions_of(row for row in judgement.bucket_rows or () if row.action in S3_REST and not row.allowed)
    return [f"The bucket policy does not allow {' and '.join(missing)}: deletions are not exported."] if missing else []
