"""The audit of many accounts for programs: JSON an account at a time, CSV rows, Markdown. Pure.

The document is put together from the accounts' texts, so that nobody has to hold all pairs at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from fcsse.cli.output.audit_documents import COLUMNS, MARKS, audit_document, finding_cells
from fcsse.cli.output.csv_rows import csv_row
from fcsse.cli.output.documents import Json, endpoint_markdown, error_entry, escaped, escaped_in_html
from fcsse.cli.output.lines import visible
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.organization import AccountAudit, Totals
from fcsse.endpoint import Endpoint, endpoints_entry
from fcsse.model import DOCUMENT_SCHEMA, Member
from fcsse.text import count


class AccountLine(NamedTuple):
    """What stays of an account once its pairs are on disk."""

    member: Member
    findings: tuple[Finding, ...]
    code: int
    summary: str
    read: bool
    pairs: int = 0
    allowed: int = 0
    off: tuple[str, ...] = ()
    partition: str = "aws"
    endpoints: tuple[Endpoint, ...] = ()

    @classmethod
    def of(cls, one: AccountAudit) -> AccountLine:
        """What is shown of an account besides its pairs."""
        if one.audit is None:
            return cls(one.member, one.findings, one.exit_code, one.findings[0].title, read=False)
        facts, verdicts = one.audit.facts, one.audit.verdicts
        return cls(
            one.member,
            one.findings,
            one.exit_code,
            one.audit.summary,
            True,
            len(one.audit.judged),
            verdicts["allowed"],
            facts.off,
            facts.partition,
            one.audit.endpoints,
        )


def account_document(one: AccountAudit) -> dict[str, Any]:
    """An account's entry. Of one that was read it has all that a single account's document has."""
    head: dict[str, Any] = {
        "account": one.member.account,
        "name": one.member.name,
        "state": one.member.state,
        "exit_code": one.exit_code,
        "error": error_entry(one.error) if one.error else None,
    }
    if one.audit is None:
        findings = [_unread(finding, f"{one.member.account}/F{place}") for place, finding in enumerate(one.findings, 1)]
        return {**head, "regions": [], "pairs": [], "findings": findings}
    document: dict[str, Any] = dict(audit_document(one.audit, one.exit_code))
    for name in ("schema", "command", "endpoints", "account", "exit_code"):
        document.pop(name, None)
    for finding in document["findings"]:
        finding["id"] = f"{one.member.account}/{finding['id']}"
    for pair, judged in zip(document["pairs"], one.audit.judged, strict=True):
        pair["findings"] = [f"{one.member.account}/{name}" for name in pair["findings"]]
        own = judged.facts is not None and judged.facts.bucket.foreign is False
        pair["bucket_account"] = one.homes.get(judged.pair.bucket) or (one.member.account if own else None)
        pair["key_account"] = pair["key"].split(":")[4] if pair["key"] else None
    return {**head, **document}


def _unread(finding: Finding, name: str) -> Json:
    return {
        "id": name,
        "severity": finding.severity.value,
        "code": finding.code,
        "title": finding.title,
        "detail": list(finding.detail),
        "remedy": finding.remedy,
        "commands": list(finding.commands),
        "fix": finding.fix.value,
        "cache": None,
        "bucket": None,
        "key": None,
        "region": None,
        "pairs": [],
    }


class AccountEntry(NamedTuple):
    """All that a report needs of an account's audit, as values that one process can hand to another.

    ``document`` is the account's entry as a line of ASCII JSON; empty where no form of the answer has it.
    """

    line: AccountLine
    totals: Totals
    document: bytes = b""

    @classmethod
    def of(cls, one: AccountAudit, *, with_document: bool) -> AccountEntry:
        """The entry of an account's audit."""
        totals = Totals()
        totals.add(one)
        text = json.dumps(account_document(one)).encode() if with_document else b""
        return cls(AccountLine.of(one), totals, text)


def organization_json(
    texts: Iterable[str], totals: Totals, role_name: str, endpoints: Sequence[Endpoint], code: int, more: Json
) -> Iterator[str]:
    """The document, piece by piece. ``texts`` are the accounts' in the order of their ids; ``more`` are further entries."""
    head = {"schema": DOCUMENT_SCHEMA, "command": "audit", "exit_code": code, "endpoints": endpoints_entry(endpoints)}
    head |= {"role_name": role_name, "summary": summary_entry(totals), **more}
    yield json.dumps(head, indent=2)[:-2] + ',\n  "accounts": ['
    separator = "\n    "
    for text in texts:
        yield separator + text
        separator = ",\n    "
    yield "\n  ]\n}\n"


def summary_entry(totals: Totals) -> Json:
    """The sums over all accounts."""
    return {
        "text": totals.summary,
        "accounts": totals.accounts,
        "accounts_read": totals.read,
        "accounts_unread": totals.unread,
        "accounts_not_active": totals.closed,
        "accounts_finished_earlier": totals.earlier,
        "pairs": totals.pairs,
        **totals.counts,
    }


def organization_csv(lines: Sequence[AccountLine]) -> Iterator[str]:
    """The findings, one a row, with their account in front."""
    yield csv_row(("account", "account_name", *COLUMNS))
    for one in lines:
        account = one.member.account
        for place, finding in enumerate(one.findings, 1):
            yield csv_row((account, visible(one.member.name), f"{account}/F{place}", *finding_cells(finding)))


def organization_markdown(lines: Sequence[AccountLine], totals: Totals, endpoints: Sequence[Endpoint]) -> Iterator[str]:
    """The summary, a table of accounts, then each account's findings."""
    yield "\n".join(["### fcsse audit", "", escaped(totals.summary), *endpoint_markdown(endpoints), "", ""])
    yield "| account | name | pairs | with access | findings |\n| --- | --- | --- | --- | --- |\n"
    for one in lines:
        access = f"{one.pairs:,} | {one.allowed:,}" if one.read else "not read | "
        yield f"| {one.member.account} | {escaped(one.member.name)} | {access} | {len(one.findings):,} |\n"
    for one in lines:
        if not one.findings:
            continue
        number = count(len(one.findings), "finding")
        yield f"\n<details><summary>{one.member.account} {escaped_in_html(one.member.name)}: {number}</summary>\n\n"
        for place, finding in enumerate(one.findings, 1):
            yield f"**F{place}** {MARKS[finding.severity]}: {escaped(finding.title)}\n\n"
            told = [*finding.detail, *([finding.remedy] if finding.remedy else [])]
            yield "".join(f"- {escaped(text)}\n" for text in told) + "\n"
            if finding.commands:
                ticks = "`" * max(3, 1 + max(map(_ticks, finding.commands)))
                rows = "\n".join(command.replace("\n", " ") for command in finding.commands)
                yield f"{ticks}sh\n{rows}\n{ticks}\n\n"
        yield "</details>\n"


def _ticks(text: str) -> int:
    longest = run = 0
    for sign in text:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    return longest


def fixable(lines: Iterable[AccountLine]) -> tuple[int, bool]:
    """How many findings ``--fix`` can fix, and whether that takes ``--prune-orphans``."""
    found = [finding.fix for one in lines for finding in one.findings if finding.fix is not Fix.NO]
    return len(found), Fix.PRUNE in found
