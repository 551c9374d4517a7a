"""A census for people, pull requests and machines. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fcsse.cli.report import SCHEMA, escaped
from fcsse.cli.terminal import Line, line
from fcsse.policy.context_form import ContextForm

if TYPE_CHECKING:
    from fcsse.census.needs import Needs
    from fcsse.census.tally import Census, Group
    from fcsse.cli.report import Json

NAMES = {"AES256": "SSE-S3", "aws:kms": "SSE-KMS", "aws:kms:dsse": "DSSE-KMS", "none": "not encrypted"}
FORMS = {ContextForm.OBJECT: "object ARN", ContextForm.BUCKET: "bucket ARN (Bucket Keys)", None: "none"}
STYLES = {"allowed": "green", "denied": "red", "unknown": "yellow"}


def summary(taken: Census) -> str:
    """The first line: how much was looked at and what it means for the rest."""
    kinds = len(taken.groups)
    if not taken.looked_at:
        return f"No object of s3://{taken.bucket} was looked at."
    what = f"{taken.looked_at:,} objects of s3://{taken.bucket}"
    said = (
        f"{what} are encrypted in {kinds} {'way' if kinds == 1 else 'ways'}, with {_count(len(taken.keys), 'KMS key')}"
    )
    if taken.complete:
        return f"All {said}."
    share = f"{taken.unseen_share:.1%}" if taken.unseen_share < 1 else "any share"
    return f"A sample of {said}. Another way is used by at most {share} of the objects (95 % confidence)."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def census_lines(taken: Census, needs: Needs) -> list[Line]:
    """Groups, then what the caches may do with them, then the commands that mend it."""
    out: list[Line] = [line(summary(taken), "bold"), line("")]
    heads = ("OBJECTS", "ENCRYPTION", "CONTEXT", "KEY")
    rows = [_row(group) for group in taken.groups]
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(3)]
    for cells, style in [(heads, "bold"), *((row, "") for row in rows)]:
        padded = "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=False))
        out.append(line(f"{padded}  {cells[3]}", style))
    for reason, number in taken.unreadable:
        out.append(line(f"{number:,} objects could not be looked at: {reason}.", "yellow"))
    if needs.reaches:
        out += [line(""), line("What the caches can read:", "bold")]
        for reach in needs.reaches:
            key = (reach.group.sealed.key or "").rsplit("/", 1)[-1]
            what = f"{reach.cache}  {FORMS[reach.group.sealed.form]}, key {key}: "
            why = f" ({reach.reason})" if reach.reason else ""
            out.append(((f"  {what}", ""), (reach.verdict.value, STYLES[reach.verdict.value]), (why, "")))
    elif taken.keys:
        out += [line(""), line("No cache is known to be linked to this bucket; name one with --cache.")]
    if needs.remedies:
        out += [line(""), line("To mend it:", "bold"), *(line(f"  {remedy}") for remedy in needs.remedies)]
    out += [line(note, "dim") for note in taken.notes]
    return out


def _row(group: Group) -> tuple[str, str, str, str]:
    sealed = group.sealed
    name = NAMES.get(sealed.algorithm, sealed.algorithm)
    return (f"{group.objects:,}", name, FORMS[sealed.form], sealed.key or "")


def census_document(taken: Census, needs: Needs, code: int) -> Json:
    """The JSON document."""
    return {
        "schema": SCHEMA,
        "command": "census",
        "exit_code": code,
        "bucket": taken.bucket,
        "looked_at": taken.looked_at,
        "total": taken.total,
        "complete": taken.complete,
        "unseen_share_at_most": round(taken.unseen_share, 6),
        "groups": [
            {
                "algorithm": group.sealed.algorithm,
                "key": group.sealed.key,
                "bucket_key": group.sealed.bucket_key,
                "context": group.sealed.form.value if group.sealed.form else None,
                "objects": group.objects,
                "bytes": group.size,
                "oldest": group.oldest.isoformat() if group.oldest else None,
                "newest": group.newest.isoformat() if group.newest else None,
                "example": group.example,
            }
            for group in taken.groups
        ],
        "unreadable": [{"reason": reason, "objects": number} for reason, number in taken.unreadable],
        "caches": [
            {
                "cache": reach.cache,
                "key": reach.group.sealed.key,
                "context": reach.group.sealed.form.value if reach.group.sealed.form else None,
                "read": reach.verdict.value,
                "reason": reach.reason,
            }
            for reach in needs.reaches
        ],
        "remedies": list(needs.remedies),
        "notes": list(taken.notes),
    }


def census_markdown(taken: Census, needs: Needs) -> str:
    """GitHub Markdown."""
    out = ["### fcsse census", "", escaped(summary(taken)), ""]
    out += ["| objects | encryption | context | key |", "| --: | --- | --- | --- |"]
    out += ["| " + " | ".join(escaped(cell) for cell in _row(group)) + " |" for group in taken.groups]
    if needs.reaches:
        out += ["", "| cache | key | context | can read |", "| --- | --- | --- | --- |"]
        out += [
            f"| {reach.cache} | {reach.group.sealed.key} | {FORMS[reach.group.sealed.form]} | {reach.verdict.value} |"
            for reach in needs.reaches
        ]
    out += ["", *(f"    {remedy}" for remedy in needs.remedies)]
    return "\n".join(out).rstrip() + "\n"
