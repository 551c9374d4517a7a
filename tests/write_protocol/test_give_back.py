"""Giving back what CloudTrail's record shows as lost: on the policy as it is now."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from fcsse.apply.give_back import SettleChange, give_back
from fcsse.event_history.losses import Loss
from fcsse.event_history.policy_parts import parts_of
from fcsse.link_options import Operation
from fcsse.policy.document import PolicyDocument
from tests.write_protocol.simulation import DEFAULT, change, key

LINKED = change(0, DEFAULT).after.text
BOTH = change(1, LINKED).after.text


def with_statement(text: str, action: str, sid: str | None = None) -> str:
    document: dict[str, Any] = json.loads(text)
    theirs = {"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}
    return json.dumps({**document, "Statement": [*document["Statement"], {**theirs, **({"Sid": sid} if sid else {})}]})


def losses(text: str, beyond: str = DEFAULT, *, back: bool = False) -> list[Loss]:
    """The parts that this text has and the other one has not."""
    event = cast("Any", SimpleNamespace(policy=text))
    known = parts_of(PolicyDocument.parse(beyond), "aws")
    return [Loss(part, back, event, event) for part in parts_of(PolicyDocument.parse(text), "aws") if part not in known]


def given(text: str, *lost: Loss) -> tuple[list[str], int]:
    """The actions of others' statements then, and how much stays open."""
    found = give_back(PolicyDocument.parse(text), lost, "aws")
    actions = [one["Action"] for one in json.loads(found.document.text)["Statement"] if one["Effect"] == "Deny"]
    return actions, len(found.open)


def test_a_lost_statement_comes_back_once() -> None:
    [one] = losses(with_statement(DEFAULT, "kms:Sign"))
    assert given(DEFAULT, one, one) == (["kms:Sign"], 0)
    assert given(with_statement(DEFAULT, "kms:Sign"), one) == (["kms:Sign"], 0)


def test_a_sid_that_another_statement_has_by_now_is_its_owner_s_matter() -> None:
    [first], [second] = (losses(with_statement(DEFAULT, action, "Theirs")) for action in ("kms:Sign", "kms:Verify"))
    now = with_statement(DEFAULT, "kms:Encrypt", "Theirs")
    assert given(now, first) == (["kms:Encrypt"], 1)
    assert given(DEFAULT, first, second) == (["kms:Sign"], 1), "of two lost ones of the same Sid, the first"
    taken_out = losses(now, back=True)
    assert given(now, *taken_out, first) == (["kms:Sign"], 0), "the other one goes"


def test_statements_without_a_sid_are_no_rivals() -> None:
    [first], [second] = (losses(with_statement(DEFAULT, action)) for action in ("kms:Sign", "kms:Verify"))
    assert given(with_statement(DEFAULT, "kms:Encrypt"), first, second) == (
        ["kms:Encrypt", "kms:Sign", "kms:Verify"],
        0,
    )


def test_a_statement_of_which_no_text_is_known_stays_open() -> None:
    [one] = losses(with_statement(DEFAULT, "kms:Sign"))
    assert given(DEFAULT, one._replace(of=cast("Any", SimpleNamespace(policy="")))) == ([], 1)
    assert given(DEFAULT, one._replace(of=cast("Any", SimpleNamespace(policy=LINKED)))) == ([], 1)


def test_links_come_back_and_go() -> None:
    lost, ended = losses(LINKED), losses(BOTH, LINKED, back=True)
    text = give_back(PolicyDocument.parse(DEFAULT), lost, "aws").document.text
    assert parts_of(PolicyDocument.parse(text), "aws").keys() == parts_of(PolicyDocument.parse(LINKED), "aws").keys()
    left = give_back(PolicyDocument.parse(BOTH), ended, "aws").document
    assert parts_of(left, "aws").keys() == parts_of(PolicyDocument.parse(LINKED), "aws").keys()
    linked = PolicyDocument.parse(LINKED)
    assert give_back(linked, ended, "aws").document is linked, "gone already"
    assert give_back(linked, lost, "aws").document is linked, "there already"


def test_what_others_write_meanwhile_stays() -> None:
    lost = tuple(losses(with_statement(DEFAULT, "kms:Sign")))
    before = PolicyDocument.parse(DEFAULT)
    planned = SettleChange(key(), Operation.SETTLE, (), before, before, (), losses=lost)
    again = planned.again(PolicyDocument.parse(with_statement(DEFAULT, "kms:Encrypt")))
    assert [one["Action"] for one in json.loads(again.after.text)["Statement"][1:]] == ["kms:Encrypt", "kms:Sign"]
    assert again.before.text == with_statement(DEFAULT, "kms:Encrypt")
