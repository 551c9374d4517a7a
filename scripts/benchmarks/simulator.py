"""A small HTTP server for the simulated account: one thread, kept-alive connections, a delay per request, a log.

The delay stands for the network and AWS's own time: each request is answered so many seconds after it has arrived,
whatever else is under way.
"""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from itertools import count
from typing import Self

from benchmarks.answers import REGION, World

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One request; times are monotonic seconds. ``connection`` numbers the connections."""

    operation: str
    connection: int
    arrived: float
    answered: float
    status: int


class Simulator:
    """The server, to be used as a context manager. ``delay`` is in seconds and may be changed between runs."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.delay = 0.0
        self.log: list[Entry] = []
        self.connections = count(1)
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    def take_log(self) -> list[Entry]:
        """The requests since the last call."""
        taken, self.log = self.log, []
        return taken

    @property
    def environment(self) -> dict[str, str]:
        """What points any AWS program at this server, and at no settings of this machine's user."""
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_PAGER": "",
        }


class _Connection(asyncio.Protocol):
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._number = next(simulator.connections)
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.split(b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
        length = int(headers.get(b"content-length", b"0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, target, _ = first.decode().split(" ", 2)
        arrived = time.monotonic()
        if self._simulator.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self._simulator.delay, self._reply, arrived, method, target, headers, rest[:length])
        else:
            self._reply(arrived, method, target, headers, rest[:length])

    def _reply(self, arrived: float, method: str, target: str, headers: dict[bytes, bytes], body: bytes) -> None:
        operation, (status, extra, content) = self._simulator.world.answer(method, target, headers, body)
        lines = [f"HTTP/1.1 {status} {_REASONS[status]}", "x-amzn-requestid: 0", f"content-length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        if self._transport:
            self._transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        self._simulator.log.append(Entry(operation, self._number, arrived, time.monotonic(), status))
