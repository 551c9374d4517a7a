"""The organization, a key's aliases and tags are asked for where a verdict hangs on them, once, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

import fcsse
from tests import simulated
from tests.cli.shell import Shell
from tests.sandbox.clients import allow, policy, slr

CHECK = ("check", "--cache", "fc-0123", "--bucket", "data")
ASKED = ("organizations:DescribeOrganization", "kms:ListAliases", "kms:ListResourceTags")
OURS, OTHERS = "o-exampleorgid", "o-another0org"

CONDITIONS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "organization": (
        {"StringEquals": {"aws:PrincipalOrgID": OURS}},
        {"StringEquals": {"aws:PrincipalOrgID": OTHERS}},
        ASKED[0],
    ),
    "aliases": (
        {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/looked-up"}},
        {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/nobody"}},
        ASKED[1],
    ),
    "tags": (
        {"StringEquals": {"aws:ResourceTag/team": "storage"}},
        {"StringEquals": {"aws:ResourceTag/team": "others"}},
        ASKED[2],
    ),
}


def prepare(shell: Shell | simulated.Shell, condition: dict[str, Any], **more: object) -> None:
    shell.sandbox.add_organization()
    kms = shell.sandbox.client("kms")
    key = shell.sandbox.client("s3").get_bucket_encryption(Bucket="data")["ServerSideEncryptionConfiguration"]["Rules"][
        0
    ]
    arn = key["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    if "alias/looked-up" not in {one["AliasName"] for one in kms.list_aliases()["Aliases"]}:
        kms.create_alias(AliasName="alias/looked-up", TargetKeyId=arn)
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "team", "TagValue": "storage"}])
    statement = allow(slr("fc-0123"), "kms:*", Condition=condition, **more)
    shell.sandbox.put_policy("data", policy(statement))


@pytest.mark.parametrize("name", CONDITIONS)
def test_check_asks_what_decides(name: str, shell: Shell) -> None:
    right, wrong, operation = CONDITIONS[name]
    prepare(shell, right)
    run = shell.run(*CHECK, "-o", "json")
    # Whether a key policy can test aliases and tags, AWS's pages leave open.
    known = name == "organization"
    assert (run.code, run.json["pairs"][0]["read"]) == ((0, "allowed") if known else (3, "unknown")), run.words
    assert [run.count(one) for one in ASKED] == [int(one == operation) for one in ASKED]
    assert shell.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    prepare(shell, wrong)
    run = shell.run(*CHECK, "-o", "json")
    assert (run.code, run.json["pairs"][0]["read"]) == (3, "denied")


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_refusal_leaves_it_unknown_and_is_told(name: str, shell: Shell) -> None:
    right, _, operation = CONDITIONS[name]
    prepare(shell, right)
    denied = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": operation, "Resource": "*"},
        ],
    }
    run = shell.run(*CHECK, "-o", "json", credentials=shell.sandbox.add_user("restricted", denied))
    pair = run.json["pairs"][0]
    assert (run.code, pair["read"], pair["write"]) == (3, "unknown", "unknown")
    assert operation in run.out


@pytest.mark.parametrize(("excepted", "code"), [(OURS, 0), (OTHERS, 4)])
def test_link_asks_what_would_deny_the_access_that_it_gives(excepted: str, code: int, shell: Shell) -> None:
    deny = {"Sid": "Others", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**deny, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": excepted}}})
    run = shell.link("fc-0123", "data")
    assert (run.code, run.count(ASKED[0])) == (code, 1), run.words
    assert "not known" not in run.words
    assert shell.works("fc-0123", "data")[0] is (code == 0)


def test_nothing_is_asked_where_nothing_hangs_on_it(shell: Shell) -> None:
    prepare(shell, {})
    for words in (CHECK, ("audit",), ("link", *CHECK[1:], "--dry-run")):
        assert shell.run(*words).count("organizations:DescribeOrganization") == 0
    everywhere = {"StringNotEquals": {"aws:PrincipalOrgID": OTHERS}}
    shell.sandbox.put_policy(
        "data", policy(allow(slr("fc-0123"), "kms:*"), allow(slr("fc-0123"), Condition=everywhere))
    )
    run = shell.run(*CHECK)
    assert (run.code, run.count("organizations:DescribeOrganization")) == (0, 0)


def test_audit_asks_once_for_all_pairs(shell: Shell) -> None:
    prepare(shell, CONDITIONS["organization"][0])
    run = shell.run("audit", "-o", "json")
    assert run.count("organizations:DescribeOrganization") == 1
    pairs = {(one["cache"], one["bucket"]): one for one in run.json["pairs"]}
    assert (pairs["fc-0123", "data"]["read"], pairs["fc-0123", "data"]["write"]) == ("allowed", "allowed")


def test_what_was_said_is_not_asked(shell: Shell) -> None:
    prepare(shell, CONDITIONS["organization"][0])
    for words in (CHECK, ("audit",)):
        run = shell.run(*words, "--org-id", OTHERS)
        assert (run.code, run.count("organizations:DescribeOrganization")) == (3, 0)
    run = shell.run("link", *CHECK[1:], "--dry-run", "--org-id", OURS)
    assert run.count("organizations:DescribeOrganization") == 0
    assert "Nothing to do" in run.out or run.code == 0


def test_the_api_takes_the_organization(shell: Shell) -> None:
    prepare(shell, CONDITIONS["organization"][0])
    for name, value in shell.sandbox.env().items():
        shell.patch.setenv(name, value)
    (pair,) = fcsse.check("fc-0123", "data", org_id=OTHERS)
    assert pair.read is fcsse.Verdict.DENIED
    assert all(
        one.read is not fcsse.Verdict.ALLOWED for one in fcsse.audit(org_id=OTHERS).judged if one.pair.bucket == "data"
    )
    with pytest.raises(fcsse.UsageError):
        fcsse.link("fc-0123", "data", org_id="nonsense")
