"""The one report of an audit of many accounts, in every form.

Each account's pairs go to a temporary file as soon as the account is audited, so that memory does not grow with them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple

from fcsse.cli.earlier_audit import Trend
from fcsse.cli.html_file import write_page
from fcsse.cli.link import RunOptions
from fcsse.cli.options.aws import AwsSettings
from fcsse.cli.options.output import AuditOutput
from fcsse.cli.output.audit_comparison import comparison_document, comparison_lines, comparison_markdown
from fcsse.cli.output.audit_sarif import AccountFindings, audit_sarif
from fcsse.cli.output.documents import Json, to_text
from fcsse.cli.output.lines import prose
from fcsse.cli.output.organization_documents import (
    AccountEntry,
    AccountLine,
    organization_csv,
    organization_json,
    organization_markdown,
)
from fcsse.cli.output.organization_html import organization_page
from fcsse.cli.output.organization_text import organization_lines
from fcsse.cli.output.terminal import columns, write_answer
from fcsse.cli.session import Session
from fcsse.commands.audit.organization import Totals
from fcsse.commands.audit.organization_run import Organization
from fcsse.endpoint import Endpoint
from fcsse.errors import UnexpectedError


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


class Report:
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
        self.other_endpoints.update(one.line.endpoints)
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
        """Those other than AWS's own that were asked, by the caller or as an account's role, each once, by service."""
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
