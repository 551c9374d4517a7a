"""Virtual time, and whose turn it is: ordinary threads of which one runs at a time, in an order that the seed decides.

A thread runs until it waits: a pause, or the time of a request, hands over to whoever is due next. So an interleaving is a
function of the seed. A thread that is made without the scheduler's knowledge, and waited for by its maker, acts in its
maker's turn. Who waits wakes whoever is next; threads are kept for the next run.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

BUSY = 600.0
"""Real seconds without a turn after which a thread counts as one that blocks: a busy machine takes some for a turn."""

ENDLESS = 60_000
"""Turns after which a run counts as one that does not end."""


class KilledError(BaseException):
    """The process of an actor ended here."""


class HangError(AssertionError):
    """The run does not come to an end."""


@dataclass(eq=False, slots=True)
class Process:
    """One simulated process. ``over``: it was killed or has ended, so none of its threads goes on.

    ``step`` counts its turns; at ``strike`` it gets ``blow``: a kill, or an interruption of what it does. ``one_put``: it is
    killed once KMS has taken a key policy of it, before it has the answer.
    """

    name: str
    over: bool = False
    step: int = 0
    strike: int = 0
    blow: type[BaseException] = KilledError
    one_put: bool = False
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)


class Turn:
    """Somebody who waits. A turn can be in the queue twice: it comes once."""

    __slots__ = ("_wait", "came", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self.came = False
        self._wait = threading.Lock()
        self._wait.acquire()

    def wait(self) -> None:
        """Waits until the turn has come. Raises ``KilledError`` where the process has ended."""
        self._wait.acquire()
        if self.process.over:
            raise KilledError

    def wake(self) -> None:
        """Has the one who waits go on."""
        self._wait.release()


class _Thread(threading.Thread):
    """Does one piece of work after the other."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.work: SimpleQueue[Callable[[], None]] = SimpleQueue()

    def run(self) -> None:
        while True:
            self.work.get()()
            _idle.append(self)


_idle: list[_Thread] = []


class World:
    """A world of its own. ``process`` is the one that acts; ``trace`` what happened, for comparing two plays of a seed."""

    def __init__(self, seed: int, now: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.now = now
        self.errors: list[BaseException] = []
        self.process = Process("world")
        self.trace: list[str] = []
        self.turns = 0
        self._queue: list[tuple[float, int, Turn]] = []
        self._numbers = itertools.count()
        self._ended = threading.Event()
        self._alive = 0
        self._blocked: set[Turn] = set()
        self._until = 0.0
        self._hangs = False

    def spawn(self, work: Callable[[], Any], delay: float = 0.0, process: Process | None = None) -> None:
        """Another thread, from ``delay`` on, of this process or else of the one that acts."""
        turn = Turn(process or self.process)
        self._alive += 1
        self._push(turn, self.now + delay)

        def act() -> None:
            try:
                turn.wait()
                work()
            except KilledError:
                pass
            except BaseException as error:
                self.errors.append(error)
            finally:
                self._alive -= 1
                self._wake_next()

        thread = _idle.pop() if _idle else _Thread()
        thread.work.put(act)
        if not thread.is_alive():
            thread.start()

    def sleep(self, seconds: float) -> None:
        """The thread that runs waits, and lets others act meanwhile."""
        turn = Turn(self.process)
        self._push(turn, self.now + max(0.0, seconds))
        self._yield(turn)

    def block(self, call: Future[Any], within: float | None = None) -> None:
        """The thread that runs waits until a call is done, or for so many seconds."""
        if call.done():
            return
        turn = Turn(self.process)
        call.add_done_callback(lambda _: self._push(turn, self.now))
        if within is not None:
            self._push(turn, self.now + within)
        self._blocked.add(turn)
        self._yield(turn)

    def check(self) -> None:
        """To be asked where a process may end: raises what befalls it here."""
        process = self.process
        process.step += 1
        if process.over:
            raise KilledError
        if process.step == process.strike:
            process.over = process.blow is KilledError
            raise process.blow

    def run(self, until: float = 100_000.0) -> None:
        """Lets all act until none is left. Raises what a thread raised, and ``HangError`` where there is no end."""
        self._until = self.now + until
        self._wake_next()
        turns = -1
        while not self._ended.wait(BUSY):
            if self.turns == turns:
                raise HangError("a thread blocks outside virtual time")
            turns = self.turns
        if self.errors:
            raise self.errors[0]

    def _wake_next(self) -> None:
        """Lets the next one act, or ends the run where nobody is left or it does not come to an end."""
        try:
            turn = self._next()
        except HangError as error:
            self.errors.insert(0, error)
            self._kill_all()
            turn = self._next()
        if turn is None:
            self._ended.set()
        else:
            turn.wake()

    def _kill_all(self) -> None:
        """Has whoever waits end when its turn comes, so that no thread is left."""
        self._hangs = True
        waiting = {turn for _, _, turn in self._queue} | self._blocked
        for turn in waiting:
            turn.process.over = True
        for turn in self._blocked:
            self._push(turn, self.now)

    def _next(self) -> Turn | None:
        """Whose turn it is now; None where nobody is left. Raises ``HangError`` where there is no end."""
        while self._alive and (self._queue or self._release()):
            at, _, turn = self._queue[0]
            if not turn.came and not self._hangs and (at > self._until or self.turns >= ENDLESS):
                raise HangError(f"no end after {self.now:.0f} virtual seconds and {self.turns} turns")
            heapq.heappop(self._queue)
            if turn.came:
                continue
            turn.came = True
            self._blocked.discard(turn)
            self.turns += 1
            self.now = max(self.now, at)
            self.process = turn.process
            return turn
        if self._alive and not self._hangs:
            raise HangError("everybody waits for somebody")
        return None

    def _release(self) -> bool:
        """Lets the threads of ended processes end, which wait for what will not come."""
        for turn in [one for one in self._blocked if one.process.over]:
            self._push(turn, self.now)
        return bool(self._queue)

    def _push(self, turn: Turn, at: float) -> None:
        heapq.heappush(self._queue, (at, next(self._numbers), turn))

    def _yield(self, turn: Turn) -> None:
        self._wake_next()
        turn.wait()
