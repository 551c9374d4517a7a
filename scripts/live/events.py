"""Events of CloudTrail's record, sorted by what they record; from a real account, and as the sandbox plays them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from fcsse import arn as arns
from fcsse.event_history.events import mapping_of, text_of
from fcsse.sandbox import Sandbox
from live.shapes import masked_text

PAUSE = 0.55
"""Seconds between two look-ups: CloudTrail takes two a second."""

PAGES = 10
"""Pages of 50 events that are read at most for calls that caches make."""

USES = ("Decrypt", "GenerateDataKey")
CREATIONS = ("CreateFileCache", "CreateFileSystem", "CreateDataRepositoryAssociation")
KEYS = ("PutKeyPolicy", "CreateKey", "CreateGrant", "RevokeGrant", "RetireGrant")
BUCKETS = ("PutBucketEncryption", "DeleteBucketEncryption")
SOURCES = {
    **dict.fromkeys((*USES, *KEYS), "kms.amazonaws.com"),
    **dict.fromkeys(CREATIONS, "fsx.amazonaws.com"),
    **dict.fromkeys(BUCKETS, "s3.amazonaws.com"),
}
"""What is looked up, and the service of each: other services have a CreateFileSystem, too."""


class Kind(Enum):
    """What an event records; the value is a title."""

    USE = "a cache's read or write that KMS allowed"
    REFUSED_USE = "a cache's read or write that KMS refused"
    REFUSED = "another call to KMS that was refused"
    FAILED = "a call to KMS that failed for another reason"
    PUT_KEY_POLICY = "PutKeyPolicy"
    CREATE_KEY = "CreateKey"
    CREATE_GRANT = "CreateGrant"
    REVOKE_GRANT = "RevokeGrant"
    RETIRE_GRANT = "RetireGrant"
    CREATE_CACHE = "CreateFileCache"
    CREATE_FILE_SYSTEM = "CreateFileSystem"
    CREATE_ASSOCIATION = "CreateDataRepositoryAssociation"
    PUT_ENCRYPTION = "PutBucketEncryption"
    DELETE_ENCRYPTION = "DeleteBucketEncryption"


class Entry(NamedTuple):
    """An event with the members that LookupEvents states beside it."""

    beside: Mapping[str, Any]
    event: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The call's name."""
        return text_of(self.event, "eventName")

    @property
    def code(self) -> str:
        """The error's code; empty where the call succeeded."""
        return text_of(self.event, "errorCode")

    @property
    def role(self) -> str:
        """The caller's role, with its path; empty where it was none."""
        context = mapping_of(mapping_of(self.event, "userIdentity"), "sessionContext")
        return text_of(mapping_of(context, "sessionIssuer"), "arn")

    @property
    def by_cache(self) -> bool:
        """Was the caller the role of a cache, by any of the members that may say so?"""
        who = mapping_of(self.event, "userIdentity")
        named = (self.role, text_of(who, "arn"), text_of(who, "userName"))
        return any(arns.ROLE_PREFIX in text for text in named)

    @property
    def kind(self) -> Kind | None:
        """What it records; None where it is of another service, or another's use of a key."""
        if self.name not in SOURCES or text_of(self.event, "eventSource") != SOURCES[self.name]:
            return None
        if self.name in USES:
            if not self.by_cache:
                return None
            refused = "AccessDenied" in self.code
            return Kind.REFUSED_USE if refused else Kind.FAILED if self.code else Kind.USE
        if not self.code:
            return Kind(self.name)
        if self.name not in KEYS:
            return None  # other services record their refusals in other ways
        return Kind.REFUSED if "AccessDenied" in self.code else Kind.FAILED


class Read(NamedTuple):
    """What was read of the record. ``problem`` is set where AWS did not hand all of it out."""

    entries: tuple[Entry, ...]
    problem: str = ""

    def of(self, *kinds: Kind) -> tuple[Entry, ...]:
        """The entries of these kinds."""
        return tuple(one for one in self.entries if one.kind in kinds)


def entry_of(found: Mapping[str, Any]) -> Entry | None:
    """An entry of LookupEvents' answer; None where it holds no event."""
    try:
        event = json.loads(found.get("CloudTrailEvent") or "")
    except (TypeError, ValueError):
        return None
    beside = {name: value for name, value in found.items() if name != "CloudTrailEvent"}
    return Entry(beside, event) if isinstance(event, dict) else None


def read_events(
    session: boto3.Session,
    regions: Iterable[str | None],
    endpoint: str | None,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> Read:
    """The newest events of each name: a page of each, and up to ten of uses, until a refused one of a cache is among them.

    ``regions``: those of the cache and of the key, whose own Region has the calls to KMS.
    """
    found: list[Entry] = []
    for region in dict.fromkeys(regions):
        client = session.client("cloudtrail", region_name=region, endpoint_url=endpoint)
        for name in SOURCES:
            try:
                found += _look_up(client, name, sleep)
            except (ClientError, BotoCoreError) as error:
                return Read(tuple(found), masked_text(str(error)))
    return Read(tuple(found))


def _look_up(client: Any, name: str, sleep: Callable[[float], None]) -> list[Entry]:
    found: list[Entry] = []
    words: dict[str, Any] = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}]}
    for _ in range(PAGES if name in USES else 1):
        answer = client.lookup_events(MaxResults=50, **words)
        sleep(PAUSE)
        found += [one for one in map(entry_of, answer.get("Events", ())) if one is not None]
        if not answer.get("NextToken") or any(one.kind is Kind.REFUSED_USE for one in found):
            break
        words["NextToken"] = answer["NextToken"]
    return found


def entries_of(sandbox: Sandbox) -> tuple[Entry, ...]:
    """All that a sandbox recorded in its own account and Region, as it would hand it out."""
    return read_events(_session(sandbox), [sandbox.region], sandbox.url, sleep=lambda _: None).entries


def _session(sandbox: Sandbox) -> boto3.Session:
    sandbox.switches.lookups_per_second = 0
    who = sandbox.credentials()
    return boto3.Session(who.access_key, who.secret, region_name=sandbox.region)
