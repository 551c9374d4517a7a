"""Many actors at one key policy in virtual time: a whole afternoon of waits in milliseconds, the same from each seed.

An actor is ordinary code on a thread of its own, but only one runs at a time, and only until it waits: a wait, or the
time of a request, hands over to whoever is due next. So an interleaving is a function of the seed.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fcsse.arn import Arn, key_arn, role_arn
from fcsse.errors import BusyError, NotVisibleError, UnexpectedError
from fcsse.link_options import Operation
from fcsse.model import IamPrincipal, Role
from fcsse.planning.changes import PolicyChange, change_policy
from fcsse.policy.document import PolicyDocument
from fcsse.policy.encryption_context import ContextForm
from fcsse.policy.statement import Access

ACCOUNT = "111122223333"
REGION = "eu-west-1"
START = datetime(2026, 1, 1, tzinfo=UTC)
DEFAULT = json.dumps(
    {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)


def key() -> Arn:
    found = key_arn(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/12345678-1234-1234-1234-123456789012")
    assert found is not None
    return found


def cache_name(number: int) -> str:
    return f"fc-{number:08x}"


def access(number: int) -> Access:
    role = role_arn("aws", ACCOUNT, cache_name(number))
    return Access(role, ACCOUNT, "aws", REGION, "data", frozenset({ContextForm.OBJECT}))


def change(number: int, text: str, operation: Operation = Operation.LINK) -> PolicyChange:
    return change_policy(key(), operation, [access(number)], PolicyDocument.parse(text))


class KilledError(BaseException):
    """The process of an actor ended here."""


class World:
    """Virtual time, and whose turn it is."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.errors: list[BaseException] = []
        self._queue: list[tuple[float, int, threading.Event]] = []
        self._numbers = itertools.count()
        self._baton = threading.Event()
        self._alive = 0

    def spawn(self, work: Callable[[], Any], delay: float = 0.0) -> None:
        """Another actor, from ``delay`` on."""
        turn = threading.Event()
        self._alive += 1
        heapq.heappush(self._queue, (self.now + delay, next(self._numbers), turn))

        def act() -> None:
            turn.wait()
            try:
                work()
            except KilledError:
                pass
            except BaseException as error:
                self.errors.append(error)
            finally:
                self._alive -= 1
                self._baton.set()

        threading.Thread(target=act, daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """The actor that runs waits, and lets others act meanwhile."""
        turn = threading.Event()
        heapq.heappush(self._queue, (self.now + max(0.0, seconds), next(self._numbers), turn))
        self._baton.set()
        turn.wait()

    def run(self, until: float = 10_000.0) -> None:
        """Lets all act until none is left. Raises what an actor raised."""
        while self._alive and self._queue:
            at, _, turn = heapq.heappop(self._queue)
            assert at <= until, "it does not come to an end"
            self.now = max(self.now, at)
            self._baton.clear()
            turn.set()
            assert self._baton.wait(30), "an actor blocks"
        if self.errors:
            raise self.errors[0]


@dataclass
class VirtualClock:
    """A run's clock in such a world; it adds up what was slept."""

    world: World
    slept: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.world.now)

    def monotonic(self) -> float:
        return self.world.now

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.world.sleep(seconds)

    def random(self) -> float:
        return self.world.random.random()

    def in_background(self, question: Callable[[], str]) -> VirtualAside:
        return VirtualAside(self.world, question)

    def thread_pool(self, threads: int) -> Executor:
        raise NotImplementedError  # the write protocol has none

    def wait_for(self, calls: object, within: float) -> None:
        raise NotImplementedError


class VirtualAside:
    def __init__(self, world: World, question: Callable[[], str]) -> None:
        self._world = world
        self._question = question
        self._answer: str | None = None
        self._done = False
        world.spawn(self._ask)

    def _ask(self) -> None:
        try:
            self._answer = self._question()
        except (BusyError, UnexpectedError):
            pass
        finally:
            self._done = True

    def answer(self, within: float) -> str | None:
        end = self._world.now + within
        while not self._done and self._world.now < end:
            self._world.sleep(min(0.002, end - self._world.now))
        return self._answer

    def failed(self) -> bool:
        return self._done and self._answer is None


@dataclass
class Put:
    at: float
    by: str
    before: str
    after: str
    mark: str = ""


@dataclass
class SimulatedKey:
    """One key policy in KMS: takes puts whole, and shows them late to some readers.

    ``latency``: seconds that a request takes, at least and at most; it takes effect somewhere between. ``late``: for how
    long after a put some reads still show the policy from before. ``blind``: until when KMS does not see the new role.
    """

    world: World
    text: str = DEFAULT
    latency: tuple[float, float] = (0.005, 0.03)
    late: float = 0.0
    blind: float = 0.0
    trouble: float = 0.0
    puts: list[Put] = field(default_factory=list)
    refused: int = 0
    tried: int = 0
    _past: list[tuple[float, str]] = field(default_factory=list)

    def _travel(self) -> None:
        self.world.sleep(self.world.random.uniform(*self.latency) / 2)

    def shown(self) -> str:
        """What a read finds: the text in force, or with late changes one of the texts from shortly before."""
        old = [text for until, text in self._past if until > self.world.now]
        return self.world.random.choice([*old, self.text]) if old else self.text

    def get(self) -> str:
        self._travel()
        self._fail()
        text = self.shown()
        self._travel()
        return text

    def _fail(self) -> None:
        if self.trouble and self.world.random.random() < self.trouble:
            self._travel()
            raise BusyError("busy", "again")

    def put(self, by: str, text: str, *, young: bool = False, mark: str = "") -> int:
        self.tried += 1
        self._travel()
        self._fail()
        if young and self.world.now < self.blind:
            self.refused += 1
            self._travel()
            raise NotVisibleError("one or more invalid principals")
        if self.late:
            self._past.append((self.world.now + self.world.random.uniform(0, self.late), self.text))
        self.puts.append(Put(self.world.now, by, self.text, text, mark))
        number = len(self.puts)
        self.text = text
        self._travel()
        if self.trouble and self.world.random.random() < self.trouble:
            raise UnexpectedError("no answer", "again")
        return number


@dataclass
class FakeAws:
    """What the protocol asks of AWS, as one process."""

    key: SimulatedKey
    name: str
    young: bool = False
    gone: bool = False
    on_call: Callable[[str], None] = lambda _: None

    def find_principal(self, _: Arn) -> IamPrincipal:
        return IamPrincipal(exists=not self.gone)

    def get_policy(self, _: Arn, account: str | None = None) -> str:
        self.on_call("get")
        text = self.key.get()
        self.on_call("got")
        return text

    def put_policy(self, _: Arn, text: str, mark: str = "") -> str:
        self.on_call("put")
        number = self.key.put(self.name, text, young=self.young, mark=mark)
        self.on_call("taken")
        return f"request-{number}"

    def find_role(self, cache: str) -> Role | None:
        return None if self.gone else Role.computed("aws", ACCOUNT, cache)


def foreign_writer(
    world: World, simulated: SimulatedKey, name: str, times: int, every: float, pause: float
) -> Callable[[], None]:
    """Somebody who follows no protocol: reads, changes, writes, so many times; adds a statement each time."""

    def write() -> None:
        for number in range(times):
            document = json.loads(simulated.get())
            document["Statement"].append(
                {"Sid": f"{name} {number}", "Effect": "Deny", "Principal": "*", "Action": "kms:F", "Resource": "*"}
            )
            world.sleep(pause)
            simulated.put(name, json.dumps(document))
            world.sleep(every * world.random.uniform(0.8, 1.2))

    return write
