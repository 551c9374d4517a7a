"""What a verdict hangs on and one more request tells: the caller's organization, a key's aliases, a key's tags.

In: the facts of pairs. Out: the same with more known of their requests. Nothing is asked where no verdict depends on it,
and each thing is asked once. A refusal leaves the value unknown, and is told among what could not be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from fcsse.aws_calls import AwsCalls
from fcsse.errors import FcsseError
from fcsse.evaluator.grants import everything
from fcsse.evaluator.pair_access import judge
from fcsse.model import Facts, Obstacle
from fcsse.policy.document import parsed

T = TypeVar("T")

ORGANIZATION = ("aws:principalorgid", "aws:principalorgpaths", "aws:resourceorgid", "aws:resourceorgpaths")
ALIASES = "kms:resourcealiases"
TAGS = "aws:resourcetag/"


class LookUps:
    """One run's look-ups."""

    def __init__(self, aws: AwsCalls) -> None:
        self._aws = aws
        self._answers: dict[tuple[str, str], object] = {}
        self._mentions: dict[str, bool] = {}

    def add(self, found: Sequence[Facts | Obstacle]) -> tuple[Facts | Obstacle, ...]:
        """The facts of all pairs, with what their verdicts hang on."""
        return tuple(self._completed(one) if isinstance(one, Facts) else one for one in found)

    def _completed(self, facts: Facts) -> Facts:
        if not any(self._mention(text) for text in (facts.policy, facts.bucket_policy) if text):
            return facts
        open_keys = frozenset(_open_keys(facts))
        request, refused = facts.request, list(facts.unreadable)

        def told(what: str, about: str, question: Callable[[], T]) -> T | None:
            answer = self._ask(what, about, question)
            if isinstance(answer, FcsseError):
                refused.append(f"{what} unknown: {answer.message}.")
                return None
            return answer

        if request.organization is None and open_keys.intersection(ORGANIZATION):
            request = request._replace(
                organization=told("The organization of the account is", "", self._aws.find_organization)
            )
        key = facts.key.arn if facts.key and facts.key.arn.account == facts.account else None
        if key is not None and request.aliases is None and ALIASES in open_keys:
            aliases = told("The key's aliases are", str(key), lambda: self._aws.list_aliases(key))
            request = request._replace(aliases=aliases)
        if key is not None and request.tags is None and any(one.startswith(TAGS) for one in open_keys):
            tags = told("The key's tags are", str(key), lambda: self._aws.list_tags(key))
            request = request._replace(tags=tags)
        return facts._replace(request=request, unreadable=tuple(dict.fromkeys(refused)))

    def _mention(self, text: str) -> bool:
        """Does a policy name any of the keys at all? Most do not, and then there is nothing to judge here."""
        if text not in self._mentions:
            lower = text.lower()
            names = ("aws:principalorg", "aws:resourceorg", ALIASES, TAGS)
            self._mentions[text] = any(name in lower for name in names)
        return self._mentions[text]

    def _ask(self, what: str, about: str, question: Callable[[], T]) -> T | FcsseError:
        if (what, about) not in self._answers:
            try:
                self._answers[what, about] = question()
            except FcsseError as error:
                self._answers[what, about] = error
        return self._answers[what, about]  # type: ignore[return-value]


def _open_keys(facts: Facts) -> Iterator[str]:
    """The condition keys, in lower case, that the verdicts on a pair depend on."""
    try:
        document = parsed(facts.policy) if facts.policy is not None else None
    except FcsseError:
        return  # whoever needs the policy says so
    # What is not allowed yet hangs, once it is, on what denies it: so it is judged as if a grant allowed everything, too.
    for grants in (facts.grants, (*(facts.grants or ()), everything(facts))):
        judgement = judge(facts, document, grants)
        if judgement is None:
            continue
        decisions = [row.decision for row in judgement.rows]
        decisions += [row.decision for row in judgement.bucket_rows or ()]
        for decision in decisions:
            yield from decision.depends_on


def with_look_ups(aws: AwsCalls, found: Sequence[Facts | Obstacle]) -> tuple[Facts | Obstacle, ...]:
    """The facts with what their verdicts hang on."""
    return LookUps(aws).add(found)
