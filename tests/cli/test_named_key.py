"""``--key`` takes an alias or an id of the caller's own account."""

from __future__ import annotations

import pytest

import fcsse
from tests.cli.shell import Shell

ALIAS = "alias/named-here"


@pytest.fixture
def arn(shell: Shell) -> str:
    """The ARN of the key of bucket data, which has an alias."""
    found = shell.sandbox.client("s3").get_bucket_encryption(Bucket="data")
    rule = found["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]
    key: str = rule["KMSMasterKeyID"]
    shell.sandbox.client("kms").create_alias(AliasName=ALIAS, TargetKeyId=key)
    return key


def names(arn: str) -> list[str]:
    return [ALIAS, arn.rpartition(":")[0] + f":{ALIAS}", arn.rpartition("/")[2]]


@pytest.mark.parametrize("number", range(3))
def test_link_check_and_unlink_take_a_name(number: int, shell: Shell, arn: str) -> None:
    name = names(arn)[number]
    pair = ("--cache", "fc-0123", "--bucket", "data", "--key")
    linked = shell.run("link", *pair, name)
    assert linked.code == 0, linked.words
    assert shell.sandbox.cache("fc-0123").read("data", "hello.txt").allowed
    assert shell.run("check", *pair, name).code == 0
    assert shell.run("unlink", *pair, name).code == 0
    assert not shell.sandbox.cache("fc-0123").read("data", "hello.txt").allowed


def test_it_makes_the_same_plan_as_the_arn(shell: Shell, arn: str) -> None:
    pair = ("link", "--cache", "fc-0123", "--bucket", "data", "--dry-run", "--key")
    assert shell.run(*pair, ALIAS).digest == shell.run(*pair, arn).digest


def test_an_alias_of_another_account_is_refused(shell: Shell) -> None:
    run = shell.run(
        "link", "--cache", "fc-0123", "--bucket", "data", "--key", "arn:aws:kms:eu-west-1:444455556666:alias/theirs"
    )
    assert run.code == 2
    assert "444455556666" in run.err
    assert "permissions are given on keys" in " ".join(run.err.split())


def test_a_name_that_is_none(shell: Shell) -> None:
    pair = ("link", "--cache", "fc-0123", "--bucket", "data", "--key")
    run = shell.run(*pair, "alias/nobody")
    assert run.code == 6, run.words
    assert "alias/nobody" in run.err
    assert shell.run(*pair, "nonsense").code == 2
    with pytest.raises(fcsse.UsageError):
        fcsse.link("fc-0123", "data", key="nonsense")
