"""The verdict on the very object that AWS was asked about."""

from __future__ import annotations

import pytest

from fcsse.evaluator.pair_access import key_rows
from fcsse.evaluator.request import Verdict
from fcsse.event_history.requests import asked_of
from fcsse.policy.document import parsed
from tests.audit.factories import Made, documented, policy, slr


@pytest.mark.parametrize(
    ("name", "expected"),
    [("reports/2026.csv", Verdict.ALLOWED), ("reports/", Verdict.ALLOWED), ("drafts/x", Verdict.DENIED)],
)
def test_an_object_is_judged_by_its_own_arn(name: str, expected: Verdict) -> None:
    text = policy(documented("data", slr("fc-0123"), form="/reports/*"))
    facts = Made().link("fc-0123", "data", text)
    rows = key_rows(facts, parsed(text), (), briefly=True)
    assert rows
    for asked in asked_of(facts, rows):
        assert asked.verdict is not Verdict.ALLOWED
        assert asked.verdict_on
        assert asked.verdict_on(f"arn:aws:s3:::data/{name}") is expected
