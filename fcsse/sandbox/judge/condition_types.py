"""How each kind of condition operator compares a request's value with a policy's.

Source: IAM user guide, "IAM JSON policy elements: Condition operators", kind by kind; "Variables and tags" for the
operators that take variables: those for strings and ARNs.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from fcsse.sandbox.judge.judged_request import JudgedRequest
from fcsse.sandbox.judge.policy_variables import expand
from fcsse.sandbox.judge.wildcards import Wild, arn_matches, matches, text_of

Equal = Callable[[str, str, "JudgedRequest", str], bool | None]
"""The request's value, the policy's, the request, the policy's Version."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator. ``negative``: it holds where no value is equal, and where the key is absent."""

    equal: Equal
    negative: bool = False


def _text(
    value: str, wanted: str, request: JudgedRequest, version: str, *, like: bool, ignore_case: bool
) -> bool | None:
    found = expand(wanted, request, version)
    if found.pattern is None:
        return None if found.silent else False
    if not like:
        exact = text_of(found.pattern)
        return exact.lower() == value.lower() if ignore_case else exact == value
    return matches(found.pattern, value)


def _string(*, like: bool = False, ignore_case: bool = False) -> Equal:
    return lambda value, wanted, request, version: _text(
        value, wanted, request, version, like=like, ignore_case=ignore_case
    )


def _arn(value: str, wanted: str, request: JudgedRequest, version: str) -> bool | None:
    found = expand(wanted, request, version)
    if found.pattern is None:
        return None if found.silent else False
    fitting = arn_matches(found.pattern, value)
    if fitting is None:
        if not any(isinstance(piece, Wild) for piece in found.pattern):
            return False  # it is no ARN, so that no ARN is equal to it
        request.silent(f"what {wanted!r} means, which has not the six fields of an ARN")
    return fitting


def _plain(kind: str, read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Equal:
    """Compare values once read; what cannot be read is nobody's to know."""

    def equal(value: str, wanted: str, request: JudgedRequest, _: str) -> bool | None:
        try:
            return compare(read(value), read(wanted))
        except (ValueError, InvalidOperation, binascii.Error, TypeError):
            request.silent(f"what {value!r} against {wanted!r} means, one of which is no {kind}")
            return None

    return equal


def _number(text: str) -> Decimal:
    found = Decimal(text)
    if not found.is_finite():
        raise ValueError(text)
    return found


_DATES = (
    (r"\d{4}", "%Y"),
    (r"\d{4}-\d{2}", "%Y-%m"),
    (r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", "%Y-%m-%dT%H:%M"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", "%Y-%m-%dT%H:%M:%S"),
    (r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{1,6}", "%Y-%m-%dT%H:%M:%S.%f"),
)


def _date(text: str) -> float:
    """Seconds since the epoch: of a W3C form of ISO 8601, or as they are."""
    if re.fullmatch(r"\d{5,}", text):
        return float(text)
    stem, zone = (text.removesuffix("Z"), "+0000") if text.endswith("Z") else (text, "+0000")
    offset = re.fullmatch(r"(.+T.+)([+-]\d{2}):(\d{2})", text)
    if offset:
        stem, zone = offset.group(1), offset.group(2) + offset.group(3)
    for form, layout in _DATES:
        if re.fullmatch(form, stem):
            return datetime.strptime(stem + zone, layout + "%z").astimezone(UTC).timestamp()
    raise ValueError(text)


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


def _binary(value: str, wanted: str) -> bool:
    return base64.b64decode(value, validate=True) == base64.b64decode(wanted, validate=True)


def _within(value: str, wanted: str) -> bool:
    address, network = ipaddress.ip_address(value), ipaddress.ip_network(wanted, strict=False)
    return address.version == network.version and address in network


def _orders(kind: str, read: Callable[[str], Any]) -> dict[str, Comparison]:
    return {
        "equals": Comparison(_plain(kind, read, operator.eq)),
        "notequals": Comparison(_plain(kind, read, operator.eq), negative=True),
        "lessthan": Comparison(_plain(kind, read, operator.lt)),
        "lessthanequals": Comparison(_plain(kind, read, operator.le)),
        "greaterthan": Comparison(_plain(kind, read, operator.gt)),
        "greaterthanequals": Comparison(_plain(kind, read, operator.ge)),
    }


COMPARE: dict[str, Comparison] = {
    "stringequals": Comparison(_string()),
    "stringnotequals": Comparison(_string(), negative=True),
    "stringequalsignorecase": Comparison(_string(ignore_case=True)),
    "stringnotequalsignorecase": Comparison(_string(ignore_case=True), negative=True),
    "stringlike": Comparison(_string(like=True)),
    "stringnotlike": Comparison(_string(like=True), negative=True),
    "arnequals": Comparison(_arn),
    "arnlike": Comparison(_arn),
    "arnnotequals": Comparison(_arn, negative=True),
    "arnnotlike": Comparison(_arn, negative=True),
    "bool": Comparison(_plain("boolean", _flag, operator.eq)),
    "binaryequals": Comparison(_plain("binary value", str, _binary)),
    "ipaddress": Comparison(_plain("IP address", str, _within)),
    "notipaddress": Comparison(_plain("IP address", str, _within), negative=True),
    **{f"numeric{name}": one for name, one in _orders("number", _number).items()},
    **{f"date{name}": one for name, one in _orders("date", _date).items()},
}
"""Every operator but Null, by its name in lower case."""
