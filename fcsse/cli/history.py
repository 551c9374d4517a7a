"""``fcsse history``: every recorded change of a key, and single versions of its policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from fcsse import arn as arns
from fcsse.arn import Arn
from fcsse.cli.completion import bucket_names, cache_ids
from fcsse.cli.options import aws, cross_account, output, targets
from fcsse.cli.options.factory import option
from fcsse.cli.options.output import OUTPUT, HistoryOutput, Output
from fcsse.cli.output import history as report
from fcsse.cli.output import history_documents as documents
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.history import Shown
from fcsse.cli.output.history_documents import version_document
from fcsse.cli.output.lines import line
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands.history import (
    KEPT,
    MARGIN,
    Histories,
    is_event_id,
    key_of,
    keys_of_buckets,
    keys_of_caches,
    problem_of,
    read_histories,
    read_version,
)
from fcsse.durations import moment_of
from fcsse.pipeline import Pipeline

EXAMPLE = """\
Examples:
  fcsse history --bucket data --since 7d
  fcsse history --key alias/data --failed -o json
  fcsse history 5a1f6c3e-0b7d-4c53-9a55-0e2f6b1f9c11
"""


def parse_key(text: str) -> str:
    """A key's ARN, its alias or alias ARN, or its id."""
    if arns.whole_key_arn(text) or arns.alias_arn(text) or arns.is_key_id(text) or arns.is_alias(text):
        return text
    message = f"{text!r} is not a key ARN, an alias such as alias/data, or a key id"
    raise typer.BadParameter(message)


def parse_since(text: str) -> str:
    """An age such as ``7d``, a date or a time."""
    try:
        moment_of(text, datetime.now(UTC))
    except ValueError:
        message = (
            f"{text!r} is neither an age such as 90m, 12h, 7d or 2w, nor a date such as 2026-11-01 or 2026-11-01T08:00Z"
        )
        raise typer.BadParameter(message) from None
    return text


OptionalId = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Print the key policy that this event holds.", show_default=False),
]
Keys = Annotated[
    list[str] | None,
    option(
        "--key",
        help="Key by its ARN, alias or id. Repeatable. Aliases and ids are looked up in the caller's account and --region.",
        group=targets.WHICH,
        metavar="KEY",
        parser=parse_key,
        show_default=False,
    ),
]
Buckets = Annotated[
    list[str] | None,
    option(
        "--bucket",
        help="The key of this bucket's default encryption. Repeatable.",
        group=targets.WHICH,
        metavar="NAME",
        autocompletion=bucket_names,
        callback=targets.bucket_list,
        show_default=False,
    ),
]
Caches = Annotated[
    list[str] | None,
    option(
        "--cache",
        help="The keys of all buckets that this cache or file system is linked to. Repeatable.",
        group=targets.WHICH,
        metavar="ID",
        autocompletion=cache_ids,
        callback=targets.cache_list,
        show_default=False,
    ),
]
Since = Annotated[
    str | None,
    option(
        "--since",
        help="Only changes from then on: 12h, 7d, 2w, 2026-11-01 (UTC). Default: all that CloudTrail holds, 90 days.",
        group=targets.WHICH,
        metavar="AGE|TIME",
        parser=parse_since,
        show_default=False,
    ),
]
FailedChange = Annotated[
    bool,
    option("--failed", help="Also list calls that were refused.", group=output.OUTPUT),
]
SourceAddress = Annotated[
    bool,
    option("--source-address", help="Also show the IP address that each call came from.", group=output.OUTPUT),
]

Form = Annotated[
    HistoryOutput,
    option("--output", "-o", help="Form of the answer on standard output.", group=OUTPUT),
]


def history(
    *,
    event_id: OptionalId = None,
    key: Keys = None,
    bucket: Buckets = None,
    cache: Caches = None,
    since: Since = None,
    bucket_side: cross_account.BucketCredentials,
    failed: FailedChange = False,
    source_address: SourceAddress = False,
    output: Form = HistoryOutput.TEXT,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """List who changed a key policy or its grants, when and how, newest last; with an ID, print that policy.

    Reads CloudTrail's event history, which is on in every account and holds 90 days. Each version of the policy is compared
    with the version before. What is older, or was not read, is reported as unknown. fcsse restore takes the ids.
    """
    form = Output.TEXT if output is HistoryOutput.CSV else Output(output.value)
    with session("history", form, verbosity) as run:
        pipeline = run.pipeline(Credentials(settings, bucket_side))
        if event_id is not None:
            require(
                not (key or bucket or cache), "history: an ID stands alone", "Leave --key, --bucket and --cache out."
            )
            _print_version(run, pipeline, event_id)
            return
        now = pipeline.clock.now()
        start = moment_of(since, now) if since else None
        require(
            start is None or start <= now, f"history: --since {since} lies ahead", "Pass an age or an earlier time."
        )
        if start is not None and start <= now - KEPT + MARGIN:
            start = None

        keys = keys_named(pipeline, "history", key, bucket, cache)
        found = read_histories(pipeline, keys, start)
        run.progress.stop()
        _print(run, output, found, Shown(failed, source_address, start))


def keys_named(
    pipeline: Pipeline, command: str, key: list[str] | None, bucket: list[str] | None, cache: list[str] | None
) -> tuple[Arn, ...]:
    """The keys that --key, --bucket or --cache name. Raises ``UsageError`` unless just one of them is passed."""
    named = sum(bool(one) for one in (key, bucket, cache))
    require(named, f"{command}: no key is named", "Pass --key, --bucket or --cache.")
    require(named == 1, f"{command}: --key, --bucket and --cache exclude each other", "Pass one of them.")
    if key:
        return tuple(dict.fromkeys(key_of(pipeline, one) for one in key))
    if bucket:
        return keys_of_buckets(pipeline, tuple(dict.fromkeys(targets.parse_bucket(one) for one in bucket)))
    return keys_of_caches(pipeline, tuple(dict.fromkeys(targets.parse_cache(one) for one in cache or ())))


def _print_version(run: Session, pipeline: Pipeline, event_id: str) -> None:
    require(
        is_event_id(event_id),
        f"history: {event_id!r} is not an event id",
        "Event ids look like 5a1f6c3e-0b7d-4c53-9a55-0e2f6b1f9c11. Policies that fcsse saved: fcsse backups",
    )
    pipeline.progress.step("reading CloudTrail's event history")
    version = read_version(pipeline.aws, pipeline.clock, event_id)
    run.progress.stop()
    if run.output is Output.JSON:
        write_answer(to_text(version_document(version, problem_of(version))))
        return
    write_answer(version.text + "\n")
    if problem := problem_of(version):
        run.terminal.warn(f"The recorded text is not a key policy: {problem}.")


def _print(run: Session, output: HistoryOutput, found: Histories, shown: Shown) -> None:
    match output:
        case HistoryOutput.JSON:
            write_answer(to_text(documents.history_document(found, shown)))
        case HistoryOutput.MARKDOWN:
            write_answer(report.history_markdown(found, shown))
        case HistoryOutput.CSV:
            write_answer(documents.history_csv(found, shown))
            for note in report.notes_of(found, shown):
                run.terminal.say(note)
        case HistoryOutput.TEXT:
            if run.terminal.quiet:
                run.terminal.print([line(report.summary(found, shown))])
            else:
                run.terminal.print(report.history_lines(found, shown))
