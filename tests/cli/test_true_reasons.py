"""What is said of access goes by what was decided: no history that nobody knows, no access that was not judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.cli.shell import Shell

CACHE = "fc-0123"
ROLE = (
    "arn:aws:iam::111122223333:role/aws-service-role/s3.data-source.lustre.fsx.amazonaws.com/"
    f"AWSServiceRoleForFSxS3Access_{CACHE}"
)
SESSION = f"arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForFSxS3Access_{CACHE}/FSx"
USE = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
CONTEXT = "kms:EncryptionContext:aws:s3:arn"
FROM_S3 = {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}
LIKE = {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/*"}}


def allow(
    sid: str,
    condition: dict[str, Any] = LIKE,
    actions: list[str] = USE,
    who: str = ROLE,
) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": who},
        "Action": actions,
        "Resource": "*",
        "Condition": condition,
    }


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (
            allow("x", actions=["kms:Decrypt"]),
            "kms:Decrypt only, which is a part",
        ),
        (allow("x", actions=[*USE, "kms:ListGrants"]), "it also allows kms:ListGrants"),
        (
            allow("x", {**LIKE, "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
            "no condition on kms:CallerAccount",
        ),
        (
            allow("x", {"StringEquals": FROM_S3, "ArnLike": LIKE["StringLike"]}),
            f"it tests {CONTEXT} by ArnLike",
        ),
        (
            allow("x", {**LIKE, "StringEquals": {**FROM_S3, "aws:PrincipalAccount": "111122223333"}}),
            "a condition on aws:PrincipalAccount",
        ),
        (allow("x", who=SESSION), f"its principal is {SESSION}"),
        (
            allow(
                "x",
                {**LIKE, "StringLike": {CONTEXT: ["arn:aws:s3:::data/*", "arn:aws:s3:::logs/*"]}},
                [*USE, "kms:Sign"],
            ),
            "it is also for arn:aws:s3:::logs/*",
        ),
    ],
)
def test_unlink_says_why_a_statement_stays(shell: Shell, statement: dict[str, Any], reason: str) -> None:
    shell.append("data", statement)
    run = shell.unlink(CACHE, "data", "--dry-run")

    assert run.code == 0, run.words
    assert reason in run.out
    assert "not for this cache and bucket alone" not in run.out


def test_unlink_says_of_a_part_of_the_bucket_what_it_is(shell: Shell) -> None:
    shell.append("data", allow("x", {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/in/*"}}))
    run = shell.unlink(CACHE, "data", "--dry-run")

    assert "it is for a part of the bucket only, arn:aws:s3:::data/in/*" in run.out
    assert "keeps access" not in run.out or "may keep" in run.out


@pytest.mark.parametrize("state", ["Enabled", "Disabled"])
def test_unlink_says_what_everybody_keeps_of_a_part_of_the_bucket(shell: Shell, state: str) -> None:
    conditions = {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/in/*"}}
    shell.append("data", allow("Part", conditions, who="*"))
    shell.sandbox.set_key_state("data", state)
    run = shell.unlink(CACHE, "data")

    assert run.code == 0, run.words
    assert f"{CACHE} may keep access to the key for some objects by statement 'Part'" in run.out
    assert "gives fc-0123 access to this bucket" not in run.out


def test_unlink_of_a_cache_s_own_buckets_says_what_it_keeps_beside_its_prefixes(shell: Shell) -> None:
    """Where the cache is linked to a prefix, the key may be open to it for another one."""
    shell.sandbox.add_cache("fc-0777", ["s3://data/raw/"])
    conditions = {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/in/*"}}
    shell.append("data", allow("Part", conditions, who="*"))
    run = shell.run("unlink", "--cache", "fc-0777")

    assert run.code == 0, run.words
    assert "fc-0777 may keep access to the key for some objects by statement 'Part'" in run.out
    assert "gives fc-0777 access to this bucket" not in run.out


def test_unlink_says_what_a_disabled_key_gives_again_once_it_is_enabled(shell: Shell) -> None:
    shell.append("data", allow("Whole", {"StringEquals": FROM_S3}, who="*"))
    shell.sandbox.set_key_state("data", "Disabled")
    assert f"{CACHE} keeps access to the key by statement 'Whole'" in shell.unlink(CACHE, "data").out


DENY = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}


def test_linking_every_cache_sees_a_deny(shell: Shell) -> None:
    shell.append("data", DENY)
    before = shell.sandbox.policy_text("data")
    run = shell.run("link", "--every-cache", "--bucket", "data")
    assert run.code == 4, run.words
    assert "statement 'No' of the key policy denies kms:Decrypt" in run.err
    assert "AWSServiceRoleForFSxS3Access_* from it" in run.err
    assert shell.sandbox.policy_text("data") == before


def test_linking_every_cache_warns_of_a_deny_that_some_caches_are_excepted_from(shell: Shell) -> None:
    shell.append("data", {**DENY, "Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLE}}})
    run = shell.run("link", "--every-cache", "--bucket", "data")
    assert run.code == 0, run.words
    assert "kms:Decrypt may still fail after linking: statement 'No' denies kms:Decrypt" in run.out
    assert shell.works(CACHE, "data") == (True, True)


@pytest.mark.parametrize(
    "whom",
    [{"Principal": {"AWS": ROLE}}, {"Condition": {"ArnEquals": {"aws:PrincipalArn": [ROLE]}}}],
    ids=["principal", "condition"],
)
def test_linking_every_cache_names_those_that_a_deny_stops(shell: Shell, whom: dict[str, Any]) -> None:
    shell.append("data", DENY | whom)
    first, again = (shell.run("link", "--every-cache", "--bucket", "data", "-q") for _ in range(2))
    assert (first.code, again.code) == (0, 0), first.words
    for run in (first, again):
        assert "Statement 'No' of the key policy denies kms:Decrypt to fc-0123." in run.words
    assert "already linked to data" in again.out
    assert "but it may be denied access" in again.out
    assert shell.works(CACHE, "data") == (False, True)


def test_unlinking_every_cache_says_what_every_cache_keeps(shell: Shell) -> None:
    like = {**LIKE["StringLike"], "aws:userid": "*:FSx"}
    shell.append("data", allow("Hand", {**LIKE, "StringLike": like}, [*USE, "kms:CreateGrant"], "*"), allow("Named"))
    run = shell.run("unlink", "--every-cache", "--bucket", "data")
    assert run.code == 0, run.words
    assert "very cache keeps access to the key by statement 'Hand': it also allows kms:CreateGrant." in run.out
    assert "Named" not in run.out


def test_a_grant_for_another_bucket_is_no_access_to_a_part_of_this_one(shell: Shell) -> None:
    shell.linked(CACHE, "data-bucket-keys", "--via", "grant", "--narrow-grant")
    key = shell.sandbox.key("data-bucket-keys")
    shell.sandbox.set_bucket_encryption("data", key=key.arn)
    assert "keep" not in shell.unlink(CACHE, "data").out


def test_unlink_asserts_no_access_that_was_not_decided(shell: Shell) -> None:
    shell.append("data", allow("Allow org", {"StringEquals": {"aws:PrincipalOrgID": "o-abcd123456"}}, who="*"))
    shell.linked(CACHE, "data")
    run = shell.unlink(CACHE, "data")

    assert run.code == 0, run.words
    assert f"{CACHE} may keep access to the key by statement 'Allow org'" in run.out
    assert "aws:PrincipalOrgID" in run.out
    assert "keeps access" not in run.out


def test_a_statement_for_both_forms_is_no_changed_setting(shell: Shell) -> None:
    both = {**LIKE, "StringLike": {CONTEXT: ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]}}
    shell.append("data", allow("Allow S3 use", both, ["kms:Decrypt", "kms:GenerateDataKey"]))
    run = shell.link(CACHE, "data", "--dry-run")

    assert "setting" not in run.out
    assert "Statement 'Allow S3 use' names fc-0123 as well and is not changed" in run.out
    assert "it allows kms:Decrypt and kms:GenerateDataKey only" in run.out


def test_a_statement_without_a_sid_is_called_by_its_number_once(shell: Shell) -> None:
    """Terraform writes an empty Sid."""
    shell.append("data", allow(""))
    number = len(shell.statements("data"))
    link, unlink = shell.link(CACHE, "data"), shell.unlink(CACHE, "data")

    assert f"already has access to data, by statement {number}." in link.out
    assert f": statement {number} removed" in unlink.out
    assert "statement statement" not in link.words + unlink.words


def test_check_takes_no_statement_for_a_grant_by_its_sid(shell: Shell) -> None:
    only_objects = allow("grant for the caches")
    shell.append("data", only_objects)
    run = shell.run("check", "--cache", CACHE, "--bucket", "data")

    assert run.code == 0, run.words
    assert "statement 'grant for the caches'" in run.out
    assert "--narrow-grant" not in run.out
    assert "link with --context both covers both kinds" in run.out


def test_a_narrower_statement_is_enough_for_the_prefix_that_is_linked(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0456aa", ["data/in/"])
    role = ROLE.replace(CACHE, "fc-0456aa")
    narrow = {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/in/*"}}
    shell.append("data", allow("Only in", narrow, who=role))
    run = shell.link("fc-0456aa", "data")

    assert run.code == 0, run.words
    assert "Nothing to do" in run.out
    assert run.count("kms:PutKeyPolicy") == 0


def test_where_the_prefixes_are_unknown_a_wider_access_is_warned_of(shell: Shell) -> None:
    narrow = {"StringEquals": FROM_S3, "StringLike": {CONTEXT: "arn:aws:s3:::data/in/*"}}
    shell.append("data", allow("Only in", narrow))
    shell.sandbox.fault("fsx:DescribeDataRepositoryAssociations", "AccessDeniedException", times=None)
    run = shell.link(CACHE, "data", "--dry-run")

    assert "Statement 'Only in' is for a part of bucket data only" in run.out
    assert "access is for the whole bucket" in run.out


def change_default_key(shell: Shell, bucket: str) -> str:
    key: str = shell.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    shell.sandbox.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rules)
    return key


def test_unlink_finds_the_key_that_the_bucket_had_before(shell: Shell) -> None:
    shell.linked(CACHE, "data")
    before = shell.sandbox.key("data").arn
    change_default_key(shell, "data")
    run = shell.unlink(CACHE, "data")

    assert run.code == 0, run.words
    assert f"Key {before} still gives {CACHE} access for bucket data" in run.out
    assert f"fcsse unlink --cache {CACHE} --bucket data --key {before}" in run.out
    named = shell.unlink(CACHE, "data", "--key", shell.sandbox.key("data-bucket-keys").arn, "--no-bucket-keys").out
    command = next(line.split() for line in named.splitlines() if line.startswith("  fcsse unlink"))
    assert command.count("--key") == 1, "the key that was named holds nothing"
    assert "--no-bucket-keys" not in command
    assert shell.run(*command[1:]).code == 0
    assert "still gives" not in shell.unlink(CACHE, "data").out


def test_and_so_it_does_where_todays_key_gives_access_too(shell: Shell) -> None:
    """The bucket got another key, and the cache was linked anew: older objects are read by the statement on the first key."""
    shell.linked(CACHE, "data")
    before = shell.sandbox.key("data").arn
    after = change_default_key(shell, "data")
    shell.linked(CACHE, "data")
    run = shell.unlink(CACHE, "data", "-q")

    assert run.code == 0, run.words
    assert shell.works(CACHE, "data") == (True, False), "the object is from before"
    assert f"Key {before} still gives {CACHE} access for bucket data" in run.err
    shell.linked(CACHE, "data")
    assert "still gives" not in shell.unlink(CACHE, "data", "--key", after).words, "that key alone was asked for"


def test_check_says_that_older_objects_may_need_another_key(shell: Shell) -> None:
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    shell.sandbox.client("s3").put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration=rules)
    run = shell.run("check", "--cache", CACHE, "--bucket", "data")

    assert run.code == 0, run.words
    assert "fcsse census --bucket data" in run.out
    assert "SCP" not in run.out


def test_a_bucket_that_could_not_be_listed_is_null(shell: Shell) -> None:
    run = shell.run("link", "--cache", "fc-0abc123", "-o", "json")

    assert [pair["bucket"] for pair in run.json["pairs"]] == [None]
    assert "(its buckets)" not in run.words


def test_commands_for_two_keys_are_one_chain(shell: Shell) -> None:
    """The exit code of what is pasted is that of the first command that fails."""
    words = ("--bucket", "data", "--bucket", "data-bucket-keys", "--format", "aws-cli")
    run = shell.run("statement", "--cache", CACHE, *words)
    parts = [part for part in run.out.split("\n\n") if part.strip()]

    assert run.code == 0, run.words
    assert len(parts) == 2
    assert parts[0].endswith(" &&")


def test_the_owner_s_statement_allows_no_request_without_operations(shell: Shell) -> None:
    shell.sandbox.fault("kms:CreateGrant", "AccessDeniedException", times=None)
    run = shell.link(CACHE, "data-other-account", "--dry-run")
    statement = json.loads(run.err[run.err.index("{") : run.err.rindex("}") + 1])

    assert statement["Condition"]["Null"] == {"kms:GrantOperations": "false"}


def test_an_alias_that_is_not_there_gets_its_own_advice(shell: Shell) -> None:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/gone"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    shell.sandbox.client("s3").put_bucket_encryption(Bucket="data", ServerSideEncryptionConfiguration=rules)
    run = shell.link(CACHE, "data")

    assert run.code == 6, run.words
    assert "account 111122223333 has no alias alias/gone in eu-west-1" in run.err
    assert "aws kms list-aliases --region eu-west-1" in run.err


def test_quiet_says_all_the_same_that_access_stays_where_unlink_has_nothing_to_do(shell: Shell) -> None:
    shell.append("data", allow("Hand", actions=[*USE, "kms:CreateGrant"]))
    run = shell.unlink(CACHE, "data", "-q")

    assert "Nothing to do" in run.out
    assert "fc-0123 keeps access to the key by statement 'Hand': it also allows kms:CreateGrant." in run.err


@pytest.mark.parametrize("route", ["policy", "grant"])
def test_a_link_that_a_deny_may_stop_is_not_called_access(shell: Shell, route: str) -> None:
    """Where check says that it is not known, link does not say that the access is there."""
    assert shell.link(CACHE, "data", "--via", route).code == 0
    deny = {"Sid": "Net", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**deny, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}})
    run = shell.link(CACHE, "data", "--via", route, "-q")

    assert run.code == 0
    assert run.out.startswith("fc-0123 is already linked to data, by ")
    assert run.out.endswith(", but it may be denied access. Nothing to do.\n")
    assert "Warning: kms:Decrypt may still fail" in run.err
    assert "has access" not in shell.link(CACHE, "data", "--via", route, "-o", "json").out


def test_neither_is_it_among_many_pairs(shell: Shell) -> None:
    pairs = [word for cache in (CACHE, "fc-01234567890", "fs-0abc") for word in ("--cache", cache)]
    assert shell.run("link", *pairs, "--bucket", "data").code == 0
    assert "(access is there)" in shell.run("link", *pairs, "--bucket", "data").out
    deny = {"Sid": "Net", "Effect": "Deny", "Principal": {"AWS": ROLE}, "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**deny, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}})
    out = shell.run("link", *pairs, "--bucket", "data").out
    assert f"data: {CACHE} (linked, but it may be denied access)" in out
    assert "data: fc-01234567890, fs-0abc (access is there)" in out


def test_that_access_stays_is_said_once(shell: Shell) -> None:
    """By the statement for every cache; by one that gives a part for certain and the rest perhaps."""
    assert shell.run("link", "--every-cache", "--bucket", "data").code == 0
    every = shell.unlink(CACHE, "data", "-q").err
    assert "keeps access" in every
    assert "still gives" not in every
    shell.append("data-alias", allow("Hand", {"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}))
    partly = shell.unlink(CACHE, "data-alias", "-q").err
    assert "keeps access" in partly
    assert "may keep" not in partly


def test_a_link_that_a_deny_may_stop_is_advised_with_that(shell: Shell) -> None:
    elsewhere = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    deny = {"Sid": "Net", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**deny, "Condition": elsewhere})
    (pair,) = shell.run("check", "--cache", CACHE, "--bucket", "data", "-o", "json").json["pairs"]
    assert pair["read"] == "denied"
    link, besides = pair["remedies"]
    assert link.startswith("fcsse link ")
    assert besides.startswith("See whether the condition of the Deny holds")


def test_where_a_deny_hangs_on_what_nobody_knows_no_allow_is_advised(shell: Shell) -> None:
    elsewhere = {"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}
    deny = {"Sid": "Net", "Effect": "Deny", "Principal": "*", "Condition": elsewhere}
    shell.append("data", allow("Hand", {"Bool": {"aws:SecureTransport": "true"}}))
    shell.append("data", {**deny, "Action": "kms:Decrypt", "Resource": "*"})
    there = {**deny, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data-bucket-keys/*"}
    shell.linked(CACHE, "data-bucket-keys")
    shell.sandbox.client("s3").put_bucket_policy(
        Bucket="data-bucket-keys", Policy=json.dumps({"Version": "2012-10-17", "Statement": [there]})
    )

    findings = [one for one in shell.run("audit", "-o", "json").json["findings"] if one["code"] == "access-unknown"]
    commands = {one["bucket"]: one["commands"] for one in findings}
    assert "get-key-policy" in commands["data"][0]
    assert "get-bucket-policy" in commands["data-bucket-keys"][0]
    for bucket, remedy in (("data", "Deny holds"), ("data-bucket-keys", "Deny in the bucket policy")):
        (pair,) = shell.run("check", "--cache", CACHE, "--bucket", bucket, "-o", "json").json["pairs"]
        (found,) = pair["remedies"]
        assert found.startswith(f"See whether the condition of the {remedy}")
