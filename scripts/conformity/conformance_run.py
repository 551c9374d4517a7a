"""Runs the checks of the recorded facts, each in a fresh world."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fcsse.sandbox import Sandbox
from scripts.conformity import account_facts, bucket_facts, event_facts, key_facts, lookup_facts, policy_facts
from scripts.conformity.fact_bench import Bench
from scripts.conformity.recorded_facts import Fact, load

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

CHECKS: dict[str, Callable[[Bench, Fact], None]] = {
    **key_facts.FACTS,
    **policy_facts.FACTS,
    **bucket_facts.FACTS,
    **account_facts.FACTS,
    **event_facts.FACTS,
    **lookup_facts.FACTS,
}

_OTHER_FORM = "another form of an event, which the sandbox does not write; fcsse reads it: tests/event_history/test_recorded_events.py"
_ENVELOPE = "it is about EventBridge, which the sandbox does not play; the function reads it: tests/interfaces/test_lambda_recorded.py"
_NOTHING = "nothing was recorded"
OUTSIDE = {
    "p15": "the sandbox plays neither SNS nor Secrets Manager; its KMS does the same by the switch new_id_in_policies",
    "c02": "the sandbox makes associations without a call; the function reads it: tests/interfaces/test_lambda_recorded.py",
    **dict.fromkeys(("z02", "z04", "z05", "z11", "z13", "z19", "z31", "z46", "z47", "z52", "z57"), _OTHER_FORM),
    **dict.fromkeys(("z58", "z59", "z60"), _ENVELOPE),
    **dict.fromkeys(("z09", "z20", "z38", "z50"), _NOTHING),
    "z16": "it forbids a conclusion: fcsse says that none is recorded, never that none was: tests/event_history/test_agreement.py",
    "z33": "it is about the amount of events: tests/event_history/test_lookup.py bounds pages",
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
