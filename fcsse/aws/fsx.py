"""File caches, Lustre file systems and their links to S3: data repository associations (DRAs), or the older way.

A Lustre file system linked the older way, by ``ImportPath`` at its creation (of ``SCRATCH_1`` the only way), has no
associations: its bucket stands in its own description. The two exclude each other. Source: FSx API reference,
DataRepositoryConfiguration.

FSx has neither paginators for file caches and associations nor waiters; pages hold at most 25 and may come short, so
only a missing ``NextToken`` ends a list. Source: FSx API reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import botocore.session

from fcsse.aws.checked_call import pages
from fcsse.aws.errors import translated
from fcsse.aws.named_call import Call
from fcsse.errors import NotFoundError
from fcsse.masking import mask
from fcsse.model import Association, Cache

if TYPE_CHECKING:
    from mypy_boto3_fsx import FSxClient

MOST = 25
"""The most associations that a page may hold. Source: FSx API reference, DescribeDataRepositoryAssociations."""
SHORTEST_ID = 11
ASSOCIATIONS = "fsx:DescribeDataRepositoryAssociations"
SYSTEMS = "fsx:DescribeFileSystems"


def find_cache(fsx: FSxClient, cache: str) -> Cache | None:
    """A file cache or file system; None where FSx does not know it in this Region. Raises ``DeniedError``.

    The service model refuses ids of fewer than 11 characters, which only examples and simulators have: those are looked
    for among all.
    """
    try:
        if cache.startswith("fs-"):
            system = _find_system(fsx, cache, f"describing file system {cache}")
            return _cache(system, "FileSystemId") if system else None
        wanted: dict[str, Any] = {"FileCacheIds": [cache]} if len(cache) >= SHORTEST_ID else {}
        with translated(Call("fsx:DescribeFileCaches", cache, f"describing file cache {cache}")):
            found = _entries(fsx, "DescribeFileCaches", "FileCaches", wanted)
            return next((_cache(one, "FileCacheId") for one in found if one["FileCacheId"] == cache), None)
    except NotFoundError:
        return None


def _find_system(fsx: FSxClient, system: str, doing: str) -> Mapping[str, Any] | None:
    wanted: dict[str, Any] = {"FileSystemIds": [system]} if len(system) >= SHORTEST_ID else {}
    with translated(Call(SYSTEMS, system, doing)):
        found = _entries(fsx, "DescribeFileSystems", "FileSystems", wanted)
        return next((one for one in found if one["FileSystemId"] == system), None)


def _entries(fsx: FSxClient, operation: str, field: str, wanted: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for page in pages(fsx, operation, **wanted):
        yield from page[field]


def _cache(entry: Mapping[str, Any], id_field: str) -> Cache:
    failure = entry.get("FailureDetails") or {}
    return Cache(entry[id_field], entry["Lifecycle"], mask(failure.get("Message", "")))


def list_associations(fsx: FSxClient, cache: str | None = None) -> tuple[Association, ...]:
    """The associations of one cache or file system, or all of the Region. NFS ones are included.

    A file system that has none is asked for its link of the older way. Raises ``DeniedError``, ``NotFoundError``.
    """
    found = tuple(one for page in association_pages(fsx, cache) for one in page)
    if found or not (cache and cache.startswith("fs-")):
        return found
    system = _find_system(fsx, cache, f"listing the buckets of {cache}")
    return _older_link(system) if system else ()


def association_pages(fsx: FSxClient, cache: str | None = None) -> Iterator[tuple[Association, ...]]:
    """The same page by page, as they come. Raises ``DeniedError``, ``NotFoundError``, ``UnexpectedError``."""
    extra: dict[str, Any] = {"MaxResults": MOST}
    if cache:
        kind = "file-system-id" if cache.startswith("fs-") else "file-cache-id"
        extra["Filters"] = [{"Name": kind, "Values": [cache]}]
    call = Call(ASSOCIATIONS, cache or "*", f"listing the buckets of {cache or 'every cache'}")
    found = pages(fsx, "DescribeDataRepositoryAssociations", **extra)
    while True:
        with translated(call):
            page = next(found, None)
        if page is None:
            return
        yield tuple(_association(entry) for entry in page["Associations"])


def older_link_pages(fsx: FSxClient) -> Iterator[tuple[Association, ...]]:
    """The links of the Region's file systems that were made the older way, a file system at a time.

    Raises ``DeniedError``, ``UnexpectedError``.
    """
    with translated(Call(SYSTEMS, "*", "listing the file systems that are linked without an association")):
        for system in _entries(fsx, "DescribeFileSystems", "FileSystems", {}):
            if found := _older_link(system):
                yield found


def _older_link(system: Mapping[str, Any]) -> tuple[Association, ...]:
    """What a file system imports from, and what it exports to where that is another prefix of the bucket."""
    link = system.get("LustreConfiguration", {}).get("DataRepositoryConfiguration") or {}
    lifecycle = "DELETING" if system.get("Lifecycle") == "DELETING" else link.get("Lifecycle", "")
    failure = mask((link.get("FailureDetails") or {}).get("Message", ""))
    paths = dict.fromkeys(path for path in (link.get("ImportPath"), link.get("ExportPath")) if path)
    return tuple(Association("", system["FileSystemId"], path, lifecycle, failure) for path in paths)


def fsx_regions(partition: str) -> tuple[str, ...]:
    """The Regions of a partition that have FSx, as botocore's own list of endpoints says; no request is made.

    Which of them the account may use only asking tells: an opt-in Region that is off refuses the credentials.
    """
    return tuple(sorted(botocore.session.Session().get_available_regions("fsx", partition_name=partition)))


def _association(entry: Mapping[str, Any]) -> Association:
    failure = entry.get("FailureDetails") or {}
    return Association(
        entry["AssociationId"],
        entry.get("FileCacheId") or entry["FileSystemId"],
        entry["DataRepositoryPath"],
        entry["Lifecycle"],
        mask(failure.get("Message", "")),
    )
