"""``fcsse audit --organization --fix``: all accounts' plans are shown, one question is asked, and account after account is fixed."""

from __future__ import annotations

from typing import Any

import typer

from fcsse.apply.apply import AppliedChange, FailedChange, as_made
from fcsse.cli.link import RunOptions
from fcsse.cli.options.output import AuditOutput
from fcsse.cli.organization_report import Report
from fcsse.cli.output.documents import Json, declined
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.plan import MANY, closing_lines, errors_of, pair_lines, plan_lines
from fcsse.cli.output.plan_documents import plan_document
from fcsse.cli.output.spinner import progress_on
from fcsse.cli.session import Session
from fcsse.commands.audit.fix_state import FixState
from fcsse.commands.audit.organization_fix import AccountFix, Fixes
from fcsse.errors import EXIT_DENIED, EXIT_OK, EXIT_PENDING, EXIT_UNEXPECTED, FcsseError
from fcsse.pipeline import exit_code
from fcsse.text import count


class Fixing:
    """Shows all accounts' plans, asks once, and makes them one account after the other."""

    def __init__(
        self,
        run: Session,
        report: Report,
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
        digest = self._fixes.require_digest(self._manner.expect, len(self._skipped))
        if self._text:
            self._report.text(fixing=True)
            if plans and not self._run.terminal.quiet:
                self._show(plans, digest)
        if plans and not self._manner.dry_run:
            self._agreed = self._ask(plans, digest)
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

    def _show(self, plans: list[AccountFix], digest: str, *, err: bool = False) -> None:
        for one in plans:
            shown = plan_lines(one.plan._replace(endpoints=()))
            self._run.terminal.print([line(""), line(f"Account {one.member}", "bold"), *shown], err=err)
        self._run.terminal.print([line(""), line(f"Plan of all accounts: {digest}")], err=err)

    def _ask(self, plans: list[AccountFix], digest: str) -> bool:
        """Did somebody say yes? Nobody is asked where there is no terminal. Ends the command without a yes."""
        if self._manner.yes or not self._run.terminal.asks:
            return False
        if not (self._text and self._run.terminal.shows_answer):
            self._show(plans, digest, err=True)
        changes = sum(len(one.plan.changes) for one in plans)
        question = f"Make {count(changes, 'change')} in {count(len(plans), 'account')}?"
        if not self._run.terminal.confirm(question):
            self._run.terminal.print([line("Nothing was written to AWS.")], err=True)
            if self._report.wanted.output is AuditOutput.JSON:
                fix: Json = {"dry_run": False, "digest": digest, "accounts": []}
                self._report.all(EXIT_UNEXPECTED, declined({"fix": fix}))
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
