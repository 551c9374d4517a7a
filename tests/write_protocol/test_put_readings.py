"""What the readings beside a put say of it, and of others' writes at the same moment."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from fcsse.apply.policy_reader import LAST, PolicyReader
from fcsse.apply.put_readings import STAGGER, PutReadings
from fcsse.aws_calls import AwsCalls
from fcsse.link_options import Operation
from fcsse.planning.changes import PolicyChange
from tests.write_protocol.scripted import Answered, ScriptedAws, ScriptedClock
from tests.write_protocol.simulation import DEFAULT, change, key

DEAD, OTHER = "AROADEADDEADDEAD12345", "arn:aws:iam::111122223333:role/other"
BASE = DEFAULT
PUT = change(0, BASE).after.text


def with_statement(text: str, sid: str) -> str:
    document: dict[str, Any] = json.loads(text)
    theirs = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": f"kms:{sid}", "Resource": "*"}
    return json.dumps({**document, "Statement": [*document["Statement"], theirs]})


THEIRS, LATER, BOTH = with_statement(BASE, "Theirs"), with_statement(BASE, "Later"), with_statement(PUT, "Theirs")


class Beside:
    """A put with readings beside it: ``looks`` are sent before it, and ``shown`` those of the background."""

    def __init__(
        self, *looks: Answered, watched: bool = False, shown: str = PUT, planned: PolicyChange | None = None
    ) -> None:
        self.clock = ScriptedClock()
        aws, planned = ScriptedAws(get_policy=[shown]), planned or change(0, BASE)
        self.reader = PolicyReader(cast("AwsCalls", aws), self.clock, key(), planned.before.text, 0.0)
        self.readings = PutReadings(self.reader, self.clock, planned)
        first, *others = looks or (Answered(BASE),)
        self.readings.begin(first)
        for one in others:
            self.clock.answers = [one]
            assert self.readings.look_again() is one
        with self.readings.around(planned.before, planned, watched=watched):
            pass

    def shows(self, text: str) -> Beside:
        self.reader.take(text)
        return self


def test_one_reading_before_the_put_says_nothing_of_it() -> None:
    beside = Beside(Answered(PUT))
    assert not beside.readings.show()
    assert beside.clock.slept == []


def test_the_last_of_two_readings_goes_right_before_the_put_and_is_waited_for() -> None:
    second = Answered(PUT, takes=LAST)
    beside = Beside(Answered(BASE), second)
    assert beside.clock.slept == [STAGGER]
    assert beside.readings.show()
    assert (beside.reader.text, beside.readings.unseen, second.waited) == (PUT, False, [LAST])


def test_a_reading_that_did_not_see_the_put_leaves_it_to_the_recheck() -> None:
    beside = Beside(Answered(BASE), Answered(BASE))
    assert (beside.readings.show(), beside.readings.unseen, beside.reader.text) == (True, True, BASE)


def test_what_a_reading_left_open_counts_no_more_once_the_put_is_found() -> None:
    beside = Beside(Answered(BASE), Answered(BASE))
    assert beside.readings.show()
    assert (beside.readings.found(), beside.readings.unseen) == (True, False)


def test_a_reading_that_fails_or_takes_too_long_shows_nothing() -> None:
    for second in (Answered(None), Answered(PUT, takes=LAST + 0.1)):
        beside = Beside(Answered(BASE), second)
        assert (beside.readings.show(), beside.readings.unseen, beside.reader.text) == (False, False, BASE)


def test_where_the_policy_is_watched_the_put_is_read_back() -> None:
    beside = Beside(Answered(BASE), Answered(PUT), watched=True)
    assert not beside.readings.show()


@pytest.mark.parametrize(
    ("looks", "now", "others"),
    [
        ([BASE], PUT, []),
        ([THEIRS], PUT, [THEIRS]),
        ([BASE, THEIRS], PUT, [THEIRS]),
        ([THEIRS, LATER], PUT, [THEIRS, LATER]),
        ([PUT, THEIRS], PUT, [THEIRS]),
        ([THEIRS, BOTH], PUT, [BOTH, THEIRS]),  # with our part: made after the put, or by one who did the same before
        ([THEIRS, BOTH], BOTH, [THEIRS]),  # what the policy is now was not overwritten
        (
            [THEIRS, with_statement(BOTH, "Later")],
            BOTH,
            [THEIRS],
        ),  # nor what was made after the put, as others wrote since
    ],
)
def test_the_texts_of_others_that_were_overwritten(looks: list[str], now: str, others: list[str]) -> None:
    beside = Beside(*map(Answered, looks)).shows(now)
    assert beside.readings.others() == others


def test_a_text_that_was_replaced_before_is_nobody_s_write() -> None:
    beside = Beside(Answered(THEIRS)).shows(THEIRS).shows(PUT)
    assert beside.readings.others() == []


def test_where_no_reading_saw_the_put_a_text_with_our_part_may_have_been_overwritten() -> None:
    """The reader's own text is then the one from before."""
    beside = Beside(Answered(BOTH), Answered(BASE))
    assert beside.readings.show()
    assert beside.readings.others() == [BOTH]
    beside.readings.unseen = False
    assert beside.readings.others() == []


def test_each_reading_is_waited_for_as_long_as_told() -> None:
    first, second = Answered(THEIRS, takes=0.5), Answered(LATER, takes=0.2)
    beside = Beside(first, second).shows(PUT)
    assert beside.readings.others(0.2) == [LATER]
    assert beside.readings.others(0.5) == [THEIRS, LATER]
    assert beside.readings.others() == [THEIRS, LATER]


def test_readings_while_the_put_was_on_its_way_come_last() -> None:
    beside = Beside(Answered(THEIRS), watched=True, shown=LATER).shows(PUT)
    assert beside.readings.others() == [THEIRS, LATER]


def test_an_unlink_that_could_not_be_made_on_a_text_was_not_made_there() -> None:
    """What we removed is gone, as others edited it; and a dead principal keeps KMS from taking any change of theirs."""
    planned = replace(change(0, PUT, Operation.UNLINK), dead=frozenset({DEAD}))
    edited = json.loads(with_statement(PUT, "Theirs"))
    edited["Statement"][1]["Principal"]["AWS"] = [edited["Statement"][1]["Principal"]["AWS"], OTHER]
    edited["Statement"][2]["Principal"] = {"AWS": DEAD}
    text = json.dumps(edited)
    beside = Beside(Answered(text), planned=planned).shows(planned.after.text)
    assert beside.readings.others() == [text]
    assert beside.readings.perhaps_newer() == []
    later = with_statement(planned.after.text, "Later")
    both = Beside(Answered(text), Answered(later), planned=planned).shows(planned.after.text)
    assert both.readings.others() == [later, text]


@pytest.mark.parametrize(
    ("looks", "perhaps"),
    [
        ([THEIRS], []),  # it is the last itself
        ([THEIRS, LATER], [THEIRS]),  # the first may have come later than the second
        ([LATER, BOTH], [BOTH]),  # made on ours, perhaps; the first reading is the last of the others
        ([BASE, THEIRS], []),
    ],
)
def test_which_of_two_texts_may_be_newer(looks: list[str], perhaps: list[str]) -> None:
    beside = Beside(*map(Answered, looks)).shows(PUT)
    assert beside.readings.perhaps_newer() == perhaps


def test_of_several_texts_that_may_have_been_made_on_ours_the_last_may_be_newer() -> None:
    beside = Beside(Answered(BOTH), Answered(with_statement(BOTH, "Later")), watched=True, shown=THEIRS).shows(PUT)
    assert beside.readings.perhaps_newer() == [with_statement(BOTH, "Later")]


def test_a_first_reading_that_was_answered_before_the_put_is_older_than_those_watched() -> None:
    beside = Beside(Answered(THEIRS), watched=True, shown=LATER).shows(PUT)
    assert beside.readings.perhaps_newer() == []


def test_a_first_reading_that_was_still_on_its_way_may_be_newer_than_those_watched() -> None:
    first = Answered(THEIRS, takes=0.1)
    beside = Beside(first, watched=True, shown=LATER).shows(PUT)
    first.takes = 0.0
    assert beside.readings.perhaps_newer() == [THEIRS]


def test_a_first_reading_that_failed_is_not_on_its_way() -> None:
    first = Answered(None)
    beside = Beside(first, watched=True, shown=LATER).shows(PUT)
    first.text = THEIRS
    assert beside.readings.perhaps_newer() == []
