"""``fcsse audit``: the whole account, and ``--fix``, which is ``link`` for all that an audit finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import typer

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.cli import explicit_options
from fcsse.cli.audit_answer import AuditAnswer
from fcsse.cli.earlier_audit import Trend
from fcsse.cli.html_file import try_place, write_page
from fcsse.cli.link import RunOptions, new_plan_named, same_review
from fcsse.cli.options import audit as own
from fcsse.cli.options import aws, cross_account, output, route, safety, targets
from fcsse.cli.options.output import AuditOutput, Output
from fcsse.cli.organization import read_accounts, run_organization
from fcsse.cli.organization_report import Wanted
from fcsse.cli.output.audit_documents import audit_document
from fcsse.cli.output.audit_html import page
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.plan_question import ask
from fcsse.cli.question import ask_about_current
from fcsse.cli.session import Credentials, Session, require, session
from fcsse.commands.audit.facts import Scope
from fcsse.commands.audit.fix_again import require_current
from fcsse.commands.audit.fix_pairs import afterwards
from fcsse.commands.audit.organization import DEFAULT_ROLE
from fcsse.commands.audit.organization_run import open_organization
from fcsse.commands.audit.report import Audit, standing
from fcsse.commands.audit.run import audit_account, plan_fix
from fcsse.errors import EXIT_OK, EXIT_PENDING, FcsseError
from fcsse.model import Member
from fcsse.pipeline import Pipeline, exit_code
from fcsse.planning.plan import Plan
from fcsse.suggested_commands import CommandBuilder

EXAMPLE = """\
Examples:
  fcsse audit
  fcsse audit --all-regions --html audit.html
  fcsse audit --bucket-role 'arn:aws:iam::{account}:role/Audit' -o json
  fcsse audit --fix --dry-run
  fcsse audit --organization --role-name Audit -o json
  fcsse audit --compare last-week.json --new-only
  fcsse audit --observed
"""


def audit(
    *,
    where: own.Where,
    many: own.ManyAccounts,
    fix: own.FixOption = False,
    review: safety.Review,
    writing: safety.Writing,
    prune_orphans: route.PruneOrphans = False,
    bucket_side: own.BucketAccess,
    grant_side: cross_account.GrantCredentials,
    observed: output.Observed = False,
    org_id: targets.OrgId = None,
    report: own.Report,
    exit_code: output.ExitCode = False,
    verbosity: output.Verbosity,
    profile: aws.Profile = None,
    endpoint_url: aws.EndpointUrl = None,
) -> None:
    """Judge every cache and file system of the account against every bucket it is linked to.

    Reads each role, association, bucket and key once, and gives each pair the verdict of check; file systems that were
    linked at their creation (ImportPath) and have no association are seen as well. Findings come with their remedy, the
    worst first; what cannot be read is a finding, too. Changes nothing without --fix.

    With --organization or --accounts: every account, with the role --role-name assumed in each, in one report. An account
    that cannot be read is a finding. --fix then changes one account after the other.

    Exit codes: 0 all access is there, 3 some is missing or unknown, or AWS's record contradicts a verdict (--observed), 5 nothing known to be missing, but some of
    it could not be read. With --fix: the state afterwards. A bucket policy that cannot be read is a finding and changes no
    code, as in check.
    """
    form = Output.TEXT if report.output in (AuditOutput.CSV, AuditOutput.SARIF) else Output(report.output.value)
    with session("audit", form, verbosity, writes=fix) as run:
        regions = tuple(dict.fromkeys(aws.parse_region(one) for one in where.region or ()))
        require(not (regions and where.all_regions), "--region and --all-regions exclude each other")
        _check_fix(review, fix=fix, exit_code=exit_code, prune_orphans=prune_orphans)
        _check_report(report, fix=fix)
        _check_accounts(many, bucket_side, grant_side, fix=fix, observed=observed, org_id=org_id)
        members = read_accounts(many.accounts) if many.accounts is not None else None
        trend = Trend(report.compare, several=many.several) if report.compare is not None else None
        here = aws.AwsSettings(profile, regions[0] if regions else None, endpoint_url)
        pipeline = run.pipeline(Credentials(here, grant=grant_side), writing)
        roles = tuple(dict.fromkeys(own.parse_pattern(one) for one in bucket_side.bucket_role or ()))
        holders = tuple(dict.fromkeys(own.parse_account(one) for one in bucket_side.bucket_account or ()))
        words = replace(run.words, region=None, more=explicit_options.words(("grant_profile", "grant_role")))
        if report.html is not None:
            try_place(report.html)
        manner = RunOptions(*review, exit_code)
        scope = Scope(regions, where.all_regions)
        if many.several:
            role = own.parse_role_name(many.role_name or DEFAULT_ROLE)
            form_of_all = (report.output, report.html, trend, report.new_only)
            wanted = Wanted(*form_of_all, role, manner if fix else None, prune_orphans, many.state, here)
            raise typer.Exit(_audit_many(run, pipeline, scope, words, members, wanted))
        read = partial(audit_account, pipeline, scope, words, roles, holders, observed=observed, organization=org_id)
        shown = _answer_of(run, pipeline, read(), regions, report, trend)
        if fix:
            raise typer.Exit(_fix(shown, pipeline, manner, read, prune_orphans=prune_orphans))
        raise typer.Exit(_show(shown, trend, new_only=report.new_only))


def _audit_many(
    run: Session,
    pipeline: Pipeline,
    scope: Scope,
    words: CommandBuilder,
    members: tuple[Member, ...] | None,
    wanted: Wanted,
) -> int:
    """Audits many accounts; the exit code. ``members`` None: those of the organization."""
    repeated = explicit_options.words(("organization", "accounts", "role_name"))
    return run_organization(run, open_organization(pipeline, scope, words, wanted.role_name, members, repeated), wanted)


def _show(shown: AuditAnswer, trend: Trend | None, *, new_only: bool) -> int:
    """Shows an audit that nothing is fixed after; the exit code."""
    code = shown.answer.exit_code
    code = trend.exit_code(code, new_only=new_only) if trend else code
    shown.all(code)
    return code


def _answer_of(
    run: Session,
    pipeline: Pipeline,
    answer: Audit,
    regions: tuple[str, ...],
    report: own.Report,
    trend: Trend | None,
) -> AuditAnswer:
    """The answer, compared with the earlier audit, and the page written. Ends the command where that cannot be done."""
    run.progress.stop()
    _require_known(answer, regions)
    shown = AuditAnswer(run, report.output, answer, trend)
    _report_beside(shown, pipeline, report.html)
    return shown


def _check_fix(review: safety.Review, *, fix: bool, exit_code: bool, prune_orphans: bool) -> None:
    only = {"--dry-run": review.dry_run, "--expect": review.expect, "--prune-orphans": prune_orphans}
    for name, given in only.items():
        require(fix or not given, f"{name} needs --fix")
    require(not exit_code or review.dry_run, "--exit-code needs --dry-run")


def _check_report(report: own.Report, *, fix: bool) -> None:
    if report.html is not None:
        named = report.html.name and report.html != Path("-") and not report.html.is_dir()
        require(named, "--html names no file", "Standard output holds the answer, in the form set by -o.")
    require(report.compare or not report.new_only, "--new-only needs --compare")
    require(not (report.new_only and fix), "--new-only and --fix exclude each other")


def _check_accounts(
    many: own.ManyAccounts,
    bucket_side: own.BucketAccess,
    grant_side: cross_account.GrantCredentials,
    *,
    fix: bool,
    observed: bool,
    org_id: str | None,
) -> None:
    require(bucket_side.bucket_role or not bucket_side.bucket_account, "--bucket-account needs --bucket-role")
    require(many.several or not many.role_name, "--role-name needs --organization or --accounts")
    require((many.several and fix) or not many.state, "--state needs --fix, with --organization or --accounts")
    alone = {
        "--bucket-role": bool(bucket_side.bucket_role),
        "--grant-profile": bool(grant_side.grant_profile),
        "--grant-role": bool(grant_side.grant_role),
        "--observed": observed,
        "--org-id": org_id is not None,  # each account is asked for its own
    }
    for option, used in alone.items():
        require(not (many.several and used), f"{option} cannot be combined with --organization or --accounts")


def _require_known(answer: Audit, regions: tuple[str, ...]) -> None:
    """Raises ``UsageError`` where a Region was named that has no FSx, and in which nothing was found."""
    for name, meant in answer.facts.unheard_of if regions else ():
        hint = f"Did you mean {' or '.join(meant)}?" if meant else "List the Regions of FSx: fcsse audit --all-regions"
        told = f"auditing {name}: no Region with FSx has that name, and nothing was found there"
        require(name not in regions, told, hint)


def _report_beside(shown: AuditAnswer, pipeline: Pipeline, html: Path | None) -> None:
    """Compares with the earlier audit and writes the page. Ends the command where the page cannot be written."""
    answer = shown.answer
    if shown.trend is not None:
        shown.trend.add(audit_document(answer, answer.exit_code))
        shown.trend.end()
    if html is None:
        return
    try:
        write_page(html, page(answer, pipeline.clock.now()))
        shown.run.terminal.say(f"Wrote the page {html}.")
    except FcsseError as error:
        # The answer took its time: it is told all the same. Nothing is fixed without the record that was asked for.
        shown.all(error.exit_code)
        shown.run.terminal.tell(error)
        raise typer.Exit(error.exit_code) from error


def _fix(
    shown: AuditAnswer, pipeline: Pipeline, manner: RunOptions, read: Callable[[], Audit], *, prune_orphans: bool
) -> int:
    """``read`` reads the account again, where the question waited long."""
    run = shown.run

    def plan_again() -> Plan:
        run.progress = pipeline.progress = progress_on(run.terminal)
        try:
            shown.answer = read()
        finally:
            run.progress.stop()
        return plan_fix(pipeline, shown.answer, manner.expect, prune_orphans=prune_orphans)

    with new_plan_named(run):
        plan = plan_fix(pipeline, shown.answer, manner.expect, prune_orphans=prune_orphans)
    shown.plan(plan)
    results: tuple[AppliedChange | FailedChange, ...] = ()
    if manner.dry_run:
        results = pipeline.try_out(plan)
    else:
        plan = ask_about_current(
            plan,
            clock=pipeline.clock,
            terminal=run.terminal,
            ask=lambda one: ask(run, one, yes=manner.yes, undone=shown.undone),
            again=plan_again,
            same=same_review,
            show=shown.plan,
            pending=lambda one: bool(one.changes),
        )
    answer = shown.answer
    if plan.changes and not manner.dry_run:
        run.progress = pipeline.progress = progress_on(run.terminal)
        require_current(pipeline, plan, prune_orphans=prune_orphans)
        results = pipeline.apply(plan, expected=manner.expect is not None)
        run.progress.stop()
    plan, after = as_made(plan, results), afterwards(answer, plan, results)
    code = exit_code(plan, results)
    against = answer.observed is not None and bool(answer.observed.disagreements)
    if code == EXIT_OK:
        code = EXIT_PENDING if against else standing(answer.facts, answer.judged if manner.dry_run else after)
        if manner.dry_run and manner.exit_code and plan.changes:
            code = EXIT_PENDING
    shown.fixed(plan, results, after, dry_run=manner.dry_run, code=code)
    return code
