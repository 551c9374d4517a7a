"""Is an answer AWS's? Pure: parsed answers against the table of required members, JSON texts against the service model.

botocore's parsers take JSON as it comes: a text where the model has a list becomes a list of characters, a number stays
a number where a text is due. So the JSON text is looked at before it is parsed, and the parsed answer afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from fcsse.aws.required_members import REQUIRED

if TYPE_CHECKING:
    from botocore.model import Shape

JSON_PROTOCOLS = ("json", "rest-json")


def missing_member(operation: str, answer: Mapping[str, Any]) -> str | None:
    """The first required member that an answer lacks, or has in another kind; None where all are there.

    ``operation`` is ``service:Operation``. Raises ``KeyError`` for one that the table does not have.
    """
    return next((path for path in REQUIRED[operation].members if not _has(answer, path)), None)


def _has(answer: object, path: str) -> bool:
    member, _, kind = path.partition(":")
    values = list(_values(answer, member.split(".")))
    return bool(values) and all(value is _NOTHING_TO_CHECK or _KINDS[kind](value) for value in values)


_NOTHING_TO_CHECK = object()
"""Stands for a list that is there and has no entries, or need not be there and is not."""


def _values(value: object, names: list[str]) -> Iterator[object]:
    """The values at a path; a value that is missing is None."""
    if not names:
        yield value
        return
    alternatives, optional = names[0].removesuffix("?"), names[0].endswith("?")
    is_list = alternatives.endswith(("[]", "[+]", "[1]"))
    some, one = alternatives.endswith("[+]"), alternatives.endswith("[1]")
    found = None
    if isinstance(value, dict):
        wanted = alternatives.partition("[")[0].split("|")
        found = next((value[name] for name in wanted if value.get(name) is not None), None)
    if not is_list:
        yield from _values(found, names[1:]) if names[1:] else [found]
    elif found is None and optional:
        yield _NOTHING_TO_CHECK
    elif not isinstance(found, list) or (some and not found) or (one and len(found) != 1):
        yield None
    elif names[1:]:
        yield from (each for entry in found for each in _values(entry, names[1:]))
        if not found:
            yield _NOTHING_TO_CHECK
    else:
        yield _NOTHING_TO_CHECK


def about_another(operation: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> str | None:
    """What a complete answer is about instead of what was asked about, such as ``key …``; None where nothing shows that.

    So answer caches that tell requests apart by their URL alone, and simulators that pass over a filter.
    """
    match operation:
        case "fsx:DescribeDataRepositoryAssociations":
            wanted = [name for one in asked.get("Filters", ()) for name in one["Values"]]
            owners = [one.get("FileCacheId") or one["FileSystemId"] for one in answer["Associations"]]
            return next((f"associations of {one}" for one in owners if wanted and one not in wanted), None)
        case "iam:GetRole" | "iam:GetUser":
            kind = operation.removeprefix("iam:Get")
            name: str = answer[kind][f"{kind}Name"]
            return f"{kind.lower()} {name}" if name.lower() != asked[f"{kind}Name"].lower() else None
        case "kms:DescribeKey" | "kms:ListGrants":
            metadata = answer.get("KeyMetadata")
            keys = [metadata["Arn"]] if metadata else [one["KeyId"] for one in answer["Grants"] if one.get("KeyId")]
            return next((f"key {one}" for one in keys if not _is_key(one, asked["KeyId"])), None)
        case "s3:ListObjectsV2":
            return f"bucket {answer['Name']}" if answer["Name"] != asked["Bucket"] else None
        case "sts:AssumeRole":
            told: str = answer.get("AssumedRoleUser", {}).get("Arn", "")
            return f"the role of {told}" if told and not _is_session(told, asked["RoleArn"]) else None
        case _:
            return None


def _is_key(told: str, asked: str) -> bool:
    """Is a key, by its ARN or id, the one that was asked for by either? An alias may be that of any."""
    if "alias/" in asked:
        return True
    both_arns = told.startswith("arn:") and asked.startswith("arn:")
    return told == asked if both_arns else told.rpartition("/")[2] == asked.rpartition("/")[2]


def _is_session(told: str, role: str) -> bool:
    """Is it a session of the role, by account and name? Source: IAM user guide, "IAM identifiers" (a session's ARN has no path)."""
    parts, asked = told.split(":"), role.split(":")
    name = f"assumed-role/{role.rpartition('/')[2]}/"
    return len(parts) > 5 and parts[4] == asked[4] and ":".join(parts[5:]).startswith(name)


def _is_json_object(value: object) -> bool:
    try:
        return isinstance(value, str) and isinstance(json.loads(value), dict)
    except (ValueError, RecursionError):
        return False


_KINDS: dict[str, Callable[[object], bool]] = {
    "": lambda value: isinstance(value, str) and bool(value),
    "string": lambda value: isinstance(value, str),
    "arn": lambda value: isinstance(value, str) and value.startswith("arn:") and value.count(":") >= 5,
    "flag": lambda value: isinstance(value, bool),
    "json": _is_json_object,
    "number": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "structure": lambda value: isinstance(value, dict) and bool(value),
    "time": lambda value: isinstance(value, datetime),
}


class _DoubledMemberError(Exception):
    """A member that an object has twice: which one counts, each parser decides for itself."""


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DoubledMemberError(next(name for name in names if names.count(name) > 1))
    return members


def json_fault(body: bytes, shape: Shape | None) -> str | None:
    """What is wrong with a JSON answer: no JSON, or a member of another kind than the service model has; None if nothing.

    An empty body counts as an answer without members. Unknown members pass, and null is a member that is missing.
    """
    if not body.strip():
        return None
    try:
        value = json.loads(body, object_pairs_hook=_members)
    except _DoubledMemberError as error:
        return f"has the member {error} twice"
    except (ValueError, RecursionError):
        return "is not JSON"
    if not isinstance(value, dict):
        return "is not a JSON object"
    place = _misfit(value, shape, "") if shape is not None else None
    return f"has {place} in another kind than AWS sends" if place else None


def _misfit(value: object, shape: Any, place: str) -> str | None:
    """The place of the first value that does not fit its shape; None where all fit."""
    name: str = shape.type_name
    if not isinstance(value, _TYPES.get(name, object)) or (isinstance(value, bool) and name != "boolean"):
        return place
    parts: Iterator[tuple[object, Any, str]]
    match name:
        case "structure":
            known = value if isinstance(value, dict) else {}
            members = ((known.get(_wire_name(member, of)), of, member) for member, of in shape.members.items())
            parts = ((one, of, f"{place}.{member}".lstrip(".")) for one, of, member in members if one is not None)
        case "list":
            parts = ((one, shape.member, f"{place}[]") for one in (value if isinstance(value, list) else ()))
        case "map":
            known = value if isinstance(value, dict) else {}
            parts = ((one, shape.value, f"{place}.{key}") for key, one in known.items() if one is not None)
        case _:
            return None
    return next((found for part in parts if (found := _misfit(*part)) is not None), None)


def _wire_name(member: str, shape: Any) -> str:
    return str(shape.serialization.get("name", member))


_TYPES: dict[str, type | tuple[type, ...]] = {
    "blob": str,
    "boolean": bool,
    "double": (int, float),
    "float": (int, float),
    "integer": int,
    "list": list,
    "long": int,
    "map": dict,
    "string": str,
    "structure": dict,
    "timestamp": (int, float, str),
}
