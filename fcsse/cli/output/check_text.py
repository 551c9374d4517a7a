"""The answer of ``check`` for people: a verdict for each pair, and tables of the requests behind it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from fcsse.cli.output.lines import Line, line, prose
from fcsse.cli.output.observed import (
    observed_lines,
)
from fcsse.cli.output.plan import MANY, capital
from fcsse.cli.output.terminal import Terminal
from fcsse.commands.check import CheckResult
from fcsse.commands.check_notes import older_objects
from fcsse.evaluator.judgement import Row, decider
from fcsse.evaluator.request import NOT_FOR_ALL, Cause
from fcsse.event_history.observed import Observed
from fcsse.link_options import AccessLevel
from fcsse.suggested_commands import CommandBuilder

STYLES = {"allowed": "green", "denied": "red", "unknown": "yellow"}


def check_lines(
    found: Sequence[CheckResult], terminal: Terminal, words: CommandBuilder, width: int | None, record: Observed | None
) -> list[Line]:
    """All answers. Of many pairs, those of a bucket that fare alike share a table, and what all have in common comes once."""
    groups: dict[object, list[CheckResult]] = {}
    for at, one in enumerate(found):
        table = tuple(_table(one, terminal.verbose, width))
        alike = (one.pair.bucket, table, one.notes, one.blocker is None) if len(found) >= MANY else at
        groups.setdefault(alike, []).append(one)
    common, about = _common(found, words) if len(groups) > 1 else ((), ())
    out: list[Line] = []
    for group in groups.values():
        out += [
            *([line("")] if out else []),
            *(headline(one) for one in group),
            *_details(group, terminal, words, width, {*common, *about}),
        ]
        for one in group:
            if record and not one.error:
                out += [line(""), *observed_lines(record, one.pair)]
    return [*out, *([line("")] if common else []), *(prose((note, "dim")) for note in common)]


def _common(found: Sequence[CheckResult], words: CommandBuilder) -> tuple[list[str], set[str]]:
    """The notes that hold for all pairs, said once; and the notes on single buckets that they replace."""
    noted = [one for one in found if one.notes]
    common = [note for note in (noted[0].notes if noted else ()) if all(note in one.notes for one in noted)]
    about = {older_objects(one.pair.bucket, words) for one in noted}
    if len(about) > 1 and all(about.intersection(one.notes) for one in noted):
        return [older_objects("NAME", words), *common], about
    return common, set()


def headline(checked: CheckResult) -> Line:
    """The verdict on a pair in one line."""
    if checked.error:  # which says why
        cache, bucket = checked.pair.cache, checked.pair.bucket
        where = f"s3://{bucket}" if bucket else checked.pair.place
        return prose((f"Whether {cache} can read and write {where} is not known.", f"bold {STYLES['unknown']}"))
    verdicts = {checked.read.value} if checked.level is AccessLevel.READ else {checked.read.value, checked.write.value}
    worst = next(word for word in ("denied", "unknown", "allowed") if word in verdicts)
    return prose((f"{capital(checked.headline)}.", f"bold {STYLES[worst]}"))


def _details(
    group: Sequence[CheckResult], terminal: Terminal, words: CommandBuilder, width: int | None, common: Collection[str]
) -> list[Line]:
    """What stands below the verdicts on pairs that fare alike: the table, what would fix them, and notes but for ``common``."""
    first = group[0]
    table = [] if first.error else _table(first, terminal.verbose, width)
    out = [line(""), *table] if table else []
    remedies: dict[str, None] = {}
    for one in group:
        blocker = one.blocker
        for remedy in one.remedies:
            text = terminal.hint(blocker) if blocker and remedy == blocker.hint else remedy
            remedies.update(dict.fromkeys(row for row in text.split("\n") if row))
    pairs = [one.pair for one in group]
    single = [command for pair in pairs for command in words.link([pair])]
    if list(remedies) == single:
        remedies = dict.fromkeys(words.link(pairs))
    if remedies:
        out += [line(""), line("To fix it:", "bold"), *(prose(f"  {row}") for row in remedies)]
    notes = [note for note in first.notes if note not in common]
    if notes and not first.error:
        out += [line(""), *(prose((note, "dim")) for note in notes)]
    return out


def _table(checked: CheckResult, verbose: int, width: int | None) -> list[Line]:
    """Action, encryption context, verdict, and what decides, which stands below where it would not fit; the needed
    requests first.

    Without ``-v``, the other form is told for reading and writing only, and DescribeKey and S3's actions only where
    there is something to say of them.
    """
    judgement = checked.judgement
    if judgement is None:
        return []
    several = checked.facts is not None and len(set(checked.facts.prefixes)) > 1
    rows: list[tuple[str, str, str, str]] = []
    unused: set[tuple[str, str, str, str]] = set()
    near: dict[str, None] = {}
    for row in judgement.rows:
        if not verbose and (row.asked.form is None or not (row.current or row.asked.needed)):
            continue
        if not verbose and judgement.level is AccessLevel.READ and not judgement.counts(row):
            continue
        entry = (row.asked.action, _form(row, several), row.verdict.value, _why(row))
        if entry not in rows:
            rows.append(entry)
        if not row.current:
            unused.add(entry)
        if row.current and judgement.counts(row) and row.verdict.value != "allowed" and not row.decision.explicit:
            near.update(dict.fromkeys(miss.reason for miss in row.decision.misses[:2]))
    bucket_rows = judgement.bucket_rows or ()
    if verbose or not all(row.allowed for row in bucket_rows):
        for one in bucket_rows:
            what = "bucket policy" + (f" ({one.prefix})" if several and one.prefix else "")
            rows.append((one.action, what, one.decision.verdict.value, one.decision.reason))
    if not rows:
        return []
    heads = ("ACTION", "CONTEXT", "VERDICT", "DECIDED BY")
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    before = sum(widths) + 2 * len(widths)
    narrow = width is not None and any(before + len(row[3]) > width for row in rows)
    if narrow:
        out = _by_decider(rows, unused, widths)
    else:
        out = _row(heads, widths, "bold", "bold")
        for cells in rows:
            dim = "dim" if cells in unused else ""
            out += _row(cells, widths, dim, dim or STYLES[cells[2]])
    if near:
        out += [line(""), line("Closest:", "bold"), *(prose(f"  {reason}") for reason in near)]
    return out


def _form(row: Row, several: bool) -> str:
    """The form, with the prefix where the cache has several in the bucket."""
    if row.asked.form is None:
        return "none"
    text = f"{row.asked.form.value} ARN"
    if several and row.asked.prefix:
        text += f" ({row.asked.prefix})"
    return text if row.current else f"{text} (not in use)"


def _why(row: Row) -> str:
    decision = row.decision
    match decision.verdict.value:
        case "allowed":
            return decider(decision)
        case "denied" if decision.explicit:
            return f"Deny in {decider(decision)}"
        case "denied" if decision.cause is Cause.NOTHING_ALLOWS:
            return f"nothing allows it{NOT_FOR_ALL if decision.partly else ''}"
        case _:
            return decision.reason


def _row(cells: tuple[str, str, str, str], widths: list[int], style: str, verdict_style: str) -> list[Line]:
    action, form, verdict, why = cells
    asked = (f"{action:<{widths[0]}}  {form:<{widths[1]}}  ", style)
    return [(asked, (f"{verdict:<{widths[2]}}  ", verdict_style), (why, style))]


def _by_decider(
    rows: Sequence[tuple[str, str, str, str]], unused: Collection[tuple[str, str, str, str]], widths: list[int]
) -> list[Line]:
    """Where a line has no room for what decides: once, below the requests that it decides."""
    asked = (f"{'ACTION':<{widths[0]}}  {'CONTEXT':<{widths[1]}}  VERDICT", "bold")
    out: list[Line] = [(asked,)]
    for at, cells in enumerate(rows):
        action, form, verdict, why = cells
        dim = "dim" if cells in unused else ""
        out.append(((f"{action:<{widths[0]}}  {form:<{widths[1]}}  ", dim), (verdict, dim or STYLES[verdict])))
        last = at + 1 == len(rows) or (rows[at + 1][3], rows[at + 1][2], rows[at + 1] in unused) != (
            why,
            verdict,
            cells in unused,
        )
        if last:
            out.append(prose(("  decided by  " if verdict == "allowed" else "  ", "dim"), (why, dim)))
    return out
