"""Keys that a bucket had before, whose policies still give a cache access: what unlinking by today's key leaves behind.

In: a plan of ``unlink`` and the saved policies, which name the keys that fcsse changed on this machine. Out: the plan with
a warning, and the command that goes on, for each pair to which another key gives access. Where --key named the key that is
to be unlinked, only for pairs of which that key holds nothing: it was that key alone that was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.apply.backup_file import Backup
from fcsse.arn import Arn, key_arn
from fcsse.aws_calls import AwsCalls
from fcsse.errors import FcsseError
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.policy.document import PolicyDocument
from fcsse.policy.statement import read_statement
from fcsse.suggested_commands import CommandBuilder

MOST = 10
"""Keys whose policies are read for it, those changed last first."""


def with_earlier_keys(
    plan: Plan, aws: AwsCalls, saved: Sequence[Backup], words: CommandBuilder, *, key_named: bool
) -> Plan:
    """The plan with what other keys still give. ``key_named``: the user named the key; it is not the bucket's default."""
    wanted = {Status.NOTHING} if key_named else {Status.NOTHING, Status.TO_DO}
    if not any(_has_role(outcome) and outcome.status in wanted for outcome in plan.outcomes):
        return plan
    names = dict.fromkeys(backup.key for backup in sorted(saved, key=lambda one: one.id, reverse=True))
    keys = [key for key in (key_arn(name) for name in names) if key is not None]
    read: dict[Arn, PolicyDocument | None] = {}
    return plan._replace(
        outcomes=tuple(
            _told(outcome, aws, keys[:MOST], read, words) if outcome.status in wanted else outcome
            for outcome in plan.outcomes
        )
    )


def _has_role(outcome: Outcome) -> bool:
    return outcome.facts is not None and outcome.facts.role is not None


def _told(
    outcome: Outcome, aws: AwsCalls, keys: Sequence[Arn], read: dict[Arn, PolicyDocument | None], words: CommandBuilder
) -> Outcome:
    facts = outcome.facts
    if facts is None or facts.role is None:
        return outcome
    said = list(outcome.warnings)
    for key in keys:
        if (facts.key is not None and key == facts.key.arn) or key.account != facts.account:
            continue
        if key not in read:
            read[key] = _policy(aws, key)
        document = read[key]
        if document is not None and _gives(document, str(facts.role.arn), facts.bucket.name):
            command = words.fcsse("unlink", [facts.pair.cache or ""], [facts.bucket.name], "--key", str(key))[0]
            said.append(
                f"Key {key} still gives {facts.pair.cache} access for bucket {facts.bucket.name}, whose default key it was "
                f"when they were linked. Older objects may still need it (see {words.census(facts.bucket.name)}). To take "
                f"it back:\n{command}"
            )
    return outcome._replace(warnings=tuple(said))


def _policy(aws: AwsCalls, key: Arn) -> PolicyDocument | None:
    """A key's policy; None where it cannot be read, or no longer is."""
    try:
        return PolicyDocument.parse(aws.get_policy(key))
    except FcsseError:
        return None


def _gives(document: PolicyDocument, role: str, bucket: str) -> bool:
    for statement in document.statements:
        ours = read_statement(statement.value)
        if ours and role in ours.roles and any(one.rpartition(":")[2] == bucket for one in ours.buckets):
            return True
    return False
