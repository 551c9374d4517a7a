"""``fcsse check``: does the role have the access?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from fcsse.cli.options import aws, cross_account, output, route, targets
from fcsse.cli.options.output import Output
from fcsse.cli.output.check_documents import check_document, check_markdown
from fcsse.cli.output.check_text import check_lines, headline
from fcsse.cli.output.documents import Json, to_text
from fcsse.cli.output.lines import line
from fcsse.cli.output.observed import (
    contradiction_lines,
    note_lines,
    observations,
    observed_document,
    observed_markdown,
)
from fcsse.cli.output.plan import endpoint_lines
from fcsse.cli.output.terminal import columns, is_terminal, write_answer
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.clock import SystemClock
from fcsse.commands.check import CheckResult, check_pair, exit_code
from fcsse.commands.key_policy_check import Stated, check_key_policy
from fcsse.commands.observed import CHECK_LIMITS, UseReader
from fcsse.endpoint import Endpoint
from fcsse.errors import EXIT_PENDING, PolicyFormatError, UsageError
from fcsse.event_history.observed import Observed
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.model import Pair
from fcsse.pipeline import Pipeline, Target
from fcsse.suggested_commands import CommandBuilder

EXAMPLE = """\
Examples:
  fcsse check --cache fc-0123456789abcdef0 --bucket data
  fcsse check --cache fc-0123456789abcdef0 -o json
  fcsse check --cache fc-0123 --bucket data --policy key.json --account 111122223333 --region eu-west-1 --bucket-keys
  fcsse check --cache fc-0123456789abcdef0 --observed
"""


def check(
    *,
    pairs: targets.Pairs,
    known: cross_account.KnownBucket,
    operations: route.Operations = AccessLevel.FULL,
    bucket_side: cross_account.BucketCredentials,
    observed: output.Observed = False,
    org_id: targets.OrgId = None,
    policy: targets.PolicyFile = None,
    account: targets.Account = None,
    partition: targets.Partition = None,
    output: output.OutputOption = Output.TEXT,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Report whether a cache can read and write its bucket, and which statement or grant decides.

    Nobody can ask AWS that, so the key policy, the grants and, where it can be read, the bucket policy are judged here
    by the documented rules. What cannot be known is reported as unknown, never as allowed. Changes nothing.

    With --policy, --account and --region it judges a key policy that is not in AWS yet, offline.

    Exit codes: 0 all access is there, 3 some is missing or unknown, or AWS's record contradicts the verdict (--observed), 4 and it cannot be linked as it stands.
    """
    with session("check", output, verbosity) as run:
        require(pairs.caches, "check: no cache is named", "Name one with --cache.")
        if policy is not None:
            region = settings.region or known.bucket_region
            require(account, "checking a document: --policy needs --account", "Name the cache's account.")
            require(region, "checking a document: --policy needs --region", "Name the bucket's Region.")
            require(pairs.buckets, "checking a document: --policy needs --bucket", "Name the bucket.")
            require(not observed, "--observed and --policy exclude each other", "Leave one of them out.")
            now = SystemClock().now()
            stated = Stated(
                account or "", region or "", known.bucket_keys, partition, known.key, org_id, now, operations
            )
            named = [Pair(cache, bucket) for cache in pairs.caches for bucket in pairs.buckets]
            answer = _Answer(check_key_policy(read_document(policy), named, stated))
        else:
            require(account is None, "--account needs --policy", "Leave it out: AWS is asked.")
            require(partition is None, "--partition needs --policy", "Leave it out: AWS is asked.")
            operation = Options(Operation.CHECK, Via.AUTO, Context.DOCUMENTED, False, *known)
            operation = operation._replace(organization=org_id, level=operations)
            pipeline = run.pipeline(Credentials(settings, bucket_side))
            found, record = _of_account(pipeline, pairs, operation, run.words, observed=observed)
            answer = _Answer(found, record, pipeline.aws.endpoints)
        run.progress.stop()
        _print(run, answer)
        raise typer.Exit(answer.code)


class _Answer(NamedTuple):
    """The verdicts, what CloudTrail recorded where that was asked for, and where AWS was asked."""

    found: Sequence[CheckResult]
    record: Observed | None = None
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def code(self) -> int:
        """The exit code."""
        code = exit_code(self.found)
        return code or (EXIT_PENDING if self.record and self.record.disagreements else code)


def _print(run: Session, answer: _Answer) -> None:
    """The answer in the form that was asked for; the errors of pairs that could not be looked at on stderr."""
    found, record, endpoints = answer
    match run.output:
        case Output.JSON:
            document = check_document(found, answer.code, endpoints)
            write_answer(to_text(_with_record(document, record, found) if record else document))
        case Output.MARKDOWN:
            write_answer(check_markdown(found, endpoints) + (_record_markdown(record, found) if record else ""))
        case Output.TEXT if run.terminal.quiet:
            for one in found:
                run.terminal.print([headline(one), *(contradiction_lines(record, one.pair) if record else ())])
        case Output.TEXT:
            width = columns(sys.stdout) if is_terminal(sys.stdout) else None
            run.terminal.print(check_lines(found, run.terminal, run.words, width, record))
            if record:
                run.terminal.print([line(""), *note_lines(record)])
            if endpoints:
                run.terminal.print([line(""), *endpoint_lines(endpoints)])
    for error in {(one.error.message, one.error.hint): one.error for one in found if one.error}.values():
        run.terminal.tell(error)


def _of_account(
    pipeline: Pipeline,
    pairs: targets.Pairs,
    operation: Options,
    words: CommandBuilder,
    *,
    observed: bool,
) -> tuple[Sequence[CheckResult], Observed | None]:
    reader = start_reader(pipeline) if observed else None
    try:
        facts = pipeline.discover(Target(pairs.caches, pairs.buckets), operation, ask_prefixes=True)
        found = [check_pair(one, words, level=operation.level) for one in facts]
        return found, _record(reader, found, pipeline, whole=not pairs.buckets) if reader else None
    finally:
        if reader:
            reader.close()


def read_document(place: str) -> str:
    """The text of a file, or of stdin for ``-``. Raises ``UsageError``, and ``PolicyFormatError`` for what is no text."""
    try:
        data = sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    except OSError as error:
        message = f"reading {place}: {error.strerror or error}"
        raise UsageError(message, "Name a file with a key policy, or - for stdin.") from error
    name = "stdin" if place == "-" else place
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"reading {name}: byte {error.start} is not UTF-8, so it is no key policy"
        raise PolicyFormatError(message, "Save the document as UTF-8 text.") from error


def start_reader(pipeline: Pipeline) -> UseReader:
    """Begins to read CloudTrail's record of the caller's Region, beside all else that is read."""
    reader = UseReader(pipeline.aws, pipeline.clock, CHECK_LIMITS)
    reader.start([pipeline.aws.region])
    return reader


def _record(reader: UseReader, found: Sequence[CheckResult], pipeline: Pipeline, *, whole: bool) -> Observed:
    pipeline.progress.step("reading CloudTrail's event history")
    judged = [(one.facts, one.judgement) for one in found if one.facts and one.judgement]
    return reader.observe_judged(judged, pipeline.backups, whole=whole)


def _record_markdown(record: Observed, found: Sequence[CheckResult]) -> str:
    return "\n".join(observed_markdown(record, [one.pair for one in found])) + "\n"


def _with_record(document: Json, record: Observed, found: Sequence[CheckResult]) -> Json:
    pairs = document["pairs"]
    if isinstance(pairs, list):
        for entry, one in zip(pairs, found, strict=True):
            entry["observed"] = observations(record, one.pair)
    return {**document, "observed": observed_document(record)}
