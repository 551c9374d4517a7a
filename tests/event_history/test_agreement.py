"""What AWS recorded against the verdict: each state, and nothing taken for an answer that is none."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fcsse.arn import Arn, key_arn, role_arn
from fcsse.evaluator.request import Verdict
from fcsse.event_history.agreement import Agreement, Asked, Changes, Observation, observe, unplaced
from fcsse.event_history.uses import uses_in
from fcsse.model import Pair
from tests.event_history import made

KEY = made.the_key()
ALL_READ = {made.KEY_TEXT: made.NOON - timedelta(days=89)}
NAMELESS = "User: arn is not authorized to perform: kms:Decrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"


def asked(verdict: Verdict = Verdict.ALLOWED, bucket: str = "data", prefix: str | None = "", **more: Any) -> Asked:
    role = Arn.parse(role_arn("aws", made.ACCOUNT, "fc-0123"))
    assert role is not None
    given_members: dict[str, Any] = {
        "pair": Pair("fc-0123", bucket),
        "role": role,
        "key": KEY,
        "bucket_arn": f"arn:aws:s3:::{bucket}",
        "action": "kms:Decrypt",
        "prefix": prefix,
        "current": True,
        "verdict": verdict,
    }
    return Asked(**{**given_members, **more})


def one(question: Asked, *raw: dict[str, Any], changed: Changes | None = None, whole: bool = False) -> Observation:
    changes = changed or Changes(read_from=ALL_READ)
    (found,) = observe([question], uses_in(made.events(*raw)), changes, whole=whole)
    return found


def changes(*raw: dict[str, Any]) -> Changes:
    return Changes(made.events(*raw), read_from=ALL_READ)


def test_allowed_and_allowed() -> None:
    found = one(asked(), made.refused(), made.used(seconds=60))
    assert found.agreement is Agreement.AGREES
    assert found.success is not None
    assert found.refusal is not None
    assert found.last is found.success


def test_denied_and_refused() -> None:
    found = one(asked(Verdict.DENIED), made.used(), made.refused(seconds=60))
    assert found.agreement is Agreement.AGREES
    assert found.last is found.refusal


def test_nothing_recorded_says_nothing() -> None:
    for verdict in Verdict:
        assert one(asked(verdict)).agreement is Agreement.NOT_RECORDED


def test_refused_and_then_the_policy_changed() -> None:
    found = one(asked(), made.refused(), changed=changes(made.put(made.policy("a"), 30)))
    assert found.agreement is Agreement.CHANGED
    assert found.change is not None
    assert found.change.name == "PutKeyPolicy"


@pytest.mark.parametrize(
    "change",
    [
        made.put(made.policy("a"), -30),
        made.put(made.policy("a"), 30, errorCode="AccessDenied"),
        made.put(made.policy("a"), 30, resources=[{"ARN": made.OTHER_KEY}], responseElements=None),
        made.raw("RevokeGrant", 30),
        made.raw("DisableKey", 30),
    ],
    ids=["before", "failed", "of another key", "takes access", "disables"],
)
def test_what_explains_no_refusal(change: dict[str, Any]) -> None:
    assert one(asked(), made.refused(), changed=changes(change)).agreement is Agreement.UNEXPLAINED


@pytest.mark.parametrize("name", ["RevokeGrant", "RetireGrant", "DisableKey", "ScheduleKeyDeletion"])
def test_what_explains_that_access_is_gone(name: str) -> None:
    found = one(asked(Verdict.DENIED), made.used(), changed=changes(made.raw(name, 30)))
    assert found.agreement is Agreement.CHANGED


def test_without_all_changes_read_nothing_is_settled() -> None:
    assert one(asked(), made.refused(), changed=Changes()).agreement is Agreement.UNSETTLED
    late = Changes(read_from={made.KEY_TEXT: made.NOON + timedelta(seconds=1)})
    assert one(asked(), made.refused(), changed=late).agreement is Agreement.UNSETTLED


def test_a_change_that_cloudtrail_does_not_show_yet() -> None:
    own = Changes(times={made.KEY_TEXT: [made.NOON + timedelta(minutes=5)]}, read_from=ALL_READ)
    assert one(asked(), made.refused(), changed=own).agreement is Agreement.CHANGED


def test_an_unknown_verdict_stays_unknown() -> None:
    assert one(asked(Verdict.UNKNOWN), made.used()).agreement is Agreement.UNDECIDED


@pytest.mark.parametrize(
    "raw",
    [
        made.used(cache="fc-01234567890"),
        made.used(key=made.OTHER_KEY),
        made.used(context="arn:aws:s3:::data2/a.txt"),
        made.used(context="arn:aws:s3:::data"),
        made.used(context=None),
        made.used(eventSource="example.amazonaws.com"),
        made.used("GenerateDataKey"),
        {**made.refused(), "errorCode": "ThrottlingException"},
    ],
    ids=[
        "other cache",
        "other key",
        "other bucket",
        "other form",
        "no context",
        "other service",
        "other action",
        "throttled",
    ],
)
def test_what_is_about_something_else(raw: dict[str, Any]) -> None:
    assert one(asked(), raw).agreement is Agreement.NOT_RECORDED


@pytest.mark.parametrize("session", ["FSx", "MandoService2842426183934887787", "anything"])
@pytest.mark.parametrize("service", ["fas.s3.amazonaws.com", "s3.amazonaws.com", "AWS Internal", None])
def test_the_role_is_known_by_its_issuer_alone(session: str, service: str | None) -> None:
    raw = made.used(session=session)
    raw["userIdentity"]["invokedBy"] = service
    assert one(asked(), raw).agreement is Agreement.AGREES


def test_forms_and_prefixes_are_kept_apart() -> None:
    bucket, under, other = asked(prefix=None), asked(prefix="in/"), asked(prefix="out/")
    uses = uses_in(
        made.events(made.used(context="arn:aws:s3:::data"), made.used(context="arn:aws:s3:::data/in/a", seconds=5))
    )
    found = observe([bucket, under, other], uses)
    assert [one.success is not None for one in found] == [True, True, False]


def test_a_refusal_that_names_no_key_goes_where_access_is_known_to_be_missing() -> None:
    lacking, having = asked(Verdict.DENIED, "data"), asked(Verdict.ALLOWED, "data-two")
    found = observe([lacking, having], uses_in(made.events(made.refused(message=NAMELESS))))
    assert found[0].agreement is Agreement.AGREES
    assert found[1].agreement is Agreement.NOT_RECORDED


def test_a_refusal_that_names_no_key_is_put_down_to_none_where_several_may_be_meant() -> None:
    uses = uses_in(made.events(made.refused(message=NAMELESS)))
    found = observe([asked()], uses)
    assert found[0].agreement is Agreement.NOT_RECORDED
    assert [use.action for use in unplaced([asked()], found, uses)] == ["kms:Decrypt"]
    whole = observe([asked()], uses, Changes(read_from=ALL_READ), whole=True)
    assert whole[0].agreement is Agreement.UNEXPLAINED
    assert unplaced([asked()], whole, uses) == ()
    other = key_arn(made.OTHER_KEY)
    assert other is not None
    two = [asked(), asked(bucket="data-two", key=other)]
    assert {one.agreement for one in observe(two, uses, whole=True)} == {Agreement.NOT_RECORDED}


def test_a_refusal_that_names_the_key_only_is_taken_for_the_form_in_use() -> None:
    current, former = asked(), asked(Verdict.DENIED, prefix=None, current=False)
    found = observe([current, former], uses_in(made.events(made.refused())), Changes(read_from=ALL_READ))
    assert found[0].agreement is Agreement.UNEXPLAINED
    assert found[0].vague
    assert found[1].agreement is Agreement.NOT_RECORDED


def test_an_object_that_another_rule_is_about() -> None:
    """The verdict on the prefix is that on all of its objects; AWS answered about one."""
    found = one(asked(Verdict.DENIED, verdict_on=lambda _: Verdict.ALLOWED), made.used())
    assert found.agreement is Agreement.AGREES
    assert found.verdict is Verdict.ALLOWED


def test_a_success_and_a_refusal_in_one_second_count_as_a_refusal() -> None:
    assert one(asked(), made.refused(), made.used()).agreement is Agreement.UNEXPLAINED


_KINDS = [made.used, made.refused]


@given(
    st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(0, 50)), max_size=8),
    st.sampled_from(list(Verdict)),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_the_answer_hangs_on_the_latest_event_whatever_the_order(
    raw: list[tuple[int, int]], verdict: Verdict, read: bool, chance: Any
) -> None:
    built = [_KINDS[kind](seconds=seconds) for kind, seconds in raw]
    chance.shuffle(built)
    found = one(asked(verdict), *built, changed=Changes(read_from=ALL_READ if read else {}))
    if not raw:
        assert found.agreement is Agreement.NOT_RECORDED
        return
    newest = max(seconds for _, seconds in raw)
    refused = any(kind == 1 and seconds == newest for kind, seconds in raw)
    if verdict is Verdict.UNKNOWN:
        assert found.agreement is Agreement.UNDECIDED
    elif (verdict is Verdict.ALLOWED) is not refused:
        assert found.agreement is Agreement.AGREES
    else:
        assert found.agreement is (Agreement.UNEXPLAINED if read else Agreement.UNSETTLED)


def test_never_allowed_by_silence() -> None:
    """Whatever the verdict, an observation without a recorded success claims none."""
    for verdict, events in itertools.product(Verdict, ([], [made.refused()])):
        found = one(asked(verdict), *events)
        assert found.success is None
        assert not (found.agreement is Agreement.AGREES and verdict is Verdict.ALLOWED)
