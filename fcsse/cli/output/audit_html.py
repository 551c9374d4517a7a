"""An audit as one page of HTML that needs no network: findings, matrix, picture, every pair. Pure but for its template.

Everything from AWS goes through ``html_text.text``. The page also tells the browser to run no script and apply no
style but its own, by their hashes, so that nothing that slipped through could do anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files

from fcsse.cli.output.audit_documents import at_once, by_pair, fixable
from fcsse.cli.output.audit_matrix import matrix
from fcsse.cli.output.audit_picture import picture
from fcsse.cli.output.html_text import SIGNS, WORDS, prose, text
from fcsse.cli.output.observed import sum_of
from fcsse.commands.audit.finding import Finding, Fix
from fcsse.commands.audit.finding_kinds import Severity
from fcsse.commands.audit.report import Audit
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.event_history.observation_phrases import beside, heading, notes, state
from fcsse.event_history.observed import Observed
from fcsse.model import Pair
from fcsse.text import count

MARKS = {Severity.HIGH: "▲", Severity.MEDIUM: "◆", Severity.LOW: "▼", Severity.INFO: "●"}
"""Severities as signs, beside their word and colour."""

FEW = 8
"""Pairs of a finding that are shown at once."""

LONG_WORD = 48
"""Characters from which a word of a command may be broken."""

FIXES = {Fix.YES: "audit --fix also fixes it.", Fix.PRUNE: "audit --fix --prune-orphans also fixes it."}


def page(audit: Audit, now: datetime) -> str:
    """The whole page. ``now`` is when the audit was made."""
    folder = files("fcsse.cli.output") / "audit_page"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    policy = f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>fcsse audit of {text(audit.facts.account)}</title>",
        f"<style>{style}</style>\n</head>\n<body>",
        _head(audit, now),
        _filters(audit),
        _findings(audit),
    ]
    if audit.judged:
        parts += [
            '<h2 id="matrix">Caches and buckets</h2>',
            matrix(audit.judged, by_pair(audit)),
            '<h2 id="picture">Caches, buckets, keys</h2>',
            picture(audit.judged),
            _pairs(audit),
        ]
    if audit.observed is not None:
        parts.append(_record(audit.observed, [one.pair for one in audit.judged]))
    parts += [_notes(audit), f"<script>{script}</script>\n</body>\n</html>\n"]
    return "\n".join(parts)


def _hash(source: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()


def _head(audit: Audit, now: datetime) -> str:
    verdicts, severities = audit.verdicts, audit.severities
    pairs = [
        f'<li class="{name}"><b>{verdicts[name]:,}</b>{SIGNS[name]} {word}</li>'
        for name, word in WORDS.items()
        if verdicts[name]
    ]
    findings = [
        f'<li class="{severity.value}"><b>{severities[severity.value]:,}</b>{MARKS[severity]} {severity.value}</li>'
        for severity in Severity
        if severities[severity.value]
    ]
    totals = "".join(
        f'<section><h2>{head}</h2><ul class="tiles">{"".join(tiles)}</ul></section>'
        for head, tiles in (("Pairs", pairs), ("Findings", findings))
        if tiles
    )
    places = {"findings": "Findings", "matrix": "Matrix", "picture": "Picture", "pairs": "Pairs"}
    links = "".join(f'<a href="#{place}">{name}</a>' for place, name in places.items() if audit.judged)
    return (
        f"<header><h1>fcsse audit</h1><p>{prose(audit.summary)}</p>"
        f'<p class="soft">Made {now:%Y-%m-%d %H:%M} UTC, by the documented rules of key policies, grants and bucket policies. '
        "VPC endpoint policies are not checked.</p>"
        f'<nav>{links}</nav><div class="totals">{totals}</div></header>'
    )


def _filters(audit: Audit) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="severity" value="{severity.value}" checked> {severity.value}</label>'
        for severity in Severity
        if audit.severities[severity.value]
    )
    verdicts = "".join(f'<option value="{name}">{SIGNS[name]} {word}</option>' for name, word in WORDS.items())
    return (
        '<form class="filters" hidden autocomplete="off">'
        '<label>Text <input type="search" name="text" placeholder="cache, bucket, key, words"></label>'
        f"<fieldset>{boxes}</fieldset>"
        f'<label>Verdict <select name="verdict"><option value="">all</option>{verdicts}</select></label>'
        '<button type="reset">Reset</button><output name="shown" class="soft"></output></form>'
    )


def _findings(audit: Audit) -> str:
    verdicts = {one.pair: one.verdict for one in audit.judged}
    shown = [_finding(finding, f"F{place}", verdicts) for place, finding in enumerate(audit.findings, 1)]
    return f'<h2 id="findings">Findings</h2>{_at_once(audit)}{"".join(shown) or "<p>None.</p>"}'


def _at_once(audit: Audit) -> str:
    """The command that fixes all that can be fixed at once."""
    number, command = at_once(audit)
    return f"<p>{prose(fixable(number, len(audit.findings)))}:</p>{_command(command)}" if number else ""


def _finding(finding: Finding, name: str, verdicts: dict[Pair, str]) -> str:
    about = " ".join(dict.fromkeys(verdicts[pair] for pair in finding.pairs if pair in verdicts))
    severity = finding.severity
    body = [f"<p>{prose(one)}</p>" for one in finding.detail]
    if len(finding.pairs) > 1:
        body.append(_named(finding.pairs))
    remedy = " ".join(part for part in (finding.remedy, FIXES.get(finding.fix, "")) if part)
    if remedy:
        body.append(f"<p><b>Remedy:</b> {prose(remedy)}</p>")
    body += map(_command, finding.commands)
    return (
        f'<article class="finding {severity.value}" id="{name}" data-s="{severity.value}" data-v="{about}">'
        f'<div><span class="badge">{MARKS[severity]} {severity.value}</span><div class="name"><b>{name}</b> {text(finding.code)}</div></div>'
        f"<div><h3>{prose(finding.title)}</h3>{''.join(body)}</div></article>"
    )


def _named(pairs: Sequence[Pair]) -> str:
    """The pairs that a finding is about; many of them behind a line to click on."""
    names = [text(f"{pair.cache} → {pair.bucket}") for pair in pairs]
    told = ", ".join(f'<span class="pair">{name}</span>' if len(name) <= LONG_WORD else name for name in names)
    amount = count(len(pairs), "pair")
    if len(pairs) <= FEW:
        return f'<p class="soft">{amount}: <span class="mono">{told}</span></p>'
    return f'<details class="soft"><summary>{amount}</summary><p class="mono">{told}</p></details>'


def _command(command: str) -> str:
    """A command, to be copied. Its short words do not break at their hyphens."""
    words = (text(word) for word in command.split(" "))
    told = " ".join(f"<span>{word}</span>" if len(word) <= LONG_WORD else word for word in words)
    return f'<div class="command"><pre><code>{told}</code></pre></div>'


def _pairs(audit: Audit) -> str:
    about = by_pair(audit)
    rows = "".join(_pair(one, about.get(one.pair, [])) for one in audit.judged)
    heads = "".join(f"<th>{name}</th>" for name in ("Cache", "Bucket", "Access", "Why", "Key", "Findings"))
    return (
        f'<h2 id="pairs">Every pair</h2><div class="scroll"><table class="pairs"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _pair(one: PairAudit, names: list[str]) -> str:
    why = f"by {', '.join(one.by)}" if one.allowed and one.by else one.why or one.headline
    links = " ".join(f'<a href="#{name}">{name}</a>' for name in names)
    key = one.key.rpartition(":key/")[2] if one.key else ""
    return (
        f'<tr data-v="{one.verdict}"><td class="mono">{text(one.pair.cache or "")}</td><td>{prose(one.pair.bucket)}</td>'
        f'<td class="badge {one.verdict}">{SIGNS[one.verdict]} {WORDS[one.verdict]}</td><td>{prose(why)}</td>'
        f'<td class="mono" title="{text(one.key or "")}">{text(key)}</td><td>{links}</td></tr>'
    )


def _record(observed: Observed, pairs: Sequence[Pair]) -> str:
    """What AWS recorded of the caches' calls, beside the verdicts."""
    rows = "".join(
        f'<tr><td class="mono">{text(pair.cache or "")}</td><td>{text(pair.bucket)}</td><td>{text(heading(one))}</td>'
        f"<td>{text(state(one, observed.now))}</td><td>{text(beside(one, observed.now))}</td></tr>"
        for pair in pairs
        for one in observed.of(pair)
        if one.last
    )
    heads = "".join(
        f"<th>{name}</th>" for name in ("Cache", "Bucket", "Action and context", "Verdict and record", "Last")
    )
    table = (
        f'<div class="scroll"><table class="record"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
    limits = "".join(f'<p class="soft">{text(note)}</p>' for note in notes(observed))
    return f'<h2 id="record">Recorded by AWS (CloudTrail)</h2><p>{text(sum_of(observed))}</p>{table if rows else ""}{limits}'


def _notes(audit: Audit) -> str:
    if not audit.facts.off:
        return ""
    return f'<p class="soft">Not turned on for the account, or closed to these credentials, so not read: {text(", ".join(audit.facts.off))}.</p>'
