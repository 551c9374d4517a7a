"""The campaigns in short: each as a whole is ``scripts/campaigns NAME``."""

from __future__ import annotations

import ast
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fcsse.errors import EXIT_CHANGED
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.lost_writes import find_lost_writes
from fcsse.event_history.uses import Uses, uses_in
from fcsse.event_history.versions import KeyHistory, history_of
from fcsse.lambda_function.call_events import Ignored, read_event
from fcsse.policy.document import strings
from fcsse.sandbox import Sandbox
from scripts.campaigning import errors, fuzz, fuzz_events, kills, signals, wire, writers
from scripts.campaigning.__main__ import CAMPAIGNS, main
from scripts.campaigning.mutating.forks import Forks, functions_of, put_in
from scripts.campaigning.mutating.mutants import ROOT, mutants
from scripts.campaigning.process_pool import Nursery
from scripts.campaigning.put_log import Ledger

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the campaigns fork")


@pytest.mark.parametrize(
    "manner",
    [
        writers.Manner(4),
        pytest.param(writers.Manner(3, shared=False), marks=pytest.mark.nightly),
        pytest.param(writers.Manner(3, every=0.3), marks=pytest.mark.nightly),
    ],
    ids=["one machine", "a machine each", "a foreign writer"],
)
def test_writers_at_once(tmp_path: Path, manner: writers.Manner) -> None:
    with Sandbox() as sandbox, Ledger() as ledger, Nursery(tmp_path) as nursery:
        done = writers.play(sandbox, nursery, ledger, tmp_path, manner)
    # Where the machine is busy, a foreign writer's statement may be overwritten by chance, and a link may give up, which it
    # says by its exit code; never is one of ours lost.
    gave_up = done.codes[EXIT_CHANGED] if manner.every else 0
    by_chance = ["foreign", *([f"ended with {EXIT_CHANGED}", "are linked at the end"] if gave_up else [])]
    serious = [one for one in done.violations if not any(words in one for words in by_chance)]
    assert serious == []
    assert done.linked + gave_up >= manner.processes
    assert gave_up < manner.processes


@pytest.mark.nightly
def test_kills(tmp_path: Path) -> None:
    assert kills.campaign(3, 3, seed=7) == 0


@pytest.mark.nightly
def test_errors() -> None:
    assert errors.main(["--processes", "1", "--every", "809"]) == 0


def test_signals_and_folders() -> None:
    assert signals.campaign(every=73) == 0


def test_every_campaign_that_is_listed_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    for name in CAMPAIGNS:
        assert f"  {name}" in listed
        assert callable(import_module(f"scripts.campaigning.{name}").main)
    assert main(["no-such-campaign"]) == 2


def test_wire() -> None:
    assert wire.campaign(4, seed=5) == 0


@pytest.mark.parametrize("target", ["policy", "texts", "backup", "lock", "lambda", "history", "answers"])
def test_fuzz(target: str) -> None:
    assert fuzz.campaign(3, 150, target) == 0


def test_fuzz_leaves_no_folder() -> None:
    files = fuzz._Files()
    folder = files.folder
    assert folder.is_dir()
    del files
    gc.collect()
    assert not folder.exists()


def test_fuzz_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "equivalent", lambda *_: False)
    assert "unlinking" in fuzz.attempt(fuzz.policy, fuzz.POLICIES[0].encode())


def test_fuzz_reads_every_event_that_it_begins_with() -> None:
    for event in fuzz_events.EVENTS:
        assert not isinstance(read_event(event, fuzz_events.ACCOUNT, "function").about, Ignored), event
        assert fuzz.attempt(fuzz_events.lambda_event, json.dumps(event).encode()) == ""


def test_fuzz_reads_every_record_that_it_begins_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """It once handed each entry to a reader that took none of them, for the type of its time."""
    histories: list[KeyHistory] = []
    losses: list[LostWrites] = []
    uses: list[Uses] = []

    def seen(found: list[Any], read: Callable[..., Any]) -> Callable[..., Any]:
        def reading(*given: object) -> object:
            found.append(read(*given))
            return found[-1]

        return reading

    monkeypatch.setattr(fuzz_events, "history_of", seen(histories, history_of))
    monkeypatch.setattr(fuzz_events, "find_lost_writes", seen(losses, find_lost_writes))
    monkeypatch.setattr(fuzz_events, "uses_in", seen(uses, uses_in))
    for record in fuzz_events.RECORDED:
        assert fuzz.attempt(fuzz_events.event_record, record.encode()) == ""
    assert [len(one.changes) for one in histories] == [3, 4, 4, 0]
    assert [bool(one.lost or one.unsure) for one in losses] == [True, True, True, False]
    assert [len(one.of_role) for one in uses] == [0, 0, 0, 1]


def test_fuzz_sees_a_record_that_is_taken_wrongly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_events, "parse_events", lambda _: ((), 0))
    assert "neither read nor counted" in fuzz.attempt(fuzz_events.event_record, b"{}")


def test_mutants_differ_in_one_place_and_are_code() -> None:
    path = "fcsse/policy/edited_statement.py"
    found = mutants(path)
    assert len(found) > 20
    texts = {one.text() for one in found}
    assert len(texts) > len(found) * 0.9
    assert ast.unparse(ast.parse((ROOT / path).read_text())) not in texts
    inside = [one for one in found if one.function]
    assert len(found) * 0.9 < len(inside) < len(found)  # the defaults of parameters are no function's
    for one in inside:
        assert one.function
        assert one.code().co_qualname == one.function.name


def test_a_mutant_runs_in_place_of_its_function() -> None:
    found = [one for one in mutants("fcsse/policy/document.py") if one.function and one.function.name == "strings"]
    code, results = strings.__code__, []
    places = functions_of([strings])
    try:
        for one in found:
            put_in(one, places)
            results.append(strings("a"))
    finally:
        strings.__code__ = code
    assert None in results
    assert strings("a") == ("a",)
    with pytest.raises(LookupError):
        put_in(found[0], {})


def test_what_never_runs_has_no_mutants() -> None:
    of_locks = {
        one.function.line for one in mutants("fcsse/apply/lock.py") if one.function and "try_lock" in one.function.name
    }
    assert len(of_locks) == 1  # one function an operating system
    lines = (ROOT / "fcsse/apply/pair_result.py").read_text().splitlines()
    assert not [one for one in mutants("fcsse/apply/pair_result.py") if "assert_never(" in lines[one.line - 1]]


def test_a_mutant_that_no_test_calls_is_not_seen(tmp_path: Path) -> None:
    mutant = next(one for one in mutants("fcsse/policy/document.py") if one.function and one.function.name == "strings")
    code, told = strings.__code__, tmp_path / "told"
    try:
        Forks([mutant], 1.0, lambda _: None, places=functions_of([strings]))._try(mutant, [], told)
    finally:
        strings.__code__ = code
    assert told.read_text() == ""


@pytest.mark.nightly
def test_mutants_meet_the_tests_of_their_function(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from scripts.campaigning import mutation\n"
        "mutation.TESTS = ('policy',)\n"
        "raise SystemExit(mutation.main(['--package', 'policy', '--sample', '12', '--budget', '10', '--least', '50']))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, program], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "of 12 seen" in done.stdout
