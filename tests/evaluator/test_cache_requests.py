"""The requests a cache makes, and their verdicts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from fcsse.evaluator.cache_requests import CONTEXT_KEY, CacheRequest, Purpose, cache_requests, decide
from fcsse.evaluator.evaluate import compile_policy
from fcsse.evaluator.request import Verdict
from fcsse.model import GRANT_OPERATIONS, Grant
from fcsse.policy.encryption_context import ContextForm
from tests.evaluator.case import ACCOUNT, BUCKET, KEY, OTHER, ROLE, ROLE_ID, ROOT, document, statement

OBJECT, FORM_OF_BUCKET = ContextForm.OBJECT, ContextForm.BUCKET
ACTIONS = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
VIA = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "s3.eu-west-1.amazonaws.com"}


def linked(pattern: Any = f"{BUCKET}/*", **changes: Any) -> dict[str, Any]:
    block = {"StringEquals": VIA, "StringLike": {CONTEXT_KEY: pattern}}
    return statement(**{"Sid": "Link", "Principal": {"AWS": ROLE}, "Action": ACTIONS, "Condition": block, **changes})


def asked(*forms: ContextForm, role_id: str | None = ROLE_ID, **rest: Any) -> tuple[CacheRequest, ...]:
    return cache_requests(ROLE, ACCOUNT, "eu-west-1", KEY, "data", forms, role_id, **rest)


def verdicts(rules: list[dict[str, Any]], *forms: ContextForm, grants: Any = (), **rest: Any) -> set[Verdict]:
    policy = compile_policy(document(*rules))
    return {decide(policy, one, grants).verdict for one in asked(*forms, **rest) if one.needed}


def test_the_requests_of_one_form() -> None:
    found = [(one.purpose, one.form, one.action) for one in asked(OBJECT)]
    assert found[:3] == [
        (Purpose.READ, OBJECT, "kms:Decrypt"),
        (Purpose.WRITE, OBJECT, "kms:GenerateDataKey"),
        (Purpose.MULTIPART, OBJECT, "kms:Decrypt"),
    ]
    assert {(purpose, form, action) for purpose, form, action in found[3:]} == {
        (Purpose.DOCUMENTED, OBJECT, "kms:Encrypt"),
        (Purpose.DOCUMENTED, OBJECT, "kms:ReEncryptFrom"),
        (Purpose.DOCUMENTED, OBJECT, "kms:ReEncryptTo"),
        (Purpose.DOCUMENTED, OBJECT, "kms:GenerateDataKeyWithoutPlaintext"),
        (Purpose.DOCUMENTED, None, "kms:DescribeKey"),
    }


def test_needed_ones_come_first_in_both_forms() -> None:
    found = asked(FORM_OF_BUCKET, OBJECT)
    assert [one.needed for one in found] == [True] * 6 + [False] * 9
    assert {one.form for one in found[:6]} == {OBJECT, FORM_OF_BUCKET}


def test_the_context() -> None:
    first, *_, last = asked(FORM_OF_BUCKET)
    assert first.request.context[CONTEXT_KEY] == BUCKET
    assert first.request.context["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    assert first.request.context["kms:EncryptionContextKeys"] == ("aws:s3:arn",)
    assert first.request.context["aws:userid"] == f"{ROLE_ID}:FSx"
    assert CONTEXT_KEY not in last.request.context
    assert last.action == "kms:DescribeKey"


def test_partitions() -> None:
    role, key = (text.replace("arn:aws:", "arn:aws-cn:") for text in (ROLE, KEY))
    found = cache_requests(role, ACCOUNT, "cn-north-1", key, "data", [FORM_OF_BUCKET])
    assert found[0].request.context[CONTEXT_KEY] == "arn:aws-cn:s3:::data"
    assert found[0].request.context["kms:ViaService"] == "s3.cn-north-1.amazonaws.com"


@pytest.mark.parametrize("form", list(ContextForm))
def test_the_documented_statement_gives_its_own_form_and_no_other(form: ContextForm) -> None:
    other = FORM_OF_BUCKET if form is OBJECT else OBJECT
    assert verdicts([linked(form.arn(BUCKET))], form) == {Verdict.ALLOWED}
    assert verdicts([linked(form.arn(BUCKET))], other) == {Verdict.DENIED}
    assert verdicts([linked([BUCKET, f"{BUCKET}/*"])], form, other) == {Verdict.ALLOWED}


def test_bucket_keys_turned_on_after_linking_is_named() -> None:
    found = decide(document(linked()), asked(FORM_OF_BUCKET)[0])
    assert found.verdict is Verdict.DENIED
    assert found.misses[0].reason.endswith(f"like {BUCKET}/*; this request has {BUCKET}")


def test_describe_key_is_dead_in_the_documented_statement() -> None:
    assert decide(document(linked()), asked(OBJECT)[-1]).verdict is Verdict.DENIED


def test_delegation_alone_gives_nothing() -> None:
    assert verdicts([statement(Principal={"AWS": ROOT})], OBJECT, FORM_OF_BUCKET) == {Verdict.DENIED}


def test_every_cache() -> None:
    block = {"StringEquals": VIA, "StringLike": {"aws:userid": "*:FSx", CONTEXT_KEY: f"{BUCKET}/*"}}
    rule = linked(Principal={"AWS": "*"}, Condition=block)
    assert verdicts([rule], OBJECT) == {Verdict.ALLOWED}
    assert verdicts([rule], OBJECT, role_id=None) == {Verdict.ALLOWED}
    block["StringLike"]["aws:userid"] = f"{ROLE_ID}:*"
    assert verdicts([rule], OBJECT) == {Verdict.ALLOWED}
    assert verdicts([rule], OBJECT, role_id=None) == {Verdict.UNKNOWN}
    block["StringLike"]["aws:userid"] = "AROAOTHEROTHEROTHER12:*"
    assert verdicts([rule], OBJECT) == {Verdict.DENIED}


def test_a_dead_principal() -> None:
    rule = linked(Principal={"AWS": "AROADEADDEADDEAD12345"})
    assert verdicts([rule], OBJECT) == {Verdict.DENIED}
    assert verdicts([rule], OBJECT, role_id=None) == {Verdict.UNKNOWN}


def test_a_narrower_prefix_is_not_every_object() -> None:
    rule = linked(f"{BUCKET}/results/*")
    assert verdicts([rule], OBJECT) == {Verdict.DENIED}
    assert verdicts([rule], OBJECT, prefixes=["results/"]) == {Verdict.ALLOWED}
    assert verdicts([rule], OBJECT, prefixes=["results/", "raw/"]) == {Verdict.ALLOWED, Verdict.DENIED}


def test_of_a_prefix_without_a_slash_only_what_is_in_it_is_certain() -> None:
    """FSx shows a path as it was given. Whether results takes in results-old, no page says."""
    within, all_alike = linked(f"{BUCKET}/results/*"), linked(f"{BUCKET}/results*")
    apart = statement(Sid="Secret", Effect="Deny", Condition={"StringLike": {CONTEXT_KEY: f"{BUCKET}/results/*"}})
    assert verdicts([within], OBJECT, prefixes=["results"]) == {Verdict.UNKNOWN}
    assert verdicts([all_alike], OBJECT, prefixes=["results"]) == {Verdict.ALLOWED}
    assert verdicts([linked(f"{BUCKET}/raw/*")], OBJECT, prefixes=["results"]) == {Verdict.DENIED}
    assert verdicts([all_alike, apart], OBJECT, prefixes=["results"]) == {Verdict.DENIED}


def test_objects_set_apart_by_a_deny_are_found() -> None:
    apart = statement(Sid="Secret", Effect="Deny", Condition={"StringLike": {CONTEXT_KEY: f"{BUCKET}/secret/*"}})
    found = decide(document(linked(), apart), asked(OBJECT)[0])
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason.startswith("not for every object: ")
    assert "Secret" in found.reason
    assert verdicts([linked(), apart], OBJECT, prefixes=["open/"]) == {Verdict.ALLOWED}


def test_a_pattern_that_is_wide_enough_is_every_object() -> None:
    for pattern in (f"{BUCKET}/*", f"{BUCKET}*", "*", "arn:aws:s3:::*", "arn:aws:s3:::d?ta/*"):
        assert verdicts([linked(pattern)], OBJECT) == {Verdict.ALLOWED}, pattern


def test_other_buckets_regions_accounts() -> None:
    assert verdicts([linked("arn:aws:s3:::data2/*")], OBJECT) == {Verdict.DENIED}
    for key, value in (("kms:ViaService", "s3.us-east-1.amazonaws.com"), ("kms:CallerAccount", OTHER)):
        rule = linked(Condition={"StringEquals": {**VIA, key: value}})
        assert verdicts([rule], OBJECT) == {Verdict.DENIED}


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, Verdict.UNKNOWN),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, Verdict.UNKNOWN),
        ({"StringEquals": {"aws:SourceVpce": "vpce-1"}}, Verdict.UNKNOWN),
        ({"ForAnyValue:StringEquals": {"aws:CalledVia": "s3.amazonaws.com"}}, Verdict.UNKNOWN),
        ({"StringEquals": {"aws:PrincipalTag/team": "x"}}, Verdict.UNKNOWN),
        ({"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}, Verdict.UNKNOWN),
        ({"Null": {"aws:TokenIssueTime": "false"}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:SourceAccount": ACCOUNT}}, Verdict.DENIED),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:fsx:*:*:*"}}, Verdict.DENIED),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, Verdict.DENIED),
        ({"Bool": {"aws:PrincipalIsAWSService": "true"}}, Verdict.DENIED),
        ({"Bool": {"aws:ViaAWSService": "true"}}, Verdict.ALLOWED),
        ({"Bool": {"aws:SecureTransport": "true"}}, Verdict.ALLOWED),
        ({"ArnLike": {"aws:PrincipalArn": ROLE}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, Verdict.ALLOWED),
        ({"StringEquals": {"aws:PrincipalType": "AssumedRole"}}, Verdict.ALLOWED),
        ({"Null": {"aws:username": "true"}}, Verdict.ALLOWED),
        ({"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": "aws:s3:arn"}}, Verdict.ALLOWED),
        ({"Null": {"kms:EncryptionContext:other": "true"}}, Verdict.ALLOWED),
        ({"Bool": {"kms:MultiRegion": "false"}}, Verdict.ALLOWED),
    ],
)
def test_what_is_known_of_the_context(block: dict[str, Any], expected: Verdict) -> None:
    assert verdicts([linked(Condition=block)], OBJECT, FORM_OF_BUCKET) == {expected}


def test_a_grant() -> None:
    wide = Grant("g", ROLE, frozenset(GRANT_OPERATIONS))
    narrow = Grant("g", ROLE, frozenset(GRANT_OPERATIONS), constraint_subset={"aws:s3:arn": BUCKET})
    assert {decide(document(), one, [wide]).verdict for one in asked(OBJECT, FORM_OF_BUCKET)} == {Verdict.ALLOWED}
    assert verdicts([], FORM_OF_BUCKET, grants=[narrow]) == {Verdict.ALLOWED}
    assert verdicts([], OBJECT, grants=[narrow]) == {Verdict.DENIED}
    assert decide(document(), asked(OBJECT)[-1], [narrow]).verdict is Verdict.ALLOWED


def test_a_foreign_key_needs_a_grant() -> None:
    key = KEY.replace(ACCOUNT, OTHER)
    read = cache_requests(ROLE, ACCOUNT, "eu-west-1", key, "data", [OBJECT], ROLE_ID)[0]
    assert decide(document(linked()), read).verdict is Verdict.DENIED
    grant = Grant("g", ROLE, frozenset(GRANT_OPERATIONS))
    assert decide(document(), read, [grant]).verdict is Verdict.ALLOWED


def test_a_disabled_key() -> None:
    found = decide(document(linked()), asked(OBJECT)[0], (), "Disabled")
    assert found.verdict is Verdict.DENIED
    assert "Disabled" in found.reason


def test_thousands_of_requests_a_second() -> None:
    rules = [linked(Sid=f"L{n}", Principal={"AWS": f"{ROLE}{n}"}) for n in range(50)]
    policy = compile_policy(document(statement(Principal={"AWS": ROOT}), *rules, linked()))
    requests = asked(OBJECT, FORM_OF_BUCKET)
    start = time.process_time()  # of this process alone, however busy the machine
    for _ in range(60):
        for one in requests:
            decide(policy, one)
    assert time.process_time() - start < 2, "900 verdicts; a hundredth of that time is usual"
