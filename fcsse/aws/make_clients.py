"""Clients of a profile, of a session of boto3 or botocore, and of an assumed role."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import botocore.session

from fcsse.aws.sessions import Clients, MakeClient, Role, RoleKeys, set_in_config
from fcsse.aws.sign_in import SignIn

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient
    from botocore.config import Config
    from botocore.session import Session


def _maker(create: Callable[..., Any]) -> MakeClient:
    """Makes clients by a session's method, with its credentials or with those of a role."""

    def make(
        service: str, region: str | None, config: Config, endpoint_url: str | None, keys: RoleKeys | None
    ) -> BaseClient:
        access_key, secret_key, token = keys or (None, None, None)
        client: BaseClient = create(
            service,
            region_name=region,
            config=config,
            endpoint_url=endpoint_url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            aws_session_token=token,
        )
        return client

    return make


def clients_of_botocore(session: Session, region: str | None = None, endpoint_url: str | None = None) -> Clients:
    """Clients of a botocore session. Raises botocore's errors where its settings cannot be read."""
    own = session.get_config_variable("region")
    return Clients(
        _maker(session.create_client),
        _sign_in_of(session),
        region or _region_set() or (own if isinstance(own, str) else None),
        endpoint_url,
        _retries_of(session),
        configured=lambda service: set_in_config(session, service),
    )


def _sign_in_of(session: Session) -> SignIn:
    explicit = session.instance_variables().get("profile")
    sign_in = SignIn(
        explicit or session.get_config_variable("profile"),
        session.get_credentials,
        lambda: session.full_config,
        environment_first=explicit is None,
    )
    sign_in.listen(session.get_component("event_emitter"))
    return sign_in


def _retries_of(session: Session) -> Literal["standard"] | None:
    """Retries in standard mode, unless a mode was chosen. botocore's own default is the legacy mode before 1.44."""
    chosen = os.environ.get("AWS_RETRY_MODE") or session.get_scoped_config().get("retry_mode")
    return None if chosen or session.get_config_variable("retry_mode") == "standard" else "standard"


def _region_set() -> str | None:
    """``AWS_REGION``, which botocore alone among AWS's SDKs passes over for ``AWS_DEFAULT_REGION``."""
    return os.environ.get("AWS_REGION") or None


def clients_of_boto3(session: boto3.Session, region: str | None = None, endpoint_url: str | None = None) -> Clients:
    """Clients of a caller's ordinary ``boto3.Session``, with all that was set on it."""
    # boto3 shows nothing of the config files, so a session of the same profile reads them.
    named = session.profile_name if session.profile_name in session.available_profiles else None
    same = botocore.session.Session(profile=named)
    profile = None if named == "default" else named
    sign_in = SignIn(profile, session.get_credentials, lambda: same.full_config)
    sign_in.listen(session.events)
    return Clients(
        _maker(session.client),
        sign_in,
        region or session.region_name or _region_set(),
        endpoint_url,
        _retries_of(same),
        configured=lambda service: set_in_config(same, service),
    )


def clients_of_profile(
    profile: str | None, region: str | None = None, endpoint_url: str | None = None, *, may_ask: bool = False
) -> Clients:
    """Clients of a named profile, or of the default credentials.

    ``may_ask``: somebody is there to enter the code of an MFA device, for which botocore then asks on the terminal.
    Raises ``CredentialsError`` where the profile does not exist, or needs a code and nobody can be asked for it.
    """
    session = botocore.session.Session(profile=profile)
    chosen = region or _region_set()
    if chosen:
        session.set_config_variable("region", chosen)  # for the STS that botocore itself asks, too
    with SignIn(profile, session.get_credentials, dict).explained():
        clients = clients_of_botocore(session, chosen, endpoint_url)
    device = clients.sign_in.mfa_serial()
    if device and not may_ask:
        raise clients.sign_in.without_terminal(device)
    return clients


def clients_of_side(own: Clients, source: Clients | None, role_arn: str | None) -> Clients | None:
    """Clients for another side: of a role, assumed by ``source`` or else by oneself; without a role, ``source`` itself."""
    return clients_of_role(source or own, role_arn) if role_arn else source


def clients_of_role(source: Clients, role_arn: str) -> Clients:
    """Clients with the credentials of an assumed role, which is assumed again before they run out, after an hour.

    In all else (endpoints, proxies, certificates, retries) they are as ``source``'s. Raises ``DeniedError`` where the
    source may not assume the role; later, so does whatever call is made then.
    """
    role = Role(source, role_arn)
    role.keys()
    # One lock for both: botocore sessions do not make clients in several threads at once.
    return Clients(
        source.make,
        source.sign_in,
        source.region,
        source.endpoint_url,
        source.retries,
        role,
        configured=source.configured,
        clock=source.clock,
        _lock=source._lock,
    )
