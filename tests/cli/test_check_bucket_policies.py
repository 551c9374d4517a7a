"""``fcsse check`` judges what the cache can reach: the objects under its prefixes, by key policy and bucket policy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fcsse.aws import s3
from fcsse.discovery import discover
from tests.cli.documented_statements import OTHER, OWN, role
from tests.cli.shell import Shell
from tests.cli.test_check import pair

LUSTRE = "arn:aws:s3:::data/lustre/*"
READER = f"arn:aws:iam::{OTHER}:role/BucketReader"
LISTING = "fsx:DescribeDataRepositoryAssociations"


def put(shell: Shell, bucket: str, *statements: dict[str, Any], account: str | None = None) -> None:
    """Gives a bucket a policy of these statements."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    shell.sandbox.client("s3", account=account).put_bucket_policy(Bucket=bucket, Policy=policy)


def deny(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"], **changes}


def narrowed(shell: Shell) -> None:
    """The key policy's statement for fs-0abc, cut down to its prefix by hand."""
    shell.linked("fs-0abc", "data")
    policy = shell.sandbox.policy("data")
    last = policy["Statement"][-1]
    last["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"] = LUSTRE
    shell.sandbox.put_policy("data", policy)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Resource": LUSTRE}, "denied"),
        ({"NotResource": LUSTRE}, "allowed"),
        ({"Resource": "arn:aws:s3:::data/other/*"}, "allowed"),
        ({"Resource": "arn:aws:s3:::data/lustre/secret/*"}, "unknown"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--bucket", "data")])
def test_a_deny_counts_where_it_is_about_the_cache_s_objects(
    shell: Shell, changes: dict[str, Any], expected: str, words: tuple[str, ...]
) -> None:
    shell.linked("fs-0abc", "data")
    put(shell, "data", deny(**changes))
    run = shell.run("check", "--cache", "fs-0abc", *words, "-o", "json")
    found = run.json["pairs"][0]
    assert (found["read"], found["write"]) == (expected, expected), found["verdict"]
    assert run.code == (0 if expected == "allowed" else 3)
    if expected != "unknown":
        assert shell.sandbox.cache("fs-0abc").write("data", "lustre/new").allowed is (expected == "allowed")


def test_a_deny_of_some_objects_is_not_access_to_all(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    put(shell, "data", deny(Sid="Secrets", Resource="arn:aws:s3:::data/secret/*"))
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data")
    assert run.code == 3
    assert "not for every object" in run.out
    assert "statement 'Secrets' is for some of arn:aws:s3:::data/* only" in run.out


def test_a_foreign_bucket_s_policy_needs_to_allow_no_more_than_the_prefix(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0f0e", ["s3://data-other-account/in/"])
    shell.linked("fc-0f0e", "data-other-account")
    bucket = "arn:aws:s3:::data-other-account"
    allow = {"Effect": "Allow", "Principal": {"AWS": role("fc-0f0e")}, "Action": "s3:*"}
    for prefix, expected in (("in/", "allowed"), ("out/", "denied")):
        put(
            shell,
            "data-other-account",
            {**allow, "Resource": [bucket, f"{bucket}/{prefix}*"]},
            {"Effect": "Allow", "Principal": {"AWS": READER}, "Action": "s3:GetBucketPolicy", "Resource": bucket},
            account=OTHER,
        )
        found = pair(shell, "fc-0f0e", "data-other-account", "--bucket-role", READER)
        assert (found["read"], found["write"]) == (expected, expected), found["verdict"]


def test_a_public_policy_of_a_foreign_bucket_may_not_let_the_cache_in(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0f0e", ["data-other-account"])
    shell.linked("fc-0f0e", "data-other-account")
    bucket = "arn:aws:s3:::data-other-account"
    everybody = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    put(shell, "data-other-account", everybody, account=OTHER)
    words = ("--cache", "fc-0f0e", "--bucket", "data-other-account", "--bucket-role", READER)
    run = shell.run("check", *words)

    assert run.out.startswith("Whether fc-0f0e can read and write s3://data-other-account is not known: ")
    assert "RestrictPublicBuckets" in " ".join(run.out.split())
    assert "get-public-access-block" in run.out
    assert "Add a statement" not in run.out
    audit = shell.run("audit", "--bucket-role", READER, "-o", "json").json
    (finding,) = [one for one in audit["findings"] if one["code"] == "access-unknown"]
    assert {one["cache"] for one in finding["pairs"]} >= {"fc-0f0e"}
    assert "get-public-access-block" in finding["remedy"]


def test_each_prefix_is_judged_by_itself(shell: Shell) -> None:
    shell.sandbox.add_cache("fc-0f0f", ["s3://data/in/", "s3://data/out/"])
    shell.linked("fc-0f0f", "data")
    put(shell, "data", deny(Action="s3:PutObject", Resource="arn:aws:s3:::data/in/*"))
    found = pair(shell, "fc-0f0f", "data")
    assert (found["read"], found["write"]) == ("allowed", "denied")
    puts = {one["prefix"]: one["verdict"] for one in found["bucket_policy"] if one["action"] == "s3:PutObject"}
    assert puts == {"in/": "denied", "out/": "allowed"}
    told = shell.run("check", "--cache", "fc-0f0f", "--bucket", "data").out
    assert "bucket policy (in/)" in told
    assert "from the statement that denies s3:PutObject in the bucket policy of data" in told


def test_a_pair_has_one_answer_whether_its_bucket_is_named_or_not(shell: Shell) -> None:
    narrowed(shell)
    answers = [shell.run("check", "--cache", "fs-0abc", *words, "-o", "json") for words in ((), ("--bucket", "data"))]
    assert [run.code for run in answers] == [0, 0], answers[1].words
    assert answers[0].json["pairs"] == answers[1].json["pairs"]


def test_where_fsx_does_not_tell_the_prefix_a_narrow_statement_may_or_may_not_be_enough(shell: Shell) -> None:
    narrowed(shell)
    shell.sandbox.fault(LISTING, "AccessDenied", times=None)
    run = shell.run("check", "--cache", "fs-0abc", "--bucket", "data")
    assert run.code == 3
    assert "is not known: not for every object, and which ones count is not known" in run.out
    assert "Which prefixes fs-0abc is linked to is not known" in run.out
    assert LISTING in run.out
    assert "fcsse link" not in run.out


def test_where_fsx_does_not_tell_the_prefix_what_holds_for_the_whole_bucket_is_known(shell: Shell) -> None:
    shell.sandbox.fault(LISTING, "AccessDenied", times=None)
    denied = shell.run("check", "--cache", "fs-0abc", "--bucket", "data", "-q")
    assert (denied.code, denied.out[:34]) == (3, "fs-0abc cannot read or write s3://"), denied.out
    shell.linked("fs-0abc", "data")
    run = shell.run("check", "--cache", "fs-0abc", "--bucket", "data")
    assert (run.code, LISTING in run.words) == (0, False)


def test_credentials_that_fsx_does_not_take_are_told(shell: Shell) -> None:
    shell.sandbox.fault(LISTING, "ExpiredTokenException", times=None)
    run = shell.run("check", "--cache", "fs-0abc", "--bucket", "data", "-o", "json")
    assert (run.code, run.json["error"]["code"]) == (5, "credentials")


def test_a_bucket_that_the_cache_is_not_linked_to_is_judged_as_a_whole(shell: Shell) -> None:
    shell.linked("fs-0abc", "data-bucket-keys")
    put(shell, "data-bucket-keys", deny(Resource="arn:aws:s3:::data-bucket-keys/lustre/*"))
    assert pair(shell, "fs-0abc", "data-bucket-keys")["read"] == "unknown"


def test_many_pairs_ask_once_for_each_cache(shell: Shell) -> None:
    caches = ("--cache", "fc-0123", "--cache", "fs-0abc")
    run = shell.run("check", *caches, "--bucket", "data", "--bucket", "data-bucket-keys")
    assert run.count(LISTING) == 2
    assert shell.link("fc-0123", "data").count(LISTING) == 0, "link goes without"


def test_an_fsx_that_does_not_answer_is_not_waited_for(shell: Shell) -> None:
    """As in a network without a way to it: the whole bucket counts, which the narrowed statement does not cover."""
    narrowed(shell)
    words = ("check", "--cache", "fs-0abc", "--bucket", "data", "-q")
    assert shell.run(*words).code == 0
    shell.patch.setattr(discover, "FOR_PREFIXES", 0.05)
    shell.sandbox.fault(LISTING, delay=1.5, times=None)
    assert shell.run(*words).code == 3


BEYOND = "the key policy and bucket policy could not be read"


def test_access_to_a_foreign_bucket_is_said_as_far_as_it_was_seen(shell: Shell) -> None:
    shell.linked("fc-0456", "data-other-account")
    words = ("check", "--cache", "fc-0456", "--bucket", "data-other-account")
    headline = f"he grant allows fc-0456 to read and write s3://data-other-account; {BEYOND}"
    for more in ((), ("-q",), ("-o", "markdown"), ("-o", "json")):
        run = shell.run(*words, *more)
        assert (run.code, headline in run.out) == (0, True), run.words
    assert pair(shell, "fc-0456", "data-other-account")["not_read"] == ["key-policy", "bucket-policy"]
    assert shell.run(*words, "-q").out == f"T{headline}.\n"


def test_a_foreign_bucket_with_a_key_of_one_s_own_hides_its_bucket_policy_only(shell: Shell) -> None:
    own = shell.sandbox.key("data").arn
    shell.sandbox.add_bucket("theirs", account=OTHER, algorithm="aws:kms", key=own, readers=[OWN])
    shell.linked("fc-0123", "theirs")
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "theirs", "-q")
    assert run.out == ("fc-0123 can read and write s3://theirs, by its key; its bucket policy could not be read.\n")


def test_what_was_stated_of_a_bucket_says_nothing_of_its_policy(shell: Shell) -> None:
    key = shell.sandbox.key("data-other-account").arn
    facts = ("--key", key, "--bucket-region", "eu-west-1", "--no-bucket-keys")
    shell.linked("fc-0123", "data-other-secret", *facts)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-secret", *facts, "-q")
    assert run.out == (
        "The grant allows fc-0123 to read and write s3://data-other-secret; "
        "the key policy and bucket policy were not read.\n"
    )


@pytest.mark.parametrize(("command", "doing"), [("check", "checking"), ("link", "linking"), ("unlink", "unlinking")])
def test_an_error_about_a_stated_bucket_says_what_was_asked_for(shell: Shell, command: str, doing: str) -> None:
    key = shell.sandbox.key("data-other-account").arn
    facts = ("--key", key, "--bucket-region", "us-east-1", "--no-bucket-keys")
    run = shell.run(command, "--cache", "fc-0123", "--bucket", "data-other-secret", *facts)
    assert (
        run.code,
        f"Error: {doing} bucket data-other-secret: --bucket-region us-east-1 is not" in run.err.replace("\n", " "),
    ) == (2, True), run.words


def test_a_foreign_bucket_without_a_key_may_refuse_as_well(shell: Shell) -> None:
    shell.sandbox.add_bucket("data-other-plain", account=OTHER)
    bucket = "arn:aws:s3:::data-other-plain"
    read = {"Effect": "Allow", "Action": "s3:GetEncryptionConfiguration", "Resource": bucket}
    put(shell, "data-other-plain", {**read, "Principal": {"AWS": OWN}}, account=OTHER)
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-other-plain", "-q")
    assert "s3://data-other-plain, by its encryption; its bucket policy could not be read (" in run.out


def test_a_bucket_policy_of_one_s_own_need_not_allow_anything(shell: Shell) -> None:
    shell.linked("fc-0123", "data")
    shell.sandbox.fault("s3:GetBucketPolicy", "AccessDenied", times=None)
    assert shell.run("check", "--cache", "fc-0123", "--bucket", "data", "-q").out.endswith("s3://data.\n")


def test_an_audit_says_so_too(shell: Shell) -> None:
    shell.linked("fc-0123", "data-other-account")
    shell.linked("fc-0123", "data")
    pairs = shell.run("audit", "-o", "json").json["pairs"]
    said = {one["bucket"]: one["verdict"] for one in pairs if one["cache"] == "fc-0123"}
    not_read = {one["bucket"]: one["not_read"] for one in pairs if one["cache"] == "fc-0123"}
    assert (not_read["data"], not_read["data-other-account"]) == ([], ["key-policy", "bucket-policy"])
    assert said["data-other-account"].endswith(BEYOND)
    assert said["data"] == "fc-0123 can read and write s3://data"


def test_a_bucket_policy_with_a_member_twice_decides_nothing(shell: Shell) -> None:
    """Each reader of JSON takes another one of the two: S3 may see a Deny where this program would see an Allow."""
    shell.linked("fc-0123", "data")
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny(Resource="arn:aws:s3:::data/*")]})
    policy = text.replace('"Effect": "Deny"', '"Effect": "Deny", "Effect": "Allow"')
    with shell.patch.context() as patch:
        patch.setattr(s3, "read_policy", lambda *_: policy)
        run = shell.run("check", "--cache", "fc-0123", "--bucket", "data", "-q")
        assert (run.code, "it has Effect twice in one object" in run.out) == (3, True), run.words
        pairs = shell.run("audit", "-o", "json").json["pairs"]
    assert {one["read"] for one in pairs if (one["cache"], one["bucket"]) == ("fc-0123", "data")} == {"unknown"}


@pytest.mark.parametrize(("lets_in", "expected"), [(True, "allowed"), (False, "denied")])
def test_a_bucket_of_another_account_that_names_the_cache_s_own_aws_s3(
    shell: Shell, lets_in: bool, expected: str
) -> None:
    """The alias is of the cache's account, and the bucket is not: its policy has to let the cache in."""
    alias = f"arn:aws:kms:{shell.sandbox.region}:{OWN}:alias/aws/s3"
    shell.sandbox.add_bucket("data-far", account=OTHER, algorithm="aws:kms", key=alias, readers=[OWN])
    if lets_in:
        allow = {"Effect": "Allow", "Principal": {"AWS": role("fc-0123")}, "Action": "s3:*"}
        put(
            shell,
            "data-far",
            {**allow, "Resource": ["arn:aws:s3:::data-far", "arn:aws:s3:::data-far/*"]},
            account=OTHER,
        )
    policies = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    shell.sandbox.add_role("PolicyReader", account=OTHER, trust=OWN, policy=policies)
    reader = f"arn:aws:iam::{OTHER}:role/PolicyReader"
    run = shell.run("check", "--cache", "fc-0123", "--bucket", "data-far", "--bucket-role", reader, "-o", "json")
    (found,) = run.json["pairs"]
    assert (found["read"], found["write"]) == (expected, expected), run.words
