"""The simulated AWS as a client's and a test's user sees it: what is in it, its clients, its trouble.

``server`` answers for it on a port of this machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any

from fcsse.sandbox.accounts import Credentials
from fcsse.sandbox.build import Builder
from fcsse.sandbox.faults import Fault, Faults
from fcsse.sandbox.journal import Journal
from fcsse.sandbox.play import Cache
from fcsse.sandbox.state import Key, Switches
from fcsse.sandbox.writers import BusyWriter, SecondWriter

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
REGION = "eu-west-1"


class Simulation(Builder):
    """Two accounts of a simulated AWS. ``port`` is where it answers once it is served; 0 before that."""

    def __init__(
        self, account: str = ACCOUNT, other_account: str = OTHER_ACCOUNT, region: str = REGION, *, port: int = 0
    ) -> None:
        super().__init__(account, region)
        self.other_account = other_account
        self.faults = Faults()
        self.requests = Journal()
        self._port = port
        self._writers: list[BusyWriter] = []

    @property
    def url(self) -> str:
        """Where it answers, such as ``http://127.0.0.1:49152``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def switches(self) -> Switches:
        """Behaviour that can be chosen."""
        return self.state.switches

    def reset(self) -> None:
        """Back to the world it started with: no faults, an empty request log, default switches."""
        raise NotImplementedError

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
        from fcsse.sandbox.clients import make_client

        who = credentials or self.credentials(account or self.account)
        return make_client(service, region or self.region, self.url, who, attempts)

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
        event_seconds: float = 0.0,
    ) -> None:
        """From now on changes show late: GetKeyPolicy and ListGrants answer the old state that long, or that often.

        ``event_seconds``: so long CloudTrail does not show what is recorded from now on.
        """
        self.switches.late_event_seconds = event_seconds
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

    # what CloudTrail recorded

    def add_event(
        self, event: Mapping[str, Any], *, account: str | None = None, region: str | None = None, ago: float = 0.0
    ) -> None:
        """Put an event into the record, whatever it says; it happened ``ago`` seconds before now."""
        with self.state.lock:
            at = time.time() - ago
            self.state.trail.add(dict(event), account or self.account, region or self.region, at=at)

    def age_events(self, seconds: float) -> None:
        """Make everything that is recorded so far older by so many seconds."""
        with self.state.lock:
            self.state.trail.age(seconds)

    # playing

    def cache(self, cache: str) -> Cache:
        """A cache at work: ``sandbox.cache("fc-0123").read("data", "key")``."""
        return Cache(self.state, cache)
