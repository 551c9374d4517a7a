"""The sandbox itself: a simulated AWS on a port of this machine, to be used as a context manager.

IAM and S3 are moto's, behind the sandbox's own checks; KMS, FSx and STS are the sandbox's own. moto keeps its state in
the process, so one process runs one sandbox at a time; each one starts from nothing.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from fcsse.sandbox import moto_host
from fcsse.sandbox.accounts import Credentials
from fcsse.sandbox.build import Builder
from fcsse.sandbox.faults import Fault, Faults
from fcsse.sandbox.journal import Journal
from fcsse.sandbox.moto_host import SandboxUnavailableError
from fcsse.sandbox.play import Cache
from fcsse.sandbox.writers import BusyWriter, SecondWriter

if TYPE_CHECKING:
    from fcsse.sandbox.state import Key, Switches

World = Callable[["Sandbox"], None]
"""Fills a fresh sandbox."""

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
REGION = "eu-west-1"

_running: list[Sandbox] = []
_session_lock = threading.Lock()


class Sandbox(Builder):
    """A simulated AWS.

    ``world`` fills it (None = two accounts and nothing in them; default: the ready-made small world). ``port`` 0 takes
    a free one. Raises SandboxUnavailableError on starting where moto is missing or another sandbox runs.
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
        super().__init__(account, region)
        self.other_account = other_account
        self.faults = Faults()
        self.requests = Journal()
        self._world = world
        self._port = port
        self.gateway: Any = None  # once it runs: the WSGI application, which may be called without a socket
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._writers: list[BusyWriter] = []

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
        application = moto_host.application()
        from moto.moto_server.werkzeug_app import MotoRequestHandler
        from werkzeug.serving import make_server

        from fcsse.sandbox.control import Control
        from fcsse.sandbox.gateway import Gateway

        class Handler(MotoRequestHandler):  # type: ignore[misc,unused-ignore]
            """Keeps quiet."""

            def log(self, *_: object) -> None:
                """Write nothing for a request; the journal has it."""

        _running.append(self)
        try:
            with moto_host.without_profile():
                self._fill()
            gateway = self.gateway = Gateway(self.state, self.faults, self.requests, application, Control(self))
            with socket.create_server(("127.0.0.1", self._port), backlog=128) as listening:
                descriptor = listening.fileno()
                self._server = make_server(
                    "127.0.0.1", self._port, gateway, threaded=True, request_handler=Handler, fd=descriptor
                )
            self._server.daemon_threads = True
        except BaseException:
            _running.remove(self)
            moto_host.reset()
            raise
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and forget everything. A second call does nothing."""
        if self not in _running:
            return
        self.stop_writers()
        self._server.shutdown()
        if self._thread:
            self._thread.join()
        self._server.server_close()
        moto_host.reset()
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
        moto_host.reset()
        self.add_account(self.account)
        self.add_account(self.other_account)
        if self._world == "small":
            from fcsse.sandbox.world import build

            build(self)
        elif callable(self._world):
            self._world(self)

    @property
    def url(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:49152``."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def switches(self) -> Switches:
        """Behaviour that can be chosen."""
        return self.state.switches

    # clients

    def credentials(self, side: str = "main") -> Credentials:
        """An administrator's credentials: ``main`` and ``other`` are the two accounts; or any account id."""
        account = {"main": self.account, "other": self.other_account}.get(side, side)
        return self.add_account(account)

    def env(
        self, side: str = "main", *, credentials: Credentials | None = None, region: str | None = None
    ) -> dict[str, str]:
        """The environment variables with which any AWS client talks to the sandbox and to nothing else.

        ``credentials``: instead of the administrator's of ``side``.
        """
        who = credentials or self.credentials(side)
        place = region or self.region
        found = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": who.access_key,
            "AWS_SECRET_ACCESS_KEY": who.secret,
            "AWS_REGION": place,
            "AWS_DEFAULT_REGION": place,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",  # counts before the other, where both are set
        }
        return {**found, "AWS_SESSION_TOKEN": who.token} if who.token else found

    def client(
        self,
        service: str,
        region: str | None = None,
        account: str | None = None,
        *,
        credentials: Credentials | None = None,
        attempts: int = 1,
    ) -> Any:
        """A boto3 client of ``service``; ``account``'s administrator unless ``credentials`` are given.

        ``attempts``: how often botocore tries a call in all.
        """
        from botocore.config import Config

        who = credentials or self.credentials(account or self.account)
        retries: Any = {"mode": "standard", "total_max_attempts": attempts}
        with _session_lock:
            return _session().client(
                service,
                region_name=region or self.region,
                endpoint_url=self.url,
                aws_access_key_id=who.access_key,
                aws_secret_access_key=who.secret,
                aws_session_token=who.token or None,
                config=Config(retries=retries, proxies={}),
            )

    def assume_role(self, role: str, name: str = "session", *, credentials: Credentials | None = None) -> Credentials:
        """Credentials of a session of a role, assumed through STS by the administrator or whoever is given."""
        answer = self.client("sts", credentials=credentials).assume_role(RoleArn=role, RoleSessionName=name)
        found = answer["Credentials"]
        return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def expire(self, credentials: Credentials | str = "main") -> None:
        """From now on these credentials, or the administrator's of a side, are expired."""
        who = self.credentials(credentials) if isinstance(credentials, str) else credentials
        self.state.expired.add(who.access_key)

    # trouble

    def fault(self, operation: str, code: str | None = None, **how: Any) -> Fault:
        """Put trouble in place for calls of ``operation``; see ``Fault`` for the rest. Answers it, with its counts."""
        return self.faults.add(Fault(operation, code, **how))

    def late(
        self,
        *,
        policy_seconds: float = 0.0,
        policy_reads: int = 0,
        grant_seconds: float = 0.0,
        grant_reads: int = 0,
    ) -> None:
        """From now on changes show late: GetKeyPolicy and ListGrants answer the old state that long, or that often."""
        self.switches.late_policy_seconds, self.switches.late_policy_reads = policy_seconds, policy_reads
        self.switches.late_grant_seconds, self.switches.late_grant_reads = grant_seconds, grant_reads

    def second_writer(
        self,
        key: Key | str,
        statement: Mapping[str, Any] | None = None,
        *,
        on: str = "kms:GetKeyPolicy",
        nth: int = 1,
        times: int | None = 1,
        after: bool = True,
    ) -> SecondWriter:
        """Somebody else appends a statement to the key's policy after (or before) the n-th call of ``on`` for it."""
        writer = SecondWriter(self.state, self.key(key), statement)
        writer.install(self.faults, on, nth=nth, times=times, after=after)
        return writer

    def busy_writer(self, key: Key | str, *, every: float = 0.2, pause: float = 0.05, keep: int = 5) -> BusyWriter:
        """Somebody else, following no protocol, keeps rewriting the key's policy until stopped."""
        writer = BusyWriter(self.state, self.key(key), every=every, pause=pause, keep=keep).start()
        self._writers.append(writer)
        return writer

    def stop_writers(self) -> None:
        """Stop every busy writer."""
        for writer in self._writers:
            writer.stop()
        self._writers.clear()

    # playing

    def cache(self, cache: str) -> Cache:
        """A cache at work: ``sandbox.cache("fc-0123").read("data", "key")``."""
        return Cache(self.state, cache)


@cache
def _session() -> Any:
    """One boto3 session for all clients, blind to the user's profile and files; it keeps the service models read."""
    import boto3
    import botocore.session

    blind = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.session.Session(botocore_session=botocore.session.Session(session_vars=blind))
