"""``fcsse check``: does the role have the access?"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

import typer

from fcsse.cli.options import aws, cross_account, output, route, targets
from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import Json, check_document, check_markdown, to_text
from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.observed import (
    contradiction_lines,
    note_lines,
    observations,
    observed_document,
    observed_lines,
    observed_markdown,
)
from fcsse.cli.output.plan import MANY, capital, endpoint_lines
from fcsse.cli.output.terminal import columns, is_terminal, write_answer
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.clock import SystemClock
from fcsse.commands.check import CheckResult, check_pair, exit_code, older_objects
from fcsse.commands.key_policy_check import Stated, check_key_policy
from fcsse.commands.observed import CHECK_LIMITS, UseReader
from fcsse.endpoint import Endpoint
from fcsse.errors import EXIT_PENDING, PolicyFormatError, UsageError
from fcsse.evaluator.pair_access import Row, decider
from fcsse.evaluator.request import Cause
from fcsse.event_history.observed import Observed
from fcsse.model import AccessLevel, Context, Operation, Options, Pair, Via
from fcsse.pipeline import Pipeline, Target
from fcsse.suggested_commands import CommandBuilder

EXAMPLE = """\
Examples:
  fcsse check --cache fc-0123456789abcdef0 --bucket data
  fcsse check --cache fc-0123456789abcdef0 -o json
  fcsse check --cache fc-0123 --bucket data --policy key.json --account 111122223333 --region eu-west-1 --bucket-keys
  fcsse check --cache fc-0123456789abcdef0 --observed
"""

STYLES = {"allowed": "green", "denied": "red", "unknown": "yellow"}


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
    """Tell whether a cache can read and write its bucket, and which statement or grant decides.

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
                run.terminal.print([_headline(one), *(contradiction_lines(record, one.pair) if record else ())])
        case Output.TEXT:
            width = columns(sys.stdout) if is_terminal(sys.stdout) else None
            run.terminal.print(_text(found, run, width, record))
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


def _record_lines(record: Observed, checked: CheckResult) -> list[Line]:

    return observed_lines(record, checked.pair)


def _record_markdown(record: Observed, found: Sequence[CheckResult]) -> str:

    return "\n".join(observed_markdown(record, [one.pair for one in found])) + "\n"


def _with_record(document: Json, record: Observed, found: Sequence[CheckResult]) -> Json:

    pairs = document["pairs"]
    if isinstance(pairs, list):
        for entry, one in zip(pairs, found, strict=True):
            entry["observed"] = observations(record, one.pair)
    return {**document, "observed": observed_document(record)}


def _text(found: Sequence[CheckResult], run: Session, width: int | None, record: Observed | None) -> list[Line]:
    """All answers. Of many pairs, those of a bucket that fare alike share a table, and what all have in common comes once."""
    groups: dict[object, list[CheckResult]] = {}
    for at, one in enumerate(found):
        table = tuple(_table(one, run.terminal.verbose, width))
        alike = (one.pair.bucket, table, one.notes, one.blocker is None) if len(found) >= MANY else at
        groups.setdefault(alike, []).append(one)
    common, about = _common(found, run.words) if len(groups) > 1 else ((), ())
    out: list[Line] = []
    for group in groups.values():
        out += [
            *([line("")] if out else []),
            *(_headline(one) for one in group),
            *_details(group, run, width, {*common, *about}),
        ]
        for one in group:
            if record and not one.error:
                out += [line(""), *_record_lines(record, one)]
    return [*out, *([line("")] if common else []), *(prose((note, "dim")) for note in common)]


def _common(found: Sequence[CheckResult], words: CommandBuilder) -> tuple[list[str], set[str]]:
    """The notes that hold for all pairs, said once; and the notes on single buckets that they replace."""
    noted = [one for one in found if one.notes]
    common = [note for note in (noted[0].notes if noted else ()) if all(note in one.notes for one in noted)]
    about = {older_objects(one.pair.bucket, words) for one in noted}
    if len(about) > 1 and all(about.intersection(one.notes) for one in noted):
        return [older_objects("NAME", words), *common], about
    return common, set()


def _headline(checked: CheckResult) -> Line:
    if checked.error:  # which says why
        cache, bucket = checked.pair.cache, checked.pair.bucket
        where = f"s3://{bucket}" if bucket else checked.pair.place
        return prose((f"Whether {cache} can read and write {where} is not known.", f"bold {STYLES['unknown']}"))
    verdicts = {checked.read.value} if checked.level is AccessLevel.READ else {checked.read.value, checked.write.value}
    worst = next(word for word in ("denied", "unknown", "allowed") if word in verdicts)
    return prose((f"{capital(checked.headline)}.", f"bold {STYLES[worst]}"))


def _details(group: Sequence[CheckResult], run: Session, width: int | None, common: Collection[str]) -> list[Line]:
    """What stands below the verdicts on pairs that fare alike: the table, what would fix them, and notes but for ``common``."""
    first = group[0]
    table = [] if first.error else _table(first, run.terminal.verbose, width)
    out = [line(""), *table] if table else []
    remedies: dict[str, None] = {}
    for one in group:
        blocker = one.blocker
        for remedy in one.remedies:
            text = run.terminal.hint(blocker) if blocker and remedy == blocker.hint else remedy
            remedies.update(dict.fromkeys(row for row in text.split("\n") if row))
    pairs = [one.pair for one in group]
    single = [command for pair in pairs for command in run.words.link([pair])]
    if list(remedies) == single:
        remedies = dict.fromkeys(run.words.link(pairs))
    if remedies:
        out += [line(""), line("To fix it:", "bold"), *(prose(f"  {row}") for row in remedies)]
    notes = [note for note in first.notes if note not in common]
    if notes and not first.error:
        out += [line(""), *(prose((note, "dim")) for note in notes)]
    return out


def _table(checked: CheckResult, verbose: int, width: int | None) -> list[Line]:
    """Action, encryption context, verdict, and what decides, which stands below where it would not fit; the needed
    requests first.

    Without ``-v``, the other form is told for reading and writing only, and DescribeKey and S3's actions only where
    there is something to say of them.
    """
    judgement = checked.judgement
    if judgement is None:
        return []
    several = checked.facts is not None and len(set(checked.facts.prefixes)) > 1
    rows: list[tuple[str, str, str, str]] = []
    unused: set[tuple[str, str, str, str]] = set()
    near: dict[str, None] = {}
    for row in judgement.rows:
        if not verbose and (row.asked.form is None or not (row.current or row.asked.needed)):
            continue
        if not verbose and judgement.level is AccessLevel.READ and not judgement.counts(row):
            continue
        entry = (row.asked.action, _form(row, several), row.verdict.value, _why(row))
        if entry not in rows:
            rows.append(entry)
        if not row.current:
            unused.add(entry)
        if row.current and judgement.counts(row) and row.verdict.value != "allowed" and not row.decision.explicit:
            near.update(dict.fromkeys(miss.reason for miss in row.decision.misses[:2]))
    bucket_rows = judgement.bucket_rows or ()
    if verbose or not all(row.allowed for row in bucket_rows):
        for one in bucket_rows:
            what = "bucket policy" + (f" ({one.prefix})" if several and one.prefix else "")
            rows.append((one.action, what, one.decision.verdict.value, one.decision.reason))
    if not rows:
        return []
    heads = ("ACTION", "CONTEXT", "VERDICT", "DECIDED BY")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    before = sum(widths) + 2 * len(widths)
    narrow = width is not None and any(before + len(row[3]) > width for row in rows)
    if narrow:
        out = _by_decider(rows, unused, widths)
    else:
        out = _row(heads, widths, "bold", "bold")
        for cells in rows:
            dim = "dim" if cells in unused else ""
            out += _row(cells, widths, dim, dim or STYLES[cells[2]])
    if near:
        out += [line(""), line("Closest:", "bold"), *(prose(f"  {reason}") for reason in near)]
    return out


def _form(row: Row, several: bool) -> str:
    """The form, with the prefix where the cache has several in the bucket."""
    if row.asked.form is None:
        return "none"
    text = f"{row.asked.form.value} ARN"
    if several and row.asked.prefix:
        text += f" ({row.asked.prefix})"
    return text if row.current else f"{text} (not in use)"


def _why(row: Row) -> str:

    decision = row.decision
    match decision.verdict.value:
        case "allowed":
            return decider(decision)
        case "denied" if decision.explicit:
            return f"Deny in {decider(decision)}"
        case "denied" if decision.cause is Cause.NOTHING_ALLOWS:
            return "nothing allows it"
        case _:
            return decision.reason


def _row(cells: tuple[str, str, str, str], widths: list[int], style: str, verdict_style: str) -> list[Line]:
    action, form, verdict, why = cells
    asked = (f"{action:<{widths[0]}}  {form:<{widths[1]}}  ", style)
    return [(asked, (f"{verdict:<{widths[2]}}  ", verdict_style), (why, style))]


def _by_decider(
    rows: Sequence[tuple[str, str, str, str]], unused: Collection[tuple[str, str, str, str]], widths: list[int]
) -> list[Line]:
    """Where a line has no room for what decides: once, below the requests that it decides."""
    asked = (f"{'ACTION':<{widths[0]}}  {'CONTEXT':<{widths[1]}}  VERDICT", "bold")
    out: list[Line] = [(asked,)]
    for at, cells in enumerate(rows):
        action, form, verdict, why = cells
        dim = "dim" if cells in unused else ""
        out.append(((f"{action:<{widths[0]}}  {form:<{widths[1]}}  ", dim), (verdict, dim or STYLES[verdict])))
        last = at + 1 == len(rows) or (rows[at + 1][3], rows[at + 1][2], rows[at + 1] in unused) != (
            why,
            verdict,
            cells in unused,
        )
        if last:
            out.append(prose(("  decided by  " if verdict == "allowed" else "  ", "dim"), (why, dim)))
    return out
