"""A CloudTrail event as a frozen value, whatever its version and whichever of its members are there. Pure.

In: the JSON text of one event. Out: an ``Event``, or None where the text is none. Members that are missing, null or of
another type read as empty; nothing is made up in their place.

Sources: CloudTrail user guide, "Record contents", "userIdentity element" and "addendum"; KMS developer guide, "Logging AWS
KMS API calls with CloudTrail"; recorded events, whose members are spelled in both letter cases (``aWSAccountId``,
``resources[].arn``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, NamedTuple

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.masking import mask

KMS = "kms.amazonaws.com"

PASSING = frozenset(
    {
        "DependencyTimeoutException",
        "InternalFailure",
        "KMSInternalException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
    }
)
"""Error codes that say nothing about permissions or the key: the next try may succeed."""

_KEY_ARN = re.compile(r"arn:[a-z0-9-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9A-Za-z-]+")
_FORMATS = ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%b %d, %Y, %I:%M:%S %p", "%b %d, %Y %I:%M:%S %p")


class KeyMatch(Enum):
    """Is an event about a key? UNKNOWN: it names no key, or only an alias, which may have pointed elsewhere then."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Actor(NamedTuple):
    """Who made a call. Members that the event lacks are empty.

    ``role`` is ``sessionIssuer.arn``, which keeps the role's path; ``arn`` of a session has none. ``service`` is the AWS
    service that called on somebody's behalf.
    """

    kind: str = ""
    arn: str = ""
    account: str = ""
    role: str = ""
    session: str = ""
    user: str = ""
    service: str = ""

    @property
    def name(self) -> str:
        """As people know it: a user's or role's name (a role's with its session), a service, or the account; without secrets,
        since callers choose the names of their sessions.
        """
        return mask(self._name)

    @property
    def _name(self) -> str:
        if self.role:
            name = self.role.rpartition("/")[2]
            return f"role {name}" + (f", session {self.session}" if self.session else "")
        if self.user:
            return f"user {self.user}"
        if self.kind == "Root":
            return f"root user of account {self.account}"
        if self.arn:
            return self.arn
        return self.service or (f"account {self.account}" if self.account else "not recorded")


class Failure(NamedTuple):
    """Why a call failed: AWS's code and sentence, without the secrets that it repeats. CloudTrail cuts long sentences at 1 KB."""

    code: str
    message: str = ""

    @property
    def passing(self) -> bool:
        """Does it say nothing about permissions or the key?"""
        return self.code in PASSING


class Event(NamedTuple):
    """One event. ``time`` is in UTC, to the second. ``place`` is its position in CloudTrail's order, 0 = newest.

    ``key_arns`` are the keys named in ``resources`` or in the answer; ``key_reference`` is the key as the caller gave it:
    id, ARN, alias, or empty. ``replaces`` is the id of an event that this one corrects.
    """

    id: str
    time: datetime
    name: str
    source: str
    region: str
    account: str
    actor: Actor
    user_agent: str
    source_address: str
    failure: Failure | None
    parameters: Mapping[str, Any]
    answer: Mapping[str, Any]
    additional: Mapping[str, Any]
    key_arns: tuple[str, ...]
    key_reference: str
    replaces: str = ""
    place: int = 0
    request_id: str = ""

    @property
    def policy_name(self) -> str:
        """Which of a key's policies the call was about; ``default`` where it names none. Source: KMS API reference, PutKeyPolicy."""
        return text_of(self.parameters, "policyName") or "default"

    @property
    def policy(self) -> str | None:
        """The whole policy text that was sent; None where the event holds none."""
        found = member(self.parameters, "policy")
        if isinstance(found, str):
            return found
        return json.dumps(found) if isinstance(found, dict) else None

    @property
    def grant_id(self) -> str:
        """The id of the grant that was created, revoked or retired; empty where the event has none."""
        for where in (self.answer, self.parameters, self.additional):
            if found := text_of(where, "grantId"):
                return found
        return ""

    def is_about(self, key: Arn) -> KeyMatch:
        """Is it about this key?"""
        wanted = str(key)
        if self.key_arns:
            return KeyMatch.YES if wanted in self.key_arns else KeyMatch.NO
        given = self.key_reference
        if arns.key_arn(given):
            return KeyMatch.YES if given == wanted else KeyMatch.NO
        if arns.is_key_id(given):
            same_place = self.region in ("", key.region) and self.account in ("", key.account)
            return KeyMatch.YES if given == key.resource.removeprefix("key/") and same_place else KeyMatch.NO
        named = _KEY_ARN.findall(self.failure.message) if self.failure else []
        if named:
            return KeyMatch.YES if wanted in named else KeyMatch.NO
        return KeyMatch.UNKNOWN


def parse_event(text: str, time: datetime | None = None, place: int = 0) -> Event | None:
    """The event in a JSON text; None where it is not a JSON object with an event name and a time.

    ``time`` is the one that CloudTrail states beside the text; it wins over the text's.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    moment = time or parse_time(text_of(found, "eventTime"))
    name = text_of(found, "eventName")
    if moment is None or not name:
        return None
    answer, parameters = mapping_of(found, "responseElements"), mapping_of(found, "requestParameters")
    code = text_of(found, "errorCode")
    identity = mapping_of(found, "userIdentity")
    return Event(
        text_of(found, "eventID"),
        moment.astimezone(UTC).replace(microsecond=0),
        name,
        text_of(found, "eventSource"),
        text_of(found, "awsRegion"),
        text_of(found, "recipientAccountId") or text_of(identity, "accountId"),
        _actor(identity),
        text_of(found, "userAgent"),
        text_of(found, "sourceIPAddress"),
        Failure(mask(code), mask(text_of(found, "errorMessage"))) if code else None,
        parameters,
        answer,
        mapping_of(found, "additionalEventData"),
        _key_arns(found, answer),
        text_of(parameters, "keyId"),
        text_of(mapping_of(found, "addendum"), "originalEventID"),
        place,
        text_of(found, "requestID"),
    )


def parse_events(texts: Iterable[tuple[datetime, str]]) -> tuple[tuple[Event, ...], int]:
    """Events of one look-up, given newest first, and how many texts were none."""
    events, unreadable = [], 0
    for place, (time, text) in enumerate(texts):
        event = parse_event(text, time, place)
        if event is None:
            unreadable += 1
        else:
            events.append(event)
    return tuple(events), unreadable


def oldest_first(events: Iterable[Event]) -> tuple[Event, ...]:
    """The events by time, each once; within one second in CloudTrail's order, which it does not promise.

    Events that come twice are kept once, and those that were corrected give way to the correction, which may have their id:
    a late event may name itself.
    """
    found = list(events)
    corrected = {event.replaces for event in found if event.replaces and event.replaces != event.id}
    once: dict[str, Event] = {}
    nameless = []
    for event in found:
        if event.id and event.id not in corrected and (event.replaces or event.id not in once):
            once[event.id] = event
        elif not event.id:
            nameless.append(event)
    return tuple(sorted([*once.values(), *nameless], key=lambda event: (event.time, -event.place)))


def parse_time(text: str) -> datetime | None:
    """A time as events spell it, in UTC; None for anything else."""
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    moment: datetime | None
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        moment = _by_format(plain)
    if moment is None:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _by_format(text: str) -> datetime | None:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def member(value: object, name: str) -> Any:
    """A member of an object, whatever the letter case of its name; None where there is none."""
    if not isinstance(value, Mapping):
        return None
    if name in value:
        return value[name]
    low = name.lower()
    return next((item for key, item in value.items() if isinstance(key, str) and key.lower() == low), None)


def text_of(value: object, name: str) -> str:
    """A member that is a text; empty for anything else."""
    found = member(value, name)
    return found if isinstance(found, str) else ""


def mapping_of(value: object, name: str) -> Mapping[str, Any]:
    """A member that is an object; empty for anything else, such as the null of a refused call."""
    found = member(value, name)
    return found if isinstance(found, dict) else {}


def _actor(identity: Mapping[str, Any]) -> Actor:
    issuer = mapping_of(mapping_of(identity, "sessionContext"), "sessionIssuer")
    arn = text_of(identity, "arn")
    role = text_of(issuer, "arn") if text_of(issuer, "type") in ("Role", "") else ""
    session = arn.rpartition("/")[2] if ":assumed-role/" in arn else ""
    return Actor(
        text_of(identity, "type"),
        arn,
        text_of(identity, "accountId"),
        role,
        session,
        text_of(identity, "userName"),
        text_of(identity, "invokedBy"),
    )


def _key_arns(found: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, ...]:
    resources = member(found, "resources")
    named = [text_of(one, "ARN") for one in resources] if isinstance(resources, list) else []
    named.append(text_of(answer, "keyId"))
    named.append(text_of(mapping_of(answer, "keyMetadata"), "arn"))
    return tuple(dict.fromkeys(text for text in named if arns.key_arn(text)))
