"""The digest of what ``settle`` would give back: whatever changes what is written, and where, changes it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fcsse.apply.give_back import SettleChange
from fcsse.arn import key_arn
from fcsse.commands.settle import KeySettlement, Settlement
from fcsse.endpoint import Endpoint
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.observed import Gap, GapReason
from fcsse.link_options import Operation
from fcsse.policy.document import PolicyDocument

KEY = key_arn("arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
NOW = datetime(2026, 11, 29, tzinfo=UTC)
ROOT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    "Action": "kms:*",
    "Resource": "*",
}


def digest(*statements: dict[str, Any], endpoints: tuple[Endpoint, ...] = (), layout: int | None = None) -> str:
    assert KEY is not None
    before, after = (
        PolicyDocument.parse(json.dumps({"Version": "2012-10-17", "Statement": list(some)}, indent=layout))
        for some in ((ROOT,), (ROOT, *statements))
    )
    change = SettleChange(KEY, Operation.SETTLE, (), before, after, ())
    found = KeySettlement(KEY, LostWrites((), (), (), False, 0), change, 0)
    return Settlement((found,), (), (), NOW, endpoints).digest


def test_where_aws_was_asked_counts_and_the_layout_does_not() -> None:
    here = digest(ROOT)
    assert digest(ROOT, layout=4) == here
    assert digest(ROOT, endpoints=(Endpoint("kms", "http://127.0.0.1:1"),)) != here


def test_an_empty_list_is_not_taken_for_none() -> None:
    assert digest({**ROOT, "NotAction": []}) != digest(ROOT)


@pytest.mark.parametrize(
    ("back_to", "since", "unknown"),
    [(None, None, True), (2, None, True), (2, 3, True), (None, 1, True), (2, 2, False), (2, 1, False)],
)
def test_what_was_not_read_may_hide_what_is_lost_unless_it_lies_before_what_was_asked_about(
    back_to: int | None, since: int | None, unknown: bool
) -> None:
    end, start = (NOW - timedelta(days=days) if days else None for days in (back_to, since))
    gap = Gap("eu-west-1", "PutKeyPolicy", GapReason.PAGES, end)
    assert Settlement((), (gap,), (), NOW, (), start).unknown is unknown
    assert not Settlement((), (), (), NOW, (), start).unknown
