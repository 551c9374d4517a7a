"""``fcsse link`` and ``fcsse unlink``: the same pipe with another wish."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import typer

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.cli import explicit_options
from fcsse.cli.options import aws, cross_account, output, route, safety, targets, term
from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import to_text
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.plan import closing_lines, errors_of, plan_lines, warning_lines
from fcsse.cli.output.plan_documents import plan_document, plan_markdown
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.output.terminal import write_answer
from fcsse.cli.plan_question import ask
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.cli.settle_outcome import SettleOutcome
from fcsse.errors import EXIT_PENDING, ChangedError
from fcsse.link_options import AccessLevel, Context, Operation, Options, Via
from fcsse.pipeline import Pipeline, Target, exit_code
from fcsse.planning.plan import Plan
from fcsse.planning.review import reviewed

LINK_EXAMPLE = """\
Examples:
  fcsse link --cache fc-0123456789abcdef0 --bucket data --dry-run
  fcsse link --cache fc-0123456789abcdef0 --bucket data
  fcsse link --cache fc-0123456789abcdef0 --yes --expect 1f6d0a27c9b35e84
"""
UNLINK_EXAMPLE = """\
Example:
  fcsse unlink --cache fc-0123456789abcdef0 --bucket data
"""


class RunOptions(NamedTuple):
    """How a run goes: dry run, expected digest, confirmation, exit code of a dry run, seconds for what it overwrote."""

    dry_run: bool
    expect: str | None
    yes: bool
    exit_code: bool
    settle: float | None = None


def link(
    *,
    pairs: targets.Pairs,
    every_cache: targets.EveryCache = False,
    review: safety.Review,
    writing: safety.Writing,
    settle: safety.Settle = None,
    via: route.ViaOption = Via.AUTO,
    context: route.ContextOption = Context.DOCUMENTED,
    operations: route.Operations = AccessLevel.FULL,
    narrow_grant: route.NarrowGrant = False,
    prune_orphans: route.PruneOrphans = False,
    known: cross_account.KnownBucket,
    bucket_side: cross_account.BucketCredentials,
    grant_side: cross_account.GrantCredentials,
    org_id: targets.OrgId = None,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Give a cache access to the KMS key of its bucket.

    Finds the cache's service-linked role, reads the bucket's encryption, and adds the documented statement to the key
    policy, or across accounts the documented grant; then confirms it. Shows the change first, and keeps a copy of the
    policy from before. Nothing to do is a success.
    """
    with session("link", output, verbosity) as run:
        operation = Options(Operation.LINK, via, context, narrow_grant, *known, prune_orphans=prune_orphans)
        operation = operation._replace(organization=org_id, level=operations)
        target = Target(pairs.caches, pairs.buckets, every_cache)
        _check(run, target, operation, exit_code=exit_code, dry_run=review.dry_run)
        pipeline = run.pipeline(Credentials(settings, bucket_side, grant_side), writing)
        _Run(run, pipeline, target, operation, RunOptions(*review, exit_code, settle)).all()


def unlink(
    *,
    pairs: targets.Pairs,
    every_cache: targets.EveryCache = False,
    review: safety.Review,
    writing: safety.Writing,
    prune_orphans: route.PruneOrphans = False,
    known: cross_account.KnownBucket,
    bucket_side: cross_account.BucketCredentials,
    grant_side: cross_account.GrantCredentials,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbosity: output.Verbosity,
    settings: aws.AwsSettings,
) -> None:
    """Take back exactly the access that link gives.

    Removes the cache's role from the statements for the bucket, and ends its grant; also where they were made by hand
    and say the same, and where the cache and its role are gone. Everything else in the policy stays as it is.
    """
    with session("unlink", output, verbosity) as run:
        operation = Options.of_unlink(*known, prune_orphans=prune_orphans)
        target = Target(pairs.caches, pairs.buckets, every_cache)
        _check(run, target, operation, exit_code=exit_code, dry_run=review.dry_run)
        pipeline = run.pipeline(Credentials(settings, bucket_side, grant_side), writing)
        _Run(run, pipeline, target, operation, RunOptions(*review, exit_code)).all()


class _Run(NamedTuple):
    """One run of a command that links or unlinks."""

    run: Session
    pipeline: Pipeline
    target: Target
    operation: Options
    options: RunOptions

    def all(self) -> None:
        """Plans, shows, asks, writes and reports; ends the command with its exit code."""
        options = self.options
        with new_plan_named(self.run):
            plan = self.pipeline.plan(self.target, self.operation, options.expect)
        early = options.dry_run or (self.run.terminal.asks and not options.yes) or not plan.changes
        if early:
            plan = self.pipeline.with_advisories(plan)
        self.run.progress.stop()
        _show_plan(self.run, plan)
        late: list[str] = []
        results: tuple[AppliedChange | FailedChange, ...] = ()
        settled: SettleOutcome | None = None
        if options.dry_run:
            results = self.pipeline.try_out(plan)
        else:
            plan = self._asked(plan)
        if plan.changes and not options.dry_run:
            plan, results, late, settled = self._written(plan, ask_advisories=not early)
        code = exit_code(plan, results) or (settled.code if settled else 0)
        if code == 0 and options.dry_run and options.exit_code and plan.changes:
            code = EXIT_PENDING
        _show_results(self.run, plan, results, late, settled, dry_run=options.dry_run, code=code)
        if settled and settled.warning:
            self.run.terminal.warn(settled.warning)
        raise typer.Exit(code)

    def _asked(self, plan: Plan) -> Plan:
        """The plan that was agreed to, by facts that are not old."""
        return ask_about_current(
            plan,
            clock=self.pipeline.clock,
            terminal=self.run.terminal,
            ask=lambda shown: ask(self.run, shown, yes=self.options.yes),
            again=self._plan_again,
            same=same_review,
            show=lambda shown: _show_plan(self.run, shown),
            pending=lambda shown: bool(shown.changes),
        )

    def _plan_again(self) -> Plan:
        """The plan by facts that are read now."""
        self.run.progress = self.pipeline.progress = progress_on(self.run.terminal)
        try:
            return self.pipeline.with_advisories(self.pipeline.plan(self.target, self.operation, self.options.expect))
        finally:
            self.run.progress.stop()

    def _written(
        self, plan: Plan, *, ask_advisories: bool
    ) -> tuple[Plan, tuple[AppliedChange | FailedChange, ...], list[str], SettleOutcome | None]:
        """The plan as it was carried out, what came of each change, warnings that came late, and what was given back."""
        begun = self.pipeline.clock.now()
        self.run.progress = self.pipeline.progress = progress_on(self.run.terminal)
        expected = self.options.expect is not None
        results = self.pipeline.apply(plan, expected=expected, ask_advisories=ask_advisories)
        shown, plan = plan, self.pipeline.with_advisories(plan) if ask_advisories else plan
        self.run.progress.stop()
        plan = as_made(plan, results)
        late = _new_warnings(shown, plan)
        return plan, results, late, self._settled(results, begun)

    def _settled(self, results: Sequence[AppliedChange | FailedChange], begun: datetime) -> SettleOutcome | None:
        """What settling came to, where that was asked for and there was anything to settle."""
        if self.options.settle is None:
            return None
        from fcsse.cli.settle_after import settle_after  # most links do not settle, and it brings 30 modules

        return settle_after(self.run, self.pipeline, results, begun, self.options.settle, yes=self.options.yes)


@contextmanager
def new_plan_named(run: Session) -> Iterator[None]:
    """Where the plan is not the expected one, the error names the command that shows the new one."""
    try:
        yield
    except ChangedError as error:
        error.hint = f"Look at the new plan: {explicit_options.again(run.command, '--dry-run')}"
        raise


def same_review(one: Plan, other: Plan) -> bool:
    """Does a yes to the one hold for the other?"""
    return reviewed(one) == reviewed(other)


def _check(run: Session, target: Target, operation: Options, *, exit_code: bool, dry_run: bool) -> None:
    target.require_caches(run.command, term)
    target.require_facts(operation, term)
    require(not exit_code or dry_run, "--exit-code needs --dry-run")


def _new_warnings(shown: Plan, plan: Plan) -> list[str]:
    before = {warning for outcome in shown.outcomes for warning in outcome.warnings}
    after = dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings)
    return [warning for warning in after if warning not in before]


def _show_plan(run: Session, plan: Plan) -> None:
    if run.output is not Output.TEXT:
        return
    if not run.terminal.quiet:
        run.terminal.print(plan_lines(plan))
    elif (
        plan.changes
        or plan.operation is Operation.UNLINK  # access may stay where there is nothing to unlink
        or any(outcome.in_doubt for outcome in plan.outcomes)
    ):
        for warning in dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings):
            run.terminal.warn(warning)


def _show_results(
    run: Session,
    plan: Plan,
    results: Sequence[AppliedChange | FailedChange],
    late: list[str],
    settled: SettleOutcome | None = None,
    *,
    dry_run: bool,
    code: int,
) -> None:
    """``late``: warnings that came after the plan was shown; they belong to it."""
    words = run.words
    if run.output is Output.JSON:
        document = plan_document(plan, results, dry_run=dry_run, code=code, told=run.journal.told())
        if settled:
            document["settle"] = settled.document
        write_answer(to_text(document))
    elif run.output is Output.MARKDOWN:
        write_answer(
            plan_markdown(plan, results, words, dry_run=dry_run) + (f"\n{settled.markdown}" if settled else "")
        )
    else:
        # What AWS itself refused already, where it was asked with DryRun, is not to be tried.
        refused = any(isinstance(one, FailedChange) for one in results)
        apply_by = "" if refused or not dry_run else explicit_options.again(run.command, "--expect", plan.digest)
        lines = closing_lines(plan, results, words, dry_run=dry_run, apply_by=apply_by)
        if not run.terminal.quiet:
            warned = warning_lines(late)
            lines = [*([line(""), *warned] if warned else []), *([line("")] if lines else []), *lines]
        else:
            for warning in late:
                run.terminal.warn(warning)
        run.terminal.print(lines)
    if settled and run.output is Output.TEXT:
        run.terminal.print(settled.lines)
    errors = [*errors_of(plan, results), *(settled.errors if settled else ())]
    for error in errors:
        run.terminal.tell(error)
    if errors and not dry_run:
        run.terminal.print([prose(run.journal.told())], err=True)
