"""An audit for machines and for other pages: JSON, CSV and GitHub Markdown. Pure.

The JSON keys and CSV columns are a contract: they are added to, and never change their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fcsse.cli.output.csv_rows import csv_row
from fcsse.cli.output.documents import Json, endpoint_markdown, escaped
from fcsse.cli.output.lines import visible
from fcsse.cli.output.observed import observations, observed_document, observed_markdown
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.endpoint import endpoints_entry
from fcsse.model import DOCUMENT_SCHEMA, Pair
from fcsse.text import count

COLUMNS = (
    "id",
    "severity",
    "code",
    "title",
    "caches",
    "bucket",
    "key",
    "region",
    "fix",
    "detail",
    "remedy",
    "commands",
)


def names_of(audit: Audit) -> dict[int, str]:
    """What each finding is called, by its place: ``F1`` and so on."""
    return {place: f"F{place + 1}" for place in range(len(audit.findings))}


def at_once(audit: Audit) -> tuple[int, str]:
    """How many findings --fix would fix, and the command that shows how."""
    fixable = [finding for finding in audit.findings if finding.fix is not Fix.NO]
    pruning = any(finding.fix is Fix.PRUNE for finding in fixable)
    return len(fixable), audit.words.audit("--fix", *["--prune-orphans"] * pruning, "--dry-run")


def fixable(number: int, of: int) -> str:
    """How many of the findings --fix would fix, as a sentence without its stop."""
    return f"fcsse audit --fix can fix {number:,} of {count(of, 'finding')}"


def by_pair(audit: Audit) -> dict[Pair, list[str]]:
    """The names of the findings about each pair."""
    found: dict[Pair, list[str]] = {}
    for place, name in names_of(audit).items():
        for pair in audit.findings[place].pairs:
            found.setdefault(pair, []).append(name)
    return found


def audit_document(audit: Audit, code: int, fix: Json | None = None) -> Json:
    """The document of ``audit``; ``fix`` is that of the changes where ``--fix`` was given."""
    facts = audit.facts
    about = by_pair(audit)
    document: Json = {
        "schema": DOCUMENT_SCHEMA,
        "command": "audit",
        "exit_code": code,
        "endpoints": endpoints_entry(audit.endpoints),
        "account": facts.account,
        "regions": list(facts.regions),
        "regions_off": list(facts.off),
        "regions_unread": [
            {"region": region, "code": error.code, "message": error.message, "hint": error.hint}
            for region, error in facts.unread
        ],
        "summary": {
            "text": audit.summary,
            "pairs": len(audit.judged),
            "verdicts": audit.verdicts,
            "findings": audit.severities,
        },
        "pairs": [_pair(one, about.get(one.pair, []), audit) for one in audit.judged],
        "findings": [_finding(finding, f"F{place}") for place, finding in enumerate(audit.findings, 1)],
    }
    if audit.observed is not None:
        document["observed"] = observed_document(audit.observed)
    if fix is not None:
        document["fix"] = fix
    return document


def _pair(one: PairAudit, findings: list[str], audit: Audit) -> Json:
    document = _verdict(one, findings)
    if audit.observed is not None:
        document["observed"] = observations(audit.observed, one.pair)
    return document


def _verdict(one: PairAudit, findings: list[str]) -> Json:
    encryption = one.facts.bucket.encryption if one.facts else None
    key = one.facts.key if one.facts else None
    return {
        "cache": one.pair.cache,
        "bucket": one.pair.bucket,
        "region": one.region,
        "access": one.verdict,
        "read": one.read.value,
        "write": one.write.value,
        "verdict": one.headline,
        "decided_by": list(one.by),
        "not_read": [source.value for source in one.facts.not_read] if one.facts else [],
        "encryption": encryption.algorithm if encryption else None,
        "bucket_keys": encryption.bucket_keys if encryption and encryption.is_kms else None,
        "key": one.key,
        "key_state": key.state if key else None,
        "findings": findings,
    }


def _finding(finding: Finding, name: str) -> Json:
    return {
        "id": name,
        "severity": finding.severity.value,
        "code": finding.code,
        "title": finding.title,
        "detail": list(finding.detail),
        "remedy": finding.remedy,
        "commands": list(finding.commands),
        "fix": finding.fix.value,
        "cache": finding.cache,
        "bucket": finding.bucket,
        "key": finding.key,
        "region": finding.region,
        "pairs": [{"cache": pair.cache, "bucket": pair.bucket} for pair in finding.pairs],
    }


def audit_csv(audit: Audit) -> str:
    """The findings, one a row, under a row of names."""
    rows = (csv_row((f"F{place}", *finding_cells(finding))) for place, finding in enumerate(audit.findings, 1))
    return "".join((csv_row(COLUMNS), *rows))


def finding_cells(finding: Finding) -> tuple[str, ...]:
    """A finding's cells, from its severity on."""
    return (
        finding.severity.value,
        finding.code,
        visible(finding.title),
        " ".join(dict.fromkeys(pair.cache or "" for pair in finding.pairs)) or finding.cache or "",
        finding.bucket or "",
        finding.key or "",
        finding.region or "",
        finding.fix.value,
        visible(" ".join(finding.detail)),
        visible(finding.remedy),
        "\n".join(map(visible, finding.commands)),
    )


MARKS: Mapping[Severity, str] = {
    Severity.HIGH: "🔴 high",
    Severity.MEDIUM: "🟠 medium",
    Severity.LOW: "🔵 low",
    Severity.INFO: "⚪ info",
}


def audit_markdown(audit: Audit) -> str:
    """The answer as GitHub Markdown: the summary, the table of findings, then what to do about each."""
    out = ["### fcsse audit", "", escaped(audit.summary), *endpoint_markdown(audit.endpoints), ""]
    if audit.facts.off:
        out += [
            f"Not turned on for the account, or closed to these credentials, so not read: {', '.join(audit.facts.off)}.",
            "",
        ]
    if not audit.findings:
        return "\n".join([*out, *_record(audit)])
    out += ["| | severity | finding |", "| --- | --- | --- |"]
    out += [
        f"| F{place} | {MARKS[finding.severity]} | {escaped(finding.title)} |"
        for place, finding in enumerate(audit.findings, 1)
    ]
    number, command = at_once(audit)
    if number:
        out += ["", f"{fixable(number, len(audit.findings))}:", "", *_fenced([command])]
    out += ["", "<details><summary>What to do about each</summary>", ""]
    for place, finding in enumerate(audit.findings, 1):
        out += [f"**F{place}** {escaped(finding.title)}", ""]
        out += [
            *(f"- {escaped(one)}" for one in finding.detail),
            *([f"- {escaped(finding.remedy)}"] if finding.remedy else []),
        ]
        if finding.commands:
            out += ["", *_fenced(finding.commands)]
        out.append("")
    return "\n".join([*out, "</details>", *_record(audit)]) + "\n"


def _record(audit: Audit) -> list[str]:
    """What AWS recorded, where that was asked for."""
    if audit.observed is None:
        return []

    return observed_markdown(audit.observed, [one.pair for one in audit.judged])


def _fenced(commands: Sequence[str]) -> list[str]:
    """The lines of a block of commands, whatever backticks are in them."""
    ticks = "`" * max(3, 1 + max(_run(command) for command in commands))
    return [f"{ticks}sh", *(command.replace("\n", " ") for command in commands), ticks]


def _run(text: str) -> int:
    """The longest run of backticks in a text."""
    longest = run = 0
    for sign in text:
        run = run + 1 if sign == "`" else 0
        longest = max(longest, run)
    return longest
