"""An audit for people at a terminal: a summary line, then findings, the worst first, in the width there is. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.audit_documents import at_once, fixable
from fcsse.cli.output.lines import Line, line, wrapped
from fcsse.cli.output.observed import note_lines, observed_lines, sum_of
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import ACCESS_MISSING, Severity, kind_of
from fcsse.commands.audit.report import Audit
from fcsse.endpoint import endpoints_text
from fcsse.text import count

STYLES = {
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFO: "dim",
}
MARGIN = 10
"""Width of the column of severities, and so where the text begins."""

LEAST, MOST = 50, 140
"""Widths between which the terminal's own is used."""


MOST_COMMANDS, LONG = 3, 400
"""So many commands, and of so many characters, are shown without -v: a link of many caches would hide the table."""


def audit_lines(
    audit: Audit, width: int, *, verbose: int = 0, wrap_summary: bool = False, fixing: bool = False
) -> list[Line]:
    """The whole answer. ``verbose``: with each finding's reasons, and every pair's verdict.

    ``fixing``: it is ``--fix`` that shows it.
    """
    room = max(LEAST, min(MOST, width)) - MARGIN
    summary = wrapped(audit.summary, max(LEAST, width)) if wrap_summary else [audit.summary]
    out: list[Line] = [line(text, "bold") for text in summary]
    if audit.facts.off:
        out.append(
            line(
                f"Not turned on for the account, or closed to these credentials, so not read: {', '.join(audit.facts.off)}.",
                "dim",
            )
        )
    if audit.findings:
        out += [line(""), line(f"{'SEVERITY':<{MARGIN}}FINDING", "bold")]
        for finding in audit.findings:
            out += _finding(finding, room, verbose)
    if verbose and audit.judged:
        out += [line(""), *_pairs(audit)]
    if audit.observed is not None:
        out += [line(""), *_record(audit, room + MARGIN, verbose)]
    if audit.endpoints:
        out += [line(""), line(f"Endpoint: {endpoints_text(audit.endpoints)}")]
    closing = _closing(audit, room + MARGIN, verbose, fixing=fixing)
    return out + ([line(""), *closing] if closing else [])


def _finding(finding: Finding, room: int, verbose: int) -> list[Line]:
    first, *more = wrapped(finding.title, room)
    out: list[Line] = [((f"{finding.severity.value:<{MARGIN}}", STYLES[finding.severity]), (first, ""))]
    out += [_beneath(text) for text in more]
    reasons = finding.detail if verbose else finding.detail[:1] if kind_of(finding.code).reason_always else ()
    out += [_beneath(text, "dim") for one in reasons for text in wrapped(one, room)]
    # Its command says all there is to do about it, unless something hinders a plain link.
    plain = finding.code == ACCESS_MISSING.code and finding.commands and finding.fix is not Fix.NO
    if finding.remedy and (verbose or not plain):
        out += [_beneath(text) for text in wrapped(finding.remedy, room)]
    # A command stays on one line, however long, so that it can be copied.
    commands = finding.commands if verbose else [one for one in finding.commands[:MOST_COMMANDS] if len(one) <= LONG]
    out += [_beneath(f"$ {command}", "green") for command in commands]
    if (hidden := len(finding.commands) - len(commands)) > 0:
        told = f"and {count(hidden, 'more command')}" if commands else count(hidden, "long command")
        out.append(_beneath(f"{told}: -v shows {'it' if hidden == 1 else 'them'}", "dim"))
    return out


def findings_lines(findings: Sequence[Finding], width: int, verbose: int) -> list[Line]:
    """The table of findings alone, under its head."""
    room = max(LEAST, min(MOST, width)) - MARGIN
    out: list[Line] = [line(f"{'SEVERITY':<{MARGIN}}FINDING", "bold")] if findings else []
    for finding in findings:
        out += _finding(finding, room, verbose)
    return out


def _beneath(text: str, style: str = "") -> Line:
    return ((" " * MARGIN, ""), (text, style))


PAIR_STYLES = {"allowed": "green", "partly": "yellow", "denied": "red", "unknown": "yellow"}


def _pairs(audit: Audit) -> list[Line]:
    caches = max(len("CACHE"), *(len(one.pair.cache or "") for one in audit.judged))
    buckets = max(len("BUCKET"), *(len(one.pair.bucket) for one in audit.judged))
    out = [line(f"{'CACHE':<{caches}}  {'BUCKET':<{buckets}}  {'ACCESS':<8}  GIVEN BY", "bold")]
    for one in audit.judged:
        start = f"{one.pair.cache or '':<{caches}}  {one.pair.bucket:<{buckets}}  "
        by = ", ".join(one.by) if one.by else "" if not one.allowed else "no key of its own is involved"
        out.append(((start, ""), (f"{one.verdict:<8}  ", PAIR_STYLES[one.verdict]), (by, "")))
    return out


def _record(audit: Audit, room: int, verbose: int) -> list[Line]:
    """What AWS recorded: the sum, each pair's with ``-v``, and what limits it."""
    observed = audit.observed
    if observed is None:
        return []
    out = [line(f"Recorded by AWS (CloudTrail): {sum_of(observed)}", "bold")]
    if verbose:
        for one in audit.judged:
            if any(seen.last for seen in observed.of(one.pair)):
                out += [line(f"{one.pair}:"), *observed_lines(observed, one.pair)[1:]]
    texts = ["".join(text for text, _ in parts) for parts in note_lines(observed)]
    return [*out, *(line(part, "dim") for text in texts for part in wrapped(text, room))]


def _closing(audit: Audit, room: int, verbose: int, *, fixing: bool) -> list[Line]:
    out: list[Line] = []
    number, command = at_once(audit)
    if number and not fixing:
        told = f"{fixable(number, len(audit.findings))}:"
        one = f"{told} {command}"
        out += [line(one)] if len(one) <= room else [line(told), line(f"$ {command}", "green")]
    if audit.findings and not verbose:
        more = wrapped("More: -v (reasons, every pair), --html FILE (one page)", room)
        out += [line(part, "dim") for part in more]
    return out
