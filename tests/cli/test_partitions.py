"""The other partitions: ARNs take their name, ``kms:ViaService`` stays ``.amazonaws.com``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fcsse.sandbox import Sandbox
from tests.cli.documented_statements import OPERATIONS, OTHER, OWN, documented, role, without_sid
from tests.cli.shell import Shell, VirtualTime


def fill(sandbox: Sandbox) -> None:
    """One cache and two buckets, one of them of another account."""
    sandbox.add_cache("fc-0123", ["data", "abroad"])
    for name, account, flag in (("data", OWN, False), ("data-keys", OWN, True), ("abroad", OTHER, False)):
        key = sandbox.add_key(name, account=account)
        sandbox.add_bucket(name, account=account, algorithm="aws:kms", key=key.arn, bucket_keys=flag, readers=[OWN])
        sandbox.add_object(name, "hello.txt")
    key = sandbox.key("abroad")
    policy = sandbox.policy(key)
    actions = ["kms:CreateGrant", "kms:ListGrants", "kms:DescribeKey", "kms:RevokeGrant"]
    root = {"AWS": f"arn:{key.partition}:iam::{OWN}:root"}
    theirs = {"Sid": "grants", "Effect": "Allow", "Principal": root, "Action": actions, "Resource": "*"}
    sandbox.put_policy(key, {**policy, "Statement": [*policy["Statement"], theirs]})


@pytest.fixture(scope="module", params=[("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")], ids=lambda p: p[1])
def elsewhere(running_sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[tuple[Sandbox, str]]:
    """A sandbox in another partition. A process runs one at a time, so the folder's own makes way for it."""
    region, partition = request.param
    running_sandbox.stop()
    try:
        with Sandbox(fill, region=region) as there:
            yield there, partition
    finally:
        running_sandbox.start()


@pytest.fixture
def abroad(
    elsewhere: tuple[Sandbox, str],
    clock: VirtualTime,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> tuple[Shell, str]:
    """The command line in that partition, and its name."""
    sandbox, partition = elsewhere
    sandbox.reset()
    return Shell(sandbox, monkeypatch, capsys, tmp_path, clock), partition


@pytest.mark.parametrize(("bucket", "flag"), [("data", False), ("data-keys", True)])
def test_the_statement(abroad: tuple[Shell, str], bucket: str, flag: bool) -> None:
    shell, partition = abroad
    shell.linked("fc-0123", bucket)
    page = documented("fc-0123", bucket, region=shell.sandbox.region, bucket_keys=flag)
    expected = json.loads(json.dumps(page).replace("arn:aws:", f"arn:{partition}:"))
    assert without_sid(shell.last(bucket)) == without_sid(expected)
    equals = shell.last(bucket)["Condition"]["StringEquals"]
    assert equals["kms:ViaService"] == f"s3.{shell.sandbox.region}.amazonaws.com"
    assert shell.last(bucket)["Principal"]["AWS"] == role("fc-0123", partition=partition)
    assert shell.works("fc-0123", bucket) == (True, True)
    assert "Nothing to do" in shell.linked("fc-0123", bucket).out


def test_every_cache(abroad: tuple[Shell, str]) -> None:
    shell, partition = abroad
    assert shell.run("link", "--every-cache", "--bucket", "data").code == 0
    assert f"arn:{partition}:s3:::data/*" in str(shell.last("data"))
    assert shell.works("fc-0123", "data") == (True, True)


def test_the_grant(abroad: tuple[Shell, str]) -> None:
    shell, partition = abroad
    shell.linked("fc-0123", "abroad")
    [grant] = shell.grants("abroad")
    assert grant["GranteePrincipal"] == role("fc-0123", partition=partition)
    assert sorted(grant["Operations"]) == sorted(OPERATIONS)


def test_unlinking_leaves_the_policy_as_it_was(abroad: tuple[Shell, str]) -> None:
    shell, _ = abroad
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data")
    assert shell.unlink("fc-0123", "data").code == 0
    assert shell.sandbox.policy_text("data") == before


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("check", "--cache", "fc-0123", "--bucket", "arn:aws-cn:s3:::data"), "data is of partition aws-cn"),
        (("link", "--every-cache", "--bucket", "arn:aws-cn:s3:::data"), "data is of partition aws-cn"),
        (("census", "--bucket", "arn:aws-cn:s3:::data"), "data is of partition aws-cn"),
        (("history", "--bucket", "arn:aws-cn:s3:::data"), "data is of partition aws-cn"),
        (
            ("permissions", "link", "--bucket", "arn:aws-cn:s3:::data", "--partition", "aws"),
            "data is of partition aws-cn",
        ),
        (
            ("link", "--cache", f"arn:aws:fsx:eu-west-1:{OTHER}:file-cache/fc-0123", "--bucket", "data"),
            f"of account {OTHER}",
        ),
        (
            ("unlink", "--cache", f"arn:aws-cn:fsx:cn-north-1:{OWN}:file-cache/fc-0dead", "--bucket", "data"),
            "fc-0dead is of partition aws-cn",
        ),
        (
            (
                "statement",
                "--cache=fc-0123",
                "--bucket=arn:aws-cn:s3:::data",
                f"--account={OWN}",
                "--region=eu-west-1",
                "--no-bucket-keys",
            ),
            "data is of partition aws-cn",
        ),
    ],
)
def test_what_an_arn_names_elsewhere_is_not_taken_for_what_has_the_name_here(
    shell: Shell, words: tuple[str, ...], named: str
) -> None:
    before = shell.sandbox.policy_text("data")
    run = shell.run(*words)
    assert (run.code, named in run.err) == (2, True), run.words
    assert shell.sandbox.policy_text("data") == before


def test_a_document_is_not_judged_for_a_bucket_of_another_partition(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text(shell.sandbox.policy_text("data"))
    words = ("--cache", "fc-0123", "--bucket", "arn:aws-cn:s3:::data", "--account", OWN, "--region", "eu-west-1")
    run = shell.run("check", "--policy", str(tmp_path / "policy.json"), *words)
    assert (run.code, "data is of partition aws-cn" in run.err) == (2, True), run.words


def test_a_cache_is_looked_for_in_the_region_of_its_arn(shell: Shell) -> None:
    """A default Region that is another one is no reason to call it unknown."""
    cache = f"arn:aws:fsx:eu-west-1:{OWN}:file-cache/fc-0456"
    run = shell.run("link", "--cache", cache, "--dry-run", region="us-east-1")
    assert run.code == 0, run.words
    assert "data-alias" in run.out


def test_permissions_are_for_the_partition_that_an_arn_names(shell: Shell) -> None:
    run = shell.run("permissions", "link", "--bucket", "arn:aws-us-gov:s3:::data")
    assert "arn:aws-us-gov:s3:::data" in run.out
    assert "arn:aws:" not in run.out
