"""The sandbox's judge: against AWS's pages one by one, and against the product's evaluator on generated policies."""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from fcsse.evaluator.cache_requests import CacheRequest, cache_requests, decide
from fcsse.evaluator.evaluate import evaluate
from fcsse.evaluator.request import Request, Verdict
from fcsse.model import Grant
from fcsse.policy.encryption_context import ContextForm
from fcsse.sandbox.judge.grant_rules import JudgedGrant
from fcsse.sandbox.judge.judged_request import JudgedRequest, Principal, Value
from fcsse.sandbox.judge.ruling import Decision, judge
from tests.evaluator import generated as g
from tests.sandbox import cache_policies as c
from tests.sandbox.clients import OWN
from tests.thorough import examples

if TYPE_CHECKING:
    from collections.abc import Iterable

MANY = settings(max_examples=examples(150), deadline=None)


def caller(request: Request) -> Principal:
    """A role's ARN stands for a session of it, as the product has it; the session's name is in aws:userid."""
    own, _, session = str(request.context.get("aws:userid", "")).partition(":")
    (unique,) = request.unique_ids or (own,)
    assume(not own or (own == unique and "role" in request.principal))  # a role's id is no user's
    if request.principal == g.SESSION:
        assume(request.context.get("aws:PrincipalArn", g.ROLE) == g.ROLE)  # a session's request names its role
        return Principal(g.SESSION, g.ROLE, unique)
    if ":role/" in request.principal and session:
        account, name = request.principal.split(":")[4], request.principal.rpartition("/")[2]
        return Principal(f"arn:aws:sts::{account}:assumed-role/{name}/{session}", request.principal, unique)
    return Principal(request.principal, "", unique)


def context(request: Request) -> dict[str, Value]:
    """The request's keys, with those that every request carries. Source: "AWS global condition context keys"."""
    who = caller(request)
    found: dict[str, Value] = {"kms:CallerAccount": who.account} if who.account else {}
    found["aws:PrincipalIsAWSService"] = "false" if who.account else "true"
    if who.account:
        found["aws:PrincipalAccount"] = who.account
        kind = "Account" if who.is_root else "User" if ":user/" in who.arn else "AssumedRole"
        found["aws:PrincipalType"] = kind
        found["aws:PrincipalArn"] = who.role or who.arn
        if kind == "User":
            found["aws:username"] = who.arn.rpartition("/")[2]
        if who.is_root:
            found["aws:userid"] = who.account
    given_pairs = tuple(
        key.partition(":")[2].partition(":")[2] for key in request.context if "EncryptionContext:" in key
    )
    if given_pairs:
        found["kms:EncryptionContextKeys"] = given_pairs
    return {**found, **request.context}


def asked(
    document: dict[str, Any], request: Request, grants: list[Grant], identities: list[dict[str, Any]] | None, owner: str
) -> Decision:
    """The judge's answer to the product's question."""
    mine = [
        JudgedGrant(
            grant.grant_id,
            grant.grantee or "",
            tuple(grant.operations),
            {"EncryptionContextEquals": grant.constraint_equals, "EncryptionContextSubset": grant.constraint_subset},
        )
        for grant in grants
    ]
    question = JudgedRequest(caller(request), request.action, request.resource, context(request))
    return judge(question, document, identities or [], owner, mine)


def agree(product: Verdict, reason: str, mine: Decision) -> None:
    """Unknown goes with everything; allowed and denied must be the judge's, where a page of AWS decides."""
    event("undocumented" if mine.undocumented else product.value)
    if product is Verdict.UNKNOWN or mine.undocumented:
        return
    assert (product is Verdict.ALLOWED) is mine.allowed, (reason, mine)


@MANY
@given(
    g.documents(), g.requests(), g.grant_lists(), st.one_of(st.none(), st.lists(g.documents(identity=True), max_size=2))
)
def test_the_product_agrees_on_keys(
    document: dict[str, Any], request: Request, grants: list[Grant], identities: list[dict[str, Any]] | None
) -> None:
    mine = asked(document, request, grants, identities, g.ACCOUNT)
    found = evaluate(document, request, grants, identity_policies=identities)
    agree(found.verdict, found.reason, mine)


def worlds(random: Random, asked_for: CacheRequest) -> JudgedRequest:
    """The product's request in one of the worlds that it may be made in: what it does not know is as it happens."""
    known: dict[str, Value] = dict(asked_for.request.context)
    chance: dict[str, list[Value | None]] = {
        "aws:CurrentTime": ["2026-11-28T19:00:00Z"],
        "aws:EpochTime": ["1795892400"],
        "aws:TokenIssueTime": ["2026-11-28T18:00:00Z"],
        "aws:PrincipalOrgID": [None, "o-exampleorgid"],
        "aws:ResourceOrgID": [None, "o-exampleorgid", "o-another0org"],
        "aws:PrincipalOrgPaths": [None, ("o-exampleorgid/r-ab12/",)],
        "aws:SourceIp": [None, "10.1.2.3", "203.0.113.7"],
        "aws:SourceVpce": [None, "vpce-1"],
        "aws:MultiFactorAuthPresent": [None, "false"],
        "aws:ResourceTag/team": [None, "red"],
        "aws:PrincipalTag/team": [None, "red"],
        "aws:CalledVia": [None, ("s3.amazonaws.com",)],
        "kms:KeyOrigin": ["AWS_KMS", "EXTERNAL"],
        "kms:ResourceAliases": [None, ("alias/data",), ("alias/data", "alias/more")],
        "kms:RequestAlias": [None, "alias/data"],
    }
    for key, values in chance.items():
        value = random.choice(values)
        if key not in known and value is not None:
            known[key] = value
    known.setdefault("aws:userid", f"{c.ROLE_ID}:FSx")
    if asked_for.action != "kms:DescribeKey":
        known.setdefault(
            "kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"
        )  # KMS developer guide, "kms:EncryptionAlgorithm"
    else:  # whether S3 asks in the role's name, or FSx itself, is not documented
        through = random.random() < 0.5
        known["aws:ViaAWSService"] = str(through).lower()
        if through:
            known["kms:ViaService"] = "s3.eu-west-1.amazonaws.com"
    session = f"arn:aws:sts::{OWN}:assumed-role/AWSServiceRoleForFSxS3Access_fc-0123/FSx"
    principal = Principal(session, c.ROLE, c.ROLE_ID)
    return JudgedRequest(principal, asked_for.action, asked_for.request.resource, known)


def disagreements(seeds: Iterable[int]) -> tuple[Counter[str], list[str]]:
    """How often the product said what of a cache's requests, and each time that the judge says otherwise."""
    counts: Counter[str] = Counter()
    found: list[str] = []
    for seed in seeds:
        random = Random(seed)
        document = c.policy(random)
        forms = [random.choice(list(ContextForm))]
        identifier = random.choice([None, c.ROLE_ID])
        for one in cache_requests(c.ROLE, OWN, "eu-west-1", g.KEY, "data", forms, identifier):
            answer = decide(document, one, explain=False)
            question = worlds(random, one)
            mine = judge(question, document, [], OWN)
            counts["undocumented" if mine.undocumented else answer.verdict.value] += 1
            if answer.verdict is Verdict.UNKNOWN or mine.undocumented:
                continue
            if (answer.verdict is Verdict.ALLOWED) is not mine.allowed:
                found.append(
                    f"seed {seed}, {one.action}: {answer.reason}; {mine}; {json.dumps(document)}; {question.context}"
                )
    return counts, found


def test_the_product_agrees_on_what_caches_ask() -> None:
    counts, found = disagreements(range(examples(1500, few=450)))
    assert min(counts[name] for name in ("allowed", "denied", "unknown")) > 100
    assert found == []
