"""Endpoints other than AWS's own: whoever answers there decides what a run reads, so it is shown. Pure.

Source: AWS SDKs and tools reference guide, "Service-specific endpoints" (what sets one, in which order).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from fcsse.masking import mask_url

AWS_SUFFIXES = (
    "amazonaws.com",
    "api.aws",
    "amazonaws.com.cn",
    "api.amazonwebservices.com.cn",
    "amazonaws.eu",
    "api.amazonwebservices.eu",
    "c2s.ic.gov",
    "api.aws.ic.gov",
    "sc2s.sgov.gov",
    "api.aws.scloud",
    "cloud.adc-e.uk",
    "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov",
    "api.aws.hci.ic.gov",
)
"""The DNS suffixes of AWS's public endpoints, by partition. Source: partitions.json of the AWS SDKs."""


class Endpoint(NamedTuple):
    """Where a service was asked, if not at AWS's own endpoint. ``url`` has no user info."""

    service: str
    url: str


def is_default(url: str, configured: Iterable[str]) -> bool:
    """Is this URL of a client the one that AWS has for the service, rather than one of those ``configured``?

    A VPC endpoint's own name (``vpce-….vpce.amazonaws.com``) is only ever used where somebody configured it.
    """
    if url.rstrip("/") in {one.rstrip("/") for one in configured if one}:
        return False
    host = (urlsplit(url).hostname or "").lower()
    return any(host.endswith(f".{suffix}") for suffix in AWS_SUFFIXES) and ".vpce." not in host


def endpoint_of(service: str, url: str) -> Endpoint:
    """The endpoint as it may be shown."""
    return Endpoint(service, mask_url(url))


def endpoints_text(endpoints: Sequence[Endpoint]) -> str:
    """One line for people: the URL where it is one, else each service with its own."""
    urls = dict.fromkeys(one.url for one in endpoints)
    if len(urls) <= 1:
        return "".join(urls)
    return ", ".join(f"{service} {url}" for service, url in endpoints)


def endpoints_entry(endpoints: Sequence[Endpoint]) -> list[dict[str, str]]:
    """The same for documents: an entry a service; empty where all was asked at AWS's own."""
    return [{"service": service, "url": url} for service, url in endpoints]
