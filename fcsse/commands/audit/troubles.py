"""What keeps a pair from its access: the kind of finding, the reason, and what would help. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from fcsse.commands.audit import finding_kinds as kinds
from fcsse.commands.audit.finding_kinds import FindingKind
from fcsse.commands.check import CheckResult
from fcsse.commands.check_remedies import MAYBE_DENIED, NOT_PUBLIC, no_allow_helps
from fcsse.encryption_algorithms import DSSE_KMS
from fcsse.errors import FcsseError, NotFoundError
from fcsse.evaluator.bucket_requests import S3_REST
from fcsse.evaluator.judgement import Judgement, decider
from fcsse.evaluator.request import Cause, Verdict
from fcsse.link_options import Operation, Options
from fcsse.model import Bucket, Facts
from fcsse.planning.denials import advice, denied_because, exemption
from fcsse.planning.outlook import read_only_by
from fcsse.planning.requirements import requirement_of, serves_bucket
from fcsse.policy.document import parsed
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.step_phrases import other_form_only

ALLOWED, DENIED, UNKNOWN = Verdict.ALLOWED, Verdict.DENIED, Verdict.UNKNOWN

ROLES = "{roles}"
"""In a remedy, in place of the roles of all the pairs that it is for."""


class Trouble(NamedTuple):
    """What keeps a pair from its access: the kind of finding, why, and what would help: a text with ``ROLES`` for roles.

    ``remedy_template`` empty: what helps with every finding of the kind.
    """

    kind: FindingKind
    reason: str
    remedy_template: str = ""


def troubles_of(checked: CheckResult, bucket: Bucket | None, roleless: Collection[str]) -> tuple[Trouble, ...]:
    """Everything that keeps a pair from access, the plainest first. ``roleless``: caches for which IAM has no role."""
    if checked.error:
        return (_obstacle(checked, checked.error, bucket, roleless),)
    facts = checked.facts
    if facts is None:
        return ()
    found = _of_encryption(facts) + _of_key(facts)
    if checked.judgement is None:
        if not found and checked.blocker:
            found.append(Trouble(kinds.POLICY_FORMAT, checked.blocker.message, checked.blocker.hint))
        return tuple(found)
    found += _of_bucket_policy(facts, checked.judgement)
    if not any(trouble.kind.unusable_key for trouble in found):
        found += _of_access(facts, checked.judgement)
    return tuple(found)


def _obstacle(checked: CheckResult, error: FcsseError, bucket: Bucket | None, roleless: Collection[str]) -> Trouble:
    """Why a pair could not be looked at."""
    if checked.pair.cache in roleless:
        return Trouble(kinds.ROLE_MISSING, error.message, error.hint)
    reference = bucket.encryption.key if bucket and bucket.encryption.is_kms else None
    if bucket and bucket.foreign and reference and not reference.startswith("arn:"):
        return Trouble(kinds.FOREIGN_ALIAS, error.reason)
    if isinstance(error, NotFoundError):
        if bucket:
            return Trouble(kinds.KEY_GONE, error.message, error.hint)
        return Trouble(kinds.BUCKET_GONE, error.message)
    return Trouble(kinds.UNREADABLE, error.message, error.hint)


def _of_encryption(facts: Facts) -> list[Trouble]:
    """Encryption that File Cache does not document, an AWS managed key that cannot be shared, or one of another Region."""
    bucket, key = facts.bucket, facts.key
    shared = bucket.foreign if key is None else key.manager == "AWS" and key.arn.account != facts.account
    if bucket.encryption.is_kms and key and not shared and (key.manager != "AWS" or serves_bucket(key, bucket)):
        return []
    try:
        requirement_of(facts, Options(Operation.LINK))
    except FcsseError as error:
        kind = kinds.AWS_MANAGED_KEY if shared else kinds.KEY_UNUSABLE
        if not bucket.encryption.is_kms:
            dual = bucket.encryption.algorithm == DSSE_KMS.code
            kind = kinds.DSSE if dual else kinds.ENCRYPTION_UNSUPPORTED
        return [Trouble(kind, error.reason, error.hint)]
    return []


def _of_key(facts: Facts) -> list[Trouble]:
    """A key that cannot be used, whatever its policy says."""
    key = facts.key
    if key is None or key.manager == "AWS":
        return []
    if key.state in (None, "Enabled", "Updating") and serves_bucket(key, facts.bucket):
        return []
    try:
        requirement_of(facts, Options(Operation.LINK))
    except FcsseError as error:
        kind = _OF_STATE.get(key.state or "", kinds.KEY_UNUSABLE)
        return [Trouble(kind, error.reason, "" if kind.remedy else error.hint)]
    return []


_OF_STATE = {
    "Disabled": kinds.KEY_DISABLED,
    "PendingDeletion": kinds.KEY_PENDING_DELETION,
    "NotFound": kinds.KEY_GONE,
}


def _of_bucket_policy(facts: Facts, judgement: Judgement) -> list[Trouble]:
    stopped = [row for row in judgement.bucket_rows or () if not row.allowed and row.action not in S3_REST]
    if not stopped:
        return []
    actions = ", ".join(dict.fromkeys(row.action for row in stopped))
    reason = f"the bucket policy: {denied_because(stopped[0].decision)}"
    if any(row.decision.explicit for row in stopped):
        return [
            Trouble(
                kinds.BUCKET_POLICY,
                reason,
                f"Exclude {ROLES} from the statement that denies {actions} in the bucket's policy.",
            )
        ]
    if all(row.decision.cause is Cause.PUBLIC_POLICY for row in stopped):
        return [Trouble(_BUCKET_UNKNOWN, reason, f"{NOT_PUBLIC.format(bucket=facts.bucket.name)}.")]
    if all(row.decision.verdict is UNKNOWN for row in stopped):
        return [Trouble(_BUCKET_UNKNOWN, reason)]
    return [
        Trouble(
            kinds.BUCKET_POLICY, reason, f"Add a statement to the bucket's policy that allows {actions} to {ROLES}."
        )
    ]


def _of_access(facts: Facts, judgement: Judgement) -> list[Trouble]:
    """What the key policy and grants say."""
    needed = [row for row in judgement.rows if row.current and row.asked.needed]
    lacking = [row for row in needed if row.verdict is not ALLOWED]
    if not lacking:
        return []
    if judgement.denials:
        row = judgement.denials[0]
        found = exemption(row.decision, facts, row.asked.form)
        if found.form is None:
            found = found._replace(value=ROLES)
        remedy = f"{advice(found, decider(row.decision) or 'a statement')}. A Deny wins over every Allow."
        return [Trouble(kinds.EXPLICIT_DENY, denied_because(row.decision, row.asked.form), remedy)]
    if judgement.form_changed:
        form = ContextForm.BUCKET if facts.bucket.encryption.bucket_keys else ContextForm.OBJECT
        return [Trouble(kinds.CONTEXT_CHANGED, other_form_only(facts.bucket.name, form))]
    by = read_only_by(judgement, parsed(facts.policy) if facts.policy is not None else None, facts.grants or ())
    if by:
        return [Trouble(kinds.READ_ONLY, f"{by} is for reading only, as link with --operations read makes it")]
    denied = [row for row in lacking if row.verdict is DENIED]
    if denied:
        miss = next((miss.reason for row in denied for miss in row.decision.misses[:1]), "")
        reason = denied[0].decision.reason + (f"; closest: {miss}" if miss else "")
        return [Trouble(kinds.ACCESS_MISSING, reason)]
    if facts.policy is None or facts.grants is None:
        return [Trouble(kinds.UNREADABLE, lacking[0].decision.reason)]
    kind = _MAYBE_DENIED if no_allow_helps(facts) else kinds.ACCESS_UNKNOWN
    return [Trouble(kind, lacking[0].decision.reason)]


_MAYBE_DENIED = kinds.ACCESS_UNKNOWN._replace(remedy=MAYBE_DENIED, command=kinds.Command.SHOW_KEY_POLICY)
_BUCKET_UNKNOWN = kinds.ACCESS_UNKNOWN._replace(
    remedy="See whether the bucket policy's condition holds for the cache.", command=kinds.Command.SHOW_BUCKET_POLICY
)
"""Access that is unknown for a reason that no link removes."""
