"""Real botocore clients whose requests go to the sandbox in process, through whatever trouble there is, in virtual time."""

from __future__ import annotations

import contextlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.retries import standard

from fcsse.aws.make_clients import clients_of_botocore
from fcsse.aws.sessions import Clients
from fcsse.sandbox import Sandbox, key_policy
from fcsse.sandbox.state import Key, Lagging
from fcsse.sandbox.wire import Reply
from scripts.campaigning.simulation.clock import START, SimulatedClock
from scripts.campaigning.simulation.scheduler import Process
from scripts.campaigning.simulation.trouble import LISTS, WRITES, Trouble, draw, refusal

URL = "http://127.0.0.1:4566"
READ_TIMEOUT = 30.0
CONSTANT = ("s3", "iam", "sts")
"""Services whose answers no command changes."""


@dataclass(frozen=True, slots=True)
class Put:
    """A policy that KMS took."""

    at: float
    by: str
    before: str
    after: str
    key: str
    sent: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A policy that a process was shown: when it asked, and when it had the answer."""

    asked: float
    at: float
    to: str
    text: str
    key: str


@dataclass(slots=True)
class Weather:
    """How bad it is. ``rate``: how many attempts meet trouble. ``stale``: for how long old states may be shown.

    ``late``: by how much CloudTrail's events may show late.
    """

    rate: float = 0.0
    stale: float = 0.0
    latency: tuple[float, float] = (0.004, 0.03)
    only: str = ""
    endless: bool = False
    pages: str = ""
    late: float = 0.0


@dataclass(slots=True)
class Record:
    """What happened at AWS in one run. ``grants``: who made or ended how many."""

    puts: list[Put] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    grants: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[tuple[str, str, str]] = field(default_factory=list)
    on_put: Callable[[Put], None] = lambda _: None


def _each_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of an answer. One with a member twice is not AWS's: nobody was shown anything by it."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a member twice")
    return found


def _text(body: str | bytes | None) -> str:
    return body if isinstance(body, str) else (body or b"").decode()


class _Raw(io.BytesIO):
    """A body, as urllib3 hands it over."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class Transport:
    """One sandbox, reached without sockets. ``weather`` and ``record`` are of the run that is on."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.clock = SimulatedClock()
        self.weather, self.record = Weather(), Record()
        self._handlers: dict[tuple[Process, str], Any] = {}
        self._old: dict[str, list[tuple[float, str]]] = {}
        self._old_grants: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        self._pages: dict[str, bytes] = {}
        self._counts = 0
        self._constant: dict[tuple[str, str, bytes], Reply] = {}
        session = botocore.session.Session()
        who = sandbox.credentials()
        session.set_credentials(who.access_key, who.secret)
        self.clients = clients_of_botocore(session, sandbox.region, URL)
        self.clients.clock = self.clock
        sandbox.state.trail.ticks = self.clock.monotonic
        sandbox.state.trail.wall = lambda: START.timestamp() + self.clock.monotonic()
        make = self.clients.make

        def made(service: Any, region: Any, config: Any, url: Any, keys: Any) -> Any:
            # One user agent for all requests: botocore makes it anew for each, which takes as long as the request.
            client = make(service, region, config.merge(Config(user_agent="simulation")), url, keys)
            self._adopt(client)
            return client

        self.clients.make = made

    def begin(self, clock_world: Any, weather: Weather) -> None:
        """A new run."""
        self.clock.world, self.clock.jump = clock_world, 0.0
        self.weather, self.record = weather, Record()
        for one in (self._handlers, self._old, self._old_grants, self._pages):
            one.clear()  # type: ignore[attr-defined]
        self.sandbox.requests.clear()

    def roles_changed(self) -> None:
        """What was answered about roles holds no more."""
        self._constant.clear()

    def clients_of(self, *_: object, **__: object) -> Clients:
        """The clients of every simulated process."""
        return self.clients

    # botocore

    def _adopt(self, client: Any) -> None:
        """Has a new client send its requests here, and pause between attempts in virtual time."""
        events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
        events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")

        def needs_retry(**about: Any) -> float | None:
            key = (self.clock.world.process, service)
            if key not in self._handlers:
                quiet = SimpleNamespace(register=lambda *_, **__: None)
                meta = SimpleNamespace(service_model=client.meta.service_model, events=quiet)
                self._handlers[key] = standard.register_retry_handler(SimpleNamespace(meta=meta))
            pause = self._handlers[key].needs_retry(**about)
            if pause is None:
                return None
            self.clock.sleep(pause)
            return 0.0

        events.register(f"needs-retry.{service}", needs_retry)
        events.register("before-send", self._send)

    def _send(self, request: Any, **_: object) -> AWSResponse:
        world = self.clock.world
        rng, weather, process = world.random, self.weather, world.process
        self.clock.world.check()
        service, operation = self._what(request)
        trouble = Trouble("")
        hit = not weather.only or operation == weather.only
        if weather.rate and hit and rng.random() < weather.rate:
            trouble = draw(rng, service, operation)
            self.record.troubles.append((process.name, operation, trouble.name))
        world.trace.append(f"{world.now:.6f} {process.name} {operation} {trouble.name}")
        asked = world.now
        world.sleep(rng.uniform(*weather.latency) / 2 + trouble.delay)
        reply = self._answer(request, service, operation, trouble, asked)
        world.sleep(rng.uniform(*weather.latency) / 2)
        self.clock.world.check()
        if operation == "GetKeyPolicy" and reply.status == 200:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                members = json.loads(reply.body, object_pairs_hook=_each_once)
                text = members["Policy"]
                # Of another type, it is not AWS's; null is a member that is missing, and this one may be.
                if isinstance(text, str) and isinstance(members.get("PolicyName"), str | None):
                    key = json.loads(request.body)["KeyId"]
                    self.record.shown.append(Shown(asked, world.now, process.name, text, key))
        headers = dict(reply.headers)
        if "x-no-id" in headers:
            headers = {"Content-Type": headers.get("Content-Type", "")}
        body = b"" if request.method == "HEAD" else reply.body
        return AWSResponse(request.url, reply.status, headers, _Raw(body))

    def _answer(self, request: Any, service: str, operation: str, trouble: Trouble, asked: float) -> Reply:
        head = request.method == "HEAD"
        if not trouble.after and (trouble.error or trouble.lost):
            return self._fail(request, service, trouble, head=head)
        reply = self._carry_out(request, service, operation, asked)
        if trouble.after:
            return self._fail(request, service, trouble, head=head)
        reply = self._paged(request, operation, reply)
        if trouble.spoil:
            try:
                spoiled = trouble.spoil(self.clock.world.random, reply)
            except ValueError:
                spoiled = reply
            ids = {name: value for name, value in reply.headers.items() if name.lower() == "x-amzn-requestid"}
            own = spoiled.headers.keys() == reply.headers.keys()
            return Reply(spoiled.status, spoiled.body, {**spoiled.headers, **(ids if own else {})})
        return reply

    def _fail(self, request: Any, service: str, trouble: Trouble, *, head: bool) -> Reply:
        if trouble.error:
            reply = refusal(trouble, service, head=head)
            return Reply(reply.status, reply.body, {**reply.headers, "x-amzn-RequestId": "simulated"})
        match trouble.lost:
            case "silence":
                self.clock.world.sleep(READ_TIMEOUT)
                raise ReadTimeoutError(endpoint_url=request.url)
            case "no connection":
                self.clock.world.sleep(5.0)
                raise ConnectTimeoutError(endpoint_url=request.url)
            case _:
                raise ConnectionClosedError(endpoint_url=request.url)

    # the sandbox

    def _what(self, request: Any) -> tuple[str, str]:
        target = str(request.headers.get("X-Amz-Target", b""), "ascii") if request.headers.get("X-Amz-Target") else ""
        if target:
            name, _, operation = target.rpartition(".")
            return ("kms" if name.startswith("Trent") else "cloudtrail" if "CloudTrail" in name else "fsx"), operation
        scope = str(request.headers["Authorization"], "ascii").partition("Credential=")[2].split("/")[3]
        if scope in ("iam", "sts"):
            return scope, re.search(r"Action=(\w+)", _text(request.body))[1]  # type: ignore[index]
        query = urlsplit(request.url).query
        return "s3", f"{request.method.title()}{'Bucket' + query.partition('=')[0].title() if query else 'Bucket'}"

    def _carry_out(self, request: Any, service: str, operation: str, asked: float) -> Reply:
        """The sandbox's own answer, with what it changed written down."""
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        key = self._key(body) if service == "kms" else None
        before = self.policy(key) if key and operation in WRITES else ""
        grants = dict(key.grants.value) if key else {}
        with self._stale(key, operation):
            reply = self._remembered(request, body) if service in CONSTANT else self._call(request, body)
        world, name = self.clock.world, self.clock.world.process.name
        if key and operation == "PutKeyPolicy" and reply.status == 200:
            self.put_happened(name, key, before, asked)
            world.process.over = world.process.over or world.process.one_put
        if key and operation in WRITES and key.grants.value != grants:
            self._old_grants.setdefault(key.arn, []).append((self._until(), grants))
            self.record.grants.append((name, operation))
        world.trace.append(f"  {reply.status}")
        return self._in_any_order(reply) if service == "cloudtrail" and reply.status == 200 else reply

    def put_happened(self, name: str, key: Key, before: str, sent: float) -> None:
        """Writes a put down; readers may go on seeing the old text for a while."""
        put = Put(self.clock.world.now, name, before, self.policy(key), key.arn, sent)
        self.record.puts.append(put)
        self._old.setdefault(key.arn, []).append((self._until(), before))
        if not self.sandbox.state.trail.paused:
            self.sandbox.state.trail.events[-1].shows += self.clock.world.random.random() * self.weather.late
        self.record.on_put(put)

    def _until(self) -> float:
        return self.clock.world.now + self.clock.world.random.random() * self.weather.stale

    def policy(self, key: Key) -> str:
        """The policy in force."""
        return key_policy.shown(self.sandbox.state, key, key.policy.value)

    def policy_shown(self, key: Key) -> str:
        """The policy that a reader sees now: the one in force, or with stale reads one of those from shortly before."""
        world = self.clock.world
        old = [text for until, text in self._old.get(key.arn, ()) if until > world.now]
        return world.random.choice([*old, self.policy(key)]) if old else self.policy(key)

    @contextlib.contextmanager
    def _stale(self, key: Key | None, operation: str) -> Iterator[None]:
        """While a read is answered, what it reads may be what was there before."""
        if key is None or operation not in ("GetKeyPolicy", "ListGrants"):
            yield
            return
        world = self.clock.world
        policy, grants = key.policy, key.grants
        key.policy = Lagging(self.policy_shown(key))
        old = [one for until, one in self._old_grants.get(key.arn, ()) if until > world.now]
        if old:
            key.grants = Lagging(world.random.choice([*old, grants.value]))
        try:
            yield
        finally:
            key.policy, key.grants = policy, grants

    def _key(self, body: bytes) -> Key | None:
        try:
            return self.sandbox.key(str(json.loads(body)["KeyId"]))
        except (KeyError, StopIteration, ValueError):
            return None

    def _in_any_order(self, reply: Reply) -> Reply:
        """The events of a page, with those of one second in an order that says nothing."""
        document, rng = json.loads(reply.body), self.clock.world.random
        document["Events"].sort(key=lambda event: (-event["EventTime"], rng.random()))
        return Reply(reply.status, json.dumps(document).encode(), reply.headers)

    def _paged(self, request: Any, operation: str, reply: Reply) -> Reply:
        """Lists with pages that come again, in another order, or without an end."""
        if operation not in LISTS or not self.weather.pages or reply.status != 200:
            return reply
        try:
            document = json.loads(reply.body)
        except ValueError:
            return reply
        self._counts += 1
        match self.weather.pages:
            case "endless":
                self.clock.world.sleep(4.0)
                document.update({"Truncated": True, "NextMarker": f"m{self._counts}"})
            case "repeated" if operation in self._pages and re.search(r"Marker|NextToken", _text(request.body)):
                return Reply(reply.status, self._pages[operation], reply.headers)
            case "reordered":
                for value in document.values():
                    if isinstance(value, list):
                        self.clock.world.random.shuffle(value)
        body = json.dumps(document).encode()
        self._pages[operation] = body
        return Reply(reply.status, body, reply.headers)

    def _remembered(self, request: Any, body: bytes) -> Reply:
        """Answers that no command changes."""
        key = (request.method, request.url, body)
        if key not in self._constant:
            self._constant[key] = self._call(request, body)
        return self._constant[key]

    def _call(self, request: Any, body: bytes) -> Reply:
        url = urlsplit(request.url)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": request.method,
            "PATH_INFO": url.path or "/",
            "RAW_URI": f"{url.path or '/'}{'?' + url.query if url.query else ''}",
            "QUERY_STRING": url.query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "4566",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "HTTP_HOST": "127.0.0.1:4566",
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in request.headers.items():
            text = value.decode() if isinstance(value, bytes) else str(value)
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> None:
            started[:] = [int(status.split(" ", 1)[0]), dict(headers)]

        answered = b"".join(self.sandbox.gateway(environ, start_response))
        headers: Mapping[str, str] = started[1]
        return Reply(started[0], answered, headers)
