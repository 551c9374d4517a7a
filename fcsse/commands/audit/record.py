"""Findings about pairs of which AWS's own record contradicts the verdict. Pure."""

from __future__ import annotations

from fcsse.commands.audit.finding import Finding
from fcsse.commands.audit.finding_kinds import RECORD_DISAGREES, Severity
from fcsse.event_history.agreement import Observation
from fcsse.event_history.observation_phrases import AGAINST_ALLOWED, AGAINST_DENIED, heading, state
from fcsse.event_history.observed import Observed
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import listed, sentence


def find(observed: Observed, words: CommandBuilder) -> list[Finding]:
    """One finding for all caches of a bucket of which AWS did the same against the verdict."""
    groups: dict[tuple[str, bool], list[Observation]] = {}
    for one in observed.disagreements:
        if one.last:
            groups.setdefault((one.asked.pair.bucket, one.last.allowed), []).append(one)
    return [_finding(bucket, group, observed, words, allowed=allowed) for (bucket, allowed), group in groups.items()]


def _finding(
    bucket: str, group: list[Observation], observed: Observed, words: CommandBuilder, *, allowed: bool
) -> Finding:
    pairs = tuple(dict.fromkeys(one.asked.pair for one in group))
    caches = [pair.cache or "" for pair in pairs]
    key = group[0].asked.key
    told = [sentence(f"{one.asked.pair.cache}, {heading(one)}: {state(one, observed.now)}") for one in group]
    command = words.fcsse("check", caches, [bucket], "--observed")
    return Finding(
        RECORD_DISAGREES.code,
        Severity.MEDIUM if allowed else RECORD_DISAGREES.severity,
        RECORD_DISAGREES.title.format(
            did="allows" if allowed else "refuses",
            who=listed(caches),
            bucket=bucket,
            against="deny" if allowed else "allow",
        ),
        tuple(told[:4]),
        AGAINST_DENIED if allowed else AGAINST_ALLOWED,
        command,
        pairs,
        caches[0] if len(caches) == 1 else None,
        bucket,
        str(key),
        key.region,
    )
