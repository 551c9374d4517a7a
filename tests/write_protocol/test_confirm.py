"""Does KMS hold what was written? Looks at a policy that comes late, cannot be read, or that others go on changing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.apply.confirm import LOOKS, Confirmer, holds
from fcsse.apply.context import WaitBudget
from fcsse.apply.lock import RECHECK_DELAY
from fcsse.apply.policy_reader import PolicyReader
from fcsse.commands.restore import RestoreChange
from fcsse.errors import BusyError, DeniedError, UnconfirmedError, UnexpectedError
from fcsse.link_options import Operation
from tests.write_protocol.scripted import Heard, ScriptedAws, ScriptedClock, context
from tests.write_protocol.simulation import DEFAULT, change, key

PLANNED = change(0, DEFAULT)
PUT, OLD = PLANNED.after.text, PLANNED.before
OTHERS = json.dumps({"Version": "2012-10-17", "Statement": []})


class Looking:
    """A confirmer whose KMS shows these texts one after the other, the last one again and again."""

    def __init__(self, *shown: Any, wait: float = 10.0, before: str = DEFAULT, **more: Any) -> None:
        self.clock, self.heard = ScriptedClock(), Heard()
        self.aws = ScriptedAws(get_policy=list(shown))
        run = context(self.aws, self.clock, wait=wait, progress=self.heard, **more)
        self.reader = PolicyReader(run.aws, run.clock, key(), before, 0.0)
        self.confirmer = Confirmer(run, self.reader, WaitBudget(run.clock, run.wait))

    @property
    def looks(self) -> int:
        return len(self.aws.calls)


def beside_ours(number: int) -> str:
    """Our part, and so many statements of somebody else's."""
    document = json.loads(PUT)
    theirs = [{**document["Statement"][0], "Sid": f"Theirs {one}"} for one in range(number)]
    return json.dumps({**document, "Statement": [*document["Statement"], *theirs]})


def full(text: str) -> str:
    """With somebody else's statement that leaves no room for ours."""
    document = json.loads(text)
    theirs = {**document["Statement"][0], "Sid": "x" * 32_200}
    return json.dumps({**document, "Statement": [*document["Statement"], theirs]})


@pytest.mark.parametrize(
    ("text", "held"),
    [(PUT, True), (beside_ours(1), True), (DEFAULT, False), (OTHERS, False), (full(DEFAULT), False), (full(PUT), True)],
)
def test_a_text_holds_a_link_where_making_it_again_changes_nothing(text: str, held: bool) -> None:
    assert holds(PLANNED, text) is held


@pytest.mark.parametrize(("text", "held"), [(DEFAULT, True), (PUT, False), (beside_ours(1), False)])
def test_a_text_holds_an_unlink_where_the_part_is_gone(text: str, held: bool) -> None:
    assert holds(change(0, PUT, Operation.UNLINK), text) is held


def test_a_text_holds_what_gives_no_access_where_it_is_the_text_that_was_meant() -> None:
    restored = RestoreChange(key(), Operation.RESTORE, (), OLD, PLANNED.after, ())
    assert [holds(restored, text) for text in (PUT, DEFAULT, OTHERS)] == [True, False, False]


def test_what_is_to_be_done_for_others_at_the_same_time_does_not_count() -> None:
    """The change would also take out a statement of another cache: that is not what this one was made for."""
    wider = change(1, PUT)
    assert holds(PLANNED, wider.after.text)


def test_the_put_is_seen_at_once() -> None:
    looking = Looking(PUT)
    assert looking.confirmer.read_back(PLANNED, OLD)
    assert (looking.reader.text, looking.clock.slept) == (PUT, [])
    assert looking.heard.steps == ["waiting until KMS shows the new policy"]


def test_the_old_text_is_looked_at_again_after_a_tenth_of_a_second() -> None:
    looking = Looking(DEFAULT, DEFAULT, PUT)
    assert looking.confirmer.read_back(PLANNED, OLD)
    assert looking.looks == 3
    assert looking.clock.slept == pytest.approx([0.075, 0.12])


def test_a_text_that_was_replaced_before_is_no_new_one() -> None:
    looking = Looking(OTHERS, PUT, before=OTHERS)
    looking.reader.take(DEFAULT)
    assert looking.confirmer.read_back(PLANNED, OLD)
    assert looking.looks == 2


def test_another_text_without_our_part_is_somebody_else_s() -> None:
    looking = Looking(OTHERS)
    assert not looking.confirmer.read_back(PLANNED, OLD)
    assert looking.reader.text == OTHERS


@pytest.mark.parametrize("error", [BusyError("KMS is busy", "x"), UnexpectedError("no answer", "x")])
def test_a_reading_that_fails_in_passing_is_made_again(error: Exception) -> None:
    looking = Looking(error, PUT)
    assert looking.confirmer.read_back(PLANNED, OLD)


def test_what_stays_in_the_way_is_named_once_the_time_is_over() -> None:
    looking = Looking(BusyError("KMS is busy", "x"), wait=2.0, backup_ids={str(key()): "the-copy"})
    with pytest.raises(UnconfirmedError) as caught:
        looking.confirmer.read_back(PLANNED, OLD)
    assert caught.value.message == (
        f"updating the policy of key {key()}: KMS took it, but still shows the old one after 2 s (KMS is busy); the old one is "
        "backup the-copy"
    )
    assert "look with fcsse check, or allow more with --wait" in caught.value.hint


def test_what_passed_is_not_named() -> None:
    looking = Looking(BusyError("KMS is busy", "x"), DEFAULT, wait=2.0)
    with pytest.raises(UnconfirmedError, match=r"(?m)still shows the old one after 2 s$"):
        looking.confirmer.read_back(PLANNED, OLD)


def test_where_it_may_not_be_read_nobody_waits() -> None:
    looking = Looking(DeniedError("not allowed", "x"))
    with pytest.raises(UnconfirmedError, match=r"(?m)could not be read back \(not allowed\)$"):
        looking.confirmer.read_back(PLANNED, OLD)
    assert looking.looks == 1


def test_one_look_a_second_later_is_enough_where_nothing_changed() -> None:
    heard: list[object] = []
    looking = Looking(PUT, at_look=heard.append)
    looking.reader.take(PUT)
    assert looking.confirmer.holds_at_recheck(PLANNED)
    assert (looking.looks, looking.clock.slept, heard) == (1, [RECHECK_DELAY], [key()])
    assert looking.heard.steps == ["looking once more after a second"]


def test_where_somebody_wrote_in_that_second_it_is_looked_at_again() -> None:
    looking = Looking(beside_ours(1), beside_ours(2), beside_ours(2), beside_ours(3))
    looking.reader.take(PUT)
    assert looking.confirmer.holds_at_recheck(PLANNED)
    assert looking.looks == 3


def test_a_policy_that_others_go_on_changing_is_looked_at_some_times() -> None:
    looking = Looking(*map(beside_ours, range(1, 20)))
    looking.reader.take(PUT)
    assert looking.confirmer.holds_at_recheck(PLANNED)
    assert looking.looks == LOOKS


def test_what_is_gone_a_second_later_is_not_held() -> None:
    looking = Looking(OTHERS)
    looking.reader.take(PUT)
    assert not looking.confirmer.holds_at_recheck(PLANNED)


def test_where_it_cannot_be_asked_a_second_later_the_error_says_that_it_was_there() -> None:
    looking = Looking(BusyError("KMS is busy", "x"), wait=1.0)
    looking.reader.take(PUT)
    with pytest.raises(UnconfirmedError, match="KMS showed it, but could not be asked again a second later after 1 s"):
        looking.confirmer.holds_at_recheck(PLANNED)


def test_a_put_that_no_reading_saw_is_read_back_a_second_later() -> None:
    heard: list[object] = []
    looking = Looking(PUT, at_look=heard.append)
    assert looking.confirmer.holds_at_recheck(PLANNED, OLD)
    assert (looking.looks, looking.clock.slept, heard) == (1, [RECHECK_DELAY], [key()])


def test_a_put_that_no_reading_saw_and_others_wrote_on_is_looked_at_again() -> None:
    looking = Looking(beside_ours(1))
    assert looking.confirmer.holds_at_recheck(PLANNED, OLD)
    assert (looking.looks, looking.clock.slept) == (2, [RECHECK_DELAY, RECHECK_DELAY])


def test_a_put_that_no_reading_saw_and_others_replaced_is_not_held() -> None:
    looking = Looking(OTHERS)
    assert not looking.confirmer.holds_at_recheck(PLANNED, OLD)
    assert looking.looks == 1


def test_the_recheck_takes_nothing_of_the_time_to_wait() -> None:
    looking = Looking(DEFAULT, PUT, wait=0.05)
    assert looking.confirmer.holds_at_recheck(PLANNED, OLD)
    assert looking.clock.slept[0] == RECHECK_DELAY
