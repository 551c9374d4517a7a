"""AWS for callers that have sessions of boto3, such as those of the Python library."""

from __future__ import annotations

from typing import TypeAlias

import boto3

from fcsse.aws.client import Aws
from fcsse.aws.make_clients import clients_of_boto3
from fcsse.aws.sessions import Clients

Side: TypeAlias = tuple[boto3.Session | None, str | None]
"""A session for another side than the cache's, and a role that it, or else the cache's session, assumes."""


def aws_of_sessions(own: boto3.Session, region: str | None, endpoint_url: str | None, bucket: Side, grant: Side) -> Aws:
    """AWS by these sessions. ``region`` and ``endpoint_url`` overrule theirs. Raises ``DeniedError``."""

    def clients(session: boto3.Session) -> Clients:
        return clients_of_boto3(session, region, endpoint_url)

    def side(given: Side) -> tuple[Clients | None, str | None]:
        session, role = given
        return clients(session) if session else None, role

    return Aws.of_sides(clients(own), side(bucket), side(grant))
