"""The campaigns in short: each as a whole is ``scripts/campaigns NAME``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from fcsse.sandbox import Sandbox
from scripts.campaigning import errors, kills, signals, writers
from scripts.campaigning.process_pool import Nursery
from scripts.campaigning.put_log import Ledger

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the campaigns fork")


@pytest.mark.parametrize(
    "manner",
    [
        writers.Manner(6),
        writers.Manner(5, shared=False),
        writers.Manner(4, every=0.1),
    ],
    ids=["one machine", "a machine each", "a foreign writer"],
)
def test_writers_at_once(tmp_path: Path, manner: writers.Manner) -> None:
    with Sandbox() as sandbox, Ledger() as ledger, Nursery(tmp_path) as nursery:
        done = writers.play(sandbox, nursery, ledger, tmp_path, manner)
    # A foreign writer's statement may be run over by chance where the machine is busy; never one of ours lost.
    serious = [one for one in done.violations if "foreign" not in one]
    assert serious == []
    assert done.linked == manner.processes


def test_kills(tmp_path: Path) -> None:
    assert kills.campaign(8, 4, seed=7) == 0


def test_errors() -> None:
    assert errors.main(["--processes", "1", "--every", "83"]) == 0


def test_signals_and_folders() -> None:
    assert signals.campaign(every=37) == 0
