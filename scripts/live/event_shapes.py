"""The members of real events, kind by kind, against those that the sandbox plays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from live.comparing import AS_ASSUMED, DIFFERS, UNKNOWN, Line
from live.events import Entry, Kind, Read

FACTS = {
    Kind.USE: "z01-z08; of FSx's own role nothing is recorded",
    Kind.REFUSED_USE: "z10-z14; no whole refused event of KMS is recorded",
    Kind.REFUSED: "z14",
    Kind.FAILED: "z15, z21",
    Kind.PUT_KEY_POLICY: "z18, z19",
    Kind.CREATE_KEY: "z22, z23",
    Kind.CREATE_GRANT: "z24",
    Kind.REVOKE_GRANT: "z25",
    Kind.RETIRE_GRANT: "z26",
    Kind.CREATE_CACHE: "z51, inferred; no event is recorded",
    Kind.CREATE_FILE_SYSTEM: "c01",
    Kind.CREATE_ASSOCIATION: "c02",
    Kind.PUT_ENCRYPTION: "z53, inferred from PutBucketLifecycle",
    Kind.DELETE_ENCRYPTION: "z54",
}
"""The recorded facts that a kind's shape rests on, by their ids."""

PLAYED_ONLY = ("eventCategory", "managementEvent", "apiVersion")
"""Members that older events, or some services', lack."""

PEOPLE = ("userIdentity.",)
"""Members that depend on who called. Only of a cache's role are they compared."""

VARYING: Mapping[Kind, tuple[str, ...]] = {
    Kind.PUT_KEY_POLICY: ("responseElements",),  # null before December 2022
    Kind.CREATE_GRANT: ("responseElements.keyId",),
    Kind.REVOKE_GRANT: ("responseElements",),
    Kind.RETIRE_GRANT: ("responseElements",),
    Kind.CREATE_KEY: (
        "responseElements.keyMetadata.aWSAccountId",  # AWSAccountId in one sample
        "requestParameters.customerMasterKeySpec",
        "requestParameters.keySpec",
        "requestParameters.origin",
    ),
    Kind.FAILED: ("requestParameters", "resources", "errorMessage"),
    Kind.REFUSED: ("requestParameters",),
    Kind.CREATE_CACHE: ("requestParameters.tags", "requestParameters.subnetIds", "requestParameters.fileCacheTypeVersion"),
    Kind.CREATE_FILE_SYSTEM: ("requestParameters", "responseElements.fileSystem.lustreConfiguration"),
    Kind.CREATE_ASSOCIATION: ("requestParameters", "responseElements.association.s3"),
    Kind.PUT_ENCRYPTION: ("requestParameters.Host",),
    Kind.DELETE_ENCRYPTION: ("requestParameters.Host",),
}  # fmt: skip
"""Members that are known to vary, or that only the caller's choice brings in, with all that is below them."""


class Member(NamedTuple):
    """A member of an event: where it stands, and its type as JSON calls it."""

    path: str
    type: str


def members(value: Any, path: str = "") -> dict[str, str]:
    """All members with their types; ``[]`` stands for every entry of a list, whose entries count together."""
    found = {path: _type(value)} if path else {}
    if isinstance(value, Mapping):
        for name, inner in value.items():
            found |= members(inner, f"{path}.{name}" if path else str(name))
    if isinstance(value, list):
        for inner in value:
            found |= members(inner, f"{path}[]")
    return found


def compare_events(real: Read, played: Sequence[Entry]) -> list[Line]:
    """A line for each kind."""
    lines = []
    for kind in Kind:
        subject = f"event of {kind.value}"
        some = real.of(kind)
        if not some:
            why = real.problem or "none is among the events that were read"
            lines.append(Line(UNKNOWN, subject, why, FACTS[kind]))
            continue
        expected = [members(one.event) for one in played if one.kind is kind]
        found = [members(one.event) for one in some]
        detail = _differences(kind, found, expected)
        lines.append(
            Line(DIFFERS, subject, detail, FACTS[kind])
            if detail
            else Line(AS_ASSUMED, subject, _more(found, expected), FACTS[kind])
        )
    return lines


def _differences(kind: Kind, found: Sequence[dict[str, str]], expected: Sequence[dict[str, str]]) -> str:
    always = set.intersection(*(set(one) for one in expected))
    checked = sorted(path for path in always if not _may_vary(kind, path))
    missing: dict[str, int] = {}
    other: dict[str, set[str]] = {}
    for one in found:
        for path in checked:
            types = {shape[path] for shape in expected}
            if path not in one:
                if _holder_is_there(path, one):
                    missing[path] = missing.get(path, 0) + 1
            elif one[path] not in types:
                other.setdefault(path, set()).add(f"{path} ({one[path]}, not {' or '.join(sorted(types))})")
    extra = _never_played(kind, found, expected)
    parts = [
        f"AWS leaves out {', '.join(missing)}" if missing else "",
        f"of other types: {', '.join(sorted(text for some in other.values() for text in some))}" if other else "",
        f"AWS has {', '.join(extra)}, the sandbox never" if extra else "",
    ]
    return "; ".join(part for part in parts if part)


def _never_played(kind: Kind, found: Iterable[dict[str, str]], expected: Iterable[dict[str, str]]) -> list[str]:
    """What a refusal must not have by what is assumed of it: resources, and an answer."""
    if kind not in (Kind.REFUSED, Kind.REFUSED_USE):
        return []
    known = {path for shape in expected for path in shape}
    there = {path for shape in found for path in shape if path.startswith(("resources", "requestParameters"))}
    return sorted(path for path in there - known if not _may_vary(kind, path))


def _holder_is_there(path: str, shape: dict[str, str]) -> bool:
    """Is the object or list that a member belongs to there? Otherwise that one is named alone."""
    holder = path.rpartition(".")[0]
    return not holder or holder in shape


def _may_vary(kind: Kind, path: str) -> bool:
    varying = (*PLAYED_ONLY, *VARYING.get(kind, ()))
    if kind not in (Kind.USE, Kind.REFUSED_USE) and path.startswith(PEOPLE):
        return True
    return any(path == one or path.startswith((f"{one}.", f"{one}[")) for one in varying)


def _more(found: Iterable[dict[str, str]], expected: Iterable[dict[str, str]]) -> str:
    known = {path for shape in expected for path in shape}
    more = sorted({path for shape in found for path in shape} - known)
    top = [path for path in more if path.rpartition(".")[0] not in more]
    return f"AWS also records {', '.join(top)}" if top else ""


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"
