"""``fcsse audit --organization``: many accounts, one report, and ``--fix`` account by account."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from fcsse.cli import interrupt
from fcsse.cli.garbage import collect_where_worth_it
from fcsse.cli.organization_fixing import Fixing
from fcsse.cli.organization_report import Report, Wanted
from fcsse.cli.output.organization_documents import AccountEntry
from fcsse.cli.session import Session
from fcsse.commands.audit.account_list import parse_accounts
from fcsse.commands.audit.fix_state import FixRun, FixState
from fcsse.commands.audit.organization import AccountAudit
from fcsse.commands.audit.organization_fix import Fixes
from fcsse.commands.audit.organization_run import Organization, audit_members
from fcsse.discovery.fetcher import attempt
from fcsse.errors import UnexpectedError, UsageError
from fcsse.model import Member
from fcsse.state_folder import user_folder


def read_accounts(file: Path) -> tuple[Member, ...]:
    """The accounts in a file, or on standard input. Raises ``UsageError``."""
    source = "standard input" if str(file) == "-" else str(file)
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"reading the accounts in {source}: {error.strerror or error}", "Name a file to read."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"reading the accounts in {source}: not UTF-8 text", "Save it as UTF-8.") from error
    return parse_accounts(text, source)


def run_organization(run: Session, organization: Organization, wanted: Wanted) -> int:
    """Audits, prints, and fixes where that was asked for. Returns the exit code."""
    fixes = state = None
    if wanted.fix is not None:
        fixes = Fixes(prune_orphans=wanted.prune_orphans)
        state = (
            None
            if wanted.fix.dry_run
            else FixState.open(
                _state_file(wanted, organization), _fix_run(wanted, organization), organization.pipeline.clock
            )
        )
        if state is not None:
            state.try_place()
        if state is not None and state.outdated is not None:
            run.terminal.say(
                f"The run of the state file {state.path} began {state.outdated:%Y-%m-%d}, so this one begins anew."
            )
    # Accounts that have left since concern nobody any more.
    skipped = frozenset(state.finished if state else ()) & {one.account for one in organization.members if one.active}
    report = Report(run, organization, wanted)
    with report.spool:
        for entry in _entries(run, report, skipped, fixes):
            report.add(entry)
        report.totals.skip(len(skipped))
        run.progress.stop()
        report.end()
        report.write_page()
        if fixes is None or wanted.fix is None:
            code = report.code
            report.all(code, {})
            return code
        return Fixing(run, report, fixes, state, wanted.fix, skipped).run_all()


def _entries(run: Session, report: Report, skipped: frozenset[str], fixes: Fixes | None) -> Iterator[AccountEntry]:
    """Each account as it is ready. Several processes read them where that is quicker and nothing speaks against it."""
    organization = report.organization
    active = [one for one in organization.members if one.active]
    # A fix needs the accounts' facts here. Only a process of the command line's own has others that end with it.
    alone = fixes is not None or not run.signs_in_unattended or not interrupt.is_installed()
    # Every audit imports this module, and multiprocessing takes as long to import as all else in it.
    from fcsse.cli.organization_processes import Workers, processes_for, share_of
    from fcsse.cli.organization_worker import Settings

    processes = 1 if alone else processes_for(len(active))
    if processes == 1:
        finished = fixes.add if fixes else None
        for one in audit_members(organization, skip=skipped, finished=finished):
            entry = AccountEntry.of(one, with_document=report.with_documents)
            del one  # an account's facts are large, and the next one may be long in coming
            yield entry
            collect_where_worth_it()
        return
    for member in organization.members:
        if not member.active:
            yield AccountEntry.of(AccountAudit(member), with_document=report.with_documents)
    settings = Settings(
        *report.wanted.aws,
        organization.caller,
        report.wanted.role_name,
        organization.members,
        organization.scope,
        organization.words,
        *share_of(processes),
        report.with_documents,
    )
    with Workers(settings, processes) as workers:
        yield from workers.audit(active, organization.pipeline.progress)
        report.other_endpoints.update(workers.endpoints)


def _fix_run(wanted: Wanted, organization: Organization) -> FixRun:
    scope, aws = organization.scope, organization.pipeline.aws
    for service in ("fsx", "iam", "kms", "s3"):  # where they will be asked is known once their clients are made
        attempt(aws.prepare, service)
    asked = tuple(sorted({one.url for one in aws.endpoints}))
    regions = scope.regions if scope.regions or scope.all_regions or aws.region is None else (aws.region,)
    return FixRun(
        organization.caller.account, wanted.role_name, regions, scope.all_regions, wanted.prune_orphans, asked
    )


def _state_file(wanted: Wanted, organization: Organization) -> Path:
    if wanted.state is not None:
        return wanted.state
    try:
        return user_folder() / f"organization-{organization.caller.account}.json"
    except (RuntimeError, KeyError) as error:
        raise UnexpectedError(f"finding the folder for the state file: {error}", "Name a file with --state.") from error
