"""What a cache is linked to now, and whether it is being deleted: an event may come again, or after that of the deletion.

FSx is asked. A link for a cache that is gone, or going, would stay in the key policy, where its deleted role later makes KMS
refuse every change. Without permission to ask FSx, the event alone counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fcsse.aws_calls import AwsCalls
from fcsse.discovery.roles import COMING
from fcsse.errors import DeniedError, FcsseError, NotFoundError
from fcsse.model import Association

DELETING = "DELETING"
"""The lifecycle of a cache, file system or association that is being deleted. Source: FSx API reference."""


def is_going(aws: AwsCalls, cache: str, note: Callable[[str], None]) -> bool:
    """Is a cache being deleted, or gone? Not known where FSx may not be asked."""
    try:
        found = aws.find_cache(cache)
    except DeniedError:
        return False
    if found is None or found.lifecycle == DELETING:
        note(f"{cache} is being deleted, or gone, so it is not linked.")
        return True
    return False


class Linked(NamedTuple):
    """The buckets to link. ``error``: of the others that the event names, FSx shows no association, now or yet."""

    buckets: tuple[str, ...]
    error: FcsseError | None = None


def linked_now(aws: AwsCalls, cache: str, named: tuple[str, ...] | None, note: Callable[[str], None]) -> Linked:
    """The buckets that an event names (None: it names none, so all that FSx shows) and the cache is still linked to.

    Raises ``NotFoundError`` where FSx does not know the cache, or no association of it where none is named.
    """
    try:
        found = aws.find_cache(cache)
        links = aws.list_associations(cache) if found and found.lifecycle != DELETING else ()
    except DeniedError:
        if named is None:
            raise
        return Linked(named)
    if found is None:
        message = f"linking {cache}: FSx does not know it, so it was deleted since, or is not shown yet"
        raise NotFoundError(message, "")
    if found.lifecycle == DELETING:
        note(f"{cache} is being deleted, so it is not linked.")
        return Linked(())
    if named is None:
        if not links:
            message = f"listing the buckets of {cache}: FSx knows no data repository association of it yet"
            raise NotFoundError(message, "")
        named = tuple(dict.fromkeys(one.bucket for one in links if one.bucket))
    return _of(cache, named, links, note, coming=found.lifecycle == COMING)


def _of(
    cache: str, named: tuple[str, ...], links: tuple[Association, ...], note: Callable[[str], None], *, coming: bool
) -> Linked:
    """Those of the buckets that an association is for which is not being deleted. One of a cache that is ``coming`` may show late."""
    kept = {one.bucket for one in links if one.lifecycle != DELETING}
    going = {one.bucket for one in links} - kept
    for bucket in (one for one in named if one in going):
        note(f"The association of {cache} with bucket {bucket} is being deleted, so it is not linked.")
    lacking = [] if coming else [one for one in named if one not in kept | going]
    error = None
    if lacking:
        message = f"linking {cache} to {', '.join(lacking)}: FSx shows no association, so it was deleted since, or is not shown yet"
        error = NotFoundError(message, "")
    return Linked(tuple(one for one in named if one not in going and one not in lacking), error)
