"""``fcsse check`` says what the cache then really can do, and what would mend it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from fcsse.aws.client import Aws
from fcsse.model import Encryption
from tests.cli.documented_statements import OWN, role
from tests.cli.shell import WRITES, Shell

WORLD = (
    "data",
    "data-bucket-keys",
    "data-sse-s3",
    "data-aws-s3",
    "data-alias",
    "data-alias-arn",
    "data-key-id",
    "data-long",
    "data-disabled",
    "data-other-region",
    "data-other-account",
)


def pair(shell: Shell, cache: str, bucket: str, *words: str) -> dict[str, Any]:
    """The one pair of a check's JSON document."""
    run = shell.run("check", "--cache", cache, "--bucket", bucket, "-o", "json", *words)
    found: dict[str, Any] = run.json["pairs"][0]
    assert run.json["exit_code"] == run.code
    return found


@pytest.mark.parametrize(
    ("spec", "usage"),
    [("RSA_2048", "ENCRYPT_DECRYPT"), ("ECC_NIST_P256", "SIGN_VERIFY"), ("HMAC_256", "GENERATE_VERIFY_MAC")],
)
def test_a_key_that_s3_cannot_use_gives_no_access(shell: Shell, spec: str, usage: str) -> None:
    """S3 user guide: symmetric encryption keys only, whatever the key policy allows."""
    key = shell.sandbox.add_key("wrong-kind", spec=spec, usage=usage)
    shell.sandbox.add_bucket("data-wrong-kind", algorithm="aws:kms", key=key.arn)
    allow = {"Sid": "All", "Effect": "Allow", "Principal": {"AWS": role("fc-0123")}, "Action": "kms:*", "Resource": "*"}
    shell.append(key.arn, allow)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-wrong-kind", "-o", "json")
    found = run.json["pairs"][0]

    assert (run.code, found["read"], found["write"]) == (4, "denied", "denied")
    assert "symmetric" in found["verdict"]

    shell.sandbox.add_cache("fc-0777", ["data-wrong-kind"])
    audited = shell.run("audit", "-o", "json").json
    assert {one["read"] for one in audited["pairs"] if one["cache"] == "fc-0777"} == {"denied"}
    assert "key-unusable" in {one["code"] for one in audited["findings"] if one["cache"] == "fc-0777"}


WRONG_REGIONS = pytest.mark.parametrize(("key", "region"), [("data-other-region", None), ("data", "us-west-2")])
"""A bucket's key, and the Region of the bucket where it is not the caller's."""


@WRONG_REGIONS
def test_a_key_of_another_region_than_the_bucket_gives_no_access(shell: Shell, key: str, region: str | None) -> None:
    """S3 API reference, PutBucketEncryption: S3 does not validate the default key, and uses none of another Region."""
    key = shell.sandbox.key(key).arn
    shell.sandbox.add_bucket("data-wrong-region", algorithm="aws:kms", key=key, region=region)
    allow = {"Sid": "All", "Effect": "Allow", "Principal": {"AWS": role("fc-0123")}, "Action": "kms:*", "Resource": "*"}
    shell.append(key, allow)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-wrong-region", "-o", "json")
    found = run.json["pairs"][0]

    assert (run.code, found["read"], found["write"]) == (4, "denied", "denied")
    assert "S3 takes only keys of the bucket's own Region" in found["verdict"]

    shell.sandbox.add_cache("fc-0777", ["data-wrong-region"])
    audited = shell.run("audit", "-o", "json").json
    assert {one["read"] for one in audited["pairs"] if one["cache"] == "fc-0777"} == {"denied"}


def test_where_a_bucket_is_does_not_depend_on_what_s3_was_asked_first(shell: Shell) -> None:
    """botocore remembers where S3 sent the first request on; the later ones go there straight away."""
    key = shell.sandbox.key("data").arn
    shell.sandbox.add_bucket("data-wrong-region", algorithm="aws:kms", key=key, region="us-west-2")
    shell.append(key, {"Effect": "Allow", "Principal": {"AWS": role("fc-0123")}, "Action": "kms:*", "Resource": "*"})
    read = Aws.read_encryption

    def later(self: Aws, bucket: str) -> Encryption:
        self.read_bucket_policy(bucket)
        return read(self, bucket)

    shell.patch.setattr(Aws, "read_encryption", later)
    assert pair(shell, "fc-0123", "data-wrong-region")["read"] == "denied"


@pytest.mark.parametrize("command", ["check", "link"])
@pytest.mark.parametrize("trouble", [{"drop": True}, {"code": "InternalError"}])
def test_a_key_of_another_region_than_the_bucket_is_not_taken_for_its_own_where_s3_does_not_say(
    shell: Shell, command: str, trouble: dict[str, Any]
) -> None:
    key = shell.sandbox.key("data-other-region").arn
    shell.sandbox.add_bucket("data-wrong-region", algorithm="aws:kms", key=key)
    shell.append(key, {"Effect": "Allow", "Principal": {"AWS": role("fc-0123")}, "Action": "kms:*", "Resource": "*"})
    shell.sandbox.fault("s3:HeadBucket", times=None, **trouble)
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data-wrong-region", AWS_MAX_ATTEMPTS="1")
    assert run.code in (1, 4), run.words
    assert "Linked" not in run.words


@WRONG_REGIONS
@pytest.mark.parametrize("command", ["link", "statement"])
def test_a_key_of_another_region_than_the_bucket_is_not_linked(
    shell: Shell, command: str, key: str, region: str | None
) -> None:
    key = shell.sandbox.key(key).arn
    shell.sandbox.add_bucket("data-wrong-region", algorithm="aws:kms", key=key, region=region)
    before = shell.sandbox.policy_text(key)
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data-wrong-region")

    assert run.code == 4, run.words
    assert "S3 takes only keys of the bucket's own Region" in run.err
    assert shell.sandbox.policy_text(key) == before


def test_what_was_linked_to_a_key_of_another_region_is_unlinked(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-region")
    key = shell.sandbox.key("data-other-region")
    shell.sandbox.add_bucket("data-wrong-region", algorithm="aws:kms", key=key.arn)
    policy = shell.sandbox.policy_text(key).replace("data-other-region", "data-wrong-region")
    shell.sandbox.put_policy_verbatim(key, policy)
    assert shell.unlink("fc-0123", "data-wrong-region").code == 0
    assert "data-wrong-region" not in shell.sandbox.policy_text(key)


@pytest.mark.parametrize("bucket", WORLD)
def test_the_verdict_is_what_the_cache_finds(shell: Shell, bucket: str) -> None:
    for linked in (False, True):
        if linked:
            shell.link("fc-0123", bucket)
        found = pair(shell, "fc-0123", bucket)
        reads, writes = shell.works("fc-0123", bucket)
        assert (found["read"] == "allowed", found["write"] == "allowed") == (reads, writes), (linked, found["verdict"])


def test_it_changes_nothing(shell: Shell) -> None:
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert not WRITES.intersection(run.operations)
    assert not shell.backup_files


def test_missing_access_is_3_and_names_the_link_that_mends_it(shell: Shell) -> None:
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 3
    assert run.out.startswith("fc-0123 cannot read or write s3://data: ")
    remedy = next(line.strip() for line in run.out.splitlines() if line.strip().startswith("fcsse "))
    assert shell.run(*shlex.split(remedy)[1:]).code == 0
    after = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert after.code == 0
    assert after.out.startswith("fc-0123 can read and write s3://data.\n")
    assert "'Allow FSx to use the key through S3 for bucket data'" in after.out


def test_bucket_keys_turned_on_after_linking_is_found_and_named(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.set_bucket_encryption("data", key=shell.sandbox.key("data").arn, bucket_keys=True)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 3
    assert "access is given for object ARNs only, and bucket data uses Bucket Keys" in run.out
    assert shell.link("fc-0123", "data").code == 0
    assert shell.run("check", "--cache", "fc-0123", "--bucket", "data").code == 0


def test_objects_of_the_other_form_are_mentioned(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    told = "link with --context both covers both kinds"
    assert told in shell.run("check", "--cache", "fc-0123", "--bucket", "data").out
    shell.linked("fc-0123", "data", "--context", "both")
    assert told not in shell.run("check", "--cache", "fc-0123", "--bucket", "data").out


DENY = {
    "Sid": "Nobody from S3",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"StringLike": {"kms:ViaService": "s3.*"}},
}


def test_a_narrow_grant_is_widened_by_what_is_advised(shell: Shell) -> None:
    shell.linked("fc-0123", "data-bucket-keys", "--via", "grant", "--narrow-grant")
    words = ("check", "--cache", "fc-0123", "--bucket", "data-bucket-keys")
    before = shell.run(*words)
    assert before.code == 0, before.words
    assert "not covered" in before.out
    assert "--context" not in before.out
    advice = "fcsse link --cache fc-0123 --bucket data-bucket-keys --via grant"
    assert advice in before.out
    assert shell.run(*advice.split()[1:]).code == 0
    assert "not covered" not in shell.run(*words).out


def test_an_explicit_deny_is_named_with_its_conditions(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.append("data", DENY)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 4
    first = "fc-0123 cannot read or write s3://data: statement 'Nobody from S3' denies kms:Decrypt: it is for requests with "
    assert run.out.startswith(first), "multipart uploads take kms:Decrypt too"


def test_a_deny_of_the_other_form_says_so_and_what_would_except_it(shell: Shell) -> None:
    other = {"StringNotLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data-bucket-keys/*"}}
    deny = {"Sid": "Objects only", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.linked("fc-0123", "data-bucket-keys")
    shell.append("data-bucket-keys", {**deny, "Condition": other})
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-bucket-keys")
    assert run.code == 4
    assert "this one has arn:aws:s3:::data-bucket-keys, since Bucket Keys are on" in run.out
    assert "add arn:aws:s3:::data-bucket-keys to its values of kms:EncryptionContext:aws:s3:arn" in run.out
    assert "except the role" not in run.out


def test_a_pattern_is_not_advised_where_the_operator_takes_none(shell: Shell) -> None:
    """StringNotEquals compares to the letter: ``/*`` among its values excepts no object."""
    other = {"StringNotEquals": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::other/*"}}
    deny = {"Sid": "Others", "Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    shell.append("data", {**deny, "Condition": other})
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 4
    assert "except the role" in run.out
    assert "add arn:" not in run.out


def test_an_explicit_deny_cannot_be_linked_away(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.append("data", DENY)
    link = shell.link("fc-0456", "data")
    assert link.code == 4
    assert "'Nobody from S3'" in link.err
    assert not WRITES.intersection(link.operations)


def test_what_depends_on_the_organisation_is_unknown_never_allowed(shell: Shell) -> None:
    shell.append(
        "data",
        {
            "Sid": "Our organisation",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "kms:*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-example"}},
        },
    )
    assert pair(shell, "fc-0123", "data")["read"] == "denied", "the caller's own organization is another"
    shell.sandbox.fault("organizations:*", "AccessDeniedException", times=None)
    found = pair(shell, "fc-0123", "data")
    assert (found["read"], found["write"]) == ("unknown", "unknown")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 3
    assert "aws:PrincipalOrgID" in run.out
    assert shell.link("fc-0123", "data").code == 0, "and linking makes it certain"
    assert pair(shell, "fc-0123", "data")["read"] == "allowed"


def test_access_by_somebody_elses_statement_is_enough_and_named(shell: Shell) -> None:
    shell.append(
        "data",
        {
            "Sid": "All of it",
            "Effect": "Allow",
            "Principal": {"AWS": role("fc-0123")},
            "Action": "kms:*",
            "Resource": "*",
        },
    )
    run = shell.link("fc-0123", "data")
    assert run.code == 0
    assert "fc-0123 already has access to data, by statement 'All of it'. Nothing to do." in run.out
    assert not WRITES.intersection(run.operations)
    unlink = shell.unlink("fc-0123", "data")
    assert unlink.code == 0
    assert "'All of it'" in unlink.out, "unlink says that access stays"
    assert pair(shell, "fc-0123", "data")["requests"][0]["decided_by"] == "All of it"


def test_a_bucket_policy_that_denies_is_seen(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/*"}
    shell.sandbox.client("s3").put_bucket_policy(
        Bucket="data", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 3
    assert "not read" in run.out
    assert "bucket policy" in run.out


def test_an_unreadable_bucket_policy_is_outside_its_sight_and_said_so(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    allowed = ["iam:GetRole", "s3:GetEncryptionConfiguration", "kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"]
    somebody = shell.user(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    )
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", credentials=somebody)
    assert run.code == 0, run.words
    assert "The bucket policy is unknown" in run.out
    assert "s3:GetBucketPolicy" in run.out


def test_an_unreadable_key_policy_is_unknown(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    allowed = ["iam:GetRole", "s3:Get*", "kms:DescribeKey", "kms:ListGrants"]
    somebody = shell.user(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    )
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", credentials=somebody)
    assert run.code == 5, run.words
    assert "is not known" in run.out
    assert "needs kms:GetKeyPolicy" in run.out


def test_across_accounts_the_grant_decides(shell: Shell) -> None:
    assert "no grant allows fc-0123" in shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-account").out
    shell.linked("fc-0123", "data-other-account")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-account")
    assert run.code == 0
    assert "grant fcsse:fc-0123:data-other-account" in run.out
    assert "could not be read" in run.out


@pytest.mark.parametrize(
    ("bucket", "reason", "ways"),
    [
        ("data-dead", "AROA0000000FORMERROLE in statement 'Allow a former role'", ["--prune-orphans", "--via grant"]),
        ("data-full", "KMS takes 32,768", ["--via grant"]),
    ],
)
def test_what_blocks_the_link_is_named_with_the_commands_that_get_past_it(
    shell: Shell, bucket: str, reason: str, ways: list[str]
) -> None:
    run = shell.run("check", "--cache", "fc-0123", "--bucket", bucket)
    assert run.code == 4
    told = run.out.split("To fix it:\n")[1].split("\n\n")[0].splitlines()
    commands = [line.strip() for line in told if line.startswith("  fcsse ")]
    assert commands == [f"fcsse link --cache fc-0123 --bucket {bucket} {way}" for way in ways]
    assert reason in " ".join(told)
    markdown = shell.run("check", "--cache", "fc-0123", "--bucket", bucket, "-o", "markdown").out
    assert all(part in markdown for part in (reason, *ways))
    assert shell.run(*shlex.split(commands[0])[1:]).code == 0
    assert shell.run("check", "--cache", "fc-0123", "--bucket", bucket).code == 0


def test_a_deny_of_others_has_no_command_that_gets_past_it(shell: Shell) -> None:
    shell.append("data", DENY)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert "Have the owner of statement 'Nobody from S3' except the role" in run.out
    assert "fcsse link" not in run.out


@pytest.mark.parametrize(
    ("bucket", "code", "words"),
    [
        ("data-disabled", 4, "disabled"),
        ("data-deleting", 4, "PendingDeletion"),
        ("data-dsse", 4, "is not known: it is encrypted with DSSE-KMS"),
        ("data-locked", 5, "kms:DescribeKey"),
        ("no-such-bucket", 6, "no such bucket"),
    ],
)
def test_what_stands_in_the_way_has_its_exit_code(shell: Shell, bucket: str, code: int, words: str) -> None:
    run = shell.run("check", "--cache", "fc-0123", "--bucket", bucket)
    assert run.code == code, run.words
    assert words in run.words


def test_without_a_bucket_it_checks_all_that_fsx_links(shell: Shell) -> None:
    run = shell.run("check", "--cache", "fc-0123", "-o", "json")
    assert [one["bucket"] for one in run.json["pairs"]] == [
        "data",
        "data-bucket-keys",
        "data-sse-s3",
        "data-other-account",
    ]


def test_a_prefix_that_a_policy_leaves_out_is_not_called_readable(shell: Shell) -> None:
    narrow = {
        "Sid": "One project",
        "Effect": "Allow",
        "Principal": {"AWS": role("fc-0123")},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*", "kms:Encrypt", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": OWN},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::data/project/*"},
        },
    }
    shell.append("data", narrow)
    assert pair(shell, "fc-0123", "data")["read"] != "allowed"


@pytest.mark.parametrize("words", [("--bucket", "data"), ()])
def test_what_cannot_be_told_is_said_once_and_why_beside_it(shell: Shell, words: tuple[str, ...]) -> None:
    run = shell.run("check", "--cache", "fc-012", *words)
    assert run.code == 6
    where = "s3://data" if words else "its buckets"
    endpoint = f"Endpoint    {shell.sandbox.url}\n"
    assert run.out == f"Whether fc-012 can read and write {where} is not known.\n\n{endpoint}"
    assert run.err.count("fc-012:") == 1
    assert "Did you mean fc-0123" in run.err
