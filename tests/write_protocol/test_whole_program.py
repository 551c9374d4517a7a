"""The simulation of the whole program in short; as a whole it is ``scripts/campaigns simulate``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import pytest

from fcsse.apply.backup import BackupFolder
from fcsse.apply.copies import Copies
from fcsse.apply.send import Sender
from fcsse.apply.write_log import WriteLog
from scripts.campaigning.simulation.play import Stage, stage
from tests.thorough import examples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the locks are those of POSIX")


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


@pytest.mark.parametrize("first", range(0, examples(2000, few=60), 20))
def test_no_seed_breaks_an_invariant(here: Stage, first: int) -> None:
    assert [(seed, broken) for seed in range(first, first + 20) if (broken := here.play(seed).broken)] == []


OLDER = (20, 243, 437, 629, 664, 738, 889, 1030, 2108, 2364, 2473, 2679, 2689)
NEWER = (
    10215,
    10395,
    10883,
    11663,
    16322,
    16514,
    16646,
    20000168,
    20304901,
    20306477,
    20307281,
    20315449,
    20320889,
    20321538,
    20322342,
    20705623,
    20819891,
)


@pytest.mark.parametrize("seed", [*(pytest.param(one, marks=pytest.mark.nightly) for one in OLDER), *NEWER])
def test_seeds_that_once_broke_one(here: Stage, seed: int) -> None:
    assert here.play(seed).broken == []


def test_a_seed_replays_exactly(here: Stage) -> None:
    seeds = (3, 664, *range(36, 45))
    first, second = ([here.play(seed).trace for seed in seeds] for _ in range(2))
    assert first == second
    assert "PutKeyPolicy" in first[1]


def broken(here: Stage, seeds: Iterable[int]) -> str:
    return "\n".join(one for seed in seeds for one in here.play(seed).broken)


def test_a_write_without_a_backup_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Copies, "save", lambda *_: None)
    assert "a write without a backup" in broken(here, range(8))


def test_an_untrue_word_about_writes_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WriteLog, "told", lambda _: "Nothing was written to AWS.")
    assert "says that nothing was written, and something was" in broken(here, (20, 437, 664, 738))


def test_a_lost_statement_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    send = Sender.send

    def careless(sender: Sender, change: object) -> object:
        sender._run.aws.put_policy(change.key, '{"Version": "2012-10-17", "Statement": []}')  # type: ignore[attr-defined]
        return send(sender, change)  # type: ignore[arg-type]

    monkeypatch.setattr(Sender, "send", careless)
    assert "ended with" in broken(here, range(8)) or "removed" in broken(here, range(8))


def test_a_defect_is_seen(here: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken_save(*_: object, **__: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(BackupFolder, "save", broken_save)
    assert "a defect" in broken(here, range(4))
