"""The audit of many accounts as one page of HTML that needs no network, however many pairs there are.

Pairs and findings are data in the page, and only the rows in view are drawn, so that 100,000 pairs open at once. Summary
and accounts are plain HTML: they print, and are there without scripts. Names stand in tables that rows point into. Pure
but for its templates.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any

from fcsse.cli.output.html_text import SIGNS, WORDS, text
from fcsse.cli.output.lines import visible
from fcsse.commands.audit.organization import Totals

SEVERITIES = ("high", "medium", "low", "info")
MOST_PRINTED = 500
"""Findings that are printed, the worst first; paper is no place for more."""


class _Names:
    """Texts, each once, by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __call__(self, name: str | None) -> int:
        return self._numbers.setdefault(visible(name or ""), len(self._numbers))

    @property
    def all(self) -> list[str]:
        return list(self._numbers)


def organization_page(documents: Iterable[Mapping[str, Any]], totals: Totals, now: datetime) -> Iterator[str]:
    """The page, piece by piece. ``documents``: the accounts' entries of the JSON document, in order."""
    folder = files("fcsse.cli.output")
    style = (folder / "audit_page" / "page.css").read_text(encoding="utf-8") + (
        folder / "organization_page" / "page.css"
    ).read_text(encoding="utf-8")
    script = (folder / "organization_page" / "page.js").read_text(encoding="utf-8")
    names = _Names()
    rows: list[str] = []
    findings: list[tuple[int, list[Any]]] = []
    accounts: list[str] = []
    for number, one in enumerate(documents):
        places = {}
        for finding in one["findings"]:
            places[finding["id"]] = len(findings)
            findings.append((SEVERITIES.index(finding["severity"]), _finding(number, finding, names)))
        rows += [_pair(number, pair, names, places) for pair in one["pairs"]]
        accounts.append(_account(number, one))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>fcsse audit of {totals.accounts:,} accounts</title>\n<style>{style}</style>\n</head>\n<body>\n"
    yield _head(totals, now)
    heads = "".join(f'<th scope="col">{name}</th>' for name in HEADS)
    yield f'<h2 id="accounts">Accounts</h2><div class="scroll"><table class="accounts"><thead><tr>{heads}</tr></thead><tbody>'
    yield from accounts
    yield f"</tbody></table></div>\n{_filters(totals)}\n"
    yield _list("findings", "Findings", ("Severity", "Account", "Finding", "Title"))
    yield _list("pairs", "Every pair", ("Account", "Cache", "Bucket", "Access", "Why", "Key"))
    yield from _printed(findings, names)
    data = ",".join(rows)
    listed = json.dumps([row for _, row in findings], separators=(",", ":"))
    texts = json.dumps(names.all, separators=(",", ":"))
    yield '<script type="application/json" id="data">'
    yield f'{{"names":{_inert(texts)},"findings":{_inert(listed)},"pairs":[{data}]}}</script>\n'
    yield f"<script>{script}</script>\n</body>\n</html>\n"


HEADS = ("Account", "Name", "Pairs", "Access", "In part", "None", "Unknown", "High", "Medium", "Low", "Info")


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _inert(source: str) -> str:
    """JSON that cannot end the element it stands in. Source: HTML standard, restrictions of script elements."""
    return source.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _pair(account: int, pair: Mapping[str, Any], names: _Names, places: Mapping[str, int]) -> str:
    why = (
        f"by {', '.join(pair['decided_by'])}" if pair["access"] == "allowed" and pair["decided_by"] else pair["verdict"]
    )
    about = ",".join(str(places[name]) for name in pair["findings"] if name in places)
    verdict = list(WORDS).index(pair["access"])
    key = names(pair["key"])
    return f"[{account},{names(pair['cache'])},{names(pair['bucket'])},{verdict},{names(_short(why))},{key},[{about}]]"


def _short(why: str) -> str:
    """Why, without the names that stand in the other columns: so that equal reasons are one text."""
    return why.partition(": ")[2] or why if ": " in why else why


def _finding(account: int, finding: Mapping[str, Any], names: _Names) -> list[Any]:
    texts = [*finding["detail"], *([finding["remedy"]] if finding["remedy"] else [])]
    return [
        account,
        SEVERITIES.index(finding["severity"]),
        names(finding["code"]),
        names(finding["id"]),
        visible(finding["title"]),
        [visible(one) for one in texts],
        [visible(one) for one in finding["commands"]],
    ]


def _account(number: int, one: Mapping[str, Any]) -> str:
    summary = one.get("summary")
    cells: list[int | str] = (
        [len(one["pairs"]), *summary["verdicts"].values(), *summary["findings"].values()]
        if summary
        else ["not read", "", "", "", "", *_severities(one)]
    )
    shown = "".join(f"<td>{text(f'{cell:,}' if isinstance(cell, int) else cell)}</td>" for cell in cells)
    return (
        f'<tr data-a="{number}"><th scope="row" class="mono">{text(one["account"])}</th>'
        f"<td>{text(one['name'])}</td>{shown}</tr>"
    )


def _severities(one: Mapping[str, Any]) -> list[int]:
    return [sum(finding["severity"] == name for finding in one["findings"]) for name in SEVERITIES]


def _head(totals: Totals, now: datetime) -> str:
    counts = totals.counts
    pairs = "".join(
        f'<li class="{name}"><b>{counts["verdicts"][name]:,}</b>{SIGNS[name]} {word}</li>'
        for name, word in WORDS.items()
        if counts["verdicts"][name]
    )
    findings = "".join(
        f'<li class="{name}"><b>{number:,}</b>{name}</li>' for name, number in counts["findings"].items() if number
    )
    return (
        f"<header><h1>fcsse audit</h1><p>{text(totals.summary)}</p>"
        f'<p class="soft">Made {now:%Y-%m-%d %H:%M} UTC, by the documented rules of key policies, grants and bucket policies. '
        "VPC endpoint policies cannot be seen from here.</p>"
        '<nav><a href="#accounts">Accounts</a><a href="#findings">Findings</a><a href="#pairs">Pairs</a></nav>'
        f'<div class="totals"><section><h2>Pairs</h2><ul class="tiles">{pairs}</ul></section>'
        f'<section><h2>Findings</h2><ul class="tiles">{findings}</ul></section></div></header>\n'
        "<noscript><p>Findings and pairs are listed where scripts are allowed.</p></noscript>\n"
    )


def _filters(totals: Totals) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="severity" value="{place}" checked> {name}</label>'
        for place, name in enumerate(SEVERITIES)
        if totals.severities[name]
    )
    verdicts = "".join(
        f'<option value="{place}">{SIGNS[name]} {word}</option>' for place, (name, word) in enumerate(WORDS.items())
    )
    return (
        '<form class="filters" hidden autocomplete="off">'
        '<label>Text <input type="search" name="text" placeholder="account, cache, bucket, key, words"></label>'
        '<label>Account <select name="account"><option value="">all</option></select></label>'
        f"<fieldset>{boxes}</fieldset>"
        f'<label>Verdict <select name="verdict"><option value="">all</option>{verdicts}</select></label>'
        '<button type="reset">Reset</button><output name="shown" class="soft"></output></form>'
    )


def _list(name: str, title: str, heads: Iterable[str]) -> str:
    cells = "".join(f'<span role="columnheader">{head}</span>' for head in heads)
    return (
        f'<section class="listed"><h2 id="{name}">{title}</h2>'
        f'<div class="list {name}" role="table" tabindex="0" aria-label="{title}"><div class="head" role="row">{cells}</div>'
        '<div class="space"></div></div></section>'
    )


def _printed(findings: list[tuple[int, list[Any]]], names: _Names) -> Iterator[str]:
    """The worst findings as plain HTML, for paper."""
    texts = names.all
    worst = sorted(findings, key=lambda one: one[0])[:MOST_PRINTED]
    rows = "".join(
        f"<tr><td>{SEVERITIES[rank]}</td><td>{text(texts[row[3]])}</td><td>{text(row[4])}</td></tr>"
        for rank, row in worst
    )
    more = f"<p>The worst {len(worst):,} of {len(findings):,} findings.</p>" if len(worst) < len(findings) else ""
    yield f'<section class="printed"><h2>Findings</h2>{more}<table><tbody>{rows}</tbody></table></section>\n'
