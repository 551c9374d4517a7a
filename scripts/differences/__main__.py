"""``scripts/differential``: counts where the product's evaluator and another one agree. See ``--help``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Decision, Verdict
from scripts.differences.domain_policies import OWN, Question, questions
from scripts.differences.other_evaluator import PACKAGE, OtherEvaluator, install
from scripts.differences.others_faults import fault_of
from scripts.differences.request_worlds import World, worlds

BATCH = 400
"""Questions that are put at once."""

SESSION = f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0123/FSx"


def main() -> int:
    """Exit code 0: no wrong certainty and no needless unknown, apart from what a page of AWS decides."""
    words = _parse()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(words.folder or temporary)
        version = install(folder)
        counts, found = compare(OtherEvaluator(folder), words.cases, words.first)
    if words.json:
        Path(words.json).write_text(json.dumps(found, indent=1) + "\n")
    print(f"{counts.total():,} requests against {PACKAGE} {version}")
    for name, count in sorted(counts.items()):
        print(f"{count:>9,}  {name}")
    for one in found[: words.show]:
        print(json.dumps(one))
    return 1 if found else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/differential",
        description="Generates key policies and a cache's requests, and asks the product and another evaluator about each. "
        "The other one knows every value of a request, so it is asked in each world that the policy sets apart. "
        "wrong: the product is certain, and a world says otherwise. needless: it is not, and all worlds agree.",
    )
    parser.add_argument("--cases", type=int, default=20_000, help="requests (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="first seed (default: 0)")
    parser.add_argument("--folder", help="where the other evaluator is installed, or goes; default: a temporary one")
    parser.add_argument("--show", type=int, default=5, help="disagreements printed (default: 5)")
    parser.add_argument("--json", help="write all disagreements there")
    return parser.parse_args()


class Asked(NamedTuple):
    """A question with the product's answer and the worlds that the other is asked about."""

    seed: int
    question: Question
    ours: Decision
    contexts: list[World]
    every: bool

    def to_json(self) -> dict[str, object]:
        """The question for the other."""
        return {
            "policy": self.question.policy,
            "action": self.question.request.action,
            "resource": self.question.request.resource,
            "account": OWN,
            "principal": SESSION,
            "contexts": self.contexts,
        }


def compare(other: OtherEvaluator, cases: int, first: int) -> tuple[Counter[str], list[dict[str, object]]]:
    """The counts by outcome, and each disagreement that no page of AWS decides against the other."""
    counts: Counter[str] = Counter()
    found: list[dict[str, object]] = []
    seed = first
    while counts.total() < cases:
        batch: list[Asked] = []
        while len(batch) < BATCH:
            for question in questions(seed):
                ours = evaluate(question.policy, question.request, explain=False)
                batch.append(Asked(seed, question, ours, *worlds(question.policy, question.request, seed)))
            seed += 1
        for asked, answers in zip(batch, other.ask([one.to_json() for one in batch]), strict=True):
            outcome, witness = compared(asked, [one == "Allowed" for one in answers])
            fault = fault_of(asked.question.policy) if witness else ""
            counts[f"{outcome}; {fault}" if fault else outcome] += 1
            if witness and not fault:
                found.append(witness)
    other.close()
    return counts, found


def compared(asked: Asked, answers: list[bool]) -> tuple[str, dict[str, object]]:
    """The outcome, and for a disagreement all that it takes to look at it."""
    ours = asked.ours
    said = {
        "seed": asked.seed,
        "product": ours.verdict.value,
        "reason": ours.reason,
        "action": asked.question.request.action,
        "policy": asked.question.policy,
    }
    if ours.verdict is not Verdict.UNKNOWN:
        allowed = ours.verdict is Verdict.ALLOWED
        at = next((number for number, one in enumerate(answers) if one is not allowed), None)
        return ("agree", {}) if at is None else ("wrong", {**said, "outcome": "wrong", "world": asked.contexts[at]})
    if len(set(answers)) > 1:
        return "compatible unknown", {}
    if not asked.every:
        return "unknown, and not all worlds were asked", {}
    return "needless", {**said, "outcome": "needless", "other": answers[0], "world": asked.contexts[0]}


if __name__ == "__main__":
    sys.exit(main())
