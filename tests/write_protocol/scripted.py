"""AWS's answers by a script, and a clock whose waits pass at once, for one part of a write at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from fcsse.apply.context import ApplyContext
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Future
from fcsse.errors import FcsseError
from tests.write_protocol.simulation import START

MOST_WAITS = 10_000


class ScriptedAws:
    """Answers each call with the next of its answers, the last one again and again: an error is raised, a function called."""

    def __init__(self, **answers: list[Any]) -> None:
        self.calls: list[str] = []
        self.words: list[tuple[Any, ...]] = []
        self.named: list[dict[str, Any]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*words: Any, **named: Any) -> Any:
            self.calls.append(name)
            self.words.append(words)
            self.named.append(named)
            left = self._answers[name]
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, BaseException):
                raise answer
            return answer() if callable(answer) else answer

        return call


@dataclass
class Answered:
    """A reading in the background: its text, None where it fails, and the seconds for which it has to be waited for."""

    text: str | None
    takes: float = 0.0
    waited: list[float] = field(default_factory=list)

    def answer(self, within: float) -> str | None:
        self.waited.append(within)
        return self.text if within >= self.takes else None

    def failed(self) -> bool:
        return self.text is None and not self.takes


class WhenNeeded:
    """What is asked in the background: asked once somebody wants the answer."""

    def __init__(self, question: Callable[[], str]) -> None:
        self._question = question
        self._asked = False
        self._text: str | None = None

    def answer(self, _: float) -> str | None:
        if not self._asked:
            self._asked = True
            try:
                self._text = self._question()
            except FcsseError:
                return None
        return self._text

    def failed(self) -> bool:
        return self._asked and self._text is None


@dataclass
class ScriptedClock:
    """Waits pass at once, chance is always the same, and nothing else takes time."""

    time: float = 0.0
    ahead: float = 0.0
    """By how much the time of day has gone on more than what is monotonic."""
    slept: list[float] = field(default_factory=list)
    answers: list[Future] = field(default_factory=list)
    """In place of what would be asked in the background next."""
    asked: int = 0
    """How often something was asked in the background."""

    def now(self) -> datetime:
        return START + timedelta(seconds=self.time + self.ahead)

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert len(self.slept) < MOST_WAITS, "it does not come to an end"
        self.time += seconds
        self.slept.append(seconds)

    def random(self) -> float:
        return 0.5

    def in_background(self, question: Callable[[], str]) -> Future:
        self.asked += 1
        return self.answers.pop(0) if self.answers else WhenNeeded(question)

    def thread_pool(self, threads: int) -> Executor:
        raise NotImplementedError

    def wait_for(self, calls: Collection[Any], within: float) -> None:
        raise NotImplementedError


@dataclass
class Arriving:
    """A reading in the background whose answer is there from a moment of the clock on; None: then it has failed."""

    clock: ScriptedClock
    text: str | None
    at: float

    def answer(self, within: float) -> str | None:
        self.clock.time = max(self.clock.time, min(self.at, self.clock.time + within))
        return self.text if self.clock.time >= self.at else None

    def failed(self) -> bool:
        return self.text is None and self.clock.time >= self.at


@dataclass
class Heard:
    """The steps and notes that a run tells."""

    steps: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, done: int, total: int) -> None: ...


def context(aws: ScriptedAws, clock: ScriptedClock | None = None, **more: Any) -> ApplyContext:
    """A run that may wait ten seconds, unless told otherwise, and whose plan was made just now."""
    words: dict[str, Any] = {"wait": 10.0, "read_at": 0.0, "progress": Heard(), **more}
    return ApplyContext(aws=cast("AwsCalls", aws), clock=clock or ScriptedClock(), **words)
