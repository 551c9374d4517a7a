"""Settings of an API call (sessions, Region, timeouts) and the pipeline built from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fcsse.api.validation import flags, not_empty
from fcsse.apply.backup import BackupFolder, places
from fcsse.apply.backup_file import Backup
from fcsse.clock import Clock, SystemClock
from fcsse.errors import UsageError
from fcsse.masking import mask_url
from fcsse.pipeline import Pipeline
from fcsse.progress import Guarded, Progress, Silent
from fcsse.state_folder import default_folder
from fcsse.suggested_commands import CommandBuilder

if TYPE_CHECKING:
    import boto3


WAIT = 300.0
"""Seconds to wait, by default, for a role that is not there yet and for AWS to show a change."""


class Settings(NamedTuple):
    """Where a call works and how patiently; the defaults are the command line's.

    ``session``: the cache's account; None: boto3's default session. ``region`` and ``endpoint_url`` overrule the
    session's. ``bucket_session``: the bucket's side, where that is another account; ``grant_session``: who creates grants.
    ``bucket_role`` and ``grant_role`` are ARNs of roles to assume for those sides, by those sessions or else by
    ``session``. ``wait``: seconds to wait for a role that is not there yet, and for AWS to show a change; 0: not at all.
    ``backup_dir``: where policies are saved before a write; None: the platform's state folder. ``backup`` False: write
    without a copy. ``on_backup`` is called with each copy once it is on disk and before the policy is written; what it
    raises keeps the policy from being written, and is the ``__cause__`` of that key's ``UnexpectedError``. ``progress`` hears
    the steps; what it raises is ignored. ``clock`` is for tests.

    >>> import boto3, fcsse
    >>> settings = fcsse.Settings(session=boto3.Session(), wait=60, backup=False)
    >>> fcsse.link("fc-0123", "data", settings=settings).backups
    ()
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
    bucket_role: str | None = None
    grant_role: str | None = None
    on_backup: Callable[[Backup], None] | None = None

    def __repr__(self) -> str:
        """What differs from the defaults, without a password in the endpoint's URL: a caller may log it."""
        given = self._replace(endpoint_url=self.endpoint_url and mask_url(self.endpoint_url))
        other = {name: value for name, value in given._asdict().items() if value != self._field_defaults[name]}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in other.items())})"


def settings_of(session: boto3.Session | None, settings: Settings | None) -> Settings:
    """The settings of a call. Raises ``UsageError`` where one is an empty text, and where they name a session and the call
    names another.
    """
    if settings is None:
        return Settings(session)
    not_empty(**settings._asdict())
    if session is None:
        return settings
    if settings.session is not None and settings.session is not session:
        message = "session and settings.session are two different sessions"
        raise UsageError(message, "Give one of them.")
    return settings._replace(session=session)


def for_reading(settings: Settings, region: str | None = None) -> Settings:
    """The same for a call that writes nothing, and so keeps no copies and waits for nothing."""
    return settings._replace(region=region or settings.region, wait=0.0, backup=False, backup_dir=None)


def pipeline_of(settings: Settings) -> Pipeline:
    """The pipeline for these settings. Nothing is asked of AWS unless a role is to be assumed."""
    from fcsse.aws.boto3_sides import aws_of_sessions

    flags(backup=settings.backup)
    wait: object = settings.wait
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not wait >= 0:
        message = f"wait={wait!r}: not a number of seconds"
        raise UsageError(message, "Pass 0 to wait for nothing.")
    here = (settings.region, settings.endpoint_url)
    bucket, grant = (settings.bucket_session, settings.bucket_role), (settings.grant_session, settings.grant_role)
    aws = aws_of_sessions(session_of(settings), *here, bucket, grant)
    backups, locks = places(
        Path(settings.backup_dir) if settings.backup_dir else None, backup=settings.backup, heard=settings.on_backup
    )
    return Pipeline(
        aws,
        settings.clock or SystemClock(),
        Guarded(settings.progress) if settings.progress else Silent(),
        settings.wait,
        backups,
        locks,
    )


def folder_of(settings: Settings) -> BackupFolder:
    """Where the settings have backups."""
    return BackupFolder(Path(settings.backup_dir) if settings.backup_dir else default_folder())


def command_builder_of(settings: Settings) -> CommandBuilder:
    """How commands are written that do what is left to do with the same credentials."""
    profile, granting = _profile(session_of(settings)), settings.grant_session
    more = (("--grant-profile", _profile(granting) if granting else None), ("--grant-role", settings.grant_role))
    named = tuple(word for name, value in more if value for word in (name, value))
    return CommandBuilder(profile, settings.endpoint_url, settings.region, named)


def _profile(session: boto3.Session) -> str | None:
    return None if session.profile_name == "default" else session.profile_name


def session_of(settings: Settings) -> boto3.Session:
    """The session of the cache's account."""
    import boto3

    return settings.session or boto3.DEFAULT_SESSION or boto3.Session()
