"""Sessions and clients: whose credentials, which endpoint, how patient.

Creating a client costs more than a request and is slower still in threads, so clients are made once each, on the
thread that asks first, and kept. botocore clients may be used from many threads.

The command line's fast path is here as well, and a library user's session takes no part in it: a plain botocore session,
because boto3 on top costs 10 ms of imports, whose loader is not made to look for services that nobody asks for. Garbage
collection and tearing down, which cost more than that, are the console entry point's business (``fcsse.cli.main``).
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, get_args, overload
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from fcsse import __version__
from fcsse.aws.errors import Call, translated
from fcsse.errors import UsageError

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient
    from botocore.credentials import Credentials
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

Service = Literal["athena", "cloudtrail", "fsx", "iam", "kms", "s3", "sts"]
SERVICES: tuple[str, ...] = get_args(Service)


class MakeClient(Protocol):
    """How a session makes a client; both boto3 and botocore sessions fit behind it."""

    def __call__(self, service: str, region: str | None, config: Config, endpoint_url: str | None) -> BaseClient:
        """A client of that service; ``region`` None means the session's own."""


@dataclass(slots=True)
class Clients:
    """The clients of one set of credentials."""

    make: MakeClient
    region: str | None
    endpoint_url: str | None = None
    retry_mode_is_set: bool = False
    _made: dict[tuple[str, str | None], BaseClient] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @overload
    def __call__(self, service: Literal["athena"], region: str | None = None) -> AthenaClient: ...
    @overload
    def __call__(self, service: Literal["cloudtrail"], region: str | None = None) -> BaseClient: ...
    @overload
    def __call__(self, service: Literal["fsx"], region: str | None = None) -> FSxClient: ...
    @overload
    def __call__(self, service: Literal["iam"], region: str | None = None) -> IAMClient: ...
    @overload
    def __call__(self, service: Literal["kms"], region: str | None = None) -> KMSClient: ...
    @overload
    def __call__(self, service: Literal["s3"], region: str | None = None) -> S3Client: ...
    @overload
    def __call__(self, service: Literal["sts"], region: str | None = None) -> STSClient: ...
    def __call__(self, service: Service, region: str | None = None) -> BaseClient:
        """The client of a service in a Region (default: the session's own), made on first use."""
        region = region or self.region
        ready = self._made.get((service, region))
        if ready is not None:
            # Nobody who has a client waits while somebody else's is being made.
            return ready
        with self._lock:
            client = self._made.get((service, region))
            if client is None:
                with translated(Call(f"{service}:*")):
                    client = self._create(service, region)
                self._made[service, region] = client
            return client

    def _create(self, service: str, region: str | None) -> BaseClient:
        """A new client. Raises ``UsageError`` where the endpoint that is set is no URL, or none of the web."""
        try:
            client = self.make(service, region, self._config(service), self.endpoint_url)
            url = client.meta.endpoint_url
            ok = urlsplit(url).scheme in ("http", "https")
        except BotoCoreError:  # some are of the other kind too
            raise
        except ValueError as error:
            url, ok = self.endpoint_url or _endpoint_set(service) or str(error), False
        if not ok:
            raise UsageError(
                f"finding the endpoint of {service}: {url!r} is not a URL such as http://localhost:4566",
                "Correct --endpoint-url or AWS_ENDPOINT_URL, or leave it out to reach AWS itself.",
            )
        return client

    def _config(self, service: str) -> Config:
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            max_pool_connections=CONNECTIONS,
            user_agent_extra=f"fcsse/{__version__}",
        )
        if not self.retry_mode_is_set:
            # Without a number of attempts here, AWS_MAX_ATTEMPTS and config files keep their say.
            config = config.merge(Config(retries={"mode": "standard"}))
        if service == "s3" and _is_local_name(self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")):
            # A simulator on "localhost" would be asked for "bucket.localhost", which not every resolver knows.
            config = config.merge(Config(s3={"addressing_style": "path"}))
        return config


def _endpoint_set(service: str) -> str:
    return os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL", "")


def _is_local_name(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost")


def clients_of_botocore(session: Session, region: str | None = None, endpoint_url: str | None = None) -> Clients:
    """Clients of a botocore session, which is what the command line uses: boto3 on top costs start-up time."""

    def make(service: str, region: str | None, config: Config, endpoint_url: str | None) -> BaseClient:
        return session.create_client(service, region_name=region, config=config, endpoint_url=endpoint_url)

    own = session.get_config_variable("region")
    mode = session.get_config_variable("retry_mode")
    return Clients(
        make,
        region or _region_set() or (own if isinstance(own, str) else None),
        endpoint_url,
        mode not in (None, "legacy"),
    )


def _region_set() -> str | None:
    """``AWS_REGION``, which botocore alone among AWS's SDKs passes over for ``AWS_DEFAULT_REGION``."""
    return os.environ.get("AWS_REGION") or None


def clients_of_boto3(session: boto3.Session, region: str | None = None, endpoint_url: str | None = None) -> Clients:
    """Clients of a caller's ordinary ``boto3.Session``."""

    def make(service: str, region: str | None, config: Config, endpoint_url: str | None) -> BaseClient:
        client: BaseClient = session.client(  # type: ignore[call-overload]
            service, region_name=region, config=config, endpoint_url=endpoint_url
        )
        return client

    return Clients(
        make, region or session.region_name or _region_set(), endpoint_url, bool(os.environ.get("AWS_RETRY_MODE"))
    )


def clients_of_profile(profile: str | None, region: str | None = None, endpoint_url: str | None = None) -> Clients:
    """Clients of a named profile, or of the default credentials.

    Raises ``CredentialsError`` where the profile does not exist.
    """
    import botocore.session

    with translated(Call("sts:GetCallerIdentity", doing=f"reading AWS profile {profile or 'default'}")):
        session = botocore.session.Session(profile=profile)
        _spare_the_search(session)
        return clients_of_botocore(session, region, endpoint_url)


def _spare_the_search(session: Session) -> None:
    """Tells botocore's loader which services there are.

    Otherwise it looks into the folders of all its 400 services, twice a process, only to be able to say that the one asked
    for is unknown: 2,700 system calls and a good 20 ms. Where a model lies is still found by the loader.
    """
    loader = session.get_component("data_loader")
    loader.list_available_services = lambda type_name: list(SERVICES)


def clients_of_side(own: Clients, source: Clients | None, role_arn: str | None) -> Clients | None:
    """Clients for another side: of a role, assumed by ``source`` or else by oneself; without a role, ``source`` itself."""
    return clients_of_role(source or own, role_arn) if role_arn else source


@dataclass(frozen=True, slots=True)
class _StaticCredentials:
    """Stands where a session looks for credentials."""

    credentials: Credentials

    def load_credentials(self) -> Credentials:
        return self.credentials


def clients_of_role(source: Clients, role_arn: str) -> Clients:
    """Clients with the credentials of an assumed role, which is assumed again before they run out, after an hour.

    Raises ``DeniedError`` where the source may not assume the role; later, so does whatever call is made then.
    """
    import botocore.session
    from botocore.credentials import RefreshableCredentials, create_assume_role_refresher

    sts = source("sts", source.region or "us-east-1")
    ask = create_assume_role_refresher(sts, {"RoleArn": role_arn, "RoleSessionName": "fcsse"})

    def assume() -> dict[str, str]:
        with translated(Call("sts:AssumeRole", role_arn, doing=f"assuming role {role_arn}")):
            answer: dict[str, str] = ask()
        return answer

    session = botocore.session.Session()
    given = RefreshableCredentials.create_from_metadata(assume(), refresh_using=assume, method="assume-role")
    session.register_component("credential_provider", _StaticCredentials(given))
    return clients_of_botocore(session, source.region, source.endpoint_url)
