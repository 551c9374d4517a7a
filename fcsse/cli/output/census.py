"""A census for people, pull requests and machines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.documents import Json, endpoint_markdown, escaped
from fcsse.cli.output.lines import Line, line, wrapped
from fcsse.cli.output.plan import endpoint_lines
from fcsse.commands.census.access import AccessReport
from fcsse.commands.census.tally import Census
from fcsse.encryption_algorithms import algorithm_of
from fcsse.endpoint import Endpoint, endpoints_entry
from fcsse.evaluator.request import Verdict
from fcsse.model import DOCUMENT_SCHEMA
from fcsse.objects import Group
from fcsse.policy.document import printable
from fcsse.policy.encryption_context import ContextForm
from fcsse.text import count, listed, sentence

FORMS = {ContextForm.OBJECT: "context: object ARN", ContextForm.BUCKET: "Bucket Keys, context: bucket ARN"}
STYLES = {Verdict.ALLOWED: "green", Verdict.DENIED: "red", Verdict.UNKNOWN: "yellow"}
MAY = {Verdict.ALLOWED: "may decrypt", Verdict.DENIED: "may not decrypt", Verdict.UNKNOWN: "not known"}
WORST_FIRST = (Verdict.DENIED, Verdict.UNKNOWN, Verdict.ALLOWED)
OF_ALL = {
    Verdict.ALLOWED: "can decrypt all that was seen",
    Verdict.DENIED: "cannot decrypt all of it",
    Verdict.UNKNOWN: "can perhaps decrypt it: that is not known",
}
NO_CACHE = "No cache of this Region is linked to the bucket. Name one with --cache."
LEAST, MOST = 50, 140
"""Widths between which the terminal's own is used."""

UNKNOWN_CACHES = "The caches of the bucket are not known. Name them with --cache."


def summary(taken: Census) -> str:
    """The first sentence: how much was looked at and what it came to."""
    bucket = f"s3://{taken.bucket}" + (f"/{printable(taken.prefix)}" if taken.prefix else "")
    if not taken.looked_at:
        return f"{bucket}: no objects." if taken.complete else f"{bucket}: no object was looked at."
    if taken.complete and not taken.unreadable:
        return f"{bucket}: {count(taken.looked_at, 'object')}, {_encryptions(taken)}."
    of = f" of {taken.listed:,}" if taken.listed is not None and taken.listed_all else ""
    what = "object" if taken.looked_at == 1 and not of else "objects"
    return f"{bucket}: looked at {taken.looked_at:,}{of} {what}: {_encryptions(taken)}."


def _encryptions(taken: Census) -> str:
    """How many ways the objects are encrypted in, and with how many keys."""
    ways = len(taken.groups)
    alike = (
        "encrypted"
        if taken.looked_at == 1
        else "all encrypted the same way"
        if ways == 1
        else f"encrypted in {ways:,} ways"
    )
    return f"{alike}, with {count(len(taken.keys), 'KMS key') if taken.keys else 'no KMS key'}"


def verdict(taken: Census, needs: AccessReport) -> str:
    """In a sentence, what the caches may do with all of it."""
    if not needs.caches_known:
        return UNKNOWN_CACHES
    if not needs.reaches:
        return NO_CACHE if taken.keys else "That takes no KMS permission." if taken.looked_at else ""
    worst: dict[str, Verdict] = {}
    for reach in needs.reaches:
        before = worst.get(reach.cache, Verdict.ALLOWED)
        worst[reach.cache] = next(one for one in WORST_FIRST if one in (before, reach.verdict))
    told = []
    for one in WORST_FIRST:
        caches = [cache for cache, found in worst.items() if found is one]
        if caches:
            told.append(f"{listed(caches)} {OF_ALL[one]}")
    return f"{'; '.join(told)}."


def confidence(taken: Census) -> str:
    """What that says of the objects that were not looked at. Empty: all were."""
    cut = "Interrupted. " if taken.interrupted else "Ended early. " if taken.failure is not None else ""
    if taken.complete:
        return ""
    most = taken.unseen_at_most
    if most is None:
        return f"{cut}Objects not looked at may be encrypted differently; --all or --engine athena reads them all."
    readable = " that can be looked at" if taken.unreadable else ""
    if most == 0:
        return f"{cut}The sample missed no other encryption among the objects{readable} (95% confidence)."
    of = f" of {taken.listed:,}" if taken.listed else ""
    what = "object" if most == 1 and not of else "objects"
    return f"{cut}An encryption that the sample missed covers at most {most:,}{of} {what}{readable} (95% confidence)."


def census_lines(
    taken: Census, needs: AccessReport, columns: int = 80, endpoints: Sequence[Endpoint] = ()
) -> list[Line]:
    """Groups, each with what the caches may do with it; then the commands that fix what is missing.

    Sentences break at words; long values and commands have a line of their own, so that it reads on narrow terminals.
    """
    room = max(LEAST, min(MOST, columns))
    out: list[Line] = [line(part, "bold") for part in wrapped(summary(taken), room)]
    out += [line(part) for text in (confidence(taken), *taken.notes) if text for part in wrapped(text, room)]
    width = max((len(f"{group.objects:,}") for group in taken.groups), default=0)
    for group in taken.groups:
        out += [line(""), (((f"{group.objects:>{width},}  "), "bold"), (kind(group), ""))]
        margin = " " * (width + 2)
        if group.sealed.key:
            out.append(line(margin + group.sealed.key))
        told = [times(group), f"e.g. {printable(group.example)}"]
        together = ", ".join(part for part in told if part)
        parts = [together] if len(margin + together) <= room else told
        out += [line(margin + part, "dim") for part in parts if part]
        for caches, verdict, reason in verdicts(needs, group):
            *before, last = wrapped(f"{listed(caches, 6)}:", room - width - 2 - len(MAY[Verdict.DENIED]) - 1)
            out += [line(margin + part) for part in before]
            out.append(((f"{margin}{last} ", ""), (MAY[verdict], STYLES[verdict])))
            out += [line(f"{margin}  {part}", "dim") for part in wrapped(reason, room - width - 4) if reason]
    if taken.unreadable:
        out.append(line(""))
    for reason, number in taken.unreadable:
        text = f"{count(number, 'object')} could not be looked at: {reason}"
        out += [line(part, "yellow") for part in wrapped(text, room)]
    for text in _closing(taken, needs):
        out += [line(""), *(line(part) for part in wrapped(text, room))]
    if needs.remedies:
        out += [line(""), line("To fix it:", "bold"), *(line(f"  {remedy}") for remedy in needs.remedies)]
    if endpoints:
        out += [line(""), *endpoint_lines(endpoints)]
    return out


def _closing(taken: Census, needs: AccessReport) -> list[str]:
    if not needs.caches_known:
        return [f"{sentence(needs.unknown)} {UNKNOWN_CACHES}" if needs.unknown else UNKNOWN_CACHES, *needs.advice]
    return [NO_CACHE] if taken.keys and not needs.reaches else list(needs.advice)


def kind(group: Group) -> str:
    """How a group is encrypted, in words."""
    form = group.sealed.form
    name = algorithm_of(group.sealed.algorithm).name
    return f"{name}, {FORMS[form]}" if form else name


def times(group: Group) -> str:
    """From when to when a group's objects were last changed."""
    if group.oldest is None or group.newest is None:
        return ""
    first, last = group.oldest.date().isoformat(), group.newest.date().isoformat()
    return f"last changed {first if first == last else f'{first} to {last}'}"


def verdicts(needs: AccessReport, group: Group) -> list[tuple[list[str], Verdict, str]]:
    """Caches with the same answer together, in the order of the caches."""
    found: dict[tuple[Verdict, str], list[str]] = {}
    for reach in needs.reaches:
        if reach.group == group:
            found.setdefault((reach.verdict, reach.reason), []).append(reach.cache)
    return [(caches, verdict, reason) for (verdict, reason), caches in found.items()]


def census_document(taken: Census, needs: AccessReport, code: int, endpoints: Sequence[Endpoint] = ()) -> Json:
    """The JSON document. ``other_way_at_most`` is null where nothing can be said of objects not looked at."""
    return {
        "schema": DOCUMENT_SCHEMA,
        "command": "census",
        "exit_code": code,
        "endpoints": endpoints_entry(endpoints),
        "bucket": taken.bucket,
        "prefix": taken.prefix,
        "looked_at": taken.looked_at,
        "complete": taken.complete,
        "interrupted": taken.interrupted,
        "total": taken.looked_at if taken.complete else taken.listed if taken.listed_all else None,
        "other_way_at_most": taken.unseen_at_most,
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
        "caches_known": needs.caches_known,
        "caches": [
            {
                "cache": reach.cache,
                "algorithm": reach.group.sealed.algorithm,
                "key": reach.group.sealed.key,
                "context": reach.group.sealed.form.value if reach.group.sealed.form else None,
                "decrypt": reach.verdict.value,
                "reason": reach.reason,
            }
            for reach in needs.reaches
        ],
        "remedies": list(needs.remedies),
        "advice": list(needs.advice),
        "notes": [*taken.notes, *([f"{needs.unknown}. {UNKNOWN_CACHES}"] if needs.unknown else [])],
        "error": {"code": taken.failure.code, "message": taken.failure.message, "hint": taken.failure.hint}
        if taken.failure is not None
        else None,
    }


def census_markdown(taken: Census, needs: AccessReport, endpoints: Sequence[Endpoint] = ()) -> str:
    """GitHub Markdown."""
    told = " ".join(text for text in (summary(taken), confidence(taken), *taken.notes) if text)
    out = ["### fcsse census", "", escaped(told), *endpoint_markdown(endpoints), ""]
    if taken.groups:
        out += ["| objects | encryption | key | caches |", "| --: | --- | --- | --- |"]
    for group in taken.groups:
        caches = [
            f"{listed(names, 6)}: {MAY[verdict]}" + (f" ({reason})" if reason else "")
            for names, verdict, reason in verdicts(needs, group)
        ]
        cells = (f"{group.objects:,}", kind(group), group.sealed.key or "", "; ".join(caches))
        out.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
    out += [""] * bool(taken.unreadable)
    out += [
        escaped(f"- {count(number, 'object')} could not be looked at: {reason}") for reason, number in taken.unreadable
    ]
    for text in _closing(taken, needs):
        out += ["", escaped(sentence(text))]
    if needs.remedies:
        out += ["", "To fix it:", "", "```sh", *needs.remedies, "```"]
    return "\n".join(out).rstrip() + "\n"
