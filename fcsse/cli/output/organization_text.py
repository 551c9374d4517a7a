"""The audit of many accounts at a terminal: the sums, a line for each account, then findings grouped by account. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.audit_text import findings_lines
from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.organization_documents import AccountLine, fixable
from fcsse.commands.audit.organization import Totals
from fcsse.endpoint import Endpoint, endpoints_text
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import count


def organization_lines(
    lines: Sequence[AccountLine],
    totals: Totals,
    endpoints: Sequence[Endpoint],
    words: CommandBuilder,
    width: int,
    *,
    verbose: int = 0,
    fixing: bool = False,
) -> list[Line]:
    """The whole answer. ``fixing``: it is ``--fix`` that shows it."""
    out: list[Line] = [prose((totals.summary, "bold")), line("")]
    name = max([len("NAME"), *(len(one.member.name) for one in lines)])
    out.append(line(f"{'ACCOUNT':<12}  {'NAME':<{name}}  {'PAIRS':>7}  {'ACCESS':>7}  FINDINGS", "bold"))
    for one in lines:
        numbers = f"{one.pairs:>7,}  {one.allowed:>7,}" if one.read else f"{'not read':>16}"
        style = "" if one.read and one.pairs == one.allowed else "yellow"
        out.append(
            line(f"{one.member.account:<12}  {one.member.name:<{name}}  {numbers}  {len(one.findings):,}", style)
        )
    for one in lines:
        if one.findings:
            out += [line(""), line(f"Account {one.member}", "bold")]
            if one.off:
                out.append(
                    line(
                        f"Not turned on for the account, or closed to these credentials, so not read: {', '.join(one.off)}.",
                        "dim",
                    )
                )
            out += findings_lines(one.findings, width, verbose)
    if endpoints:
        out += [line(""), line(f"Endpoint: {endpoints_text(endpoints)}")]
    closing: list[Line] = []
    number, pruning = fixable(lines)
    if number and not fixing:
        command = words.audit("--fix", *["--prune-orphans"] * pruning, "--dry-run")
        closing += [line(f"--fix can fix {count(number, 'finding')}:"), line(f"$ {command}", "green")]
    if any(finding.commands for one in lines for finding in one.findings):
        closing.append(prose(("Run the commands of an account with credentials of that account.", "dim")))
    return out + ([line(""), *closing] if closing else [])
