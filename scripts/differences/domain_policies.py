"""Key policies and requests of this domain, made from a seed: what people write on keys of buckets behind caches."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

from fcsse.arn import Arn, key_arn
from fcsse.evaluator.cache_requests import CacheRequest, cache_requests
from fcsse.evaluator.condition_keys import is_multivalued
from fcsse.evaluator.request import Request
from fcsse.model import Key, RequestFacts
from fcsse.policy.encryption_context import ContextForm
from tests.sandbox import cache_policies as vocabulary
from tests.sandbox.clients import OWN

KEY_ARN = f"arn:aws:kms:eu-west-1:{OWN}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NOW = datetime(2026, 11, 28, 19, 0, 0, tzinfo=UTC)
OFTEN = 0.95
NOW_TEXT = {
    "aws:currenttime": "2026-11-28T19:00:00Z",
    "aws:epochtime": str(int(NOW.timestamp())),
    "aws:tokenissuetime": "2026-11-28T18:00:00Z",
}


class Question(NamedTuple):
    """A policy and one request; ``whole``: it stands for every object of the bucket."""

    policy: dict[str, Any]
    request: Request
    whole: bool


def questions(seed: int) -> list[Question]:
    """The questions of one seed: a policy, and what a cache asks of its key in one form."""
    random = Random(seed)
    policy = _varied(vocabulary.policy(random), random)
    known = RequestFacts(
        NOW,
        random.choice([None, "", "o-exampleorgid"]),
        random.choice([None, ("alias/data",), ("alias/data", "alias/more"), ()]),
        random.choice([None, (("team", "red"),), ()]),
    )
    asked = cache_requests(
        vocabulary.ROLE,
        OWN,
        "eu-west-1",
        KEY_ARN,
        "data",
        [random.choice(list(ContextForm))],
        random.choice([None, vocabulary.ROLE_ID]),
        key=_key(random),
        known=known,
        only_needed=random.random() < 0.7,
    )
    found = []
    for one in _distinct(asked):
        found.append(Question(policy, one.request, whole=False))
        if one.every_object is not None:
            found.append(Question(policy, one.every_object, whole=True))
    return found


def _distinct(asked: tuple[CacheRequest, ...]) -> list[CacheRequest]:
    return list({one.action: one for one in asked}.values())


def _key(random: Random) -> Key:
    arn = key_arn(KEY_ARN)
    assert isinstance(arn, Arn)
    if random.random() < 0.5:
        return Key(arn)
    return Key(
        arn,
        "Enabled",
        "CUSTOMER",
        "SYMMETRIC_DEFAULT",
        "ENCRYPT_DECRYPT",
        random.choice(["AWS_KMS", "EXTERNAL"]),
        False,
    )


def _varied(policy: dict[str, Any], random: Random) -> dict[str, Any]:
    """The policy with more operators than its vocabulary has, and less of what the other is known to get wrong."""
    if "${" in str(policy) and random.random() < OFTEN:
        policy["Version"] = "2012-10-17"
    for statement in policy["Statement"]:
        for name in ("Principal", "NotPrincipal"):
            if statement.get(name) == {"AWS": vocabulary.ROLE_ID} and random.random() < OFTEN:
                statement[name] = {"AWS": vocabulary.ROLE}
        made: dict[str, Any] = {}
        for operator, keys in statement.get("Condition", {}).items():
            for key, value in keys.items():
                made.setdefault(_operator(operator, key, random), {})[key] = value
        if made:
            statement["Condition"] = made
    return policy


def _operator(operator: str, key: str, random: Random) -> str:
    """The operator, at times with IfExists or a set operator, and mostly with one where the key may have several values."""
    if operator == "Null":
        return operator
    chance = random.random()
    if ":" not in operator:
        if (is_multivalued(key) and chance < OFTEN) or chance < 0.1:
            return random.choice(["ForAnyValue:", "ForAllValues:"]) + operator
        if chance < 0.25 and not operator.endswith("IfExists"):
            return operator + "IfExists"
    return operator
