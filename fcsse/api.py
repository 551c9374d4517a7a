"""The library's face: what the command line does, with a caller's own ``boto3.Session``, typed results and no printing.

    import boto3, fcsse
    done = fcsse.link("fc-0123", "data", session=boto3.Session(profile_name="prod"))
    done.changed

Errors are the exceptions of ``fcsse.errors``, all of them ``FcsseError`` with ``message``, ``hint``, ``code`` and
``exit_code``. Progress goes to an object with the methods of ``fcsse.progress.Progress``. The names exported by
``fcsse`` follow semantic versioning.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fcsse import arn as arns
from fcsse.clock import SystemClock
from fcsse.errors import FcsseError, UsageError
from fcsse.model import Context, Options, Via, Wish
from fcsse.pipeline import Pipeline, Target
from fcsse.progress import Silent
from fcsse.verdict import Checked, check_pair
from fcsse.writing.apply import Applied, Failed
from fcsse.writing.backup import BackupFolder, default_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import boto3

    from fcsse.clock import Clock
    from fcsse.planning.plan import Outcome, Plan
    from fcsse.progress import Progress

WAIT = 300.0
"""Seconds to wait, by default, for a role that is not there yet and for AWS to show a change."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a change came to. ``applied`` has an entry a change of the plan; it is empty where there was nothing to do."""

    plan: Plan
    applied: tuple[Applied | Failed, ...]
    dry_run: bool = False

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """One entry a pair, in the order in which they were named."""
        return self.plan.outcomes

    @property
    def digest(self) -> str:
        """The plan's digest, for ``expect``."""
        return self.plan.digest

    @property
    def changed(self) -> bool:
        """Was anything written?"""
        return not self.dry_run and any(
            one.unconfirmed if isinstance(one, Failed) else one.changed for one in self.applied
        )

    @property
    def pending(self) -> bool:
        """Is there something to do that was not done?"""
        return bool(self.plan.changes) and not self.changed

    @property
    def backups(self) -> tuple[str, ...]:
        """Ids of the policies saved on the way, for ``fcsse restore``."""
        return tuple(one.backup for one in self.applied if one.backup)

    @property
    def errors(self) -> tuple[FcsseError, ...]:
        """What went wrong, pairs before changes."""
        pairs = tuple(outcome.error for outcome in self.outcomes if outcome.error)
        return pairs + tuple(one.error for one in self.applied if isinstance(one, Failed))


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a call works and how patiently; the defaults are the command line's.

    ``session``: the cache's account; default: boto3's default session. ``bucket_session``: the bucket's side;
    ``grant_session``: who creates grants. ``backup_dir`` None: the platform's state folder; ``backup`` False: write
    without a copy. ``wait`` is in seconds.
    """

    session: boto3.Session | None = None
    region: str | None = None
    endpoint_url: str | None = None
    bucket_session: boto3.Session | None = None
    grant_session: boto3.Session | None = None
    wait: float = WAIT
    backup_dir: Path | None = None
    backup: bool = True
    progress: Progress | None = None
    clock: Clock | None = None

    def pipeline(self) -> Pipeline:
        """The pipeline for these settings."""
        import boto3

        from fcsse.aws.account import Aws
        from fcsse.aws.clients import Clients, clients_of_boto3

        def clients(session: boto3.Session) -> Clients:
            return clients_of_boto3(session, self.region, self.endpoint_url)

        folder = self.backup_dir or default_folder()
        return Pipeline(
            Aws(
                clients(self.session or boto3.Session()),
                clients(self.bucket_session) if self.bucket_session else None,
                clients(self.grant_session) if self.grant_session else None,
            ),
            self.clock or SystemClock(),
            self.progress or Silent(),
            self.wait,
            BackupFolder(Path(folder)) if self.backup else None,
            Path(folder) / "locks",
        )


ViaWord = Literal["auto", "policy", "grant"]
ContextWord = Literal["documented", "both"]
Names = "str | Sequence[str]"


def link(
    cache: str | Sequence[str] = (),
    bucket: str | Sequence[str] = (),
    *,
    every_cache: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    via: ViaWord = "auto",
    context: ContextWord = "documented",
    narrow_grant: bool = False,
    prune_orphans: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Result:
    """Gives caches access to the KMS keys of their buckets; every pair of ``cache`` and ``bucket`` is meant.

    Without ``bucket``, a cache's own buckets are meant. ``session`` is short for ``settings=Settings(session=…)``.
    Nothing to do is a success, with ``changed`` False. Other pairs are dealt with before the first error is raised; its
    ``result`` then holds what was done.

    Raises the exceptions of ``fcsse.errors``; ``ChangedError`` where the plan's digest is not ``expect``.
    """
    options = Options(
        Wish.LINK,
        Via(via),
        Context(context),
        narrow_grant,
        _key(key),
        bucket_region,
        bucket_keys,
        prune_orphans,
    )
    return _change(_target(cache, bucket, every_cache), options, settings or Settings(session), expect, dry_run=dry_run)


def unlink(
    cache: str | Sequence[str] = (),
    bucket: str | Sequence[str] = (),
    *,
    every_cache: bool = False,
    dry_run: bool = False,
    expect: str | None = None,
    prune_orphans: bool = False,
    key: str | None = None,
    bucket_region: str | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> Result:
    """Takes back exactly the access that ``link`` gives, also for caches that are gone. Otherwise as ``link``."""
    options = Options(
        Wish.UNLINK,
        key=_key(key),
        bucket_region=bucket_region,
        bucket_keys=False if key else None,
        prune_orphans=prune_orphans,
    )
    return _change(_target(cache, bucket, every_cache), options, settings or Settings(session), expect, dry_run=dry_run)


def check(
    cache: str | Sequence[str],
    bucket: str | Sequence[str] = (),
    *,
    key: str | None = None,
    bucket_region: str | None = None,
    bucket_keys: bool | None = None,
    session: boto3.Session | None = None,
    settings: Settings | None = None,
) -> tuple[Checked, ...]:
    """Tells, for each pair, whether the cache can read and write, and what decides. Changes nothing, raises for usage only.

    A pair about which too little could be read has ``error`` set, and verdicts that are unknown.
    """
    options = Options(Wish.CHECK, key=_key(key), bucket_region=bucket_region, bucket_keys=bucket_keys)
    pipeline = (settings or Settings(session)).pipeline()
    return tuple(check_pair(facts) for facts in pipeline.discover(_target(cache, bucket, every_cache=False), options))


def _change(target: Target, options: Options, settings: Settings, expect: str | None, *, dry_run: bool) -> Result:
    pipeline = settings.pipeline()
    plan = pipeline.plan(target, options, expect)
    applied = pipeline.try_out(plan) if dry_run else pipeline.apply(plan, expected=expect is not None)
    result = Result(plan, applied, dry_run)
    if result.errors:
        error = result.errors[0]
        error.result = result
        raise error
    return result


def _target(cache: str | Sequence[str], bucket: str | Sequence[str], every_cache: bool) -> Target:
    caches = (cache,) if isinstance(cache, str) else tuple(cache)
    buckets = (bucket,) if isinstance(bucket, str) else tuple(bucket)
    for one in caches:
        if not arns.is_cache_id(one):
            message = f"{one!r} is not the id of a file cache or file system"
            raise UsageError(message, "Ids look like fc-0123456789abcdef0 or fs-0123456789abcdef0.")
    for one in buckets:
        if not arns.is_bucket_name(one):
            message = f"{one!r} is not a bucket name"
            raise UsageError(message, "Bucket names have 3 to 63 lower-case letters, digits, dots and hyphens.")
    if bool(caches) is every_cache:
        message = "name caches, or say every_cache=True, but not both"
        raise UsageError(message)
    return Target(caches, buckets, every_cache)


def _key(text: str | None) -> arns.Arn | None:
    arn = arns.key_arn(text) if text else None
    if text and arn is None:
        message = f"{text!r} is not a key ARN"
        raise UsageError(message)
    return arn
