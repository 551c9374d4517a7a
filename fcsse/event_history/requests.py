"""The requests of a pair that AWS may have recorded, with their verdicts. Pure.

In: a pair's facts, and the verdicts on its requests. Out: one ``Asked`` for each action that reading and writing need, form of the encryption
context, and prefix.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from fcsse.arn import bucket_arn
from fcsse.errors import FcsseError
from fcsse.evaluator.cache_requests import CONTEXT_KEY, Purpose, decide
from fcsse.evaluator.judgement import Row
from fcsse.evaluator.pair_access import key_rows
from fcsse.evaluator.request import Verdict
from fcsse.event_history.agreement import Asked
from fcsse.event_history.uses import Use
from fcsse.model import Facts
from fcsse.policy.document import parsed
from fcsse.policy.encryption_context import ContextForm

_PURPOSES = (Purpose.READ, Purpose.WRITE)
"""A multipart upload asks what reading asks."""


def asked_of(facts: Facts, rows: Sequence[Row]) -> tuple[Asked, ...]:
    """The requests of a pair, by its rows; none where it has no key or role."""
    if facts.key is None or facts.role is None:
        return ()
    return tuple(
        Asked(
            facts.pair,
            facts.role.arn,
            facts.key.arn,
            bucket_arn(facts.partition, facts.bucket.name),
            row.asked.action,
            None if row.asked.form is ContextForm.BUCKET else row.asked.prefix,
            row.current,
            row.verdict,
            partial(_verdict_on, facts, row) if row.asked.form is ContextForm.OBJECT else None,
        )
        for row in rows
        if row.asked.purpose in _PURPOSES and row.asked.form is not None
    )


def asked_where_recorded(facts: Facts, uses: Sequence[Use]) -> tuple[Asked, ...]:
    """The requests of a pair, judged only as far as the recorded uses of its role call for; none where nothing is recorded."""
    if facts.key is None or facts.role is None:
        return ()
    own = bucket_arn(facts.partition, facts.bucket.name)
    mine = [use for use in uses if not use.context or use.context == own or use.context.startswith(f"{own}/")]
    if not mine:
        return ()
    in_use = facts.bucket.encryption.bucket_keys
    other = any(use.context and (use.context == own) is not in_use for use in mine)
    try:
        document = parsed(facts.policy) if facts.policy is not None else None
    except FcsseError:
        return ()
    return asked_of(facts, key_rows(facts, document, facts.grants, explain=False, briefly=not other) or ())


def _verdict_on(facts: Facts, row: Row, context: str) -> Verdict:
    """The verdict on one object, whose ARN is the context; unknown where not all that decides was read."""
    if facts.policy is None or facts.grants is None:
        return Verdict.UNKNOWN
    about = {**row.asked.request.context, CONTEXT_KEY: context}
    one = row.asked._replace(request=row.asked.request._replace(context=about, prepared=None), every_object=None)
    state = facts.key.state if facts.key else None
    return decide(parsed(facts.policy).value, one, facts.grants, state, explain=False).verdict
