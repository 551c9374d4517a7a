"""What CloudTrail recorded beside a verdict, for people (lines, Markdown) and programs (JSON). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from fcsse.cli.output.documents import Json, escaped
from fcsse.cli.output.lines import Line, line, prose
from fcsse.event_history.agreement import Agreement, Observation
from fcsse.event_history.observation_phrases import beside, contradiction, heading, notes, reasons, state
from fcsse.event_history.observed import Observed
from fcsse.event_history.uses import Use
from fcsse.model import Pair
from fcsse.text import count

STYLES = {
    Agreement.AGREES: "green",
    Agreement.CHANGED: "yellow",
    Agreement.NOT_RECORDED: "dim",
    Agreement.UNDECIDED: "yellow",
    Agreement.UNEXPLAINED: "bold red",
    Agreement.UNSETTLED: "bold red",
}


def observed_lines(observed: Observed, pair: Pair) -> list[Line]:
    """The observations of one pair."""
    found = observed.of(pair)
    if not found:
        return [line("Recorded by AWS (CloudTrail):", "bold"), line("  no call of the cache to KMS was found", "dim")]
    out = [line("Recorded by AWS (CloudTrail):", "bold")]
    for one in found:
        out.append(prose((f"  {heading(one)}: ", ""), (state(one, observed.now), STYLES[one.agreement])))
        if one.last is not None:
            out.append(prose((f"    {beside(one, observed.now)}", "dim")))
    if told := contradiction(found, observed.now):
        out += [line(""), prose((told, "bold red"), *(f" {text}" for text in reasons(found)))]
    return out


def contradiction_lines(observed: Observed, pair: Pair) -> list[Line]:
    """That AWS contradicts the verdict, for --quiet; nothing where it does not."""
    told = contradiction(observed.of(pair), observed.now)
    return [prose((told, "bold red"))] if told else []


def sum_of(observed: Observed) -> str:
    """How the record stands to the verdicts of many pairs, in one line."""
    of_pair = [observed.of(pair) for pair in observed.of_pair]
    seen = sum(any(one.last for one in found) for found in of_pair)
    against = sum(any(one.disagrees for one in found) for found in of_pair)
    since = sum(any(one.agreement is Agreement.CHANGED for one in found) for found in of_pair)
    parts = [f"calls of {count(seen, 'pair')} of {len(of_pair):,}"]
    if since:
        parts.append(f"{since:,} changed since AWS's last answer")
    parts.append(
        f"{against:,} against the verdict" if against else "none against the verdict" if seen else "nothing to compare"
    )
    return ", ".join(parts)


def note_lines(observed: Observed) -> list[Line]:
    """What limits all of them, once for a run."""
    return [prose((note, "dim")) for note in notes(observed)]


def observed_markdown(observed: Observed, pairs: Sequence[Pair]) -> list[str]:
    """The observations as a table, and what limits them."""
    rows = [(pair, one) for pair in pairs for one in observed.of(pair)]
    out = ["", "#### Recorded by AWS (CloudTrail)", ""]
    if rows:
        out += ["| cache | bucket | action and context | verdict and record | |", "| --- | --- | --- | --- | --- |"]
        for pair, one in rows:
            cells = (pair.cache or "", pair.bucket, heading(one), state(one, observed.now), beside(one, observed.now))
            out.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
        out.append("")
    for pair in dict.fromkeys(pairs):
        found = observed.of(pair)
        if told := contradiction(found, observed.now):
            out.append(f"- **{escaped(f'{pair.cache}, {pair.bucket}: {told}')}** {escaped(' '.join(reasons(found)))}")
    return [*out, *(f"- {escaped(note)}" for note in notes(observed))]


def observed_document(observed: Observed) -> Json:
    """What holds for all pairs, for a document."""
    return {
        "time": observed.now.isoformat(timespec="seconds"),
        "complete": not observed.gaps,
        "gaps": [
            {
                "region": gap.region,
                "event": gap.name or None,
                "reason": gap.reason.value,
                "read_back_to": gap.back_to.isoformat() if gap.back_to else None,
                "error": gap.error.message if gap.error else None,
            }
            for gap in observed.gaps
        ],
        "refusals_without_key": [_use(use) for use in observed.unplaced],
        "notes": list(notes(observed)),
    }


def observations(observed: Observed, pair: Pair) -> list[Json]:
    """The observations of one pair, for a document."""
    return [_observation(one, observed) for one in observed.of(pair)]


def _observation(one: Observation, observed: Observed) -> Json:
    change = one.change
    return {
        "action": one.asked.action,
        "context": one.asked.form,
        "prefix": one.asked.prefix,
        "current": one.asked.current,
        "verdict": one.verdict.value,
        "agreement": one.agreement.value,
        "disagrees": one.disagrees,
        "text": state(one, observed.now),
        "last_success": _use(one.success) if one.success else None,
        "last_refusal": _use(one.refusal) if one.refusal else None,
        "changed": None
        if one.changed is None
        else {
            "time": one.changed.isoformat(),
            "event": change.name if change else None,
            "event_id": change.id if change else None,
            "by": change.actor.name if change else None,
        },
    }


def _use(use: Use) -> Json:
    failure = use.event.failure
    return {
        "time": use.event.time.isoformat(),
        "event_id": use.event.id,
        "action": use.action,
        "role": use.role,
        "encryption_context": use.context or None,
        "code": failure.code if failure else None,
        "message": failure.message if failure else None,
    }
