"""What the bucket's default encryption and its key's state decide before anything is changed."""

from __future__ import annotations

import pytest

from fcsse.sandbox.kms_keys import managed_key
from tests.cli.documented_statements import OTHER, OWN
from tests.cli.shell import WRITES, Run, Shell


def untouched(run: Run) -> bool:
    """Did the run write nothing?"""
    return not WRITES.intersection(run.operations)


@pytest.mark.parametrize(
    ("cache", "bucket", "because"),
    [("fc-0123", "data-sse-s3", "SSE-S3"), ("fc-0456", "data-aws-s3", "aws/s3")],
)
def test_what_works_already_needs_nothing(shell: Shell, cache: str, bucket: str, because: str) -> None:
    run = shell.linked(cache, bucket)
    assert "Nothing to do." in run.out
    assert because in run.out
    assert untouched(run)
    assert shell.works(cache, bucket) == (True, True)


def test_a_bucket_without_a_configuration_is_sse_s3(shell: Shell) -> None:
    """S3 API reference, GetBucketEncryption: the answer of buckets from before January 2023."""
    shell.sandbox.add_bucket("data-old", configured=False)
    run = shell.linked("fc-0123", "data-old")
    assert "SSE-S3" in run.out


@pytest.mark.parametrize("name", ["alias/aws/s3", "arn:aws:kms:eu-west-1:111122223333:alias/aws/s3"])
def test_the_managed_key_by_its_alias_is_not_looked_up(shell: Shell, name: str) -> None:
    """KMS user guide: describing an ``alias/aws/…`` can create the key."""
    shell.sandbox.add_bucket("data-by-name", algorithm="aws:kms", key=name)
    run = shell.linked("fc-0123", "data-by-name")
    assert "aws/s3" in run.out
    assert run.count("kms:DescribeKey") == 0


def managed_bucket(shell: Shell, alias: str) -> None:
    """A bucket that names an AWS managed key by its ARN."""
    key = managed_key(shell.sandbox.state, OWN, "eu-west-1", alias)
    shell.sandbox.add_bucket("data-by-arn", algorithm="aws:kms", key=key.arn)


def test_the_managed_key_by_its_arn_is_told_by_its_manager(shell: Shell) -> None:
    """KMS API reference, DescribeKey: ``KeyManager`` is AWS."""
    managed_bucket(shell, "alias/aws/s3")
    run = shell.linked("fc-0123", "data-by-arn")
    assert "AWS managed key" in run.out
    assert untouched(run)
    assert shell.works("fc-0123", "data-by-arn")[1]


def test_the_managed_key_of_another_service_serves_no_bucket(shell: Shell) -> None:
    """KMS developer guide, "AWS managed keys": the policy lets the one service use it. S3 takes its ARN all the same."""
    managed_bucket(shell, "alias/aws/ebs")
    run = shell.link("fc-0123", "data-by-arn")
    assert (run.code, "customer managed key" in run.err, untouched(run)) == (4, True, True), run.words
    assert not shell.works("fc-0123", "data-by-arn")[1]
    checked = shell.run("check", "--cache", "fc-0123", "--bucket", "data-by-arn", "-o", "json")
    assert checked.code == 4
    assert [checked.json["pairs"][0][what] for what in ("read", "write")] == ["denied", "denied"]
    unlinked = shell.unlink("fc-0123", "data-by-arn")
    assert (unlinked.code, "cannot be changed" in unlinked.out, "serves every role" in unlinked.out) == (0, True, False)


@pytest.mark.parametrize("by_alias", [False, True])
def test_the_managed_key_of_another_region_serves_no_bucket(shell: Shell, by_alias: bool) -> None:
    key = managed_key(shell.sandbox.state, OWN, "eu-west-1", "alias/aws/s3").arn
    name = key.partition("key/")[0] + "alias/aws/s3" if by_alias else key
    shell.sandbox.add_bucket("data-far", algorithm="aws:kms", key=name, region="us-west-2")
    shell.sandbox.add_cache("fc-0777", ["data-far"])
    run = shell.link("fc-0777", "data-far")
    assert (run.code, "S3 takes only keys of the bucket's own Region" in run.err) == (4, True), run.words
    checked = shell.run("check", "--cache", "fc-0777", "-o", "json")
    assert (checked.code, {checked.json["pairs"][0][what] for what in ("read", "write")}) == (4, {"denied"})
    audited = shell.run("audit", "-o", "json").json
    assert {one["read"] for one in audited["pairs"] if one["bucket"] == "data-far"} == {"denied"}
    assert [one["code"] for one in audited["findings"] if one["bucket"] == "data-far"] == ["key-unusable"]
    assert shell.unlink("fc-0777", "data-far").code == 0


def test_the_managed_key_of_another_account_cannot_be_shared(shell: Shell) -> None:
    shell.sandbox.add_bucket("abroad-default", account=OTHER, algorithm="aws:kms", readers=["111122223333"])
    run = shell.link("fc-0123", "abroad-default")
    assert run.code == 4
    assert "aws/s3" in run.err
    assert "customer managed key" in run.err
    assert untouched(run)


@pytest.mark.parametrize("algorithm", ["aws:kms:dsse", "aws:fsx", "aws:backup", "something:new"])
def test_other_algorithms_are_refused_by_name(shell: Shell, algorithm: str) -> None:
    key = shell.sandbox.key("data-dsse").arn
    shell.sandbox.set_bucket_encryption("data-dsse", algorithm=algorithm, key=key)
    run = shell.link("fc-0123", "data-dsse")
    assert run.code == 4
    assert ("DSSE-KMS" if algorithm.endswith("dsse") else algorithm) in run.err
    assert "put-bucket-encryption" in run.err
    assert untouched(run)


def test_unlinking_asks_for_the_key_where_the_encryption_is_unknown(shell: Shell) -> None:
    """A simulated run took a spoiled answer for a bucket without a key: nothing to do, and the access stayed."""
    shell.linked("fc-0123", "data")
    key = shell.sandbox.key("data").arn
    shell.sandbox.set_bucket_encryption("data", algorithm="something:new", key=key)
    run = shell.unlink("fc-0123", "data")
    assert run.code == 4
    assert "'something:new'" in run.err
    assert "--key" in run.err
    assert untouched(run)
    assert shell.unlink("fc-0123", "data", "--key", key).code == 0
    assert "fc-0123" not in shell.sandbox.policy_text("data")


@pytest.mark.parametrize("named", ["arn", "alias/data"])
def test_unlinking_takes_the_access_back_from_the_key_of_two_layers(shell: Shell, named: str) -> None:
    shell.linked("fc-0123", "data")
    key = shell.sandbox.key("data").arn if named == "arn" else named
    shell.sandbox.set_bucket_encryption("data", algorithm="aws:kms:dsse", key=key)
    assert shell.unlink("fc-0123", "data", "--no-backup").code == 0
    assert "fc-0123" not in shell.sandbox.policy_text("data")


@pytest.mark.parametrize("bucket", ["data", "abroad-default"])
@pytest.mark.parametrize(("algorithm", "key"), [("AES256", None), ("aws:kms", None), ("aws:kms", "alias/aws/s3")])
def test_unlinking_says_how_to_name_an_earlier_key(shell: Shell, bucket: str, algorithm: str, key: str | None) -> None:
    shell.sandbox.add_bucket("abroad-default", account=OTHER, readers=["111122223333"])
    shell.sandbox.set_bucket_encryption(bucket, algorithm=algorithm, key=key)
    run = shell.unlink("fc-0123", bucket)
    assert run.code == 0
    assert "for an earlier key name it with --key. Nothing to do." in run.out


def test_an_alias_in_a_foreign_bucket_is_refused_with_the_reason(shell: Shell) -> None:
    """S3 user guide: an alias is resolved in the requester's account."""
    shell.sandbox.add_alias("data-other-alias", shell.sandbox.key("data"))
    run = shell.link("fc-0123", "data-other-alias")
    assert run.code == 4
    assert "'alias/data-other-alias'" in run.err
    assert "in the account of whoever asks" in run.err
    assert "--key with the key's ARN" in run.err
    assert untouched(run)


def test_a_bare_id_in_a_foreign_bucket_is_refused(shell: Shell) -> None:
    identifier = shell.sandbox.key("data").id
    shell.sandbox.add_bucket("abroad-id", account=OTHER, algorithm="aws:kms", key=identifier, readers=["111122223333"])
    run = shell.link("fc-0123", "abroad-id")
    assert run.code == 4
    assert identifier in run.err
    assert untouched(run)


def test_an_alias_arn_of_another_account_is_refused_with_the_way_out(shell: Shell) -> None:
    name = f"arn:aws:kms:eu-west-1:{OTHER}:alias/data-other-alias"
    shell.sandbox.add_bucket("abroad-alias", account=OTHER, algorithm="aws:kms", key=name, readers=["111122223333"])
    run = shell.link("fc-0123", "abroad-alias")
    assert run.code in (4, 5), run.words
    assert untouched(run)
    assert "--key with the key's ARN" in run.err


@pytest.mark.parametrize(
    ("bucket", "word", "command"),
    [("data-disabled", "disabled", "enable-key"), ("data-deleting", "pending deletion", "cancel-key-deletion")],
)
@pytest.mark.parametrize("via", ["policy", "grant"])
def test_a_key_out_of_use_is_not_linked(shell: Shell, bucket: str, word: str, command: str, via: str) -> None:
    """PutKeyPolicy works in every key state, so the link would succeed and help nobody."""
    run = shell.link("fc-0123", bucket, "--via", via)
    assert run.code == 4
    assert word in run.err
    assert f"aws kms {command}" in run.err
    assert untouched(run)


@pytest.mark.parametrize("state", ["Unavailable", "PendingImport", "Creating"])
def test_other_states_are_named(shell: Shell, state: str) -> None:
    shell.sandbox.set_key_state("data", state)
    run = shell.link("fc-0123", "data")
    assert run.code == 4
    assert state in run.err
    assert f"({'pending import' if state == 'PendingImport' else state.lower()})" in run.words
    assert untouched(run)


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")],
)
def test_a_key_that_s3_cannot_use_is_refused(shell: Shell, spec: str, usage: str) -> None:
    """S3 user guide: symmetric encryption keys only."""
    key = shell.sandbox.add_key("wrong-kind", spec=spec, usage=usage)
    shell.sandbox.add_bucket("data-wrong-kind", algorithm="aws:kms", key=key.arn)
    run = shell.link("fc-0123", "data-wrong-kind")
    assert run.code == 4
    assert "symmetric" in run.err
    assert untouched(run)


def test_a_key_that_does_not_exist_is_not_found(shell: Shell) -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000"
    shell.sandbox.add_bucket("data-keyless", algorithm="aws:kms", key=arn)
    run = shell.link("fc-0123", "data-keyless")
    assert run.code == 6
    assert arn in run.err
    assert untouched(run)


def test_an_alias_that_does_not_exist_is_not_found(shell: Shell) -> None:
    shell.sandbox.add_bucket("data-aliasless", algorithm="aws:kms", key="alias/nothing")
    run = shell.link("fc-0123", "data-aliasless")
    assert run.code == 6
    assert "alias/nothing" in run.err


@pytest.mark.parametrize("words", [("--dry-run",), ()])
def test_a_bucket_of_another_account_with_a_key_of_one_s_own_is_linked_with_a_warning(
    shell: Shell, words: tuple[str, ...]
) -> None:
    """File Cache user guide: a bucket of another account also needs a bucket policy that names the role."""
    key = shell.sandbox.key("data").arn
    shell.sandbox.add_bucket("theirs", account=OTHER, algorithm="aws:kms", key=key, readers=[OWN])
    run = shell.run("link", "--cache", "fc-0123", "--bucket", "data", "--bucket", "theirs", *words)
    assert run.code == 0, run.words
    assert run.words.count("belongs to another account: its bucket policy must name the role") == 1
    assert "Bucket theirs belongs" in run.words


def test_a_stack_s_key_is_linked_with_a_warning(shell: Shell) -> None:
    """CloudFormation user guide: a key of a stack carries ``aws:cloudformation:stack-name``; the next run reverts."""
    dry = shell.link("fc-0123", "data-stack", "--dry-run")
    assert (dry.code, "storage" in dry.out) == (0, True)
    run = shell.link("fc-0123", "data-stack")
    assert run.code == 0
    *_, warning, command, blank, _, saved = run.out.splitlines()
    assert warning.startswith("Warning: ")
    assert "storage" in warning
    assert command.startswith("  fcsse statement --cache fc-0123 --bucket data-stack ")
    assert (blank, saved.split(":")[0], run.err) == ("", "Saved the old policy. To undo", "")
    assert "storage" not in shell.link("fc-0456", "data", "--dry-run").words


@pytest.mark.parametrize("name", ["data-abcdefgh-s3alias", "data--euw1-az1--x-s3"])
def test_what_is_no_general_purpose_bucket_is_not_judged_as_one(shell: Shell, name: str) -> None:
    """A cache may be linked to an access point or directory bucket: the context of its encryption is another."""
    key = shell.sandbox.add_key("for-all")
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
    shell.sandbox.put_policy(key, {"Version": "2012-10-17", "Statement": [everybody]})
    shell.sandbox.add_cache("fc-0a11", [f"s3://{name}/in/"])
    if "--" not in name:  # moto knows no directory buckets
        shell.sandbox.add_bucket(name, algorithm="aws:kms", key=key.arn)
    for words in (("check", "--cache", "fc-0a11"), ("link", "--cache", "fc-0a11")):
        run = shell.run(*words)
        assert run.code == 4
        assert "directory bucket" in run.err
        assert untouched(run)
    [judged] = [one for one in shell.run("audit", "-o", "json").json["pairs"] if one["cache"] == "fc-0a11"]
    assert (judged["read"], judged["write"]) == ("unknown", "unknown")
