"""What an unknown decision comes to when every answer to the questions that it leaves open is tried. Pure."""

from __future__ import annotations

from fcsse.evaluator.assumptions import BUDGET, Matches, Question
from fcsse.evaluator.decider import Decider
from fcsse.evaluator.patterns import variables
from fcsse.evaluator.quick_decision import label_of
from fcsse.evaluator.request import Decision, Verdict
from fcsse.policy.document import printable


def decided_by_cases(decider: Decider, found: Decision) -> Decision:
    """An unknown decision, unless all that is not known makes no difference: then what it is either way.

    Otherwise ``depends_on`` says on which keys it depends.
    """
    keys: dict[str, None] = {}
    for question in decider.open:
        if question.key and not (isinstance(question, Matches) and question.value is not None):
            keys[question.key] = None
        if isinstance(question, Matches) and question.pattern is None:
            keys.update(dict.fromkeys(name for name, _ in variables(question.text)))
    leaves: list[Decision] = []
    assumed: dict[Question, None] = {}
    left = [BUDGET]
    if not decider.open or _explore(decider, leaves, assumed, left) is None:
        return found._replace(depends_on=frozenset(keys))
    one = leaves[0]
    by = {leaf.decided_by: None for leaf in leaves}
    about = dict.fromkeys(_key_label(decider, question.key) if question.key else "the object" for question in assumed)
    said = one.reason
    explicit = all(leaf.explicit for leaf in leaves)
    if len(by) > 1:
        by_name = " or ".join(label_of(name) for name in by if name)
        word = "allows" if one.verdict is Verdict.ALLOWED else "denies"
        said = f"{by_name} {word} {decider.request.action}" if by_name else said
    reason = f"{said}, whatever {' and '.join(about)} {'is' if len(about) == 1 else 'are'}"
    return one._replace(reason=reason, explicit=explicit)


def _explore(
    decider: Decider, leaves: list[Decision], assumed: dict[Question, None], left: list[int]
) -> Verdict | None:
    """The verdict that all answers to the first open question lead to; None where they do not agree."""
    question = next(iter(decider.open))
    assumed[question] = None
    verdict: Verdict | None = None
    answers = decider.context.assumed.answers
    for answer in question.answers:
        left[0] -= 1
        if left[0] < 0:
            return None
        answers[question] = answer
        decider.begin()
        leaf = decider.decide(explain=False)
        found: Verdict | None = leaf.verdict
        if found is Verdict.UNKNOWN:
            found = _explore(decider, leaves, assumed, left) if decider.open else None
        else:
            leaves.append(leaf)
        del answers[question]
        if found is None or (verdict is not None and found is not verdict):
            return None
        verdict = found
    return verdict


def _key_label(decider: Decider, key: str) -> str:
    """A condition key as the policy spells it."""
    for policy in (decider.policy, *decider.identities):
        for statement in (*policy.denies, *policy.allows):
            for entry in statement.conditions.entries:
                if entry.key == key:
                    return printable(entry.label)
    return printable(key)
