"""The write protocol against whatever order of events a seed makes up, in virtual time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcsse.apply.backup import BackupFolder
from fcsse.apply.lock import REMEMBERED
from fcsse.apply.policy_reader import LONGEST_RECHECK_DELAY
from fcsse.apply.policy_writer import REPAIRS, ApplyContext, PolicyWriter, Written
from fcsse.aws.client import Aws
from fcsse.errors import (
    ChangedError,
    FcsseError,
    NotVisibleError,
    PolicyRefusedError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.link_options import Operation
from fcsse.planning.changes import PolicyChange
from fcsse.policy.document import PolicyDocument
from fcsse.policy.equivalence import equivalent
from fcsse.progress import Silent
from tests.thorough import examples
from tests.write_protocol.simulation import (
    DEFAULT,
    START,
    FakeAws,
    KilledError,
    SimulatedKey,
    VirtualClock,
    World,
    access,
    change,
    foreign_writer,
)

SEEDS = st.integers(0, 2**32)
MANY = settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SOME = settings(MANY, max_examples=12)
WAIT = 60.0


@dataclass
class Fcsse:
    """One process that changes the policy, and how it ended."""

    world: World
    simulated: SimulatedKey
    number: int
    home: Path
    wait: float = WAIT
    shared_locks: bool = True
    operation: Operation = Operation.LINK
    young: bool = False
    expected: bool = False
    created: Mapping[str, datetime | None] = field(default_factory=dict)
    written: Written | None = None
    error: FcsseError | None = None
    seconds: float = 0.0
    planned: PolicyChange | None = None

    @property
    def name(self) -> str:
        return f"fcsse {self.number}"

    def __post_init__(self) -> None:
        self.aws = FakeAws(self.simulated, self.name, self.young)
        self.clock = VirtualClock(self.world)

    def run(self) -> None:
        text = self.simulated.get()
        start = self.world.now
        run = ApplyContext(
            aws=cast(Aws, self.aws),
            clock=self.clock,
            progress=Silent(),
            wait=self.wait,
            read_at=start,
            backups=BackupFolder(self.home / self.name),
            locks=self.home / ("locks" if self.shared_locks else f"locks {self.number}"),
            expected=self.expected,
            created=self.created,
        )
        self.journal = run.journal
        planned = self.planned = change(self.number, text, self.operation)
        if planned.after.text == planned.before.text:
            self.written = Written("nothing", None, ())
            return
        try:
            self.written = PolicyWriter(run, planned).write()
        except FcsseError as error:
            self.error = error
        self.seconds = self.world.now - start

    @property
    def puts(self) -> int:
        return sum(1 for put in self.simulated.puts if put.by == self.name)

    @property
    def saved(self) -> set[str]:
        return {backup.policy for backup in BackupFolder(self.home / self.name).all()}


def sids(text: str) -> set[str]:
    return {one.get("Sid", "") for one in json.loads(text)["Statement"]}


def holds(text: str, number: int) -> bool:
    found: Any = change(number, text)
    return bool(found.after.text == found.before.text)


def check(one: Fcsse) -> None:
    """What must be true of each process however it ended."""
    assert (one.written is None) != (one.error is None)
    told = one.journal.told()
    if one.error is not None:
        assert one.puts == 0 or "Nothing was written" not in told + one.error.message + one.error.hint
        assert one.error.hint
    for put in one.simulated.puts:
        if put.by == one.name:
            # What it replaced is on disk, or came after its last look: then the policy changed in between.
            assert one.saved, "a write without any backup"
    assert one.puts <= 2 * (REPAIRS + 1)


@MANY
@given(SEEDS, st.integers(2, 6), st.booleans())
def test_all_processes_win_with_and_without_a_common_lock(seed: int, count: int, shared: bool) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        runs = [Fcsse(world, simulated, number, Path(home), shared_locks=shared) for number in range(count)]
        for one in runs:
            world.spawn(one.run, world.random.random() * 0.2)
        world.run()
        for one in runs:
            check(one)
            assert one.error is None, one.error
            assert holds(simulated.text, one.number)
        assert sids(DEFAULT) <= sids(simulated.text)
        assert len(json.loads(simulated.text)["Statement"]) == 2
        if shared:
            assert [one.puts for one in runs] == [1] * count


@SOME
@given(SEEDS, st.integers(1, 3), st.floats(0.05, 1.0), st.floats(0.0, 0.05))
def test_beside_foreign_writers_our_part_is_there_or_the_error_says_otherwise(
    seed: int, writers: int, every: float, pause: float
) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        one = Fcsse(world, simulated, 0, Path(home))
        for number in range(writers):
            world.spawn(foreign_writer(world, simulated, f"w{number}", 30, every, pause), world.random.random())
        world.spawn(one.run, 0.5)
        world.run()
        check(one)
        last = max((put.at for put in simulated.puts if put.by == one.name), default=0.0)
        if one.error is None:
            # Whoever read before our last put and wrote after the recheck is beyond any protocol.
            undone = [
                put
                for put in simulated.puts
                if put.at > last + LONGEST_RECHECK_DELAY and holds(put.before, 0) and not holds(put.after, 0)
            ]
            assert holds(simulated.text, 0) or undone
        else:
            assert isinstance(one.error, ChangedError | UnconfirmedError)
        assert sids(DEFAULT) <= sids(simulated.text)


@MANY
@given(SEEDS, st.floats(0.08, 0.5))
def test_nothing_is_lost_for_good_that_a_regular_foreign_writer_wrote(seed: int, every: float) -> None:
    """A writer in a rhythm, which reads and writes at once: what our put overwrote is given back."""
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, latency=(0.004, 0.012))
        one = Fcsse(world, simulated, 0, Path(home))
        world.spawn(foreign_writer(world, simulated, "w", 40, every, 0.002))
        world.spawn(one.run, 1.0 + world.random.random())
        world.run()
        check(one)
        assert one.error is None
        for put in simulated.puts:
            if put.by == one.name:
                lost = sids(put.before) - sids(put.after)
                given_back = lost & sids(simulated.text)
                # Lost for good only where it was written while the put was on its way, too late for any look.
                known = set().union(*(sids(text) for text in one.saved))
                assert lost - given_back <= lost - known


@MANY
@given(SEEDS, st.floats(0.0, 8.0))
def test_late_changes_are_waited_for_and_never_told_as_failed(seed: int, late: float) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, late=late)
        one = Fcsse(world, simulated, 0, Path(home))
        world.spawn(one.run)
        world.run()
        check(one)
        assert one.error is None
        assert holds(simulated.text, 0)
        assert one.puts <= 3


@pytest.mark.parametrize("seed", [30, 35, 45, 64, 75])
def test_runs_at_once_on_one_machine_do_not_take_an_old_text_for_the_last_one(seed: int) -> None:
    """KMS shows now and then what one of them has replaced. Without the lock's memory, each of these seeds loses a link."""
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, late=REMEMBERED)
        runs = [Fcsse(world, simulated, number, Path(home)) for number in range(4)]
        for one in runs:
            world.spawn(one.run, world.random.random() * 0.2)
        world.run()
        for one in runs:
            check(one)
            assert one.error is None, one.error
            assert holds(simulated.text, one.number)


@SOME
@given(SEEDS)
def test_a_policy_that_others_put_back_is_believed_in_the_end(seed: int) -> None:
    """What looks like an old text is the last one where somebody restored it."""
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        first, second = (Fcsse(world, simulated, number, Path(home)) for number in range(2))

        def in_turn() -> None:
            first.run()
            simulated.put("somebody", DEFAULT)
            second.run()

        world.spawn(in_turn)
        world.run()
        check(second)
        assert second.error is None
        assert not holds(simulated.text, 0)
        assert holds(simulated.text, 1)


def test_a_change_that_shows_too_late_is_unconfirmed_and_the_backup_named(tmp_path: Path) -> None:
    world = World(1)
    simulated = SimulatedKey(world)
    one = Fcsse(world, simulated, 0, tmp_path, wait=5.0)
    simulated.shown = lambda: DEFAULT  # type: ignore[method-assign]
    world.spawn(one.run)
    world.run()
    check(one)
    assert isinstance(one.error, UnconfirmedError)
    assert next(iter(BackupFolder(one.home / one.name).all())).id in one.error.message
    assert 5.0 <= one.seconds < 6.1, "the time to wait, and a recheck delay where the put was not seen at once"
    assert one.puts == 1


@MANY
@given(SEEDS, st.floats(0.0, 20.0), st.sampled_from([0.0, 5.0, 30.0]))
def test_a_young_role_is_waited_for_as_long_as_asked_and_no_longer(seed: int, blind: float, wait: float) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world, blind=blind)
        one = Fcsse(world, simulated, 0, Path(home), wait=wait, young=True, created={access(0).role or "": START})
        world.spawn(one.run)
        world.run()
        check(one)
        assert len(one.saved) <= 1
        if one.error is None:
            assert holds(simulated.text, 0)
        else:
            assert isinstance(one.error, NotVisibleError)
            assert blind > wait - 0.1
            assert one.puts == 0
            assert simulated.text == DEFAULT
            assert one.seconds <= wait + 0.2
        assert simulated.tried <= 12


def test_an_old_role_is_not_waited_for(tmp_path: Path) -> None:
    world = World(2)
    simulated = SimulatedKey(world, blind=1e9)
    made = START - timedelta(hours=2)
    one = Fcsse(world, simulated, 0, tmp_path, young=True, created={access(0).role or "": made})
    world.spawn(one.run)
    world.run()
    assert isinstance(one.error, PolicyRefusedError)
    assert (simulated.tried, one.puts) == (1, 0)
    assert one.seconds < 1.0


def test_a_role_deleted_meanwhile_is_not_waited_for(tmp_path: Path) -> None:
    world = World(3)
    simulated = SimulatedKey(world, blind=1e9)
    one = Fcsse(world, simulated, 0, tmp_path, young=True, created={access(0).role or "": START})
    one.aws.gone = True
    world.spawn(one.run)
    world.run()
    assert one.error is not None
    assert "was deleted" in one.error.message
    assert simulated.tried == 1


@MANY
@given(SEEDS, st.floats(0.05, 0.4))
def test_passing_trouble_ends_in_the_truth(seed: int, trouble: float) -> None:
    """Requests fail before or after their effect, at random."""
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        one = Fcsse(world, simulated, 0, Path(home))

        heard = [0]

        def begin(_: str) -> None:
            heard[0] += 1
            simulated.trouble = trouble

        one.aws.on_call = begin
        world.spawn(one.run)
        world.run()
        assert heard[0] > 0
        check(one)
        if one.error is None:
            assert holds(simulated.text, 0)
        elif not isinstance(one.error, UnconfirmedError):
            assert not holds(simulated.text, 0)


@MANY
@given(SEEDS, st.sampled_from(["get", "got", "put", "taken"]), st.integers(1, 4))
def test_a_process_killed_anywhere_leaves_the_old_policy_or_the_new_one_and_a_backup(
    seed: int, moment: str, nth: int
) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        one, heard = Fcsse(world, simulated, 0, Path(home)), [0]

        def strike(call: str) -> None:
            heard[0] += call == moment
            if heard[0] == nth and call == moment:
                raise KilledError

        one.aws.on_call = strike
        world.spawn(one.run)
        world.run()
        whole = change(0, DEFAULT).after.text
        assert simulated.text in (DEFAULT, whole)
        assert simulated.text == DEFAULT or one.saved == {DEFAULT}
        again = Fcsse(world, simulated, 0, Path(home))
        world.spawn(again.run)
        world.run()
        assert again.error is None
        assert simulated.text == whole


@MANY
@given(SEEDS)
def test_a_plan_bound_to_a_digest_is_written_as_it_was_or_not_at_all(seed: int) -> None:
    with TemporaryDirectory() as home:
        world = World(seed)
        simulated = SimulatedKey(world)
        one = Fcsse(world, simulated, 0, Path(home), expected=True)
        world.spawn(foreign_writer(world, simulated, "w", 5, 0.1, 0.002))
        world.spawn(one.run, world.random.random())
        world.run()
        check(one)
        own = [put.after for put in simulated.puts if put.by == one.name]
        # Later ones give back what somebody else wrote while the first was on its way.
        assert one.planned is not None
        assert own[:1] in ([], [one.planned.after.text])
        if one.error is not None:
            assert isinstance(one.error, ChangedError)


def test_no_time_to_wait_means_no_waiting(tmp_path: Path) -> None:
    world = World(4)
    simulated = SimulatedKey(world)
    one = Fcsse(world, simulated, 0, tmp_path, wait=0.0)
    world.spawn(one.run)
    world.run()
    assert one.error is None
    assert one.clock.slept == pytest.approx(1.0)


def test_an_undisturbed_write_makes_one_more_reading_beside_the_copy_and_no_other(tmp_path: Path) -> None:
    world = World(5)
    simulated = SimulatedKey(world)
    calls: list[str] = []
    one = Fcsse(world, simulated, 0, tmp_path)
    one.aws.on_call = calls.append
    world.spawn(one.run)
    world.run()
    slow = ["get", "get", "put", "get"]  # the second reading was sent with the put, in place of the one after it
    fast = ["get", "put", "get", "get"]
    assert [call for call in calls if call in ("get", "put")] in (slow, fast)


def test_a_reading_that_fails_beside_the_copy_is_made_again_before_the_put(tmp_path: Path) -> None:
    world = World(5)
    simulated = SimulatedKey(world, latency=(0.03, 0.04))
    calls: list[str] = []
    one = Fcsse(world, simulated, 0, tmp_path)

    def on_call(call: str) -> None:
        calls.append(call)
        if calls == ["get"]:
            raise UnexpectedError("no answer of AWS's", "again")

    one.aws.on_call = on_call
    world.spawn(one.run)
    world.run()
    assert one.written is not None
    assert "got" in calls[: calls.index("put")]


@pytest.mark.parametrize("seed", [57, 73, 109, *range(5)])
@pytest.mark.parametrize("foreign", [False, True])
def test_a_copy_says_held_only_of_what_was_in_force_a_second_after_its_put(
    seed: int, foreign: bool, tmp_path: Path
) -> None:
    world = World(seed)
    simulated = SimulatedKey(world, latency=(0.02, 0.08))
    runs = [Fcsse(world, simulated, number, tmp_path, shared_locks=False) for number in range(3)]
    for one in runs:
        world.spawn(one.run, world.random.random() * 0.3)
    if foreign:
        world.spawn(foreign_writer(world, simulated, "w", 3, 0.4, 0.05), 0.0)
    world.run()
    ends = [*(put.at for put in simulated.puts[1:]), world.now]
    for copy in [copy for one in runs for copy in BackupFolder(tmp_path / one.name).all() if copy.held_at]:
        put = simulated.puts[int(copy.request_id.removeprefix("request-")) - 1]
        held = (datetime.fromisoformat(copy.held_at) - START).total_seconds()
        in_force = [
            PolicyDocument.parse(other.after)
            for other, end in zip(simulated.puts, ends, strict=True)
            if other.at <= held and end > put.at + 0.9
        ]
        assert any(equivalent(one, PolicyDocument.parse(put.after), "aws") for one in in_force)


def test_unlinking_at_once_is_as_safe(tmp_path: Path) -> None:
    world = World(6)
    text = DEFAULT
    for number in range(4):
        text = change(number, text).after.text
    simulated = SimulatedKey(world, text)
    runs = [
        Fcsse(world, simulated, number, tmp_path, shared_locks=False, operation=Operation.UNLINK) for number in range(4)
    ]
    for one in runs:
        world.spawn(one.run, world.random.random() * 0.1)
    world.run()
    for one in runs:
        check(one)
        assert one.error is None
    assert sids(simulated.text) == sids(DEFAULT)
