"""What a run says of writes that failed: whether AWS took them, or may have."""

from __future__ import annotations

from typing import Any

import pytest

from fcsse.apply.apply import FailedChange, written_policies
from fcsse.apply.context import ApplyContext, WaitBudget
from fcsse.apply.policy_reader import PolicyReader
from fcsse.apply.send import Sender
from fcsse.apply.write_failure import complete, place
from fcsse.apply.write_log import WriteLog
from fcsse.errors import ChangedError, FcsseError, UnconfirmedError, UnexpectedError
from tests.write_protocol.scripted import ScriptedAws, context
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


SENT = (
    "Sent without a clear answer of AWS's, and somebody else wrote since, so it may have been written and overwritten, or "
    "not: "
)
LOST = "Sent, but neither confirmed by AWS nor to be seen there afterwards, so most likely not written: "


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (WriteLog(), "Nothing was written to AWS."),
        (WriteLog(begun="a"), "It stopped while waiting for AWS's answer to: a. That may have been written or not."),
        (WriteLog(done=["a", "b"]), "Written: a; b."),
        (WriteLog(overwritten=["a", "b"]), f"{SENT}a; b."),
        (WriteLog(unseen=["a", "b"]), f"{LOST}a; b."),
        (WriteLog(done=["a"], overwritten=["a", "b"], unseen=["a", "b", "c"]), f"Written: a. {SENT}b. {LOST}c."),
        (
            WriteLog(begun="a", overwritten=["a", "b"], unseen=["a", "c"]),
            f"It stopped while waiting for AWS's answer to: a. That may have been written or not. {SENT}b. {LOST}c.",
        ),
        (
            WriteLog(done=["a"], owed={"a": "statement 'X'"}),
            "Written: a. Somebody else wrote a at the same moment; what that changed may be lost: statement 'X'.",
        ),
    ],
)
def test_each_write_is_told_once_as_what_is_known_of_it(log: WriteLog, told: str) -> None:
    assert log.told() == told
    assert log.wrote is (told != "Nothing was written to AWS.")


def test_each_write_is_noted_once() -> None:
    log = WriteLog()
    for _ in range(2):
        log.begin("a")
        log.miss()
    assert (log.unseen, log.overwritten, log.begun) == (["a"], [], None)
    for _ in range(2):
        log.begin("b")
        log.miss(others_wrote=True)
    assert (log.unseen, log.overwritten, log.begun) == (["a"], ["b"], None)
    log.miss()
    log.finish()
    assert (log.unseen, log.done) == (["a"], [])


def test_a_write_that_turns_out_to_be_there_is_unseen_no_more() -> None:
    log = WriteLog()
    log.appear()
    assert not log.wrote
    log.begin("a")
    log.miss()
    log.appear()
    assert (log.begun, log.unseen) == ("a", [])
    log.miss(others_wrote=True)
    log.appear()
    assert (log.begun, log.overwritten) == ("a", [])


def wrote(*, taken: int = 0, unanswered: int = 0, owed: str = "", backup: bool = True) -> tuple[ApplyContext, Sender]:
    run = context(ScriptedAws(), backup_ids={str(key()): "the-copy"} if backup else {})
    sender = Sender(run, PolicyReader(run.aws, run.clock, key(), DEFAULT, 0.0), WaitBudget(run.clock, 0.0))
    sender.taken, sender.unanswered = taken, unanswered
    if owed:
        run.journal.owed[place(key())] = owed
    return run, sender


COPY = "; the policy from before is backup the-copy"
MAY_BE_LOST = "; somebody else wrote at the same moment, and what that write changed may be lost: it"
REPLACED = "; the change had been written before, and somebody else's write replaced it"
MAY_BE_THERE = "; the change was sent before and got no answer, so it may have been written all the same"


@pytest.mark.parametrize(
    ("error", "how", "lost", "added"),
    [
        (ChangedError, {}, False, ""),
        (ChangedError, {"owed": "it"}, False, MAY_BE_LOST + COPY),
        (ChangedError, {"owed": "it", "taken": 1}, False, f"; the change itself was written{MAY_BE_LOST}{COPY}"),
        (ChangedError, {"owed": "it", "taken": 1}, True, f"; the change itself was written{COPY}"),
        (ChangedError, {"taken": 1}, False, REPLACED + COPY),
        (ChangedError, {"taken": 1, "backup": False}, False, REPLACED),
        (UnconfirmedError, {"taken": 1}, False, ""),
        (ChangedError, {"unanswered": 1}, False, MAY_BE_THERE + COPY),
        (UnexpectedError, {"unanswered": 1}, False, ""),
    ],
)
def test_an_error_says_what_was_written_before_it(
    error: type[FcsseError], how: dict[str, Any], lost: bool, added: str
) -> None:
    run, sender = wrote(**how)
    assert place(key()) == f"the policy of key {key()}"
    failed = error("x")
    complete(failed, run, key(), sender, lost=lost)
    assert (failed.message, run.journal.owed) == (f"x{added}", {})
