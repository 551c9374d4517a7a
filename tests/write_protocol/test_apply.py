"""A plan's changes one after the other, and what the plan says once they are made."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from fcsse.apply.apply import AppliedChange, FailedChange, apply_plan, as_made, try_plan
from fcsse.errors import ChangedError, DeniedError, NotAwsAnswerError, UnconfirmedError
from fcsse.link_options import AccessLevel, Operation, Via
from fcsse.model import Bucket, Encryption, Facts, Grant, Key, Pair, Role
from fcsse.planning.changes import Change, GrantAddition, GrantEnding, change_policy
from fcsse.planning.plan import Outcome, Plan, Status
from fcsse.planning.review import STALE_AFTER
from fcsse.planning.wanted_grant import OPERATIONS_OF, grant_name
from fcsse.policy.document import parsed
from tests.write_protocol.scripted import Heard, ScriptedAws, ScriptedClock, context
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, REGION, cache_name, change, key

CACHE, OTHER_CACHE = cache_name(0), cache_name(1)
ROLE, OTHER_ROLE = (Role.computed("aws", ACCOUNT, one)._replace(exists=True) for one in (CACHE, OTHER_CACHE))
FULL = OPERATIONS_OF[AccessLevel.FULL]
NAME = grant_name(CACHE, "data")
LINK = change(0, DEFAULT)
PUT = LINK.after.text
ADDITION = GrantAddition(key(), str(ROLE.arn), NAME, FULL)
GRANT = Grant("made", str(ROLE.arn), frozenset(FULL), NAME)
ENDING = GrantEnding(key(), GRANT)
DENY = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def with_statement(text: str, statement: dict[str, Any]) -> str:
    document: dict[str, Any] = json.loads(text)
    return json.dumps({**document, "Statement": [*document["Statement"], statement]})


def outcome(
    via: Via = Via.POLICY, cache: str = CACHE, policy: str | None = DEFAULT, grants: tuple[Grant, ...] = ()
) -> Outcome:
    encryption = Encryption("aws:kms", str(key()))
    role = ROLE if cache == CACHE else OTHER_ROLE
    facts = Facts(
        Pair(cache, "data"),
        ACCOUNT,
        "aws",
        role,
        Bucket("data", encryption, REGION),
        Key(key(), "Enabled"),
        policy,
        grants,
    )
    return Outcome(facts.pair, Status.TO_DO, "planned", via=via, facts=facts, ends=("ends a grant",))


def plan(*changes: Change, operation: Operation = Operation.LINK, outcomes: tuple[Outcome, ...] = (outcome(),)) -> Plan:
    return Plan(operation, outcomes, changes, read_at=0.0)


def test_each_change_is_made_and_an_error_stops_none_of_the_others() -> None:
    aws, heard = (
        ScriptedAws(create_grant=[DeniedError("not allowed", "x")], end_grant=["revoked"], list_grants=[()]),
        Heard(),
    )
    run = context(aws, progress=heard, backup_ids={str(key()): "the-copy"})
    failed, done = apply_plan(plan(ADDITION, ENDING), run)
    assert isinstance(failed, FailedChange)
    assert (failed.change, failed.error.message, failed.backup, failed.taken) == (
        ADDITION,
        "not allowed",
        "the-copy",
        False,
    )
    assert isinstance(done, AppliedChange)
    assert (done.change, done.result, done.grant, done.changed, done.made) == (ENDING, "revoked", "made", True, None)
    assert heard.steps[0] == f"change 1 of 2: creating a grant on key {key().resource[4:]}"
    assert heard.steps[1] == "change 2 of 2: ending grant made…"


def test_one_change_has_no_number() -> None:
    heard = Heard()
    aws = ScriptedAws(create_grant=["made"], list_grants=[(GRANT,)], get_policy=[PUT])
    [done] = apply_plan(plan(ADDITION), context(aws, progress=heard, readers={str(key()): ACCOUNT}))
    assert isinstance(done, AppliedChange)
    assert (done.result, done.grant, done.held, done.notes) == ("created", "made", PUT, ())
    assert heard.steps[0] == f"creating a grant on key {key().resource[4:]}"


def test_a_policy_is_written_and_the_result_says_what_kms_showed() -> None:
    run = context(ScriptedAws(get_policy=[DEFAULT, PUT], put_policy=["request"]))
    [done] = apply_plan(plan(LINK), run)
    assert isinstance(done, AppliedChange)
    assert (done.result, done.held, done.changed, done.backup, done.made) == ("written", PUT, True, None, LINK)


def test_a_write_that_aws_took_before_the_error_is_told() -> None:
    aws = ScriptedAws(get_policy=[DEFAULT, DeniedError("not allowed", "x")], put_policy=["request"])
    [failed] = apply_plan(plan(LINK), context(aws))
    assert isinstance(failed, FailedChange)
    assert (failed.taken, failed.unconfirmed) == (True, True)


@pytest.mark.parametrize(("seconds", "asked"), [(STALE_AFTER, False), (STALE_AFTER + 0.1, True)])
def test_after_a_change_that_took_long_the_bucket_is_read_again(seconds: float, asked: bool) -> None:
    """The change itself is made by then, and the error says so."""
    clock = ScriptedClock()

    def made() -> str:
        clock.sleep(seconds)
        return "made"

    aws = ScriptedAws(
        create_grant=[made],
        list_grants=[(GRANT,)],
        read_encryption=[Encryption("aws:kms", str(key())), DeniedError("not allowed", "x")],
        describe_key=[Key(key(), "Enabled")],
    )
    [done] = apply_plan(plan(ADDITION, outcomes=(outcome(Via.GRANT),)), context(aws, clock, read_at=-60.0))
    assert isinstance(done, FailedChange) is asked
    if isinstance(done, FailedChange):
        assert done.error.message == "not allowed; the change itself was written"


def test_a_change_long_after_the_plan_is_made_only_while_the_bucket_has_the_same_key() -> None:
    aws = ScriptedAws(read_encryption=[Encryption("AES256")])
    [failed] = apply_plan(plan(ADDITION, outcomes=(outcome(Via.GRANT),)), context(aws, read_at=-60.0))
    assert isinstance(failed, FailedChange)
    assert "the default encryption of bucket data has changed since the plan was made" in failed.error.message
    assert aws.calls == ["read_encryption"]


def test_ids_that_may_be_new_roles_are_watched_before_a_policy_is_written() -> None:
    dead = "AROADEADDEADDEAD12345"
    before = with_statement(DEFAULT, {**DENY, "Principal": {"AWS": dead}})
    pruning = change_policy(
        key(), Operation.LINK, LINK.accesses, parsed(before), prune_orphans=True, dead=frozenset({dead})
    )
    heard = Heard()
    aws = ScriptedAws(get_policy=[before, pruning.after.text], put_policy=["request"])
    apply_plan(plan(pruning, outcomes=()), context(aws, progress=heard))
    assert heard.steps[0] == f"waiting whether {dead} is a new role of another account"


def test_a_dry_run_asks_kms_about_grants_alone() -> None:
    aws = ScriptedAws(create_grant=[""], end_grant=[DeniedError("not allowed", "x")])
    tried = try_plan(plan(ADDITION, LINK, ENDING), context(aws))
    assert [one.result for one in tried if isinstance(one, AppliedChange)] == [
        "KMS would create the grant (tried with its DryRun)",
        "not written: dry run",
    ]
    assert isinstance(tried[2], FailedChange)
    assert (aws.calls, aws.named) == (["create_grant", "end_grant"], [{"dry_run": True}] * 2)
    assert not any(one.changed for one in tried)
    [ended] = try_plan(plan(ENDING), context(ScriptedAws(end_grant=[""])))
    assert isinstance(ended, AppliedChange)
    assert (ended.result, ended.changed) == ("KMS would end the grant (tried with its DryRun)", False)


@pytest.mark.parametrize(("one", "what"), [(ADDITION, "a grant"), (ENDING, "the end of grant made")])
def test_a_dry_run_that_was_carried_out_ends_the_run_and_is_told(one: Change, what: str) -> None:
    error = NotAwsAnswerError("it was carried out", "x")
    error.carried_out = True
    run = context(ScriptedAws(create_grant=[error], end_grant=[error]))
    with pytest.raises(NotAwsAnswerError):
        try_plan(plan(one, LINK), run)
    assert run.journal.done == [f"{what} on key {key()}"]
    answer = NotAwsAnswerError("no answer of AWS's", "x")
    run = context(ScriptedAws(create_grant=[answer], end_grant=[answer]))
    [failed, _] = try_plan(plan(one, LINK), run)
    assert (failed.changed, run.journal.wrote) == (False, False)


# The plan, once it is made


def test_a_plan_that_was_made_as_it_stands_stays_the_same() -> None:
    several: list[list[AppliedChange | FailedChange]] = [
        [AppliedChange(LINK, "written", made=LINK, held=PUT)],
        [AppliedChange(LINK, "written", made=LINK, held=json.dumps(json.loads(PUT), indent=2))],
        [AppliedChange(ADDITION, "created", held=DEFAULT)],
        [AppliedChange(ADDITION, "created")],
        [FailedChange(LINK, ChangedError("x"))],
        [AppliedChange(ENDING, "revoked"), FailedChange(ENDING, UnconfirmedError("x"))],
    ]
    assert repr(several[0][0]) == f"<AppliedChange written: {LINK!r}>"
    pair = outcome()
    assert pair.facts is not None
    others = (pair._replace(facts=None), pair._replace(facts=pair.facts._replace(key=None)))
    for results in several:
        whole = plan(LINK, outcomes=(*others, pair))
        assert as_made(whole, results) is whole


def test_what_somebody_else_did_meanwhile_is_nothing_that_was_done() -> None:
    made = replace(LINK.again(LINK.after))
    done = AppliedChange(LINK, "nothing left to do", made=made, changed=False, held=PUT)
    other = outcome(cache=OTHER_CACHE)
    first, second = as_made(plan(LINK, outcomes=(outcome(), other)), [done]).outcomes
    assert first.status is Status.NOTHING
    assert first.summary.endswith("; ends a grant")
    assert first.short.endswith("; ends a grant")
    assert first.summary != "planned; ends a grant"
    assert second == other
    written = as_made(plan(LINK), [done._replace(changed=True)]).outcomes[0]
    assert (written.status, written.summary) == (Status.TO_DO, first.summary)


def blocked(via: Via, done: AppliedChange, operation: Operation = Operation.LINK) -> tuple[Outcome, Outcome]:
    pair, other = outcome(via), outcome(via, OTHER_CACHE)
    found = as_made(plan(done.change, operation=operation, outcomes=(pair, other)), [done]).outcomes
    assert found[1] == other
    return pair, found[0]


@pytest.mark.parametrize(
    ("via", "done"),
    [
        (Via.POLICY, AppliedChange(LINK, "written", made=LINK, held=with_statement(PUT, DENY))),
        (Via.GRANT, AppliedChange(ADDITION, "created", grant="made", held=with_statement(DEFAULT, DENY))),
    ],
)
def test_a_deny_that_came_meanwhile_blocks_the_pair(via: Via, done: AppliedChange) -> None:
    pair, found = blocked(via, done)
    assert found.status is Status.BLOCKED
    assert found.error is not None
    assert "statement 'No' of the key policy denies kms:Decrypt" in found.error.message
    assert found.error.message.endswith("; that came after the plan was made, and the link itself is written")
    assert (found.summary, found.short, found.facts) == (found.error.message, "", pair.facts)
    assert blocked(via, done, Operation.UNLINK)[1].status is Status.TO_DO


def test_what_came_meanwhile_and_is_not_decided_is_a_warning() -> None:
    doubtful = {**DENY, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}
    for via, done in (
        (Via.POLICY, AppliedChange(LINK, "written", made=LINK, held=with_statement(PUT, doubtful))),
        (Via.GRANT, AppliedChange(ADDITION, "created", grant="made", held=with_statement(DEFAULT, doubtful))),
    ):
        _, found = blocked(via, done)
        assert found.status is Status.TO_DO
        assert any("'No'" in one for one in found.warnings)


def test_what_grants_give_the_pair_already_counts() -> None:
    perhaps = {
        "Sid": "Perhaps",
        "Effect": "Allow",
        "Principal": {"AWS": str(ROLE.arn)},
        "Action": "kms:*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    }
    gone = AppliedChange(LINK, "written", made=LINK, held=with_statement(DEFAULT, perhaps))
    for grants, warns in (((), True), ((GRANT,), False), (None, True)):
        pair = outcome(grants=())
        assert pair.facts is not None
        pair = pair._replace(facts=pair.facts._replace(grants=grants))
        [found] = as_made(plan(LINK, outcomes=(pair,)), [gone]).outcomes
        assert bool(found.warnings) is warns


def test_a_statement_that_changes_nothing_for_the_pair_is_no_warning() -> None:
    allow = {**DENY, "Sid": "Theirs", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/theirs"}}
    for via, done in (
        (Via.POLICY, AppliedChange(LINK, "written", made=LINK, held=with_statement(PUT, allow))),
        (Via.GRANT, AppliedChange(ADDITION, "created", grant="made", held=with_statement(DEFAULT, allow))),
    ):
        pair, found = blocked(via, done)
        assert (found.status, found.warnings) == (pair.status, ())


OTHER_GRANT = GRANT._replace(grant_id="other", name=grant_name(CACHE, "other"))
NOT_ENDED = FailedChange(GrantEnding(key(), OTHER_GRANT), ChangedError("x"))
UNLINK = change(0, PUT, Operation.UNLINK)
BY_GRANT = f"{CACHE} keeps access to the key by grant {OTHER_GRANT.name}"


def left(*results: AppliedChange | FailedChange, **facts: Any) -> tuple[str, ...]:
    """The warnings of an unlink with these results."""
    pair = outcome(Via.POLICY, policy=PUT, grants=(OTHER_GRANT, GRANT))
    assert pair.facts is not None
    pair = pair._replace(facts=pair.facts._replace(**facts), warnings=("Careful.",))
    made = as_made(plan(*(one.change for one in results), operation=Operation.UNLINK, outcomes=(pair,)), results)
    first, *more = made.outcomes[0].warnings
    assert first == "Careful."
    return tuple(more)


def test_a_grant_for_another_bucket_that_could_not_be_ended_leaves_the_pair_its_access() -> None:
    done = AppliedChange(UNLINK, "written", made=UNLINK, held=DEFAULT)
    [warning] = left(NOT_ENDED, done)
    assert warning.startswith(BY_GRANT)
    assert any(one.startswith(BY_GRANT) for one in left(NOT_ENDED))
    assert len(left(NOT_ENDED)) == 2, "and by the statement, which nobody took out"
    [unread] = left(NOT_ENDED, policy=None)
    assert unread.startswith(BY_GRANT.replace("keeps", "may keep"))


def test_what_else_became_of_grants_is_no_matter_of_the_pair() -> None:
    assert left(FailedChange(ENDING, ChangedError("x"))) == (), "its own grant: it is not unlinked"
    assert left(NOT_ENDED, grants=(GRANT,)) == (), "which the pair did not count on"
    assert left(NOT_ENDED, grants=None) == ()
    assert left(NOT_ENDED, key=None) == ()
    assert left(NOT_ENDED._replace(error=UnconfirmedError("x"))) == (), "ended, most likely"
    assert left(AppliedChange(NOT_ENDED.change, "revoked")) == ()
