"""Names that a shell may complete: caches and buckets of the account. Asks nobody, and takes what it can get."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import botocore.session

from fcsse.aws.fsx import list_associations
from fcsse.aws.iam import list_roles
from fcsse.aws.make_clients import clients_of_profile
from fcsse.aws.s3 import list_buckets
from fcsse.aws.sessions import Clients


def clients(profile: str | None, region: str | None, endpoint_url: str | None) -> Clients:
    """Clients that never ask for the code of an MFA device: whoever presses Tab expects no question.

    Raises ``CredentialsError`` where such a code is needed.
    """
    return clients_of_profile(profile, region, endpoint_url)


def profiles() -> Iterator[str]:
    """Names of the profiles in the AWS config files."""
    return iter(botocore.session.Session().available_profiles)


def regions() -> Iterator[str]:
    """Regions where FSx exists, of every partition that botocore knows."""
    session = botocore.session.Session()
    for partition in session.get_available_partitions():
        yield from session.get_available_regions("fsx", partition)


def caches(made: Clients) -> tuple[Callable[[], Iterator[str]], ...]:
    """Where ids of caches come from: their service-linked roles, and the Region's associations."""

    def of_roles() -> Iterator[str]:
        return (role.cache for role in list_roles(made("iam", made.region or "us-east-1")))

    def of_associations() -> Iterator[str]:
        return (one.owner for one in list_associations(made("fsx")))

    return of_roles, of_associations


def buckets(made: Clients) -> tuple[Callable[[], Iterator[str]], ...]:
    """Where names of buckets come from: the account's own, and those that the Region's caches are linked to."""

    def of_account() -> Iterator[str]:
        return iter(list_buckets(made("s3", made.region or "us-east-1")))

    def of_associations() -> Iterator[str]:
        return (one.bucket for one in list_associations(made("fsx")) if one.bucket)

    return of_account, of_associations
