"""``--key`` takes an alias or an id of the caller's own account."""

from __future__ import annotations

import json

import pytest

import fcsse
from tests.cli.documented_statements import OTHER, OWN, REGION
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


PAIR = ("--cache", "fc-0123", "--bucket", "data")
OFFLINE = ("--account", OWN, "--region", REGION, "--no-bucket-keys")


@pytest.mark.parametrize("number", range(3))
def test_statement_takes_a_name(number: int, shell: Shell, arn: str) -> None:
    by_arn = shell.run("statement", *PAIR, "--format", "terraform", "--key", arn)
    run = shell.run("statement", *PAIR, "--format", "terraform", "--key", names(arn)[number])
    assert (run.code, run.out) == (0, by_arn.out)
    assert arn in run.out


def test_offline_an_id_is_enough_and_an_alias_is_not(shell: Shell, arn: str) -> None:
    words = ("statement", *PAIR, *OFFLINE, "--via", "grant")
    run = shell.run(*words, "--key", arn.rpartition("/")[2])
    assert (run.code, run.operations) == (0, ())
    assert json.loads(run.out)["KeyId"] == arn
    alias = shell.run(*words, "--key", ALIAS)
    assert alias.code == 2
    assert ALIAS in alias.err
    assert "leave --account out" in alias.err


def test_a_document_is_checked_for_a_key_by_id(shell: Shell, arn: str) -> None:
    place = shell.state / "key.json"
    place.write_text(shell.sandbox.policy_text("data"), encoding="utf-8")
    words = ("check", *PAIR, "--policy", str(place), *OFFLINE, "--key")
    by_id = shell.run(*words, arn.rpartition("/")[2])
    assert (by_id.code, by_id.out) == (3, shell.run(*words, arn).out)
    assert shell.run(*words, ALIAS).code == 2


def key_parts(shell: Shell, *words: str) -> list[dict[str, object]]:
    run = shell.run("permissions", "link", *PAIR, *words)
    assert (run.code, run.operations) == (0, ()), run.words
    return [one for one in json.loads(run.out)["Statement"] if "kms:PutKeyPolicy" in one["Action"]]


def test_permissions_for_a_key_by_id_or_alias(shell: Shell, arn: str) -> None:
    named = ("--account", OWN, "--region", REGION, "--key")
    key_id = arn.rpartition("/")[2]
    assert key_parts(shell, *named, key_id) == key_parts(shell, *named, arn)
    [open_id] = key_parts(shell, "--key", key_id)
    assert open_id["Resource"] == f"arn:aws:kms:*:*:key/{key_id}"
    for name in (ALIAS, arn.rpartition(":")[0] + f":{ALIAS}"):
        [by_alias] = key_parts(shell, *named, name)
        assert by_alias["Resource"] == f"arn:aws:kms:{REGION}:{OWN}:key/*"
        assert by_alias["Condition"] == {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ALIAS}}
    far = shell.run("permissions", "link", *PAIR, *named, f"arn:aws:kms:{REGION}:{OTHER}:{ALIAS}")
    assert far.code == 2
    assert "alias of another account" in far.err


def test_what_permissions_prints_for_an_alias_is_enough_to_link_by_it(shell: Shell, arn: str) -> None:
    words = ("permissions", "link", *PAIR, "--account", OWN, "--region", REGION, "--key", ALIAS)
    somebody = shell.user(json.loads(shell.run(*words).out))
    run = shell.run("link", *PAIR, "--key", ALIAS, "--bucket-region", REGION, "--no-bucket-keys", credentials=somebody)
    assert run.code == 0, run.words
    assert shell.run("check", *PAIR, "--key", arn).code == 0


def test_backups_of_a_key_by_id(shell: Shell, arn: str) -> None:
    shell.linked("fc-0123", "data")
    shell.linked("fc-0123", "data-bucket-keys")
    run = shell.run("backups", "--key", arn.rpartition("/")[2], "-o", "json")
    assert [one["key"] for one in run.json["backups"]] == [arn]
    assert shell.run("backups", "--key", ALIAS).code == 2


CACHE_ARN = f"arn:aws:fsx:{REGION}:{OWN}:file-cache/fc-0123"
BUCKETS = ("s3://data/in/2026/", "s3://data", "arn:aws:s3:::data")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_every_command_takes_a_bucket_uri_and_a_cache_arn(shell: Shell, bucket: str, arn: str) -> None:
    shell.sandbox.switches.lookups_per_second = 0  # two a second in the real time that nothing here waits for
    plain = {
        command: shell.run(command, *words, *PAIR).out
        for command, *words in (("statement",), ("permissions", "link"), ("check",), ("link", "--dry-run"))
    }
    named = ("--cache", CACHE_ARN, "--bucket", bucket)
    assert shell.run("statement", *named).out == plain["statement"]
    assert shell.run("permissions", "link", *named).out == plain["permissions"]
    assert shell.run("check", *named).out == plain["check"]
    assert shell.run("link", *named, "--dry-run").digest == plain["link"].rsplit("Digest: ", 1)[1].strip()
    assert shell.run("link", *named).code == 0
    assert shell.works("fc-0123", "data") == (True, True)
    assert shell.run("history", "--bucket", bucket).code == 0
    assert shell.run("settle", "--bucket", bucket, "--dry-run").code == 0
    assert shell.run("history", "--cache", CACHE_ARN).code == 0
    assert shell.run("unlink", *named).code == 0
    assert shell.works("fc-0123", "data") == (False, False)
    place = shell.state / "key.json"
    place.write_text(shell.sandbox.policy_text("data"), encoding="utf-8")
    assert shell.run("check", *named, "--policy", str(place), *OFFLINE).code == 3
    resource = ("--cache-resource", "Cache", "--format", "cloudformation", "--no-bucket-keys")
    assert "s3:::data/*" in shell.run("statement", "--bucket", bucket, *resource).out


def test_a_census_of_a_uri_counts_what_is_under_its_prefix(shell: Shell) -> None:
    s3 = shell.sandbox.client("s3")
    for name in ("in/2026/a", "in/2026/b", "out/c"):
        s3.put_object(Bucket="data", Key=name, Body=b"x")
    by_prefix = shell.run("census", "--bucket", "data", "--prefix", "in/2026/", "-o", "json").json
    by_uri = shell.run("census", "--bucket", "s3://data/in/2026/", "--cache", CACHE_ARN, "-o", "json").json
    assert by_uri["total"] == by_prefix["total"] == 2
    whole = shell.run("census", "--bucket", "s3://data", "-o", "json").json
    assert whole["total"] >= 3
    assert shell.run("census", "--bucket", "s3://data/in/", "--prefix", "in/").code in (0, 3)
    assert shell.run("census", "--bucket", "s3://data/in/", "--prefix", "out/").code == 2


@pytest.mark.parametrize("bucket", ["data", "data-sse-s3", "data-alias"])
def test_a_key_that_the_bucket_does_not_name_is_not_taken_for_its_own(shell: Shell, bucket: str) -> None:
    """Access by a key that is stated says nothing of what is written with the bucket's default encryption."""
    stated = shell.sandbox.key("data-bucket-keys").arn
    pair = ("--cache", "fc-0123", "--bucket", bucket, "--key", stated)
    link = shell.run("link", *pair)
    assert (link.code, "the key is stated (default encryption: SSE-" in link.out) == (0, True), link.words
    for more in ((), ("-q",), ("-o", "markdown"), ("-o", "json")):
        run = shell.run("check", *pair, *more)
        assert run.code == 0
        assert "where objects use the stated key (its default encryption: SSE-" in run.out
    assert "with the bucket's default encryption as it is now" not in shell.run("check", *pair).out
    assert "the stated key" not in shell.run("check", *pair[:4]).out


def test_the_key_that_the_bucket_names_may_be_stated(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    for key in (shell.sandbox.key("data").arn, shell.sandbox.key("data").id):
        run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", "--key", key, "-q")
        assert (run.code, run.out) == (0, "fc-0123 can read and write s3://data.\n")


def test_a_key_that_is_not_of_the_buckets_region_is_refused(shell: Shell, arn: str) -> None:
    """Also where the bucket's own default tells no Region, as SSE-S3 does."""
    shell.sandbox.add_bucket("plain-far", region="us-east-1")
    pair = ("--cache", "fc-0123", "--bucket", "plain-far", "--key")
    run = shell.run("link", *pair, arn)
    assert (run.code, "it is in us-east-1" in " ".join(run.err.split())) == (4, True), run.words
    assert shell.run("check", *pair, arn).code == 4
    assert shell.run("unlink", *pair, arn, "--dry-run").code == 0
    several = shell.run("link", *pair, arn, "--bucket", "data")
    assert several.code == 4
    assert shell.works("fc-0123", "data") == (True, True)
    assert "plain-far" not in shell.sandbox.policy_text("data")


def test_an_arn_of_another_accounts_cache_is_no_cache_of_this_one(shell: Shell) -> None:
    foreign = f"arn:aws:fsx:{REGION}:444455556666:file-cache/fc-0999"
    offline = ("--account", OWN, "--region", REGION, "--bucket-keys")
    for words in (("unlink",), ("statement", *offline)):
        run = shell.run(*words, "--cache", foreign, "--bucket", "data")
        assert run.code == 2, run.words
        assert "fc-0999 is of account 444455556666, and the role is looked for in account 111122223333" in run.words
