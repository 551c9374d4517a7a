"""Giving back what a write of fcsse overwrote: ``settle``."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from fcsse.api import validation
from fcsse.api.history import within_record
from fcsse.api.settings import Settings, pipeline_of, settings_of
from fcsse.api.validation import Names
from fcsse.api.wording_of_errors import in_words_of_the_api
from fcsse.commands.history import key_of, keys_of_buckets, keys_of_caches
from fcsse.commands.settle import KeyResult, Settlement, apply_settlement, errors_of, plan_settlement
from fcsse.errors import FcsseError

if TYPE_CHECKING:
    import boto3


class SettleResult(NamedTuple):
    """What settling came to. ``results`` has an entry for each key policy that was to be written."""

    settlement: Settlement
    results: tuple[KeyResult, ...] = ()
    dry_run: bool = False

    @property
    def changed(self) -> bool:
        """Was anything written?"""
        return any(one.changed for one in self.results)

    @property
    def pending(self) -> bool:
        """Is there something to give back that was not?"""
        return self.dry_run and bool(self.settlement.changes)

    @property
    def settled(self) -> bool:
        """Is nothing lost any more, and does the record tell so of every write that was asked about?"""
        return not (self.pending or self.settlement.open or self.settlement.unknown or self.errors)

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, the same for the same changes to the same policies; for ``expect``."""
        return self.settlement.digest

    @property
    def backups(self) -> tuple[str, ...]:
        """Ids of the policies saved on the way, for ``fcsse.restore``."""
        return tuple(one.backup for one in self.results if one.backup)

    @property
    def errors(self) -> tuple[FcsseError, ...]:
        """What went wrong."""
        return errors_of(self.settlement, self.results)


@in_words_of_the_api
def settle(
    key: Names = (),
    *,
    bucket: Names = (),
    cache: Names = (),
    since: datetime | None = None,
    dry_run: bool = False,
    expect: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> SettleResult:
    """Finds what writes of fcsse overwrote, by CloudTrail's record of the last 90 days, and gives it back.

    ``key``: ARNs, aliases or ids; or ``bucket`` or ``cache``, whose keys are meant. ``since`` (with its time zone): only
    writes of fcsse from then on. ``settlement.keys`` has for each key what is lost (``found.lost``), what may be, but is not
    in the record (``found.unsure``, ``found.doubts``), and the ``change``. Nothing lost is a success. An error on one key is
    in ``errors`` and does not stop the others.

    Raises ``UsageError``, ``NotFoundError``, ``ImpossibleError`` where a bucket has no customer managed key,
    ``ChangedError`` where the digest is not ``expect``, and ``DeniedError``.

    >>> import fcsse
    >>> done = fcsse.link("fc-0123", "data")
    >>> result = fcsse.settle(bucket="data")
    >>> result.settled, result.changed
    (True, False)
    """
    validation.flags(dry_run=dry_run)
    keys = (key,) if isinstance(key, str) else tuple(key)
    buckets, caches = validation.buckets(bucket), validation.caches(cache)
    validation.require(sum(map(bool, (keys, buckets, caches))) == 1, "settle: give one of key, bucket and cache")
    validation.require(since is None or since.tzinfo, "settle: since has no time zone", "Pass an aware datetime.")
    pipeline = pipeline_of(settings_of(session, settings))
    if keys:
        found = tuple(dict.fromkeys(key_of(pipeline, one) for one in keys))
    else:
        found = keys_of_buckets(pipeline, buckets) if buckets else keys_of_caches(pipeline, caches)
    settlement = plan_settlement(pipeline, found, within_record(since, pipeline.clock.now()), expect)
    if dry_run:
        return SettleResult(settlement, dry_run=True)
    return SettleResult(settlement, apply_settlement(pipeline, settlement, expected=expect is not None))
