"""The answer of ``check`` on one pair: a verdict in words, what would mend it, and what is outside its sight. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fcsse.errors import EXIT_DENIED, EXIT_IMPOSSIBLE, EXIT_OK, EXIT_PENDING, DeniedError, FcsseError
from fcsse.evaluator.bucket_requests import S3_REST
from fcsse.evaluator.pair_access import Judgement, bucket_rows, judge
from fcsse.evaluator.request import Verdict
from fcsse.model import Facts, Obstacle, Operation, Options, Via
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import Status
from fcsse.planning.requirements import NotNeeded, requirement_of
from fcsse.policy.document import parsed
from fcsse.suggested_commands import CommandBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fcsse.evaluator.pair_access import BucketRow
    from fcsse.event_history.agreement import Observation
    from fcsse.model import Pair

OUTSIDE = (
    "Organisation policies (SCPs, RCPs) and VPC endpoint policies cannot be seen from here; a Deny in one would win."
)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What ``check`` says of a pair.

    ``read`` and ``write`` are the verdicts; ``headline`` puts them in words. ``remedies`` are next steps, commands among
    them; ``notes`` are sentences; ``error`` is set where too little could be found out, ``blocker`` where the link that
    would be needed cannot be made as things stand. ``observed`` is what CloudTrail recorded of the cache's calls, where that
    was asked for.
    """

    pair: Pair
    read: Verdict
    write: Verdict
    headline: str
    facts: Facts | None = None
    judgement: Judgement | None = None
    remedies: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    error: FcsseError | None = None
    blocker: FcsseError | None = None
    observed: tuple[Observation, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: all access is there. 3: some is missing or not known. 4: and it cannot be linked as it stands. 5: not known
        because the caller may not read what decides.
        """
        if self.error:
            return self.error.exit_code
        if self.read is self.write is Verdict.ALLOWED:
            return EXIT_OK
        if self.blocker is None:
            return EXIT_PENDING
        return EXIT_DENIED if isinstance(self.blocker, DeniedError) else EXIT_IMPOSSIBLE


def check_pair(found: Facts | Obstacle, words: CommandBuilder | None = None, *, remedy: bool = True) -> CheckResult:
    """The verdict on one pair's facts, which were read for Wish.CHECK. ``words`` write the commands that mend it.

    Without ``remedy``, no link that would mend it is planned: for whoever plans many pairs at once.
    """
    if isinstance(found, Obstacle):
        unknown = Verdict.UNKNOWN
        return CheckResult(found.pair, unknown, unknown, f"unknown: {found.error.message}", error=found.error)
    try:
        need = requirement_of(found, Options(Operation.LINK))
    except FcsseError as error:
        if found.key is None or found.policy is None:
            return _impossible(found, error)
        need = None
    if isinstance(need, NotNeeded):
        return _without_key(found, need)
    try:
        document = parsed(found.policy) if found.policy is not None else None
    except FcsseError as error:
        return _impossible(found, error)
    judgement = judge(found, document, found.grants)
    if judgement is None:
        text = "a pair with a key and a role has a judgement"
        raise AssertionError(text)
    return _judged(found, judgement, words or CommandBuilder(), remedy=remedy)


def _impossible(facts: Facts, error: FcsseError) -> CheckResult:
    verdict, headline = Verdict.DENIED, f"{facts.pair.cache} cannot use s3://{facts.pair.bucket}: {_reason(error)}"
    if not facts.bucket.encryption.is_kms:
        # No page says that it does not work, either.
        verdict = Verdict.UNKNOWN
        headline = f"whether {facts.pair.cache} can use s3://{facts.pair.bucket} is not known: {_reason(error)}"
    return CheckResult(facts.pair, verdict, verdict, headline, facts, remedies=(error.hint,), blocker=error)


def _reason(error: FcsseError) -> str:
    return error.message.split(": ", 1)[-1]


def _without_key(facts: Facts, why: NotNeeded) -> CheckResult:
    judgement = Judgement((), bucket_rows(facts))
    headline = f"{_headline(facts, judgement)} ({why.reason})"
    notes = (*facts.unreadable, *_s3_notes(judgement), OUTSIDE)
    remedies = tuple(_bucket_remedy(facts, judgement))
    return CheckResult(facts.pair, judgement.read, judgement.write, headline, facts, judgement, remedies, notes)


def _judged(facts: Facts, judgement: Judgement, words: CommandBuilder, *, remedy: bool) -> CheckResult:
    read, write = judgement.read, judgement.write
    notes = [*facts.unreadable, *_form_notes(facts, judgement, words), *_s3_notes(judgement)]
    if facts.key and _hides_key_policy(facts):
        notes.append(
            f"The key policy, of account {facts.key.arn.account}, cannot be read from here; a Deny in it would win."
        )
    remedies: list[str] = []
    blocker: FcsseError | None = None
    # A link would widen what somebody may have narrowed to the prefixes on purpose.
    told = facts.policy is not None and facts.grants is not None
    narrowed = bool(facts.prefixes_unknown) and told and Verdict.UNKNOWN in (read, write)
    if narrowed:
        notes.append(f"Which prefixes {facts.pair.cache} is linked to is not known: {facts.prefixes_unknown}.")
    if remedy and not narrowed and not (read is write is Verdict.ALLOWED):
        blocker, mend = _remedy(facts, words)
        remedies += mend
        remedies += _bucket_remedy(facts, judgement)
    return CheckResult(
        facts.pair,
        read,
        write,
        _headline(facts, judgement),
        facts,
        judgement,
        tuple(dict.fromkeys(remedies)),
        (*notes, OUTSIDE),
        blocker=blocker,
    )


def full_access(facts: Facts) -> str:
    """The headline of a pair that lacks nothing, as far as is known."""
    return f"{facts.pair.cache} can read and write {_bucket(facts)}{_beyond(facts)}"


def _bucket(facts: Facts) -> str:
    """The bucket, with what is known of access to it where a policy that may refuse it is out of sight."""
    far = ""
    if _hides_key_policy(facts):
        far = " as far as the grant goes"
    elif _hides_bucket_policy(facts):
        far = f" as far as {'the key' if facts.key else 'its encryption'} goes"
    return f"s3://{facts.pair.bucket}{far}"


def _beyond(facts: Facts) -> str:
    if not _hides_bucket_policy(facts):
        return "; the key policy could not be read" if _hides_key_policy(facts) else ""
    how = "was not" if facts.bucket.given else "could not be"
    if _hides_key_policy(facts):
        return f"; neither key policy nor bucket policy {'was' if facts.bucket.given else 'could be'} read"
    return f"; its bucket policy {how} read"


def _hides_key_policy(facts: Facts) -> bool:
    """Was the policy of another account's key not read? A Deny in it would win over the grant."""
    return facts.key is not None and facts.policy is None and facts.key.arn.account != facts.account


def _hides_bucket_policy(facts: Facts) -> bool:
    """Was a bucket policy not judged that may have to allow access? That of a bucket of one's own account need not."""
    return facts.bucket.foreign is not False and (facts.bucket_policy is None or facts.bucket.foreign is None)


def _headline(facts: Facts, judgement: Judgement) -> str:
    cache, bucket = facts.pair.cache, _bucket(facts)
    match judgement.read, judgement.write:
        case Verdict.ALLOWED, Verdict.ALLOWED:
            return full_access(facts)
        case Verdict.ALLOWED, Verdict.DENIED:
            return f"{cache} can read {bucket}, not write: {_first_reason(judgement)}"
        case Verdict.DENIED, Verdict.ALLOWED:
            return f"{cache} can write {bucket}, not read: {_first_reason(judgement)}"
        case Verdict.DENIED, Verdict.DENIED:
            return f"{cache} cannot read or write s3://{facts.pair.bucket}: {_first_reason(judgement)}"
        case read, write:
            words = {Verdict.ALLOWED: "can", Verdict.DENIED: "cannot", Verdict.UNKNOWN: "may or may not"}
            said = f"{cache} {words[read]} read and {words[write]} write {bucket}"
            if read is write:
                said = f"whether {cache} can read and write s3://{facts.pair.bucket} is not known"
            return f"{said}: {_first_reason(judgement)}"


def _first_reason(judgement: Judgement) -> str:
    if judgement.form_changed:
        return "access was given for the other form of encryption context; the bucket's Bucket Key setting has changed since"
    rows = [row for row in judgement.rows if row.current and row.asked.needed]
    for verdict in (Verdict.DENIED, Verdict.UNKNOWN):
        for row in rows:
            if row.verdict is verdict:
                return row.decision.reason
        for bucket_row in judgement.bucket_rows or ():
            if bucket_row.decision.verdict is verdict and bucket_row.action not in S3_REST:
                return f"the bucket policy: {bucket_row.decision.reason}"
    return ""


def _form_notes(facts: Facts, judgement: Judgement, words: CommandBuilder) -> list[str]:
    if judgement.form_changed or not judgement.other_form_missing or not judgement.deciders:
        return []
    kind = "without" if facts.bucket.encryption.bucket_keys else "with"
    advice = "link with --context both covers both kinds."
    if judgement.by_grant:
        # A grant's constraint takes no wildcards, so that no context covers both kinds: only a grant without one does.
        command = words.link([facts.pair], "--via", "grant")[0]
        advice = f"a grant without --narrow-grant covers both kinds: {command}"
    return [f"Objects that were written {kind} Bucket Keys, if the bucket holds any, are not covered: {advice}"]


def _s3_notes(judgement: Judgement) -> list[str]:
    missing = _actions(row for row in judgement.bucket_rows or () if row.action in S3_REST and not row.allowed)
    return [f"The bucket policy does not allow {' and '.join(missing)}: deletions are not exported."] if missing else []


def _remedy(facts: Facts, words: CommandBuilder) -> tuple[FcsseError | None, list[str]]:
    """The blocker and the next steps, by planning the link that would mend it."""
    unread = facts.policy is None or facts.grants is None
    if facts.refusals and (unread or facts.key is None or facts.key.arn.account != facts.account):
        refusal = facts.refusals[0]
        return refusal, [refusal.hint]
    plan = make_plan([facts], Options(Operation.LINK))
    outcome = plan.outcomes[0]
    match outcome.status:
        case Status.BLOCKED if outcome.error:
            return outcome.error, _ways_round(facts, outcome.error, words)
        case Status.TO_DO:
            return None, list(words.link([facts.pair]))
        case _:
            return None, []


def _ways_round(facts: Facts, blocker: FcsseError, words: CommandBuilder) -> list[str]:
    """The blocker in a sentence with the links that would pass it; where there is none, what else to do."""
    ways = (
        (("--prune-orphans",), Options(Operation.LINK, prune_orphans=True)),
        (("--via", "grant"), Options(Operation.LINK, via=Via.GRANT)),
    )
    there = [more for more, how in ways if make_plan([facts], how).outcomes[0].status is Status.TO_DO]
    links = [words.link([facts.pair], *more)[0] for more in there]
    if not links:
        return [blocker.hint or blocker.message]
    why = f"{blocker.message[:1].upper()}{blocker.message[1:]}."
    return [f"{why} {'Either of these links it:' if len(links) > 1 else 'This links it:'}", *links]


def _bucket_remedy(facts: Facts, judgement: Judgement) -> list[str]:
    stopped = [row for row in judgement.bucket_rows or () if not row.allowed and row.action not in S3_REST]
    if not stopped:
        return []
    actions = ", ".join(_actions(stopped))
    if any(row.decision.explicit for row in stopped):
        return [f"Have the policy of bucket {facts.bucket.name} except the role from its Deny of {actions}."]
    return [f"Have the policy of bucket {facts.bucket.name} allow {actions} to {facts.role.arn if facts.role else ''}."]


def _actions(rows: Iterable[BucketRow]) -> list[str]:
    """The actions of some rows, each once."""
    return list(dict.fromkeys(row.action for row in rows))


def exit_code(checked: Sequence[CheckResult]) -> int:
    """For many pairs: the first error's code, else 4 where any cannot be linked, else 3 where any lacks access."""
    error = next((one.error for one in checked if one.error), None)
    return error.exit_code if error else max((one.exit_code for one in checked), default=EXIT_OK)
