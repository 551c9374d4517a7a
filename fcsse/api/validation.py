"""Validates arguments before any AWS call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Literal, TypeAlias, TypeVar

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.discovery.named_key import key_named_by
from fcsse.errors import UsageError
from fcsse.pipeline import Target

Names: TypeAlias = "str | Iterable[str]"
"""One name, or many."""

Buckets: TypeAlias = "Names | None"
"""Names of buckets. None: those that each cache is linked to; an empty list is a slip, and never all of them."""

ViaWord = Literal["auto", "policy", "grant"]
ContextWord = Literal["documented", "both"]
OperationsWord = Literal["full", "read"]

Word = TypeVar("Word", bound=Enum)


def term(name: str) -> str:
    """What an option is called here: as the parameter that it is."""
    return name


def target(doing: str, cache: Names, bucket: Buckets, *, every_cache: bool = False) -> Target:
    """The pairs that are meant. Raises ``UsageError``."""
    flags(every_cache=every_cache)
    names = buckets(bucket) if bucket is not None else ()
    require(
        bucket is None or names,
        f"{doing}: bucket is empty",
        "Name one, or leave bucket out for those that each cache is linked to.",
    )
    found = Target(caches(cache), names, every_cache)
    found.require_caches(doing, term)
    return found


def caches(given: Names) -> tuple[str, ...]:
    """Ids of caches and file systems; their ARNs are understood too."""
    return _all(given, arns.cache_in, "cache id", "fc-0123456789abcdef0")


def buckets(given: Names) -> tuple[str, ...]:
    """Names of buckets; ``s3://name`` and bucket ARNs are understood too."""
    return _all(given, arns.bucket_in, "bucket name", "data")


def regions(given: Names) -> tuple[str, ...]:
    """Names of Regions."""
    return _all(given, lambda text: text if arns.is_region(text) else None, "Region", "eu-west-1")


def accounts(given: Names) -> tuple[str, ...]:
    """Ids of accounts."""
    return _all(given, lambda text: text if arns.is_account(text) else None, "account id", "111122223333")


def role_patterns(given: Names) -> tuple[str, ...]:
    """Role ARNs, with ``{account}`` in place of the account or without."""

    def pattern(text: str) -> str | None:
        return text if arns.is_role_pattern(text) else None

    return _all(given, pattern, "role ARN", f"arn:aws:iam::{arns.ANY_ACCOUNT}:role/Name")


def named_key(text: str | None) -> Arn | None:
    """A key ARN, or an alias, alias ARN or id of the caller's account."""
    arn = key_named_by(text) if text is not None else None
    if text is not None and arn is None:
        raise _wrong(text, "key ARN, alias or key id", "alias/data")
    return arn


def one(check: Callable[[Names], tuple[str, ...]], text: str | None) -> str | None:
    """One name or none, by the check for many."""
    return check(text)[0] if text is not None else None


def organization(text: str | None) -> str | None:
    """The id of an organization."""
    if text is not None and not arns.is_organization_id(text):
        raise _wrong(text, "organization id", "o-a1b2c3d4e5")
    return text


def role_name(text: str) -> str:
    """The name of a role, with its path if it has one."""
    if not arns.is_role_name(text):
        raise _wrong(text, "name of a role", "Audit")
    return text


def partition(text: str | None) -> str | None:
    """The name of a partition."""
    if text is not None and not arns.is_partition(text):
        raise _wrong(text, "partition", "aws-cn")
    return text


def word(kind: type[Word], given: str, name: str) -> Word:
    """A word of an enumeration; ``name`` is the parameter's."""
    try:
        return kind(given)
    except ValueError:
        words = ", ".join(repr(known.value) for known in kind)
        message = f"{name}={given!r}: not one of {words}"
        raise UsageError(message, f"Choose one of {words}.") from None


def flags(**given: object) -> None:
    """Each is True or False: a text such as "false", which Python takes for a yes, is refused."""
    for name, value in given.items():
        if not isinstance(value, bool):
            message = f"{name}={value!r}: neither True nor False"
            raise UsageError(message, "Pass True or False.")


def not_empty(**given: object) -> None:
    """Each is a value or None: an empty text, as of a variable that is not set, is refused."""
    for name, value in given.items():
        if value == "":
            message = f"{name}='': it is empty"
            raise UsageError(message, "Give it a value, or None.")


def bucket_keys(given: bool | None) -> bool | None:
    """Whether a bucket uses Bucket Keys; None: not stated."""
    if given is not None:
        flags(bucket_keys=given)
    return given


def require(condition: object, message: str, hint: str = "") -> None:
    """Raises ``UsageError`` unless the condition holds."""
    if not condition:
        raise UsageError(message, hint)


def _all(given: Names, check: Callable[[str], str | None], what: str, example: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in (given,) if isinstance(given, str) else given:
        known = check(text)
        if known is None:
            raise _wrong(text, what, example)
        found[known] = None
    return tuple(found)


def _wrong(text: str, what: str, example: str) -> UsageError:
    return UsageError(f"{text!r} is not a {what}", f"One looks like {example}.")
