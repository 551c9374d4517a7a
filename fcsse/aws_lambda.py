"""An AWS Lambda entry point: keeps caches linked to the keys of their buckets.

Made for an EventBridge rule on the calls that CloudTrail records (``call_events.SERVICES``): creations are linked, deletions
unlinked, and what others undo is linked again, within the rules (``link_rules``). EventBridge may deliver an event more
than once, and events may overtake each other: every reaction reads how things stand, and doing it again changes nothing.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from fcsse.api.settings import Settings, pipeline_of
from fcsse.apply.backup_file import Backup
from fcsse.arn import is_account
from fcsse.errors import (
    BusyError,
    ChangedError,
    CredentialsError,
    DeniedError,
    FcsseError,
    NotFoundError,
    UnconfirmedError,
    UnexpectedError,
)
from fcsse.lambda_function.call_events import (
    AssociationDeleted,
    CacheCreated,
    CacheDeleted,
    CallEvent,
    Happening,
    Ignored,
    read_event,
)
from fcsse.lambda_function.link_rules import ALLOW, LIMIT, TABLE, TAG, LinkRules
from fcsse.lambda_function.reaction_report import Report
from fcsse.lambda_function.reactions import Reactor
from fcsse.lambda_function.settling import SETTLE, Settled, by_hand, longest, settle_keys
from fcsse.variables import unknown_variables

RESERVE = 30.0
"""Seconds of the function's time that waiting leaves for the work itself."""

LONGEST_WAIT = 600.0

VARIABLES = (ALLOW, TAG, LIMIT, TABLE, SETTLE)
"""The function's environment variables."""

MAY_PASS = (BusyError, ChangedError, CredentialsError, DeniedError, NotFoundError, UnconfirmedError, UnexpectedError)
"""Errors for which Lambda's own retries of the event are worth it; others are logged and the event is done.

A refusal is among them: permissions that were just given come into force with a delay, and one that stays is seen among
the function's errors. Source: IAM user guide, "Changes that I make are not always immediately visible".
"""


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands over."""

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""


def lambda_handler(event: Mapping[str, object], context: LambdaContext | None = None) -> dict[str, object]:
    """Does what follows from the event. Returns what was done, and logs it as JSON lines.

    Needs the permissions that ``fcsse permissions lambda`` prints. What it may change is set by the environment variables
    of ``LinkRules.from_environment``, how long it then looks for writes of others that its own overwrote by ``FCSSE_SETTLE``
    (``settling``). Raises an error that can pass, so that Lambda tries again, also where something else
    has one that cannot; returns where none can.
    """
    read = read_event(event, _own_account(context), os.environ.get("AWS_LAMBDA_FUNCTION_NAME"))
    if isinstance(read.about, Ignored):
        _log("ignored", event=read.name, reason=read.about.value)
        return {"result": "ignored"}
    for text in unknown_variables(os.environ, VARIABLES, "the function"):
        _log("note", text=text)
    left = _Left(context)
    settings = Settings(
        region=read.region,
        backup_dir=Path(tempfile.gettempdir()) / "fcsse-backups",
        on_backup=_log_backup,
        progress=_Logged(),
    )
    try:
        rules = LinkRules.from_environment(os.environ)
        settling = longest(os.environ)
        pipeline = pipeline_of(settings)
        begun = pipeline.clock.now()
        report = Reactor(pipeline, rules, left, _Logged().note).react(read.about)
        settled = settle_keys(pipeline, report.policies, begun, min(settling, left.before_end()))
    except FcsseError as error:
        report, rules, settled = Report(errors=[error]), LinkRules(), None
    if settled is not None:
        _log_settled(read, settled)
    return _answer(read, read.about, report, rules)


def _log_settled(read: CallEvent, settled: Settled) -> None:
    """Logs what the record told of the function's writes. What stays lost is a failure, for somebody to see to."""
    keys = [str(key) for key in settled.keys]
    for text in settled.remarks:
        _log("note", text=text)
    for one in settled.results:
        if one.changed:
            _log("given back", event=read.name, key=str(one.key), backup=one.backup)
    for error in settled.errors:
        _log("failed", event=read.name, code=error.code, message=error.message, hint=error.hint)
    if settled.error is not None or not settled.recorded:
        why = settled.error.message if settled.error else "CloudTrail does not show the writes yet"
        _log("not settled", event=read.name, keys=keys, message=why, hint=f"Look later: {by_hand(settled.keys)}")
    else:
        _log("settled", event=read.name, keys=keys)


def _answer(read: CallEvent, about: Happening, report: Report, rules: LinkRules) -> dict[str, object]:
    """Logs what was done and what was not. Raises the first error that can pass."""
    what = about._asdict()
    what.pop("buckets", None)
    for refusal in report.refused:
        _log("not allowed", event=read.name, **{**what, **refusal._asdict()}, hint=rules.advice)
    for error in report.errors:
        _log("failed", event=read.name, **what, code=error.code, message=error.message, hint=error.hint)
    dropped = isinstance(about, CacheDeleted | AssociationDeleted)
    changed, done = bool(report.keys or report.policies), "unlinked" if dropped else "linked"
    pairs = [
        {
            **({} if isinstance(about, CacheCreated) else {"cache": one.pair.cache}),
            "bucket": one.pair.bucket,
            "status": became.value,
            "summary": one.summary,
            **({"warnings": list(one.warnings)} if one.warnings else {}),
        }
        for one, became in report.pairs
    ]
    if report.errors:
        if report.keys:
            _log(f"partly {done}", event=read.name, **what, keys=report.keys)
        for error in report.errors:
            if isinstance(error, MAY_PASS):
                raise error
        first = report.errors[0]
        return {"result": "failed", **what, "changed": changed, "code": first.code, "message": first.message}
    if pairs:
        _log(done, event=read.name, **what, changed=changed, pairs=pairs)
        return {"result": done, **what, "changed": changed, "pairs": pairs}
    if report.refused:
        return {"result": "not allowed", **what, "changed": False}
    _log("nothing to do", event=read.name, **what)
    return {"result": "nothing to do", **what, "changed": False}


class _Left:
    """Seconds that may still be waited."""

    def __init__(self, context: LambdaContext | None) -> None:
        self._context = context
        self._until = time.monotonic() + LONGEST_WAIT

    def __call__(self) -> float:
        return max(0.0, min(self._until - time.monotonic(), self.before_end()))

    def before_end(self) -> float:
        """Seconds until Lambda ends the function, less a reserve."""
        if self._context is None:
            return LONGEST_WAIT
        return max(0.0, self._context.get_remaining_time_in_millis() / 1000 - RESERVE)


def _own_account(context: LambdaContext | None) -> str | None:
    """The account in the function's ARN. Source: Lambda developer guide, "Lambda context object in Python"."""
    parts = str(getattr(context, "invoked_function_arn", "")).split(":")
    return parts[4] if len(parts) > 4 and is_account(parts[4]) else None


def _log_backup(backup: Backup) -> None:
    """The function's disk does not last, so the copy of the old policy goes to the log, before the new one is written."""
    _log("backup", id=backup.id, key=backup.key, policy=backup.policy)


def _log(what: str, **fields: object) -> None:
    sys.stdout.write(json.dumps({"fcsse": what, **fields}, default=str) + "\n")
    sys.stdout.flush()


class _Logged:
    """Progress as log lines."""

    def step(self, text: str) -> None:
        """A step begins."""
        _log("step", text=text)

    def note(self, text: str) -> None:
        """Something that stays true."""
        _log("note", text=text)

    def advance(self, done: int, total: int) -> None:
        """Nothing: a line a part would be too many."""
