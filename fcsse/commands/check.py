"""The answer of ``check`` on one pair: a verdict in words, what would fix it, and what is outside its sight. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fcsse.commands.check_headline import Headline, headline_of, hides_key_policy, why_denied
from fcsse.commands.check_notes import (
    decision_notes,
    form_notes,
    older_objects,
    read_only_notes,
    s3_notes,
    which_objects,
)
from fcsse.commands.check_remedies import (
    MAYBE_DENIED,
    bucket_remedy,
    level_to_link,
    no_allow_helps,
    remedy_of,
    with_doubts,
)
from fcsse.errors import EXIT_DENIED, EXIT_IMPOSSIBLE, EXIT_OK, EXIT_PENDING, DeniedError, FcsseError
from fcsse.evaluator.judgement import Judgement
from fcsse.evaluator.pair_access import bucket_rows, judge
from fcsse.evaluator.request import Verdict
from fcsse.event_history.agreement import Observation
from fcsse.link_options import AccessLevel, Operation, Options
from fcsse.model import Facts, Obstacle, Pair
from fcsse.planning.requirements import NotNeeded, requirement_of, serves_bucket
from fcsse.policy.document import PolicyDocument, parsed
from fcsse.suggested_commands import CommandBuilder

OUTSIDE = "Not checked: VPC endpoint policies. A Deny there would still block access."
"""SCPs and RCPs are none of it: they do not apply to service-linked roles. Source: AWS Organizations user guide."""


class CheckResult(NamedTuple):
    """What ``check`` says of a pair.

    ``read`` and ``write`` are the verdicts; ``headline`` puts them in words, ``why`` only what decides them. ``remedies`` are next steps, commands among
    them; ``notes`` are sentences; ``error`` is set where too little could be found out, ``blocker`` where the link that
    would be needed cannot be made as things stand. ``observed`` is what CloudTrail recorded of the cache's calls, where that
    was asked for. ``level`` is what was asked about: for READ, missing writing is no fault.
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
    level: AccessLevel = AccessLevel.FULL
    why: str = ""

    def __repr__(self) -> str:
        """One line: the pair, both verdicts, and the verdict in words."""
        return f"<CheckResult {self.pair}: read {self.read.value}, write {self.write.value}; {self.headline}>"

    def __str__(self) -> str:
        return self.headline

    @property
    def complete(self) -> bool:
        """Is all access that was asked about there?"""
        return self.read is Verdict.ALLOWED and (self.level is AccessLevel.READ or self.write is Verdict.ALLOWED)

    @property
    def exit_code(self) -> int:
        """0: all access that was asked about is there. 3: some is missing or not known. 4: and it cannot be linked as it stands. 5: not known
        because the caller may not read what decides.
        """
        if self.error:
            return self.error.exit_code
        if self.complete:
            return EXIT_OK
        if self.blocker is None:
            return EXIT_PENDING
        return EXIT_DENIED if isinstance(self.blocker, DeniedError) else EXIT_IMPOSSIBLE


def check_pair(
    found: Facts | Obstacle,
    words: CommandBuilder | None = None,
    *,
    remedy: bool = True,
    level: AccessLevel = AccessLevel.FULL,
) -> CheckResult:
    """The verdict on one pair's facts, which were read for Operation.CHECK. ``words`` write the commands that fix it.
    ``level`` is what is asked about.

    Without ``remedy``, no link that would fix it is planned, only what reading and writing need is judged, and there are no
    notes: for whoever plans many pairs at once.
    """
    if isinstance(found, Obstacle):
        unknown = Verdict.UNKNOWN
        return CheckResult(
            found.pair,
            unknown,
            unknown,
            str(Headline("unknown", found.error.message)),
            error=found.error,
            level=level,
            why=found.error.message,
        )
    try:
        need = requirement_of(found, Options(Operation.LINK, level=level))
    except FcsseError as error:
        if found.key is None or found.policy is None or not serves_bucket(found.key, found.bucket):
            return _impossible(found, error)._replace(level=level)
        need = None
    if isinstance(need, NotNeeded) and need.certain:
        return _without_key(found, need, words or CommandBuilder(), level)
    try:
        document = parsed(found.policy) if found.policy is not None else None
    except FcsseError as error:
        return _impossible(found, error)._replace(level=level)
    judgement = judge(found, document, found.grants, only_needed=not remedy, level=level)
    if judgement is None:
        text = "a pair with a key and a role has a judgement"
        raise AssertionError(text)
    return _judged(found, judgement, words or CommandBuilder(), remedy=remedy)


def check_document(
    facts: Facts,
    document: PolicyDocument,
    notes: Sequence[str],
    remedy: str,
    level: AccessLevel = AccessLevel.FULL,
) -> CheckResult:
    """The verdict on a pair by a key policy that is not in AWS yet. ``remedy`` prints the statement that it lacks.

    What is outside of the document is told by ``notes``; the facts' key is taken to work.
    """
    judgement = judge(facts, document, (), level=level)
    if judgement is None:
        text = "a pair with a key and a role has a judgement"
        raise AssertionError(text)
    read, write, headline = judgement.read, judgement.write, headline_of(facts, judgement)
    remedies: tuple[str, ...] = ()
    if judgement.verdict is not Verdict.ALLOWED:
        denied = why_denied(judgement, facts)
        alone = facts._replace(grants=())  # the document is judged as if there were none
        if denied or no_allow_helps(alone, level):
            remedies = (denied or MAYBE_DENIED,)
        else:
            remedies = with_doubts(alone, (remedy,), level)
    said = (
        *form_notes(facts, judgement, CommandBuilder()),
        *read_only_notes(facts, judgement, document),
        *decision_notes(judgement, document),
        *notes,
    )
    return CheckResult(
        facts.pair, read, write, str(headline), facts, judgement, remedies, said, level=level, why=headline.why
    )


def _impossible(facts: Facts, error: FcsseError) -> CheckResult:
    verdict, answer = Verdict.DENIED, f"{facts.pair.cache} cannot use s3://{facts.pair.bucket}"
    if not facts.bucket.encryption.is_kms:
        # No page says that it does not work, either.
        verdict, answer = Verdict.UNKNOWN, f"whether {facts.pair.cache} can use s3://{facts.pair.bucket} is not known"
    return CheckResult(
        facts.pair,
        verdict,
        verdict,
        str(Headline(answer, error.reason)),
        facts,
        remedies=(error.hint,),
        blocker=error,
        why=error.reason,
    )


def _without_key(facts: Facts, why: NotNeeded, words: CommandBuilder, level: AccessLevel) -> CheckResult:
    judgement = Judgement((), bucket_rows(facts), level=level)
    answer, by = headline_of(facts, judgement)
    # In parentheses at the very end, whether or not anything else decides.
    headline = Headline(answer, f"{by} ({why.reason})") if by else Headline(f"{answer} ({why.reason})")
    notes = (*facts.unreadable, older_objects(facts.bucket.name, words), *s3_notes(judgement), OUTSIDE)
    remedies = tuple(bucket_remedy(facts, judgement))
    read, write = judgement.read, judgement.write
    return CheckResult(
        facts.pair, read, write, str(headline), facts, judgement, remedies, notes, level=level, why=headline.why
    )


def _judged(facts: Facts, judgement: Judgement, words: CommandBuilder, *, remedy: bool) -> CheckResult:
    read, write, headline = judgement.read, judgement.write, headline_of(facts, judgement)
    if not remedy:
        return CheckResult(
            facts.pair, read, write, str(headline), facts, judgement, level=judgement.level, why=headline.why
        )
    document = parsed(facts.policy) if facts.policy is not None else None
    notes = [
        *facts.unreadable,
        *form_notes(facts, judgement, words),
        *read_only_notes(facts, judgement, document),
        *s3_notes(judgement),
        *decision_notes(judgement, document),
    ]
    if facts.key and hides_key_policy(facts):
        notes.append(
            f"The key policy, of account {facts.key.arn.account}, could not be read. A Deny there would still block access."
        )
    remedies: list[str] = []
    blocker: FcsseError | None = None
    # A link would widen what somebody may have narrowed to the prefixes on purpose.
    told = facts.policy is not None and facts.grants is not None
    narrowed = bool(facts.prefixes_unknown) and told and Verdict.UNKNOWN in (read, judgement.verdict)
    if narrowed:
        notes.append(f"Which prefixes {facts.pair.cache} is linked to is not known: {facts.prefixes_unknown}.")
    if not narrowed and judgement.verdict is not Verdict.ALLOWED:
        blocker, links = remedy_of(facts, words, level_to_link(facts, judgement))
        remedies += links
        remedies += bucket_remedy(facts, judgement)
    return CheckResult(
        facts.pair,
        read,
        write,
        str(headline),
        facts,
        judgement,
        tuple(dict.fromkeys(remedies)),
        (*notes, which_objects(facts, words), OUTSIDE),
        blocker=blocker,
        level=judgement.level,
        why=headline.why,
    )


def exit_code(checked: Sequence[CheckResult]) -> int:
    """For many pairs: the first error's code, else 4 where any cannot be linked, else 3 where any lacks access."""
    error = next((one.error for one in checked if one.error), None)
    return error.exit_code if error else max((one.exit_code for one in checked), default=EXIT_OK)
