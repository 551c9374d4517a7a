"""The FSx of the sandbox: file caches, file systems and their data repository associations.

Sources: FSx API reference, DescribeFileCaches, DescribeFileSystems, DescribeDataRepositoryAssociations; shapes and
exceptions from the botocore service model. Pages may come shorter than asked for, as the reference warns.
"""

from __future__ import annotations

import base64
import secrets
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from fcsse.sandbox.authorize import require_identity
from fcsse.sandbox.caller import Caller
from fcsse.sandbox.state import Association, OlderLink, State, StoredCache, page
from fcsse.sandbox.wire import AwsError, Call, Reply, json_reply

_FILTERS = ("file-system-id", "file-cache-id", "data-repository-type")
_OPERATIONS = (
    "CreateDataRepositoryAssociation",
    "DescribeDataRepositoryAssociations",
    "DescribeFileCaches",
    "DescribeFileSystems",
)
_CREATING_SECONDS = 2.0
_RESOURCES = {"DescribeFileCaches": "file-cache/*", "DescribeFileSystems": "file-system/*"}


def answer(state: State, call: Call, caller: Caller) -> Reply:
    """Carry an FSx call out. Raises AwsError."""
    resource = _RESOURCES.get(call.operation, "association/*")
    if call.operation not in _OPERATIONS:
        raise AwsError("UnknownOperationException", f"The sandbox does not simulate fsx:{call.operation}.")
    arn = f"arn:{state.partition}:fsx:{call.region}:{caller.account}:{resource}"
    require_identity(caller, f"fsx:{call.operation}", arn)
    caches = [c for c in state.caches.values() if c.account == caller.account and c.region == call.region]
    given = call.parameters
    match call.operation:
        case "DescribeFileCaches":
            found = _chosen(caches, "fc-", given.get("FileCacheIds"), "FileCacheNotFound", "File cache")
            return _page(state, given, "FileCaches", [_file_cache(state, cache) for cache in found])
        case "DescribeFileSystems":
            found = _chosen(caches, "fs-", given.get("FileSystemIds"), "FileSystemNotFound", "File system")
            return _page(state, given, "FileSystems", [_file_system(state, cache) for cache in found])
        case "CreateDataRepositoryAssociation":
            return json_reply({"Association": _create_association(state, caches, given)})
        case _:
            return _page(state, given, "Associations", _associations(state, caches, given))


def _chosen(
    caches: Sequence[StoredCache], prefix: str, ids: Sequence[str] | None, code: str, thing: str
) -> list[StoredCache]:
    kind = [cache for cache in caches if cache.id.startswith(prefix)]
    if not ids:
        return kind
    missing = sorted(set(ids) - {cache.id for cache in kind})
    if missing:
        raise AwsError(code, f"{thing} '{missing[0]}' does not exist.")
    return [cache for cache in kind if cache.id in ids]


def _page(state: State, given: Mapping[str, Any], name: str, items: list[dict[str, Any]]) -> Reply:
    asked = int(given.get("MaxResults") or 25)
    if asked < 1 or (name == "Associations" and asked > 25):
        raise AwsError("BadRequest", "MaxResults must be between 1 and 25.")
    size = min(asked, 25, state.switches.page or 25)
    shown, following = page(items, _start(given.get("NextToken")), size)
    more = {"NextToken": base64.b64encode(f"start={following}".encode()).decode()} if following is not None else {}
    return json_reply({name: shown, **more})


def _start(token: object) -> int:
    if token is None:
        return 0
    try:
        name, _, number = base64.b64decode(str(token), validate=True).decode().partition("=")
        if name == "start":
            return int(number)
    except ValueError:
        pass
    raise AwsError("BadRequest", "Invalid NextToken.")


def _create_association(state: State, caches: Sequence[StoredCache], given: Mapping[str, Any]) -> dict[str, Any]:
    """CreateDataRepositoryAssociation of a Lustre file system. The path comes back as it was given.

    Source: FSx API reference: at most 8 a file system, none on the older deployment types with a link of their own.
    """
    identifier = str(given.get("FileSystemId"))
    (system,) = _chosen(caches, "fs-", [identifier], "FileSystemNotFound", "File system")
    path, mount = str(given.get("DataRepositoryPath")), str(given.get("FileSystemPath") or "/")
    if system.kind != "LUSTRE" or system.deployment == "SCRATCH_1" or system.older:
        message = "Data repository associations are not supported on this file system."
        raise AwsError("UnsupportedOperation", message)
    if not path.startswith("s3://"):
        raise AwsError("BadRequest", "DataRepositoryPath must be an S3 path such as s3://bucket/prefix/.")
    if len(system.associations) >= 8 or any(one.mount == mount for one in system.associations):
        raise AwsError("BadRequest", "The file system path is in use, or there are too many associations.")
    name = f"dra-{secrets.token_hex(9)[:17]}"
    made = Association(name, path, "CREATING", mount=mount, ready=time.monotonic() + _CREATING_SECONDS)
    system.associations.append(made)
    return _association(state, system, made)


def _associations(state: State, caches: Sequence[StoredCache], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    pairs = [(cache, association) for cache in caches for association in cache.associations]
    ids = given.get("AssociationIds")
    if ids:
        missing = sorted(set(ids) - {association.id for _, association in pairs})
        if missing:
            code, message = "DataRepositoryAssociationNotFound", f"Association '{missing[0]}' does not exist."
            raise AwsError(code, message)
        pairs = [(cache, association) for cache, association in pairs if association.id in ids]
    for entry in given.get("Filters") or ():
        name, values = entry.get("Name"), entry.get("Values") or ()
        if name not in _FILTERS:
            raise AwsError("BadRequest", f"Filter {name} is not supported by this operation.")
        pairs = [pair for pair in pairs if _filtered(pair, name, values)]
    return [_association(state, cache, association) for cache, association in pairs]


def _filtered(pair: tuple[StoredCache, Association], name: str, values: Sequence[str]) -> bool:
    cache, association = pair
    if name == "data-repository-type":
        return association.path.partition(":")[0].upper() in values
    prefix = "fs-" if name == "file-system-id" else "fc-"
    return cache.id.startswith(prefix) and cache.id in values


def describe(state: State, cache: StoredCache) -> dict[str, Any]:
    """A cache or file system as FSx describes it."""
    return _file_cache(state, cache) if cache.id.startswith("fc-") else _file_system(state, cache)


def _common(state: State, cache: StoredCache) -> dict[str, Any]:
    kind = "file-cache" if cache.id.startswith("fc-") else "file-system"
    described = {
        "OwnerId": cache.account,
        "CreationTime": cache.created,
        "Lifecycle": cache.lifecycle,
        "StorageCapacity": 1200,
        "VpcId": "vpc-0a1b2c3d",
        "SubnetIds": ["subnet-0a1b2c3d"],
        "NetworkInterfaceIds": ["eni-0a1b2c3d"],
        "DNSName": f"{cache.id}.fsx.{cache.region}.amazonaws.com",
        "ResourceARN": f"arn:{state.partition}:fsx:{cache.region}:{cache.account}:{kind}/{cache.id}",
    }
    if not cache.deployment.startswith("SCRATCH"):
        described["KmsKeyId"] = cache.kms_key or _own_key(state, cache)
    if cache.failure:
        described["FailureDetails"] = {"Message": cache.failure}
    return described


def _own_key(state: State, cache: StoredCache) -> str:
    """The key that a cache encrypts its own disks with, the account's ``aws/fsx``; a scratch file system has none."""
    identifier = uuid.uuid5(uuid.NAMESPACE_URL, f"aws/fsx/{cache.account}/{cache.region}")
    return f"arn:{state.partition}:kms:{cache.region}:{cache.account}:key/{identifier}"


def _file_cache(state: State, cache: StoredCache) -> dict[str, Any]:
    return {
        **_common(state, cache),
        "FileCacheId": cache.id,
        "FileCacheType": "LUSTRE",
        "FileCacheTypeVersion": "2.12",
        "LustreConfiguration": {
            "PerUnitStorageThroughput": 1000,
            "DeploymentType": "CACHE_1",
            "MountName": "mountnam",
            "WeeklyMaintenanceStartTime": "1:05:00",
            "MetadataConfiguration": {"StorageCapacity": 2400},
            "LogConfiguration": {"Level": "WARN_ERROR"},
        },
        "DataRepositoryAssociationIds": [association.id for association in cache.associations],
    }


def _file_system(state: State, cache: StoredCache) -> dict[str, Any]:
    """Other kinds than Lustre stand in the same list, without its configuration; ONTAP has no DNS name of its own."""
    described = {**_common(state, cache), "FileSystemId": cache.id, "FileSystemType": cache.kind, "StorageType": "SSD"}
    described["Tags"] = [{"Key": name, "Value": value} for name, value in cache.tags.items()]
    if cache.kind != "LUSTRE":
        if cache.kind == "ONTAP":
            del described["DNSName"]
        name = {"ONTAP": "OntapConfiguration", "OPENZFS": "OpenZFSConfiguration"}.get(
            cache.kind, "WindowsConfiguration"
        )
        return {**described, name: {"DeploymentType": "SINGLE_AZ_1", "ThroughputCapacity": 128}}
    scratch = cache.deployment.startswith("SCRATCH")
    lustre: dict[str, Any] = {
        "WeeklyMaintenanceStartTime": "1:05:00",
        "DeploymentType": cache.deployment,
        "MountName": "fsx" if cache.deployment == "SCRATCH_1" else "mountnam",
        "DataCompressionType": "NONE",
        "LogConfiguration": {"Level": "DISABLED"},
    }
    if not scratch:
        lustre["PerUnitStorageThroughput"] = 125
    if cache.older:
        lustre["DataRepositoryConfiguration"] = _older(cache.older)
    return {
        **described,
        "FileSystemTypeVersion": "2.10" if cache.deployment == "SCRATCH_1" else "2.15",
        "LustreConfiguration": lustre,
    }


def _older(link: OlderLink) -> dict[str, Any]:
    """Sources: FSx API reference, DataRepositoryConfiguration and CreateFileSystemLustreConfiguration (SCRATCH_1)."""
    described: dict[str, Any] = {
        "Lifecycle": link.lifecycle,
        "ImportPath": link.import_path,
        "ExportPath": link.export_path,
        "ImportedFileChunkSize": 1024,
        "AutoImportPolicy": "NONE",
    }
    if link.failure:
        described["FailureDetails"] = {"Message": link.failure}
    return described


def _association(state: State, cache: StoredCache, association: Association) -> dict[str, Any]:
    of_cache = cache.id.startswith("fc-")
    if association.ready is not None and time.monotonic() >= association.ready:
        association.lifecycle, association.ready = "AVAILABLE", None
    described: dict[str, Any] = {
        "AssociationId": association.id,
        "ResourceARN": f"arn:{state.partition}:fsx:{cache.region}:{cache.account}:association/{cache.id}/{association.id}",
        "Lifecycle": association.lifecycle,
        "DataRepositoryPath": association.path,
        "CreationTime": cache.created,
        "Tags": [],
        **(
            {"FileCacheId": cache.id, "FileCachePath": association.mount}
            if of_cache
            else {"FileSystemId": cache.id, "FileSystemPath": association.mount}
        ),
    }
    if association.failure:
        described["FailureDetails"] = {"Message": association.failure}
    if association.path.startswith("nfs:"):
        described["NFS"] = {"Version": "NFS3"}
    elif not of_cache:
        described["S3"] = {"AutoExportPolicy": {"Events": ["NEW", "CHANGED", "DELETED"]}}
        described["BatchImportMetaDataOnCreate"] = False
    return described
