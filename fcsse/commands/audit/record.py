"""Findings about pairs of which AWS's own record contradicts the verdict. Pure."""

from __future__ import annotations

from fcsse.commands.audit.finding import Finding, Severity
from fcsse.event_history.agreement import Observation
from fcsse.event_history.observed import Observed
from fcsse.event_history.sentences import heading, state
from fcsse.suggested_commands import CommandBuilder
from fcsse.text import listed, sentence

REFUSED = (
    "What fcsse cannot see may deny it: a VPC endpoint policy, or a condition that it takes for met. Where the refusal names no "
    "object, it may be one that is encrypted in the other form (fcsse census shows that). AWS may also need some minutes to "
    "apply a change made just before."
)
ALLOWED = (
    "Access may come from what fcsse cannot read, or it judges the policy wrongly. Please report the policy's form."
)


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
    did = "allows" if allowed else "refuses"
    against = "deny it" if allowed else "allow it"
    told = [sentence(f"{one.asked.pair.cache}, {heading(one)}: {state(one, observed.now)}") for one in group]
    command = words.fcsse("check", caches, [bucket], "--observed")
    return Finding(
        "record-disagrees",
        Severity.MEDIUM if allowed else Severity.HIGH,
        f"AWS {did} {listed(caches)} the key of bucket {bucket}, although key policy and grants {against}",
        tuple(told[:4]),
        ALLOWED if allowed else REFUSED,
        command,
        pairs,
        caches[0] if len(caches) == 1 else None,
        bucket,
        str(key),
        key.region,
    )
