"""What CloudTrail recorded of keys: ``history``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fcsse.api import validation
from fcsse.api.settings import Settings, for_reading, pipeline_of, settings_of
from fcsse.api.validation import Names
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.commands.history import KEPT, MARGIN, Histories, key_of, keys_of_buckets, keys_of_caches, read_histories

if TYPE_CHECKING:
    import boto3


@in_words_of_the_api
def history(
    key: Names = (),
    *,
    bucket: Names = (),
    cache: Names = (),
    since: datetime | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Histories:
    """Every change of keys that CloudTrail recorded in the last 90 days, oldest first. Changes nothing.

    ``key``: ARNs, aliases or ids; or ``bucket`` or ``cache``, whose keys are meant. ``since`` (with its time zone): only
    changes from then on. Refused tries are among ``changes``, with ``failed`` True. Each policy version has the difference to
    the one before, or says in ``before`` why there is none. ``gaps`` and ``foreign`` say what could not be read.

    Raises ``UsageError``, ``NotFoundError``, ``ImpossibleError`` where a bucket has no customer managed key, and
    ``DeniedError`` where the caller lacks cloudtrail:LookupEvents.

    >>> import fcsse
    >>> done = fcsse.link("fc-0123", "data")
    >>> change = fcsse.history(bucket="data").keys[0].changes[-1]
    >>> change.kind.name, change.event.actor.name
    ('POLICY', 'user admin')
    >>> fcsse.restore(change.event.id).changed
    False
    """
    keys = (key,) if isinstance(key, str) else tuple(key)
    buckets, caches = validation.buckets(bucket), validation.caches(cache)
    validation.require(sum(map(bool, (keys, buckets, caches))) == 1, "history: give one of key, bucket and cache")
    validation.require(since is None or since.tzinfo, "history: since has no time zone", "Pass an aware datetime.")
    pipeline = pipeline_of(for_reading(settings_of(session, settings)))
    if keys:
        found = tuple(dict.fromkeys(key_of(pipeline, one) for one in keys))
    else:
        found = keys_of_buckets(pipeline, buckets) if buckets else keys_of_caches(pipeline, caches)
    return read_histories(pipeline, found, within_record(since, pipeline.clock.now()))


def within_record(since: datetime | None, now: datetime) -> datetime | None:
    """The same, or None for a time from which on the record holds all it has anyway."""
    return None if since is None or since <= now - KEPT + MARGIN else since
