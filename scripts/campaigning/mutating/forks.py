"""The tests that meet mutants: collected once, in one process, which forks for each mutant with its code in place of the function's.

A plugin for pytest, whose own loop it replaces. At first children run all tests, and note which functions each calls. Then each
mutant meets the tests that call its function: those first that saw others of it, then those that saw most, then the quickest.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from fcsse.policy.kept import Kept
from scripts.campaigning.mutating.mutants import ROOT, Function, Mutant

PATIENCE = 60.0
"""Seconds that a mutant's tests may take beyond three times what they took before: then it does not end."""

FAILING = 10
"""Of so many tests at most it does not matter that they fail when they are watched, which takes time that some measure."""

NOT_MADE = "not made: "


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a test: how many seconds it takes, and the functions that it calls."""

    seconds: float
    calls: frozenset[Function]


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a mutant: the test that failed, empty where the tests did not end, or None: none failed.

    ``tests``: how many it met, of ``calling`` that call its function. What met only some may be one that the others see.
    """

    mutant: Mutant
    seen_by: str | None
    tests: int
    calling: int


@dataclass
class _Child:
    mutant: Mutant
    told: Path
    ends: float
    tests: int
    calling: int


@dataclass
class Forks:
    """The plugin. ``ended`` hears of each mutant, as it comes.

    ``budget``: the most seconds of tests that a mutant meets. ``kept``: a file for what is learned of the tests, read where it is
    there. ``failed``: tests that fail without any mutant, which none meets.
    """

    mutants: list[Mutant]
    budget: float
    ended: Callable[[Ended], None]
    minutes: float = 0.0
    kept: Path | None = None
    failed: list[str] = field(default_factory=list)
    known: dict[str, Known] = field(default_factory=dict)
    saw: dict[Function, list[str]] = field(default_factory=dict)
    often: Counter[str] = field(default_factory=Counter)
    places: dict[int, tuple[Function, list[FunctionType]]] = field(default_factory=dict)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """In place of pytest's own."""
        begun = time.monotonic()
        if session.testsfailed:
            message = "the tests could not be collected"
            raise RuntimeError(message)
        gc.unfreeze()  # what is frozen is not listed
        self.places = functions_of(gc.get_objects())
        gc.freeze()
        with tempfile.TemporaryDirectory() as folder:
            self.folder = Path(folder)
            found = self._recall()
            found |= self._learn([one for one in session.items if one.nodeid not in found])
            if self.kept:
                self.kept.write_text(json.dumps(found))
            here = {(one.path, one.name): one for one, _ in self.places.values()}
            for test, (seconds, calls, failed) in found.items():
                called = (here.get((path, name)) for path, name, _ in calls)
                self.known[test] = Known(seconds, frozenset(one for one in called if one))
                self.failed.extend([test] * failed)
            if len(self.failed) <= FAILING:
                self._meet({one.nodeid: one for one in session.items if one.nodeid not in self.failed}, begun)
        return True

    def _recall(self) -> dict[str, Any]:
        """What was learned before. A function may have moved since."""
        if self.kept is None or not self.kept.is_file():
            return {}
        found: dict[str, Any] = json.loads(self.kept.read_text())
        return found

    def _learn(self, items: list[pytest.Item]) -> dict[str, Any]:
        """Runs all tests, in a child a processor, and notes what each calls."""
        shares = os.cpu_count() or 1
        # Tests of one file stay together: what they share is made once.
        files = list(dict.fromkeys(one.path for one in items))
        pids = {}
        for share in range(shares):
            mine = [one for one in items if files.index(one.path) % shares == share]
            if not mine:
                continue
            told = self.folder / f"known-{share}"
            pids[_fork(lambda mine=mine, told=told: self._note(mine, told))] = told
        found: dict[str, Any] = {}
        for pid, told in pids.items():
            os.waitpid(pid, 0)
            if not told.is_file():
                message = "a process of the tests ended early"
                raise RuntimeError(message)
            found |= json.loads(told.read_text())
        return found

    def _note(self, items: list[pytest.Item], told: Path) -> None:
        found: dict[str, tuple[float, list[tuple[str, str, int]], bool]] = {}
        codes: set[int] = set()

        def trace(frame: FrameType, _event: str, _arg: object) -> None:
            codes.add(id(frame.f_code))  # a code's hash is that of all that is in it

        threading.settrace(trace)
        for item, following in zip(items, [*items[1:], None], strict=True):
            _forget()
            codes.clear()
            begun = time.monotonic()
            sys.settrace(trace)
            failed = _run(item, following)
            sys.settrace(None)
            calls = {self.places[one][0] for one in list(codes) if one in self.places}
            called = [(one.path, one.name, one.line) for one in calls]
            found[item.nodeid] = (time.monotonic() - begun, called, failed)
        told.write_text(json.dumps(found))

    def _meet(self, items: dict[str, pytest.Item], begun: float) -> None:
        """Each mutant in a child, as many at once as there are processors."""
        known = {test: known for test, known in self.known.items() if test in items}
        children: dict[int, _Child] = {}
        waiting = iter(self.mutants)
        end = begun + self.minutes * 60 if self.minutes else float("inf")
        while True:
            while len(children) < (os.cpu_count() or 1) and time.monotonic() < end:
                if (mutant := next(waiting, None)) is None:
                    break
                calling = self._tests_of(mutant, known)
                tests = self._affordable(calling)
                told = self.folder / f"mutant-{mutant.path.replace('/', '-')}-{mutant.number}"
                pid = _fork(
                    lambda mutant=mutant, told=told, tests=tests: self._try(mutant, [items[one] for one in tests], told)
                )
                longest = PATIENCE + 3 * sum(self.known[one].seconds for one in tests)
                children[pid] = _Child(mutant, told, time.monotonic() + longest, len(tests), len(calling))
            if not children:
                return
            for pid in list(children):
                if os.waitpid(pid, os.WNOHANG)[0]:
                    _kill_group(pid)
                    self._hear(children.pop(pid))
                elif time.monotonic() > children[pid].ends:
                    _kill_group(pid)
            time.sleep(0.02)

    def _hear(self, child: _Child) -> None:
        seen_by: str | None = ""  # it told nothing: killed, or crashed
        if child.told.is_file():
            seen_by = child.told.read_text() or None
            child.told.unlink()
        if seen_by and seen_by.startswith(NOT_MADE):
            # Without its call of super(), a function's code lacks what the function's closure holds.
            print(f"left out: {child.mutant.path}:{child.mutant.line}: {child.mutant.what}: {seen_by}", flush=True)
            return
        if seen_by and child.mutant.function:
            self.saw.setdefault(child.mutant.function, []).append(seen_by)
            self.often[seen_by] += 1
        self.ended(Ended(child.mutant, seen_by, child.tests, child.calling))

    def _tests_of(self, mutant: Mutant, known: dict[str, Known]) -> list[str]:
        """In the order in which they are tried."""
        saw = self.saw.get(mutant.function, []) if mutant.function else []
        calling = [test for test, one in known.items() if mutant.function in one.calls]
        return sorted(calling, key=lambda test: (test not in saw, -self.often[test], known[test].seconds))

    def _affordable(self, tests: list[str]) -> list[str]:
        """The first of these, no more than the budget allows."""
        chosen, spent = [], 0.0
        for one in tests:
            spent += self.known[one].seconds
            if chosen and spent > self.budget:
                break
            chosen.append(one)
        return chosen

    def _try(self, mutant: Mutant, items: list[pytest.Item], told: Path) -> None:
        try:
            put_in(mutant, self.places)
        except Exception as error:
            told.write_text(f"{NOT_MADE}{error!r}")
            return
        for item, following in zip(
            items, [*items[1:], None], strict=False
        ):  # a function that no test calls has no items
            if _run(item, following):
                told.write_text(item.nodeid)
                return
        told.write_text("")


def put_in(mutant: Mutant, places: dict[int, tuple[Function, list[FunctionType]]]) -> None:
    """Has this process run the mutant from now on. Raises LookupError where its function is not there."""
    code = mutant.code()
    found = {id(one): one for function, objects in places.values() if function == mutant.function for one in objects}
    if not found:
        raise LookupError(mutant.function)
    for one in found.values():
        one.__code__ = code


def functions_of(objects: Iterable[object]) -> dict[int, tuple[Function, list[FunctionType]]]:
    """The functions of fcsse among these objects, and the objects that run each, by the id of its code or of code inside of it."""
    found: dict[int, tuple[Function, list[FunctionType]]] = {}
    product = str(ROOT / "fcsse")
    for one in objects:
        if not isinstance(one, FunctionType) or not one.__code__.co_filename.startswith(product):
            continue
        code = one.__code__
        if "<locals>" in code.co_qualname:
            continue
        if id(code) in found:
            found[id(code)][1].append(one)
            continue
        path = str(Path(code.co_filename).relative_to(ROOT))
        entry = (Function(path, code.co_qualname, code.co_firstlineno), [one])
        found.update(dict.fromkeys(map(id, _with_inner(code)), entry))
    return found


def _with_inner(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _with_inner(one)


def _forget() -> None:
    """Drops what functions of fcsse kept of earlier tests: the next one calls them by itself."""
    for name, module in list(sys.modules.items()):
        if not name.startswith("fcsse"):
            continue
        for one in list(vars(module).values()):
            if isinstance(one, Kept):
                one.forget(one.texts())
            elif callable(clear := getattr(one, "cache_clear", None)):
                clear()


def _run(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Runs one test; did it fail, or its preparation or end?"""
    before = item.session.testsfailed
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    return item.session.testsfailed > before


def _fork(work: Callable[[], None]) -> int:
    """A process of a group of its own that does this, says nothing and ends."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nowhere, number)
        work()
    finally:
        os._exit(0)


def _kill_group(pid: int) -> None:
    """What the tests of a child left running, and the child."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
