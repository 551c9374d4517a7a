"""What a run says of writes that failed: whether AWS took them, or may have."""

from __future__ import annotations

import pytest

from fcsse.apply.apply import FailedChange, written_policies
from fcsse.apply.write_log import WriteLog
from fcsse.errors import ChangedError, FcsseError, UnconfirmedError
from tests.write_protocol.simulation import DEFAULT, change, key


@pytest.mark.parametrize(
    ("error", "taken", "written"),
    [(UnconfirmedError, False, True), (ChangedError, True, True), (ChangedError, False, False)],
)
def test_a_write_of_unknown_fate_may_have_overwritten_another(
    error: type[FcsseError], taken: bool, written: bool
) -> None:
    failed = FailedChange(change(0, DEFAULT), error("x"), taken=taken)
    assert (failed.changed, written_policies([failed])) == (written, (key(),) if written else ())


def test_a_second_write_to_the_same_policy_is_counted_too() -> None:
    log = WriteLog()
    for number in (1, 2):
        log.begin("the policy of key k")
        log.finish()
        assert log.taken == number
    log.begin("the policy of key k")
    log.refuse()
    log.begin("the policy of key k")
    log.miss()
    assert (log.taken, log.done) == (2, ["the policy of key k"])
    log.begin("the policy of key k")
    log.miss(others_wrote=True)
    assert log.taken == 3
