"""``fcsse audit --organization``: many accounts, one report, and ``--fix`` account by account.

Each account's pairs go to a temporary file as soon as the account is audited, so that memory does not grow with them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import typer

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.cli import interrupt
from fcsse.cli.earlier_audit import Trend
from fcsse.cli.garbage import collect_where_worth_it
from fcsse.cli.html_file import write_page
from fcsse.cli.link import RunOptions
from fcsse.cli.options.aws import AwsSettings
from fcsse.cli.options.output import AuditOutput
from fcsse.cli.output.audit_comparison import comparison_document, comparison_lines, comparison_markdown
from fcsse.cli.output.audit_sarif import AccountFindings, audit_sarif
from fcsse.cli.output.documents import Json, to_text
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.organization_documents import (
    AccountEntry,
    AccountLine,
    organization_csv,
    organization_json,
    organization_markdown,
)
from fcsse.cli.output.organization_html import organization_page
from fcsse.cli.output.organization_text import organization_lines
from fcsse.cli.output.plan import MANY, closing_lines, errors_of, pair_lines, plan_lines
from fcsse.cli.output.plan_documents import plan_document
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.output.terminal import columns, write_answer
from fcsse.cli.session import Session
from fcsse.commands.audit.account_list import parse_accounts
from fcsse.commands.audit.fix_state import FixRun, FixState
from fcsse.commands.audit.organization import AccountAudit, Totals
from fcsse.commands.audit.organization_fix import AccountFix, Fixes
from fcsse.commands.audit.organization_run import Organization, audit_members
from fcsse.endpoint import Endpoint
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING, EXIT_UNEXPECTED, FcsseError, UnexpectedError, UsageError
from fcsse.model import Member
from fcsse.pipeline import exit_code
from fcsse.state_folder import user_folder
from fcsse.text import count


class Wanted(NamedTuple):
    """What was asked for. ``fix`` None: nothing is changed."""

    output: AuditOutput
    html: Path | None
    trend: Trend | None
    new_only: bool
    role_name: str
    fix: RunOptions | None
    prune_orphans: bool
    state: Path | None
    aws: AwsSettings


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
    report = _Report(run, organization, wanted)
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
        return _Fixing(run, report, fixes, state, wanted.fix, skipped).run_all()


def _entries(run: Session, report: _Report, skipped: frozenset[str], fixes: Fixes | None) -> Iterator[AccountEntry]:
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
    scope = organization.scope
    asked = tuple(sorted({one.url for one in organization.pipeline.aws.endpoints}))
    return FixRun(
        organization.caller.account, wanted.role_name, scope.regions, scope.all_regions, wanted.prune_orphans, asked
    )


def _state_file(wanted: Wanted, organization: Organization) -> Path:
    if wanted.state is not None:
        return wanted.state
    try:
        return user_folder() / f"organization-{organization.caller.account}.json"
    except (RuntimeError, KeyError) as error:
        raise UnexpectedError(f"finding the folder for the state file: {error}", "Name a file with --state.") from error


class _Report:
    """Gathers the accounts and prints them in the form that was asked for."""

    def __init__(self, run: Session, organization: Organization, wanted: Wanted) -> None:
        self.run, self.organization, self.wanted = run, organization, wanted
        self.totals = Totals()
        self.lines: list[AccountLine] = []
        self.spool: IO[bytes] = tempfile.TemporaryFile(prefix="fcsse-")  # noqa: SIM115 - the caller closes it
        self._places: dict[str, tuple[int, int]] = {}
        self.other_endpoints: set[Endpoint] = set()
        self._pairs_needed = wanted.output is AuditOutput.JSON or wanted.html is not None
        self.with_documents = self._pairs_needed or wanted.trend is not None

    def add(self, one: AccountEntry) -> None:
        """Takes an account's entry, of which only its findings stay in memory."""
        self.totals.merge(one.totals)
        self.lines.append(one.line)
        if self.wanted.trend is not None:
            self.wanted.trend.add(json.loads(one.document))
        if self._pairs_needed:
            try:
                self._places[one.line.member.account] = (self.spool.seek(0, 2), len(one.document))
                self.spool.write(one.document)
            except OSError as error:
                raise UnexpectedError(
                    f"keeping the answers in a temporary file: {error.strerror or error}",
                    "Make room in the folder for temporary files, or name another with TMPDIR.",
                ) from error

    def end(self) -> None:
        """All accounts are in."""
        self.lines.sort(key=lambda one: one.member.account)
        if self.wanted.trend is not None:
            self.wanted.trend.end()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Those other than AWS's own that the caller's credentials were used at, each once, by service."""
        return tuple(sorted({*self.organization.pipeline.aws.endpoints, *self.other_endpoints}))

    @property
    def code(self) -> int:
        """The exit code without ``--fix``."""
        trend, code = self.wanted.trend, self.totals.exit_code
        return trend.exit_code(code, new_only=self.wanted.new_only) if trend else code

    def texts(self) -> Iterator[str]:
        """The accounts' entries, in the order of their ids."""
        for account in sorted(self._places):
            start, size = self._places[account]
            self.spool.seek(start)
            yield self.spool.read(size).decode()

    def write_page(self) -> None:
        """The page, if one was asked for. Raises ``UnexpectedError``: nothing is fixed without the record."""
        if self.wanted.html is not None:
            now = self.organization.pipeline.clock.now()
            write_page(self.wanted.html, "".join(organization_page(map(json.loads, self.texts()), self.totals, now)))

    def all(self, code: int, more: Json) -> None:
        """The whole answer; ``more`` are further entries of the document."""
        wanted, endpoints = self.wanted, self.endpoints
        found = wanted.trend.found if wanted.trend else None
        source = wanted.trend.source if wanted.trend else ""
        match wanted.output:
            case AuditOutput.TEXT:
                self.text(fixing=wanted.fix is not None)
            case AuditOutput.JSON:
                entries = {**more, **({"comparison": comparison_document(found, source)} if found else {})}
                for part in organization_json(self.texts(), self.totals, wanted.role_name, endpoints, code, entries):
                    write_answer(part)
            case AuditOutput.MARKDOWN:
                for part in organization_markdown(self.lines, self.totals, endpoints):
                    write_answer(part)
                if found:
                    write_answer(comparison_markdown(found, source, several=True))
            case AuditOutput.CSV:
                for part in organization_csv(self.lines):
                    write_answer(part)
            case AuditOutput.SARIF:
                accounts = [AccountFindings(one.member.account, one.findings, one.partition) for one in self.lines]
                write_answer(to_text(audit_sarif(accounts, code, found, several=True)))

    def text(self, *, fixing: bool = False) -> None:
        """The answer for people; quiet: the summary."""
        terminal, trend = self.run.terminal, self.wanted.trend
        if terminal.quiet:
            terminal.print([prose((self.totals.summary, "bold"))])
            return
        words, endpoints = self.organization.words, self.endpoints
        rows = organization_lines(
            self.lines, self.totals, endpoints, words, columns(), verbose=terminal.verbose, fixing=fixing
        )
        terminal.print(rows + (comparison_lines(trend.found, trend.source, several=True) if trend else []))


class _Fixing:
    """Shows all accounts' plans, asks once, and makes them one account after the other."""

    def __init__(
        self,
        run: Session,
        report: _Report,
        fixes: Fixes,
        state: FixState | None,
        manner: RunOptions,
        skipped: frozenset[str],
    ) -> None:
        self._run, self._report, self._state, self._manner, self._skipped = run, report, state, manner, skipped
        self._fixes = fixes
        self._agreed = False
        self._text = report.wanted.output is AuditOutput.TEXT

    def run_all(self) -> int:
        """The exit code: of the accounts' changes the first that is not 0, else how all accounts stand afterwards."""
        plans = self._fixes.in_order()
        digest = self._fixes.require_digest(self._manner.expect)
        if self._text:
            self._report.text(fixing=True)
            if plans and not self._run.terminal.quiet:
                for one in plans:
                    shown = plan_lines(one.plan._replace(endpoints=()))
                    self._run.terminal.print([line(""), line(f"Account {one.member}", "bold"), *shown])
                self._run.terminal.print([line(""), line(f"Plan of all accounts: {digest}")])
        if plans and not self._manner.dry_run:
            self._agreed = self._ask(plans)
        failed = False
        codes: list[int] = []
        done: list[Json] = []
        told = []
        for one in plans:
            results = one.pipeline.try_out(one.plan) if self._manner.dry_run else self._apply(one)
            plan, after = as_made(one.plan, results), one.afterwards(results)
            code = exit_code(plan, results)
            failed = failed or any(isinstance(one, FailedChange) for one in results)
            codes.append(code or (EXIT_OK if self._manner.dry_run else after.code))
            entry = plan_document(plan, results, dry_run=self._manner.dry_run, code=code)
            entry["access_after"] = {"pairs": after.pairs, "allowed": after.allowed}
            done.append({"account": one.member.account, **entry})
            told += [line(""), line(f"Account {one.member}", "bold")]
            if not self._text and len(plan.outcomes) >= MANY:  # which text shows with the plan
                told += [*pair_lines(plan.outcomes), line("")]
            told += closing_lines(plan, results, self._run.words, dry_run=self._manner.dry_run)
            have = "would have access" if self._manner.dry_run else "have access now"
            told.append(line(f"{after.allowed:,} of {count(after.pairs, 'pair')} {have}."))
            for error in errors_of(plan, results):
                self._run.terminal.tell(error)
            if self._state is not None and code == EXIT_OK:
                self._state.finish(one.member.account, after.code)
        code = self._code(codes, {one.member.account for one in plans})
        if self._state is not None:
            self._state.end()
        written = self._run.journal.told() if failed and not self._manner.dry_run else ""
        self._print(told or [line(""), line("Nothing to fix.")], code, digest, done, written)
        return code

    def _print(self, told: list[Any], code: int, digest: str, done: list[Json], written: str) -> None:
        """``written``: what was sent to AWS and became of it, where a change failed."""
        if written:
            self._run.terminal.print([prose(written)], err=True)
        if self._text:
            self._run.terminal.print(told)
            return
        fix: Json = {"dry_run": self._manner.dry_run, "digest": digest, "accounts": done}
        if written:
            fix["written"] = written
        self._report.all(code, {"fix": fix})
        if self._report.wanted.output is not AuditOutput.JSON:
            self._run.terminal.print(told, err=True)

    def _code(self, codes: list[int], fixed: set[str]) -> int:
        failed = [code for code in codes if code not in (EXIT_OK, EXIT_PENDING, EXIT_DENIED)]
        if failed:
            return failed[0]
        if self._manner.dry_run and self._manner.exit_code and fixed:
            return EXIT_PENDING
        others = [one.code for one in self._report.lines if self._manner.dry_run or one.member.account not in fixed]
        earlier = [self._state.finished[account] for account in self._skipped] if self._state else []
        found = {*others, *earlier, *([] if self._manner.dry_run else codes)}
        return next((code for code in (EXIT_PENDING, EXIT_DENIED) if code in found), EXIT_OK)

    def _ask(self, plans: list[AccountFix]) -> bool:
        """Did somebody say yes? Nobody is asked where there is no terminal. Ends the command without a yes."""
        if self._manner.yes or not self._run.terminal.asks:
            return False
        changes = sum(len(one.plan.changes) for one in plans)
        question = f"Make {count(changes, 'change')} in {count(len(plans), 'account')}?"
        if not self._run.terminal.confirm(question):
            self._run.terminal.print([line("Nothing was written to AWS.")], err=True)
            raise typer.Exit(EXIT_UNEXPECTED)
        return True

    def _apply(self, one: AccountFix) -> tuple[AppliedChange | FailedChange, ...]:
        self._run.progress = one.pipeline.progress = progress_on(self._run.terminal)
        try:
            one.pipeline.progress.step(f"fixing account {one.member}")
            one.require_current(agreed=self._agreed)
            return one.pipeline.apply(one.plan, expected=self._manner.expect is not None)
        except FcsseError as error:  # this account has to be looked at again; the others are not concerned
            return tuple(FailedChange(change, error) for change in one.plan.changes)
        finally:
            self._run.progress.stop()
