"""What a program in virtual time has in place of the machine's clock, thread pool and queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.campaigning.simulation.scheduler import KilledError, World

START = datetime(2026, 1, 1, tzinfo=UTC)


class SimulatedFuture(Future[Any]):
    """A call of a simulated thread pool: who waits for it hands over."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def result(self, timeout: float | None = None) -> Any:
        """The result, once it is there."""
        self._world.block(self, timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """The exception, once it is known."""
        self._world.block(self, timeout)
        return super().exception(0)


class SimulatedPool(Executor):
    """Runs each call on a thread of its own. What has not begun when it is shut down is dropped."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begins a call."""
        call = SimulatedFuture(self._world)

        def work() -> None:
            if self._closed:
                call.cancel()
                return
            try:
                call.set_result(fn(*args, **kwargs))
            except KilledError:
                call.cancel()
                raise
            except BaseException as error:
                call.set_exception(error)

        self._world.spawn(work, self._world.random.random() * 0.0002)
        return call

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Begins nothing more."""
        self._closed = True


class SimulatedQueue:
    """A queue between the threads of a process: who waits for something in it hands over."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._items: deque[Any] = deque()
        self._filled: Future[None] = Future()

    def put(self, item: Any) -> None:
        """Adds something."""
        self._items.append(item)
        if not self._filled.done():
            self._filled.set_result(None)

    def get(self) -> Any:
        """The next one, once there is one."""
        while not self._items:
            self._filled = Future()
            self._world.block(self._filled)
        return self._items.popleft()

    def empty(self) -> bool:
        """Is nothing in it now?"""
        return not self._items


class SimulatedAnswer:
    """The result of a background call."""

    def __init__(self, world: World, question: Callable[[], str]) -> None:
        self._world = world
        self._call = SimulatedPool(world).submit(question)

    def answer(self, within: float) -> str | None:
        """The answer, once it is there; None where it is not, or asking failed."""
        self._world.block(self._call, max(0.0, within))
        if not self._call.done() or self._call.cancelled() or self._call.exception():
            return None
        found: str = self._call.result()
        return found

    def failed(self) -> bool:
        """Has asking failed by now?"""
        return self._call.done() and (self._call.cancelled() or self._call.exception() is not None)


class SimulatedClock:
    """The clock of everybody in a world; ``world`` may be replaced by the next one. ``jump``: how wrong the date is."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World(0)
        self.jump = 0.0

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return START + timedelta(seconds=self.world.now + self.jump)

    def monotonic(self) -> float:
        """Seconds that only go forward."""
        return self.world.now

    def sleep(self, seconds: float) -> None:
        """Waits."""
        self.world.check()
        self.world.sleep(seconds)

    def random(self) -> float:
        """A number from 0 up to 1."""
        return self.world.random.random()

    def in_background(self, question: Callable[[], str]) -> SimulatedAnswer:
        """Asks something while the caller goes on."""
        return SimulatedAnswer(self.world, question)

    def thread_pool(self, threads: int) -> Executor:
        """Runs calls side by side."""
        return SimulatedPool(self.world)

    def queue(self) -> SimulatedQueue:
        """A queue between threads."""
        return SimulatedQueue(self.world)

    def wait_for(self, calls: Collection[Future[Any]], within: float) -> None:
        """Waits until all these calls are done, at most ``within`` seconds."""
        end = self.world.now + within
        for call in calls:
            self.world.block(call, max(0.0, end - self.world.now))
