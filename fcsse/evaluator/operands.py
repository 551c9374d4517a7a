"""What single values of a condition mean: numbers, dates, addresses, truth values, binary data.

Each ``parse`` gives None for text that is no such value. Source: IAM user guide, "Condition operators".
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(Z|[+-]\d\d:?\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_YEAR = re.compile(r"\d{4}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=4096)
def number(text: str) -> Decimal | None:
    """An integer or decimal number."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


@lru_cache(maxsize=4096)
def date(text: str) -> Decimal | None:
    """A date as seconds since 1970: epoch time, or one of the W3C forms of ISO 8601; no time zone means UTC.

    Digits alone are epoch time, but four of them are a year in one of those forms, and which is meant is not written down.
    """
    if _NUMBER.fullmatch(text):
        return Decimal(text) if not _YEAR.fullmatch(text) else None
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    if zone and zone not in "Zz":
        ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        moment = moment + ahead if zone[0] == "-" else moment - ahead
    seconds = Decimal((moment - _EPOCH) // timedelta(seconds=1))
    return seconds + Decimal(f"0.{fraction}") if fraction else seconds


@lru_cache(maxsize=4096)
def address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """One IP address."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """A CIDR range, or one address."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def within(text: str, given: str) -> bool | None:
    """Is the address ``given`` in the range ``text``? None where one of them is neither.

    For an address without a prefix the guide names /32 for both families; read literally that is a wide range under
    IPv6, so an address in it other than the one written is not decided.
    """
    own, net = address(given), network(text)
    if own is None or net is None:
        return None
    if own.version != net.version:
        return False
    if own in net:
        return True
    if own.version == 6 and "/" not in text and own in ipaddress.ip_network(f"{text}/32", strict=False):
        return None
    return False


@lru_cache(maxsize=4096)
def binary(text: str) -> bytes | None:
    """What base64 text stands for."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
