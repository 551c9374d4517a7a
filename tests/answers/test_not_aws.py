"""Answers that are not AWS's: an error that says so, wherever they come in; never "nothing to do", never "allowed"."""

from __future__ import annotations

import json

import pytest

from tests.answers.proxy import NOT_AWS, Proxy, empty, other_text, sign_in
from tests.cli.shell import WRITES, Run, Shell

LINK = ("link", "--cache", "fc-0123", "--bucket", "data")
CHECK = ("check", "--cache", "fc-0123", "--bucket", "data")
UNLINK = ("unlink", "--cache", "fc-0123", "--bucket", "data")
CENSUS = ("census", "--bucket", "data")
ALIAS = ("link", "--cache", "fc-0123", "--bucket", "data-alias")
UNNAMED = ("link", "--cache", "fc-0123")

NEEDED = [
    (LINK, "s3:GetBucketEncryption"),
    (LINK, "iam:GetRole"),
    (LINK, "kms:DescribeKey"),
    (LINK, "kms:GetKeyPolicy"),
    (UNNAMED, "fsx:DescribeDataRepositoryAssociations"),
    (ALIAS, "s3:HeadBucket"),
    (CHECK, "s3:GetBucketEncryption"),
    (CHECK, "s3:GetBucketPolicy"),
    (CHECK, "iam:GetRole"),
    (CHECK, "kms:DescribeKey"),
    (CHECK, "kms:GetKeyPolicy"),
    (CHECK, "kms:ListGrants"),
    (UNLINK, "s3:GetBucketEncryption"),
    (UNLINK, "kms:GetKeyPolicy"),
    (UNLINK, "kms:ListGrants"),
    (CENSUS, "s3:ListObjectsV2"),
    (CENSUS, "s3:HeadObject"),
]
"""Commands, and calls whose answers they cannot do without."""


def is_told(run: Run, operation: str, proxy: Proxy) -> None:
    """Exit code 1, and an error that names the call and who answered it."""
    assert run.code == 1, run.words
    assert "not AWS's answer" in run.err
    assert operation in run.err
    assert proxy.url in run.err
    assert "AWS_ENDPOINT_URL" in run.err
    for wrong in ("defect", "bug in fcsse", "Traceback", "Nothing to do", "fc-0123 can read and write", "no objects"):
        assert wrong not in run.words.replace("Whether fc-0123 can", "")


@pytest.mark.one_in(2)
@pytest.mark.combinations("form", "operation")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize(
    ("words", "operation"), NEEDED, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_an_answer_that_is_not_aws_s_ends_the_command(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, form: str
) -> None:
    if words[0] == "unlink" or words == CHECK:
        shell.linked("fc-0123", "data")
    before = shell.sandbox.policy("data")
    rule = proxy.spoil(operation, NOT_AWS[form])
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, operation, proxy)
    assert rule.acted >= 3
    assert not WRITES.intersection(run.operations)
    assert shell.sandbox.policy("data") == before


@pytest.mark.one_in(3)
@pytest.mark.combinations("form", "operation")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize(
    ("words", "operation"), NEEDED, ids=lambda value: value if isinstance(value, str) else value[0]
)
def test_it_is_tried_again_as_after_a_lost_connection(
    shell: Shell, proxy: Proxy, words: tuple[str, ...], operation: str, form: str
) -> None:
    dry = ("--dry-run",) if words[0] in ("link", "unlink") else ()
    # Through the proxy as well: the endpoint is shown, and part of a plan's digest.
    expected = shell.run(*words, *dry, AWS_ENDPOINT_URL=proxy.url)
    proxy.spoil(operation, NOT_AWS[form], times=1)
    run = shell.run(*words, *dry, AWS_ENDPOINT_URL=proxy.url)
    assert (run.code, run.out) == (expected.code, expected.out)


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_the_number_of_attempts_is_the_user_s(shell: Shell, proxy: Proxy, attempts: int) -> None:
    rule = proxy.spoil("s3:GetBucketEncryption", empty)
    shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url, AWS_MAX_ATTEMPTS=str(attempts))
    assert rule.acted == attempts


@pytest.mark.combinations("bucket", "form")
@pytest.mark.parametrize("bucket", ["data-aws-s3", "data-alias", "data-key-id"])
@pytest.mark.parametrize("form", NOT_AWS)
def test_whose_a_bucket_is_is_not_taken_from_such_an_answer(shell: Shell, proxy: Proxy, bucket: str, form: str) -> None:
    """The second GetBucketEncryption asks with ExpectedBucketOwner: an empty success would make any bucket the caller's."""
    proxy.spoil("s3:GetBucketEncryption", NOT_AWS[form], skip=1)
    run = shell.link("fc-0123", bucket, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, "s3:GetBucketEncryption", proxy)
    assert not WRITES.intersection(run.operations)


@pytest.mark.one_in(2)
@pytest.mark.combinations("operation", "form")
@pytest.mark.parametrize("form", NOT_AWS)
@pytest.mark.parametrize(
    "operation",
    [
        "s3:GetBucketEncryption",
        "s3:GetBucketPolicy",
        "iam:ListRoles",
        "kms:GetKeyPolicy",
        "kms:ListGrants",
        "kms:DescribeKey",
        "fsx:DescribeFileSystems",
    ],
)
def test_an_audit_says_what_it_could_not_learn(shell: Shell, proxy: Proxy, operation: str, form: str) -> None:
    proxy.spoil(operation, NOT_AWS[form])
    run = shell.run("audit", AWS_ENDPOINT_URL=proxy.url)
    assert run.code in (1, 3), run.words
    told = " ".join(run.words.split())
    assert "not AWS's answer" in told
    assert operation in told
    assert "defect" not in told


@pytest.mark.parametrize("form", NOT_AWS)
def test_an_audit_that_hears_nothing_of_associations_finds_no_empty_account(
    shell: Shell, proxy: Proxy, form: str
) -> None:
    proxy.spoil("fsx:DescribeDataRepositoryAssociations", NOT_AWS[form])
    run = shell.run("audit", AWS_ENDPOINT_URL=proxy.url)
    is_told(run, "fsx:DescribeDataRepositoryAssociations", proxy)


@pytest.mark.parametrize("form", NOT_AWS)
def test_tags_that_nothing_depends_on_do_not_stop_a_link(shell: Shell, proxy: Proxy, form: str) -> None:
    proxy.spoil("kms:ListResourceTags", NOT_AWS[form])
    assert shell.run(*LINK, AWS_ENDPOINT_URL=proxy.url).code == 0
    assert shell.works("fc-0123", "data") == (True, True)


def test_one_json_document_says_it_too(shell: Shell, proxy: Proxy) -> None:
    proxy.spoil("*", sign_in)
    run = shell.run(*LINK, "-o", "json", AWS_ENDPOINT_URL=proxy.url)
    assert run.code == 1
    assert "not AWS's answer" in run.json["error"]["message"]


def test_a_password_in_the_endpoint_is_not_shown(shell: Shell, proxy: Proxy) -> None:
    proxy.spoil("*", empty)
    url = proxy.url.replace("http://", "http://somebody:secret@")
    run = shell.run(*LINK, AWS_ENDPOINT_URL=url)
    assert run.code == 1
    assert "not AWS's answer" in run.err
    assert "secret" not in run.words


@pytest.mark.parametrize("account", ["kms:GetKeyPolicy", "s3:GetBucketPolicy"])
def test_a_cut_policy_is_not_read(shell: Shell, proxy: Proxy, account: str) -> None:
    """Half of a bucket policy with a right length is no policy."""
    shell.linked("fc-0123", "data")
    everyone = {"Principal": "*", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everyone]})
    shell.sandbox.client("s3").put_bucket_policy(Bucket="data", Policy=policy)
    proxy.spoil(account, other_text(r".{9}$", ""))
    run = shell.run(*CHECK, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, account, proxy)


@pytest.mark.parametrize(
    ("operation", "name", "named"),
    [
        ("fsx:DescribeDataRepositoryAssociations", "fc-0123", "associations of fc-0456"),
        ("iam:GetRole", "AWSServiceRoleForFSxS3Access_fc-0123", "role AWSServiceRoleForFSxS3Access_fc-0456"),
        ("kms:DescribeKey", "data", "key arn:"),
        ("kms:ListGrants", "data", "key arn:"),
    ],
)
def test_an_answer_about_something_else_than_was_asked_about(
    shell: Shell, proxy: Proxy, operation: str, name: str, named: str
) -> None:
    """As of an answer cache that tells requests apart by their URL, or of a simulator that passes over a filter."""
    if operation.startswith("kms:"):
        shell.linked("fc-0123", "data", "--via", "grant")
        name = shell.sandbox.key(name).id
        other = shell.sandbox.key("data-alias").id
    else:
        other = name.replace("fc-0123", "fc-0456")
    proxy.spoil(operation, lambda answer: answer.raw(answer.body.replace(name.encode(), other.encode())))
    words = CHECK[:3] if operation.startswith("fsx:") else CHECK
    run = shell.run(*words, AWS_ENDPOINT_URL=proxy.url)
    is_told(run, operation, proxy)
    assert f"is about {named}" in run.err
