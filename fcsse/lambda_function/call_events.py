"""Reading an AWS API call that EventBridge delivers: which cache, key or bucket it is about, or why it is ignored. Pure.

In: what Lambda hands over, of whatever shape. Out: ``CallEvent``; nothing is raised.

Sources: EventBridge user guide, "AWS service events delivered via AWS CloudTrail" (the envelope); CloudTrail user guide,
"Record contents" (``errorCode`` is there for failed calls only, members larger than 100 KB are left out); FSx, S3 and KMS
API references for the members, which CloudTrail writes with names that begin in lower case. CloudTrail's samples put the
path and the file system of an association in the request or the answer.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from fcsse.arn import (
    is_account,
    is_bucket_name,
    is_cache_id,
    is_key_id,
    is_other_bucket,
    is_region,
    key_arn,
    partition_of,
)

FSX, S3, KMS = "fsx.amazonaws.com", "s3.amazonaws.com", "kms.amazonaws.com"

SERVICES = {
    "CreateFileCache": FSX,
    "CreateFileSystem": FSX,
    "CreateDataRepositoryAssociation": FSX,
    "DeleteFileCache": FSX,
    "DeleteFileSystem": FSX,
    "DeleteDataRepositoryAssociation": FSX,
    "PutBucketEncryption": S3,
    "DeleteBucketEncryption": S3,
    "PutKeyPolicy": KMS,
}
"""The calls that are reacted to, and the service of each: Amazon EFS has a CreateFileSystem and DeleteFileSystem, too."""

_FCSSE = re.compile(r"(?:^|[\s\[])fcsse/")
_ASSOCIATION = re.compile(r"dra-[0-9a-f]{1,40}")


class Ignored(StrEnum):
    """Why an event is ignored; the value is the text for the log."""

    OTHER_CALL = "not a call that is reacted to"
    FAILED = "the call failed"
    OTHER_ACCOUNT = "the call was made in another account"
    OWN = "the policy was written with fcsse"
    NO_BUCKET = "no S3 bucket is linked"
    INCOMPLETE = "the event does not name what the call was about"


class CacheCreated(NamedTuple):
    """A cache or file system exists, or has a new association. ``buckets`` None: FSx has to be asked for them."""

    cache: str
    buckets: tuple[str, ...] | None


class CacheDeleted(NamedTuple):
    """A cache or file system is being deleted."""

    cache: str


class AssociationDeleted(NamedTuple):
    """A data repository association is being deleted."""

    association: str


class KeyPolicyPut(NamedTuple):
    """Somebody replaced a key policy. ``key`` is the key's ARN."""

    key: str


class EncryptionChanged(NamedTuple):
    """A bucket's default encryption was set or removed."""

    bucket: str


Happening = CacheCreated | CacheDeleted | AssociationDeleted | KeyPolicyPut | EncryptionChanged


class CallEvent(NamedTuple):
    """``name`` is the API call's, empty where there is none; ``region`` and ``account`` are where it was made."""

    name: str
    region: str | None
    account: str | None
    about: Happening | Ignored


def read_event(event: object, account: str | None = None, function: str | None = None) -> CallEvent:
    """What an event is about.

    ``account`` is the function's own, where known: events of other accounts are ignored. ``function`` is its name, which is
    also the session name of its role: policies that it wrote itself are ignored, as are those that people wrote with
    fcsse (``link``, ``unlink``, ``restore``), who meant what they did.
    """
    outer = _mapping(event)
    detail = _mapping(outer.get("detail"))
    name = _text(detail.get("eventName"))
    region = next((one for one in (_text(detail.get("awsRegion")), _text(outer.get("region"))) if is_region(one)), None)
    owners = (_text(detail.get("recipientAccountId")), _text(outer.get("account")))
    owner = next((one for one in owners if is_account(one)), None)
    return CallEvent(name, region, owner, _about(detail, name, region, owner, account, function))


def _about(
    detail: Mapping[str, object],
    name: str,
    region: str | None,
    owner: str | None,
    account: str | None,
    function: str | None,
) -> Happening | Ignored:
    if name not in SERVICES or detail.get("eventSource") != SERVICES[name]:
        return Ignored.OTHER_CALL
    if detail.get("errorCode") or detail.get("errorMessage"):
        return Ignored.FAILED
    if account and owner and account != owner:
        return Ignored.OTHER_ACCOUNT
    request, answer = _mapping(detail.get("requestParameters")), _mapping(detail.get("responseElements"))
    fields = {**_texts(request), **_texts(answer)}
    match name:
        case "PutKeyPolicy":
            return Ignored.OWN if _by_fcsse(detail, function) else _key_policy(detail, fields, region, owner)
        case "PutBucketEncryption" | "DeleteBucketEncryption":
            bucket = fields.get("bucketname", "")
            return EncryptionChanged(bucket) if is_bucket_name(bucket) else Ignored.INCOMPLETE
        case "DeleteDataRepositoryAssociation":
            association = fields.get("associationid", "")
            return AssociationDeleted(association) if _ASSOCIATION.fullmatch(association) else Ignored.INCOMPLETE
        case "DeleteFileCache" | "DeleteFileSystem":
            cache = _cache(fields)
            return CacheDeleted(cache) if cache else Ignored.INCOMPLETE
        case "CreateFileCache":
            return _cache_created(request, _texts(answer))
        case "CreateFileSystem":
            # The request names no id: without an answer there is none.
            return _with_buckets(_cache(_texts(answer)), [fields.get("importpath", ""), fields.get("exportpath", "")])
        case _:
            return _with_buckets(_cache(fields), [fields.get("datarepositorypath", "")])


def _cache_created(request: Mapping[str, object], answer: Mapping[str, str]) -> Happening | Ignored:
    """The request has the paths of all associations, whether or not FSx lists them already; the answer only their ids."""
    cache = _cache(answer)
    if "fileCacheType" not in request:
        return CacheCreated(cache, None) if cache else Ignored.INCOMPLETE
    linked = request.get("dataRepositoryAssociations")
    paths = [_mapping(one).get("dataRepositoryPath") for one in linked] if isinstance(linked, list) else []
    return _with_buckets(cache, paths)


def _with_buckets(cache: str | None, paths: list[str] | list[object]) -> Happening | Ignored:
    if cache is None:
        return Ignored.INCOMPLETE
    named = [
        path.removeprefix("s3://").partition("/")[0]
        for path in paths
        if isinstance(path, str) and path.startswith("s3://")
    ]
    buckets = tuple(dict.fromkeys(one for one in named if is_bucket_name(one) or is_other_bucket(one)))
    return CacheCreated(cache, buckets) if buckets else Ignored.NO_BUCKET


def _key_policy(
    detail: Mapping[str, object], fields: Mapping[str, str], region: str | None, owner: str | None
) -> Happening | Ignored:
    """The key is named by ARN or id in the request, and by ARN among the event's resources."""
    resources = detail.get("resources")
    named = [_text(_mapping(one).get("ARN")) for one in resources] if isinstance(resources, list) else []
    key = fields.get("keyid", "")
    arns = [one for one in (*named, key) if (arn := key_arn(one)) and is_key_id(arn.resource.removeprefix("key/"))]
    if arns:
        return KeyPolicyPut(arns[0])
    if region and owner and is_key_id(key):
        return KeyPolicyPut(f"arn:{partition_of(region)}:kms:{region}:{owner}:key/{key}")
    return Ignored.INCOMPLETE


def _by_fcsse(detail: Mapping[str, object], function: str | None) -> bool:
    """Was the call made with fcsse, or by the session that Lambda gives this function's role (named like the function)?"""
    if _FCSSE.search(_text(detail.get("userAgent"))):
        return True
    caller = _text(_mapping(detail.get("userIdentity")).get("arn"))
    return bool(function) and ":assumed-role/" in caller and caller.rpartition("/")[2] == function


def _cache(fields: Mapping[str, str]) -> str | None:
    """The id of the cache or file system among the fields, or in its ARN."""
    named = [
        fields.get("filecacheid", ""),
        fields.get("filesystemid", ""),
        fields.get("resourcearn", "").rpartition("/")[2],
    ]
    return next((one for one in named if is_cache_id(one)), None)


def _texts(value: Mapping[str, object]) -> dict[str, str]:
    """Texts anywhere in an object of objects, by their names in lower case; of two with one name, the outer one."""
    found: dict[str, str] = {}
    waiting: deque[Mapping[str, object]] = deque([value])
    while waiting:
        for name, inner in waiting.popleft().items():
            if isinstance(inner, Mapping):
                waiting.append(inner)
            elif isinstance(inner, str):
                found.setdefault(str(name).lower(), inner)
    return found


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
