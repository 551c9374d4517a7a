"""The answer of ``audit``, in the form that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from fcsse.apply.apply import AppliedChange, FailedChange
from fcsse.cli import explicit_options
from fcsse.cli.earlier_audit import Trend
from fcsse.cli.options.output import AuditOutput
from fcsse.cli.output.audit_comparison import comparison_document, comparison_lines, comparison_markdown
from fcsse.cli.output.audit_documents import audit_csv, audit_document, audit_markdown
from fcsse.cli.output.audit_sarif import AccountFindings, audit_sarif
from fcsse.cli.output.audit_text import audit_lines
from fcsse.cli.output.documents import Json, to_text
from fcsse.cli.output.lines import line, prose
from fcsse.cli.output.plan import MANY, closing_lines, errors_of, pair_lines, plan_lines
from fcsse.cli.output.plan_documents import plan_document, plan_markdown
from fcsse.cli.output.terminal import columns, is_terminal, write_answer
from fcsse.cli.session import Session
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.errors import EXIT_UNEXPECTED
from fcsse.planning.plan import Plan
from fcsse.text import count


@dataclass(slots=True)
class AuditAnswer:
    """Says an audit in the form that was asked for."""

    run: Session
    output: AuditOutput
    answer: Audit
    trend: Trend | None = None

    def document(self, code: int, fix: Json | None = None) -> Json:
        """The JSON document, with the comparison where one was asked for."""
        document = audit_document(self.answer, code, fix)
        if self.trend is not None:
            document["comparison"] = comparison_document(self.trend.found, self.trend.source)
        return document

    def markdown(self) -> str:
        """The same in Markdown."""
        text = audit_markdown(self.answer)
        return text + comparison_markdown(self.trend.found, self.trend.source) if self.trend else text

    def all(self, code: int) -> None:
        """The whole answer of an audit without ``--fix``."""
        match self.output:
            case AuditOutput.TEXT:
                self.text()
            case AuditOutput.JSON:
                write_answer(to_text(self.document(code)))
            case AuditOutput.MARKDOWN:
                write_answer(self.markdown())
            case AuditOutput.CSV:
                write_answer(audit_csv(self.answer))
            case AuditOutput.SARIF:
                write_answer(to_text(self.sarif(code)))

    def sarif(self, code: int) -> Json:
        """The log for code-scanning views."""
        facts = self.answer.facts
        found = AccountFindings(facts.account, self.answer.findings, facts.partition)
        return audit_sarif([found], code, self.trend.found if self.trend else None)

    def text(self, *, fixing: bool = False) -> None:
        """The answer for people; quiet: the summary."""
        if self.run.terminal.quiet:
            self.run.terminal.print([line(self.answer.summary, "bold")])
            return
        verbose, seen = self.run.terminal.verbose, is_terminal(sys.stdout)
        self.run.terminal.print(audit_lines(self.answer, columns(), verbose=verbose, wrap_summary=seen, fixing=fixing))
        if self.trend is not None:
            self.run.terminal.print(comparison_lines(self.trend.found, self.trend.source))

    def plan(self, plan: Plan) -> None:
        """What is about to be changed, before a question is asked."""
        if self.output is AuditOutput.TEXT:
            self.text(fixing=True)
            if plan.changes and not self.run.terminal.quiet:
                # The audit above says where AWS was asked.
                self.run.terminal.print([line(""), *plan_lines(plan._replace(endpoints=()))])
            elif plan.changes:
                for warning in dict.fromkeys(warning for outcome in plan.outcomes for warning in outcome.warnings):
                    self.run.terminal.warn(warning)

    def undone(self, plan: Plan) -> Json:
        """The document where the question whether to carry the plan out is answered with no."""
        fix = plan_document(plan, (), dry_run=False, code=EXIT_UNEXPECTED)
        return self.document(EXIT_UNEXPECTED, fix)

    def fixed(
        self,
        plan: Plan,
        results: Sequence[AppliedChange | FailedChange],
        after: Sequence[PairAudit],
        *,
        dry_run: bool,
        code: int,
    ) -> None:
        """What was changed, or would be, and how the account stands then."""
        there = sum(one.allowed for one in after)
        have = "would have access" if dry_run else f"{'has' if there == 1 else 'have'} access now"
        told = f"{there:,} of {count(len(after), 'pair')} {have}."
        failed = not dry_run and any(isinstance(one, FailedChange) for one in results)
        written = self.run.journal.told() if failed else ""
        apply_by = explicit_options.again("audit", "--expect", plan.digest) if dry_run else ""
        lines = closing_lines(plan, results, self.run.words, dry_run=dry_run, apply_by=apply_by) or [
            line("Nothing to fix.")
        ]
        match self.output:
            case AuditOutput.TEXT:
                self.run.terminal.print([line(""), *lines, line(told, "bold")])
            case AuditOutput.JSON:
                fix = plan_document(plan, results, dry_run=dry_run, code=code, told=written)
                fix["access_after"] = {"pairs": len(after), "allowed": there}
                write_answer(to_text(self.document(code, fix)))
            case AuditOutput.MARKDOWN:
                changes = (
                    plan_markdown(plan, results, self.run.words, dry_run=dry_run)
                    if plan.changes
                    else "Nothing to fix.\n"
                )
                write_answer(f"{self.markdown()}\n{changes}\n{told}\n")
            case AuditOutput.CSV | AuditOutput.SARIF:  # they hold the findings, so the changes are told beside them
                self.all(code)
                pairs = [*pair_lines(plan.outcomes), line("")] if len(plan.outcomes) >= MANY else []
                self.run.terminal.print([*pairs, *lines, line(told)], err=True)
        for error in errors_of(plan, results):
            self.run.terminal.tell(error)
        if written:
            self.run.terminal.print([prose(written)], err=True)
