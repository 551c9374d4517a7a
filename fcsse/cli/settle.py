"""``fcsse settle``: finds writes of others that one of fcsse overwrote, and gives back what they lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import typer

from fcsse.cli.history import Buckets, Caches, Keys, Since, keys_named
from fcsse.cli.options import aws, cross_account, output, safety
from fcsse.cli.options.output import Output
from fcsse.cli.output import settle as report
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands.history import KEPT, MARGIN
from fcsse.commands.settle import KeyResult, Settlement, apply_settlement, errors_of, plan_settlement
from fcsse.durations import moment_of
from fcsse.errors import EXIT_CHANGED, EXIT_PENDING, EXIT_UNEXPECTED
from fcsse.pipeline import Pipeline
from fcsse.text import count

EXAMPLE = """\
Examples:
  fcsse settle --bucket data --dry-run
  fcsse settle --key alias/data --yes
  fcsse settle --cache fc-0123456789abcdef0 --since 7d -o json
"""


def settle(
    *,
    key: Keys = None,
    bucket: Buckets = None,
    cache: Caches = None,
    since: Since = None,
    review: safety.Review,
    writing: safety.Writing,
    bucket_side: cross_account.BucketCredentials,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Find what a write of fcsse overwrote, by CloudTrail's record, and give it back.

    KMS has no versions: whoever writes a key policy last wins. Compares the order of writes that CloudTrail recorded in the
    last 90 days with the policy that each of ours was made from, and names every statement that was lost, or that came back.
    Shows the change first, and keeps a copy of the policy from before. What the record does not tell is said, not guessed.
    """
    with session("settle", output, verbosity) as run:
        require(not exit_code or review.dry_run, "--exit-code needs --dry-run")
        pipeline = run.pipeline(Credentials(settings, bucket_side), writing)
        now = pipeline.clock.now()
        start = moment_of(since, now) if since else None
        require(start is None or start <= now, f"settle: --since {since} lies ahead", "Pass an age or an earlier time.")
        if start is not None and start <= now - KEPT + MARGIN:
            start = None
        keys = keys_named(pipeline, "settle", key, bucket, cache)
        found = plan_settlement(pipeline, keys, start, review.expect)
        run.progress.stop()
        try:
            found, results = carry_out(
                run,
                pipeline,
                found,
                again=lambda: plan_settlement(pipeline, keys, start, review.expect),
                yes=review.yes,
                dry_run=review.dry_run,
                expected=review.expect is not None,
            )
        except DeclinedError as no:
            run.terminal.print([line("Nothing was written to AWS.")], err=True)
            if run.output is Output.JSON:
                write_answer(to_text(report.declined_document(no.found)))
            raise typer.Exit(EXIT_UNEXPECTED) from None
        code = code_of(found, results, dry_run=review.dry_run, pending_code=EXIT_PENDING if exit_code else 0)
        print_end(run, found, results, dry_run=review.dry_run, code=code)
        raise typer.Exit(code)


class DeclinedError(Exception):
    """The question was answered with no. ``found`` is what was asked about."""

    def __init__(self, found: Settlement) -> None:
        super().__init__()
        self.found = found


def carry_out(
    run: Session,
    pipeline: Pipeline,
    found: Settlement,
    *,
    again: Callable[[], Settlement],
    yes: bool,
    dry_run: bool = False,
    expected: bool = False,
) -> tuple[Settlement, tuple[KeyResult, ...]]:
    """Shows what is lost, asks, and gives it back; returns what was agreed to, and how it ended.

    Raises ``DeclinedError``, and what ``again`` raises: then it has written nothing.
    """
    asks = run.terminal.asks and not yes and not dry_run

    def show(one: Settlement) -> None:
        if run.output is Output.TEXT and not run.terminal.quiet:
            run.terminal.print(report.settle_lines(one))
        if asks and one.changes and not (run.output is Output.TEXT and run.terminal.shows_answer):
            run.terminal.print(report.settle_lines(one), err=True)
        elif run.output is Output.TEXT and run.terminal.quiet:
            for text in report.losses(one):
                run.terminal.warn(text)

    def ask(one: Settlement) -> None:
        policies = count(len(one.changes), "key policy", "key policies")
        if asks and not run.terminal.confirm(f"Give back what was lost to {policies}?"):
            raise DeclinedError(one)

    def read_again() -> Settlement:
        run.progress = pipeline.progress = progress_on(run.terminal)
        try:
            return again()
        finally:
            run.progress.stop()

    show(found)
    if dry_run:
        return found, ()
    found = ask_about_current(
        found,
        clock=pipeline.clock,
        terminal=run.terminal,
        ask=ask,
        again=read_again,
        same=lambda one, other: one.digest == other.digest,
        show=show,
        pending=lambda one: bool(one.changes),
    )
    if not found.changes:
        return found, ()
    run.progress = pipeline.progress = progress_on(run.terminal)
    results = apply_settlement(pipeline, found, expected=expected)
    run.progress.stop()
    return found, results


def print_end(run: Session, found: Settlement, results: Sequence[KeyResult], *, dry_run: bool, code: int) -> None:
    """Prints how it ended, in the form that was asked for."""
    closing = report.closing(found, results, run.words, dry_run=dry_run)
    match run.output:
        case Output.JSON:
            write_answer(to_text(report.settle_document(found, results, dry_run=dry_run, code=code)))
        case Output.MARKDOWN:
            texts = ["".join(text for text, _ in row) for row in closing]
            write_answer(report.settle_markdown(found, texts, errors_of(found, results)))
        case Output.TEXT:
            run.terminal.print(closing if run.terminal.quiet else [line(""), *closing])
    errors = errors_of(found, results)
    for error in errors:
        run.terminal.tell(error)
    if errors and not dry_run:
        run.terminal.print([prose(run.journal.told())], err=True)


def code_of(
    found: Settlement,
    results: Sequence[KeyResult],
    *,
    dry_run: bool = False,
    pending_code: int = 0,
    recorded: bool = True,
) -> int:
    """The first error's; 7 where something stays lost or may be; else that of pending changes, or 0.

    ``recorded``: did CloudTrail show the writes in time? If not, what it does not tell is no reason for 7 yet.
    """
    for error in errors_of(found, results):
        return error.exit_code
    if dry_run and found.changes:
        return pending_code
    return EXIT_CHANGED if found.open or (recorded and found.unknown) else 0
