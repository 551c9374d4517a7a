"""What would give a pair the access that it lacks, and what keeps a link from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fcsse.errors import FcsseError
from fcsse.evaluator.grants import everything
from fcsse.evaluator.judgement import BucketRow, Judgement
from fcsse.evaluator.pair_access import key_rows
from fcsse.evaluator.request import Cause, Verdict
from fcsse.link_options import AccessLevel, Operation, Options, Via
from fcsse.model import Facts, Grant
from fcsse.planning.denials import why
from fcsse.planning.linked_level import level_of
from fcsse.planning.make_plan import make_plan
from fcsse.planning.plan import Status
from fcsse.policy.document import parsed
from fcsse.suggested_commands import CommandBuilder, operations
from fcsse.text import capitalized

NOT_PUBLIC = (
    "See whether the owner of bucket {bucket} blocks public access (aws s3api get-public-access-block, aws s3control "
    "get-public-access-block), or have its policy name roles or an organization in place of everybody"
)


MAYBE_DENIED = (
    "See whether the condition of the Deny holds for the cache, or have its role excepted: no Allow helps against it."
)


def no_allow_helps(facts: Facts, level: AccessLevel = AccessLevel.FULL) -> bool:
    """Is nothing denied for lack of an Allow, and stays something unknown whatever is allowed?"""
    if facts.policy is None or facts.grants is None:
        return False
    denied = any(verdict is Verdict.DENIED for verdict in _verdicts(facts, facts.grants, level))
    return not denied and may_stay_denied(facts, level)


def may_stay_denied(facts: Facts, level: AccessLevel) -> bool:
    """Does a Deny leave something denied or unknown whatever is allowed besides?"""
    if facts.policy is None or facts.grants is None:
        return False
    grants = (*facts.grants, everything(facts))
    if facts.key is not None and facts.key.state is None:  # what a state that was not read leaves unknown is no Deny
        facts = facts._replace(key=facts.key._replace(state="Enabled"))
    best = _verdicts(facts, grants, level)
    return any(verdict is not Verdict.ALLOWED for verdict in best)


def _verdicts(facts: Facts, grants: Sequence[Grant], level: AccessLevel) -> list[Verdict]:
    """Those on what was asked about, with these grants."""
    document = parsed(facts.policy) if facts.policy is not None else None
    asked = Judgement(key_rows(facts, document, grants, explain=False, briefly=True) or (), level=level)
    return [row.verdict for row in asked.rows if asked.counts(row)]


def with_doubts(facts: Facts, steps: Iterable[str], level: AccessLevel) -> tuple[str, ...]:
    """The steps that allow what is missing, and what else to look at where a Deny may stop the cache even then."""
    return (*steps, *((MAYBE_DENIED,) if may_stay_denied(facts, level) else ()))


def level_to_link(facts: Facts, judgement: Judgement) -> AccessLevel:
    """How much a link is to give: no more than reading where links gave that alone so far, and not even that is there now."""
    lost = judgement.read is not Verdict.ALLOWED and level_of(facts) is AccessLevel.READ
    return AccessLevel.READ if lost else judgement.level


def remedy_of(facts: Facts, words: CommandBuilder, level: AccessLevel) -> tuple[FcsseError | None, list[str]]:
    """The blocker and the next steps, by planning the link that would fix it."""
    foreign = facts.key is not None and facts.key.arn.account != facts.account
    described = facts.key is not None and facts.key.state is not None
    unread = not described or facts.grants is None or (facts.policy is None and not foreign)
    if facts.refusals and unread:
        refusal = facts.refusals[0]
        return refusal, [refusal.hint]
    plan = make_plan([facts], Options(Operation.LINK, level=level))
    outcome = plan.outcomes[0]
    match outcome.status:
        case Status.BLOCKED if outcome.error:
            return outcome.error, _ways_round(facts, outcome.error, words, level)
        case Status.TO_DO if no_allow_helps(facts, level):
            return None, [MAYBE_DENIED]
        case Status.TO_DO:
            return None, [*with_doubts(facts, words.link([facts.pair], *operations(level)), level)]
        case _:
            return None, []


def _ways_round(facts: Facts, blocker: FcsseError, words: CommandBuilder, level: AccessLevel) -> list[str]:
    """The blocker in a sentence with the links that would pass it; where there is none, what else to do."""
    ways = (
        (("--prune-orphans",), Options(Operation.LINK, prune_orphans=True, level=level)),
        (("--via", "grant"), Options(Operation.LINK, via=Via.GRANT, level=level)),
    )
    there = [more for more, how in ways if make_plan([facts], how).outcomes[0].status is Status.TO_DO]
    links = [words.link([facts.pair], *more, *operations(level))[0] for more in there]
    if not links:
        return [blocker.hint or blocker.message]
    why = f"{capitalized(blocker.message)}."
    return [f"{why} {'Either of these links it:' if len(links) > 1 else 'This links it:'}", *links]


def bucket_remedy(facts: Facts, judgement: Judgement) -> list[str]:
    """What the owner of a bucket should change in its policy, a sentence each; empty where it lets the role in."""
    stopped = [row for row in judgement.bucket_rows or () if not row.allowed and judgement.counts_in_s3(row)]
    if not stopped:
        return []
    if all(row.decision.cause is Cause.PUBLIC_POLICY for row in stopped):
        return [f"{NOT_PUBLIC.format(bucket=facts.bucket.name)}."]
    actions = ", ".join(actions_of(stopped))
    perhaps = next((row.decision for row in stopped if row.decision.cause is Cause.PERHAPS_DENIED), None)
    if perhaps is not None and not any(row.decision.explicit for row in stopped):
        return [
            f"See whether the condition of the Deny in the bucket policy of {facts.bucket.name} holds for the cache, or exclude the "
            f"role from it: {perhaps.reason}."
        ]
    denial = next((row.decision for row in stopped if row.decision.explicit), None)
    if denial is not None:
        because = why(denial)
        return [
            f"Exclude the role from the statement that denies {actions} in the bucket policy of {facts.bucket.name}"
            + (f": {because}." if because else ".")
        ]
    return [
        f"Add a statement to the bucket policy of {facts.bucket.name} that allows {actions} to {facts.role.arn if facts.role else ''}."
    ]


def actions_of(rows: Iterable[BucketRow]) -> list[str]:
    """The actions of some rows, each once."""
    return list(dict.fromkeys(row.action for row in rows))
