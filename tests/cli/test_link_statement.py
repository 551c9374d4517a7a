"""``fcsse link`` in one account: the documented statement, and how it gets into the policy."""

from __future__ import annotations

import json

import pytest

from tests.cli.documented_statements import CONTEXT, documented, role, without_sid
from tests.cli.shell import Shell

SID = "Allow FSx to use the key through S3 for bucket data"


def test_the_statement_is_the_page_s(shell: Shell) -> None:
    before = shell.statements("data")
    assert shell.works("fc-0123", "data") == (False, False)
    run = shell.link("fc-0123", "data")
    assert run.code == 0, run.words
    assert shell.statements("data")[:-1] == before
    added = json.loads(shell.sent()[0])["Statement"][-1]
    assert without_sid(added) == without_sid(documented("fc-0123", "data"))
    assert list(added) == list(documented("fc-0123", "data"))
    assert list(added["Condition"]) == ["StringEquals", "StringLike"]
    assert added["Sid"] == SID
    assert shell.works("fc-0123", "data") == (True, True)


def test_everything_else_in_the_policy_stays_to_the_byte(shell: Shell) -> None:
    before = shell.sandbox.policy_text("data")
    shell.linked("fc-0123", "data")
    [sent] = shell.sent()
    head, tail = before[: before.rindex("}", 0, before.rindex("]"))], "\n}"
    assert sent.startswith(head)
    assert sent.endswith(tail)


@pytest.mark.parametrize(
    ("cache", "bucket", "expected"),
    [
        ("fc-0123", "data", documented("fc-0123", "data")),
        ("fs-0abc", "data", documented("fs-0abc", "data")),
        ("fc-0123", "data-bucket-keys", documented("fc-0123", "data-bucket-keys", bucket_keys=True)),
        ("fc-0123", "data-other-region", documented("fc-0123", "data-other-region", region="us-east-1")),
        ("fc-0456", "data-alias", documented("fc-0456", "data-alias")),
        ("fc-0456", "data-alias-arn", documented("fc-0456", "data-alias-arn")),
        ("fc-0123", "data-key-id", documented("fc-0123", "data-key-id")),
        ("fc-0123", "data-stack", documented("fc-0123", "data-stack")),
    ],
    ids=["object form", "file system", "bucket keys", "other region", "alias", "alias ARN", "key id", "stack"],
)
def test_each_kind_of_bucket_gets_its_form(shell: Shell, cache: str, bucket: str, expected: dict[str, object]) -> None:
    shell.linked(cache, bucket)
    assert without_sid(shell.last(bucket)) == without_sid(expected)
    assert shell.works(cache, bucket) == (True, True)


def test_the_key_of_another_region_is_edited_there_and_its_replica_is_not(shell: Shell) -> None:
    """KMS developer guide, "Multi-Region keys": each replica has a policy of its own."""
    shell.linked("fc-0123", "data-other-region")
    [put] = shell.sandbox.requests.of("kms:PutKeyPolicy")
    assert put.region == "us-east-1"
    identifier = shell.sandbox.key("data-other-region").id
    assert len(shell.statements(f"arn:aws:kms:eu-west-1:111122223333:key/{identifier}")) == 1


def test_an_id_that_only_begins_alike_is_another_cache(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.works("fc-01234567890", "data") == (False, False)
    shell.linked("fc-01234567890", "data-bucket-keys")
    assert shell.last("data-bucket-keys")["Principal"] == {"AWS": role("fc-01234567890")}
    assert shell.works("fc-0123", "data-bucket-keys") == (False, False)


@pytest.mark.parametrize("words", [(), ("--context", "both")])
def test_a_second_run_changes_nothing(shell: Shell, words: tuple[str, ...]) -> None:
    shell.linked("fc-0123", "data", *words)
    text = shell.sandbox.policy_text("data")
    again = shell.link("fc-0123", "data", *words)
    assert again.code == 0
    assert "Nothing to do." in again.out
    assert again.diff == []
    assert again.count("kms:PutKeyPolicy") == 0
    assert shell.sandbox.policy_text("data") == text
    assert len(shell.backups) == 1


def test_a_second_role_joins_the_principals(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    first = shell.last("data")
    run = shell.linked("fc-01234567890", "data")
    assert shell.last("data") == {
        **first,
        "Principal": {"AWS": sorted([role("fc-0123"), role("fc-01234567890")])},
    }
    assert len(shell.statements("data")) == 2
    assert "added to the existing statement" in run.out
    for cache in ("fc-0123", "fc-01234567890"):
        assert shell.works(cache, "data") == (True, True)


def test_a_second_bucket_on_the_key_gets_a_statement_of_its_own(shell: Shell) -> None:
    shell.sandbox.add_bucket("data-two", algorithm="aws:kms", key=shell.sandbox.key("data").arn)
    shell.sandbox.add_object("data-two", "hello.txt")
    shell.linked("fc-0123", "data")
    shell.linked("fc-0123", "data-two")
    sids = [statement["Sid"] for statement in shell.statements("data")]
    assert len(set(sids)) == len(sids) == 3
    assert shell.works("fc-0123", "data-two") == (True, True)
    assert shell.works("fc-0123", "data") == (True, True)


def test_its_own_sid_stays_unique_where_somebody_took_it(shell: Shell) -> None:
    root = {"AWS": "arn:aws:iam::111122223333:root"}
    shell.append(
        "data", {"Sid": SID, "Effect": "Allow", "Principal": root, "Action": "kms:DescribeKey", "Resource": "*"}
    )
    shell.linked("fc-0123", "data")
    sids = [statement["Sid"] for statement in shell.statements("data")]
    assert len(set(sids)) == 3
    assert shell.works("fc-0123", "data") == (True, True)


@pytest.mark.parametrize(
    ("bucket", "before", "after"),
    [("data", False, True), ("data-bucket-keys", True, False)],
    ids=["turned on", "turned off"],
)
def test_a_changed_bucket_key_setting_adds_the_other_form_to_the_condition(
    shell: Shell, bucket: str, before: bool, after: bool
) -> None:
    """S3 user guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys": objects keep the form they have."""
    key = shell.sandbox.key(bucket).arn
    shell.linked("fc-0123", bucket)
    shell.sandbox.add_object(bucket, "earlier.txt", bucket_key=before)
    shell.sandbox.set_bucket_encryption(bucket, key=key, bucket_keys=after)
    shell.sandbox.add_object(bucket, "later.txt", bucket_key=after)
    assert shell.works("fc-0123", bucket, "later.txt") == (False, False)
    run = shell.linked("fc-0123", bucket)
    assert f"because bucket {bucket} " in run.out
    assert len(shell.statements(bucket)) == 2
    patterns = shell.last(bucket)["Condition"]["StringLike"][CONTEXT]
    assert set(patterns) == {f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"}
    assert shell.works("fc-0123", bucket, "earlier.txt") == (True, True)
    assert shell.works("fc-0123", bucket, "later.txt") == (True, True)
    assert shell.link("fc-0123", bucket).count("kms:PutKeyPolicy") == 0


def test_both_forms_cover_a_mixed_bucket_and_no_other_bucket(shell: Shell) -> None:
    shell.linked("fc-0123", "data-bucket-keys")
    assert shell.works("fc-0123", "data-bucket-keys", "old.txt") == (False, True)
    shell.linked("fc-0123", "data-bucket-keys", "--context", "both")
    patterns = shell.last("data-bucket-keys")["Condition"]["StringLike"][CONTEXT]
    assert set(patterns) == {"arn:aws:s3:::data-bucket-keys", "arn:aws:s3:::data-bucket-keys/*"}
    assert shell.works("fc-0123", "data-bucket-keys", "old.txt") == (True, True)
    shell.sandbox.add_bucket("data-bucket-keys-2", algorithm="aws:kms", key=shell.sandbox.key("data-bucket-keys").arn)
    shell.sandbox.add_object("data-bucket-keys-2", "hello.txt")
    assert shell.works("fc-0123", "data-bucket-keys-2") == (False, False)


@pytest.mark.parametrize(("bucket", "keys"), [("data", False), ("data-bucket-keys", True)])
def test_every_cache_gets_the_page_s_second_statement(shell: Shell, bucket: str, keys: bool) -> None:
    run = shell.run("link", "--every-cache", "--bucket", bucket)
    assert run.code == 0, run.words
    assert without_sid(shell.last(bucket)) == without_sid(documented(None, bucket, bucket_keys=keys))
    for cache in ("fc-0123", "fc-01234567890", "fs-0abc"):
        assert shell.works(cache, bucket) == (True, True)
    again = shell.run("link", "--every-cache", "--bucket", bucket)
    assert (again.code, again.count("kms:PutKeyPolicy")) == (0, 0)
    one = shell.link("fc-0123", bucket)
    assert (one.code, one.count("kms:PutKeyPolicy")) == (0, 0)


def test_every_cache_is_said_to_be_wide(shell: Shell) -> None:
    """The page's second form is met by any role session named FSx in the account."""
    run = shell.run("link", "--every-cache", "--bucket", "data", "--dry-run")
    assert "session named FSx" in run.words


def test_many_roles_and_forms_end_in_the_same_document_in_any_order(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fs-0abc", "data")
    one = shell.sandbox.policy("data")
    shell.sandbox.reset()
    shell.linked("fs-0abc", "data")
    shell.linked("fc-0123", "data")
    assert shell.sandbox.policy("data") == one


def test_both_forms_that_were_asked_for_are_not_said_to_come_of_a_changed_setting(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    run = shell.linked("fc-0123", "data", "--context", "both")
    assert "also covers the bucket's ARN (Bucket Keys) from now on, beside the other form" in run.out
    assert "changed since" not in run.out
