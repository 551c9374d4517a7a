"""A key whose value is never an empty text is there with a value, or it is not there."""

from __future__ import annotations

import pytest

from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Request, Verdict

ROLE = "arn:aws:iam::111122223333:role/Reader"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("name", "verdict"), [("kms:RequestAlias", Verdict.DENIED), ("aws:UserAgent", Verdict.UNKNOWN)]
)
def test_allowed_without_it_and_denied_without_it_is_denied(name: str, verdict: Verdict) -> None:
    statement = {"Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}
    allow = {**statement, "Effect": "Allow", "Condition": {"Null": {name: "true"}}}
    deny = {**statement, "Effect": "Deny", "Condition": {"StringEqualsIfExists": {name: "alias/data"}}}
    policy = {"Version": "2012-10-17", "Statement": [allow, deny]}
    assert evaluate(policy, Request(ROLE, "kms:Decrypt", KEY)).verdict is verdict
