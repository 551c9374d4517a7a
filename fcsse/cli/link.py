"""``fcsse link`` and ``fcsse unlink``: the same pipe with another wish."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import typer

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.cli import explicit_options
from fcsse.cli.options import aws, cross_account, output, route, safety, targets, term
from fcsse.cli.options.output import Output
from fcsse.cli.output.documents import declined, plan_document, plan_markdown, to_text
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.plan import VERBS, closing_lines, errors_of, plan_lines, warning_lines
from fcsse.cli.output.settle import closing, settle_document
from fcsse.cli.output.terminal import is_terminal, write_answer
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.cli.settle_after import Settled, settle_after
from fcsse.errors import EXIT_PENDING, EXIT_UNEXPECTED, ChangedError
from fcsse.model import AccessLevel, Context, Operation, Options, Via
from fcsse.pipeline import Pipeline, Target, exit_code
from fcsse.planning.plan import Plan, PolicyChange, Status
from fcsse.planning.review import reviewed
from fcsse.text import count

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
    """Run options: dry run, confirmation, expected digest, exit-code mode."""

    dry_run: bool
    exit_code: bool
    yes: bool
    expect: str | None
    settle: float | None = None


def link(
    cache: targets.Caches = None,
    bucket: targets.Buckets = None,
    every_cache: targets.EveryCache = False,
    dry_run: safety.DryRun = False,
    expect: safety.Expect = None,
    yes: safety.Yes = False,
    wait: safety.Wait = "5m",  # type: ignore[assignment]  # Typer parses it
    settle: safety.Settle = None,
    backup_dir: safety.BackupDir = None,
    no_backup: safety.NoBackup = False,
    via: route.ViaOption = Via.AUTO,
    context: route.ContextOption = Context.DOCUMENTED,
    operations: route.Operations = AccessLevel.FULL,
    narrow_grant: route.NarrowGrant = False,
    prune_orphans: route.PruneOrphans = False,
    key: cross_account.NamedKeyOption = None,
    bucket_region: cross_account.BucketRegion = None,
    bucket_keys: cross_account.BucketKeys = None,
    bucket_profile: cross_account.BucketProfile = None,
    bucket_role: cross_account.BucketRole = None,
    grant_profile: cross_account.GrantProfile = None,
    grant_role: cross_account.GrantRole = None,
    org_id: targets.OrgId = None,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbose: output.Verbose = 0,
    quiet: output.Quiet = False,
    no_color: output.NoColor = False,
    profile: aws.Profile = None,
    region: aws.Region = None,
    endpoint_url: aws.EndpointUrl = None,
) -> None:
    """Give a cache access to the KMS key of its bucket.

    Finds the cache's service-linked role, reads the bucket's encryption, and adds the documented statement to the key
    policy, or across accounts the documented grant; then confirms it. Shows the change first, and keeps a copy of the
    policy from before. Nothing to do is a success.
    """
    with session("link", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        operation = Options(Operation.LINK, via, context, narrow_grant, key, bucket_region, bucket_keys, prune_orphans)
        operation = operation._replace(organization=org_id, level=operations)
        sides = Credentials(profile, region, endpoint_url, bucket_profile, bucket_role, grant_profile, grant_role)
        manner = RunOptions(dry_run, exit_code, yes, expect, settle)
        _run(run, cache, bucket, every_cache, operation, sides, manner, wait, backup_dir, no_backup=no_backup)


def unlink(
    cache: targets.Caches = None,
    bucket: targets.Buckets = None,
    every_cache: targets.EveryCache = False,
    dry_run: safety.DryRun = False,
    expect: safety.Expect = None,
    yes: safety.Yes = False,
    wait: safety.Wait = "5m",  # type: ignore[assignment]  # Typer parses it
    backup_dir: safety.BackupDir = None,
    no_backup: safety.NoBackup = False,
    prune_orphans: route.PruneOrphans = False,
    key: cross_account.NamedKeyOption = None,
    bucket_region: cross_account.BucketRegion = None,
    bucket_keys: cross_account.BucketKeys = None,
    bucket_profile: cross_account.BucketProfile = None,
    bucket_role: cross_account.BucketRole = None,
    grant_profile: cross_account.GrantProfile = None,
    grant_role: cross_account.GrantRole = None,
    output: output.OutputOption = Output.TEXT,
    exit_code: output.ExitCode = False,
    verbose: output.Verbose = 0,
    quiet: output.Quiet = False,
    no_color: output.NoColor = False,
    profile: aws.Profile = None,
    region: aws.Region = None,
    endpoint_url: aws.EndpointUrl = None,
) -> None:
    """Take back exactly the access that link gives.

    Removes the cache's role from the statements for the bucket, and ends its grant; also where they were made by hand
    and say the same, and where the cache and its role are gone. Everything else in the policy stays as it is.
    """
    with session("unlink", output, quiet=quiet, verbose=verbose, no_color=no_color) as run:
        operation = Options.of_unlink(key, bucket_region, bucket_keys, prune_orphans=prune_orphans)
        sides = Credentials(profile, region, endpoint_url, bucket_profile, bucket_role, grant_profile, grant_role)
        manner = RunOptions(dry_run, exit_code, yes, expect)
        _run(run, cache, bucket, every_cache, operation, sides, manner, wait, backup_dir, no_backup=no_backup)


def _run(
    run: Session,
    caches: list[str] | None,
    buckets: list[str] | None,
    every_cache: bool,
    operation: Options,
    sides: Credentials,
    manner: RunOptions,
    wait: float,
    backup_dir: Path | None,
    *,
    no_backup: bool,
) -> None:

    target = Target(
        tuple(dict.fromkeys(caches or ())),
        tuple(dict.fromkeys(buckets or ())),
        every_cache,
    )
    _check(run, target, operation, manner)
    pipeline = run.pipeline(sides, wait, backup_dir, no_backup=no_backup)
    with new_plan_named(run):
        plan = pipeline.plan(target, operation, manner.expect)
    early = manner.dry_run or (run.terminal.asks and not manner.yes) or not plan.changes
    if early:
        plan = pipeline.with_advisories(plan)
    run.progress.stop()
    _show_plan(run, plan)
    late: list[str] = []
    results: tuple[AppliedChange | FailedChange, ...] = ()
    settled: Settled | None = None
    if manner.dry_run:
        results = pipeline.try_out(plan)
    else:
        plan = ask_about_current(
            plan,
            clock=pipeline.clock,
            terminal=run.terminal,
            ask=lambda shown: ask(run, shown, manner),
            again=lambda: _plan_again(run, pipeline, target, operation, manner.expect),
            same=same_review,
            show=lambda shown: _show_plan(run, shown),
            pending=lambda shown: bool(shown.changes),
        )
    if plan.changes and not manner.dry_run:
        begun = pipeline.clock.now()
        run.progress = pipeline.progress = run.terminal.progress()
        results = pipeline.apply(plan, expected=manner.expect is not None, ask_advisories=not early)
        shown, plan = plan, plan if early else pipeline.with_advisories(plan)
        run.progress.stop()
        late = _new_warnings(shown, plan)

        plan = as_made(plan, results)
        settled = settle_after(run, pipeline, results, begun, manner.settle, yes=manner.yes)
    code = exit_code(plan, results) or (settled.code if settled else 0)
    if code == 0 and manner.dry_run and manner.exit_code and plan.changes:
        code = EXIT_PENDING
    _show_results(run, plan, results, late, settled, dry_run=manner.dry_run, code=code)
    if settled and not settled.recorded:
        run.terminal.warn(
            "CloudTrail's record does not show the write yet, so nobody can say what it ran over. Later: "
            + " ".join(f"fcsse settle --key {key.key}" for key in settled.found.keys)
        )
    raise typer.Exit(code)


@contextmanager
def new_plan_named(run: Session) -> Iterator[None]:
    """Where the plan is not the expected one, the error names the command that shows the new one."""
    try:
        yield
    except ChangedError as error:
        error.hint = f"Look at the new plan: {explicit_options.again(run.command, '--dry-run')}"
        raise


def _plan_again(run: Session, pipeline: Pipeline, target: Target, operation: Options, expect: str | None) -> Plan:
    """The plan by facts that are read now."""
    run.progress = pipeline.progress = run.terminal.progress()
    try:
        return pipeline.with_advisories(pipeline.plan(target, operation, expect))
    finally:
        run.progress.stop()


def same_review(one: Plan, other: Plan) -> bool:
    """Does a yes to the one hold for the other?"""

    return reviewed(one) == reviewed(other)


def _check(run: Session, target: Target, operation: Options, manner: RunOptions) -> None:
    target.require_caches(run.command, term)
    target.require_facts(operation, term)
    require(not manner.exit_code or manner.dry_run, "--exit-code needs --dry-run")


def _new_warnings(shown: Plan, plan: Plan) -> list[str]:
    before = {warning for outcome in shown.outcomes for warning in outcome.warnings}
    after = dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings)
    return [warning for warning in after if warning not in before]


def _show_plan(run: Session, plan: Plan) -> None:
    if run.output is not Output.TEXT:
        return

    if not run.terminal.quiet:
        run.terminal.print(plan_lines(plan))
    elif plan.changes:
        for warning in dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings):
            run.terminal.warn(warning)


def ask(run: Session, plan: Plan, manner: RunOptions) -> None:
    """Asks before a plan is carried out, where somebody can answer. Ends the command without a clear yes."""
    if manner.yes or not run.terminal.asks:
        return
    if run.output is not Output.TEXT or run.terminal.quiet or not is_terminal(sys.stdout):
        run.terminal.print(plan_lines(plan), err=True)
    if not run.terminal.confirm(_question(plan)):
        run.terminal.print([line("Nothing was written to AWS.")], err=True)
        if run.output is Output.JSON:
            write_answer(to_text(declined(plan_document(plan, (), dry_run=False, code=EXIT_UNEXPECTED))))
        raise typer.Exit(EXIT_UNEXPECTED)


def _question(plan: Plan) -> str:
    """What is about to be done: the pair by name where it is one, else how many changes."""

    pairs = [outcome.pair for outcome in plan.outcomes if outcome.status is Status.TO_DO]
    verb, _, preposition = VERBS[plan.operation]
    if len(pairs) == 1:
        return f"{verb.capitalize()} {pairs[0].cache or 'every cache'} {preposition} {pairs[0].bucket}?"
    policies = sum(isinstance(change, PolicyChange) for change in plan.changes)
    grants = len(plan.changes) - policies
    parts = [(policies, "key policy", "key policies"), (grants, "grant", "grants")]
    what = " and ".join(count(number, one, many) for number, one, many in parts if number)
    return f"{verb.capitalize()} {len(pairs)} pairs ({what} {'changes' if len(plan.changes) == 1 else 'change'})?"


def _show_results(
    run: Session,
    plan: Plan,
    results: Sequence[AppliedChange | FailedChange],
    late: list[str],
    settled: Settled | None = None,
    *,
    dry_run: bool,
    code: int,
) -> None:
    """``late``: warnings that came after the plan was shown; they belong to it."""

    words = run.words

    if run.output is Output.JSON:
        document = plan_document(plan, results, dry_run=dry_run, code=code, told=run.journal.told())
        if settled:
            document["settle"] = settle_document(settled.found, settled.results, dry_run=False, code=settled.code)
        write_answer(to_text(document))
    elif run.output is Output.MARKDOWN:
        write_answer(plan_markdown(plan, results, words, dry_run=dry_run))
    else:
        apply_by = (
            explicit_options.again(run.command, "--expect", plan.digest)
            if dry_run and code in (0, EXIT_PENDING)
            else ""
        )
        lines = closing_lines(plan, results, words, dry_run=dry_run, apply_by=apply_by)
        if not run.terminal.quiet:
            warned = warning_lines(late)
            lines = [*([line(""), *warned] if warned else []), *([line("")] if lines else []), *lines]
        else:
            for warning in late:
                run.terminal.warn(warning)
        run.terminal.print(lines)
    if settled and run.output is Output.TEXT:
        run.terminal.print(closing(settled.found, settled.results, words, dry_run=False))
    errors = (
        [*errors_of(plan, results), *(one.error for one in settled.results if one.error)]
        if settled
        else errors_of(plan, results)
    )
    for error in errors:
        run.terminal.tell(error)
    if errors and not dry_run:
        run.terminal.print([prose(run.journal.told())], err=True)
