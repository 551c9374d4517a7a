"""What changed since an earlier audit, for people and for programs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fcsse.cli.output.documents import Json, escaped
from fcsse.cli.output.lines import Line, line
from fcsse.commands.audit.compare import Comparison

STYLES = {"new": "bold red", "gone": "green", "changed": "yellow", "not checked": "yellow"}


def comparison_document(found: Comparison, source: str) -> Json:
    """The entry ``comparison`` of an audit's document."""
    return {
        "with": source,
        "new": [_named(account, one) for account, one in found.new],
        "gone": [_named(account, one) for account, one in found.gone],
        "changed": [
            {
                **_named(one.account, one.now),
                "worse": one.worse,
                "before": {name: one.before[name] for name in ("id", "severity", "title", "pairs")},
            }
            for one in found.changed
        ],
        "not_checked": [_named(account, one) for account, one in found.unchecked],
        "unchanged": found.unchanged,
        "pairs": {
            "new": [_pair(account, one) for account, one in found.pairs_new],
            "gone": [_pair(account, one) for account, one in found.pairs_gone],
            "changed": [{**_pair(account, one), "before": before} for account, one, before in found.pairs_changed],
        },
    }


def _named(account: str, one: Mapping[str, Any]) -> Json:
    return {"account": account, **{name: one[name] for name in ("id", "severity", "code", "title")}}


def _pair(account: str, one: Mapping[str, Any]) -> Json:
    return {"account": account, "cache": one["cache"], "bucket": one["bucket"], "access": one["access"]}


def comparison_summary(found: Comparison, source: str) -> str:
    """One line."""
    parts = [
        f"{len(found.new):,} new",
        f"{len(found.gone):,} gone",
        f"{len(found.changed):,} changed",
        f"{found.unchanged:,} unchanged",
    ]
    parts += [f"{len(found.unchecked):,} not checked this time"] if found.unchecked else []
    pairs = [
        f"{len(group):,} {word}"
        for group, word in ((found.pairs_new, "new"), (found.pairs_gone, "gone"), (found.pairs_changed, "changed"))
        if group
    ]
    told = f" Pairs: {', '.join(pairs)}." if pairs else ""
    return f"Compared with {source}: findings: {', '.join(parts)}.{told}"


def _rows(found: Comparison, *, several: bool) -> Iterable[tuple[str, str]]:
    def where(account: str) -> str:
        return f"account {account}: " if several else ""

    for account, one in found.new:
        yield "new", f"{where(account)}{one['title']}"
    for change in found.changed:
        yield "changed", f"{where(change.account)}{change.now['title']} (before: {change.before['title']})"
    for account, one in found.gone:
        yield "gone", f"{where(account)}{one['title']}"
    for account, one in found.unchecked:
        yield "not checked", f"{where(account)}{one['title']}"
    for account, one, before in found.pairs_changed:
        yield "changed", f"{where(account)}{one['cache']} to {one['bucket']}: {before} before, {one['access']} now"


def comparison_lines(found: Comparison, source: str, *, several: bool = False) -> list[Line]:
    """For a terminal."""
    rows = list(_rows(found, several=several))
    head = [line(""), line(comparison_summary(found, source), "bold")]
    return head + [((f"  {word:<13}", STYLES[word]), (text, "")) for word, text in rows]


def comparison_markdown(found: Comparison, source: str, *, several: bool = False) -> str:
    """For a job's summary."""
    rows = [f"| {word} | {escaped(text)} |" for word, text in _rows(found, several=several)]
    table = ["", "| | |", "| --- | --- |", *rows] if rows else []
    return "\n".join(["", escaped(comparison_summary(found, source)), *table]) + "\n"
