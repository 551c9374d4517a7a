"""One change to a key policy, with KMS by a script: each reading of it, and each put, as it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from fcsse.apply.backup import BackupFolder
from fcsse.apply.context import ApplyContext
from fcsse.apply.lock import RECHECK_DELAY, fingerprint, key_lock
from fcsse.apply.policy_reader import RHYTHM
from fcsse.apply.policy_writer import (
    DOUBTED,
    FRESH,
    GLANCE,
    LONG_AGO,
    REPAIRS,
    TRIES,
    PolicyWriter,
    Written,
)
from fcsse.errors import ChangedError, DeniedError, FcsseError, NotVisibleError, UnconfirmedError, UnexpectedError
from fcsse.model import Role
from fcsse.planning.changes import PolicyChange
from tests.write_protocol.scripted import Arriving, Heard, ScriptedClock, context
from tests.write_protocol.simulation import ACCOUNT, DEFAULT, change, key

PLANNED = change(0, DEFAULT)
PUT = PLANNED.after.text
LOST = UnexpectedError("no answer", "x")


def with_statement(text: str, sid: str) -> str:
    """With a statement of somebody's who is not fcsse."""
    document: dict[str, Any] = json.loads(text)
    theirs = {"Sid": sid, "Effect": "Deny", "Principal": "*", "Action": f"kms:{sid}", "Resource": "*"}
    return json.dumps({**document, "Statement": [*document["Statement"], theirs]})


def without_statement(text: str, sid: str) -> str:
    document: dict[str, Any] = json.loads(text)
    left = [one for one in document["Statement"] if one.get("Sid") != sid]
    return json.dumps({**document, "Statement": left})


def sids(text: str) -> list[str]:
    """Of the statements of others."""
    return [one["Sid"] for one in json.loads(text)["Statement"] if one["Effect"] == "Deny"]


THEIRS = with_statement(DEFAULT, "Theirs")


class Kms:
    """One key's policy. What is in ``shows`` stands in for it in the next readings, an error is raised; ``then`` holds what
    happens right before the reading or the put of that number, from 1 on.
    """

    def __init__(self, *shows: Any, text: str = DEFAULT) -> None:
        self.text = text
        self.shows = list(shows)
        self.reads = 0
        self.puts: list[str] = []
        self.before_read: dict[int, Callable[[], Any]] = {}
        self.before_put: dict[int, Callable[[], Any]] = {}
        self.after_put: dict[int, Callable[[], Any]] = {}

    def get_policy(self, *_: Any) -> str:
        self.reads += 1
        self.before_read.get(self.reads, lambda: None)()
        shown = self.shows.pop(0) if self.shows else self.text
        if isinstance(shown, Exception):
            raise shown
        return cast("str", shown)

    def put_policy(self, _: Any, text: str, mark: str = "") -> str:
        assert mark
        number = len(self.puts) + 1
        self.puts.append(text)
        self.before_put.get(number, lambda: None)()
        self.text = text
        self.after_put.get(number, lambda: None)()
        return f"request-{number}"

    def find_principal(self, _: Any) -> None:
        return None

    def find_role(self, cache: str) -> Role:
        return Role.computed("aws", ACCOUNT, cache)

    def is_put(self, text: str) -> Callable[[], None]:
        """Somebody else's write."""
        return lambda: setattr(self, "text", text)


class Write:
    """A run that writes the planned change once."""

    def __init__(self, kms: Kms, planned: PolicyChange = PLANNED, **more: Any) -> None:
        self.kms, self.clock, self.heard = kms, ScriptedClock(), Heard()
        self.run: ApplyContext = context(cast("Any", kms), self.clock, progress=self.heard, **more)
        self.planned = planned

    def __call__(self) -> Written:
        return PolicyWriter(self.run, self.planned).write()

    def fails(self) -> FcsseError:
        with pytest.raises(FcsseError) as caught:
            self()
        return caught.value


def slow_copies(folder: Path, write: Write, seconds: float) -> BackupFolder:
    """Copies that take so long to make."""
    return BackupFolder(folder, lambda _: write.clock.sleep(seconds))


def test_an_undisturbed_write() -> None:
    write = Write(Kms())
    done = write()
    assert (done.result, done.backup, done.notes, done.changed, done.held) == ("written", None, (), True, PUT)
    assert (write.kms.puts, write.kms.reads) == ([PUT], 3), "one beside the copy, one after the put, one a second later"
    assert (write.clock.slept, write.heard.notes) == ([RECHECK_DELAY], [])
    assert write.heard.steps == [
        f"updating the policy of key {key().resource[4:]}",
        "waiting until KMS shows the new policy",
        "looking once more after a second",
    ]


@pytest.mark.parametrize(("age", "reads"), [(FRESH, 3), (FRESH + 0.01, 4)])
def test_a_reading_that_is_not_fresh_is_made_anew(age: float, reads: int) -> None:
    write = Write(Kms())
    write.clock.time = age
    write()
    assert write.kms.reads == reads


def test_after_another_run_s_write_the_plan_s_reading_counts_if_it_is_later(tmp_path: Path) -> None:
    for age, reads in ((0.04, 3), (0.06, 4)):
        folder = tmp_path / str(reads)
        with key_lock(folder, str(key()), ScriptedClock()) as lock:
            lock.mark(THEIRS, ScriptedClock().now().timestamp())
        write = Write(Kms(), locks=folder, read_at=0.1 - age)
        write.clock.time = 0.1
        write()
        assert write.kms.reads == reads


def test_a_text_that_another_run_replaced_is_waited_for_to_go(tmp_path: Path) -> None:
    with key_lock(tmp_path, str(key()), ScriptedClock()) as lock:
        lock.mark(DEFAULT, ScriptedClock().now().timestamp())
    write = Write(Kms(DEFAULT, DEFAULT, text=THEIRS), locks=tmp_path)
    done = write()
    assert write.kms.puts == [done.held]
    assert write.heard.steps[0] == "waiting until KMS shows what was written last"
    assert sids(done.held or "") == ["Theirs"]
    assert write.clock.slept[:2] == [0.1, 0.1]


def test_what_kms_showed_of_another_run_s_old_text_is_in_a_copy(tmp_path: Path) -> None:
    older = with_statement(DEFAULT, "Older")
    with key_lock(tmp_path / "locks", str(key()), ScriptedClock()) as lock:
        lock.mark(older, ScriptedClock().now().timestamp())
    Write(Kms(older, older), locks=tmp_path / "locks", read_at=-1.0, backups=BackupFolder(tmp_path))()
    assert {one.policy for one in BackupFolder(tmp_path).all()} == {DEFAULT, older}


def test_the_lock_remembers_what_was_replaced_and_not_what_is_in_force(tmp_path: Path) -> None:
    with key_lock(tmp_path, str(key()), ScriptedClock()) as lock:
        lock.mark(PUT, ScriptedClock().now().timestamp())
    write = Write(Kms(), locks=tmp_path)
    write()
    times = json.loads(next(tmp_path.iterdir()).read_text(encoding="utf-8"))
    assert times.keys() == {fingerprint(DEFAULT)}


def test_why_there_is_no_lock_is_told_once(tmp_path: Path) -> None:
    place = tmp_path / "locks"
    place.write_text("", encoding="utf-8")
    kms = Kms()
    kms.after_put[1] = kms.is_put(THEIRS)
    write = Write(kms, locks=place)
    told = [note for note in write().notes if "takes no turns" in note]
    assert len(told) == 1
    assert write.heard.notes.count(told[0]) == 1


def test_a_write_of_others_between_plan_and_put_is_planned_on(tmp_path: Path) -> None:
    kms = Kms()
    kms.before_read[1] = kms.is_put(THEIRS)
    write = Write(kms, backups=BackupFolder(tmp_path))
    done = write()
    assert done.notes == ("Somebody else changed the policy meanwhile, so the change was planned anew on theirs.",)
    assert (sids(kms.puts[0]), len(kms.puts)) == (["Theirs"], 1)
    copies = {one.policy: one for one in BackupFolder(tmp_path).all()}
    assert copies.keys() == {DEFAULT, THEIRS}
    assert (bool(copies[DEFAULT].unsent_at), copies[DEFAULT].put_at, copies[THEIRS].unsent_at) == (True, "", "")
    assert done.made is not None
    assert (done.made.before.text, done.made.after.text) == (THEIRS, kms.puts[0])


def test_where_another_run_links_meanwhile_nobody_waits_for_its_next_write() -> None:
    kms = Kms()
    kms.before_read[1] = kms.is_put(change(1, DEFAULT).after.text)
    write = Write(kms)
    write()
    assert sum(write.clock.slept) == pytest.approx(RECHECK_DELAY)


def test_where_others_are_at_work_their_next_write_is_waited_for_once() -> None:
    kms = Kms()
    kms.before_read[1] = kms.is_put(THEIRS)
    kms.before_read[4] = kms.is_put(with_statement(THEIRS, "More"))
    write = Write(kms)
    write()
    assert sids(kms.puts[0]) == ["Theirs", "More"]
    assert sum(write.clock.slept) < RECHECK_DELAY + 0.1


def test_a_plan_that_is_bound_to_a_digest_is_not_planned_anew() -> None:
    kms = Kms()
    kms.before_read[1] = kms.is_put(THEIRS)
    error = Write(kms, expected=True).fails()
    assert isinstance(error, ChangedError)
    assert "it changed after the plan was made, so the plan is no longer the expected one" in error.message
    assert (error.hint, kms.puts) == ("Review a new dry run and use its digest.", [])


def test_another_layout_of_the_same_policy_is_nobody_s_write() -> None:
    kms = Kms(text=json.dumps(json.loads(DEFAULT), indent=4))
    done = Write(kms, expected=True)()
    assert (done.result, done.notes, len(kms.puts)) == ("written", (), 1)
    assert kms.puts[0].startswith('{\n    "Version"')


def test_a_copy_that_took_long_makes_the_reading_beside_it_too_old(tmp_path: Path) -> None:
    for seconds, reads in ((LONG_AGO, 3), (LONG_AGO + 0.01, 5)):
        write = Write(Kms())
        write.run.backups = slow_copies(tmp_path, write, seconds)
        write()
        assert write.kms.reads == reads


def test_a_reading_beside_the_copy_that_fails_is_made_again() -> None:
    write = Write(Kms(LOST))
    assert write().result == "written"
    assert write.kms.reads == 5


@pytest.mark.parametrize(("seconds", "reads"), [(FRESH, 1), (FRESH + 0.01, 3)])
def test_where_the_reading_beside_the_copy_is_late_the_plan_s_own_may_be_fresh_enough(
    tmp_path: Path, seconds: float, reads: int
) -> None:
    """A second reading right before the put then stands in for the one after it."""
    write = Write(Kms())
    write.run.backups = slow_copies(tmp_path, write, seconds - GLANCE)
    write.clock.answers = [Arriving(write.clock, DEFAULT, 9.0), Arriving(write.clock, PUT, seconds + 0.5)]
    assert write().result == "written"
    assert (write.kms.reads, len(write.kms.puts)) == (reads, 1)


LATER = with_statement(THEIRS, "Later")


@pytest.mark.parametrize(
    ("first", "second", "planned_on"),
    [
        ((DEFAULT, 0.018), (THEIRS, 0.019), ["Theirs"]),
        ((THEIRS, 0.018), (LATER, 0.019), ["Theirs", "Later"]),
        ((THEIRS, 0.018), (THEIRS, 0.5), ["Theirs"]),
        ((None, 0.018), (THEIRS, 0.5), ["Theirs"]),  # read once more, as the first one failed
    ],
)
def test_what_comes_right_before_the_put_is_planned_on(
    first: tuple[str | None, float], second: tuple[str, float], planned_on: list[str]
) -> None:
    write = Write(Kms(text=second[0]))
    write.clock.answers = [Arriving(write.clock, *first), Arriving(write.clock, *second)]
    write()
    assert [sids(one) for one in write.kms.puts] == [planned_on]


def test_where_the_first_reading_fails_right_before_the_put_the_policy_is_watched() -> None:
    write = Write(Kms())
    write.clock.answers = [Arriving(write.clock, None, 0.018), Arriving(write.clock, DEFAULT, 0.5)]
    write()
    assert (write.kms.reads, len(write.kms.puts)) == (4, 1)


def test_what_only_the_second_reading_saw_is_given_back_at_once() -> None:
    """It was on its way while the put was, and does not show that: others wrote before it."""
    write = Write(Kms())
    write.clock.answers = [Arriving(write.clock, DEFAULT, 0.5), Arriving(write.clock, THEIRS, 0.5)]
    done = write()
    assert [sids(one) for one in write.kms.puts] == [[], ["Theirs"]]
    assert done.notes == ("Somebody else wrote at the same moment; what that write changed is put back.",)
    assert done.held == write.kms.puts[1]
    assert sum(write.clock.slept) == pytest.approx(RHYTHM + RECHECK_DELAY, abs=0.02), "their next write is waited for"


def test_others_who_write_faster_than_it_can_be_planned() -> None:
    kms = Kms(*(with_statement(DEFAULT, f"Theirs{number}") for number in range(TRIES * 60)))
    error = Write(kms).fails()
    assert "others write it faster than a change can be planned" in error.message
    assert "CloudTrail, PutKeyPolicy" in error.hint
    assert kms.puts == []


def test_somebody_who_did_the_same_leaves_nothing_to_do() -> None:
    kms = Kms()
    kms.before_read[1] = kms.is_put(PUT)
    write = Write(kms)
    done = write()
    assert (done.result, done.changed, done.held) == (
        "nothing left to do: somebody else did the same meanwhile",
        False,
        PUT,
    )
    assert (kms.puts, done.made is not None, done.backup) == ([], True, None)


def test_somebody_who_did_the_same_after_our_write_was_overwritten_leaves_nothing_to_do_again() -> None:
    kms = Kms()
    kms.after_put[1] = kms.is_put(THEIRS)
    both = change(0, THEIRS).after.text
    kms.before_read[3] = kms.is_put(both)
    write = Write(kms)
    done = write()
    assert (done.result, done.changed, done.held) == ("written", True, both)
    assert len(kms.puts) == 1
    assert write.heard.notes == ["Another writer overwrote the change, so it was made again."]


def test_a_write_that_was_overwritten_is_made_again() -> None:
    kms = Kms()
    kms.after_put[1] = kms.is_put(THEIRS)
    write = Write(kms)
    done = write()
    assert (len(kms.puts), sids(kms.puts[1]), done.held) == (2, ["Theirs"], kms.puts[1])
    assert done.notes == ("Another writer overwrote the change, so it was made again.",)
    assert write.clock.slept[0] == pytest.approx(0.4 * 0.65)
    assert sum(write.clock.slept) == pytest.approx(0.4 * 0.65 + RHYTHM + RECHECK_DELAY, abs=0.02)


def test_where_the_old_policy_was_put_back_it_is_watched_while_the_change_is_made_again() -> None:
    kms = Kms()
    kms.before_read[3] = kms.is_put(DEFAULT)
    write = Write(kms)
    assert write().notes == ("Another writer overwrote the change, so it was made again.",)
    assert kms.puts == [PUT, PUT]
    assert write.clock.asked == 3, "beside each copy, and while the second put was under way"


def test_others_who_always_overwrite_it_end_it() -> None:
    kms = Kms()
    for number in range(1, 2 * REPAIRS):
        kms.after_put[number] = kms.is_put(with_statement(DEFAULT, f"Theirs{number}"))
    error = Write(kms, wait=300.0).fails()
    assert f"others kept overwriting it, {REPAIRS + 1} times over" in error.message
    assert "; the change had been written before, and somebody else's write replaced it" in error.message
    assert len(kms.puts) == REPAIRS + 1


# What a put overwrote

NOW: dict[str, Any] = {"wait": 0.0}
"""Nobody's next write is waited for, and KMS shows each put at once."""

STEPS = [DEFAULT]
for _number in range(DOUBTED + 1):
    STEPS.append(with_statement(STEPS[-1], f"Theirs{_number}"))
BASE = STEPS[-1]
BASE_SIDS = sids(BASE)
LAST = with_statement(BASE, "Last")


def doubtful(last: str = LAST) -> Kms:
    """KMS shows something newer in each reading beside the copy, and ``last`` in the one that is not believed any more."""
    first, *later = STEPS[1:]
    shows = [first]
    for before, after in zip([first, *later], [*later, last], strict=True):
        shows += [before, after]
    return Kms(*shows)


def test_a_reading_beside_the_copy_that_shows_something_newer_counts_some_times() -> None:
    kms = doubtful()
    done = Write(kms, **NOW)()
    assert sids(kms.puts[0]) == BASE_SIDS
    assert (len(kms.puts), sids(kms.puts[1])) == (2, [*BASE_SIDS, "Last"])
    assert "Somebody else wrote at the same moment; what that write changed is put back." in done.notes
    assert done.held == kms.puts[1]


def test_what_was_overwritten_is_in_a_copy(tmp_path: Path) -> None:
    folder = BackupFolder(tmp_path)
    write = Write(doubtful(), **NOW, backups=folder)
    done = write()
    assert {LAST, BASE} <= {one.policy for one in folder.all()}
    assert done.backup == write.run.backup_ids[str(key())]
    assert write.run.journal.owed == {}
    held = [one for one in folder.all() if one.held_at]
    assert [(one.policy, one.request_id) for one in held] == [(write.kms.puts[0], "request-2")]


def test_what_was_overwritten_is_given_back_beside_what_others_wrote_since() -> None:
    kms = doubtful()
    kms.after_put[1] = lambda: setattr(kms, "text", with_statement(kms.text, "Since"))
    Write(kms, **NOW)()
    assert sids(kms.text) == [*BASE_SIDS, "Since", "Last"]


def test_what_others_made_again_by_themselves_is_not_given_back() -> None:
    kms = doubtful()
    kms.after_put[1] = lambda: setattr(kms, "text", with_statement(kms.text, "Last"))
    write = Write(kms, **NOW)
    done = write()
    assert (len(kms.puts), sids(kms.text)) == (1, [*BASE_SIDS, "Last"])
    assert "Somebody else wrote at the same moment; what that write changed is put back." not in done.notes
    assert (done.changed, write.clock.slept) == (True, [RECHECK_DELAY])
    assert kms.reads == 12, "confirmed as it is, without another turn"


EXPECTED: dict[str, Any] = {"expected": True}
"""The policy is watched while the first put is under way, too."""


def test_what_cannot_be_given_back_is_in_the_newest_copy(tmp_path: Path) -> None:
    before = with_statement(DEFAULT, "Theirs")
    planned = change(0, before)
    kms = Kms(before, before, with_statement(planned.after.text, "Since"), DEFAULT, text=before)
    write = Write(kms, planned, **EXPECTED)
    write.run.backups = slow_copies(tmp_path, write, 0.001)
    assert "what that write changed was lost: statement 'Theirs'" in write.fails().message
    assert [one.policy for one in BackupFolder(tmp_path).all()] == [DEFAULT, before]


def test_what_a_put_overwrote_is_in_a_copy_where_it_cannot_be_read_afterwards(tmp_path: Path) -> None:
    kms = Kms(DEFAULT, DEFAULT, DeniedError("not allowed", "x"), THEIRS)
    error = Write(kms, **EXPECTED, backups=BackupFolder(tmp_path)).fails()
    assert "may be lost: statement 'Theirs'" in error.message
    assert {one.policy for one in BackupFolder(tmp_path).all()} == {DEFAULT, THEIRS}


def test_a_removal_that_was_overwritten_is_made_again() -> None:
    kms = doubtful(without_statement(BASE, BASE_SIDS[0]))
    Write(kms, **NOW)()
    assert sids(kms.text) == BASE_SIDS[1:]


@pytest.mark.parametrize("copies", [True, False])
def test_a_removal_that_was_overwritten_is_its_owner_s_to_make_again_where_others_wrote_since(
    tmp_path: Path, copies: bool
) -> None:
    kms = doubtful(without_statement(BASE, BASE_SIDS[0]))
    kms.after_put[1] = lambda: setattr(kms, "text", with_statement(kms.text, "Since"))
    write = Write(kms, **NOW, backups=BackupFolder(tmp_path, listed_by="a command") if copies else None)
    error = write.fails()
    lost = f"somebody else wrote at the same moment, and what that write changed was lost: statement '{BASE_SIDS[0]}'"
    assert error.message.startswith(f"updating the policy of key {key()}: {lost}; the change itself was written")
    assert error.hint == ("Make it again; it is in the newest copy: a command" if copies else "Make it again.")
    assert ("; the policy from before is backup " in error.message) is copies
    assert write.run.journal.owed == {}


@pytest.mark.parametrize("arrives", [True, False])
def test_a_put_without_an_answer_that_gives_back_is_there_only_with_what_it_gives_back(arrives: bool) -> None:
    def lose() -> None:
        raise LOST

    kms = doubtful()
    (kms.after_put if arrives else kms.before_put)[2] = lose
    write = Write(kms, **NOW)
    if arrives:
        assert write().result == "written"
    else:
        error = write.fails()
        assert "no answer; the change itself was written; somebody else wrote at the same moment" in error.message
        assert "may be lost: statement 'Last'" in error.message
    assert (len(kms.puts), "Last" in sids(kms.text)) == (2, arrives)


def test_where_the_policy_cannot_be_read_after_the_put_what_it_may_have_overwritten_is_named(tmp_path: Path) -> None:
    kms = doubtful()
    kms.shows += [DeniedError("not allowed", "x")] * 9
    write = Write(kms, **NOW, backups=BackupFolder(tmp_path))
    error = write.fails()
    assert isinstance(error, UnconfirmedError)
    said = "; the change itself was written; somebody else wrote at the same moment, and what that write changed may be lost: "
    assert (
        f"{said}statement 'Last'; the policy from before is backup {write.run.backup_ids[str(key())]}" in error.message
    )
    assert LAST in {one.policy for one in BackupFolder(tmp_path).all()}


def test_an_interrupted_run_says_what_its_put_may_have_overwritten() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    kms = doubtful()
    write = Write(kms, **NOW)
    kms.before_read[len(kms.shows) + 1] = stop
    with pytest.raises(KeyboardInterrupt):
        write()
    assert len(kms.puts) == 1
    assert write.run.journal.owed == {f"the policy of key {key()}": "statement 'Last'"}
    before = doubtful()
    before.before_read[3] = stop
    unwritten = Write(before, **NOW)
    with pytest.raises(KeyboardInterrupt):
        unwritten()
    assert (unwritten.run.journal.owed, unwritten.run.journal.wrote) == ({}, False)


# Answers that are lost, and roles that are not seen


def test_a_put_without_an_answer_that_did_not_arrive_is_made_again_after_a_pause() -> None:
    def lose() -> None:
        raise LOST

    kms = Kms()
    kms.before_put[1] = lose
    write = Write(kms)
    done = write()
    assert (done.result, len(kms.puts), done.notes) == ("written", 2, ())
    assert write.clock.slept[0] == pytest.approx(0.8 * 0.65)
    assert write.clock.asked == 3, "beside each copy, and while the second put was under way"


def test_a_put_that_is_found_is_no_second_one() -> None:
    def lose() -> None:
        raise LOST

    kms = Kms()
    kms.after_put[1] = lose
    write = Write(kms)
    done = write()
    assert (done.result, len(kms.puts), write.run.journal.taken) == ("written", 1, 1)
    assert write.heard.steps[1:] == ["looking once more after a second"]


def test_a_role_that_kms_does_not_see_yet_is_waited_for() -> None:
    def refuse() -> None:
        message = "KMS does not see it."
        raise NotVisibleError(message, "x")

    kms = Kms()
    kms.before_put[1] = kms.before_put[2] = refuse
    write = Write(kms)
    assert write().result == "written"
    assert len(kms.puts) == 3
    assert write.clock.slept[:2] == pytest.approx([0.8 * 0.65, 1.28 * 0.65])


def test_an_error_that_ends_it_says_in_the_copy_that_nothing_followed(tmp_path: Path) -> None:
    def refuse() -> None:
        message = "not allowed"
        raise DeniedError(message, "x")

    kms = Kms()
    kms.before_put[1] = refuse
    error = Write(kms, backups=BackupFolder(tmp_path)).fails()
    assert error.message == "not allowed"
    [copy] = BackupFolder(tmp_path).all()
    assert copy.unsent_at
    assert not copy.put_at
