"""What the sandbox and fcsse take for granted of CloudTrail's events, each with how real events tell.

In: events. Out: for each assumption, whether it holds, and what the events have instead, without ids and names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from fcsse import arn as arns
from fcsse.event_history.events import Event, mapping_of, parse_event, text_of
from fcsse.event_history.put_basis import basis_in
from fcsse.event_history.uses import use_of
from fcsse.event_history.versions import version_of
from fcsse.lambda_function.call_events import CacheCreated, Ignored, read_event
from live.comparing import AS_ASSUMED, DIFFERS, UNKNOWN, Line
from live.event_masking import masked_event, session_form
from live.events import Entry, Kind, Read
from live.shapes import masked_text

INFERRED = "inferred; no page and no recorded event says so"
UNNAMED = ("on this resource", "on the resource associated with this ciphertext")
"""AWS's words in refusals that name no key."""


class Told(NamedTuple):
    """What one event says to an assumption, and the words for it."""

    holds: bool
    words: str = ""


class EventAssumption(NamedTuple):
    """A sentence about events of some kinds, where it comes from, and what one event says to it; None = nothing."""

    text: str
    source: str
    kinds: tuple[Kind, ...]
    judge: Callable[[Entry], Told | None]


def event_lines(real: Read) -> list[Line]:
    """A line for each assumption. The detail counts what the events have."""
    lines = []
    for one in EVENT_ASSUMPTIONS:
        told = [found for entry in real.of(*one.kinds) if (found := one.judge(entry)) is not None]
        if not told:
            lines.append(Line(UNKNOWN, one.text, real.problem or "no such event was read", one.source))
            continue
        verdict = AS_ASSUMED if all(found.holds for found in told) else DIFFERS
        lines.append(Line(verdict, one.text, _counted(found.words for found in told), one.source))
    return lines


def examples(real: Read, names: Sequence[str], most: int = 3) -> list[dict[str, Any]]:
    """The newest events of each kind, masked, for the transcript."""
    found = []
    for kind in Kind:
        entries = real.of(kind)
        masked = []
        for entry in entries:
            one = {"beside": masked_event(entry.beside), "event": masked_event(entry.event, names=tuple(names))}
            if one not in masked:
                masked.append(one)
        found.append({"kind": kind.value, "events": len(entries), "examples": masked[:most]})
    return found


def _counted(words: Iterable[str]) -> str:
    counts = Counter(text for text in words if text)
    return "; ".join(f"{number} x {text}" for text, number in counts.most_common(6))


def _event(entry: Entry) -> Event | None:
    return parse_event(json.dumps(entry.event))


def _session(entry: Entry) -> Told | None:
    event = _event(entry)
    session = event.actor.session if event else ""
    return Told(session == "FSx", session_form(session)) if session else None


def _role(entry: Entry) -> Told:
    who = mapping_of(entry.event, "userIdentity")
    held = arns.role_cache(entry.role) is not None and "/aws-service-role/" not in text_of(who, "arn")
    return Told(
        held, "sessionIssuer.arn " + ("with its path" if "/aws-service-role/" in entry.role else "without a path")
    )


def _nameless(entry: Entry) -> Told:
    who = mapping_of(entry.event, "userIdentity")
    there = [name for name in ("userName", "accessKeyId") if name in who]
    return Told(not there, f"with {' and '.join(there)}" if there else "")


def _service(entry: Entry) -> Told:
    service = text_of(mapping_of(entry.event, "userIdentity"), "invokedBy")
    return Told(service == "fas.s3.amazonaws.com", str(masked_event(service, "invokedBy")) or "none")


def _use(entry: Entry) -> Told:
    event = _event(entry)
    use = use_of(event) if event else None
    if event is None or use is None:
        return Told(False, "not read as a use")
    return Told(len(event.key_arns) == 1, f"{len(event.key_arns)} keys named in resources")


def _context(entry: Entry) -> Told:
    found = mapping_of(mapping_of(entry.event, "requestParameters"), "encryptionContext")
    form = masked_event(found, "encryptionContext")
    held = list(form) == ["aws:s3:arn"] and form["aws:s3:arn"] in ("<bucket ARN>", "<object ARN>")
    return Told(held, ", ".join(f"{name}: {value}" for name, value in form.items()) or "none")


def _code(entry: Entry) -> Told:
    return Told(entry.code == "AccessDenied", entry.code)


def _no_parameters(entry: Entry) -> Told:
    found = entry.event.get("requestParameters")
    if isinstance(found, dict):
        return Told(False, f"with {', '.join(sorted(found)) or 'none in an object'}")
    return Told(found is None, "null" if found is None else f"a {type(found).__name__}")


def _no_resources(entry: Entry) -> Told:
    found = entry.event.get("resources")
    return Told(not found, f"with {len(found)} resources" if found else "none")


def _names_key(entry: Entry) -> Told:
    message = text_of(entry.event, "errorMessage")
    if ":key/" in message:
        return Told(True, "names the key")
    known = next((words for words in UNNAMED if words in message), "")
    return Told(bool(known), f'"{known}"' if known else masked_text(message) or "no message")


def _no_answer(entry: Entry) -> Told:
    found = entry.event.get("responseElements")
    return Told(found is None, "" if found is None else "with responseElements")


def _policy(entry: Entry) -> Told:
    event = _event(entry)
    version = version_of(event) if event else None
    if version is None or version.document is None:
        return Told(False, version.problem if version else "not read as an event")
    return Told(True)


def _mark(entry: Entry) -> Told | None:
    agent = text_of(entry.event, "userAgent")
    if "fcsse/" not in agent:
        return None
    return Told(basis_in(agent) is not None, "" if basis_in(agent) else "without md/fcsse-base#")


def _cache(entry: Entry) -> Told:
    read = read_event({"detail": entry.event})
    if isinstance(read.about, CacheCreated):
        return Told(True, "buckets named" if read.about.buckets else "no buckets named")
    words = read.about.value if isinstance(read.about, Ignored) else "read as another call"
    return Told(read.about is Ignored.NO_BUCKET, words)


def _retired(entry: Entry) -> Told:
    event = _event(entry)
    held = entry.event.get("requestParameters") is None and bool(text_of(event.additional, "grantId") if event else "")
    return Told(held)


def _rule(entry: Entry) -> Told | None:
    parameters = mapping_of(entry.event, "requestParameters")
    rule = mapping_of(parameters, "ServerSideEncryptionConfiguration").get("Rule")
    return Told(isinstance(rule, dict), type(rule).__name__) if rule is not None else None


def _read_only(entry: Entry) -> Told | None:
    outside = entry.beside.get("ReadOnly")
    inside = entry.event.get("readOnly")
    return Told(isinstance(outside, str) and isinstance(inside, bool)) if outside is not None else None


def _username(entry: Entry) -> Told | None:
    event, name = _event(entry), str(entry.beside.get("Username") or "")
    if event is None or not name:
        return None
    role = entry.role.rpartition("/")[2]
    how = {event.actor.session: "the session's name", role: "the role's name"}.get(name, "another name")
    return Told(name == event.actor.session, how)


CACHES, REFUSALS = (Kind.USE, Kind.REFUSED_USE), (Kind.REFUSED_USE, Kind.REFUSED)

EVENT_ASSUMPTIONS = (
    EventAssumption("Sessions of a cache's role are named FSx", INFERRED, CACHES, _session),
    EventAssumption(
        "A call of a cache's role names it with its path in sessionIssuer.arn, without in arn", "z07", CACHES, _role
    ),
    EventAssumption("A call of a cache's role has neither userName nor accessKeyId", "z07", CACHES, _nameless),
    EventAssumption("S3 asks KMS for the cache as fas.s3.amazonaws.com", f"z03, z05; {INFERRED}", CACHES, _service),
    EventAssumption("A use of a key for a cache names the key in resources", "z06", (Kind.USE,), _use),
    EventAssumption("Its encryption context is aws:s3:arn alone, a bucket's or an object's", "z01-z03", (Kind.USE,), _context),
    EventAssumption("A refusal's code is AccessDenied", "z10, z11", REFUSALS, _code),
    EventAssumption("A refusal has no request parameters", f"z14; {INFERRED} of KMS", REFUSALS, _no_parameters),
    EventAssumption("A refusal has no resources", f"z14; {INFERRED} of KMS", REFUSALS, _no_resources),
    EventAssumption("A refusal names its key in the message, or says why not in known words", "z10-z13", REFUSALS, _names_key),
    EventAssumption("A failed call has no answer", "z14", (*REFUSALS, Kind.FAILED), _no_answer),
    EventAssumption("PutKeyPolicy holds the whole policy text", "z18, z19", (Kind.PUT_KEY_POLICY,), _policy),
    EventAssumption(
        "A policy written with fcsse says in the user agent what it was made from", INFERRED, (Kind.PUT_KEY_POLICY,), _mark
    ),
    EventAssumption("RetireGrant names the grant in additionalEventData alone", "z26", (Kind.RETIRE_GRANT,), _retired),
    EventAssumption(
        "The Lambda function reads CreateFileCache's event: the cache by its answer, the buckets by the request",
        f"z51; {INFERRED}", (Kind.CREATE_CACHE,), _cache,
    ),
    EventAssumption(
        "It reads the events of file systems and associations", "c01, c02", (Kind.CREATE_FILE_SYSTEM, Kind.CREATE_ASSOCIATION), _cache
    ),
    EventAssumption("PutBucketEncryption has a single Rule as an object", f"z53; {INFERRED}", (Kind.PUT_ENCRYPTION,), _rule),
    EventAssumption("ReadOnly is a text beside the event, readOnly a boolean in it", "z39", tuple(Kind), _read_only),
    EventAssumption("Username beside a cache's call is the session's name", f"z38; {INFERRED}", CACHES, _username),
)  # fmt: skip
