"""The matrix of an audit: caches down, buckets across, a sign for each pair. Pure.

It comes in blocks of buckets, each with only the caches that have one of them: a wide account stays readable, prints
on paper, and its size grows with the pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fcsse.cli.output.html_text import SIGNS, WORDS, text
from fcsse.commands.audit.verdicts import PairAudit
from fcsse.model import Pair

ACROSS = 22
"""Buckets in a block: as many as fit on a sheet of paper."""


def matrix(judged: Sequence[PairAudit], findings: Mapping[Pair, Sequence[str]]) -> str:
    """The legend and the blocks, with caches and buckets by name, as in the picture and the table."""
    buckets = sorted({one.pair.bucket for one in judged})
    by_bucket: dict[str, list[PairAudit]] = {}
    for one in judged:
        by_bucket.setdefault(one.pair.bucket, []).append(one)
    blocks = [_block(buckets[start : start + ACROSS], by_bucket, findings) for start in range(0, len(buckets), ACROSS)]
    legend = "".join(
        f'<li><span class="sign {verdict}">{sign}</span>{WORDS[verdict]}</li>' for verdict, sign in SIGNS.items()
    )
    return f'<ul class="legend">{legend}</ul><div class="blocks">{"".join(blocks)}</div>'


def _block(
    buckets: Sequence[str], by_bucket: Mapping[str, Sequence[PairAudit]], findings: Mapping[Pair, Sequence[str]]
) -> str:
    cells = {(one.pair.cache or "", name): one for name in buckets for one in by_bucket[name]}
    caches = sorted({cache for cache, _ in cells})
    heads = "".join(f'<th scope="col" title="{text(name)}"><span>{text(name)}</span></th>' for name in buckets)
    rows = []
    for cache in caches:
        row = "".join(_cell(cells.get((cache, name)), findings) for name in buckets)
        rows.append(f'<tr><th scope="row" class="mono">{text(cache)}</th>{row}</tr>')
    return (
        f'<div class="scroll"><table class="matrix"><thead><tr><td></td>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _cell(one: PairAudit | None, findings: Mapping[Pair, Sequence[str]]) -> str:
    if one is None:
        return "<td></td>"
    names = findings.get(one.pair, ())
    sign = SIGNS[one.verdict]
    label = text(one.headline)
    shown = (
        f'<a href="#{names[0]}" aria-label="{label}">{sign}</a>'
        if names
        else f'<span aria-label="{label}">{sign}</span>'
    )
    about = text(f"{one.pair.cache} {one.pair.bucket} {one.key or ''}")
    return f'<td class="{one.verdict}" data-v="{one.verdict}" data-t="{about}" title="{label}">{shown}</td>'
