"""Runs the checks of the recorded facts, each in a fresh world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fcsse.sandbox import Sandbox
from scripts.conformity import account_facts, bucket_facts, key_facts, policy_facts
from scripts.conformity.fact_bench import Bench
from scripts.conformity.recorded_facts import Fact, load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

CHECKS: dict[str, Callable[[Bench, Fact], None]] = {
    **key_facts.FACTS,
    **policy_facts.FACTS,
    **bucket_facts.FACTS,
    **account_facts.FACTS,
}

_TRAIL = "it is about the events that CloudTrail records, not about an answer of the service"
OUTSIDE = {
    "p15": "the sandbox plays neither SNS nor Secrets Manager; its KMS does the same by the switch new_id_in_policies",
    "c01": _TRAIL,
    "c02": _TRAIL,
    "c03": _TRAIL,
    "c05": _TRAIL,
}
"""Facts that the sandbox cannot be asked, and why."""


@dataclass(frozen=True, slots=True)
class Conformance:
    """What came of it: facts that hold, facts that do not with the reason, and facts that do not apply with theirs."""

    held: list[Fact] = field(default_factory=list)
    failing: list[tuple[Fact, str]] = field(default_factory=list)
    outside: list[tuple[Fact, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        """The ids of all of them."""
        return {fact.id for fact in self.held} | {fact.id for fact, _ in (*self.failing, *self.outside)}


def run(wanted: Collection[str] = ()) -> Conformance:
    """Check every fact, or those of these ids."""
    result = Conformance()
    with Sandbox(world=None) as sandbox:
        for fact in load():
            if wanted and fact.id not in wanted:
                continue
            if fact.id in OUTSIDE:
                result.outside.append((fact, OUTSIDE[fact.id]))
                continue
            reason = failure(sandbox, fact)
            if reason:
                result.failing.append((fact, reason))
            else:
                result.held.append(fact)
    return result


def failure(sandbox: Sandbox, fact: Fact) -> str:
    """Why the fact does not hold; nothing where it does."""
    check = CHECKS.get(fact.id)
    if check is None:
        return "nothing checks it"
    sandbox.reset()
    try:
        check(Bench(sandbox), fact)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""
