"""How an access gets into a policy, case by case."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcsse.policy import steps as did
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import link, unlink
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import PAGE_SID, Access, documented_statement, sid_for
from tests.policy import reading
from tests.policy.documents import (
    ACCOUNT,
    BOTH,
    BUCKET,
    DEAD,
    FORMS,
    NAMED,
    OBJECT,
    OTHER_ACCOUNT,
    PAGE_STATEMENT,
    PAGE_STATEMENT_EVERY_CACHE,
    ROOT,
    access,
    document,
    ours,
    role,
)
from tests.policy.layouts import KMS, STYLES, Style, write

SID = sid_for("data", False)
ONE, TWO = access("fc-1"), access("fc-2")


def page(text: str) -> PolicyDocument:
    return PolicyDocument.parse('{"Version": "2012-10-17", "Statement": [\n' + text + "\n]}")


def test_a_new_statement_goes_to_the_end_as_documented() -> None:
    edit = link(document(ROOT), [ONE])

    assert edit.steps == (did.StatementAdded(f"'{SID}'", ONE),)
    assert edit.document.value["Statement"] == [ROOT, documented_statement(ONE, SID)]
    assert list(edit.document.statements[1].value) == ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"]


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_what_is_added_is_laid_out_like_the_rest(style: Style) -> None:
    """Byte for byte as the whole document would be written in its own style."""
    both: dict[str, JsonValue] = {"AWS": [role("fc-1"), f"arn:aws:iam::{ACCOUNT}:role/x"]}
    value: list[JsonValue] = [{**ROOT, "Action": ["kms:A", "kms:B"]}, {**ROOT, "Principal": both}]
    new = documented_statement(access("fc-2", forms=BOTH), SID)
    before = PolicyDocument.parse(write({"Statement": value}, style))
    after = link(before, [access("fc-2", forms=BOTH)]).document.text

    assert after == write({"Statement": [*value, new]}, style)


@pytest.mark.parametrize("text", [PAGE_STATEMENT, PAGE_STATEMENT_EVERY_CACHE])
def test_a_statement_pasted_from_the_page_counts(text: str) -> None:
    edit = link(page(text), [access("fc-0123")])

    assert edit.steps == (did.AlreadyThere(f"'{PAGE_SID}'", access("fc-0123")),)
    assert not edit.changed


def test_every_statement_that_takes_part_is_named() -> None:
    before = document(ours("fc-1", sid="a"), ours("fc-1", sid="b", forms=BUCKET), ours("fc-2", sid="c"))
    both = access("fc-1", forms=BOTH)

    assert link(before, [both]).steps == (did.AlreadyThere("'a'", both), did.AlreadyThere("'b'", both))


def test_a_missing_form_joins_a_statement_for_this_role_alone() -> None:
    """Objects written before Bucket Keys were turned on still need the old form."""
    operation = access("fc-1", forms=BUCKET)
    before = document(ours("fc-1", sid="a"), style=KMS)
    edit = link(before, [operation])

    assert edit.steps == (did.FormJoined("'a'", ContextForm.BUCKET, "data", (operation,)),)
    assert reading.given(edit.document) == reading.wanted(access("fc-1", forms=BOTH))
    assert len(edit.document.statements) == 1


def test_a_missing_form_joins_where_all_principals_wish_for_it() -> None:
    wishes = [access("fc-2", forms=BOTH), access("fc-1", forms=BUCKET)]
    edit = link(document(ours("fc-1", "fc-2", sid="a")), wishes)

    served = (wishes[1], access("fc-2", forms=BOTH))
    assert [type(step) for step in edit.steps] == [did.FormJoined, did.AlreadyThere]
    assert edit.steps[0] == did.FormJoined("'a'", ContextForm.BUCKET, "data", tuple(
        access(cache, forms=BUCKET) for cache in ("fc-1", "fc-2")
    ))  # fmt: skip
    assert edit.steps[1] == did.AlreadyThere("'a'", served[1])
    assert len(edit.document.statements) == 1


@pytest.mark.parametrize(
    ("caches", "wishes"),
    [
        (("fc-1", "fc-2"), [access("fc-1", forms=BUCKET)]),
        (("fc-1", "fc-2"), [access("fc-1", forms=BUCKET), access("fc-2", forms=OBJECT)]),
        (("fc-1", "fc-2"), [access("fc-1", forms=BUCKET), access("fc-2", "logs", forms=BUCKET)]),
    ],
)
def test_nobody_else_gets_a_form(caches: tuple[str, ...], wishes: list[Access]) -> None:
    before = document(ours(*caches, sid="a"))
    edit = link(before, wishes)

    assert reading.raw_statements(edit.document)[0] == reading.raw_statements(before)[0]
    gained = reading.given(edit.document) - reading.given(before)
    assert gained == set().union(*(reading.wanted(one) for one in wishes)) - reading.given(before)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["fc-1", "fc-2", "fc-3"]), min_size=1, unique=True),
    FORMS,
    st.lists(st.builds(access, st.sampled_from(["fc-1", "fc-2", "fc-3"]), st.just("data"), FORMS), max_size=4),
    st.sampled_from(STYLES),
)
def test_forms_never_widen_what_was_not_wished(
    caches: list[str], forms: frozenset[ContextForm], wishes: list[Access], style: Style
) -> None:
    before = document(ROOT, ours(*caches, sid="a", forms=forms), style=style)
    edit = link(before, wishes)
    wanted = set().union(*(reading.wanted(one) for one in wishes))

    assert reading.given(edit.document) == reading.given(before) | wanted
    assert link(edit.document, wishes).document is edit.document


def test_a_statement_about_other_buckets_too_is_not_widened() -> None:
    value = ours("fc-1", sid="a")
    value["Condition"] = json.loads(
        json.dumps(value["Condition"]).replace('"arn:aws:s3:::data/*"', '["arn:aws:s3:::data/*", "arn:aws:s3:::x/*"]')
    )
    edit = link(document(value), [access("fc-1", forms=BUCKET)])

    assert edit.steps == (did.StatementAdded(f"'{SID}'", access("fc-1", forms=BUCKET)),)


def test_a_pattern_never_joins_string_equals() -> None:
    """There ``/*`` would be two characters, not a pattern."""
    value = ours("fc-1", sid="a", forms=BUCKET)
    condition = value["Condition"]
    assert isinstance(condition, dict)
    value["Condition"] = {"StringEquals": {**condition["StringEquals"], **condition["StringLike"]}}  # type: ignore[dict-item]
    edit = link(document(value), [access("fc-1", forms=BOTH)])

    assert edit.steps == (did.StatementAdded(f"'{SID}'", access("fc-1", forms=OBJECT)),)
    covered = link(document(value), [access("fc-1", forms=BUCKET)])
    assert covered.steps == (did.AlreadyThere("'a'", access("fc-1", forms=BUCKET)),)


def test_a_role_joins_the_statement_that_differs_only_in_the_role() -> None:
    before = document(ours("fc-1", sid="wide", forms=BOTH), ours("fc-1", sid="a"), ours("fc-3", sid="b"))
    edit = link(before, [TWO])

    assert edit.steps == (did.RoleJoined("'a'", role("fc-2"), TWO),)
    assert edit.document.statements[1].value["Principal"] == {"AWS": [role("fc-1"), role("fc-2")]}
    raw, was = reading.raw_statements(edit.document), reading.raw_statements(before)
    assert (raw[0], raw[2]) == (was[0], was[2])


@pytest.mark.parametrize(
    "other",
    [
        ours("fc-1", sid="a", forms=BUCKET),
        ours("fc-1", sid="a", forms=BOTH),
        ours("fc-1", sid="a", bucket="data2"),
        documented_statement(access("fc-1", region="us-east-1"), "a"),
        documented_statement(access("fc-1", account=OTHER_ACCOUNT), "a"),
        documented_statement(access("fc-1", partition="aws-cn"), "a"),
        {**ours("fc-1", sid="a"), "Effect": "Deny"},
        {**ours("fc-1", sid="a"), "Action": ["kms:Decrypt", "kms:DescribeKey"]},
        ours(sid="a", bucket="data2"),
        {**ours("fc-1", sid="a"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/Loader"}},
    ],
)
def test_a_role_joins_no_other_statement(other: dict[str, JsonValue]) -> None:
    edit = link(document(other), [TWO])

    assert edit.steps == (did.StatementAdded(f"'{SID}'", TWO),)
    assert edit.document.statements[0].value == other


def test_every_cache_has_a_statement_of_its_own() -> None:
    everyone = access(None)
    edit = link(document(ours("fc-1", sid="a")), [everyone])

    assert edit.steps == (did.StatementAdded(f"'{sid_for('data', True)}'", everyone),)
    assert link(edit.document, [everyone]).steps == (did.AlreadyThere(f"'{sid_for('data', True)}'", everyone),)


def test_a_form_joins_the_statement_for_every_cache_only_when_every_cache_wishes() -> None:
    before = document(ours(sid="all"))
    everyone, one = access(None, forms=BOTH), access("fc-1", forms=BOTH)

    assert link(before, [everyone]).steps == (
        did.FormJoined("'all'", ContextForm.BUCKET, "data", (access(None, forms=BOTH),)),
    )
    assert link(before, [one]).steps == (did.StatementAdded(f"'{SID}'", access("fc-1", forms=BUCKET)),)


def test_sids_are_unique() -> None:
    taken = [{**ROOT, "Sid": SID}, {**ROOT, "Sid": f"{SID} 2"}, ROOT]
    edit = link(document(*taken), [ONE, access("fc-1", "data", BOTH, region="us-east-1")])

    assert [one.sid for one in edit.document.statements[3:]] == [f"{SID} 3", f"{SID} 4"]


def test_several_wishes_share_new_statements() -> None:
    edit = link(document(ROOT), [TWO, ONE, access("fc-2", "logs", BOTH), TWO, access("fc-9", forms=BUCKET)])

    assert [type(step).__name__ for step in edit.steps] == [
        "StatementAdded",
        "RoleJoined",
        "StatementAdded",
        "StatementAdded",
    ]
    assert edit.document.statements[1].value["Principal"] == {"AWS": [role("fc-1"), role("fc-2")]}
    assert len(edit.document.statements) == 4


def test_wishes_for_the_same_access_are_one() -> None:
    edit = link(document(ROOT), [access("fc-1", forms=BUCKET), access("fc-1", forms=OBJECT)])

    assert edit.steps == (did.StatementAdded(f"'{SID}'", access("fc-1", forms=BOTH)),)


def in_china(value: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """A statement whose bucket has the ARN of another partition, by a slip."""
    changed: dict[str, JsonValue] = json.loads(json.dumps(value).replace("arn:aws:s3:", "arn:aws-cn:s3:"))
    return changed


DRIFT_WIDER = {**ours("fc-1", sid=SID), "Action": "kms:*"}


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (DRIFT_WIDER, "does not say what the documented statement says"),
        ({**ROOT, "Sid": f"{SID} 7"}, "does not say what the documented statement says"),
        ({**DRIFT_WIDER, "Sid": PAGE_SID}, "does not say what the documented statement says"),
        (ours("fc-9", sid=SID, bucket="other"), "about another bucket"),
        (documented_statement(access("fc-1", region="us-east-1"), "any"), "it is for S3 in us-east-1, and the bucket is in eu-west-1"),
        (documented_statement(access("fc-9", region="us-east-1"), SID), "it is for S3 in us-east-1"),
        (in_china(ours("fc-1", sid=PAGE_SID)), "it is about arn:aws-cn:s3:::data, and the bucket is arn:aws:s3:::data"),
        (in_china(ours("fc-1", sid="any")), "it is about arn:aws-cn:s3:::data"),
        (in_china(ours("fc-9", sid=SID)), "it is about arn:aws-cn:s3:::data"),
    ],
)  # fmt: skip
def test_drift_is_shown_and_left_alone(statement: dict[str, JsonValue], reason: str) -> None:
    before = document(statement)
    edit = link(before, [ONE])

    assert isinstance(edit.steps[0], did.Drift)
    assert reason in edit.steps[0].reason
    assert edit.steps[0].label == before.statements[0].label
    assert isinstance(edit.steps[1], did.StatementAdded)
    assert reading.raw_statements(edit.document)[0] == reading.raw_statements(before)[0]


def test_a_wrong_account_in_the_condition_is_drift() -> None:
    value = json.loads(json.dumps(ours("fc-1", sid="a")).replace(f'"{ACCOUNT}"', f'"{OTHER_ACCOUNT}"'))
    edit = link(document(value), [ONE])

    assert edit.steps[0] == did.Drift(
        "'a'", ONE, f"it is for callers of account {OTHER_ACCOUNT}, and the cache is of {ACCOUNT}"
    )


@pytest.mark.parametrize(
    "statement",
    [
        {**DRIFT_WIDER, "Sid": "x"},
        {**ROOT, "Sid": PAGE_SID},
        ours("fc-1", sid=SID),
        ours("fc-2", sid=SID, forms=BOTH),
        in_china(ours("fc-9", sid=PAGE_SID)),
        in_china(ours("fc-1", bucket="data2")),
    ],
)
def test_what_is_no_drift(statement: dict[str, JsonValue]) -> None:
    assert not [step for step in link(document(statement), [ONE]).steps if isinstance(step, did.Drift)]


def test_a_role_takes_the_place_of_a_dead_one() -> None:
    value = ours("fc-1", sid="a")
    value["Principal"] = {"AWS": DEAD[0]}
    edit = link(document(value, style=KMS), [TWO], dead=DEAD)

    assert edit.steps == (did.PrincipalPruned("'a'", DEAD[0]), did.RoleJoined("'a'", role("fc-2"), TWO))
    assert edit.document.text == document(value, style=KMS).text.replace(DEAD[0], role("fc-2"))


def test_dead_principals_go_also_when_nothing_else_changes() -> None:
    value = ours("fc-1", "fc-2", sid="a")
    value["Principal"] = {"AWS": [DEAD[0], role("fc-1"), DEAD[1]]}
    gone = ours("fc-1", sid="b", bucket="old")
    gone["Principal"] = {"AWS": [DEAD[0]]}
    edit = link(document(gone, value, ROOT), [ONE], dead=DEAD)

    assert edit.document == document(ours("fc-1", sid="a"), ROOT)
    assert edit.steps == (
        did.PrincipalPruned("'b'", DEAD[0]),
        did.PrincipalPruned("'a'", DEAD[0]),
        did.PrincipalPruned("'a'", DEAD[1]),
        did.AlreadyThere("'a'", ONE),
        did.StatementTakenOut("'b'"),
    )


def test_dead_principals_of_others_go_only_on_request() -> None:
    before = document({**ROOT, "Principal": {"AWS": [DEAD[0], f"arn:aws:iam::{ACCOUNT}:root"]}})

    assert DEAD[0] in link(before, [ONE], dead=DEAD).document.text
    assert DEAD[0] not in link(before, [ONE], prune=True, dead=DEAD).document.text


@pytest.mark.parametrize("known", [(), (DEAD[1],)])
def test_an_id_of_which_nobody_knows_whose_it_is_stays(known: tuple[str, ...]) -> None:
    """It may be that of a role which is new: only an id that IAM does not know is dead."""
    value = ours("fc-1", sid="a")
    value["Principal"] = {"AWS": [DEAD[0], role("fc-1")]}
    other: dict[str, JsonValue] = {**ROOT, "Principal": {"AWS": [DEAD[0], f"arn:aws:iam::{ACCOUNT}:root"]}}
    before = document(other, value)

    assert link(before, [ONE], prune=True, dead=known).document is before
    assert DEAD[0] in unlink(before, [ONE], prune=True, dead=known).document.text


def test_an_empty_list_of_wishes_changes_nothing() -> None:
    before = PolicyDocument.parse(NAMED["console"])

    assert link(before, []).document is before
