"""Sessions and clients: whose credentials, which endpoint, how patient.

Creating a client costs more than a request and is slower still in threads, so clients are made once each, on the
thread that asks first, and kept. botocore clients may be used from many threads.

The command line uses a plain botocore session, because boto3 on top costs 10 ms of imports.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, overload
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from fcsse import __version__
from fcsse.advice import ENDPOINT_URL, advice
from fcsse.aws.checked_call import call as ask
from fcsse.aws.checked_call import watch
from fcsse.aws.credential_origin import renewal
from fcsse.aws.errors import CREDENTIAL_CODES, RENEWAL, translated
from fcsse.aws.named_call import Call
from fcsse.aws.sign_in import SignIn
from fcsse.clock import Clock, SystemClock
from fcsse.endpoint import Endpoint, endpoint_of, is_default
from fcsse.errors import UsageError
from fcsse.masking import mask_url

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.session import Session
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_fsx import FSxClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient


CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
CONNECTIONS = 16
"""Connections per client: more do not pay, because each TLS handshake costs processor time."""

Service = Literal["athena", "cloudtrail", "dynamodb", "fsx", "iam", "kms", "organizations", "s3", "sts"]

RENEWED_BEFORE = timedelta(minutes=10)
"""How long before its end a role session is replaced by a new one. botocore does the same with its own."""


class RoleKeys(NamedTuple):
    """Temporary credentials of a role."""

    access_key: str
    secret_key: str
    token: str

    def __repr__(self) -> str:
        """Without the secrets: ``Clients`` are keyed by it, and a caller may log them."""
        return f"<RoleKeys {self.access_key}>"


class MakeClient(Protocol):
    """How a session makes a client; both boto3 and botocore sessions fit behind it."""

    def __call__(
        self, service: str, region: str | None, config: Config, endpoint_url: str | None, keys: RoleKeys | None
    ) -> BaseClient:
        """A client of that service; ``region`` None means the session's own, ``keys`` None its own credentials."""


@dataclass(slots=True)
class Role:
    """A role that ``source`` assumes, and assumes again before its session ends."""

    source: Clients
    arn: str
    _session: tuple[RoleKeys, datetime] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self) -> RoleKeys:
        """Credentials that are valid for some minutes more. Raises ``DeniedError`` where the role may not be assumed.

        Source: STS API reference, AssumeRole; a session lasts an hour unless asked otherwise.
        """
        with self._lock:
            if self._session is None or self._session[1] - datetime.now(UTC) < RENEWED_BEFORE:
                self._session = self._assume()
            return self._session[0]

    def _assume(self) -> tuple[RoleKeys, datetime]:
        sts = self.source("sts", self.source.region or "us-east-1")
        with translated(Call("sts:AssumeRole", self.arn, doing=f"assuming role {self.arn}")):
            answer = ask(sts, "AssumeRole", RoleArn=self.arn, RoleSessionName="fcsse")["Credentials"]
            keys = RoleKeys(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
            return keys, answer["Expiration"]


def _set_in_environment(service: str) -> tuple[str, ...]:
    """The endpoints that the environment sets for a service, wherever it is heeded."""
    names = (f"AWS_ENDPOINT_URL_{service.upper()}", "AWS_ENDPOINT_URL")
    return tuple(value for name in names if (value := os.environ.get(name)))


def set_in_config(session: Session, service: str) -> tuple[str, ...]:
    """The same, with those that the profile sets for a service or for all.

    Source: AWS SDKs and tools reference guide, "Service-specific endpoints" (``services`` section, ``endpoint_url``).
    """
    profile = session.get_scoped_config()
    section = session.full_config.get("services", {}).get(profile.get("services"), {}).get(service, {})
    found = (section.get("endpoint_url") if isinstance(section, dict) else None, profile.get("endpoint_url"))
    return _set_in_environment(service) + tuple(value for value in found if isinstance(value, str))


@dataclass(slots=True)
class Clients:
    """The clients of one set of credentials: the session's own, or those of a role that it assumes.

    ``retries``: the retry mode to set; None leaves it to the session's settings.
    """

    make: MakeClient
    sign_in: SignIn
    region: str | None
    endpoint_url: str | None = None
    retries: Literal["standard"] | None = None
    role: Role | None = None
    configured: Callable[[str], tuple[str, ...]] = _set_in_environment
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    """The endpoints other than AWS's own of the clients that were made, by service."""
    clock: Clock = field(default_factory=SystemClock)
    _made: dict[tuple[str, str | None, RoleKeys | None], BaseClient] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @overload
    def __call__(self, service: Literal["athena"], region: str | None = None) -> AthenaClient: ...
    @overload
    def __call__(self, service: Literal["cloudtrail"], region: str | None = None) -> BaseClient: ...
    @overload
    def __call__(self, service: Literal["dynamodb"], region: str | None = None) -> BaseClient: ...
    @overload
    def __call__(self, service: Literal["fsx"], region: str | None = None) -> FSxClient: ...
    @overload
    def __call__(self, service: Literal["iam"], region: str | None = None) -> IAMClient: ...
    @overload
    def __call__(self, service: Literal["kms"], region: str | None = None) -> KMSClient: ...
    @overload
    def __call__(self, service: Literal["organizations"], region: str | None = None) -> BaseClient: ...
    @overload
    def __call__(self, service: Literal["s3"], region: str | None = None) -> S3Client: ...
    @overload
    def __call__(self, service: Literal["sts"], region: str | None = None) -> STSClient: ...
    def __call__(self, service: Service, region: str | None = None) -> BaseClient:
        """The client of a service in a Region (default: the session's own), made on first use.

        Raises ``CredentialsError`` where there are no credentials.
        """
        region = region or self.region
        keys = self.role.keys() if self.role else None
        ready = self._made.get((service, region, keys))
        if ready is not None:
            # A cached client is returned without taking the lock.
            return ready
        with self._lock:
            client = self._made.get((service, region, keys))
            if client is None:
                if keys is None:
                    self.sign_in.find()
                with translated(Call(f"{service}:*")):
                    client = self._create(service, region, keys)
                self._made[service, region, keys] = client
            return client

    def close(self) -> None:
        """Closes the connections and drops the clients. The next call makes a new client."""
        with self._lock:
            made = list(self._made.values())
            self._made.clear()
        for client in made:
            client.close()

    def _create(self, service: str, region: str | None, keys: RoleKeys | None) -> BaseClient:
        """A new client. Raises ``UsageError`` where the endpoint that is set is no URL, or none of the web."""
        try:
            client = self.make(service, region, self._config(), self.endpoint_url, keys)
            url = client.meta.endpoint_url
            ok = urlsplit(url).scheme in ("http", "https")
            if service == "s3" and ok and _is_local_name(url):
                # A simulator on "localhost" would be asked for "bucket.localhost", which not every resolver knows.
                config = self._config().merge(Config(s3={"addressing_style": "path"}))
                client = self.make(service, region, config, self.endpoint_url, keys)
        except BotoCoreError:  # some are of the other kind too
            raise
        except ValueError as error:
            given = [one for one in (self.endpoint_url, _endpoint_set(service), *self.configured(service)) if one]
            if all(map(_is_web_url, given)) and not str(error).startswith("Invalid endpoint"):
                raise UsageError(
                    f"preparing calls to {service}: a setting of AWS programs has a value that is none: {error}",
                    "Check AWS_MAX_ATTEMPTS and the other AWS_ variables, and the profile in the AWS config file.",
                ) from error
            url, ok = next((one for one in given if not _is_web_url(one)), given[0] if given else str(error)), False
        if not ok:
            raise UsageError(
                f"finding the endpoint of {service}: {mask_url(url)!r} is not a URL such as http://localhost:4566",
                advice("Correct ", ENDPOINT_URL, " or AWS_ENDPOINT_URL, or leave it out to reach AWS itself."),
            )
        if keys is None:
            client.meta.events.register("provide-client-params", self._before_call, unique_id="fcsse-sign-in")
        client.meta.events.register("after-call", self._after_call, unique_id="fcsse-renewal")
        watch(client, self.clock)
        if not is_default(url, (self.endpoint_url or "", *self.configured(service))):
            self.endpoints[service] = endpoint_of(service, url)
        return client

    def _before_call(self, **_: object) -> None:
        """Before a request is made, makes sure that it can be signed: the error then names the command that helps."""
        self.sign_in.check()

    def _after_call(self, parsed: dict[str, Any], **_: object) -> None:
        """Adds to an answer that refuses the credentials how to renew them."""
        if parsed.get("Error", {}).get("Code") in CREDENTIAL_CODES:
            parsed[RENEWAL] = renewal(self.sign_in.origin())

    def _config(self) -> Config:
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"fcsse/{__version__}",
        )
        # Without a number of attempts here, AWS_MAX_ATTEMPTS and config files keep their say.
        return config.merge(Config(retries={"mode": self.retries})) if self.retries else config


def _endpoint_set(service: str) -> str:
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL", "")


def _is_local_name(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost")


def _is_web_url(url: str) -> bool:
    """Does botocore take it for an endpoint: has it a scheme of the web, a host, and a port that is one?"""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
