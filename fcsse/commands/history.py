"""Reads the history of keys from CloudTrail, and single versions by their event's id.

In: keys, or buckets and caches whose keys are meant. Out: ``Histories``. Events are looked up by name, once for each
account and Region, because refused calls have no resources to look up by and a busy key has many more uses than changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.aws_calls import AwsCalls
from fcsse.clock import Clock
from fcsse.commands.lost_record import still_lost
from fcsse.endpoint import Endpoint
from fcsse.errors import FcsseError, ImpossibleError, NotFoundError, UsageError
from fcsse.event_history.events import KMS, Event, parse_events
from fcsse.event_history.key_changes import KeyChange
from fcsse.event_history.look_ups import Attribute, Limits, LookedUp
from fcsse.event_history.losses import LostWrites
from fcsse.event_history.observed import Gap, GapReason
from fcsse.event_history.versions import CacheAccess, KeyHistory, history_of, version_of
from fcsse.named_by_arn import refuse_elsewhere, region_named
from fcsse.pipeline import Pipeline

LIMITS = Limits(pages=60, seconds=120.0)
KEPT = timedelta(days=90)
"""How far CloudTrail's event history goes back."""

MARGIN = timedelta(minutes=5)
"""A start so near the end of the record is left out: AWS refuses one that lies outside by its own clock."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Histories(NamedTuple):
    """The history of each key, in the order asked for.

    ``gaps`` are parts of the record that were not read. ``foreign`` are keys of other accounts that were looked for in the
    caller's own record: what their owners did is recorded in theirs. ``lost``: what puts of fcsse overwrote, of keys that
    it wrote to. ``endpoints``: those other than AWS's own that were asked.
    """

    keys: tuple[KeyHistory, ...]
    gaps: tuple[Gap, ...]
    foreign: tuple[Arn, ...]
    now: datetime
    lost: Mapping[Arn, LostWrites] = {}
    endpoints: tuple[Endpoint, ...] = ()

    def __repr__(self) -> str:
        """One line: how many keys and changes."""
        changes = sum(len(one.changes) for one in self.keys)
        return f"<Histories: {len(self.keys)} keys, {changes} changes, {len(self.gaps)} gaps>"


class RecordedVersion(NamedTuple):
    """One recorded version of a key policy, by its event's id."""

    event: Event
    key: Arn
    text: str


def is_event_id(text: str) -> bool:
    """Does it have the form of a CloudTrail event's id?"""
    return _ID.fullmatch(text.lower()) is not None


def keys_of_buckets(pipeline: Pipeline, buckets: Sequence[str]) -> tuple[Arn, ...]:
    """The customer managed keys of buckets' default encryption. Raises where a bucket cannot be read or has none."""
    return tuple(dict.fromkeys(_key_of_bucket(pipeline, bucket) for bucket in buckets))


def keys_of_caches(pipeline: Pipeline, caches: Sequence[str]) -> tuple[Arn, ...]:
    """The keys of all buckets that caches are linked to; buckets without a key of their own are left out.

    Raises ``NotFoundError`` where FSx knows no bucket of a cache, and where none of the buckets has a key.
    """
    found: dict[Arn, None] = {}
    last: FcsseError | None = None
    for cache in caches:
        pipeline.progress.step(f"listing the buckets of {cache}")
        buckets = dict.fromkeys(one.bucket for one in pipeline.aws.list_associations(cache) if one.bucket)
        if not buckets:
            message = f"listing the buckets of {cache}: FSx knows no S3 bucket of it in {region_named(cache) or pipeline.aws.region}"
            raise NotFoundError(
                message, "Pass the bucket with --bucket or the key with --key, or set the cache's --region."
            )
        for bucket in buckets:
            try:
                found[_key_of_bucket(pipeline, bucket)] = None
            except ImpossibleError as error:
                last = error
            except FcsseError as error:
                pipeline.progress.note(f"{error.message}. Its key is left out.")
                last = error
    if not found and last is not None:
        raise last
    return tuple(found)


def key_of(pipeline: Pipeline, reference: str) -> Arn:
    """The key that an ARN, alias or id names. Aliases and ids are looked up in the caller's account and Region."""
    arn = arns.key_arn(reference)
    if arn is not None:
        return arn
    alias = arns.alias_arn(reference)
    region = alias.region if alias else pipeline.aws.region
    if region is None:
        raise UsageError(
            f"finding key {reference}: no Region is set", "Set --region or AWS_REGION, or pass the key's ARN."
        )
    pipeline.progress.step(f"finding key {reference}")
    return pipeline.aws.resolve_key(reference, region).arn


def _key_of_bucket(pipeline: Pipeline, bucket: str) -> Arn:
    refuse_elsewhere(bucket, arns.partition_of(pipeline.aws.region or ""))
    pipeline.progress.step(f"reading the encryption of bucket {bucket}")
    encryption = pipeline.aws.read_encryption(bucket)
    reference = encryption.key
    if reference is None or reference.startswith("alias/aws/"):
        message = f"finding the key of bucket {bucket}: it uses {encryption.name} without a customer managed key"
        raise ImpossibleError(message, "Only customer managed keys have key policies that change.")
    arn = arns.key_arn(reference)
    if arn is not None:
        return arn
    alias = arns.alias_arn(reference)
    if not alias and not pipeline.aws.is_owned_by(bucket, pipeline.aws.caller().account):
        message = f"finding the key of bucket {bucket}: it names the key as {reference!r}, and the bucket is another account's"
        raise ImpossibleError(message, "Pass the key's full ARN with --key.")
    region = alias.region if alias else pipeline.aws.find_region(bucket) or pipeline.aws.region or ""
    return pipeline.aws.resolve_key(reference, region).arn


def read_histories(
    pipeline: Pipeline,
    keys: Sequence[Arn],
    since: datetime | None = None,
    kinds: Sequence[KeyChange] = tuple(KeyChange),
    *,
    compare: bool = True,
) -> Histories:
    """The history of keys, with the changes since a time (None: all that the record holds, 90 days).

    ``kinds``: only changes of these kinds. ``compare``: also look for writes that puts of fcsse overwrote. Versions are read as far back as the record goes, whatever ``since``, so that the first one shown can be compared.
    Raises ``DeniedError`` where the caller lacks cloudtrail:LookupEvents.
    """
    aws, clock = pipeline.aws, pipeline.clock
    own = aws.caller().account
    found: dict[Arn, KeyHistory] = {}
    lost: dict[Arn, LostWrites] = {}
    gaps: list[Gap] = []
    groups: dict[tuple[str | None, str], list[Arn]] = {}
    for key in keys:
        away = key.account if key.account != own and aws.reaches(key.account) else None
        groups.setdefault((away, key.region), []).append(key)
    for (account, region), group in groups.items():
        record = aws.event_record(region, clock, account)
        events: list[Event] = []
        reach: dict[str, CacheAccess] = {}
        for number, kind in enumerate(kinds):
            pipeline.progress.step(f"reading CloudTrail's event history in {region}")
            pipeline.progress.advance(number, len(kinds))
            start = None if kind.holds_policy or since is None else since.replace(microsecond=0)
            looked_up = record.look_up(Attribute.NAME, kind.value, start=start, limits=LIMITS)
            some, unreadable = parse_events(looked_up.events)
            events += some
            unreadable += looked_up.unreadable
            reach[kind.value] = CacheAccess(looked_up.cut is None, looked_up.back_to)
            gaps += _gaps(region, kind.value, looked_up, unreadable)
        for key in group:
            history = history_of(key, events, reach)
            found[key] = history.since(since)
            if compare and (some_lost := still_lost(pipeline, history, clock.now())):
                lost[key] = some_lost
    foreign = tuple(key for key in keys if key.account != own and not aws.reaches(key.account))
    histories = tuple(found[key] for key in dict.fromkeys(keys))
    return Histories(histories, tuple(gaps), foreign, clock.now(), lost, pipeline.aws.endpoints)


def _gaps(region: str, name: str, looked_up: LookedUp, unreadable: int) -> list[Gap]:
    found = []
    if looked_up.cut is not None:
        found.append(Gap(region, name, GapReason[looked_up.cut.name], looked_up.back_to))
    if unreadable:
        found.append(Gap(region, name, GapReason.UNREADABLE, number=unreadable))
    return found


def read_version(aws: AwsCalls, clock: Clock, event_id: str, listed_by: str = "fcsse history") -> RecordedVersion:
    """The version that an event holds, looked up in the caller's account and Region.

    Raises ``UsageError`` where no Region is set or the event is one without a policy, ``NotFoundError`` where it is not in
    the record, ``ImpossibleError`` where the call was refused or the event does not hold the policy or its key.
    """
    wanted = event_id.lower()
    region = aws.region
    if region is None:
        raise UsageError(f"finding event {wanted}: no Region is set", "Set --region or AWS_REGION to the key's Region.")
    looked_up = aws.event_record(region, clock).look_up(Attribute.ID, wanted)
    events, unreadable = parse_events(looked_up.events)
    event = next((one for one in events if one.id.lower() == wanted), None)
    if event is None:
        if unreadable or looked_up.unreadable:
            raise ImpossibleError(
                f"reading event {wanted}: CloudTrail's entry cannot be read as an event", f"See the others: {listed_by}"
            )
        message = f"finding event {wanted}: CloudTrail's record of the last 90 days in {region} does not hold it"
        raise NotFoundError(
            message, f"Set --region to the key's Region. List the versions of a key: {listed_by} --key ARN"
        )
    return _version(event, listed_by)


def _version(event: Event, listed_by: str) -> RecordedVersion:
    kinds = {kind.value: kind for kind in KeyChange}
    kind = kinds.get(event.name)
    if kind is None or not kind.holds_policy or event.source not in (KMS, ""):
        message = (
            f"reading event {event.id}: it is {event.source.partition('.')[0]}:{event.name}, which holds no key policy"
        )
        raise UsageError(message, f"Pass the id of a PutKeyPolicy or CreateKey event: {listed_by}")
    if event.policy_name != "default":
        message = (
            f"reading event {event.id}: it is about the key's policy {event.policy_name}, not about its key policy"
        )
        raise UsageError(message, f"Pass the id of another event: {listed_by}")
    if event.failure is not None:
        said = f"{event.failure.code}: {event.failure.message}" if event.failure.message else event.failure.code
        message = f"reading event {event.id}: the call was refused ({said}), so its policy never was in force"
        raise ImpossibleError(message, f"Pass the id of a call that succeeded: {listed_by}")
    text = event.policy
    if text is None:
        how = (
            "KMS attached its default key policy"
            if kind is KeyChange.CREATED and event.parameters
            else "the event is not whole"
        )
        raise ImpossibleError(
            f"reading event {event.id}: it holds no policy text ({how})", f"See the others: {listed_by}"
        )
    keys = [arn for named in event.key_arns if (arn := arns.key_arn(named))]
    if not keys and arns.is_key_id(event.key_reference) and event.region and event.account:
        partition = arns.partition_of(event.region)
        keys = [arns.Arn(partition, "kms", event.region, event.account, f"key/{event.key_reference}")]
    keys = keys or [arn for arn in [arns.key_arn(event.key_reference)] if arn]
    if len(set(keys)) != 1:
        raise ImpossibleError(
            f"reading event {event.id}: it does not say which key it was about", f"See the others: {listed_by}"
        )
    return RecordedVersion(event, keys[0], text)


def problem_of(version: RecordedVersion) -> str:
    """Why the recorded text is no key policy; empty where it is one."""
    return version_of(version.event).problem
