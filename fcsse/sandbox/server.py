"""The sandbox itself: a simulated AWS on a port of this machine, to be used as a context manager.

IAM and S3 are moto's, behind the sandbox's own checks; KMS, FSx and STS are the sandbox's own. moto keeps its state in
the process, so one process runs one sandbox at a time; each one starts from nothing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Collection
from typing import Any, Self

from fcsse.sandbox import moto_host
from fcsse.sandbox.build import Builder
from fcsse.sandbox.control import Control
from fcsse.sandbox.gateway import Gateway
from fcsse.sandbox.moto_host import SandboxUnavailableError
from fcsse.sandbox.simulation import ACCOUNT, OTHER_ACCOUNT, REGION, Simulation
from fcsse.sandbox.world import build

World = Callable[["Sandbox"], None]
"""Fills a fresh sandbox."""

_running: list[Sandbox] = []


class Sandbox(Simulation):
    """A simulated AWS.

    ``world`` fills it (None = two accounts and nothing in them; default: the ready-made small world). ``port`` 0 takes
    a free one. Raises SandboxUnavailableError on starting where moto is missing or has no such partition, where another sandbox
    runs, and where the small world is wanted in a Region of another partition than ``aws``.
    """

    def __init__(
        self,
        world: World | str | None = "small",
        *,
        port: int = 0,
        account: str = ACCOUNT,
        other_account: str = OTHER_ACCOUNT,
        region: str = REGION,
    ) -> None:
        super().__init__(account, other_account, region, port=port)
        self._world = world
        self.gateway: Any = None  # once it runs: the WSGI application, which may be called without a socket
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # running

    def start(self) -> None:
        """Start answering on 127.0.0.1."""
        if _running:
            message = "This process runs a sandbox already; moto's state is the process's own."
            raise SandboxUnavailableError(message)
        with moto_host.without_profile():
            web = moto_host.web()
            application = web.application()
        self._require_partition(web.PARTITION_NAMES)
        _running.append(self)
        try:
            with moto_host.without_profile():
                self._fill()
            gateway = self.gateway = Gateway(self.state, self.faults, self.requests, application, Control(self))
            with socket.create_server(("127.0.0.1", self._port), backlog=128) as listening:
                self._server = web.server(gateway, self._port, listening.fileno())
            self._port = self._server.port
        except BaseException:
            _running.remove(self)
            moto_host.web().reset()
            raise
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _require_partition(self, known: Collection[str]) -> None:
        partition = self.state.partition
        if partition not in known:
            message = f"moto has no partition {partition}, so no sandbox can be in {self.region}."
            raise SandboxUnavailableError(message)
        if self._world == "small" and partition != "aws":
            message = f"The small world is in the partition aws. For {self.region}, pass a world of your own, or None."
            raise SandboxUnavailableError(message)

    def stop(self) -> None:
        """Stop answering and forget everything. A second call does nothing."""
        if self not in _running:
            return
        self.stop_writers()
        self._server.shutdown()
        if self._thread:
            self._thread.join()
        self._server.server_close()
        moto_host.web().reset()
        _running.remove(self)

    def reset(self) -> None:
        """Back to the world it started with: no faults, an empty request log, default switches."""
        self.stop_writers()
        with self.state.lock:
            self.faults.clear()
            self.requests.clear()
            fresh = Builder(self.account, self.region).state
            for name in fresh.__slots__:
                if name != "lock":
                    setattr(self.state, name, getattr(fresh, name))
            self._fill()

    def _fill(self) -> None:
        self.state.trail.paused = True  # the world was there before the record begins
        moto_host.web().reset()
        self.add_account(self.account)
        self.add_account(self.other_account)
        if self._world == "small":
            build(self)
        elif callable(self._world):
            self._world(self)
        self.state.trail.paused = False
