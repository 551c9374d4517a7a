"""Making and ending grants where answers are late, lost or refusals, with KMS by a script."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fcsse.apply.context import ApplyContext
from fcsse.apply.grants import add_grant, end_grant, try_grant
from fcsse.errors import (
    BusyError,
    DeniedError,
    DenyingPolicy,
    FcsseError,
    NotFoundError,
    NotVisibleError,
    PolicyRefusedError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.model import Grant, Role
from fcsse.planning.changes import GrantAddition, GrantEnding
from tests.write_protocol.scripted import Heard, ScriptedAws, ScriptedClock, context
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, START, cache_name, key

ROLE = str(Role.computed("aws", ACCOUNT, cache_name(0)).arn)
OPERATIONS = ("Decrypt", "DescribeKey")
ADDITION = GrantAddition(key(), ROLE, "ours", OPERATIONS)
MADE = Grant("made", ROLE, frozenset(OPERATIONS), "ours", issuing_account=ACCOUNT)
ENDING = GrantEnding(key(), MADE)
BUSY, LOST = BusyError("KMS is busy", "x"), UnexpectedError("no answer", "x")


def not_visible(*, repeated: bool = False) -> NotVisibleError:
    error = NotVisibleError("KMS does not see the role.", "x")
    error.repeated = repeated
    return error


class Kms:
    """A run whose calls KMS answers so, and what it told."""

    def __init__(self, run: dict[str, Any] | None = None, **answers: list[Any]) -> None:
        self.aws = ScriptedAws(**{"find_role": [Role.computed("aws", ACCOUNT, cache_name(0))], **answers})
        self.clock, self.heard = ScriptedClock(), Heard()
        self.run: ApplyContext = context(self.aws, self.clock, progress=self.heard, **(run or {}))

    def count(self, call: str) -> int:
        return self.aws.calls.count(call)


def test_a_grant_is_made_and_seen() -> None:
    kms = Kms(create_grant=["made"], list_grants=[(), (MADE,)])
    done = add_grant(ADDITION, kms.run)
    assert (done.grant_id, done.result, done.notes, done.changed, done.held) == ("made", "created", (), True, None)
    assert (kms.run.journal.done, kms.run.journal.taken) == ([f"grant ours on key {key()}"], 1)
    assert kms.heard.steps == [f"creating a grant on key {key().resource[4:]}", "waiting until KMS shows the grant"]
    assert kms.count("get_policy") == 0


def test_the_key_policy_is_read_again_where_the_plan_was_made_by_it() -> None:
    readers = {"readers": {str(key()): "444455556666"}}
    assert (
        add_grant(ADDITION, Kms(readers, create_grant=["made"], list_grants=[(MADE,)], get_policy=[DEFAULT]).run).held
        == DEFAULT
    )
    done = add_grant(ADDITION, Kms(readers, create_grant=["made"], list_grants=[(MADE,)], get_policy=[BUSY]).run)
    note = "Whether the key policy still lets the grant work could not be read: KMS is busy."
    assert (done.held, done.notes) == (None, (note,))


def test_a_grant_that_shows_too_late_is_unconfirmed() -> None:
    for answers, why in (([()], ""), ([BUSY], " (KMS is busy)"), ([BUSY, ()], ""), ([(), LOST], " (no answer)")):
        kms = Kms({"wait": 3.0}, create_grant=["made"], list_grants=list(answers))
        with pytest.raises(UnconfirmedError) as caught:
            add_grant(ADDITION, kms.run)
        said = f"creating a grant on key {key()}: KMS answered grant made, but did not list it within 3 s{why}"
        assert caught.value.message == said
        assert "allow more with --wait" in caught.value.hint
        assert kms.clock.time == pytest.approx(3.0)


def test_where_grants_may_not_be_listed_the_grant_counts_as_made() -> None:
    kms = Kms(create_grant=["made"], list_grants=[DeniedError("not allowed", "x")])
    assert add_grant(ADDITION, kms.run).notes == ("KMS confirmed it, but it could not be read back: not allowed.",)
    gone = Kms(create_grant=["made"], list_grants=[NotFoundError("the key is gone", "x")])
    with pytest.raises(UnconfirmedError, match=r"within 10 s \(the key is gone\)"):
        add_grant(ADDITION, gone.run)
    assert gone.count("list_grants") == 1


def refused(error: DeniedError, policy: object = DEFAULT) -> DeniedError:
    kms = Kms(create_grant=[error], get_policy=[policy])
    with pytest.raises(DeniedError) as caught:
        add_grant(ADDITION, kms.run)
    assert not kms.run.journal.wrote
    return caught.value


def test_who_may_not_is_told_what_the_owner_of_the_key_has_to_add() -> None:
    error = refused(DeniedError("refused", "Ask.", action="kms:CreateGrant", resource=str(key())))
    assert error.hint.startswith(
        "Ask.\nThe key policy does not allow this call, or only with kms:GrantIsForAWSResource, which excludes direct calls. "
        f"Ask its owner (account {ACCOUNT}) to add:\n{{"
    )
    statement = json.loads(error.hint[error.hint.index("{") :])
    assert statement["Condition"]["StringEquals"] == {"kms:GranteePrincipal": ROLE}
    assert (error.message, error.action, error.resource, error.denied_by) == (
        "refused",
        "kms:CreateGrant",
        str(key()),
        None,
    )


@pytest.mark.parametrize("denied_by", [DenyingPolicy.RESOURCE, DenyingPolicy.SOME])
def test_a_deny_of_the_key_policy_is_named_where_that_can_be_read(denied_by: DenyingPolicy) -> None:
    document = json.loads(DEFAULT)
    no = {"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant", "Resource": "*"}
    denying = json.dumps({**document, "Statement": [*document["Statement"], {**no, "Sid": "No"}, {**no, "Sid": "Nor"}]})
    can = f"its owner (account {ACCOUNT}) can except this grant from the Deny by the condition kms:GranteePrincipal: {ROLE}"
    for answer, which in ((denying, " (statement 'No' or 'Nor')"), (DEFAULT, ""), (LOST, "")):
        error = refused(DeniedError("refused", "Ask.", denied_by=denied_by), policy=answer)
        assert error.hint == f"Ask.\nIf it is the key's policy{which}, {can}"
        assert error.denied_by is denied_by


@pytest.mark.parametrize("denied_by", [DenyingPolicy.SERVICE_CONTROL, DenyingPolicy.RESOURCE_CONTROL])
def test_a_deny_of_the_organization_is_its_administrator_s(denied_by: DenyingPolicy) -> None:
    hint = refused(DeniedError("refused", "Ask.", denied_by=denied_by)).hint
    assert "\nHave the organization's administrator exempt the caller from it, or this grant" in hint
    assert "It binds the caller only, not the cache" in hint


@pytest.mark.parametrize("denied_by", [DenyingPolicy.IDENTITY, DenyingPolicy.BOUNDARY, DenyingPolicy.VPC_ENDPOINT])
def test_another_deny_is_the_caller_s_own(denied_by: DenyingPolicy) -> None:
    hint = refused(DeniedError("refused", "Ask.", denied_by=denied_by)).hint
    assert hint == f"Ask.\nOr create the grant as another role of the cache's account. Its grantee is {ROLE}"


def test_a_refusal_after_a_lost_answer_may_have_been_preceded_by_a_grant() -> None:
    error = DeniedError("refused", "Ask.")
    error.repeated = True
    kms = Kms(create_grant=[error], list_grants=[(), (MADE,)])
    assert add_grant(ADDITION, kms.run).grant_id == "made"
    assert kms.run.journal.taken == 1


OTHERS = {
    "another name": MADE._replace(name="theirs"),
    "another grantee": MADE._replace(grantee=f"{ROLE}0"),
    "no grantee": MADE._replace(grantee=None),
    "other operations": MADE._replace(operations=frozenset({"Decrypt"})),
    "a constraint": MADE._replace(constraint_subset={"a": "b"}),
    "a whole context": MADE._replace(constraint_equals={"a": "b"}),
    "a constraint of a new kind": MADE._replace(other_constraints=("SourceArn",)),
    "there before": MADE._replace(grant_id="old"),
}


@pytest.mark.parametrize("error", [BUSY, LOST])
@pytest.mark.parametrize("what", OTHERS)
def test_after_a_lost_answer_another_grant_is_not_taken_for_ours(what: str, error: FcsseError) -> None:
    kms = Kms({"grants": frozenset({"old"})}, create_grant=[error], list_grants=[(OTHERS[what],)])
    with pytest.raises(type(error)) as caught:
        add_grant(ADDITION, kms.run)
    assert caught.value is error
    assert kms.run.journal.unseen == [f"grant ours on key {key()}"]
    assert kms.clock.time == pytest.approx(5.0)
    both = Kms({"grants": frozenset({"old"})}, create_grant=[error], list_grants=[(OTHERS[what], MADE)])
    assert add_grant(ADDITION, both.run).grant_id == "made"


def test_after_a_lost_answer_a_new_role_s_unique_id_may_be_the_grantee() -> None:
    narrow = replace(ADDITION, subset=(("aws:s3:arn", "arn:aws:s3:::data"),))
    grant = MADE._replace(grantee="AROAEXAMPLEID11111111", constraint_subset=dict(narrow.subset))
    assert add_grant(narrow, Kms(create_grant=[LOST], list_grants=[(grant,)]).run).grant_id == "made"


def test_after_a_lost_answer_nobody_knows_where_grants_may_not_be_listed() -> None:
    kms = Kms(create_grant=[LOST], list_grants=[DeniedError("not allowed", "x")])
    with pytest.raises(UnconfirmedError, match="no answer; whether it was done all the same could not be read"):
        add_grant(ADDITION, kms.run)
    assert kms.run.journal.begun == f"grant ours on key {key()}"


def test_a_role_that_kms_does_not_see_yet_is_waited_for() -> None:
    kms = Kms(create_grant=[not_visible(), not_visible(), "made"], list_grants=[(MADE,)])
    assert add_grant(ADDITION, kms.run).grant_id == "made"
    assert kms.clock.slept == pytest.approx([0.8 * 0.65, 1.28 * 0.65])
    assert (kms.run.journal.taken, kms.run.journal.unseen) == (1, [])
    assert "waiting until KMS sees the new role (0 of 10 s)" in kms.heard.steps


def test_a_role_is_waited_for_while_any_time_is_left() -> None:
    kms = Kms({"wait": 0.5}, create_grant=[not_visible(), "made"], list_grants=[(MADE,)])
    assert add_grant(ADDITION, kms.run).grant_id == "made"


def test_a_role_that_kms_does_not_see_yet_is_asked_for_again_in_a_dry_run() -> None:
    kms = Kms(create_grant=[not_visible(), not_visible(), ""])
    try_grant(ADDITION, kms.run)
    assert [named for name, named in zip(kms.aws.calls, kms.aws.named, strict=True) if name == "create_grant"] == [
        {"dry_run": True}
    ] * 3
    assert kms.clock.slept == pytest.approx([0.8 * 0.65, 1.28 * 0.65])
    assert not kms.run.journal.wrote


def test_where_a_refused_request_was_sent_before_the_grant_may_be_there() -> None:
    kms = Kms({"wait": 0.0}, create_grant=[not_visible(repeated=True)])
    with pytest.raises(NotVisibleError, match="KMS still does not see the role after 0 s"):
        add_grant(ADDITION, kms.run)
    assert kms.run.journal.unseen == [f"grant ours on key {key()}"]
    once = Kms({"wait": 0.0}, create_grant=[not_visible()])
    with pytest.raises(NotVisibleError):
        add_grant(ADDITION, once.run)
    assert not once.run.journal.wrote


def test_a_role_that_is_not_new_is_not_waited_for() -> None:
    for age, waits in ((timedelta(minutes=31), False), (timedelta(minutes=30), True)):
        kms = Kms({"created": {ROLE: START - age}, "wait": 0.0}, create_grant=[not_visible()])
        with pytest.raises(NotVisibleError if waits else PolicyRefusedError) as caught:
            add_grant(ADDITION, kms.run)
        assert ("is not new, so it will not pass by itself" in caught.value.message) is not waits
        assert waits or "aws iam get-role" in caught.value.hint


def test_a_role_that_was_deleted_meanwhile_is_not_waited_for() -> None:
    kms = Kms(create_grant=[not_visible()], find_role=[None])
    with pytest.raises(
        NotFoundError, match=f"creating a grant on key {key()}: the role {ROLE} was deleted meanwhile"
    ) as caught:
        add_grant(ADDITION, kms.run)
    assert caught.value.hint == "Is its cache gone? Check the id."
    assert kms.aws.words[kms.aws.calls.index("find_role")] == (cache_name(0),)
    unknown = Kms(create_grant=[not_visible(), "made"], find_role=[BUSY], list_grants=[(MADE,)])
    assert add_grant(ADDITION, unknown.run).grant_id == "made"


def test_a_grant_is_ended_and_gone() -> None:
    kms = Kms(end_grant=["revoked"], list_grants=[(MADE,), ()])
    done = end_grant(ENDING, kms.run)
    assert (done.grant_id, done.result, done.notes, done.changed) == ("made", "revoked", (), True)
    assert kms.run.journal.done == [f"the end of grant made on key {key()}"]
    assert kms.heard.steps == ["ending grant made…", "waiting until KMS no longer shows the grant"]
    long = GrantEnding(key(), MADE._replace(grant_id="0123456789abcdef"))
    end_grant(long, kms.run)
    assert kms.heard.steps[2] == "ending grant 0123456789ab…"


def test_a_grant_that_is_gone_already_is_no_change() -> None:
    kms = Kms(end_grant=[NotFoundError("none", "x")], list_grants=[(MADE._replace(grant_id="other"),)])
    done = end_grant(ENDING, kms.run)
    assert (done.result, done.changed, kms.run.journal.wrote) == ("gone already", False, False)


def test_a_new_grant_that_kms_does_not_know_everywhere_yet_is_ended_later() -> None:
    kms = Kms(
        end_grant=[NotFoundError("none", "x"), NotFoundError("none", "x"), "retired"],
        list_grants=[(MADE,), (MADE,), ()],
    )
    assert end_grant(ENDING, kms.run).result == "retired"
    never = Kms({"wait": 2.0}, end_grant=[NotFoundError("none", "x")], list_grants=[(MADE,)])
    with pytest.raises(NotFoundError, match="KMS answers that there is none, but still lists it after 2 s") as caught:
        end_grant(ENDING, never.run)
    assert "--wait" in caught.value.hint
    assert never.clock.time == pytest.approx(2.0)


def test_an_end_that_shows_too_late_is_unconfirmed() -> None:
    kms = Kms({"wait": 2.0}, end_grant=["revoked"], list_grants=[(MADE,)])
    with pytest.raises(UnconfirmedError, match="KMS took it, but still lists the grant after 2 s"):
        end_grant(ENDING, kms.run)


def test_an_end_whose_answer_was_lost_is_looked_for() -> None:
    kms = Kms(end_grant=[LOST], list_grants=[(MADE,), ()])
    assert end_grant(ENDING, kms.run).result == "ended"
    assert kms.run.journal.taken == 1
    there = Kms(end_grant=[LOST], list_grants=[(MADE,)])
    with pytest.raises(UnexpectedError, match="no answer"):
        end_grant(ENDING, there.run)
    assert there.run.journal.unseen == [f"the end of grant made on key {key()}"]
    denied = Kms(end_grant=[DeniedError("refused", "x")], list_grants=[(MADE,)])
    with pytest.raises(DeniedError):
        end_grant(ENDING, denied.run)
    assert not denied.run.journal.wrote
