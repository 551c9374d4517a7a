"""How an access leaves a policy, case by case."""

from __future__ import annotations

import json

import pytest

from fcsse.policy import steps as did
from fcsse.policy.difference import Difference, DifferenceKind
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import link, unlink
from fcsse.policy.json_text import JsonValue
from fcsse.policy.statement import Access, documented_statement, sid_for
from tests.policy import reading
from tests.policy.documents import (
    ACCOUNT,
    BOTH,
    BUCKET,
    DEAD,
    NAMED,
    OTHER_ACCOUNT,
    PAGE_STATEMENT,
    ROOT,
    access,
    document,
    ours,
    role,
)
from tests.policy.layouts import KMS, Style, stored_by_kms, write

ONE, TWO = access("fc-1"), access("fc-2")
LOGS = access("fc-1", "logs")


def about(*buckets: str, caches: tuple[str, ...], sid: str = "many") -> dict[str, JsonValue]:
    value = ours(*caches, sid=sid)
    condition = value["Condition"]
    assert isinstance(condition, dict)
    condition["StringLike"] = {"kms:EncryptionContext:aws:s3:arn": [f"arn:aws:s3:::{one}/*" for one in buckets]}
    return value


def test_a_statement_with_nobody_left_goes() -> None:
    edit = unlink(document(ROOT, ours("fc-1", sid="a"), ours("fc-2", sid="b")), [ONE])

    assert edit.steps == (did.StatementTakenOut("'a'", (ONE,)),)
    assert edit.document == document(ROOT, ours("fc-2", sid="b"))


def test_a_role_leaves_the_others() -> None:
    edit = unlink(document(ours("fc-1", "fc-2", "fc-3", sid="a")), [TWO])

    assert edit.steps == (did.RoleTakenOut("'a'", role("fc-2"), (TWO,)),)
    assert edit.document == document(ours("fc-1", "fc-3", sid="a"))


def test_a_role_leaves_others_that_are_no_caches() -> None:
    alice = f"arn:aws:iam::{ACCOUNT}:user/Alice"
    both: dict[str, JsonValue] = {**ours("fc-1", sid="a"), "Principal": {"AWS": [role("fc-1"), alice]}}
    edit = unlink(document(both), [ONE])

    assert edit.steps == (did.RoleTakenOut("'a'", role("fc-1"), (ONE,)),)
    assert edit.document == document({**both, "Principal": {"AWS": alice}})


def test_all_forms_and_regions_go() -> None:
    before = document(
        ours("fc-1", sid="a"),
        ours("fc-1", sid="b", forms=BOTH),
        documented_statement(access("fc-1", forms=BUCKET, region="us-east-1"), "c"),
        ROOT,
    )
    edit = unlink(before, [ONE])

    assert edit.document == document(ROOT)
    assert edit.steps == tuple(did.StatementTakenOut(f"'{name}'", (ONE,)) for name in "abc")


def test_a_statement_pasted_by_hand_goes() -> None:
    before = PolicyDocument.parse(NAMED["page statement by hand"])

    assert unlink(before, [access("fc-0123")]).document.value["Statement"] == []
    assert PAGE_STATEMENT in before.text


@pytest.mark.parametrize(
    "statement",
    [
        ours("fc-12", sid="a"),
        ours("fc-1", sid="a", bucket="data2"),
        ours("fc-1", sid="a", bucket="dat"),
        documented_statement(access("fc-1", account=OTHER_ACCOUNT), "a"),
        ours(sid="a"),
    ],
)
def test_other_accesses_stay(statement: dict[str, JsonValue]) -> None:
    before = document(statement)
    edit = unlink(before, [ONE])

    assert edit.document is before
    assert edit.steps[0] == did.NotThere(ONE)


def test_every_cache_is_taken_out_by_its_own_statement_only() -> None:
    everyone = access(None)
    before = document(
        ours("fc-1", sid="a"), ours(sid="all"), documented_statement(access(None, account=OTHER_ACCOUNT), "b")
    )
    edit = unlink(before, [everyone])

    assert edit.steps == (did.StatementTakenOut("'all'", (everyone,)),)
    assert [one.sid for one in edit.document.statements] == ["a", "b"]


def test_one_of_several_buckets_goes() -> None:
    edit = unlink(document(about("data", "logs", caches=("fc-1",)), ROOT), [ONE])

    assert edit.steps == (did.BucketTakenOut("'many'", "data", (ONE,)),)
    assert edit.document == document(ours("fc-1", sid="many", bucket="logs"), ROOT)


def test_all_of_several_buckets_go() -> None:
    edit = unlink(document(about("data", "logs", caches=("fc-1",)), ROOT), [ONE, LOGS])

    assert edit.steps == (did.StatementTakenOut("'many'", (ONE, LOGS)),)
    assert edit.document == document(ROOT)


def test_several_roles_and_buckets_are_split() -> None:
    """The others keep all, the role keeps the other bucket."""
    edit = unlink(document(about("data", "logs", caches=("fc-1", "fc-2"))), [ONE])

    assert edit.document == document(
        about("data", "logs", caches=("fc-2",)), ours("fc-1", sid=sid_for("logs", False), bucket="logs")
    )
    assert edit.steps == (
        did.RoleTakenOut("'many'", role("fc-1"), (ONE,)),
        did.StatementAdded(f"'{sid_for('logs', False)}'", LOGS),
    )


def test_the_split_joins_what_says_the_same() -> None:
    before = document(about("data", "logs", caches=("fc-1", "fc-2")), ours("fc-3", sid="l", bucket="logs"))
    edit = unlink(before, [ONE])

    assert [one.value for one in edit.document.statements] == [
        about("data", "logs", caches=("fc-2",)),
        ours("fc-3", "fc-1", sid="l", bucket="logs"),
    ]


def test_two_splits_share_one_new_statement() -> None:
    before = document(about("data", "logs", caches=("fc-1", "fc-2")), ours("fc-1", "fc-2", sid="b", forms=BUCKET))
    condition = before.statements[1].value["Condition"]
    assert isinstance(condition, dict)
    condition["StringLike"] = {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::logs", "arn:aws:s3:::data/*"]}
    before = document(*(one.value for one in before.statements))
    edit = unlink(before, [ONE])

    assert reading.given(edit.document) == reading.given(before) - reading.wanted(ONE)
    assert edit.document.statements[2].value == documented_statement(
        access("fc-1", "logs", BOTH), sid_for("logs", False)
    )
    assert len(edit.document.statements) == 3


def test_the_split_does_not_rely_on_the_statement_for_every_cache() -> None:
    """Else taking that one out later would take more than its own."""
    everyone = ours(sid="all", bucket="logs")
    edit = unlink(document(about("data", "logs", caches=("fc-1", "fc-2")), everyone), [ONE])

    assert reading.wanted(LOGS) <= reading.given(edit.document)


def test_a_bucket_that_all_roles_lose_goes_without_a_split() -> None:
    edit = unlink(document(about("data", "logs", caches=("fc-1", "fc-2"))), [ONE, TWO])

    assert edit.document == document(ours("fc-1", "fc-2", sid="many", bucket="logs"))
    assert edit.steps == (did.BucketTakenOut("'many'", "data", (ONE, TWO)),)


def test_roles_that_lose_different_buckets_are_split() -> None:
    edit = unlink(document(about("data", "logs", caches=("fc-1", "fc-2"))), [ONE, access("fc-2", "logs")])
    expected = reading.wanted(LOGS) | reading.wanted(TWO)

    assert reading.given(edit.document) == expected
    assert len(edit.document.statements) == 2


def test_what_still_names_or_covers_the_role_is_reported() -> None:
    wider = {**ours("fc-1", sid="wider"), "Action": "kms:*"}
    deny = {**wider, "Sid": "deny", "Effect": "Deny"}
    before = document(wider, deny, ours(sid="all"), ours("fc-1", sid="a"))
    edit = unlink(before, [ONE])

    assert edit.document == document(wider, deny, ours(sid="all"))
    assert edit.steps == (
        did.StatementTakenOut("'a'", (ONE,)),
        did.StillNamed("'wider'", ONE, (Difference(DifferenceKind.MORE_ACTIONS, ("kms:*",)),)),
        did.StillCovered("'all'", ONE),
    )


def test_dead_principals_of_ours_go_too() -> None:
    """The role of a deleted cache is an id that tells nothing of the cache; KMS would refuse the document."""
    value = ours("fc-1", sid="a")
    value["Principal"] = {"AWS": DEAD[0]}
    edit = unlink(document(ROOT, value), [ONE], dead=DEAD)

    assert edit.document == document(ROOT)
    assert edit.steps == (
        did.PrincipalPruned("'a'", DEAD[0]),
        did.NotThere(ONE),
        did.StatementTakenOut("'a'"),
    )


OF_ONE: JsonValue = {**ours("fc-9"), "Principal": {"AWS": [role("fc-9")]}}
MULTILINE = write({"Statement": [ROOT]}, Style("", unit="   ")).replace('"kms:*"', '[\n         "kms:*"\n      ]')


@pytest.mark.parametrize(
    "text",
    [
        *NAMED.values(),
        MULTILINE,
        '{"Statement":[ ]}',
        '{"Statement":[\n\n]}',
        write({"Statement": [OF_ONE]}, KMS),
        write({"Statement": [OF_ONE]}, Style("")),
        write({"Statement": [OF_ONE]}, Style("", newline="", unit="")),
    ],
)
def test_a_saved_text_restores_what_the_text_alone_cannot_tell(text: str) -> None:
    before = PolicyDocument.parse(text)
    linked = link(before, [ONE]).document

    assert unlink(linked, [ONE], [text]).document.text == text


def test_a_list_of_one_on_a_line_of_its_own_document_stays_a_list() -> None:
    before = PolicyDocument.parse(write({"Statement": [ROOT, OF_ONE]}, Style("", inline_lists=True)))

    assert unlink(link(before, [ONE]).document, [ONE]).document.text == before.text


def test_a_saved_text_with_an_empty_condition_is_not_taken_for_the_same() -> None:
    """Without its empty condition a statement may apply to more."""
    other = document({**ROOT, "Condition": {}})
    edit = unlink(document(ROOT, ours("fc-1")), [ONE], [other.text])

    assert edit.document == document(ROOT)


def test_a_saved_text_is_the_same_by_the_accounts_of_its_partition_and_with_its_empty_elements() -> None:
    by_arn, by_account = (
        document({**ROOT, "Principal": dict[str, JsonValue](AWS=principal), "Condition": dict[str, JsonValue]()})
        for principal in (f"arn:aws-cn:iam::{ACCOUNT}:root", ACCOUNT)
    )
    one = access("fc-1", region="cn-north-1", partition="aws-cn")

    assert unlink(link(by_arn, [one]).document, [one], [by_account.text]).document == by_account


def test_saved_texts_change_nothing_where_nothing_is_taken_out() -> None:
    before = document(ROOT)

    assert unlink(before, [ONE], [before.compact().text]).document is before


OWN = json.dumps(ROOT, indent=2).replace("\n", "\n  ")


@pytest.mark.parametrize(
    "listed",
    [
        "{statement}",
        "[{statement}]",
        "[{statement} ]",
        "[ {statement} ]",
        "[{statement}\n  ]",
        "[{statement}\n]",
        "[{statement}\t]",
        "[\n    {statement}\n  ]",
    ],
)
@pytest.mark.parametrize("statement", [OWN, json.dumps(ROOT), json.dumps(ROOT, separators=(",", ":"))])
@pytest.mark.parametrize("around", ['{{\n  "Version": "2012-10-17",\n  "Statement": {}\n}}\n', '{{"Statement":{}}}'])
@pytest.mark.parametrize("wanted", [[ONE], [ONE, TWO, LOGS]])
def test_one_statement_comes_back_as_it_was_written(
    listed: str, statement: str, around: str, wanted: list[Access]
) -> None:
    before = PolicyDocument.parse(around.format(listed.replace("{statement}", statement)))
    linked = link(before, wanted).document
    assert len(linked.statements) > 1
    assert unlink(linked, wanted).document == before
    in_steps = linked
    for one in wanted:
        in_steps = unlink(in_steps, [one]).document
    assert in_steps == before
    stored = PolicyDocument.parse(write(stored_by_kms(linked.value), KMS))
    assert unlink(stored, wanted, [before.text]).document == before
