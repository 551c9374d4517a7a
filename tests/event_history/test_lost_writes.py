"""Lost writes by CloudTrail's record: found where there are some, never where there are none, never guessed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcsse.apply.backup import BackupFolder
from fcsse.apply.give_back import give_back
from fcsse.event_history.loss_phrases import part_name
from fcsse.event_history.losses import LostWrites, Unknown
from fcsse.event_history.lost_writes import find_lost_writes
from fcsse.event_history.policy_parts import parts_of
from fcsse.event_history.put_basis import PutBasis, basis_in
from fcsse.link_options import AccessLevel
from fcsse.policy.document import PolicyDocument
from fcsse.policy.edit import link
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.equivalence import digest_of
from fcsse.policy.statement import Access, documented_statement
from fcsse.policy.statement_edits import with_statements
from tests.event_history import made
from tests.policy.documents import access
from tests.write_protocol.recorded import LATER, bases_in, event_of, events_of, record_of, settled
from tests.write_protocol.simulation import START, Put, SimulatedKey, World
from tests.write_protocol.test_simulated import Fcsse, sids

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SEEDS = st.integers(0, 2**32)
BUCKET, OBJECT = ContextForm.BUCKET, ContextForm.OBJECT
BASE = made.policy("root")
THEIRS = made.policy("root", "theirs")
OURS = made.policy("root", "ours")
BOTH = made.policy("root", "theirs", "ours")


def mark(text: str, age: float = 0.06) -> str:
    return PutBasis(digest_of(PolicyDocument.parse(text))[:16], age).mark


def find(
    *puts: Put, now: str | None = None, drop: tuple[int, ...] = (), bases: dict[str, PutBasis] | None = None
) -> LostWrites:
    events = [event_of(number, put, len(puts) - number) for number, put in enumerate(puts, 1) if number not in drop]
    shown = PolicyDocument.parse(now or puts[-1].after)
    return find_lost_writes(record_of(events), bases or {}, shown, START + LATER)


def foreign(at: float, text: str) -> Put:
    return Put(at, "somebody", "", text)


def ours(at: float, base: str, text: str, age: float = 0.06) -> Put:
    return Put(at, "fcsse", "", text, mark(base, age))


def test_a_mark_is_read_back() -> None:
    basis = basis_in(f"Boto3/1.40 {mark(BASE, 0.123)}")
    assert basis is not None
    assert basis.age == 0.123
    assert digest_of(PolicyDocument.parse(BASE)).startswith(basis.digest)
    assert basis_in("aws-cli/2.31.0 md/fcsse-base#xyz-1") is None


def test_a_statement_that_was_run_over_is_lost() -> None:
    found = find(foreign(0, BASE), foreign(10, THEIRS), ours(10.5, BASE, OURS), now=OURS)
    (loss,) = found.lost
    assert (loss.part.sid, loss.back) == ("theirs", False)
    text = give_back(PolicyDocument.parse(OURS), found.lost, "aws").document.text
    assert sids(text) == {"root", "theirs", "ours"}


def test_a_version_that_was_run_over_is_lost_and_left_to_its_owner() -> None:
    """By it, variables in statements are read as such."""
    base, theirs = BASE.replace("2012-10-17", "2008-10-17"), BASE
    assert base != theirs
    put = OURS.replace("2012-10-17", "2008-10-17")
    found = find(foreign(0, base), foreign(10, theirs), ours(10.5, base, put))
    (loss,) = found.lost
    assert (part_name(loss), loss.back) == ("Version 2012-10-17 of the policy", False)
    given = give_back(PolicyDocument.parse(put), found.lost, "aws")
    assert (given.document.text, given.open) == (put, (loss,))
    later = find(foreign(0, base), foreign(10, theirs), ours(10.5, base, put), foreign(20, OURS))
    assert not later.lost


def test_a_statement_that_somebody_took_out_is_back() -> None:
    found = find(foreign(0, THEIRS), foreign(10, BASE), ours(10.5, THEIRS, BOTH), now=BOTH)
    assert [(one.part.sid, one.back) for one in found.lost] == [("theirs", True)]
    assert sids(give_back(PolicyDocument.parse(BOTH), found.lost, "aws").document.text) == {"root", "ours"}


def test_a_statement_that_was_changed_is_put_back_as_it_was_changed() -> None:
    old = json.loads(THEIRS)
    old["Statement"][1]["Action"] = "kms:DescribeKey"
    before, after = (
        json.dumps(old),
        json.dumps({**old, "Statement": [*old["Statement"], json.loads(OURS)["Statement"][1]]}),
    )
    found = find(foreign(0, before), foreign(10, THEIRS), ours(10.5, before, after), now=after)
    assert {(one.part.sid, one.back) for one in found.lost} == {("theirs", False), ("theirs", True)}
    given_back = give_back(PolicyDocument.parse(after), found.lost, "aws")
    assert given_back.open == ()
    (statement,) = [one for one in json.loads(given_back.document.text)["Statement"] if one["Sid"] == "theirs"]
    assert statement["Action"] == "kms:*"


def test_what_was_given_back_or_written_anew_since_is_not_lost() -> None:
    lost = (foreign(0, BASE), foreign(10, THEIRS), ours(10.5, BASE, OURS))
    assert find(*lost, foreign(20, BOTH)).lost == ()
    assert find(*lost, foreign(20, BOTH), foreign(30, OURS)).lost == (), "taken out on purpose after that"
    anew = json.loads(BOTH)
    anew["Statement"][1]["Action"] = "kms:DescribeKey"
    assert find(*lost, foreign(20, json.dumps(anew))).lost == ()


def test_in_one_second_the_policy_of_now_tells_which_came_last() -> None:
    puts = (foreign(0, BASE), foreign(10, THEIRS), ours(10, BASE, OURS))
    assert [one.part.sid for one in find(*puts, now=OURS).lost] == ["theirs"]
    assert find(*puts, now=THEIRS).lost == ()


def test_in_one_second_of_long_ago_it_is_not_in_the_record_unless_a_reading_tells() -> None:
    puts = (
        foreign(0, BASE),
        foreign(10, THEIRS),
        ours(10, BASE, OURS),
        foreign(60, made.policy("root", "ours", "more")),
    )
    found = find(*puts)
    assert found.lost == ()
    assert [one.part.sid for one in found.unsure] == ["theirs"]
    held = {"request-3": PutBasis(digest_of(PolicyDocument.parse(BASE))[:16], 0.06, BASE, held=True)}
    assert [one.part.sid for one in find(*puts, bases=held).lost] == ["theirs"]


def test_what_was_there_before_the_record_may_be_put_back_in_the_second_of_our_first_write() -> None:
    """What that second write of ours had read, and took back as it was told to, is not lost. The record lists them in
    another order.
    """
    more = made.policy("root", "theirs", "newer")
    puts = [ours(0.1, BASE, OURS), foreign(0.2, THEIRS), foreign(0.3, more), ours(0.6, more, BASE)]
    events = [event_of(number, put, place) for number, put, place in zip(range(1, 5), puts, (1, 3, 2, 0), strict=True)]
    copies = {"request-4": PutBasis(digest_of(PolicyDocument.parse(more)), 0.06, more, held=True)}
    found = find_lost_writes(record_of(events), copies, PolicyDocument.parse(BASE), START + LATER)
    assert found.lost == ()


@pytest.mark.parametrize("drop", [(2,), (1, 2)])
def test_a_version_that_is_missing_makes_no_loss(drop: tuple[int, ...]) -> None:
    """Ours was made from the missing one: what differs from the one before may be its doing."""
    puts = (foreign(0, THEIRS), foreign(100, BASE), foreign(150, made.policy("root")), ours(200, BASE, OURS))
    assert find(*puts, drop=drop).lost == ()
    gap = (foreign(0, BASE), foreign(50, THEIRS), foreign(100, BASE), ours(200, BASE, OURS))
    found = find(*gap, drop=(3,))
    assert found.lost == ()
    assert [one.reason for one in found.doubts] == [Unknown.GAP]


def test_an_event_without_a_text_makes_no_loss() -> None:
    puts = (foreign(0, BASE), foreign(10, "no JSON"), ours(10.5, BASE, OURS))
    found = find(*puts)
    assert (found.lost, [one.reason for one in found.doubts]) == ((), [Unknown.NO_TEXT])


def test_a_version_with_our_part_may_have_come_after_our_put_though_kms_still_showed_that() -> None:
    """KMS shows old versions for a while: what it showed a second later does not tell which of two writes came last."""
    puts = (foreign(0, BASE), foreign(10, BOTH), ours(10.5, BASE, OURS), foreign(20, OURS))
    held = {"request-3": PutBasis(digest_of(PolicyDocument.parse(BASE))[:16], 0.06, BASE, held=True)}
    found = find(*puts, bases=held)
    assert (found.lost, [one.part.sid for one in found.unsure]) == ((), ["theirs"])


def test_what_was_given_back_in_the_second_of_the_loss_is_no_doubt() -> None:
    puts = (foreign(0, BASE), foreign(10, THEIRS), ours(10.2, BASE, OURS), ours(10.4, OURS, BOTH))
    held = {"request-3": PutBasis(digest_of(PolicyDocument.parse(BASE))[:16], 0.06, BASE, held=True)}
    found = find(*puts, bases=held)
    assert (found.lost, found.unsure, found.doubts) == ((), (), ())


def test_a_newest_write_that_is_not_recorded_yet_is_said() -> None:
    found = find(foreign(0, BASE), ours(10, BASE, OURS), now=BOTH)
    assert found.newest_missing
    assert found.lost == ()


def test_a_role_that_was_deleted_makes_no_loss() -> None:
    """KMS shows its unique id then, so that what was read differs from what was written."""
    value = json.loads(BASE)
    value["Statement"].append(
        {
            "Sid": "r",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{made.ACCOUNT}:role/gone"},
            "Action": "kms:*",
            "Resource": "*",
        }
    )
    written = json.dumps(value)
    value["Statement"][1]["Principal"]["AWS"] = "AROAABCDEFGHIJKLMNOPQ"
    read = json.dumps(value)
    value["Statement"].append(json.loads(OURS)["Statement"][1])
    put = json.dumps(value)
    bases = {"request-2": PutBasis(digest_of(PolicyDocument.parse(read))[:16], 0.06, read)}
    found = find(foreign(0, written), ours(100, read, put), bases=bases)
    assert (found.lost, found.unsure, found.doubts) == ((), (), ())


def test_too_many_writes_of_one_second_are_said_to_be_too_many() -> None:
    puts = [
        foreign(0, BASE),
        *(foreign(10, made.policy("root", f"t{number}")) for number in range(7)),
        ours(10, BASE, OURS),
    ]
    found = find(*puts, now=OURS)
    assert found.lost == ()
    assert Unknown.TOO_MANY in {one.reason for one in found.doubts}


@pytest.mark.nightly
def test_one_loss_among_thousands_of_writes_of_a_busy_key() -> None:
    """As many as are read of a key: 60 pages of 50."""
    kept = ["root"]
    puts = [foreign(number * 20, made.policy(*kept, f"n{number}")) for number in range(1500)]
    at = 1500 * 20
    last = made.policy(*kept, "n1499")
    puts += [
        foreign(at, made.policy(*kept, "n1499", "theirs")),
        ours(at + 1, last, made.policy(*kept, "n1499", "ours")),
    ]
    puts += [foreign(at + 20 * number, made.policy(*kept, "ours", f"m{number}")) for number in range(1, 1400)]
    found = find(*puts)
    assert [(one.part.sid, one.back) for one in found.lost] == [("theirs", False)]
    assert (found.unsure, found.doubts) == ((), ())


def test_a_first_version_without_our_link_took_nothing_out_where_our_put_may_be_missing() -> None:
    """The record lacks our first put: its link is in the base of the second, and not in the version before it."""
    theirs = made.policy("root", "theirs")
    base, both = (
        link(PolicyDocument.parse(made.policy(*sids)), [access()]).document.text
        for sids in (("root",), ("root", "theirs"))
    )
    bases = {"request-2": PutBasis(digest_of(PolicyDocument.parse(base))[:16], 0.0, base)}
    found = find(foreign(10, theirs), ours(10.7, base, both), now=both, bases=bases)
    assert (found.lost, found.unsure) == ((), ())
    assert [one.reason for one in found.doubts] == [Unknown.GAP]


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        (access(forms=frozenset({BUCKET})), access(forms=frozenset({OBJECT}))),
        (replace(access(), level=AccessLevel.READ), access()),
        (access(region="us-east-1"), access()),
    ],
)
def test_of_a_link_that_is_back_only_that_is_taken_out(kept: Access, gone: Access) -> None:
    """Unlinking takes all that links gave a role for a bucket: more than somebody had taken out."""
    rest, wanted = (link(PolicyDocument.parse(one), [kept]).document for one in (BASE, OURS))
    whole, both = (link(one, [gone]).document for one in (rest, wanted))
    found = find(foreign(0, whole.text), foreign(10, rest.text), ours(10.5, whole.text, both.text))
    assert {one.back for one in found.lost} == {True}
    given_back = give_back(both, found.lost, "aws").document
    assert set(parts_of(given_back, "aws")) == set(parts_of(wanted, "aws"))
    assert give_back(given_back, found.lost, "aws").document is given_back


def test_a_link_is_given_back_also_where_every_cache_has_the_access() -> None:
    """Somebody linked a cache while every cache was linked; unlinking every cache leaves the former."""
    theirs, both = (link(PolicyDocument.parse(BASE), [access(cache)]).document for cache in ("fc-0123", None))
    found = find(foreign(0, BASE), foreign(10, theirs.text), ours(10.5, BASE, both.text))
    wanted = link(both, [access()], by_name=True).document
    assert wanted.text != both.text
    assert set(parts_of(give_back(both, found.lost, "aws").document, "aws")) == set(parts_of(wanted, "aws"))


def test_a_link_that_is_back_goes_alone_also_where_every_cache_has_the_access() -> None:
    kept, gone = access(forms=frozenset({BUCKET})), access(forms=frozenset({OBJECT}))
    every = link(PolicyDocument.parse(BASE), [access(None, forms=frozenset({BUCKET}))]).document
    rest = link(every, [kept], by_name=True).document
    whole = link(rest, [gone]).document
    wanted, both = (with_statements(one, (), [json.loads(OURS)["Statement"][1]]) for one in (rest, whole))
    found = find(foreign(0, whole.text), foreign(10, rest.text), ours(10.5, whole.text, both.text))
    assert set(parts_of(give_back(both, found.lost, "aws").document, "aws")) == set(parts_of(wanted, "aws"))


@pytest.mark.parametrize("lost", [False, True])
def test_a_link_that_is_back_goes_and_a_statement_of_somebody_that_gives_the_same_role_access_stays(lost: bool) -> None:
    """Links never write StringEquals for the bucket: such a statement is compared, lost and given back as a whole."""
    theirs = json.loads(json.dumps(documented_statement(access(forms=frozenset({BUCKET})), "theirs")))
    theirs["Condition"]["StringEquals"] |= theirs["Condition"].pop("StringLike")
    without, rest, wanted = (
        with_statements(PolicyDocument.parse(text), (), more)
        for text, more in ((BASE, []), (BASE, [theirs]), (OURS, [theirs]))
    )
    whole = link(without if lost else rest, [access()]).document
    both = link(PolicyDocument.parse(OURS) if lost else wanted, [access()]).document
    found = find(foreign(0, whole.text), foreign(10, rest.text), ours(10.5, whole.text, both.text))
    assert {(one.part.is_link, one.back) for one in found.lost} == (
        {(True, True), (False, False)} if lost else {(True, True)}
    )
    assert set(parts_of(give_back(both, found.lost, "aws").document, "aws")) == set(parts_of(wanted, "aws"))


@FEW
@given(SEEDS, st.integers(1, 3))
def test_no_false_alarm_among_fcsse_itself(seed: int, count: int) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, latency=(0.02, 0.08))
        runs = [Fcsse(world, simulated, number, Path(home), shared_locks=False) for number in range(count)]
        for one in runs:
            world.spawn(one.run, world.random.random() * 0.3)
        world.run()
        bases = bases_in(*(BackupFolder(Path(home) / one.name) for one in runs))
        for known in (bases, {}):
            found, text = settled(simulated, known)
            assert found.lost == ()
            assert text == simulated.text


@FEW
@given(SEEDS, st.floats(0.0, 1.6), st.data())
def test_what_is_lost_is_found_and_what_is_not_is_not(seed: int, at: float, data: st.DataObject) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, latency=(0.02, 0.08))
        one = Fcsse(world, simulated, 0, Path(home))

        def theirs() -> None:
            document = json.loads(simulated.get())
            document["Statement"].append(
                {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "kms:F", "Resource": "*"}
            )
            simulated.put("somebody", json.dumps(document))

        world.spawn(theirs, at)
        world.spawn(one.run, 0.1)
        world.run()
        lost = "Theirs" not in sids(simulated.text)
        bases = bases_in(BackupFolder(Path(home) / one.name))
        found, text = settled(simulated, bases)
        assert bool(found.lost) is lost
        assert "Theirs" in sids(text)
        events = events_of(simulated.puts)
        left = [event for event in events if data.draw(st.booleans())]
        some, text = settled(simulated, bases, left)
        assert not some.lost or lost, "events that are missing make no loss"
        young, _ = settled(simulated, bases, left, START + timedelta(seconds=30))
        assert not young.lost or lost


def test_after_more_writes_of_one_second_than_can_be_ordered_nothing_is_guessed() -> None:
    """Ours was made from the second of them, which was the last to be written. The record lists them in another order."""
    crowd = [foreign(10, made.policy("root", f"theirs {number}")) for number in range(8)]
    found = find(foreign(0, BASE), *crowd, ours(12, crowd[1].after, made.policy("root", "theirs 1", "ours")))
    assert (found.lost, found.unsure) == ((), ())
    assert {one.reason for one in found.doubts} == {Unknown.TOO_MANY}


def test_many_busy_seconds_are_soon_given_up() -> None:
    """All orders of four writes in each of six seconds took minutes."""
    puts = [foreign(0, BASE)]
    for number in range(1, 25):
        text = made.policy("root", *(f"theirs {one}" for one in range(number)))
        puts.append(ours(9 + number // 4, puts[-1].after, text) if number % 4 == 3 else foreign(9 + number // 4, text))
    found = find(*puts)
    assert Unknown.TOO_MANY in {one.reason for one in found.doubts}
